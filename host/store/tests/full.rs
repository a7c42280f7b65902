//! A disk that is full for a while: what was acknowledged stays, and writing goes on once there is room again.
//!
//! The test starts itself again as a child that limits the size of its files, which the system answers as it does a
//! full disk. A shell in between makes the child ignore the signal that comes with it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use cordboard_store::{EmbeddedStore, Error, Expect, OpenOptions, Schema, Store};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

const PATH: &str = "CORDBOARD_FULL_TEST_STORE";

#[test]
fn a_full_disk_costs_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; exec \"$0\" --exact child_that_fills_the_disk --ignored --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .env(PATH, directory.path().join("store"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("was full, is well"), "{said}\n{complained}");
}

fn limit_files(bytes: u64) {
    let (_, most) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, bytes.min(most), most).unwrap();
}

fn put(store: &EmbeddedStore, key: &str, size: usize) -> Result<(), Error> {
    store.put(key, Bytes::from(vec![7; size]), Expect::Any).map(drop)
}

#[test]
#[ignore = "started by a_full_disk_costs_nothing_that_was_acknowledged"]
fn child_that_fills_the_disk() {
    let path = std::env::var_os(PATH).unwrap();
    let store =
        EmbeddedStore::open_file(Path::new(&path), &Schema::default(), OpenOptions::default()).unwrap();
    put(&store, "before", 10).unwrap();
    limit_files(fs::metadata(&path).unwrap().len() + (4 << 20));

    let mut stored = 0;
    let error = loop {
        match put(&store, &format!("big/{stored:03}"), 1 << 20) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 200, "the limit does not work");
    };
    assert!(matches!(error, Error::Failed { .. }), "{error}");
    assert!(error.to_string().contains("check the disk's space"), "{error}");

    limit_files(u64::MAX);
    put(&store, "after", 10).unwrap();
    let big = store.list("big/", None, 1_000).unwrap();
    let there = |key: &str| store.get(key).unwrap().is_some();
    assert!(there("before") && there("after"));
    assert!(big.next.is_some() || big.documents.len() == stored);
    assert!(
        (0..stored).all(|n| there(&format!("big/{n:03}"))),
        "{stored} were acknowledged"
    );
    drop(store);

    let store =
        EmbeddedStore::open_file(Path::new(&path), &Schema::default(), OpenOptions::default()).unwrap();
    assert!((0..stored).all(|n| store.get(&format!("big/{n:03}")).unwrap().is_some()));
    println!("was full, is well");
}
