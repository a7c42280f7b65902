//! Behaviours in a few lines of Rust, for one purpose each.

use std::time::Duration;

use contract::{
    Cause, Command, Decided, DialOptions, DialOutcome, DialResult, Event, Failure, GatherOptions,
    GatherOutcome, Invocation, LegId, OutcomeKind, Sound, Stage, Target, Task,
};

pub type Answer = Result<Decided, Failure>;

pub fn decided(commands: Vec<Command>) -> Answer {
    Ok(Decided {
        state: vec![1],
        commands,
    })
}

/// The event, or a clear failure for a migration that the test did not expect.
pub fn event(invocation: &Invocation) -> &Event {
    match &invocation.task {
        Task::Handle(event) => event,
        Task::Migrate { .. } => panic!("no migration expected"),
    }
}

/// The one leg that is held, when only one is.
pub fn only_leg(invocation: &Invocation) -> Option<LegId> {
    invocation.held.first().map(|held| held.leg)
}

pub fn dial(leg: LegId, stages: Vec<Stage>) -> Command {
    Command::Dial {
        tag: 9,
        caller: Some(leg),
        stages,
        options: DialOptions::default(),
    }
}

/// One key, over `welcome`.
pub fn gather(tag: u64, leg: LegId) -> Command {
    Command::Gather {
        tag,
        leg,
        options: GatherOptions {
            prompt: vec![Sound::Announcement("welcome".into())],
            barge_in: true,
            max_digits: 1,
            terminators: String::new(),
            first_digit: 5_000,
            between_digits: 2_000,
        },
    }
}

pub fn stage(targets: Vec<Target>, seconds: u64) -> Stage {
    Stage {
        targets,
        ring_for: seconds * 1_000,
    }
}

pub fn line(name: &str) -> Target {
    Target::Line(name.into())
}

/// Dials once when offered; refuses with the dial's cause when that fails.
pub fn dials(stages: Vec<Stage>) -> impl Fn(&Invocation) -> Answer {
    move |invocation| match event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, stages.clone())]),
        Event::Outcome(outcome) => match (&outcome.kind, only_leg(invocation)) {
            (
                OutcomeKind::Dialled(DialOutcome {
                    result: DialResult::Failed(cause),
                    ..
                }),
                Some(leg),
            ) => decided(vec![reject(leg, *cause)]),
            _ => decided(vec![]),
        },
        _ => decided(vec![]),
    }
}

/// Does one thing with the caller, and dials 202 so much later.
pub fn dials_202_after(wait: Duration, first: impl Fn(LegId) -> Command) -> impl Fn(&Invocation) -> Answer {
    const TAG: u64 = 5;
    move |invocation| match event(invocation) {
        Event::CallOffered(offer) => {
            let at = (invocation.now + wait).as_millis();
            decided(vec![first(offer.leg), Command::SetTimer { tag: TAG, at }])
        }
        Event::Timer(TAG) => match only_leg(invocation) {
            Some(leg) => decided(vec![dial(leg, vec![stage(vec![line("202")], 20)])]),
            None => decided(vec![]),
        },
        _ => decided(vec![]),
    }
}

pub fn reject(leg: LegId, cause: Cause) -> Command {
    Command::Reject { tag: 8, leg, cause }
}

/// Answers, asks for a digit, rings the line with that last digit: `1` → `201`.
pub fn menu(invocation: &Invocation) -> Answer {
    match event(invocation) {
        Event::CallOffered(offer) => decided(vec![Command::Answer {
            tag: 1,
            leg: offer.leg,
        }]),
        Event::Outcome(outcome) => {
            let Some(leg) = only_leg(invocation) else {
                return decided(vec![]);
            };
            match &outcome.kind {
                OutcomeKind::Done => decided(vec![gather(2, leg)]),
                OutcomeKind::Gathered(GatherOutcome::Digits(digits)) => decided(vec![dial(
                    leg,
                    vec![stage(vec![line(&format!("20{digits}"))], 20)],
                )]),
                OutcomeKind::Dialled(DialOutcome {
                    result: DialResult::Answered(_),
                    ..
                }) => decided(vec![]),
                _ => decided(vec![Command::HangUp {
                    tag: 3,
                    leg,
                    cause: Cause::Normal,
                }]),
            }
        }
        _ => decided(vec![]),
    }
}
