//! What callers hear when a behaviour fails: never silence.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use contract::{Command, Event, Failure, OutcomeKind, PlayOptions, SessionScope, Sound};
use cordboard_exchange::directory::Activation;
use phone::CallState;

use crate::logic::{self, decided};
use crate::office::{Office, module};
use crate::world::World;

fn office() -> Office {
    Office::new()
        .line("201")
        .line_with(
            "202",
            |line| line.behaviours = Some(vec!["fragile".into()]),
            |_| {},
        )
        .behaviour("fragile", module(1), SessionScope::PerCall)
        .number("300", &["fragile"])
}

fn traps(world: &mut World, digest: u8) {
    world.behaves(module(digest), |_| Err(Failure::Trapped("unreachable".into())));
}

/// A trap on a line's number: the line rings.
#[test]
fn a_trap_rings_the_line() {
    let mut world = office().open(&["201", "202"]);
    traps(&mut world, 1);
    let call = world.call("201", "202");
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    assert_eq!(world.facts("ladder"), 1);
    world.hangs_up("201", call);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// Where there is no line, an announcement plays (early media), then the caller is refused.
#[test]
fn a_trap_without_a_line_plays_a_courtesy_announcement() {
    let mut world = office().open(&["201"]);
    traps(&mut world, 1);
    let call = world.call("201", "300");
    assert_eq!(world.state("201", call), CallState::Ringing, "early media");
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Play { .. }))
    );
    world.run(Duration::from_secs(5));
    assert_eq!(world.failure("201", call), Some(500));
    world.assert_idle();
}

