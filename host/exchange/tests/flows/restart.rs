//! The process dies in the middle; another one goes on.

use std::time::Duration;

use contract::{Command, Event, SessionScope};
use phone::CallState;

use crate::logic::{self, decided, dial, line, stage};
use crate::office::{Office, module};
use crate::sessions::{group, group_office};

/// Two people talk through a restart, and hang up afterwards.
#[test]
fn a_talk_survives_a_restart() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("menu", module(1), SessionScope::PerCall)
        .number("300", &["menu"])
        .open(&["201", "202"]);
    world.behaves(module(1), logic::menu);
    let call = world.call("201", "300");
    world.presses("201", '2');
    world.rings("202");
    let callee = world.answers("202");

    world.restart();
    assert_eq!(world.exchange.census().legs, 2);
    assert!(
        world
            .media
            .iter()
            .rev()
            .take(8)
            .any(|command| matches!(command, media::Command::Connect { .. })),
        "they hear each other again"
    );
    world.run(Duration::from_secs(30));
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    assert_eq!(world.cdrs().last().unwrap().answered_by.as_deref(), Some("202"));
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
    assert!(
        !world
            .store
            .keys()
            .any(|key| key.starts_with("call/") || key.starts_with("session/")),
        "{:?}",
        world.store
    );
}

/// A caller who waits in a queue still waits in it, and is connected when the line becomes free (R36).
#[test]
fn a_waiting_call_goes_on_waiting() {
    let mut world = group_office().open(&["201", "202", "203"]);
    world.behaves(module(1), group);
    let first = world.call("201", "300");
    world.rings("203");
    let talk = world.answers("203");
    let second = world.call("202", "300");

    world.restart();
    world.settle();
    assert_eq!(
        (world.state("201", first), world.state("202", second)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("203", talk);
    world.rings("203");
    world.answers("203");
    assert_eq!(world.state("202", second), CallState::Up);
    world.hangs_up("202", second);
    world.assert_idle();
}

/// A timer that fell due while the process was away fires at once.
#[test]
fn timers_survive_a_restart() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("clock", module(1), SessionScope::PerCall)
        .number("300", &["clock"])
        .open(&["201", "202"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Answer {
                tag: 1,
                leg: offer.leg,
            },
            Command::SetTimer {
                tag: 5,
                at: (invocation.now + Duration::from_secs(20)).as_millis(),
            },
        ]),
        Event::Timer(5) => {
            let leg = logic::only_leg(invocation).unwrap();
            decided(vec![dial(leg, vec![stage(vec![line("202")], 20)])])
        }
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.restart();
    world.run(Duration::from_secs(21));
    world.rings("202");
    world.answers("202");
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A call that still rang cannot be taken up; nothing of it is left behind.
#[test]
fn a_ringing_call_leaves_nothing_behind() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .number("300", &["hunt"])
        .open(&["201", "202"]);
    world.behaves(module(1), logic::dials(vec![stage(vec![line("202")], 20)]));
    world.call("201", "300");
    world.rings("202");
    world.restart();
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// A queue inside of a menu: the menu's dial and the group's waiting call both go on.
#[test]
fn a_call_that_waits_inside_of_another_behaviour_goes_on() {
    let mut world = group_office()
        .behaviour("menu", module(2), SessionScope::PerCall)
        .number("301", &["menu"])
        .open(&["201", "202", "203"]);
    world.behaves(module(1), group);
    world.behaves(module(2), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![Command::Answer {
            tag: 1,
            leg: offer.leg,
        }]),
        Event::Outcome(outcome) if outcome.tag == 1 => {
            let leg = logic::only_leg(invocation).unwrap();
            decided(vec![dial(
                leg,
                vec![stage(vec![contract::Target::Number("300".into())], 0)],
            )])
        }
        _ => decided(vec![]),
    });
    world.call("201", "300");
    world.rings("203");
    let talk = world.answers("203");
    let second = world.call("202", "301");
    assert_eq!(world.state("202", second), CallState::Up);
    assert_eq!(world.exchange.census().custodies, 3);

    world.restart();
    world.settle();
    world.hangs_up("203", talk);
    world.rings("203");
    world.answers("203");
    assert_eq!(world.state("202", second), CallState::Up);
    world.hangs_up("202", second);
    world.assert_idle();
}
