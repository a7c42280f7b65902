use cordboard_store::{Retention, StreamInfo, Trimmed, Write};

use crate::{LIMITS, Place, at, bytes, every_store, secs};

every_store! {
    offsets_count_from_nought_without_gaps
    streams_do_not_mix
    reading_begins_where_asked
    reading_is_bounded
    old_entries_are_trimmed_by_age
    the_oldest_entries_are_trimmed_by_size
    trimming_goes_in_bounded_steps
    offsets_are_not_used_again_after_trimming
    an_emptied_stream_can_be_forgotten
    streams_are_listed_by_prefix
    entries_of_one_batch_keep_order_and_instant
}

fn offsets_count_from_nought_without_gaps(place: &mut dyn Place) {
    let store = place.store();
    assert_eq!(store.append("s", &[bytes("a"), bytes("b")], at(1)).unwrap(), 0..2);
    assert_eq!(store.append("s", &[], at(2)).unwrap(), 2..2);
    assert_eq!(store.append("s", &[bytes("c")], at(3)).unwrap(), 2..3);
    let read = store.read("s", 0, 10).unwrap();
    let read: Vec<_> = read
        .iter()
        .map(|entry| (entry.offset, entry.at, &entry.bytes[..]))
        .collect();
    assert_eq!(read, [(0, at(1), &b"a"[..]), (1, at(1), b"b"), (2, at(3), b"c")]);
    assert_eq!(
        store.stream("s").unwrap(),
        Some(StreamInfo {
            first: 0,
            next: 3,
            bytes: 3
        })
    );
    assert_eq!(store.stream("t").unwrap(), None);
}

fn streams_do_not_mix(place: &mut dyn Place) {
    let store = place.store();
    for stream in ["s", "s/1", "s!", "t"] {
        store.append(stream, &[bytes(stream)], at(1)).unwrap();
    }
    for stream in ["s", "s/1", "s!", "t"] {
        let entries = store.read(stream, 0, 10).unwrap();
        assert_eq!((entries.len(), &entries[0].bytes), (1, &bytes(stream)));
    }
    assert!(store.read("s/", 0, 10).unwrap().is_empty());
}

fn reading_begins_where_asked(place: &mut dyn Place) {
    let store = place.store();
    store.append("s", &["a", "b", "c"].map(bytes), at(1)).unwrap();
    assert_eq!(store.read("s", 1, 1).unwrap()[0].bytes, bytes("b"));
    assert!(store.read("s", 3, 10).unwrap().is_empty());
    assert!(store.read("s", u64::MAX, 10).unwrap().is_empty());
}

fn reading_is_bounded(place: &mut dyn Place) {
    let store = place.store();
    store.append("small", &vec![bytes("x"); 30], at(1)).unwrap();
    assert_eq!(store.read("small", 0, usize::MAX).unwrap().len(), LIMITS.page);
    store
        .append("large", &vec![bytes(&"x".repeat(LIMITS.value_bytes)); 5], at(1))
        .unwrap();
    assert_eq!(store.read("large", 0, 10).unwrap().len(), 2);
}

fn an_emptied_stream_can_be_forgotten(place: &mut dyn Place) {
    let store = place.store();
    store.append("s", &[bytes("x")], at(1)).unwrap();
    assert!(!store.forget_stream("s").unwrap(), "it has an entry");
    let nothing = Retention {
        max_bytes: Some(0),
        ..Retention::default()
    };
    store.trim("s", &nothing, at(2)).unwrap();
    assert!(store.forget_stream("s").unwrap());
    assert_eq!(store.stream("s").unwrap(), None);
    assert!(!store.forget_stream("s").unwrap());
}

fn old_entries_are_trimmed_by_age(place: &mut dyn Place) {
    let store = place.store();
    for n in 1..=5 {
        store.append("s", &[bytes("x")], at(n * 10)).unwrap();
    }
    let keep = Retention {
        max_age: Some(secs(20)),
        ..Retention::default()
    };
    assert_eq!(
        store.trim("s", &keep, at(50)).unwrap(),
        Trimmed {
            removed: 2,
            more: false
        }
    );
    assert_eq!(
        store.read("s", 0, 10).unwrap()[0].at,
        at(30),
        "exactly as old as allowed stays"
    );
    assert_eq!(
        store.trim("s", &keep, at(50)).unwrap(),
        Trimmed {
            removed: 0,
            more: false
        }
    );
    assert_eq!(
        store.trim("none", &keep, at(50)).unwrap(),
        Trimmed {
            removed: 0,
            more: false
        }
    );
    assert_eq!(
        store.trim("s", &Retention::default(), at(9_999)).unwrap().removed,
        0
    );
}

