//! Two behaviours have one caller, one in front of the other: the caller is never left in silence between them.

use std::time::Duration;

use contract::{Command, Event, Failure, LegId, OutcomeKind, PlayOptions, SessionScope, Sound};
use media::Command as Media;
use phone::CallState;

use crate::logic::{self, decided, dial, line, stage};
use crate::office::{Office, module};
use crate::world::World;

const LATER: u64 = 7;

/// 300 belongs to the one in front, which sends the caller on to 301, and so inside.
fn world() -> World {
    Office::new()
        .line("201")
        .line("202")
        .behaviour("in-front", module(1), SessionScope::PerCall)
        .behaviour("inside", module(2), SessionScope::PerNumber)
        .number("300", &["in-front"])
        .number("301", &["inside"])
        .open(&["201", "202"])
}

fn inside(leg: LegId) -> Command {
    dial(leg, vec![stage(vec![contract::Target::Number("301".into())], 0)])
}

fn timer(tag: u64, now: base::Moment, seconds: u64) -> Command {
    Command::SetTimer {
        tag,
        at: (now + Duration::from_secs(seconds)).as_millis(),
    }
}

/// What plays to the only caller, as far as the engine was told: how often, 0 for ever.
fn plays(world: &World) -> Option<u32> {
    world.media.iter().rev().find_map(|command| match command {
        Media::Play { times, .. } => Some(Some(*times)),
        Media::Stop { .. } => Some(None),
        _ => None,
    })?
}

/// The one inside plays for ever and waits; the one in front asks for a key meanwhile, and nobody presses one.
#[test]
fn a_caller_whose_music_was_played_over_hears_music_again() {
    let mut world = world();
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![inside(offer.leg), timer(LATER, invocation.now, 5)]),
        Event::Timer(LATER) => match logic::only_leg(invocation) {
            Some(leg) => decided(vec![logic::gather(2, leg)]),
            None => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    world.behaves(module(2), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Answer {
                tag: 1,
                leg: offer.leg,
            },
            Command::Play {
                tag: 2,
                leg: offer.leg,
                sounds: vec![Sound::Announcement("welcome".into())],
                options: PlayOptions {
                    times: 0,
                    barge_in: false,
                },
            },
            timer(LATER, invocation.now, 120),
        ]),
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    assert_eq!(plays(&world), Some(0));
    world.run(Duration::from_secs(5));
    assert_eq!(plays(&world), Some(1), "the question");
    world.run(Duration::from_secs(15));
    assert_eq!(world.state("201", call), CallState::Up);
    assert_eq!(plays(&world), Some(0), "and music again");
    world.hangs_up("201", call);
    world.assert_idle();
}

/// The one inside lost what would have made it play, and has a timer that will wake it some day. The one in front rings
/// somebody else meanwhile, in vain.
#[test]
fn a_caller_whose_behaviour_lost_an_event_hears_music_once_the_dial_in_front_is_over() {
    let mut world = world();
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![inside(offer.leg)]),
        Event::Outcome(outcome) => match (&outcome.kind, logic::only_leg(invocation)) {
            (OutcomeKind::Dialled(dialled), Some(leg))
                if matches!(dialled.result, contract::DialResult::Answered(_)) =>
            {
                decided(vec![dial(leg, vec![stage(vec![line("202")], 10)])])
            }
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    world.behaves(module(2), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Answer {
                tag: 1,
                leg: offer.leg,
            },
            timer(LATER, invocation.now, 120),
        ]),
        _ => Err(Failure::Overrun),
    });
    let call = world.call("201", "300");
    world.rings("202");
    world.run(Duration::from_secs(15));
    assert_eq!(world.live_calls("202"), [], "it rang in vain");
    assert_eq!(world.state("201", call), CallState::Up);
    assert_eq!(plays(&world), Some(0), "music");
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A behaviour rings somebody else while its caller talks: whoever rings may send sound, the two go on hearing each other.
#[test]
fn a_caller_who_talks_does_not_hear_the_early_media_of_whoever_else_is_rung() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("in-front", module(1), SessionScope::PerCall)
        .number("300", &["in-front"])
        .open(&["201", "202", "203"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![line("202")], 10)])]),
        Event::Outcome(outcome) => match (&outcome.kind, logic::only_leg(invocation)) {
            (OutcomeKind::Dialled(dialled), Some(leg))
                if matches!(dialled.result, contract::DialResult::Answered(_)) =>
            {
                decided(vec![dial(leg, vec![stage(vec![line("203")], 10)])])
            }
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    });
    let call = world.call("201", "300");
    world.answers("202");
    let other = world.ringing("203");
    world.media.clear();
    world.with("203", |phone, now| phone.sounds_early(now, other));
    world.settle();
    let listens = |command: &Media| matches!(command, Media::Listen { .. });
    assert!(!world.media.iter().any(listens), "{:?}", world.media);
    world.run(Duration::from_secs(12));
    assert_eq!(world.state("203", other), CallState::Over);
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}
