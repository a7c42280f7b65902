//! Behaviours in other languages than Rust: the examples of each SDK, built as their authors build theirs.

mod c;
mod files;
mod js;
mod python;
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::run::{root, target_dir};

#[derive(Args)]
pub struct Options {
    /// A project's folder, made from one of the templates; all examples of the SDKs when it is not given
    project: Option<PathBuf>,
    /// Where the project's module is put, beside its place in the target folder
    #[arg(long, requires = "project")]
    output: Option<PathBuf>,
}

/// How one language's projects are built.
struct Language {
    /// Its folder in `sdk/`, and of what is built.
    name: &'static str,
    /// Installs what it needs.
    tools: fn() -> Result<()>,
    /// From a project's folder, with one for what comes between, to the module.
    build: fn(&Path, &Path, &Path) -> Result<()>,
    /// Whether a folder is a project of this language.
    is_project: fn(&Path) -> bool,
}

const LANGUAGES: [Language; 3] = [
    Language {
        name: "c",
        tools: c::tools,
        build: c::build,
        is_project: c::is_project,
    },
    Language {
        name: "js",
        tools: js::tools,
        build: js::build,
        is_project: js::is_project,
    },
    Language {
        name: "python",
        tools: python::tools,
        build: python::build,
        is_project: python::is_project,
    },
];

pub fn run_languages(options: &Options) -> Result<()> {
    let built = match &options.project {
        Some(project) => vec![build_project(project)?],
        None => build()?,
    };
    for module in built {
        let size = fs::metadata(&module)?.len();
        println!("{} ({} KiB)", module.display(), size.div_ceil(1024));
        if let Some(output) = &options.output {
            fs::copy(&module, output).with_context(|| format!("cannot write {}", output.display()))?;
        }
    }
    Ok(())
}

/// Builds all examples and templates; returns the modules.
pub fn build() -> Result<Vec<PathBuf>> {
    let mut modules = Vec::new();
    for language in &LANGUAGES {
        (language.tools)()?;
        let sdk = root().join("sdk").join(language.name);
        let mut projects = folders(&sdk.join("examples"))?;
        projects.extend(folders(&sdk)?.into_iter().filter(|folder| is_template(folder)));
        for project in projects {
            modules.push(build_one(language, &project)?);
        }
    }
    Ok(modules)
}

fn is_template(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("template"))
}

fn build_project(project: &Path) -> Result<PathBuf> {
    let project = fs::canonicalize(project).with_context(|| format!("there is no {}", project.display()))?;
    let language = LANGUAGES.iter().find(|language| (language.is_project)(&project));
    let language = language.with_context(|| {
        format!(
            "{} is no project in a language that is known: start with a copy of one of sdk/*/template",
            project.display()
        )
    })?;
    (language.tools)()?;
    build_one(language, &project)
}

fn build_one(language: &Language, project: &Path) -> Result<PathBuf> {
    let name = project.file_name().and_then(|name| name.to_str());
    let name = name.context("the project's folder has no name")?;
    let built = folder().join(language.name);
    let scratch = built.join("work").join(name);
    let module = built.join(name).with_extension("wasm");
    let sdk = root().join("sdk").join(language.name);
    let print = files::print(&[
        project,
        &sdk,
        &root().join("wit"),
        &root().join("xtask/src/languages"),
    ])?;
    let stamp = scratch.join("built-of");
    if module.is_file() && fs::read_to_string(&stamp).is_ok_and(|before| before == print) {
        return Ok(module);
    }
    // What is no more among the sources is not to be found there either.
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&scratch)?;
    (language.build)(project, &scratch, &module)?;
    ensure!(module.is_file(), "nothing was built of {}", project.display());
    fs::write(stamp, print)?;
    Ok(module)
}

/// Where the built modules are, in a folder for each language.
pub fn folder() -> PathBuf {
    target_dir().join("languages")
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
