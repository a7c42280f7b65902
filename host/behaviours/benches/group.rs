//! What a decision of a large group costs: the shipped `group` with 50 callers waiting and 200 members, in a fresh
//! instance for each event.
//!
//! Goal: median ≤ 200 µs. A day is played once and every question kept; then each is asked again, so that a row is the
//! median over many states, not one.
//!
//! ```text
//! cargo bench -p cordboard-behaviours --bench group
//! ```
#![allow(clippy::unwrap_used, reason = "a bench may")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use behaviours::{Config, Image, Invoker, Runtime};
use contract::{Cause, Event, Invocation, LegId, LineChange, Task};
use cordboard::secs;
use cordboard::test::Flow;
use support::hunting::build;

const MEMBERS: usize = 200;
const WAITING: usize = 50;
const ROUNDS: usize = 100;

type Kept = Rc<RefCell<Vec<Invocation>>>;

fn main() {
    let runtime = Arc::new(Runtime::new(Config::default()).unwrap());
    let inspected = runtime.inspect(&build("group")).unwrap();
    let digest = inspected.digest;
    runtime
        .load(digest, Image::Component(&inspected.component))
        .unwrap();

    println!(
        "{:<44} {:>10} {:>8} {:>10}",
        "50 wait, 200 members", "median µs", "p99 µs", "state"
    );
    for (name, play) in [
        (
            "all talk to callers of the group",
            talking as fn(&mut Flow, &Kept),
        ),
        ("all are in calls of their own", elsewhere),
    ] {
        let kept = Kept::default();
        let mut flow = crowd(&runtime, digest, &kept);
        play(&mut flow, &kept);
        report(name, &runtime, &kept.borrow());
    }
}

/// A group under way; what it is asked is kept.
fn crowd(runtime: &Arc<Runtime>, digest: contract::ModuleDigest, kept: &Kept) -> Flow {
    let members: Vec<String> = (0..MEMBERS).map(member).collect();
    let settings = format!(
        r#"{{"members":["{}"],"mode":"free-line","queue-length":50,"max-wait":3600,"greeting":null,"waiting":"please-wait",
            "wrap-up":30}}"#,
        members.join("\",\"")
    );
    let (runtime, kept) = (Arc::clone(runtime), Rc::clone(kept));
    let decide = move |invocation: &Invocation| {
        let invocation = Invocation {
            module: digest,
            ..invocation.clone()
        };
        kept.borrow_mut().push(invocation.clone());
        runtime.invoke(invocation)
    };
    let mut flow = Flow::through(decide, &settings);
    for member in &members {
        flow.tenant().line(member);
    }
    flow
}

fn member(index: usize) -> String {
    format!("+3314720{index:04}")
}

/// Members answer and hang up; as one caller is served the next one comes.
fn talking(flow: &mut Flow, kept: &Kept) {
    let mut talks: Vec<(LegId, usize)> = Vec::new();
    for index in 0..MEMBERS {
        let caller = flow.call("0612345678");
        talks.push((flow.answers(caller, 0), index));
        flow.tenant().line(&member(index)).calls = 1;
    }
    for _ in 0..WAITING {
        flow.call("0612345678");
    }
    kept.borrow_mut().clear();
    for _ in 0..ROUNDS {
        let (callee, index) = talks.remove(0);
        flow.tenant().line(&member(index)).calls = 0;
        flow.hangs_up(callee);
        flow.passes(secs(30));
        let (caller, _) = flow.dialling().remove(0);
        talks.push((flow.answers(caller, 0), index));
        flow.tenant().line(&member(index)).calls = 1;
        flow.call("0612345678");
    }
}

/// Nobody is free: every member's line has to be looked at.
fn elsewhere(flow: &mut Flow, kept: &Kept) {
    for index in 0..MEMBERS {
        flow.tenant().line(&member(index)).calls = 1;
    }
    for _ in 0..WAITING {
        flow.call("0612345678");
    }
    kept.borrow_mut().clear();
    for round in 0..ROUNDS {
        let name = member(round);
        flow.tenant().line(&name).calls = 0;
        changed(flow, &name, 0);
        let (caller, _) = flow.dialling().remove(0);
        flow.fails(caller, Cause::NoAnswer);
        flow.tenant().line(&name).calls = 1;
        changed(flow, &name, 1);
    }
}

fn changed(flow: &mut Flow, line: &str, calls: u32) {
    flow.happens(Event::LineChanged(LineChange {
        line: line.into(),
        registered: true,
        calls,
    }));
}

fn report(name: &str, runtime: &Runtime, kept: &[Invocation]) {
    let mut took = Vec::new();
    for _ in 0..10 {
        for invocation in kept {
            let invocation = invocation.clone();
            let kind = kind(&invocation.task);
            let state = invocation.state.as_ref().map_or(0, |state| state.len());
            let begin = Instant::now();
            let decision = runtime.invoke(invocation);
            took.push((begin.elapsed().as_nanos() as u64, kind, state));
            decision.result.unwrap();
        }
    }
    row(name, took.clone());
    let mut kinds: Vec<_> = took.iter().map(|(_, kind, _)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of_kind = took.iter().filter(|(_, other, _)| *other == kind).copied();
        row(&format!("  {kind}"), of_kind.collect());
    }
}

fn row(name: &str, mut took: Vec<(u64, &str, usize)>) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    let micros = |nanos: u64| nanos as f64 / 1_000.0;
    println!(
        "{name:<44} {:>10.1} {:>8.1} {:>10}",
        micros(at(50).0),
        micros(at(99).0),
        at(50).2
    );
}

fn kind(task: &Task) -> &'static str {
    match task {
        Task::Handle(Event::CallOffered(_)) => "a call comes",
        Task::Handle(Event::Outcome(_)) => "a phone answers or does not",
        Task::Handle(Event::LegEnded(_)) => "somebody hangs up",
        Task::Handle(Event::LineChanged(_)) => "a line changes",
        Task::Handle(Event::Timer(_)) => "a pause is over",
        Task::Handle(_) | Task::Migrate { .. } => "anything else",
    }
}
