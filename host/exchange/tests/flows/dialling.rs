//! Stages, targets and what became of each.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{
    Cause, Command, DialOutcome, DialResult, Event, Invocation, OutcomeKind, SessionScope, TargetOutcome,
};
use cordboard_exchange::Direction;
use phone::CallState;

use crate::logic::{self, decided, dials, line, stage};
use crate::office::{Office, module};
use crate::world::World;

type Seen = Rc<RefCell<Vec<DialOutcome>>>;

/// 300 dials these stages; what comes of it is noted.
fn world(stages: Vec<contract::Stage>, phones: &[&str]) -> (World, Seen) {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .line_with("204", |_| {}, |device| device.max_calls = Some(1))
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .number("300", &["hunt"])
        .open(phones);
    let seen = Seen::default();
    world.behaves(module(1), noting(&seen, dials(stages)));
    (world, seen)
}

pub fn noting(
    seen: &Seen,
    logic: impl Fn(&Invocation) -> logic::Answer + 'static,
) -> impl Fn(&Invocation) -> logic::Answer + 'static {
    let seen = Rc::clone(seen);
    move |invocation| {
        if let Event::Outcome(outcome) = logic::event(invocation)
            && let OutcomeKind::Dialled(outcome) = &outcome.kind
        {
            seen.borrow_mut().push(outcome.clone());
        }
        logic(invocation)
    }
}

fn causes(seen: &Seen) -> Vec<(Cause, bool)> {
    let outcomes = seen.borrow();
    let [outcome] = outcomes.as_slice() else {
        panic!("{} outcomes", outcomes.len())
    };
    outcome
        .targets
        .iter()
        .map(|TargetOutcome { cause, rang, .. }| (*cause, *rang))
        .collect()
}

/// First answer wins (R18, R33 parallel).
#[test]
fn targets_of_a_stage_ring_together_and_the_first_answer_wins() {
    let (mut world, seen) = world(
        vec![stage(vec![line("202"), line("203")], 20)],
        &["201", "202", "203"],
    );
    let call = world.call("201", "300");
    world.rings("202");
    world.rings("203");
    world.answers("203");
    assert!(world.ringing_calls("202").is_empty());
    assert_eq!(world.state("201", call), CallState::Up);
    assert_eq!(
        causes(&seen),
        [(Cause::AnsweredElsewhere, true), (Cause::Normal, true)]
    );
    world.hangs_up("201", call);
    world.assert_idle();
}

/// The next stage rings when the first one's time is over (R33 linear, R34).
#[test]
fn an_unanswered_stage_gives_way_to_the_next() {
    let stages = vec![stage(vec![line("202")], 10), stage(vec![line("203")], 10)];
    let (mut world, seen) = world(stages, &["201", "202", "203"]);
    let call = world.call("201", "300");
    world.rings("202");
    assert!(world.ringing_calls("203").is_empty());
    world.run(Duration::from_secs(10));
    assert!(world.ringing_calls("202").is_empty());
    world.rings("203");
    world.run(Duration::from_secs(12));
    assert_eq!(world.failure("201", call), Some(480), "nobody answered");
    assert_eq!(causes(&seen), [(Cause::NoAnswer, true), (Cause::NoAnswer, true)]);
    world.assert_idle();
}

/// Outcomes tell a refusal, a phone that is not there and a number that does not exist apart.
#[test]
fn each_target_has_an_outcome_of_its_own() {
    let targets = vec![line("202"), line("203"), line("299")];
    let (mut world, seen) = world(vec![stage(targets, 20)], &["201", "202"]);
    let call = world.call("201", "300");
    world.rings("202");
    world.refuses("202", 603);
    assert_eq!(
        world.failure("201", call),
        Some(603),
        "a person's word counts most"
    );
    assert_eq!(
        causes(&seen),
        [
            (Cause::Declined, true),
            (Cause::Unreachable, false),
            (Cause::UnknownNumber, false)
        ]
    );
    world.assert_idle();
}

/// Busy means that the devices have no call left (R16).
#[test]
fn a_device_whose_calls_are_used_up_is_busy_without_being_asked() {
    let (mut world, seen) = world(vec![stage(vec![line("204")], 20)], &["201", "202", "204"]);
    let first = world.call("202", "204");
    world.rings("204");
    world.answers("204");
    let second = world.call("201", "300");
    assert_eq!(world.failure("201", second), Some(486));
    assert_eq!(causes(&seen), [(Cause::Busy, false)]);
    world.hangs_up("202", first);
    world.assert_idle();
}

