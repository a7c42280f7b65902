//! Watches: who waits for a line hears when it is free, in a call or registered.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{Cause, Command, Condition, Event, OutcomeKind, SessionScope};

use crate::logic::{self, decided};
use crate::office::{Office, module};
use crate::world::World;

/// What the sessions of 301 and 302 were told: their number, the tag, how it ended.
type Told = Rc<RefCell<Vec<(String, u64, OutcomeKind)>>>;

/// A call to 301 or 302 sets these watches on 203, by their tags, for ten minutes.
fn watching(conditions: &'static [Condition]) -> (World, Told) {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("watcher", module(1), SessionScope::PerNumber)
        .number("301", &["watcher"])
        .number("302", &["watcher"])
        .open(&["201", "202", "203"]);
    let told: Told = Rc::default();
    let noted = Rc::clone(&told);
    world.behaves(module(1), move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => {
            let watch = |(tag, condition): (u64, &Condition)| Command::Watch {
                tag,
                line: "203".into(),
                condition: *condition,
                expiry: 600_000,
            };
            let watches = (1..).zip(conditions).map(watch);
            let reject = logic::reject(offer.leg, Cause::Declined);
            decided(watches.chain([reject]).collect())
        }
        Event::Outcome(outcome) => {
            let number = invocation.session.number.to_string();
            noted
                .borrow_mut()
                .push((number, outcome.tag, outcome.kind.clone()));
            decided(vec![])
        }
        _ => decided(vec![]),
    });
    (world, told)
}

fn tags(told: &Told) -> Vec<u64> {
    told.borrow_mut().drain(..).map(|(_, tag, _)| tag).collect()
}

#[test]
fn a_watch_fires_once_when_the_line_is_so_and_at_once_when_it_is_so_already() {
    const ALL: &[Condition] = &[
        Condition::Idle,
        Condition::OffHook,
        Condition::OnHook,
        Condition::Registered,
    ];
    let (mut world, told) = watching(ALL);
    world.call("201", "301");
    assert_eq!(tags(&told), [1, 3, 4], "203 is registered and free");
    world.call("201", "203");
    world.rings("203");
    assert_eq!(tags(&told), [2], "it rings");
    let talk = world.answers("203");
    world.hangs_up("203", talk);
    world.call("201", "203");
    world.rings("203");
    assert_eq!(tags(&told), [0_u64; 0], "each has fired");
}

#[test]
fn who_asked_first_is_told_first_also_after_a_restart() {
    let (mut world, told) = watching(&[Condition::Idle]);
    world.call("201", "203");
    world.rings("203");
    let talk = world.answers("203");
    world.call("202", "302");
    world.call("202", "301");
    world.run(Duration::from_secs(300));
    world.restart();
    assert_eq!(tags(&told), [0_u64; 0]);
    world.hangs_up("203", talk);
    let numbers: Vec<String> = told.borrow().iter().map(|(number, ..)| number.clone()).collect();
    assert_eq!(numbers, ["302", "301"]);
    assert!(told.borrow().iter().all(|(.., kind)| *kind == OutcomeKind::Done));
    world.restart();
    assert_eq!(told.borrow().len(), 2, "what has fired is over");
}

#[test]
fn a_watch_ends_with_its_time_and_with_its_line() {
    let (mut world, told) = watching(&[Condition::OffHook]);
    world.call("201", "301");
    world.run(Duration::from_secs(590));
    world.call("201", "302");
    world.restart();
    world.run(Duration::from_secs(15));
    let failed = |cause| OutcomeKind::Failed(cause);
    let first = told.borrow_mut().pop();
    assert_eq!(first, Some(("301".into(), 1, failed(Cause::NoAnswer))));
    world.change(serde_json::json!({ "delete": {
        "key": { "tenant": "acme", "kind": "line", "id": "203" }, "expect": "any"
    } }));
    let second = told.borrow_mut().pop();
    assert_eq!(second, Some(("302".into(), 1, failed(Cause::UnknownNumber))));
    world.call("201", "301");
    let third = told.borrow_mut().pop();
    assert_eq!(third, Some(("301".into(), 1, failed(Cause::UnknownNumber))));
}
