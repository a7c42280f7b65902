use cordboard_store::{Error, Expect, Revision, Store, WatchEnd, Write};

use crate::{LIMITS, Place, at, bytes, every_store};

every_store! {
    a_document_is_read_as_it_was_written
    a_stale_revision_is_refused_and_changes_nothing
    creating_what_exists_is_refused
    deleting_asks_for_the_revision_too
    revisions_grow_across_keys_and_restarts
    a_batch_is_one_revision
    a_batch_with_a_bad_write_changes_nothing
    a_listing_is_paged_in_key_order
    a_listing_stays_under_its_prefix
    a_page_is_bounded_by_bytes
    names_and_sizes_are_bounded
    what_was_written_survives_a_restart
    a_watch_sees_changes_under_its_prefix_in_order
    a_refused_write_is_not_seen_by_watches
    a_slow_watch_is_cut_off_and_told
    a_dropped_watch_costs_nothing
}

fn a_document_is_read_as_it_was_written(place: &mut dyn Place) {
    let store = place.store();
    let revision = store.put("tenant/acme", bytes("{}"), Expect::Any).unwrap();
    let document = store.get("tenant/acme").unwrap().unwrap();
    assert_eq!(
        (document.key.as_str(), document.revision, document.value),
        ("tenant/acme", revision, bytes("{}"))
    );
    assert_eq!(store.get("tenant/acm").unwrap(), None);
    assert!(store.delete("tenant/acme", Expect::Any).unwrap());
    assert!(!store.delete("tenant/acme", Expect::Any).unwrap());
    assert_eq!(store.get("tenant/acme").unwrap(), None);
}

fn a_stale_revision_is_refused_and_changes_nothing(place: &mut dyn Place) {
    let store = place.store();
    let read = store.put("k", bytes("1"), Expect::Any).unwrap();
    let newer = store.put("k", bytes("2"), Expect::At(read)).unwrap();
    let refused = store.put("k", bytes("3"), Expect::At(read)).unwrap_err();
    assert!(
        matches!(refused, Error::Conflict { found: Some(found), .. } if found == newer),
        "{refused}"
    );
    assert_eq!(store.get("k").unwrap().unwrap().value, bytes("2"));
    let absent = store.put("other", bytes("1"), Expect::At(newer)).unwrap_err();
    assert!(absent.to_string().contains("found no document"), "{absent}");
}

fn creating_what_exists_is_refused(place: &mut dyn Place) {
    let store = place.store();
    store.put("k", bytes("1"), Expect::Absent).unwrap();
    assert!(matches!(
        store.put("k", bytes("2"), Expect::Absent),
        Err(Error::Conflict { .. })
    ));
    store.delete("k", Expect::Any).unwrap();
    store.put("k", bytes("3"), Expect::Absent).unwrap();
}

fn deleting_asks_for_the_revision_too(place: &mut dyn Place) {
    let store = place.store();
    let revision = store.put("k", bytes("1"), Expect::Any).unwrap();
    assert!(matches!(
        store.delete("k", Expect::At(Revision(revision.0 + 1))),
        Err(Error::Conflict { .. })
    ));
    assert!(store.delete("k", Expect::At(revision)).unwrap());
    assert!(matches!(
        store.delete("k", Expect::At(revision)),
        Err(Error::Conflict { found: None, .. })
    ));
}

fn revisions_grow_across_keys_and_restarts(place: &mut dyn Place) {
    let first = place.store().put("a", bytes("1"), Expect::Any).unwrap();
    let second = place.store().put("b", bytes("1"), Expect::Any).unwrap();
    place.restart();
    let third = place.store().put("a", bytes("2"), Expect::Any).unwrap();
    assert!(first < second && second < third, "{first} {second} {third}");
}

