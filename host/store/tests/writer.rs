//! The writer thread: order, durability, a disk that fails.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use cordboard_store::{Error, Expect, GroupLimits, MemoryStore, Store, Submission, Write, Writer};

fn put(key: &str, value: &str) -> Vec<Write> {
    vec![Write::set(key, Some(Bytes::copy_from_slice(value.as_bytes())))]
}

fn writer(store: &Arc<MemoryStore>) -> Writer {
    Writer::start(store.clone(), GroupLimits::default(), None).unwrap()
}

fn value(store: &MemoryStore, key: &str) -> Option<Bytes> {
    store.get(key).unwrap().map(|document| document.value)
}

#[test]
fn an_acknowledged_write_is_there_after_a_power_cut() {
    let store = Arc::new(MemoryStore::new().unwrap());
    let writer = writer(&store);
    let (tell, told) = mpsc::channel();
    writer
        .submit(Submission::acknowledged(put("k", "1"), move |result| {
            tell.send(result.is_ok()).unwrap()
        }))
        .unwrap();
    assert!(told.recv().unwrap());
    store.crash().unwrap();
    assert_eq!(value(&store, "k"), Some(Bytes::from("1")));
}

#[test]
fn a_disk_that_lies_loses_what_it_did_not_keep() {
    let store = MemoryStore::new().unwrap();
    let first = store.put("kept", Bytes::from("1"), Expect::Any).unwrap();
    store.hold_syncs();
    store.put("kept", Bytes::from("2"), Expect::Any).unwrap();
    store.put("lost", Bytes::from("1"), Expect::Any).unwrap();
    store
        .append("s", &[Bytes::from("lost")], base::Moment::ZERO)
        .unwrap();
    store.crash().unwrap();
    assert_eq!(
        (value(&store, "kept"), value(&store, "lost")),
        (Some(Bytes::from("1")), None)
    );
    assert_eq!(
        (
            store.get("kept").unwrap().unwrap().revision,
            store.stream("s").unwrap()
        ),
        (first, None)
    );
    store.put("kept", Bytes::from("3"), Expect::Any).unwrap();
    store.sync();
    store.crash().unwrap();
    assert_eq!(value(&store, "kept"), Some(Bytes::from("3")));
}

#[test]
fn closing_stores_what_is_left() {
    let store = Arc::new(MemoryStore::new().unwrap());
    let writer = writer(&store);
    for n in 0..500 {
        writer
            .submit(Submission::new(put(&format!("k/{}", n % 7), &n.to_string())))
            .unwrap();
    }
    drop(writer);
    assert_eq!(value(&store, "k/2"), Some(Bytes::from("499")));
    assert_eq!(store.list("k/", None, 100).unwrap().documents.len(), 7);
}

#[test]
fn who_sleeps_for_records_wakes_for_others() {
    let store = Arc::new(MemoryStore::new().unwrap());
    let limits = GroupLimits {
        max_records: Duration::from_secs(3_600),
        max_delay: Duration::from_millis(1),
        ..GroupLimits::default()
    };
    let writer = Writer::start(store.clone(), limits, None).unwrap();
    let changes = store.watch("call", 1_000).unwrap();
    for round in 0..200 {
        let number = round.to_string();
        writer
            .submit(Submission::records(put("record", &number)))
            .unwrap();
        // However far the thread has come on its way to sleep.
        (0..round).for_each(|_| std::thread::yield_now());
        writer.submit(Submission::new(put("call", &number))).unwrap();
        let stored = changes.next(Duration::from_secs(60)).unwrap();
        assert!(stored.is_some(), "not woken in round {round}");
        assert_eq!(value(&store, "record"), Some(Bytes::from(number)));
    }
}

#[test]
fn successive_writes_to_a_key_cost_one() {
    let store = Arc::new(MemoryStore::new().unwrap());
    let writer = writer(&store);
    (0..1_000).for_each(|n| writer.submit(Submission::new(put("k", &n.to_string()))).unwrap());
    assert!(writer.flush());
    let stats = writer.stats();
    assert_eq!(stats.writes + stats.coalesced, 1_000);
    assert!(stats.commits < 1_000, "{stats:?}");
}

#[test]
fn a_failing_disk_is_reported_and_the_writes_are_tried_again() {
    let store = Arc::new(MemoryStore::new().unwrap());
    let writer = writer(&store);
    store.fail_commits(2);
    let (tell, told) = mpsc::channel();
    let ticket = move |result: Result<(), &Error>| tell.send(result.map_err(ToString::to_string)).unwrap();
    writer
        .submit(Submission::acknowledged(put("k", "1"), ticket))
        .unwrap();
    assert!(told.recv().unwrap().unwrap_err().contains("no space left"));
    assert!(!writer.flush(), "the second attempt fails too");
    assert!(writer.stats().failing);
    assert!(writer.flush(), "the third succeeds");
    assert_eq!(value(&store, "k"), Some(Bytes::from("1")));
    assert_eq!((writer.stats().failures, writer.stats().failing), (2, false));
}

#[test]
fn a_write_that_can_never_be_stored_does_not_take_others_with_it() {
    let store = Arc::new(MemoryStore::new().unwrap());
    let writer = writer(&store);
    let mut writes = put("good", "1");
    writes.extend(put("bad\u{0}", "1"));
    writer.submit(Submission::new(writes)).unwrap();
    writer.flush();
    assert!(writer.flush());
    assert_eq!(value(&store, "good"), Some(Bytes::from("1")));
}
