//! Built modules.
#![allow(clippy::panic, reason = "a test may")]

use std::path::PathBuf;

/// The core module as cargo built it.
pub fn built(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("CORDBOARD_GUESTS").map_or_else(default_folder, PathBuf::from);
    let path = folder.join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo xtask guests` builds the modules",
            path.display()
        )
    })
}

fn default_folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("wasm32-unknown-unknown/guest")
}
