//! A built behaviour imports what it uses and nothing else: imports are permissions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

#[test]
fn echo_may_neither_dial_nor_go_outside() {
    let imports = imports_of("echo");
    assert_eq!(
        imports,
        ["audio", "events", "explain", "legs", "types"]
            .map(String::from)
            .into()
    );
}

#[test]
fn menu_may_dial_outside_and_says_so() {
    let imports = imports_of("menu");
    assert!(
        imports.contains("trunk") && imports.contains("dialling"),
        "{imports:?}"
    );
    assert!(
        !imports.contains("sessions") && !imports.contains("directory"),
        "{imports:?}"
    );
}

/// The interfaces that the component of a guest imports, without package and version.
fn imports_of(name: &str) -> BTreeSet<String> {
    let component = ComponentEncoder::default()
        .module(&built(name))
        .unwrap()
        .validate(true)
        .encode()
        .unwrap();
    let mut imports = BTreeSet::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&component) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let full = import.unwrap().name.name.to_owned();
                    let interface = full.strip_prefix("cordboard:behaviour/").unwrap_or(&full);
                    imports.insert(interface.split('@').next().unwrap().to_owned());
                }
            }
            _ => {}
        }
    }
    imports
}

/// The core module as cargo built it.
fn built(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("CORDBOARD_GUESTS").map_or_else(
        || {
            let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
                || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"),
                PathBuf::from,
            );
            target.join("wasm32-unknown-unknown/guest")
        },
        PathBuf::from,
    );
    let path = folder.join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo xtask guests` builds the modules",
            path.display()
        )
    })
}
