//! Yesterday's calls on another version, from the command line, against a server with real components.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use common::{House, greeted, greeter, run, until};
use serde_json::{Value, json};

/// 201 calls 300, which plays `welcome`.
fn a_call_was_recorded(house: &House) {
    greeter(house);
    greeted(house);
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
