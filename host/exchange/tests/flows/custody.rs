//! Behaviours inside of behaviours.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{
    Cause, Command, DialResult, Event, Offer, OutcomeKind, PlayOptions, SessionScope, Sound, Target,
};
use phone::CallState;

use crate::logic::{self, decided, dial, dials, line, reject, stage};
use crate::office::{Office, module};
use crate::world::World;

fn number(number: &str) -> Target {
    Target::Number(number.into())
}

fn office() -> Office {
    Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("outer", module(1), SessionScope::PerCall)
        .behaviour("inner", module(2), SessionScope::PerCall)
        .number("300", &["outer", "inner"])
        .number("301", &["inner"])
}

fn offers(
    world: &mut World,
    digest: u8,
    logic: impl Fn(&contract::Invocation) -> logic::Answer + 'static,
) -> Rc<RefCell<Vec<Offer>>> {
    let seen: Rc<RefCell<Vec<Offer>>> = Rc::default();
    let noted = Rc::clone(&seen);
    world.behaves(module(digest), move |invocation| {
        if let Event::CallOffered(offer) = logic::event(invocation) {
            noted.borrow_mut().push(offer.clone());
        }
        logic(invocation)
    });
    seen
}

/// `next` leads to the behaviour behind on the same number; its rejection comes back as the cause of the target.
#[test]
fn a_rejection_inside_comes_back_to_the_behaviour_in_front() {
    let mut world = office().open(&["201", "202"]);
    let stages = vec![stage(vec![Target::Next], 0), stage(vec![line("202")], 20)];
    let outer = offers(&mut world, 1, dials(stages));
    let inner = offers(&mut world, 2, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![reject(offer.leg, Cause::Busy)]),
        _ => decided(vec![]),
    });

    let call = world.call("201", "300");
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    assert!(outer.borrow()[0].has_next && !inner.borrow()[0].has_next);
    assert_eq!(inner.borrow()[0].number, "300", "both stand on the same number");
    world.hangs_up("201", call);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// A forward to another number's behaviour tells it where the call came from; the callee still sees the caller (R23).
