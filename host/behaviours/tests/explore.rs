//! The race explorer: it finds the order that nobody thought of, and the shortest one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod support;

use behaviours::explore::{Explored, Never, Scenario, Subject, explore};
use behaviours::{Image, Invoker};
use contract::{
    Cause, Command, Decided, DialOptions, DialResult, Event, Failure, Invocation, LegId, Limits,
    ModuleDigest, OutcomeKind, SessionScope, Stage, Target, Task,
};
use support::hunting::build;

const CALLER: LegId = LegId(1);

type Answer = Result<Decided, Failure>;

fn decided(state: u8, commands: Vec<Command>) -> Answer {
    Ok(Decided {
        state: vec![state],
        commands,
    })
}

fn dial() -> Command {
    let stage = Stage {
        targets: vec![Target::Line("201".into())],
        ring_for: 20_000,
    };
    Command::Dial {
        tag: 1,
        caller: Some(CALLER),
        stages: vec![stage],
        options: DialOptions::default(),
    }
}

fn reject() -> Command {
    Command::Reject {
        tag: 2,
        leg: CALLER,
        cause: Cause::Busy,
    }
}

fn event(invocation: &Invocation) -> &Event {
    match &invocation.task {
        Task::Handle(event) => event,
        Task::Migrate { .. } => panic!("nothing is swapped here"),
    }
}

/// Whether the dial failed.
fn has_failed(event: &Event) -> bool {
    matches!(event, Event::Outcome(outcome) if matches!(&outcome.kind, OutcomeKind::Dialled(dialled) if matches!(dialled.result, DialResult::Failed(_))))
}

fn explored(wake: &dyn Fn(&Invocation) -> Answer, scenario: &Scenario) -> Explored {
    let subject = Subject {
        module: ModuleDigest([1; 32]),
        scope: SessionScope::PerCall,
        settings: "{}",
        limits: Limits::default(),
        wake,
    };
    explore(&subject, scenario)
}

/// Rings a line; refuses the caller when nobody takes the call.
fn careful(invocation: &Invocation) -> Answer {
    match event(invocation) {
        Event::CallOffered(_) => decided(1, vec![dial()]),
        failed if has_failed(failed) && !invocation.held.is_empty() => decided(2, vec![reject()]),
        _ => decided(3, vec![]),
    }
}

#[test]
fn a_behaviour_that_thinks_of_everything_breaks_no_rule() {
    let explored = explored(&careful, &Scenario::default());
    assert_eq!((explored.broken, explored.cut), (None, false));
    assert!(explored.situations > 10, "{}", explored.situations);
}

/// Busy was forgotten: the caller would hear nothing.
#[test]
fn a_caller_left_in_silence_is_found() {
    let forgetful = |invocation: &Invocation| match event(invocation) {
        Event::CallOffered(_) => decided(1, vec![dial()]),
        _ => decided(2, vec![]),
    };
    let broken = explored(&forgetful, &Scenario::default()).broken.unwrap();
    assert!(broken.why.contains("silence"), "{}", broken.why);
    assert_eq!(broken.story.len(), 2, "offered, busy");
    assert!(has_failed(&broken.story[1].event));
}

/// The caller hangs up while the outcome of the dial is on its way: two events cross.
#[test]
fn a_race_is_found_with_the_shortest_way_to_it() {
    let racing = |invocation: &Invocation| match event(invocation) {
        Event::LegEnded(_) => decided(9, vec![]),
        failed if has_failed(failed) && invocation.state.as_deref() == Some(&[9]) => {
            Err(Failure::Trapped("called `unwrap` on nothing".into()))
        }
        failed if has_failed(failed) => decided(2, vec![dial()]),
        Event::CallOffered(_) => decided(1, vec![dial(), Command::SetTimer { tag: 5, at: 0 }]),
        Event::Timer(_) => decided(1, vec![Command::CancelDial { tag: 1 }]),
        _ => decided(1, vec![]),
    };
    let broken = explored(&racing, &Scenario::default()).broken.unwrap();
    assert!(broken.why.contains("unwrap"), "{}", broken.why);
    let kinds: Vec<_> = broken
        .story
        .iter()
        .map(|told| std::mem::discriminant(&told.event))
        .collect();
    assert!(kinds.len() <= 4, "{:#?}", broken.story);
    assert!(matches!(
        broken.story.last().unwrap().result,
        Err(Failure::Trapped(_))
    ));
}

/// "Nobody is rung for a caller who has gone."
#[test]
fn a_rule_that_the_author_states_is_kept_or_the_way_around_it_is_shown() {
    let rule = Never {
        command: "dial".to_owned(),
        after: Some("leg-ended".to_owned()),
    };
    let scenario = Scenario {
        never: vec![rule],
        ..Scenario::default()
    };
    assert_eq!(explored(&careful, &scenario).broken, None);
    let stubborn = |invocation: &Invocation| match event(invocation) {
        Event::CallOffered(_) | Event::LegEnded(_) => decided(1, vec![dial()]),
        failed if has_failed(failed) => decided(2, vec![reject()]),
        _ => decided(2, vec![]),
    };
    let broken = explored(&stubborn, &scenario).broken.unwrap();
    assert_eq!(broken.why, "`dial` is never to be given after `leg-ended`");
    assert_eq!(broken.story.len(), 2, "offered, hung up");
}

#[test]
fn an_exploration_has_an_end() {
    let endless = |invocation: &Invocation| {
        let count = invocation
            .state
            .as_deref()
            .map_or(0, |state| u32::from_le_bytes(state.try_into().unwrap()));
        Ok(Decided {
            state: (count + 1).to_le_bytes().to_vec(),
            commands: vec![
                Command::SetTimer { tag: 1, at: 0 },
                Command::Ring { tag: 2, leg: CALLER },
            ],
        })
    };
    let scenario = Scenario {
        most: 500,
        ..Scenario::default()
    };
    let explored = explored(&endless, &scenario);
    assert!(explored.cut && explored.broken.is_none());
}

/// A whole component. The hunt group of the benches takes no care: a caller hangs up while `busy` waits in the mailbox, and it
/// dials for a leg that is not there any more.
#[test]
fn a_component_is_explored_like_native_code() {
    let runtime = support::runtime();
    let inspected = runtime.inspect(&build("hunt")).unwrap();
    runtime
        .load(inspected.digest, Image::Compiled(&inspected.compiled))
        .unwrap();
    let wake = |invocation: &Invocation| runtime.invoke(invocation.clone()).result;
    let subject = Subject {
        module: inspected.digest,
        scope: inspected.manifest.scope,
        settings: r#"{"members":["201","202"],"ring-for":20,"waiting":"please-wait","overflow":"200"}"#,
        limits: Limits::default(),
        wake: &wake,
    };
    let once = explore(&subject, &Scenario::default());
    let broken = once.broken.clone().unwrap();
    assert_eq!(broken.why, "the module refused the event: the leg has ended");
    assert_eq!(broken.story.len(), 2, "offered, busy");
    let patient = Scenario {
        happenings: 1,
        ..Scenario::default()
    };
    assert_eq!(
        explore(&subject, &patient).broken,
        None,
        "one thing at a time does it no harm"
    );
    assert_eq!(
        explore(&subject, &Scenario::default()),
        once,
        "the same each time"
    );
}