/// The caller's hanging up ends what rings for him.
#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let (mut world, seen) = world(vec![stage(vec![line("202")], 20)], &["201", "202"]);
    let call = world.call("201", "300");
    world.rings("202");
    world.hangs_up("201", call);
    assert!(world.ringing_calls("202").is_empty());
    assert_eq!(seen.borrow().len(), 1);
    assert!(matches!(
        seen.borrow()[0].result,
        DialResult::Failed(Cause::Cancelled)
    ));
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// A phone that answers 302 forwards through the dial plan; phones that forward to each other come to an end (R74).
#[test]
fn a_redirecting_phone_forwards_and_a_circle_of_them_ends() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .open(&["201", "202", "203"]);
    let moved = |to: &str| format!("Moved Temporarily\r\nContact: <sip:{to}@acme.example>");

    let call = world.call("201", "202");
    let ringing = world.ringing("202");
    world.with("202", |phone, now| {
        phone.refuse_with(now, ringing, 302, &moved("203"))
    });
    world.settle();
    world.rings("203");
    world.answers("203");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);

    let call = world.call("201", "202");
    for _ in 0..30 {
        for (from, to) in [("202", "203"), ("203", "202")] {
            if let [ringing] = world.ringing_calls(from).as_slice() {
                let ringing = *ringing;
                world.with(from, |phone, now| {
                    phone.refuse_with(now, ringing, 302, &moved(to))
                });
                world.settle();
            }
        }
    }
    assert!(world.failure("201", call).is_some(), "the circle ends");
    world.assert_idle();
}

/// `cancel` ends a dial, and the outcome says so.
#[test]
fn a_behaviour_can_cancel_its_dial() {
    let (mut world, seen) = world(Vec::new(), &["201", "202"]);
    let noted = seen.clone();
    world.behaves(
        module(1),
        noting(&noted, |invocation| match logic::event(invocation) {
            Event::CallOffered(offer) => {
                let wake = invocation.now + Duration::from_secs(5);
                decided(vec![
                    logic::dial(offer.leg, vec![stage(vec![line("202")], 60)]),
                    Command::SetTimer {
                        tag: 4,
                        at: wake.as_millis(),
                    },
                ])
            }
            Event::Timer(4) => decided(vec![Command::CancelDial { tag: 9 }]),
            Event::Outcome(_) => decided(vec![logic::reject(
                logic::only_leg(invocation).unwrap(),
                Cause::NoAnswer,
            )]),
            _ => decided(vec![]),
        }),
    );
    let call = world.call("201", "300");
    world.rings("202");
    world.run(Duration::from_secs(6));
    assert!(world.ringing_calls("202").is_empty());
    assert_eq!(world.failure("201", call), Some(480));
    assert!(matches!(
        seen.borrow()[0].result,
        DialResult::Failed(Cause::Cancelled)
    ));
    world.assert_idle();
}

/// Without a caller: the session holds whoever answers, and can connect two people (click to dial, R68).
#[test]
fn a_behaviour_calls_two_people_and_connects_them() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("matchmaker", module(1), SessionScope::PerCall)
        .number("300", &["matchmaker"])
        .open(&["201", "202", "203"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Answer {
                tag: 1,
                leg: offer.leg,
            },
            Command::Dial {
                tag: 9,
                caller: None,
                stages: vec![stage(vec![line("202")], 20)],
                options: contract::DialOptions::default(),
            },
        ]),
        Event::LegAnswered(answered) => {
            let caller = invocation
                .held
                .iter()
                .map(|held| held.leg)
                .find(|leg| *leg != answered.leg)
                .unwrap();
            decided(vec![Command::Bridge {
                tag: 2,
                a: caller,
                b: answered.leg,
            }])
        }
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.rings("202");
    let callee = world.answers("202");
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Connect { .. }))
    );
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// A call that a behaviour makes by itself is answered when its first party is there, whoever comes later.
#[test]
fn a_call_of_a_behaviours_own_is_answered_with_its_first_party() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("reminder", module(1), SessionScope::PerNumber)
        .number("300", &["reminder"])
        .open(&["201", "202"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            logic::reject(offer.leg, Cause::Busy),
            Command::Dial {
                tag: 9,
                caller: None,
                stages: vec![stage(vec![line("202")], 20)],
                options: contract::DialOptions::default(),
            },
        ]),
        _ => decided(vec![]),
    });
    world.call("201", "300");
    world.rings("202");
    let callee = world.answers("202");
    world.hangs_up("202", callee);
    world.assert_idle();
    let cdrs = world.cdrs();
    let own = cdrs
        .iter()
        .find(|cdr| cdr.direction == Direction::Originated)
        .unwrap();
    assert!(own.answered.is_some_and(|at| own.started < at && at <= own.ended));
}