#[test]
fn a_number_runs_its_behaviour_inside() {
    let mut world = office().open(&["201", "202"]);
    offers(&mut world, 1, dials(vec![stage(vec![number("301")], 0)]));
    let inner = offers(&mut world, 2, dials(vec![stage(vec![line("202")], 20)]));

    let call = world.call("201", "300");
    world.rings("202");
    let callee = world.answers("202");
    {
        let offers = inner.borrow();
        assert_eq!(
            (offers[0].called.as_str(), offers[0].number.as_str()),
            ("300", "301")
        );
        assert_eq!(offers[0].diversions, ["300"]);
        assert!(offers[0].sole_holder && !offers[0].answered);
        assert_eq!(offers[0].caller.line.as_deref(), Some("201"));
    }
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    assert_eq!(world.cdrs()[0].diverted.len(), 1);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// Behaviours that send a call to each other do not do so for ever (R74).
#[test]
fn a_circle_of_forwards_ends() {
    let mut world = office().tenant(|tenant| tenant.limits.hops = 6).open(&["201"]);
    offers(&mut world, 1, dials(vec![stage(vec![number("301")], 0)]));
    let inner = offers(&mut world, 2, dials(vec![stage(vec![number("300")], 0)]));
    let call = world.call("201", "300");
    assert!(world.failure("201", call).is_some());
    assert_eq!(
        inner.borrow().len(),
        3,
        "hops 1, 3 and 5 led to it, the seventh is one too many"
    );
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// A session per number has a caller once: one whose forward leads back to it learns that it failed, and the caller is
/// not left with two orders for one leg.
#[test]
fn a_call_that_comes_back_to_the_session_that_has_it_fails_there() {
    let mut world = Office::new()
        .line("201")
        .behaviour("outer", module(1), SessionScope::PerNumber)
        .behaviour("inner", module(2), SessionScope::PerCall)
        .number("300", &["outer"])
        .number("301", &["inner"])
        .open(&["201"]);
    let outer = offers(&mut world, 1, dials(vec![stage(vec![number("301")], 0)]));
    let inner = offers(&mut world, 2, dials(vec![stage(vec![number("300")], 0)]));
    let call = world.call("201", "300");
    assert_eq!(world.failure("201", call), Some(500));
    assert_eq!((outer.borrow().len(), inner.borrow().len()), (1, 1));
    world.assert_idle();
}

/// Whoever talks to a caller may send it back to where it came from: that session hears that it lost the caller, and
/// is offered it anew.
#[test]
fn a_caller_who_is_transferred_back_to_its_number_is_offered_anew() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("group", module(1), SessionScope::PerNumber)
        .number("300", &["group"])
        .open(&["201", "202", "203"]);
    let events: Rc<RefCell<Vec<&str>>> = Rc::default();
    let noted = Rc::clone(&events);
    world.behaves(module(1), move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => {
            noted.borrow_mut().push("offered");
            let first = noted.borrow().len() == 1;
            let member = if first { "202" } else { "203" };
            decided(vec![dial(offer.leg, vec![stage(vec![line(member)], 20)])])
        }
        Event::LegEnded(_) => {
            noted.borrow_mut().push("ended");
            decided(vec![])
        }
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.rings("202");
    let talk = world.answers("202");
    world.with("202", |phone, now| {
        let to = [("Refer-To", "<sip:300@acme.example>")];
        phone.in_dialog_with(now, talk, "REFER", &to, None);
    });
    world.settle();
    assert_eq!(*events.borrow(), ["offered", "ended", "offered"]);
    world.rings("203");
    world.answers("203");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// The inner behaviour asks the caller, who talks already, for a key, and leaves: that ends with it, and does not keep
/// the outer one from looking after the caller once the callee is gone.
#[test]
fn what_a_session_played_ends_with_it() {
    let mut world = office().open(&["201", "202"]);
    offers(&mut world, 1, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![number("301")], 0)])]),
        _ => decided(vec![]),
    });
    offers(&mut world, 2, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![line("202")], 20)])]),
        Event::Outcome(outcome) if matches!(outcome.kind, OutcomeKind::Dialled(_)) => decided(vec![
            Command::Play {
                tag: 2,
                leg: logic::only_leg(invocation).unwrap(),
                sounds: vec![Sound::Announcement("welcome".into())],
                options: PlayOptions {
                    times: 0,
                    barge_in: false,
                },
            },
            Command::Finish,
        ]),
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.rings("202");
    let talk = world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("202", talk);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// Two behaviours hold the callee: the outer one hangs the caller up and plays to the callee, the inner one does nothing,
/// and once the outer one is done the callee is not left alone.
#[test]
fn a_callee_whom_the_outer_behaviour_leaves_is_hung_up_for_the_inner_one() {
    let mut world = office().open(&["201", "202"]);
    offers(&mut world, 1, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![number("301")], 0)])]),
        Event::Outcome(outcome) => match &outcome.kind {
            OutcomeKind::Dialled(dialled) => match &dialled.result {
                DialResult::Answered(answer) => decided(vec![
                    Command::HangUp {
                        tag: 1,
                        leg: logic::only_leg(invocation).unwrap(),
                        cause: Cause::Normal,
                    },
                    Command::Play {
                        tag: 2,
                        leg: answer.leg,
                        sounds: vec![Sound::Announcement("welcome".into())],
                        options: PlayOptions {
                            times: 1,
                            barge_in: false,
                        },
                    },
                ]),
                DialResult::Failed(_) => decided(vec![]),
            },
            OutcomeKind::Played(_) => decided(vec![Command::Finish]),
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    offers(&mut world, 2, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![line("202")], 20)])]),
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.rings("202");
    let talk = world.answers("202");
    assert_eq!(world.state("201", call), CallState::Over);
    assert_eq!(
        world.state("202", talk),
        CallState::Up,
        "it hears the announcement"
    );
    world.run(Duration::from_secs(5));
    assert_eq!(world.state("202", talk), CallState::Over);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// Of parallel branches none may play to the caller; the one that answers wins, the other one loses the leg.
