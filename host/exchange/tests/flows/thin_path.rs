//! Register, call a number, a behaviour decides, two people talk, somebody hangs up.

use std::time::Duration;

use contract::{Cause, SessionScope};
use phone::{CallState, Event};

use crate::logic::{self, menu};
use crate::office::{Office, module};

/// A phone calls a number; a menu answers, plays, takes a digit and rings a line; both talk; the caller hangs up.
#[test]
fn a_menu_connects_a_caller_with_the_line_of_the_key_pressed() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("menu", module(1), SessionScope::PerCall)
        .number("300", &["menu"])
        .open(&["201", "202"]);
    world.behaves(module(1), menu);

    let call = world.call("201", "300");
    assert_eq!(
        world.state("201", call),
        CallState::Up,
        "the menu answers at once"
    );
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Play { barge_in: true, .. }))
    );

    world.presses("201", '2');
    let callee = world.rings("202");
    world.answers("202");
    assert_eq!(world.state("202", callee), CallState::Up);
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Connect { .. })),
        "they hear each other"
    );

    world.run(Duration::from_secs(60));
    world.hangs_up("201", call);
    assert_eq!(
        world.state("202", callee),
        CallState::Over,
        "the other side is let go"
    );

    let cdrs = world.cdrs();
    let [cdr] = cdrs.as_slice() else {
        panic!("one call, {} records", cdrs.len())
    };
    assert_eq!(cdr.answered_by.as_deref(), Some("202"));
    assert_eq!(cdr.cause, Cause::Normal);
    assert!((cdr.ended - cdr.connected.unwrap()).as_secs() >= 60);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// Without a behaviour a line just rings; the callee sees who calls by his line, whatever his phone claims (R23).
#[test]
fn a_line_rings_and_shows_the_callers_line() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    let call = world.call("201", "202");
    let callee = world.rings("202");
    let caller = world.events("202").iter().find_map(|event| match event {
        Event::Offered { caller, .. } => Some(caller.clone()),
        _ => None,
    });
    assert_eq!(caller.as_deref(), Some("201"));
    assert_eq!(world.state("201", call), CallState::Ringing);
    world.answers("202");
    assert_eq!(
        (world.state("201", call), world.state("202", callee)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// A behaviour's refusal reaches the caller as the matching status.
#[test]
fn a_behaviour_refuses_with_a_cause() {
    let mut world = Office::new()
        .line("201")
        .behaviour("gate", module(1), SessionScope::PerCall)
        .number("300", &["gate"])
        .open(&["201"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        contract::Event::CallOffered(offer) => {
            logic::decided(vec![logic::reject(offer.leg, Cause::AnonymousRefused)])
        }
        _ => logic::decided(vec![]),
    });
    let call = world.call("201", "300");
    assert_eq!(world.failure("201", call), Some(433));
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}