/// A callee whose caller the behaviour takes away to somebody else is not left in silence while it goes on.
#[test]
fn a_callee_who_is_left_alone_hears_music() {
    let mut office = Office::new().behaviour("b", module(1), SessionScope::PerCall);
    for name in ["201", "202", "203", "204"] {
        office = office.line(name);
    }
    let mut world = office.number("300", &["b"]).open(&["201", "202", "203", "204"]);
    let next = Rc::new(RefCell::new(vec!["204", "203", "202"]));
    world.behaves(module(1), move |invocation| {
        let leg = logic::only_leg(invocation);
        let target = match logic::event(invocation) {
            Event::CallOffered(_) => next.borrow_mut().pop(),
            Event::Outcome(outcome) => match &outcome.kind {
                contract::OutcomeKind::Dialled(dialled)
                    if matches!(dialled.result, DialResult::Answered(_)) =>
                {
                    next.borrow_mut().pop()
                }
                _ => None,
            },
            _ => None,
        };
        let command = |target: &str| Some(logic::dial(leg?, vec![stage(vec![line(target)], 20)]));
        decided(target.and_then(command).into_iter().collect())
    });
    let call = world.call("201", "300");
    world.rings("202");
    let alone = world.answers("202");
    world.rings("203");
    let talks = world.answers("203");
    assert_eq!(world.state("202", alone), CallState::Up);

    let pairs: Vec<[media::PortId; 2]> = world
        .media
        .iter()
        .filter_map(|command| match command {
            media::Command::Connect { a, b } => Some([*a, *b]),
            _ => None,
        })
        .collect();
    let [first, second] = pairs.as_slice() else {
        panic!("{pairs:?}")
    };
    let left = first.iter().find(|port| !second.contains(port)).unwrap();
    let music = world
        .media
        .iter()
        .any(|command| matches!(command, media::Command::Play { port, times: 0, .. } if port == left));
    assert!(music);
    world.run(Duration::from_secs(20));
    assert_eq!(world.state("202", alone), CallState::Over, "nobody comes back");
    assert_eq!(world.state("203", talks), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// Somebody chose on a display what to do while the menu still waited for a key: the phone that is rung then has not
/// said that it rings, and once the menu's time is over the caller hears that all the same.
#[test]
fn a_caller_whose_menu_ends_while_a_dial_goes_on_hears_that_it_rings() {
    let (mut world, _) = world(vec![], &["201", "202"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::Outcome(outcome) => match outcome.kind {
            OutcomeKind::Done => {
                let at = (invocation.now + Duration::from_secs(1)).as_millis();
                let mut both = logic::menu(invocation)?;
                both.commands.push(Command::SetTimer { tag: 5, at });
                Ok(both)
            }
            _ => decided(vec![]),
        },
        Event::Timer(_) => {
            let leg = logic::only_leg(invocation).unwrap();
            decided(vec![logic::dial(leg, vec![stage(vec![line("202")], 60)])])
        }
        _ => logic::menu(invocation),
    });
    world.deaf.push("202".into());
    let call = world.call("201", "300");
    let plays = |world: &World| {
        let play = |command: &&media::Command| matches!(command, media::Command::Play { .. });
        world.media.iter().filter(play).count()
    };
    world.run(Duration::from_secs(4));
    assert_eq!(plays(&world), 1, "the prompt, and nothing in its place");
    world.run(Duration::from_secs(6));
    assert_eq!(plays(&world), 2, "ringback");
    world.hangs_up("201", call);
    world.assert_idle();
}
