//! What becomes of direct sound: parties change it among themselves, or somebody needs it at the exchange.

use std::time::Duration;

use contract::{Command, Event as Wakes, PlayOptions, SessionScope, Sound};
use phone::{CallRef, CallState, Event};

use crate::direct::{assert_anchored, assert_direct, direct, talking, told};
use crate::logic::{self, decided, dial, line, stage};
use crate::office::module;
use crate::world::World;

fn office() -> World {
    direct()
        .line("201")
        .line("202")
        .line("203")
        .open(&["201", "202", "203"])
}

/// 201 talks with 202, past the exchange: both ends of the call.
fn talk() -> (World, CallRef, CallRef) {
    let mut world = office();
    let (call, callee) = talking(&mut world);
    (world, call, callee)
}

/// 201 hangs up, and nothing is left over.
fn over(mut world: World, call: CallRef) {
    world.hangs_up("201", call);
    world.assert_idle();
}

/// ```text
/// 201 ──re-INVITE, sendonly──▶ exchange ──re-INVITE, sendonly──▶ 202
/// 201 ◀──200, recvonly──────── exchange ◀──200, recvonly──────── 202
/// ```
#[test]
fn a_hold_goes_from_end_to_end() {
    let (mut world, call, callee) = talk();
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.settle();
    assert!(
        world
            .events("202")
            .contains(&Event::Changed(callee, "sendonly".into()))
    );
    assert!(world.events("201").contains(&Event::Answer(200)));
    assert!(told(&mut world, "201").last().unwrap().contains("a=recvonly"));
    assert_eq!(world.facts("held"), 1);

    world.with("201", |phone, now| phone.change(now, call, "sendrecv"));
    world.settle();
    assert!(
        world
            .events("202")
            .contains(&Event::Changed(callee, "sendrecv".into()))
    );
    assert_eq!(world.facts("held"), 2);
    assert!(
        world.media.is_empty(),
        "music is the phone's business: {:?}",
        world.media
    );
    assert_direct(&mut world, ("201", call), ("202", callee));
    over(world, call);
}

/// What the other end refuses is refused; the talk goes on as it was.
#[test]
fn a_refused_change_is_refused_with_the_same_status() {
    let mut world = direct().line("201").line("202").open(&["201"]);
    world.add_phone_with("202", 11, |phone| phone.refuses_changes = Some(488));
    world.register("202");
    let (call, callee) = talking(&mut world);
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.settle();
    assert!(world.events("201").contains(&Event::Answer(488)));
    assert_eq!(world.facts("held"), 0);
    assert_direct(&mut world, ("201", call), ("202", callee));
    over(world, call);
}

/// Both change it at once: one hears 491 (RFC 3261 §14.1), the other's change comes through.
#[test]
fn changes_that_cross_are_told_apart() {
    let (mut world, call, callee) = talk();
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.with("202", |phone, now| phone.change(now, callee, "inactive"));
    world.run(Duration::from_secs(10));
    let heard = |world: &World, name: &str, status: u16| world.events(name).contains(&Event::Answer(status));
    let refused = ["201", "202"]
        .into_iter()
        .filter(|name| heard(&world, name, 491))
        .count();
    let accepted = ["201", "202"]
        .into_iter()
        .filter(|name| heard(&world, name, 200))
        .count();
    assert!(
        refused >= 1 && refused + accepted == 2,
        "{refused} refused, {accepted} accepted"
    );
    assert_eq!(
        (world.state("201", call), world.state("202", callee)),
        (CallState::Up, CallState::Up)
    );
    over(world, call);
}

/// A change that the other end never answers: its dialog is gone, and so is the call.
#[test]
fn a_change_that_is_never_answered_ends_the_call() {
    let (mut world, call, _) = talk();
    world.deaf.push("202".into());
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.run(Duration::from_secs(40));
    assert_eq!(world.state("201", call), CallState::Over);
    world.run(Duration::from_secs(40));
    assert_eq!(world.exchange.census().legs, 0);
}

