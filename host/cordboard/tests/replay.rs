//! Yesterday's calls on another version, from the command line, against a server with real components.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use std::path::PathBuf;
use std::process::Output;

use common::{House, PATIENCE, until};
use phone::Event;
use serde_json::{Value, json};

/// A shipped behaviour, as cargo built it.
fn built(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = std::env::var_os("CORDBOARD_GUESTS")
        .map_or_else(|| target.join("wasm32-unknown-unknown/guest"), PathBuf::from);
    let path = folder.join(name).with_extension("wasm");
    assert!(
        path.exists(),
        "{}: `cargo xtask guests` builds it",
        path.display()
    );
    path
}

fn run(house: &House, words: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = house.cordboard(words).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// 300 plays `welcome` and hangs up; 201 calls it.
fn a_call_was_recorded(house: &House) {
    let path = built("announcement");
    let (status, _, said) = run(house, &["module", "upload", path.to_str().unwrap()]);
    assert_eq!(status, 0, "{said}");
    let digest = house.items("/modules")[0]["digest"].clone();
    house.put(
        "/behaviours/hello",
        json!({ "module": digest, "settings": { "announcement": "welcome" } }),
    );
    house.put(
        "/numbers/300",
        json!({ "name": "Hello", "behaviours": [{ "behaviour": "hello" }] }),
    );
    let mut alice = house.phone("201");
    let now = alice.now();
    let call = alice.phone.call(now, "300");
    alice
        .wait(PATIENCE, |event| (*event == Event::Answered(call)).then_some(()))
        .unwrap();
    let now = alice.now();
    alice.phone.hang_up(now, call);
    drop(alice.pump(PATIENCE / 100).unwrap());
    until("the session is in the journal", || {
        !house.items("/behaviours/hello/journal").is_empty()
    });
}

#[test]
fn a_replay_finds_what_a_change_would_do_to_yesterdays_calls() {
    let house = House::with_lines(&["201"]);
    a_call_was_recorded(&house);

    let (status, told, said) = run(
        &house,
        &["replay", "--behaviour", "hello", "--candidate", "active"],
    );
    assert_eq!(
        (status, told.trim()),
        (0, "1 sessions: 1 the same, 0 otherwise"),
        "{said}"
    );

    let settings = house.folder.path().join("other.json");
    std::fs::write(&settings, r#"{ "announcement": "goodbye" }"#).unwrap();
    let words = [
        "replay",
        "--behaviour",
        "hello",
        "--candidate",
        "active",
        "--settings",
        settings.to_str().unwrap(),
    ];
    let (status, told, said) = run(&house, &words);
    assert_eq!(status, 4, "{told}{said}");
    assert!(told.contains("201 to 300: otherwise at step 2 of"), "{told}");
    assert!(
        told.contains("did    play welcome\n  would  play goodbye"),
        "{told}"
    );
    assert!(
        said.contains("1 of the recorded sessions would have gone otherwise"),
        "{said}"
    );

    let (status, told, _) = run(&house, &[&words[..], &["--json"]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &told["summary"]["differ"]), (4, &json!(1)));
    assert_eq!(told["differences"][0]["step"], 2);

    let (status, told, _) = run(&house, &["journal", "--behaviour", "hello"]);
    assert_eq!(status, 0);
    assert!(told.contains("a call from 201 to 300 → answer leg"), "{told}");

    let (status, _, said) = run(
        &house,
        &["replay", "--behaviour", "hello", "--candidate", "9.9.9"],
    );
    assert_eq!(status, 1);
    assert!(said.contains("cordboard module list"), "{said}");
}