fn a_batch_is_one_revision(place: &mut dyn Place) {
    let store = place.store();
    store.put("gone", bytes("1"), Expect::Any).unwrap();
    let writes = [
        Write::set("a", Some(bytes("1"))),
        Write::set("gone", None),
        Write::set("never-there", None),
        Write::Append {
            stream: "cdr/acme".to_owned(),
            at: at(1),
            entry: bytes("call"),
        },
        Write::set("a", Some(bytes("2"))),
    ];
    let revision = store.write_batch(&writes, None).unwrap();
    let a = store.get("a").unwrap().unwrap();
    assert_eq!((a.revision, a.value), (revision, bytes("2")));
    assert_eq!(store.get("gone").unwrap(), None);
    assert_eq!(store.read("cdr/acme", 0, 10).unwrap()[0].bytes, bytes("call"));
}

fn a_batch_with_a_bad_write_changes_nothing(place: &mut dyn Place) {
    let store = place.store();
    let writes = [
        Write::set("a", Some(bytes("1"))),
        Write::Append {
            stream: "s".to_owned(),
            at: at(1),
            entry: bytes("call"),
        },
        Write::set("a\u{0}b", Some(bytes("1"))),
    ];
    assert!(matches!(
        store.write_batch(&writes, None),
        Err(Error::InvalidName { .. })
    ));
    assert_eq!(
        (store.get("a").unwrap(), store.stream("s").unwrap()),
        (None, None)
    );
}