/// A re-INVITE without an offer asks the other end for its own; the ACKs bring the answer there.
#[test]
fn a_wish_for_an_offer_goes_from_end_to_end() {
    let (mut world, call, callee) = talk();
    let before = world.events("202").len();
    world.with("201", |phone, now| phone.ask_for_offer(now, call));
    world.settle();
    assert!(world.events("202")[before..].contains(&Event::Changed(callee, "sendrecv".into())));
    assert_direct(&mut world, ("201", call), ("202", callee));
    world.with("202", |phone, now| phone.change(now, callee, "sendonly"));
    world.settle();
    assert!(
        world
            .events("201")
            .contains(&Event::Changed(call, "sendonly".into())),
        "all offers are closed"
    );
    over(world, call);
}

/// Whoever asked for the offer goes silent: the other end gets its ACK all the same, with an answer of ours. Once both are
/// heard again they talk here (RFC 3261 §13.2.2.4, RFC 3725 §4.1).
///
/// ```text
/// 201 ──INVITE────▶ exchange ──INVITE────▶ 202
///   ✗◀──200, offer─ exchange ◀─200, offer── 202
///                   exchange ──ACK, answer─▶ 202     after 8 s
/// ```
#[test]
fn an_offer_whose_asker_goes_silent_is_answered_here() {
    for comes_back in [true, false] {
        let mut world = office();
        let (call, callee) = talking(&mut world);
        world.with("201", |phone, now| phone.ask_for_offer(now, call));
        world.deaf.push("201".into());
        world.run(Duration::from_secs(7));
        assert_eq!(world.exchange.census().ports, 0);
        world.run(Duration::from_secs(5));
        assert_eq!(
            world.exchange.census().ports,
            2,
            "the ACK went out, or 202 would complain"
        );
        if comes_back {
            world.deaf.clear();
            world.run(Duration::from_secs(40));
            assert_anchored(&mut world, ("201", call), ("202", callee));
            world.hangs_up("201", call);
        } else {
            world.run(Duration::from_secs(80));
            assert_eq!(world.state("202", callee), CallState::Over);
        }
        assert_eq!(world.exchange.census().legs, 0);
    }
}

/// Whoever is to answer an UPDATE goes silent: the other end hears 504 while it still waits (RFC 3311 §5.2). An answer that
/// comes later has the sound come here, and without one the call is over.
#[test]
fn an_update_whose_answerer_goes_silent_is_refused_in_time() {
    for comes_back in [true, false] {
        let mut world = office();
        let (call, callee) = talking(&mut world);
        world.deaf.push("201".into());
        world.with("202", |phone, now| phone.update(now, callee, "sendrecv"));
        world.run(Duration::from_secs(19));
        assert!(!world.events("202").contains(&Event::Answer(504)));
        world.run(Duration::from_secs(3));
        assert!(world.events("202").contains(&Event::Answer(504)));
        if comes_back {
            world.deaf.clear();
            world.run(Duration::from_secs(40));
            assert_anchored(&mut world, ("201", call), ("202", callee));
            world.hangs_up("201", call);
        } else {
            world.run(Duration::from_secs(60));
            assert_eq!(world.state("202", callee), CallState::Over);
        }
        assert_eq!(world.exchange.census().legs, 0);
    }
}

/// A refresh that changes nothing is between the phone and the exchange (RFC 4028).
#[test]
fn a_refresh_does_not_trouble_the_other_end() {
    let (mut world, call, _) = talk();
    let before = (world.events("202").len(), told(&mut world, "201"));
    world.with("201", |phone, now| phone.refresh(now, call));
    world.settle();
    assert!(world.events("201").contains(&Event::Answer(200)));
    assert_eq!(world.events("202").len(), before.0);
    assert_eq!(
        told(&mut world, "201").last(),
        before.1.last(),
        "the same once more"
    );
    over(world, call);
}

