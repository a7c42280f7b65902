//! What the exchange itself does for a line.

use phone::Event;

use crate::office::Office;

/// Without call waiting a line in a call is busy; with it, the second call rings (R16).
#[test]
fn call_waiting_offers_a_second_call() {
    for waiting in [false, true] {
        let mut world = Office::new()
            .line("201")
            .line_with("202", |line| line.features.call_waiting = waiting, |_| {})
            .line("203")
            .open(&["201", "202", "203"]);
        let first = world.call("201", "202");
        world.rings("202");
        world.answers("202");
        let second = world.call("203", "202");
        assert_eq!(world.ringing_calls("202").len(), usize::from(waiting));
        if !waiting {
            assert_eq!(world.failure("203", second), Some(486));
        }
        world.hangs_up("203", second);
        world.hangs_up("201", first);
        world.assert_idle();
    }
}

/// A line that wants it rings differently for people of the house (R17).
#[test]
fn a_distinctive_ring_tells_inside_from_outside() {
    let mut world = Office::new()
        .line("201")
        .line_with("202", |line| line.features.distinctive_ring = true, |_| {})
        .open(&["201", "202"]);
    let call = world.call("201", "202");
    let alert = world.events("202").iter().find_map(|event| match event {
        Event::Offered { alert, .. } => alert.clone(),
        _ => None,
    });
    assert_eq!(alert.as_deref(), Some("<urn:alert:source:internal>"));
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A device that is deleted cannot be reached any more, at once.
#[test]
fn a_deleted_device_is_unreachable() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    world.change(serde_json::json!({ "batch": [
        { "put": { "tenant": "acme", "expect": "any", "document": { "line": {
            "id": "202", "name": "Line 202", "site": "main", "short-number": "202", "devices": [], "behaviours": []
        } } } },
        { "delete": { "key": { "tenant": "acme", "kind": "device", "id": "202" }, "expect": "any" } }
    ] }));
    let call = world.call("201", "202");
    assert_eq!(world.failure("201", call), Some(480));
    assert!(!world.store.contains_key("registration/acme/202"));
    world.assert_idle();
}
