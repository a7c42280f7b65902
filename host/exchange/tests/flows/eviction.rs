//! A tenant is deleted in the middle of everything.

use contract::SessionScope;
use phone::CallState;
use serde_json::json;

use crate::logic::{dials, line, stage};
use crate::office::module;
use crate::sessions::{group, group_office};

/// Talks end with BYE, ringing with a final response and CANCEL, waiting with BYE; nothing is kept of any of it.
#[test]
fn a_deleted_tenant_leaves_nothing_behind() {
    let mut world = group_office()
        .line("204")
        .line("205")
        .behaviour("hunt", module(2), SessionScope::PerCall)
        .number("301", &["hunt"])
        .open(&["201", "202", "203", "204", "205"]);
    world.behaves(module(1), group);
    world.behaves(module(2), dials(vec![stage(vec![line("205")], 60)]));
    let talks = world.call("201", "300");
    world.rings("203");
    let callee = world.answers("203");
    let waits = world.call("202", "300");
    let rings = world.call("204", "301");
    let rung = world.rings("205");
    assert_eq!(world.exchange.census().calls, 3);

    world.change(json!({ "delete-tenant": { "tenant": "acme", "expect": "any", "with-lines": true } }));

    for (phone, call) in [
        ("201", talks),
        ("203", callee),
        ("202", waits),
        ("204", rings),
        ("205", rung),
    ] {
        assert_eq!(world.state(phone, call), CallState::Over, "{phone}");
    }
    assert_eq!(world.failure("204", rings), Some(480));
    assert_eq!(world.cdrs().len(), 3);
    world.assert_idle();
    let census = world.exchange.census();
    assert_eq!((census.sessions, census.timers), (0, 0), "{census:?}");
    assert!(world.store.is_empty(), "{:?}", world.store.keys());
    let late = world.call("201", "203");
    assert_eq!(world.failure("201", late), Some(404));
}