/// Keys that come as INFO are the partner's.
#[test]
fn a_key_in_signalling_goes_to_the_partner() {
    let (mut world, call, _) = talk();
    let body = ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n");
    world.with("201", |phone, now| phone.in_dialog(now, call, "INFO", Some(body)));
    world.settle();
    assert!(world.events("201").contains(&Event::Answer(200)));
    let at = world.with("202", |phone, _| phone.config().local);
    let passed = world.reports.iter().any(|report| match &report.fact {
        cordboard_exchange::Fact::Sip(message) => {
            message.sent
                && message.path.remote == at
                && message.text.starts_with(b"INFO ")
                && message.text.ends_with(body.1.as_bytes())
        }
        _ => false,
    });
    assert!(passed);
    over(world, call);
}

/// Rings 202, and plays to the caller ten seconds later.
fn announces(world: &mut World) -> (CallRef, CallRef) {
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Wakes::CallOffered(offer) => decided(vec![
            dial(offer.leg, vec![stage(vec![line("202")], 20)]),
            Command::SetTimer {
                tag: 5,
                at: (invocation.now + Duration::from_secs(10)).as_millis(),
            },
        ]),
        Wakes::Timer(5) => decided(vec![Command::Play {
            tag: 6,
            leg: invocation.held[0].leg,
            sounds: vec![Sound::Announcement("waiting".into())],
            options: PlayOptions {
                times: 1,
                barge_in: false,
            },
        }]),
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    (call, world.answers("202"))
}

fn announcing(phones: &[&str]) -> World {
    direct()
        .line("201")
        .line("202")
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .number("300", &["hunt"])
        .open(phones)
}

/// A behaviour plays in the middle of a talk: both parties are moved to the exchange, and hear each other there.
#[test]
fn an_announcement_brings_the_sound_here() {
    let mut world = announcing(&["201", "202"]);
    let (call, callee) = announces(&mut world);
    assert_direct(&mut world, ("201", call), ("202", callee));
    world.run(Duration::from_secs(10));
    assert_anchored(&mut world, ("201", call), ("202", callee));
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Play { .. }))
    );
    let updates = world
        .media
        .iter()
        .filter(|command| matches!(command, media::Command::Update { .. }));
    assert_eq!(updates.count(), 2, "both have answered");
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.settle();
    assert!(
        told(&mut world, "201").last().unwrap().contains("a=recvonly"),
        "from here on we answer"
    );
    over(world, call);
}

/// A hold that is on its way when the sound is needed here: 491, and it comes to us when it is tried again.
#[test]
fn a_change_under_way_gives_way() {
    let mut world = announcing(&["201", "202"]);
    let (call, callee) = announces(&mut world);
    // Until 1 ms before the announcement.
    let wait = Duration::from_millis(8_997);
    world.run(wait);
    world.with("202", |phone, now| phone.change(now, callee, "sendonly"));
    world.run(Duration::from_secs(5));
    assert_anchored(&mut world, ("201", call), ("202", callee));
    over(world, call);
}

/// A party that will not have us has no way to hear anything.
#[test]
fn a_party_that_refuses_to_be_anchored_is_hung_up() {
    let mut world = announcing(&["201"]);
    world.add_phone_with("202", 11, |phone| phone.refuses_changes = Some(488));
    world.register("202");
    let (call, callee) = announces(&mut world);
    world.run(Duration::from_secs(10));
    assert_eq!(world.state("202", callee), CallState::Over);
    over(world, call);
}

