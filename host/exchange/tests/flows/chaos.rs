//! Everything at once, in random order: calls, answers, refusals, hang-ups, keys, holds, transfers, behaviours that
//! trap or never answer, restarts. Whatever happens, calls end and nothing is left.

use std::time::Duration;

use base::Random;
use contract::{Cause, Command, Event, Failure, Invocation, SessionScope, Target};
use cordboard_exchange::directory::MediaWay;
use phone::{CallRef, CallState};

use crate::logic::{self, Answer, decided, dial, line, stage};
use crate::office::{Office, module};
use crate::sessions::group;
use crate::world::World;

const PHONES: [&str; 5] = ["201", "202", "203", "204", "205"];
const NUMBERS: [&str; 8] = ["201", "202", "203", "204", "205", "300", "301", "302"];

/// A behaviour that does something, or fails, as chance has it.
fn whim(invocation: &Invocation) -> Answer {
    let mut random = Random::from_seed(invocation.seed);
    if random.chance(0.1) {
        return Err(Failure::Trapped("by chance".into()));
    }
    let Some(leg) = invocation.held.first().map(|held| held.leg) else {
        return decided(vec![]);
    };
    let number = |random: &mut Random| NUMBERS[random.below(8) as usize].to_owned();
    let target = match random.below(4) {
        0 => line(PHONES[random.below(5) as usize]),
        1 => Target::Number(number(&mut random)),
        2 => Target::Next,
        _ => Target::Line("299".into()),
    };
    let targets = vec![target, line(PHONES[random.below(5) as usize])];
    match (logic::event(invocation), random.below(10)) {
        (Event::LegEnded(_) | Event::LineChanged(_), _) => decided(vec![]),
        (_, 0..=3) => decided(vec![dial(leg, vec![stage(targets, 1 + random.below(20))])]),
        (_, 4) => decided(vec![Command::Answer { tag: 1, leg }]),
        (_, 5) => decided(vec![logic::reject(leg, Cause::Busy)]),
        (_, 6) => decided(vec![
            Command::Ring { tag: 1, leg },
            Command::SetTimer {
                tag: random.below(3),
                at: (invocation.now + Duration::from_secs(random.below(20))).as_millis(),
            },
        ]),
        (_, 7) => decided(vec![Command::CancelDial { tag: 9 }, Command::Finish]),
        (_, 8) => decided(vec![
            Command::Hold { tag: 2, leg },
            Command::HangUp {
                tag: 3,
                leg,
                cause: Cause::Normal,
            },
        ]),
        (_, _) => decided(vec![]),
    }
}

fn act(world: &mut World, random: &mut Random) {
    let name = PHONES[random.below(5) as usize];
    let live = world.live_calls(name);
    let some_call = |random: &mut Random| -> Option<CallRef> {
        live.get(usize::try_from(random.below(live.len() as u64)).unwrap_or(0))
            .copied()
    };
    let ringing = world.ringing_calls(name).first().copied();
    match (random.below(12), ringing) {
        (0..=2, _) => {
            let number = NUMBERS[random.below(8) as usize];
            world.with(name, |phone, now| phone.call(now, number));
        }
        (3 | 4, Some(call)) => world.with(name, |phone, now| phone.answer(now, call)),
        (5, Some(call)) => world.with(name, |phone, now| phone.ring(now, call)),
        (6, Some(call)) => {
            let status = [486, 603, 480, 500][random.below(4) as usize];
            world.with(name, |phone, now| phone.refuse(now, call, status));
        }
        (7 | 8, _) => {
            if let Some(call) = some_call(random) {
                world.with(name, |phone, now| phone.hang_up(now, call));
            }
        }
        (9, _) => {
            if let Some(call) = some_call(random).filter(|call| world.state(name, *call) == CallState::Up) {
                let to = format!("<sip:{}@acme.example>", NUMBERS[random.below(8) as usize]);
                world.with(name, |phone, now| {
                    phone.in_dialog_with(now, call, "REFER", &[("Refer-To", &to)], None);
                });
            }
        }
        (10, _) => {
            if let Some(call) = some_call(random).filter(|call| world.state(name, *call) == CallState::Up) {
                let direction = if random.chance(0.5) {
                    "sendonly"
                } else {
                    "sendrecv"
                };
                world.with(name, |phone, now| phone.change(now, call, direction));
            }
        }
        _ => {}
    }
}

fn play(seed: u64, restarts: bool) {
    let mut random = Random::from_seed(seed);
    let mut office = Office::new()
        .behaviour("whim", module(1), SessionScope::PerCall)
        .behaviour("whim too", module(2), SessionScope::PerCall)
        .behaviour_with("group", module(3), SessionScope::PerNumber, |behaviour| {
            behaviour.manifest.interests.line_changes = true;
        })
        .number("300", &["whim", "whim too"])
        .number("301", &["whim too"])
        .number("302", &["group"])
        // Every other seed has its sound go straight, where it may.
        .tenant(|tenant| {
            if seed.is_multiple_of(2) {
                tenant.media = MediaWay::Direct;
            }
        });
    for phone in PHONES {
        office = office.line_with(
            phone,
            |line| {
                line.features.call_waiting = random.chance(0.5);
                if random.chance(0.3) {
                    line.behaviours = Some(vec!["whim".into()]);
                }
            },
            |_| {},
        );
    }
    let mut world = office.open(&PHONES);
    world.behaves(module(1), whim);
    world.behaves(module(2), whim);
    world.behaves(module(3), group);
    for _ in 0..200 {
        act(&mut world, &mut random);
        world.run(Duration::from_millis(random.below(3_000)));
        if random.chance(0.02) {
            let unlucky = module(1 + u8::try_from(random.below(2)).unwrap());
            world.silent = vec![unlucky];
        } else if random.chance(0.1) {
            world.silent.clear();
        }
        if restarts && random.chance(0.02) {
            world.restart();
        }
    }
    world.silent.clear();
    for name in PHONES {
        for call in world.live_calls(name) {
            world.with(name, |phone, now| phone.hang_up(now, call));
        }
        world.settle();
    }
    // Behaviours may ring people again on what they see; they stop when nobody answers any more.
    world.behaves(module(1), |_| decided(vec![]));
    world.behaves(module(2), |_| decided(vec![]));
    for _ in 0..20 {
        world.run(Duration::from_secs(30));
        for name in PHONES {
            for call in world.live_calls(name) {
                world.with(name, |phone, now| phone.hang_up(now, call));
            }
        }
    }
    world.assert_idle();
    let sessions = world.exchange.census().sessions;
    assert!(sessions <= 1, "{sessions} sessions are left, seed {seed}");
    let ends = world.facts("call-ended");
    let starts = world.facts("call-started");
    if !restarts {
        assert_eq!(starts, ends, "every call is written down once, seed {seed}");
    }
}

/// No restarts: every call that starts is written down.
#[test]
fn whatever_happens_calls_end() {
    for seed in seeds(20) {
        play(seed, false);
    }
}

/// With restarts in between.
#[test]
fn whatever_happens_between_restarts_calls_end() {
    for seed in seeds(20) {
        play(seed, true);
    }
}

/// `SEED=7` runs that one alone.
fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => vec![seed],
        None => (1..=count).collect(),
    }
}
