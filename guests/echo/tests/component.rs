//! The built module behaves as the code does: one call flow, played natively and as the component that is uploaded.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::path::PathBuf;
use std::time::Duration;

use ::echo::Echo;
use serde_json::json;
use testkit::{Office, Sim};

/// The module as cargo built it.
fn built() -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = std::env::var_os("CORDBOARD_GUESTS")
        .map_or_else(|| target.join("wasm32-unknown-unknown/guest"), PathBuf::from);
    let path = folder.join("echo.wasm");
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask guests` builds it", path.display()))
}

/// Somebody presses two keys, and then none.
fn plays(office: Office) -> Vec<String> {
    let office = office
        .lines(&["201"])
        .announcements(&["echo"])
        .number("300", &["echo"]);
    let mut sim = Sim::new(office);
    sim.call("201", "300");
    sim.expect_sound("201");
    sim.pass(Duration::from_secs(5));
    for key in ["7", "#"] {
        sim.press("201", key);
        sim.pass(Duration::from_secs(5));
    }
    sim.pass(Duration::from_secs(40));
    sim.expect_ended();
    sim.explanations().to_vec()
}

#[test]
fn the_component_speaks_back_what_the_code_does() {
    let natively = plays(Office::new("acme").behaviour::<::echo::echo>("echo", &Echo::default()));
    let built = plays(Office::new("acme").component("echo", &built(), json!({})));
    assert_eq!(natively.len(), 3, "{natively:?}");
    assert_eq!(built, natively);
}
