//! The deadline of a change of version: who has not moved by then is moved or ended, and the operator sees it coming.

use std::time::Duration;

use contract::{Command, Decided, Event, Failure, SessionScope, Task};
use cordboard_exchange::live::{Answer, Request, Version};
use phone::CallState;
use serde_json::{Value, json};

use crate::logic::{decided, dials, event, line, stage};
use crate::office::{Office, manifest, module};
use crate::world::World;

/// 300 answers and lets callers wait with version 1, rings 203 with version 2, which does not understand version 1's state.
fn office() -> World {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("queue", module(1), SessionScope::PerCall)
        .number("300", &["queue"])
        .open(&["201", "202", "203"]);
    world.behaves(module(1), |invocation| match event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Answer {
                tag: 1,
                leg: offer.leg,
            },
            Command::SetTimer {
                tag: 2,
                at: u64::MAX / 2_000,
            },
        ]),
        _ => decided(vec![]),
    });
    let rings = dials(vec![stage(vec![line("203")], 20)]);
    world.behaves(module(2), move |invocation| match &invocation.task {
        Task::Migrate { .. } => Err(Failure::Refused("another format".into())),
        Task::Handle(_) => rings(invocation),
    });
    world
}

fn activate(world: &mut World, drain: Value) {
    let activate = json!({ "activate": { "digest": module(2), "manifest": manifest("queue", "2.0.0", SessionScope::PerCall), "drain": drain } });
    world.change(json!({ "version": {
        "tenant": "acme", "behaviour": "queue", "change": activate, "by": "ada", "why": "a test"
    } }));
}

fn versions(world: &mut World) -> Vec<Version> {
    let request = Request::Versions {
        tenant: "acme".into(),
        behaviour: "queue".into(),
    };
    match world.live(request) {
        Answer::Versions(versions) => versions,
        other => panic!("{other:?}"),
    }
}

fn in_a_minute(world: &World, then: &str) -> Value {
    json!({ "at": world.now().as_millis() + 60_000, "then": then })
}

#[test]
fn without_a_deadline_a_session_stays_with_its_version_until_it_ends() {
    let mut world = office();
    let call = world.call("201", "300");
    activate(&mut world, Value::Null);
    world.run(Duration::from_secs(3_600));
    assert_eq!(world.state("201", call), CallState::Up);
    assert_eq!(versions(&mut world)[1].sessions, 1);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// Who waits is offered to the new version as if they had just called.
#[test]
fn at_the_deadline_a_caller_who_waits_begins_anew_on_the_active_version() {
    let mut world = office();
    let call = world.call("201", "300");
    let deadline = in_a_minute(&world, "move");
    activate(&mut world, deadline);
    world.run(Duration::from_secs(59));
    assert_eq!(versions(&mut world)[1].sessions, 1, "not yet");
    assert!(world.ringing_calls("203").is_empty());
    world.run(Duration::from_secs(2));
    world.rings("203");
    world.answers("203");
    assert_eq!(world.state("201", call), CallState::Up);
    let versions = versions(&mut world);
    assert_eq!(
        (versions[0].sessions, versions[0].moved, versions[1].sessions),
        (1, 1, 0)
    );
    assert_eq!(world.facts("because"), 1, "the trace says what happened");
    world.hangs_up("201", call);
    world.assert_idle();
}

#[test]
fn at_the_deadline_a_session_ends_if_that_was_asked() {
    let mut world = office();
    let call = world.call("201", "300");
    let deadline = in_a_minute(&world, "end");
    activate(&mut world, deadline);
    world.run(Duration::from_secs(61));
    assert_ne!(world.state("201", call), CallState::Up);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// The process may not be up at the deadline; then it is due at the start.
#[test]
fn the_deadline_outlives_a_restart() {
    let mut world = office();
    let call = world.call("201", "300");
    world.run(Duration::from_secs(2));
    let deadline = in_a_minute(&world, "end");
    activate(&mut world, deadline);
    world.restart();
    world.run(Duration::from_secs(30));
    assert_eq!(world.state("201", call), CallState::Up);
    world.run(Duration::from_secs(31));
    assert_ne!(world.state("201", call), CallState::Up);
}

/// Those that move at once never notice the deadline.
#[test]
fn a_session_that_moves_is_asked_at_the_deadline_at_the_latest() {
    let mut world = office();
    world.behaves(module(2), |invocation| match &invocation.task {
        Task::Migrate { .. } => Ok(Decided {
            state: vec![2],
            commands: vec![],
        }),
        Task::Handle(_) => decided(vec![]),
    });
    let call = world.call("201", "300");
    let deadline = in_a_minute(&world, "end");
    activate(&mut world, deadline);
    world.run(Duration::from_secs(61));
    assert_eq!(
        world.state("201", call),
        CallState::Up,
        "its state was taken over"
    );
    let versions = versions(&mut world);
    assert_eq!((versions[0].sessions, versions[0].moved), (1, 1));
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A talk goes on, whatever becomes of the session that connected it.
#[test]
fn a_deadline_never_ends_a_talk() {
    for then in ["move", "end"] {
        let mut world = office();
        world.behaves(module(1), dials(vec![stage(vec![line("203")], 20)]));
        let call = world.call("201", "300");
        world.answers("203");
        let deadline = in_a_minute(&world, then);
        activate(&mut world, deadline);
        world.run(Duration::from_secs(61));
        assert_eq!(world.state("201", call), CallState::Up, "{then}");
        world.hangs_up("201", call);
        world.assert_idle();
    }
}
