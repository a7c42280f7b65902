//! What whoever answers hears before the caller is connected (`whisper` of `wit/dialling.wit`).

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{Cause, Command, DialOptions, DialResult, Event, Invocation, OutcomeKind, SessionScope};
use phone::CallState;

use crate::logic::{Answer, decided, event, line, reject, stage};
use crate::office::{Office, module};
use crate::world::World;

/// Longer than the announcement.
const HEARD: Duration = Duration::from_secs(3);

/// Rings 202 and 203 together; what became of the dial is noted.
fn team(announcement: &str) -> (World, Rc<RefCell<Vec<String>>>) {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("group", module(1), SessionScope::PerNumber)
        .number("300", &["group"])
        .open(&["201", "202", "203"]);
    let outcomes: Rc<RefCell<Vec<String>>> = Rc::default();
    let (noted, announcement) = (outcomes.clone(), announcement.to_owned());
    world.behaves(module(1), move |invocation: &Invocation| -> Answer {
        match event(invocation) {
            Event::CallOffered(offer) => decided(vec![Command::Dial {
                tag: 9,
                caller: Some(offer.leg),
                stages: vec![stage(vec![line("202"), line("203")], 20)],
                options: DialOptions {
                    whisper: Some(announcement.clone()),
                    ..DialOptions::default()
                },
            }]),
            Event::Outcome(outcome) => match &outcome.kind {
                OutcomeKind::Dialled(dialled) => match &dialled.result {
                    DialResult::Answered(answer) => {
                        noted.borrow_mut().push(answer.line.clone().unwrap_or_default());
                        decided(vec![])
                    }
                    DialResult::Failed(cause) => {
                        noted.borrow_mut().push(cause.to_string());
                        let refuse = |held: &contract::HeldLeg| reject(held.leg, *cause);
                        decided(invocation.held.iter().map(refuse).collect())
                    }
                },
                _ => decided(vec![]),
            },
            Event::LegEnded(_) => {
                let hang_up = |held: &contract::HeldLeg| Command::HangUp {
                    tag: 1,
                    leg: held.leg,
                    cause: Cause::Normal,
                };
                decided(invocation.held.iter().map(hang_up).collect())
            }
            _ => decided(vec![]),
        }
    });
    (world, outcomes)
}

#[test]
fn whoever_answers_hears_the_announcement_and_then_the_caller() {
    let (mut world, outcomes) = team("welcome");
    let caller = world.call("201", "300");
    world.rings("202");
    let agent = world.answers("202");
    world.settle();
    assert_eq!(world.state("202", agent), CallState::Up);
    assert_eq!(world.state("201", caller), CallState::Ringing, "it rings on");
    assert_eq!(world.ringing_calls("203"), [], "the others have stopped");
    assert_eq!(*outcomes.borrow(), [""; 0], "nothing is decided yet");
    world.run(HEARD);
    assert_eq!(world.state("201", caller), CallState::Up);
    assert_eq!(*outcomes.borrow(), ["202"]);
    assert_eq!(world.facts("bridged"), 1);
    world.hangs_up("201", caller);
    world.assert_idle();
}

#[test]
fn who_hangs_up_during_the_announcement_has_declined() {
    let (mut world, outcomes) = team("welcome");
    let caller = world.call("201", "300");
    let agent = world.answers("202");
    world.hangs_up("202", agent);
    world.settle();
    assert_eq!(*outcomes.borrow(), ["declined"]);
    assert_eq!(world.failure("201", caller), Some(603));
    world.assert_idle();
}

#[test]
fn a_caller_who_gives_up_during_the_announcement_ends_the_call() {
    let (mut world, outcomes) = team("welcome");
    let caller = world.call("201", "300");
    let agent = world.answers("202");
    world.hangs_up("201", caller);
    world.run(HEARD);
    assert_eq!(world.state("202", agent), CallState::Over);
    assert_eq!(world.facts("bridged"), 0);
    assert!(!outcomes.borrow().contains(&"202".to_owned()));
    world.assert_idle();
}

#[test]
fn without_such_an_announcement_they_are_connected_at_once() {
    let (mut world, outcomes) = team("lost");
    let caller = world.call("201", "300");
    world.answers("202");
    world.settle();
    assert_eq!(world.state("201", caller), CallState::Up);
    assert_eq!(*outcomes.borrow(), ["202"]);
    world.hangs_up("201", caller);
    world.assert_idle();
}

#[test]
fn a_restart_cuts_the_announcement_and_they_are_connected() {
    let (mut world, outcomes) = team("welcome");
    let caller = world.call("201", "300");
    world.run(Duration::from_secs(1));
    let agent = world.answers("202");
    world.settle();
    world.restart();
    world.run(Duration::from_secs(1));
    assert_eq!(world.state("201", caller), CallState::Up);
    assert_eq!(world.state("202", agent), CallState::Up);
    assert_eq!(*outcomes.borrow(), ["202"]);
    world.hangs_up("202", agent);
    world.assert_idle();
}
