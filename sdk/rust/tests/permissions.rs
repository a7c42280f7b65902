//! A built behaviour imports what it uses and nothing else: imports are permissions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use std::collections::BTreeSet;

use support::built;
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

const SHIPPED: [&str; 5] = ["announcement", "echo", "group", "line", "menu"];

/// `group` is the largest, and has about 240 KiB. What is larger has linked something that it should not have.
const SIZE_MAX: usize = 252 << 10;

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

#[test]
fn no_behaviour_imports_what_no_host_offers_yet() {
    let offered = [
        "audio",
        "calendars",
        "clock",
        "dialling",
        "directory",
        "events",
        "conferences",
        "explain",
        "figures",
        "legs",
        "log",
        "numbers",
        "random",
        "reservations",
        "screens",
        "sessions",
        "timers",
        "trunk",
        "types",
        "watches",
    ];
    for name in SHIPPED {
        let imports = imports_of(name);
        assert!(
            imports.iter().all(|import| offered.contains(&import.as_str())),
            "{name}: {imports:?}"
        );
    }
}

#[test]
fn every_module_is_small() {
    for name in SHIPPED {
        let size = built(name).len();
        assert!(size <= SIZE_MAX, "{name} has {size} bytes");
    }
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
