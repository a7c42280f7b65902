//! Behaviours in JavaScript and TypeScript, which is checked and made JavaScript first: componentize-qjs puts them and a QuickJS engine, as it stands once the modules have been
//! run, into one component. Of WASI it leaves nothing: what the engine would call for traps.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{files, folder, world};
use crate::run::{root, run};
use crate::setup::{self, Tool};

const NPM: Tool = Tool {
    program: "npm",
    package: "npm",
};
const NODE: Tool = Tool {
    program: "node",
    package: "nodejs",
};

/// What a project begins with.
const ENTRY: &str = "index.js";
const TYPED: &str = "index.ts";

pub fn is_project(folder: &Path) -> bool {
    folder.join(ENTRY).is_file() || folder.join(TYPED).is_file()
}

fn sdk() -> PathBuf {
    root().join("sdk/js")
}

fn tools_folder() -> PathBuf {
    folder().join("js").join("tools")
}

fn componentize() -> PathBuf {
    tools_folder().join("node_modules/.bin/componentize-qjs")
}

/// Installs what `sdk/js/package-lock.json` says, in a folder of its own.
pub fn tools() -> Result<()> {
    setup::tools(&[NODE, NPM], &[])?;
    let tools = tools_folder();
    let lock = fs::read(sdk().join("package-lock.json"))?;
    let installed = fs::read(tools.join("installed")).is_ok_and(|before| before == lock);
    if installed && componentize().exists() {
        return Ok(());
    }
    fs::create_dir_all(&tools)?;
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(sdk().join(file), tools.join(file)).with_context(|| format!("sdk/js/{file}"))?;
    }
    // Not `npm ci`: it wants the lock to name packages for systems that not every registry has.
    run(Command::new(NPM.program)
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ])
        .current_dir(&tools))
    .context("npm cannot install componentize-qjs, which makes components of JavaScript")?;
    fs::write(tools.join("installed"), lock)?;
    Ok(())
}

pub fn build(project: &Path, scratch: &Path, module: &Path) -> Result<()> {
    let sources = scratch.join("sources");
    let package = sources.join("node_modules/cordboard");
    files::copy(project, &sources)?;
    files::copy(&sdk().join("src"), &package.join("src"))?;
    fs::copy(sdk().join("package.json"), package.join("package.json"))?;
    if sources.join(TYPED).is_file() {
        compile(&sources)?;
    }
    let wit = scratch.join("wit");
    world::write(&wit, &imports(&sources)?)?;
    run(Command::new(componentize())
        .arg("--wit")
        .arg(&wit)
        .args(["--world", world::NAME, "--js", ENTRY])
        .args(["--module-root", ".", "--stub-wasi", "--sync", "--minify"])
        .arg("--output")
        .arg(module)
        .current_dir(&sources))
}

/// TypeScript to JavaScript, beside it; nothing is made of what has a wrong type.
fn compile(sources: &Path) -> Result<()> {
    let options = "tsconfig.json";
    if !sources.join(options).is_file() {
        fs::copy(sdk().join("template-ts").join(options), sources.join(options))?;
    }
    run(Command::new(tools_folder().join("node_modules/.bin/tsc"))
        .args(["--project", "."])
        .current_dir(sources))
}

/// Interfaces of the contract that are imported by what the entry imports.
fn imports(sources: &Path) -> Result<BTreeSet<String>> {
    let mut interfaces = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from([sources.join(ENTRY)]);
    while let Some(file) = waiting.pop_front() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for named in text.lines().filter_map(named) {
            if let Some(interface) = named.strip_prefix("cordboard:behaviour/") {
                interfaces.extend(interface.split('@').next().map(str::to_owned));
            } else if let Some(inside) = named
                .strip_prefix("./")
                .or(named.strip_prefix("../").map(|_| named))
            {
                waiting.extend(file.parent().map(|folder| folder.join(inside)));
            } else if let Some(module) = named.strip_prefix("cordboard") {
                let module = module.strip_prefix('/').unwrap_or("index");
                let path = format!("node_modules/cordboard/src/{module}.js");
                waiting.push_back(sources.join(path));
            }
        }
    }
    Ok(interfaces)
}

/// What a line of a module imports from; statements of several lines end with it.
fn named(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once('"')?;
    let is_import = before.trim_end().ends_with("from") || before.trim_end() == "import";
    is_import.then(|| rest.split('"').next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_tells_what_it_is_from() {
        assert_eq!(named(r#"import { a } from "./b.js";"#), Some("./b.js"));
        assert_eq!(named(r#"} from "cordboard/audio";"#), Some("cordboard/audio"));
        assert_eq!(named(r#"import "./effect.js";"#), Some("./effect.js"));
        assert_eq!(named(r#"const from = "nowhere";"#), None);
    }
}