fn a_listing_is_paged_in_key_order(place: &mut dyn Place) {
    let store = place.store();
    fill(&*store, (0..25).rev().map(|n| format!("d/{n:02}")), "x");
    let (mut after, mut keys, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = store.list("d/", after.as_deref(), 1_000_000).unwrap();
        keys.extend(page.documents.into_iter().map(|document| document.key));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(keys, (0..25).map(|n| format!("d/{n:02}")).collect::<Vec<_>>());
    assert_eq!(pages, 3, "pages of {}", LIMITS.page);
    let exact = store.list("d/1", None, 10).unwrap();
    assert_eq!(
        (exact.documents.len(), exact.next),
        (10, None),
        "a full last page has no next"
    );
}

fn a_listing_stays_under_its_prefix(place: &mut dyn Place) {
    let store = place.store();
    for key in ["a", "a/1", "a/2", "a0", "b/1", "\u{10ffff}"] {
        store.put(key, bytes("x"), Expect::Any).unwrap();
    }
    let keys = |prefix: &str, after: Option<&str>| -> Vec<String> {
        store
            .list(prefix, after, 10)
            .unwrap()
            .documents
            .into_iter()
            .map(|document| document.key)
            .collect()
    };
    assert_eq!(keys("a/", None), ["a/1", "a/2"]);
    assert_eq!(keys("a/", Some("a/1")), ["a/2"]);
    assert_eq!(
        keys("a/", Some("a/10")),
        ["a/2"],
        "a deleted key still marks the place"
    );
    assert_eq!(
        keys("b/", Some("a/9")),
        ["b/1"],
        "a mark before the prefix begins at it"
    );
    assert!(
        keys("a/", Some("b")).is_empty(),
        "a mark behind the prefix ends it"
    );
    assert_eq!(keys("", None).len(), 6);
    assert_eq!(keys("\u{10ffff}", None), ["\u{10ffff}"]);
}

fn a_page_is_bounded_by_bytes(place: &mut dyn Place) {
    let store = place.store();
    let big = "x".repeat(LIMITS.value_bytes);
    fill(&*store, (0..5).map(|n| format!("d/{n}")), &big);
    let page = store.list("d/", None, 10).unwrap();
    assert_eq!((page.documents.len(), page.next.as_deref()), (2, Some("d/1")));
}

fn names_and_sizes_are_bounded(place: &mut dyn Place) {
    let store = place.store();
    for bad in ["", "a\nb", &"k".repeat(513)] {
        assert!(
            matches!(store.get(bad), Err(Error::InvalidName { .. })),
            "get {bad:?}"
        );
        assert!(
            matches!(
                store.put(bad, bytes(""), Expect::Any),
                Err(Error::InvalidName { .. })
            ),
            "put {bad:?}"
        );
        assert!(
            matches!(store.delete(bad, Expect::Any), Err(Error::InvalidName { .. })),
            "delete {bad:?}"
        );
        assert!(
            matches!(store.append(bad, &[], at(0)), Err(Error::InvalidName { .. })),
            "append {bad:?}"
        );
    }
    let too_large = "x".repeat(LIMITS.value_bytes + 1);
    assert!(matches!(
        store.put("k", bytes(&too_large), Expect::Any),
        Err(Error::TooLarge { .. })
    ));
    assert!(matches!(
        store.append("s", &[bytes(&too_large)], at(0)),
        Err(Error::TooLarge { .. })
    ));
    assert_eq!(
        (store.get("k").unwrap(), store.stream("s").unwrap()),
        (None, None)
    );
}

fn what_was_written_survives_a_restart(place: &mut dyn Place) {
    let revision = place.store().put("k", bytes("1"), Expect::Any).unwrap();
    place.store().append("s", &[bytes("entry")], at(1)).unwrap();
    place.restart();
    let store = place.store();
    assert_eq!(store.get("k").unwrap().unwrap().revision, revision);
    assert_eq!(store.append("s", &[bytes("next")], at(2)).unwrap(), 1..2);
}

fn a_watch_sees_changes_under_its_prefix_in_order(place: &mut dyn Place) {
    let store = place.store();
    store.put("d/1", bytes("before"), Expect::Any).unwrap();
    let watch = store.watch("d/", 10).unwrap();
    let put = store.put("d/1", bytes("1"), Expect::Any).unwrap();
    store.put("e/1", bytes("elsewhere"), Expect::Any).unwrap();
    let batch = store
        .write_batch(
            &[Write::set("d/1", None), Write::set("d/0", Some(bytes("0")))],
            None,
        )
        .unwrap();
    store.delete("d/1", Expect::Any).unwrap();
    let mut seen = Vec::new();
    while let Some(change) = watch.try_next().unwrap() {
        seen.push((change.key, change.revision, change.value));
    }
    let expected = [
        ("d/1", put, Some("1")),
        ("d/1", batch, None),
        ("d/0", batch, Some("0")),
    ];
    let expected = expected.map(|(key, revision, value)| (key.to_owned(), revision, value.map(bytes)));
    assert_eq!(seen, expected);
}

fn a_refused_write_is_not_seen_by_watches(place: &mut dyn Place) {
    let store = place.store();
    let watch = store.watch("", 10).unwrap();
    store.put("k", bytes("1"), Expect::At(Revision(7))).unwrap_err();
    store
        .write_batch(&[Write::set("k", Some(bytes("1"))), Write::set("", None)], None)
        .unwrap_err();
    assert_eq!(watch.try_next(), Ok(None));
}

fn a_slow_watch_is_cut_off_and_told(place: &mut dyn Place) {
    let store = place.store();
    let watch = store.watch("", 2).unwrap();
    fill(&*store, (0..4).map(|n| n.to_string()), "");
    assert_eq!(watch.try_next().unwrap().unwrap().key, "0");
    assert_eq!(watch.try_next().unwrap().unwrap().key, "1");
    assert_eq!(watch.try_next(), Err(WatchEnd::Lagged));
}

fn a_dropped_watch_costs_nothing(place: &mut dyn Place) {
    let store = place.store();
    drop(store.watch("", 1).unwrap());
    fill(&*store, (0..3).map(|n| n.to_string()), "");
    let watch = store.watch("", 1).unwrap();
    drop(store);
    place.restart();
    assert_eq!(watch.try_next(), Err(WatchEnd::Closed));
}

fn fill(store: &dyn Store, keys: impl Iterator<Item = String>, value: &str) {
    for key in keys {
        store.put(&key, bytes(value), Expect::Any).unwrap();
    }
}
