//! Behaviours in C: bindings generated from the contract, then clang and its linker; no libc but the SDK's few pieces.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use wit_bindgen_core::Files;
use wit_parser::Resolve;

use crate::run::{root, run};
use crate::setup::{self, Tool};

const CLANG: Tool = Tool {
    program: "clang",
    package: "clang",
};
const LINKER: Tool = Tool {
    program: "wasm-ld",
    package: "lld",
};

/// Interfaces of the contract; in C they go by their own names.
const INTERFACES: [&str; 15] = [
    "types",
    "events",
    "log",
    "explain",
    "clock",
    "random",
    "directory",
    "numbers",
    "calendars",
    "legs",
    "dialling",
    "trunk",
    "audio",
    "timers",
    "sessions",
];

/// As Rust's guests have it: a fresh instance pays for every page it touches.
const STACK: &str = "-Wl,-z,stack-size=65536";

pub fn tools() -> Result<()> {
    setup::tools(&[CLANG, LINKER], &[])
}

pub fn is_project(folder: &Path) -> bool {
    with_extension(folder, "c").is_ok_and(|sources| !sources.is_empty())
}

/// Compiles all sources of a folder with the SDK into a core module.
pub fn build(source: &Path, scratch: &Path, module: &Path) -> Result<()> {
    let bindings = scratch.join("bindings");
    generate(&bindings)?;
    let sdk = root().join("sdk/c");
    let mut sources = with_extension(source, "c")?;
    sources.extend(with_extension(&sdk.join("src"), "c")?);
    let mut command = Command::new(CLANG.program);
    command
        .args([
            "--target=wasm32",
            "-std=c17",
            "-O2",
            "-flto",
            "-nostdlib",
            "-mbulk-memory",
        ])
        .args([
            "-Wall",
            "-Wextra",
            "-Werror",
            "-ffreestanding",
            "-fno-builtin-malloc",
        ])
        .args([
            "-Wl,--no-entry",
            "-Wl,--gc-sections",
            "-Wl,--strip-all",
            "-Wl,--lto-O2",
            STACK,
        ])
        .arg("-I")
        .arg(sdk.join("include"))
        .arg("-isystem")
        .arg(sdk.join("libc"))
        .arg("-isystem")
        .arg(&bindings)
        .args(&sources)
        // Not ours to keep free of warnings.
        .args(["-Wno-unused-parameter", "-Wno-unused-variable"])
        .arg(bindings.join("behaviour.c"))
        .arg("-o")
        .arg(module);
    run(&mut command)
}

/// Writes `behaviour.h` and `behaviour.c`.
fn generate(folder: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(root().join("wit"))
        .context("the contract in wit/ cannot be read")?;
    let world = resolve.select_world(&[package], Some("behaviour"))?;
    let rename = |name: &&str| (format!("cordboard:behaviour/{name}@0.1.0"), (*name).to_owned());
    let options = wit_bindgen_c::Opts {
        rename: INTERFACES.iter().map(rename).collect(),
        // The host has the contract, and does not read a module's own description of it.
        no_object_file: true,
        ..wit_bindgen_c::Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    fs::create_dir_all(folder)?;
    for (name, text) in files.iter() {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn with_extension(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
