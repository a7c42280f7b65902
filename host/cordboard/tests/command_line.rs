//! The command line as somebody in a terminal meets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use std::process::Output;

use common::{BINARY, House, ends, offered, talk, until};
use serde_json::Value;

fn run(house: &House, words: &[&str]) -> Output {
    house.cordboard(words).output().unwrap()
}

/// What it prints when it is content.
#[track_caller]
fn prints(house: &House, words: &[&str]) -> String {
    let output = run(house, words);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Its status and complaint when it is not.
fn complains(output: &Output) -> (Option<i32>, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn documents_are_made_shown_changed_and_deleted() {
    let house = House::with_lines(&[]);
    prints(&house, &["site", "set", "north", "name=North"]);
    prints(&house, &["site", "set", "north", "address.city=Lille"]);
    let site: Value = serde_json::from_str(&prints(&house, &["site", "show", "north", "--json"])).unwrap();
    assert_eq!(
        (&site["name"], &site["address"]["city"]),
        (&"North".into(), &"Lille".into())
    );
    assert!(prints(&house, &["site", "list"]).contains("north"));
    prints(&house, &["site", "delete", "north"]);
    assert!(!prints(&house, &["site", "list"]).contains("north"));
}

#[test]
fn a_complaint_says_what_would_be_right_and_its_status_who_must_act() {
    let house = House::with_lines(&["201"]);
    let (status, text) = complains(&run(
        &house,
        &["line", "set", "201", "name=Alice", "site=nowhere"],
    ));
    assert_eq!(status, Some(1));
    assert!(text.contains("/site"), "names the field: {text}");

    let (status, text) = complains(&run(&house, &["site", "show", "nowhere"]));
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("sites/nowhere"), "names what is missing: {text}");

    for (command, says) in [
        ("site show nowhere", "no site `nowhere`, only main"),
        ("journal --behaviour nowhere", "no behaviour `nowhere`"),
        ("statistics --site nowhere", "no site `nowhere`"),
        ("line list --kind square", "mobile"),
        ("tenant grants acme --deny fax", "no interface `fax`"),
        ("behaviour tell nobody 201 hello", "no behaviour `nobody`"),
        (
            "call dial 299 201",
            "/line no line has the id, short number or number `299`",
        ),
        ("call dial 201 299", "/number nobody has the number `299`"),
        (
            "call dial 201 0891234567",
            "/number no trunk takes numbers like `0891234567` (a premium number)",
        ),
        ("call dial 201 *95", "/number `*95` is a code"),
        ("registrations --tenant nobody", "no tenant `nobody`, only acme"),
        ("call records --tenant nobody", "no tenant `nobody`, only acme"),
        ("module list --tenant nobody", "no tenant `nobody`, only acme"),
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let (status, text) = complains(&run(&house, &words));
        assert_eq!(status, Some(1), "{command}: {text}");
        assert!(text.contains(says), "{command}: {text}");
    }

    let digits = [
        "line",
        "set",
        "201",
        "name=Alice",
        "site=main",
        "short-number=201",
    ];
    let (_, text) = complains(&run(&house, &digits));
    assert!(
        text.contains("'short-number=\"201\"'"),
        "says how it is written: {text}"
    );

    let (status, text) = complains(&run(&house, &["line", "sett"]));
    assert_eq!(status, Some(2));
    assert!(text.contains("set"), "{text}");

    let mut nobody = house.cordboard(&["tenant", "list"]);
    nobody.env("CORDBOARD_URL", "http://127.0.0.1:1");
    let (status, text) = complains(&nobody.output().unwrap());
    assert_eq!(status, Some(3));
    assert!(
        text.contains("cordboard serve") && text.contains("--url"),
        "{text}"
    );

    let mut stranger = house.cordboard(&["tenant", "list"]);
    stranger.env("CORDBOARD_TOKEN_FILE", "/nowhere/token");
    let (status, text) = complains(&stranger.output().unwrap());
    assert_eq!(status, Some(3));
    assert!(text.contains("--token-file"), "{text}");
}

#[test]
fn a_calls_story_is_told_with_its_ladder() {
    let house = House::with_lines(&["201", "202"]);
    let (mut alice, mut bob) = (house.phone("201"), house.phone("202"));
    assert_eq!(prints(&house, &["registrations"]).lines().count(), 2);
    let (call, taken) = talk(&mut alice, &mut bob, "202");
    let calls: Value = serde_json::from_str(&prints(&house, &["call", "list", "--json"])).unwrap();
    let id = calls[0]["id"].to_string();
    assert!(prints(&house, &["why", &id]).contains("the call is up"));
    let now = alice.now();
    alice.phone.hang_up(now, call);
    drop(alice.pump(common::PATIENCE / 300).unwrap());
    ends(&mut bob, taken);
    until("the record is written", || {
        prints(&house, &["call", "records"]).contains("201")
    });
    let told = prints(&house, &["why", &id]);
    for wanted in [
        "◀──INVITE──",
        "──INVITE──▶",
        "──200 OK (INVITE)──▶",
        "201 calls 202",
        "the call ended",
    ] {
        assert!(told.contains(wanted), "no {wanted} in\n{told}");
    }
    assert!(prints(&house, &["why", &id, "--messages"]).contains("Via: SIP/2.0/UDP"));
}

#[test]
fn a_click_dials() {
    let house = House::with_lines(&["201", "202"]);
    let (mut alice, mut bob) = (house.phone("201"), house.phone("202"));
    prints(&house, &["call", "dial", "201", "202"]);
    let call = offered(&mut alice);
    let now = alice.now();
    alice.phone.answer(now, call);
    drop(alice.pump(common::PATIENCE / 150).unwrap());
    offered(&mut bob);
}

#[test]
fn every_command_explains_itself() {
    for words in [
        &["--help"][..],
        &["serve", "--help"],
        &["line", "set", "--help"],
        &["behaviour", "activate", "--help"],
        &["why", "--help"],
        &["token", "create", "--help"],
        &["completions", "bash"],
    ] {
        let output = std::process::Command::new(BINARY).args(words).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{words:?}");
    }
}

/// `cordboard … | head`: who stops reading is not told about it.
#[test]
fn it_ends_quietly_when_nobody_reads_on() {
    use std::process::{Command, Stdio};

    let mut child = Command::new(BINARY)
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// A tenth of a second of silence.
fn wav() -> Vec<u8> {
    let samples = 800_u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + samples * 2).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    wav.extend([8_000_u32, 16_000].map(u32::to_le_bytes).concat());
    wav.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    wav.extend(b"data");
    wav.extend((samples * 2).to_le_bytes());
    wav.resize(wav.len() + 1_600, 0);
    wav
}

#[test]
fn announcements_are_recordings_or_texts_that_are_spoken() {
    let house = House::with_lines(&[]);
    let file = house.folder.path().join("welcome.wav");
    std::fs::write(&file, wav()).unwrap();
    let file = file.to_str().unwrap();
    let words = [
        "announcement",
        "add",
        "hello",
        file,
        "--text",
        "Hello & welcome",
        "--json",
    ];
    let added: Value = serde_json::from_str(&prints(&house, &words)).unwrap();
    assert_eq!(
        (&added["length"], &added["text"]),
        (&100.into(), &"Hello & welcome".into())
    );
    assert!(prints(&house, &["announcement", "list"]).contains("hello"));

    let spoken = run(
        &house,
        &[
            "announcement",
            "add",
            "bye",
            "--text",
            "Au revoir",
            "--language",
            "fr",
            "--json",
        ],
    );
    if spoken.status.success() {
        let added: Value = serde_json::from_slice(&spoken.stdout).unwrap();
        assert!(added["length"].as_u64().unwrap() > 200, "{added}");
    } else {
        let (status, text) = complains(&spoken);
        assert!(status == Some(1) && text.contains("text-to-speech"), "{text}");
    }
    let (status, text) = complains(&run(&house, &["announcement", "add", "none"]));
    assert!(status == Some(2) && text.contains("FILE"), "{text}");
    prints(&house, &["announcement", "delete", "hello"]);
    assert!(!prints(&house, &["announcement", "list"]).contains("hello"));
}

#[test]
fn tokens_are_made_used_listed_and_revoked() {
    let house = House::with_lines(&["201"]);
    let made = prints(&house, &["token", "create", "cucm", "--exchange"]);
    let word = |name: &str| {
        let line = made.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {made}"))
            .trim()
            .to_owned()
    };
    let (token, address) = (word("token"), word("address"));
    assert!(
        address.ends_with(&format!("/v1/tenants/acme/interception/{token}")),
        "{made}"
    );
    let id = made.split(' ').next().unwrap();
    let listed = prints(&house, &["token", "list"]);
    let line = listed.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(
        line.contains("exchange  tenant=acme  until it is revoked  cucm"),
        "{line}"
    );
    assert!(!listed.contains(&token), "its secret is told once");

    let mut as_exchange = house.cordboard(&["line", "list"]);
    as_exchange.env("CORDBOARD_TOKEN", &token);
    assert_eq!(
        complains(&as_exchange.output().unwrap()).0,
        Some(1),
        "it opens nothing else"
    );

    let words = ["token", "create", "tom", "--expires", "2h", "--json"];
    let manager: Value = serde_json::from_str(&prints(&house, &words)).unwrap();
    assert_eq!(manager["role"], "manager");
    let mut as_manager = house.cordboard(&["line", "list"]);
    as_manager.env("CORDBOARD_TOKEN", manager["token"].as_str().unwrap());
    assert!(as_manager.output().unwrap().status.success());

    assert!(prints(&house, &["token", "list"]).contains("manager  tenant=acme  until 20"));

    prints(&house, &["token", "create", "night shift", "--operator"]);
    assert!(prints(&house, &["token", "list", "--operator"]).contains("night shift"));
    assert!(!prints(&house, &["token", "list"]).contains("night shift"));

    prints(&house, &["token", "revoke", id]);
    assert!(!prints(&house, &["token", "list"]).contains(id));
}

#[test]
fn tokens_that_cannot_be_are_refused_with_the_reason() {
    let house = House::with_lines(&[]);
    for (words, status, why) in [
        (&["create", "x", "--user", "nobody"][..], 1, "no user `nobody`"),
        (
            &["create", "x", "--exchange", "--user", "alice"],
            2,
            "cannot be used with",
        ),
        (
            &["create", "x", "--exchange", "--operator"],
            2,
            "cannot be used with",
        ),
        (&["create", "x", "--expires", "tomorrow"], 2, "say `2h`"),
        (
            &["create", "x", "--expires", "2020-01-01T00:00:00Z"],
            1,
            "is over already",
        ),
        (&["create", " "], 1, "what it is for"),
        (&["revoke", "nosuch"], 1, "no such token"),
    ] {
        let words = [&["token"], words].concat();
        let (found, text) = complains(&run(&house, &words));
        assert!(
            found == Some(status) && text.contains(why),
            "{words:?}: {found:?} {text}"
        );
    }
    let mut nobodys = house.cordboard(&["token", "list"]);
    nobodys.env_remove("CORDBOARD_TENANT");
    let (status, text) = complains(&nobodys.output().unwrap());
    assert!(status == Some(1) && text.contains("--tenant"), "{text}");
}