/// A transfer parts the two: whoever is left rings somebody else from here.
#[test]
fn a_transfer_brings_the_sound_here() {
    let (mut world, call, callee) = talk();
    let to = [("Refer-To", "<sip:203@acme.example>")];
    world.with("202", |phone, now| {
        phone.in_dialog_with(now, callee, "REFER", &to, None)
    });
    world.settle();
    let target = world.answers("203");
    assert_eq!(world.state("202", callee), CallState::Over);
    assert_anchored(&mut world, ("201", call), ("203", target));
    world.hangs_up("203", target);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// The partners of two direct calls are brought together (RFC 3891).
#[test]
fn an_attended_transfer_of_direct_calls() {
    let (mut world, call, callee) = talk();
    let second = world.call("202", "203");
    let target = world.answers("203");
    let (call_id, ours, theirs) = world.with("202", |phone, _| phone.dialog_id(second).unwrap());
    let replaces = format!(
        "<sip:203@acme.example?Replaces={}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}>",
        call_id.replace('@', "%40")
    );
    world.with("202", |phone, now| {
        phone.in_dialog_with(now, callee, "REFER", &[("Refer-To", &replaces)], None);
    });
    world.settle();
    assert_eq!(
        (world.state("202", callee), world.state("202", second)),
        (CallState::Over, CallState::Over)
    );
    assert_anchored(&mut world, ("201", call), ("203", target));
    over(world, call);
}

/// Talks, rings and changes go on after a restart.
#[test]
fn a_direct_call_survives_a_restart() {
    let (mut world, call, callee) = talk();
    world.restart();
    assert_direct(&mut world, ("201", call), ("202", callee));
    assert!(world.media.is_empty());
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.settle();
    assert!(
        world
            .events("202")
            .contains(&Event::Changed(callee, "sendonly".into()))
    );
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);

    let call = world.call("203", "201");
    world.rings("201");
    world.restart();
    let callee = world.answers("201");
    assert_direct(&mut world, ("203", call), ("201", callee));
    world.hangs_up("203", call);
    world.assert_idle();
}

/// The process dies while both are being moved: the next one offers its ports again.
#[test]
fn anchoring_goes_on_after_a_restart() {
    let mut world = announcing(&["201", "202"]);
    let (call, callee) = announces(&mut world);
    world.deaf = vec!["201".into(), "202".into()];
    world.run(Duration::from_millis(9_100));
    assert_eq!(world.exchange.census().ports, 2);
    world.deaf.clear();
    world.restart();
    world.run(Duration::from_secs(10));
    assert_anchored(&mut world, ("201", call), ("202", callee));
    over(world, call);
}

/// The process dies with a transfer that it has not stored, while both parties are being moved: they hear each other,
/// by way of the next process.
///
/// ```text
/// 201 ◀──INVITE── exchange ──INVITE──▶ 202
///                    ✗
/// 201 ──200─────▶ exchange ◀──────200── 202
///     ◀──ACK, INVITE──  ──ACK, INVITE──▶
/// ```
#[test]
fn a_change_that_the_process_died_with_is_settled_by_the_next_one() {
    let (mut world, call, callee) = talk();
    let stored = world.store.clone();
    let to = [("Refer-To", "<sip:203@acme.example>")];
    world.with("202", |phone, now| {
        phone.in_dialog_with(now, callee, "REFER", &to, None)
    });
    while told(&mut world, "201").len() < 2 {
        world.run(Duration::from_millis(1));
    }
    world.store = stored;
    world.restart();
    world.run(Duration::from_secs(3));
    assert_anchored(&mut world, ("201", call), ("202", callee));
    world.run(Duration::from_secs(60));
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    assert_eq!(world.state("202", callee), CallState::Over);
    world.assert_idle();
}

/// One holds while the process dies that has asked the other: the next one says that it may try again.
#[test]
fn a_change_that_waits_for_the_partner_does_not_wait_for_ever_after_a_restart() {
    let (mut world, call, callee) = talk();
    world.deaf.push("202".into());
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.settle();
    assert!(
        !world
            .events("201")
            .iter()
            .any(|event| matches!(event, Event::Answer(_)))
    );
    world.deaf.clear();
    world.restart();
    world.settle();
    assert!(world.events("201").contains(&Event::Answer(491)));
    world.with("201", |phone, now| phone.change(now, call, "sendonly"));
    world.settle();
    assert!(
        world
            .events("202")
            .contains(&Event::Changed(callee, "sendonly".into()))
    );
    world.hangs_up("202", callee);
    world.assert_idle();
}
