//! The shipped behaviours, built to Wasm core modules. The host encodes them into components at
//! upload, as it does with every module built with the SDK.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::run::{cargo, root, run, target_dir};
use crate::setup;

/// Builds all of `guests/`; returns the modules, in the order of their names.
pub fn build() -> Result<Vec<PathBuf>> {
    setup::wasm_target()?;
    let names = names()?;
    let mut command = cargo();
    command.args([
        "build",
        "--quiet",
        "--target",
        "wasm32-unknown-unknown",
        "--profile",
        "guest",
    ]);
    for name in &names {
        command.args(["--package", name]);
    }
    run(&mut command)?;
    Ok(names
        .iter()
        .map(|name| folder().join(name.replace('-', "_")).with_extension("wasm"))
        .collect())
}

/// Where the built modules are.
pub fn folder() -> PathBuf {
    target_dir().join("wasm32-unknown-unknown").join("guest")
}

fn names() -> Result<Vec<String>> {
    let folder = root().join("guests");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
