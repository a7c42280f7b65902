//! The `hunt` guest of the decision bench: built to a core module, and the events of a group.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use base::Moment;
use behaviours::{Invoker, Runtime};
use contract::{
    CalendarState, Cause, DialOutcome, DialResult, Event, HeldLeg, Identity, Invocation, LegId, Line,
    LocalTime, ModuleDigest, NumberClass, Offer, Outcome, OutcomeKind, RouteError, Task, View,
};

/// Builds a guest package to a core module.
pub fn build(package: &str) -> Vec<u8> {
    let exe = std::env::current_exe().unwrap();
    let target: PathBuf = exe.ancestors().nth(3).unwrap().into();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--target", "wasm32-unknown-unknown"])
        .args(["--profile", "guest", "--package", package, "--target-dir"])
        .arg(&target)
        .status();
    assert!(status.unwrap().success(), "cargo builds {package}");
    let file = format!("wasm32-unknown-unknown/guest/{package}.wasm");
    std::fs::read(target.join(file)).unwrap()
}

/// The third of ten members was busy; eight other calls wait.
pub fn step(runtime: &Runtime, hunt: ModuleDigest) -> Invocation {
    let members: Vec<_> = (201..211).map(|line| format!("\"{line}\"")).collect();
    let settings = format!(
        r#"{{"members":[{}],"ring-for":20,"waiting":"please-wait","overflow":"200"}}"#,
        members.join(",")
    );
    let mut invocation = super::invocation(hunt);
    invocation.session.settings = settings.into();
    invocation.view = Arc::new(Office::new());
    invocation.held = (1..=9).map(held).collect();
    for leg in 1..=9 {
        invocation.task = Task::Handle(offer(leg));
        answered(runtime, &mut invocation);
    }
    invocation.task = Task::Handle(busy(1));
    answered(runtime, &mut invocation);
    invocation
}

/// Runs it, and keeps the state for the next.
fn answered(runtime: &Runtime, invocation: &mut Invocation) {
    let decided = runtime.invoke(invocation.clone()).result.unwrap();
    invocation.state = Some(decided.state.into());
}

/// The member that was rung for this leg is busy.
pub fn busy(leg: u64) -> Event {
    Event::Outcome(Outcome {
        tag: leg,
        kind: OutcomeKind::Dialled(DialOutcome {
            result: DialResult::Failed(Cause::Busy),
            targets: vec![],
        }),
    })
}

fn held(leg: u64) -> HeldLeg {
    HeldLeg {
        leg: LegId(leg),
        sole_holder: true,
        answered: false,
    }
}

pub fn offer(leg: u64) -> Event {
    Event::CallOffered(Offer {
        leg: LegId(leg),
        caller: Identity {
            number: Some("+33123456789".into()),
            name: Some("Jeanne Martin".into()),
            anonymous: false,
            line: None,
        },
        called: "300".into(),
        number: "300".into(),
        diversions: vec![],
        answered: false,
        sole_holder: true,
        has_next: false,
    })
}

/// Ten lines, of which every fourth is free.
#[derive(Debug)]
struct Office(HashMap<String, Line>);

impl Office {
    fn new() -> Self {
        let line = |number: u32| Line {
            name: number.to_string(),
            number: Some(format!("+33123456{number}")),
            site: "paris".into(),
            owner: Some("Jeanne Martin".into()),
            registered: true,
            calls: u32::from(!number.is_multiple_of(4)),
            capacity: 2,
            ..Line::default()
        };
        Self(
            (201..211)
                .map(|number| (number.to_string(), line(number)))
                .collect(),
        )
    }
}

impl View for Office {
    fn line(&self, name: &str) -> Option<Line> {
        self.0.get(name).cloned()
    }

    fn setting(&self, _: &str, _: &str, _: &str) -> Option<String> {
        None
    }

    fn normalise(&self, typed: &str) -> Option<String> {
        Some(typed.into())
    }

    fn classify(&self, _: &str) -> NumberClass {
        NumberClass::Internal
    }

    fn matches(&self, number: &str, pattern: &str) -> bool {
        number == pattern
    }

    fn calendar(&self, _: &str, _: Moment) -> Option<CalendarState> {
        None
    }

    fn local_time(&self, _: Moment) -> LocalTime {
        LocalTime::default()
    }

    fn route(&self, _: &str) -> Result<NumberClass, RouteError> {
        Err(RouteError::NoTrunk)
    }
}
