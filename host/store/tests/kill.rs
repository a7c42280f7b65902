//! `kill -9` at any moment loses nothing that was acknowledged, and tears no batch apart.
//!
//! The test starts itself again as a child that writes without end and prints each acknowledged write.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use cordboard_store::{EmbeddedStore, GroupLimits, OpenOptions, Schema, Store, Submission, Write, Writer};

const PATH: &str = "CORDBOARD_KILL_TEST_STORE";
const START: &str = "CORDBOARD_KILL_TEST_START";

/// Acknowledged writes after which the child dies. Several rounds, so that it also dies right after a repair.
const ROUNDS: [u64; 4] = [1, 50, 400, 1_000];

fn open(path: &Path) -> EmbeddedStore {
    EmbeddedStore::open_file(path, &Schema::default(), OpenOptions::default()).unwrap()
}

/// Three documents that must always agree, and a journal entry.
fn writes(number: u64) -> Vec<Write> {
    let value = Bytes::from(number.to_string());
    let journal = Write::Append {
        stream: "journal".to_owned(),
        at: base::Moment::ZERO,
        entry: value.clone(),
    };
    let documents = [
        "left".to_owned(),
        "right".to_owned(),
        format!("registration/{}", number % 100),
    ];
    documents
        .map(|key| Write::set(key, Some(value.clone())))
        .into_iter()
        .chain([journal])
        .collect()
}

#[test]
fn acknowledged_writes_survive_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut acknowledged = 0;
    for round in ROUNDS {
        let mut child = writer_child(&path, acknowledged);
        acknowledged = kill_after(&mut child, acknowledged + round);
        check(&open(&path), acknowledged);
    }
}

fn writer_child(path: &Path, start: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "child_that_writes_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(PATH, path)
        .env(START, start.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the child when it has acknowledged `target`; returns the last number that it acknowledged before dying.
fn kill_after(child: &mut Child, target: u64) -> u64 {
    let mut killed = false;
    let mut last = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // A line cut short by the kill was not heard by anybody.
        if let Some(number) = line
            .unwrap()
            .strip_prefix("durable ")
            .and_then(|rest| rest.strip_suffix('.'))
        {
            last = number.parse().unwrap();
        }
        if last >= target && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(killed, "the child ended by itself at {last}");
    child.wait().unwrap();
    last
}

fn check(store: &EmbeddedStore, acknowledged: u64) {
    let number = |key: &str| {
        let document = store.get(key).unwrap().unwrap();
        std::str::from_utf8(&document.value)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let (left, right) = (number("left"), number("right"));
    assert!(
        left >= acknowledged,
        "{acknowledged} was acknowledged, {left} is there"
    );
    assert_eq!(left, right, "a batch was torn apart");
    let journal = store.stream("journal").unwrap().unwrap();
    let last = store.read("journal", journal.next - 1, 1).unwrap();
    assert_eq!(
        last[0].bytes,
        Bytes::from(left.to_string()),
        "journal and documents disagree"
    );
    for number_below in acknowledged.saturating_sub(99).max(1)..=acknowledged {
        assert!(number(&format!("registration/{}", number_below % 100)) >= number_below);
    }
}

#[test]
#[ignore = "started by acknowledged_writes_survive_kill_9"]
fn child_that_writes_until_it_is_killed() {
    let path = std::env::var_os(PATH).unwrap();
    let start: u64 = std::env::var(START).unwrap().parse().unwrap();
    let writer = Writer::start(Arc::new(open(Path::new(&path))), GroupLimits::default(), None).unwrap();
    for number in start + 1.. {
        let acknowledge = move |result: Result<(), &cordboard_store::Error>| {
            result.unwrap();
            // One system call a line: whole or not at all.
            std::io::stdout()
                .lock()
                .write_all(format!("durable {number}.\n").as_bytes())
                .unwrap();
        };
        let mut submission = Submission::acknowledged(writes(number), acknowledge);
        while let Err(overloaded) = writer.submit(submission) {
            submission = overloaded.0;
            writer.flush();
        }
    }
}
