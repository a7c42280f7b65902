//! What `cordboard new --language` begins with does what it says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use languages::{Built, Language};

const SETTINGS: &str = r#"{"greeting":"welcome","reception":"201","attempts":2}"#;

/// The same call flow as that of Rust's template.
fn key_1_rings_the_reception(template: &'static str) {
    let built = Built::of(Language::JavaScript, template);
    let mut flow = built.flow_with(SETTINGS);
    let caller = flow.call("0612345678");
    assert_eq!(flow.did(), ["answer", "gather a key welcome"]);
    flow.presses_nothing(caller);
    assert_eq!(flow.did(), ["gather a key welcome"]);
    flow.presses(caller, "1");
    assert_eq!(flow.did(), ["dial line 201 for 25 s"]);
    assert!(flow.cited("reception"));
}

#[test]
fn the_template_in_javascript_rings_the_reception() {
    key_1_rings_the_reception("template");
}

#[test]
fn the_template_in_typescript_rings_the_reception() {
    key_1_rings_the_reception("template-ts");
}

#[test]
fn the_template_in_c_rings_its_line() {
    let built = Built::of(Language::C, "template");
    let mut flow = built.flow_with(r#"{"line":"202"}"#);
    flow.call("0612345678");
    assert_eq!(flow.did(), ["dial line 202 for 20 s"]);
}
