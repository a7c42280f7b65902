//! Hold, transfer, digits by INFO, silence, offerless calls, busy ports.

use std::time::Duration;

use contract::{Cause, SessionScope};
use phone::{CallRef, CallState, Event};

use crate::logic::menu;
use crate::office::{Office, module};
use crate::world::World;

/// 201 talks to 202; the call as each of them sees it.
fn talking(phones: &[&str]) -> (World, CallRef, CallRef) {
    let mut world = Office::new().line("201").line("202").line("203").open(phones);
    let call = world.call("201", "202");
    world.rings("202");
    let callee = world.answers("202");
    (world, call, callee)
}

/// Holding is answered here; the other side hears music until it is taken back.
#[test]
fn a_phone_holds_and_takes_back() {
    let (mut world, call, _) = talking(&["201", "202"]);
    world.media.clear();
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.settle();
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Play { times: 0, .. })),
        "music"
    );
    assert!(world.media.iter().any(|command| matches!(
        command,
        media::Command::Update { stream, .. } if stream.direction == media::Direction::RecvOnly
    )));
    world.media.clear();
    world.with("201", |phone, now| phone.change(now, call, "sendrecv"));
    world.settle();
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Stop { .. }))
    );
    assert_eq!(world.facts("held"), 2);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// REFER to a number: the partner rings there, and the one who asked is let go (R70).
#[test]
fn a_blind_transfer_connects_the_partner_with_the_target() {
    let (mut world, call, callee) = talking(&["201", "202", "203"]);
    world.with("202", |phone, now| {
        phone.in_dialog_with(
            now,
            callee,
            "REFER",
            &[("Refer-To", "<sip:203@acme.example>")],
            None,
        );
    });
    world.settle();
    assert!(world.events("202").contains(&Event::Answer(202)));
    world.rings("203");
    let target = world.answers("203");
    assert_eq!(world.state("202", callee), CallState::Over);
    assert_eq!(
        (world.state("201", call), world.state("203", target)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("203", target);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// A transfer that nobody answers: the two talk on.
#[test]
fn a_failed_transfer_returns_to_the_talk() {
    let (mut world, call, callee) = talking(&["201", "202"]);
    world.with("202", |phone, now| {
        phone.in_dialog_with(
            now,
            callee,
            "REFER",
            &[("Refer-To", "<sip:203@acme.example>")],
            None,
        );
    });
    world.settle();
    assert_eq!(
        (world.state("201", call), world.state("202", callee)),
        (CallState::Up, CallState::Up)
    );
    assert_eq!(world.facts("bridged"), 2);
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// REFER with Replaces: the partners of both calls talk (R70).
#[test]
fn an_attended_transfer_connects_both_partners() {
    let (mut world, call, callee) = talking(&["201", "202", "203"]);
    let consultation = world.call("202", "203");
    world.rings("203");
    let target = world.answers("203");
    let (call_id, ours, theirs) = world.with("202", |phone, _| phone.dialog_id(consultation).unwrap());
    let refer_to = format!(
        "<sip:203@acme.example?Replaces={}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}>",
        call_id.replace('@', "%40")
    );
    world.with("202", |phone, now| {
        phone.in_dialog_with(now, callee, "REFER", &[("Refer-To", &refer_to)], None);
    });
    world.settle();
    assert_eq!(
        (world.state("202", callee), world.state("202", consultation)),
        (CallState::Over, CallState::Over)
    );
    assert_eq!(
        (world.state("201", call), world.state("203", target)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("201", call);
    assert_eq!(world.state("203", target), CallState::Over);
    world.assert_idle();
    assert_eq!(world.cdrs().len(), 2);
}

/// Digits in INFO count like any other.
#[test]
fn a_digit_in_an_info_reaches_the_behaviour() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("menu", module(1), SessionScope::PerCall)
        .number("300", &["menu"])
        .open(&["201", "202"]);
    world.behaves(module(1), menu);
    let call = world.call("201", "300");
    world.with("201", |phone, now| {
        phone.in_dialog(
            now,
            call,
            "INFO",
            Some(("application/dtmf-relay", "Signal=2\r\nDuration=160\r\n")),
        );
    });
    world.settle();
    world.rings("202");
    world.hangs_up("201", call);
    world.assert_idle();
}

/// Nobody presses a key: the menu's time is over.
#[test]
fn a_gather_without_digits_times_out() {
    let mut world = Office::new()
        .line("201")
        .behaviour("menu", module(1), SessionScope::PerCall)
        .number("300", &["menu"])
        .open(&["201"]);
    world.behaves(module(1), menu);
    let call = world.call("201", "300");
    world.run(Duration::from_secs(5));
    assert_eq!(
        world.state("201", call),
        CallState::Up,
        "the prompt takes two seconds, then five begin"
    );
    world.run(Duration::from_secs(4));
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// No sound for too long ends the call on both sides.
#[test]
fn silence_ends_a_call() {
    let (mut world, call, callee) = talking(&["201", "202"]);
    let port = world
        .media
        .iter()
        .find_map(|command| match command {
            media::Command::Connect { a, .. } => Some(*a),
            _ => None,
        })
        .unwrap();
    world.input(cordboard_exchange::Input::Media(media::Event::Silence {
        port,
        lasting: Duration::from_secs(120),
    }));
    world.settle();
    assert_eq!(
        (world.state("201", call), world.state("202", callee)),
        (CallState::Over, CallState::Over)
    );
    assert!(world.facts("call-ended") == 1);
    world.assert_idle();
}

/// A socket pair that cannot be had costs that leg, not the exchange.
#[test]
fn a_port_that_is_taken_fails_the_leg() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    world.taken_ports = vec![20_000];
    let call = world.call("201", "202");
    assert_eq!(world.failure("201", call), Some(503));
    let call = world.call("201", "202");
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up, "the next one is free");
    assert_eq!(world.cdrs()[0].cause, Cause::Congestion);
    world.hangs_up("201", call);
    world.assert_idle();
}