/// A behaviour that never answers is given up on in time, and its late answer changes nothing.
#[test]
fn an_overrun_rings_the_line() {
    let mut world = office().open(&["201", "202"]);
    world.behaves(module(1), |_| decided(vec![]));
    world.silent.push(module(1));
    let call = world.call("201", "202");
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// The same event goes to the version that worked before.
#[test]
fn the_last_good_version_gets_the_event_that_the_new_one_trapped_on() {
    let mut world = Office::new()
        .line("201")
        .behaviour_with("fragile", module(2), SessionScope::PerCall, |behaviour| {
            behaviour.history = vec![Activation {
                digest: module(1),
                version: "0.9.0".into(),
                until: 0,
                manifest: None,
            }];
        })
        .number("300", &["fragile"])
        .open(&["201"]);
    traps(&mut world, 2);
    world.behaves(module(1), logic::menu);
    let call = world.call("201", "300");
    assert_eq!(
        world.state("201", call),
        CallState::Up,
        "the old version answered"
    );
    world.hangs_up("201", call);
    world.assert_idle();
}

/// Doing nothing for a call is a failure too.
#[test]
fn a_behaviour_that_leaves_a_call_undone_counts_as_failed() {
    let mut world = office().open(&["201", "202"]);
    world.behaves(module(1), |_| decided(vec![]));
    let call = world.call("201", "202");
    world.rings("202");
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A trap in the middle costs the event, not the call.
#[test]
fn a_trap_while_people_talk_does_not_end_the_talk() {
    let mut world = office().open(&["201", "202"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![logic::dial(
            offer.leg,
            vec![logic::stage(vec![logic::line("202")], 20)],
        )]),
        _ => Err(Failure::OutOfFuel),
    });
    let call = world.call("201", "202");
    world.rings("202");
    let callee = world.answers("202");
    assert_eq!(
        (world.state("201", call), world.state("202", callee)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("202", callee);
    assert_eq!(
        world.state("201", call),
        CallState::Over,
        "and hanging up still works"
    );
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

/// A timer is set, but what the lost event would have brought never comes.
#[test]
fn a_caller_who_waits_for_a_lost_event_is_not_left_in_silence() {
    let mut world = office().open(&["201"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Answer {
                tag: 1,
                leg: offer.leg,
            },
            Command::SetTimer {
                tag: 2,
                at: (invocation.now + Duration::from_secs(300)).as_millis(),
            },
        ]),
        _ => Err(Failure::OutOfFuel),
    });
    let call = world.call("201", "300");
    assert!(
        world
            .media
            .iter()
            .any(|command| matches!(command, media::Command::Play { .. })),
        "the courtesy announcement"
    );
    world.run(Duration::from_secs(20));
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// Two behaviours fail one after the other on one caller, the outer one while it plays: whoever is left with the
/// caller is looked after, and the call ends.
#[test]
fn an_inner_behaviour_that_failed_while_the_outer_one_played_is_not_forgotten() {
    let mut world = Office::new()
        .line("201")
        .behaviour("outer", module(1), SessionScope::PerCall)
        .behaviour("inner", module(2), SessionScope::PerCall)
        .number("300", &["outer"])
        .number("301", &["inner"])
        .open(&["201"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => {
            let inside = vec![contract::Target::Number("301".into())];
            decided(vec![logic::dial(offer.leg, vec![logic::stage(inside, 0)])])
        }
        Event::Outcome(outcome) => match (&outcome.kind, logic::only_leg(invocation)) {
            (OutcomeKind::Dialled(_), Some(leg)) => decided(vec![Command::Play {
                tag: 2,
                leg,
                sounds: vec![Sound::Announcement("welcome".into())],
                options: PlayOptions {
                    times: 1,
                    barge_in: false,
                },
            }]),
            _ => Err(Failure::Trapped("unreachable".into())),
        },
        _ => decided(vec![]),
    });
    world.behaves(module(2), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![Command::Answer {
            tag: 1,
            leg: offer.leg,
        }]),
        _ => Err(Failure::Trapped("unreachable".into())),
    });
    let call = world.call("201", "300");
    assert_eq!(world.state("201", call), CallState::Up);
    world.run(Duration::from_secs(30));
    assert_eq!(world.state("201", call), CallState::Over, "after the courtesy");
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}

fn welcome(leg: contract::LegId) -> Command {
    Command::Play {
        tag: 2,
        leg,
        sounds: vec![Sound::Announcement("welcome".into())],
        options: PlayOptions {
            times: 1,
            barge_in: false,
        },
    }
}

/// The outer one's announcement still plays when the inner one is offered the caller and does nothing. Once it is
/// over, and nothing else is under way but the outer one's dial, the inner one is found idle.
#[test]
fn an_inner_behaviour_that_does_nothing_while_the_outer_one_plays_is_noticed() {
    let mut world = Office::new()
        .line("201")
        .behaviour("outer", module(1), SessionScope::PerNumber)
        .behaviour("inner", module(2), SessionScope::PerCall)
        .number("300", &["outer"])
        .number("301", &["inner"])
        .open(&["201"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![Command::Answer {
            tag: 1,
            leg: offer.leg,
        }]),
        Event::Outcome(outcome) => match (&outcome.kind, logic::only_leg(invocation)) {
            (OutcomeKind::Done, Some(leg)) => {
                let inside = vec![contract::Target::Number("301".into())];
                decided(vec![
                    welcome(leg),
                    logic::dial(leg, vec![logic::stage(inside, 0)]),
                ])
            }
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    world.behaves(module(2), |_| decided(vec![]));
    let call = world.call("201", "300");
    assert_eq!(world.state("201", call), CallState::Up);
    world.run(Duration::from_secs(30));
    assert_eq!(world.state("201", call), CallState::Over, "after the courtesy");
    world.assert_idle();
}

/// A session with many calls loses an event while a caller listens. When that is over it does not know that the caller
/// waits for it; the caller hears music until it does something.
#[test]
fn a_caller_whose_session_lost_an_event_hears_music_when_nothing_else_plays() {
    const WAKE: u64 = 7;
    let mut world = Office::new()
        .line("201")
        .behaviour("queue", module(1), SessionScope::PerNumber)
        .number("300", &["queue"])
        .open(&["201"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::SetTimer {
                tag: WAKE,
                at: (invocation.now + Duration::from_secs(60)).as_millis(),
            },
            welcome(offer.leg),
            Command::Answer {
                tag: 1,
                leg: offer.leg,
            },
        ]),
        Event::Outcome(outcome) if outcome.kind == OutcomeKind::Done => Err(Failure::Overrun),
        Event::Timer(WAKE) => match logic::only_leg(invocation) {
            Some(leg) => decided(vec![Command::HangUp {
                tag: 3,
                leg,
                cause: contract::Cause::Normal,
            }]),
            None => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.run(Duration::from_secs(20));
    assert_eq!(world.state("201", call), CallState::Up);
    let plays = world.media.iter().filter_map(|command| match command {
        media::Command::Play { times, .. } => Some(*times),
        _ => None,
    });
    assert_eq!(
        plays.collect::<Vec<_>>(),
        [1, 0],
        "the announcement, then music for ever"
    );
    world.run(Duration::from_secs(60));
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}

/// A session per number sleeps until its timer. When the event is lost, nothing else would wake it.
#[test]
fn a_timer_whose_event_was_lost_fires_again_for_a_session_per_number() {
    const WAKE: u64 = 7;
    let mut world = Office::new()
        .line("201")
        .behaviour("reminder", module(1), SessionScope::PerNumber)
        .number("300", &["reminder"])
        .open(&["201"]);
    let fired = Rc::new(Cell::new(0));
    let count = fired.clone();
    world.behaves(module(1), move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            logic::reject(offer.leg, contract::Cause::Busy),
            Command::SetTimer {
                tag: WAKE,
                at: (invocation.now + Duration::from_secs(10)).as_millis(),
            },
        ]),
        Event::Timer(WAKE) => {
            count.set(count.get() + 1);
            match count.get() {
                1 => Err(Failure::Trapped("unreachable".into())),
                _ => decided(vec![Command::Finish]),
            }
        }
        _ => decided(vec![]),
    });
    world.call("201", "300");
    world.run(Duration::from_secs(60));
    assert_eq!(fired.get(), 1);
    world.restart();
    world.run(Duration::from_secs(20));
    assert_eq!(fired.get(), 2, "a minute later, over a restart too");
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
}
