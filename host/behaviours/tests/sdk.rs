//! A behaviour written with the SDK decides the same as a component and natively.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use behaviours::{Image, Invoker};
use contract::{Command, Event, LegEnded, LegId, Target, Task};
use support::hunting;

#[test]
fn a_group_hunts_alike_as_a_component_and_natively() {
    let runtime = support::runtime();
    let inspected = runtime.inspect(&hunting::build("hunt")).unwrap();
    assert_eq!(
        inspected.manifest.imports,
        ["clock", "dialling", "directory", "explain", "legs"]
    );
    runtime
        .load(inspected.digest, Image::Compiled(&inspected.compiled))
        .unwrap();
    let native = cordboard::native::Module::of::<hunt::Hunt>();

    let mut invocation = hunting::step(&runtime, inspected.digest);
    let ended = Event::LegEnded(LegEnded {
        leg: LegId(9),
        cause: contract::Cause::Cancelled,
    });
    let mut rung = Vec::new();
    for event in [
        hunting::busy(2),
        hunting::busy(2),
        hunting::busy(2),
        ended,
        hunting::busy(3),
    ] {
        invocation.task = Task::Handle(event);
        let decision = runtime.invoke(invocation.clone());
        let natively = native.invoke(&invocation);
        assert_eq!(
            (&decision.result, &decision.record),
            (&natively.result, &natively.record)
        );
        let decided = decision.result.unwrap();
        rung.extend(decided.commands.iter().map(told));
        invocation.state = Some(decided.state.into());
    }
    assert_eq!(rung, ["2: 208", "2: rejected", "2: rejected", "3: 208"]);
}

/// Settings that outgrow the room that the SDK's heap begins in.
#[test]
fn a_behaviour_may_use_more_memory_than_its_heap_begins_with() {
    let runtime = support::runtime();
    let inspected = runtime.inspect(&hunting::build("hunt")).unwrap();
    runtime
        .load(inspected.digest, Image::Compiled(&inspected.compiled))
        .unwrap();
    let mut invocation = hunting::step(&runtime, inspected.digest);
    let padding = " ".repeat(200_000);
    invocation.session.settings = format!("{}{padding}", invocation.session.settings).into();
    assert!(runtime.invoke(invocation).result.is_ok());
}

fn told(command: &Command) -> String {
    match command {
        Command::Dial { tag, stages, .. } => match &stages[0].targets[0] {
            Target::Line(line) => format!("{tag}: {line}"),
            other => format!("{tag}: {other:?}"),
        },
        Command::Reject { tag, .. } => format!("{tag}: rejected"),
        other => format!("{other:?}"),
    }
}
