//! Behaviours that only a test would write.

use std::time::Duration;

use base::Random;
use contract::{
    Cause, Command, Condition, Decided, Decision, DialOptions, DialResult, Event, Failure, GatherOptions,
    GatherOutcome, Invocation, LegId, OutcomeKind, Part, Record, Sound, Spent, Stage, Target, Task,
};

use crate::town::{LINES, NUMBERS, Town};

/// Does something, or fails, as chance has it.
pub fn whim(_: &str, invocation: &Invocation, town: &Town) -> Decision {
    let mut random = Random::from_seed(invocation.seed);
    let result = match (&invocation.task, invocation.held.first()) {
        (Task::Migrate { .. }, _) if random.chance(0.5) => Err(Failure::Refused("not today".to_owned())),
        (Task::Migrate { .. }, _) => Ok(vec![]),
        (Task::Handle(_), None) => Ok(vec![]),
        (Task::Handle(_), Some(_)) if *town.tired.borrow() => Ok(vec![]),
        (Task::Handle(_), Some(_)) if random.chance(0.05) => Err(Failure::Trapped("by chance".to_owned())),
        (Task::Handle(event), Some(held)) => Ok(idea(&mut random, invocation, event, held.leg)),
    };
    decision(
        invocation,
        result.map(|commands| Decided {
            state: vec![1],
            commands,
        }),
    )
}

fn idea(random: &mut Random, invocation: &Invocation, event: &Event, leg: LegId) -> Vec<Command> {
    let some = |random: &mut Random, of: &[&str]| of[random.below(of.len() as u64) as usize].to_owned();
    let target = match random.below(5) {
        0 | 1 => Target::Line(some(random, &LINES)),
        2 => Target::Number(some(random, &NUMBERS)),
        3 => Target::Next,
        _ => Target::Line("299".to_owned()),
    };
    let targets = vec![target, Target::Line(some(random, &LINES))];
    let timer = Command::SetTimer {
        tag: random.below(3),
        at: (invocation.now + Duration::from_secs(1 + random.below(20))).as_millis(),
    };
    match (event, random.below(12)) {
        (Event::LegEnded(_) | Event::LineChanged(_) | Event::LegRinging(_), _) => vec![],
        (_, 0..=3) => vec![dial(leg, targets, 1 + random.below(20))],
        (_, 4) => vec![Command::Answer { tag: 1, leg }],
        (_, 5) => vec![Command::Reject {
            tag: 1,
            leg,
            cause: Cause::Busy,
        }],
        (_, 6) => vec![Command::Ring { tag: 1, leg }, timer],
        (_, 7) => vec![Command::CancelDial { tag: 9 }, Command::Finish],
        (_, 8) => vec![
            Command::Hold { tag: 2, leg },
            Command::HangUp {
                tag: 3,
                leg,
                cause: Cause::Normal,
            },
        ],
        (_, 9) => vec![gather(leg)],
        (_, 10) => vec![
            Command::Answer { tag: 1, leg },
            Command::SendDigits {
                tag: 4,
                leg,
                digits: "12".to_owned(),
            },
            Command::StopAudio { leg },
            dial(leg, targets, 5),
        ],
        (_, _) => vec![],
    }
}

/// Meets others in a room, leaves, keeps lines for itself, waits until one is free; every now and then something else.
pub fn social(_: &str, invocation: &Invocation, town: &Town) -> Decision {
    let mut random = Random::from_seed(invocation.seed);
    let leg = invocation.held.first().map(|held| held.leg);
    let commands = match (&invocation.task, leg) {
        (Task::Migrate { .. }, _) | (_, None) => vec![],
        (Task::Handle(Event::CallOffered(_)), Some(leg)) => vec![Command::Answer { tag: 1, leg }],
        (Task::Handle(_), Some(leg)) if *town.tired.borrow() => vec![Command::HangUp {
            tag: 0,
            leg,
            cause: Cause::Normal,
        }],
        (Task::Handle(event), Some(leg)) => company(&mut random, invocation, event, leg),
    };
    decision(
        invocation,
        Ok(Decided {
            state: vec![1],
            commands,
        }),
    )
}

/// In a room, the tag of its timer.
const MEETS: u64 = 2;