fn the_oldest_entries_are_trimmed_by_size(place: &mut dyn Place) {
    let store = place.store();
    store
        .append("s", &["four", "two", "sixsix"].map(bytes), at(1))
        .unwrap();
    let keep = |bytes| Retention {
        max_bytes: Some(bytes),
        ..Retention::default()
    };
    assert_eq!(store.trim("s", &keep(13), at(1)).unwrap().removed, 0);
    assert_eq!(store.trim("s", &keep(9), at(1)).unwrap().removed, 1);
    assert_eq!(
        store.stream("s").unwrap(),
        Some(StreamInfo {
            first: 1,
            next: 3,
            bytes: 9
        })
    );
    assert_eq!(store.trim("s", &keep(0), at(1)).unwrap().removed, 2);
    assert_eq!(
        store.stream("s").unwrap(),
        Some(StreamInfo {
            first: 3,
            next: 3,
            bytes: 0
        })
    );
}

fn trimming_goes_in_bounded_steps(place: &mut dyn Place) {
    let store = place.store();
    store
        .append("s", &vec![bytes("x"); 2 * LIMITS.trim], at(1))
        .unwrap();
    let all = Retention {
        max_bytes: Some(0),
        ..Retention::default()
    };
    assert_eq!(
        store.trim("s", &all, at(1)).unwrap(),
        Trimmed {
            removed: LIMITS.trim as u64,
            more: true
        }
    );
    assert_eq!(
        store.trim("s", &all, at(1)).unwrap(),
        Trimmed {
            removed: LIMITS.trim as u64,
            more: false
        }
    );
}

fn offsets_are_not_used_again_after_trimming(place: &mut dyn Place) {
    place.store().append("s", &["a", "b"].map(bytes), at(1)).unwrap();
    place
        .store()
        .trim(
            "s",
            &Retention {
                max_bytes: Some(0),
                ..Retention::default()
            },
            at(1),
        )
        .unwrap();
    place.restart();
    let store = place.store();
    assert_eq!(store.append("s", &[bytes("c")], at(2)).unwrap(), 2..3);
    let read = store.read("s", 0, 10).unwrap();
    assert_eq!((read.len(), read[0].offset), (1, 2));
}

fn streams_are_listed_by_prefix(place: &mut dyn Place) {
    let store = place.store();
    for stream in ["cdr/b", "cdr/a", "cdr/c", "trace/a"] {
        store.append(stream, &[bytes("x")], at(1)).unwrap();
    }
    let names = |after: Option<&str>, limit| -> Vec<String> {
        store
            .streams("cdr/", after, limit)
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    };
    assert_eq!(names(None, 2), ["cdr/a", "cdr/b"]);
    assert_eq!(names(Some("cdr/b"), 2), ["cdr/c"]);
}

fn entries_of_one_batch_keep_order_and_instant(place: &mut dyn Place) {
    let store = place.store();
    let append = |stream: &str, secs, entry| Write::Append {
        stream: stream.to_owned(),
        at: at(secs),
        entry: bytes(entry),
    };
    let writes = [
        append("s", 1, "a"),
        append("s", 2, "b"),
        append("t", 3, "x"),
        append("s", 4, "c"),
        Write::set("k", None),
    ];
    store.write_batch(&writes, None).unwrap();
    let read: Vec<_> = store
        .read("s", 0, 10)
        .unwrap()
        .into_iter()
        .map(|entry| (entry.at, entry.bytes))
        .collect();
    assert_eq!(
        read,
        [(at(1), bytes("a")), (at(2), bytes("b")), (at(4), bytes("c"))]
    );
    assert_eq!(store.stream("t").unwrap().unwrap().next, 1);
}
