//! Behaviours in Python: componentize-py puts them and CPython, as it stands once the modules have been imported, into one
//! component. Of WASI it leaves nothing: what the interpreter would call for traps.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{files, folder, world};
use crate::run::{root, run};
use crate::setup::{self, Tool};

const PYTHON: Tool = Tool {
    program: "python3",
    package: "python3",
};

/// What a project begins with.
const ENTRY: &str = "main";

/// The module that componentize-py looks for the exported class in.
const GUEST: &str = "import main\nfrom cordboard.guest import defined\n\nGuest = defined()\n";

pub fn is_project(folder: &Path) -> bool {
    folder.join(ENTRY).with_extension("py").is_file()
}

fn sdk() -> PathBuf {
    root().join("sdk/python")
}

fn environment() -> PathBuf {
    folder().join("python").join("tools")
}

/// Installs what `sdk/python/requirements.txt` says, in an environment of its own.
pub fn tools() -> Result<()> {
    // Debian has the module that makes environments in a package of its own.
    setup::tools(&[PYTHON], &[])?;
    let environment = environment();
    let requirements = sdk().join("requirements.txt");
    let wanted = fs::read(&requirements)?;
    let installed = fs::read(environment.join("installed")).is_ok_and(|before| before == wanted);
    if installed && componentize().exists() {
        return Ok(());
    }
    run(Command::new(PYTHON.program)
        .args(["-m", "venv"])
        .arg(&environment))
    .context("python3 makes no environment; on Debian `apt-get install python3-venv` helps")?;
    run(Command::new(environment.join("bin/pip"))
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--requirement",
        ])
        .arg(&requirements))
    .context("pip cannot install componentize-py, which makes components of Python")?;
    fs::write(environment.join("installed"), wanted)?;
    Ok(())
}

fn componentize() -> PathBuf {
    environment().join("bin/componentize-py")
}

pub fn build(project: &Path, scratch: &Path, module: &Path) -> Result<()> {
    let sources = scratch.join("sources");
    files::copy(project, &sources)?;
    files::copy(&sdk().join("cordboard"), &sources.join("cordboard"))?;
    fs::write(sources.join("exported.py"), GUEST)?;
    let wit = scratch.join("wit");
    world::write(&wit, &imports(&sources)?)?;
    run(Command::new(componentize())
        .arg("--wit-path")
        .arg(&wit)
        .args(["--world", world::NAME, "--quiet"])
        .args(["componentize", "exported", "--stub-wasi", "--python-path", "."])
        .arg("--output")
        .arg(module)
        .current_dir(&sources))
}

/// Interfaces of the contract that are imported by what the entry imports.
fn imports(sources: &Path) -> Result<BTreeSet<String>> {
    let mut interfaces = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from([ENTRY.to_owned()]);
    while let Some(module) = waiting.pop_front() {
        if !seen.insert(module.clone()) {
            continue;
        }
        let path = sources.join(module.replace('.', "/"));
        let file = Some(path.with_extension("py")).filter(|file| file.is_file());
        let file = file.unwrap_or_else(|| path.join("__init__.py"));
        // What is neither ours nor the project's is Python's own.
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        for (module, names) in text.lines().filter_map(imported) {
            if module == "wit_world.imports" {
                interfaces.extend(names.map(str::to_owned));
            } else {
                waiting.extend(names.map(|name| format!("{module}.{name}")));
                waiting.push_back(module.to_owned());
            }
        }
    }
    Ok(interfaces)
}

/// What one line imports: a module, and the names from it.
fn imported(line: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let (module, names) = match line.trim().strip_prefix("from ") {
        Some(rest) => rest.split_once(" import ")?,
        None => (line.trim().strip_prefix("import ")?, ""),
    };
    Some((module.trim(), names.split(',').filter_map(first_word)))
}

/// Without `as …`.
fn first_word(name: &str) -> Option<&str> {
    name.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_tells_what_it_is_from() {
        let read = |line| imported(line).map(|(module, names)| (module, names.collect::<Vec<_>>()));
        assert_eq!(read("import json"), Some(("json", vec![])));
        assert_eq!(
            read("from wit_world.imports import log as _log, types"),
            Some(("wit_world.imports", vec!["log", "types"]))
        );
        assert_eq!(read("pressed = yield gather(prompt)"), None);
    }
}