fn company(random: &mut Random, invocation: &Invocation, event: &Event, leg: LegId) -> Vec<Command> {
    let line = LINES[random.below(LINES.len() as u64) as usize].to_owned();
    let timer = Command::SetTimer {
        tag: MEETS,
        at: (invocation.now + Duration::from_secs(1 + random.below(20))).as_millis(),
    };
    match event {
        // It is in the room now, or in a talk.
        Event::Outcome(outcome)
            if outcome.tag == MEETS
                || matches!(&outcome.kind, OutcomeKind::Dialled(dialled) if matches!(dialled.result, DialResult::Answered(_))) =>
        {
            return vec![];
        }
        Event::Outcome(_) | Event::Timer(_) | Event::Digit(_) => {}
        _ => return vec![],
    }
    match random.below(10) {
        0..=4 => {
            let room = ["blue", "red"][random.below(2) as usize].to_owned();
            let part = [Part::Speaker, Part::Listener][random.below(2) as usize];
            vec![
                Command::Join {
                    tag: MEETS,
                    leg,
                    room,
                    part,
                },
                timer,
            ]
        }
        5 => vec![Command::Leave { tag: MEETS, leg }, gather(leg)],
        6 => vec![
            Command::Reserve {
                lines: vec![line.clone()],
                lease: 5_000,
            },
            dial(leg, vec![Target::Line(line)], 10),
        ],
        7 => vec![
            Command::Watch {
                tag: MEETS,
                line,
                condition: Condition::Idle,
                expiry: 20_000,
            },
            timer,
            gather(leg),
        ],
        _ => vec![Command::HangUp {
            tag: 0,
            leg,
            cause: Cause::Normal,
        }],
    }
}

/// Answers, asks for a digit, rings a line. Its state says which version wrote it.
pub fn steady(version: &str, invocation: &Invocation, town: &Town) -> Decision {
    let written_by = invocation
        .state
        .as_deref()
        .map(|state| String::from_utf8_lossy(state).into_owned());
    let result = match (&invocation.task, written_by) {
        // The third version takes nothing over.
        (Task::Migrate { .. }, _) if version == "3.0.0" => Err(Failure::Refused("never".to_owned())),
        (Task::Migrate { from_version }, written) => {
            if written.as_ref() != Some(from_version) {
                town.complaints.borrow_mut().push(format!(
                    "{version} is to migrate from {from_version}, but the state is {written:?}"
                ));
            }
            Ok(vec![])
        }
        (Task::Handle(event), written) => {
            if written.as_ref().is_some_and(|written| written != version) {
                town.complaints.borrow_mut().push(format!(
                    "{version} handles an event with the state of {written:?}, which it never accepted"
                ));
            }
            Ok(next(invocation, event, *town.tired.borrow()))
        }
    };
    decision(
        invocation,
        result.map(|commands| Decided {
            state: version.as_bytes().to_vec(),
            commands,
        }),
    )
}

fn next(invocation: &Invocation, event: &Event, tired: bool) -> Vec<Command> {
    let leg = match event {
        Event::CallOffered(offer) => Some(offer.leg),
        Event::Outcome(outcome) => {
            let holds = |leg: &LegId| invocation.held.iter().any(|held| held.leg == *leg);
            Some(LegId(outcome.tag)).filter(holds)
        }
        _ => None,
    };
    let Some(leg) = leg else {
        return vec![];
    };
    let end = vec![Command::HangUp {
        tag: 0,
        leg,
        cause: Cause::Normal,
    }];
    match event {
        _ if tired => end,
        Event::CallOffered(_) => vec![Command::Answer { tag: leg.0, leg }],
        Event::Outcome(outcome) => match &outcome.kind {
            OutcomeKind::Done => vec![gather(leg)],
            OutcomeKind::Gathered(GatherOutcome::Digits(digits)) => {
                let line = Target::Line(format!("20{digits}"));
                vec![dial(leg, vec![line], 15)]
            }
            OutcomeKind::Dialled(outcome) if matches!(outcome.result, DialResult::Answered(_)) => vec![],
            OutcomeKind::Dialled(_)
            | OutcomeKind::Gathered(_)
            | OutcomeKind::Failed(_)
            | OutcomeKind::Played(_) => end,
        },
        _ => vec![],
    }
}

fn gather(leg: LegId) -> Command {
    Command::Gather {
        tag: leg.0,
        leg,
        options: GatherOptions {
            prompt: vec![Sound::Announcement("welcome".to_owned())],
            barge_in: true,
            max_digits: 1,
            terminators: String::new(),
            first_digit: 5_000,
            between_digits: 2_000,
        },
    }
}

fn dial(leg: LegId, targets: Vec<Target>, seconds: u64) -> Command {
    Command::Dial {
        tag: leg.0,
        caller: Some(leg),
        stages: vec![Stage {
            targets,
            ring_for: seconds * 1_000,
        }],
        options: DialOptions::default(),
    }
}

fn decision(invocation: &Invocation, result: Result<Decided, Failure>) -> Decision {
    Decision {
        ask: invocation.ask,
        result,
        record: Record::default(),
        spent: Spent::default(),
    }
}