#[test]
fn parallel_branches_share_the_caller_until_one_answers() {
    let mut world = office().open(&["201", "202", "203"]);
    offers(
        &mut world,
        1,
        dials(vec![stage(vec![number("301"), line("203")], 0)]),
    );
    let ended: Rc<RefCell<Vec<Cause>>> = Rc::default();
    let noted = Rc::clone(&ended);
    let inner = offers(&mut world, 2, move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![line("202")], 20)])]),
        Event::LegEnded(leg) => {
            noted.borrow_mut().push(leg.cause);
            decided(vec![])
        }
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.rings("202");
    world.rings("203");
    assert!(!inner.borrow()[0].sole_holder);
    world.answers("203");
    assert!(world.ringing_calls("202").is_empty());
    assert_eq!(*ended.borrow(), [Cause::AnsweredElsewhere]);
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// A menu that answered goes on with the leg when the number it dialled gives it back.
#[test]
fn an_answered_leg_can_be_given_back() {
    let mut world = office().open(&["201", "202"]);
    offers(&mut world, 1, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![Command::Answer {
            tag: 1,
            leg: offer.leg,
        }]),
        Event::Outcome(outcome) => match &outcome.kind {
            contract::OutcomeKind::Done => decided(vec![dial(
                logic::only_leg(invocation).unwrap(),
                vec![stage(vec![number("301")], 0)],
            )]),
            contract::OutcomeKind::Dialled(dialled) if dialled.result == DialResult::Failed(Cause::Busy) => {
                decided(vec![dial(
                    logic::only_leg(invocation).unwrap(),
                    vec![stage(vec![line("202")], 9)],
                )])
            }
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    let inner = offers(&mut world, 2, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![reject(offer.leg, Cause::Busy)]),
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    assert!(inner.borrow()[0].answered);
    world.rings("202");
    let callee = world.answers("202");
    assert_eq!(
        (world.state("201", call), world.state("202", callee)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A behaviour answers inside of another one and rings somebody; the one in front rings somebody else. The caller hears
/// that it rings for as long as either does, whichever gives up first.
#[test]
fn a_caller_whom_two_behaviours_ring_for_hears_ringing_until_both_are_over() {
    let mut world = office().open(&["201", "202", "203"]);
    offers(&mut world, 1, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![number("301")], 0)])]),
        Event::Outcome(outcome) => match (&outcome.kind, logic::only_leg(invocation)) {
            (OutcomeKind::Dialled(dialled), Some(leg))
                if matches!(dialled.result, DialResult::Answered(_)) =>
            {
                decided(vec![dial(leg, vec![stage(vec![line("202")], 5)])])
            }
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    offers(&mut world, 2, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![Command::Answer {
            tag: 1,
            leg: offer.leg,
        }]),
        Event::Outcome(outcome) => match (&outcome.kind, logic::only_leg(invocation)) {
            (OutcomeKind::Done, Some(leg)) => decided(vec![dial(leg, vec![stage(vec![line("203")], 60)])]),
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.rings("202");
    world.rings("203");
    world.run(Duration::from_secs(10));
    assert!(world.ringing_calls("202").is_empty(), "its five seconds are over");
    let sounds = |command: &media::Command| match command {
        media::Command::Play { .. } => Some(true),
        media::Command::Stop { .. } => Some(false),
        _ => None,
    };
    assert_eq!(world.media.iter().rev().find_map(sounds), Some(true), "ringback");
    world.answers("203");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// Nothing can be done for the caller inside, and the behaviour in front plays something in the place of the courtesy
/// announcement that says so: it learns all the same that its dial failed.
#[test]
fn a_courtesy_announcement_that_is_cut_short_gives_the_call_back() {
    let mut world = office().open(&["201"]);
    offers(&mut world, 1, |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            dial(offer.leg, vec![stage(vec![number("301")], 0)]),
            Command::SetTimer {
                tag: 5,
                at: (invocation.now + Duration::from_millis(500)).as_millis(),
            },
        ]),
        Event::Timer(_) => decided(vec![Command::Play {
            tag: 6,
            leg: logic::only_leg(invocation).unwrap(),
            sounds: vec![Sound::Announcement("waiting".into())],
            options: PlayOptions {
                times: 0,
                barge_in: false,
            },
        }]),
        Event::Outcome(outcome) => match (&outcome.kind, logic::only_leg(invocation)) {
            (OutcomeKind::Dialled(_), Some(leg)) => decided(vec![reject(leg, Cause::Busy)]),
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    offers(&mut world, 2, |_| Err(contract::Failure::OutOfFuel));
    let call = world.call("201", "300");
    assert_eq!(world.failure("201", call), Some(486));
    world.assert_idle();
}
