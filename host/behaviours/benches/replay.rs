//! How many recorded sessions a second are played again on a candidate.
//!
//! Goal: 10 000 a second. Each session is a call to a hunt group of ten that rings, is busy, and rings the next: three events
//! with some twenty questions. They are decoded and played as the server does it, on the threads that give way to calls, and
//! beside that on one thread alone.
//!
//! ```text
//! cargo bench -p cordboard-behaviours --bench replay
//! ```
#![allow(clippy::unwrap_used, reason = "a bench may")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Instant;

use behaviours::{Config, Image, Invoker, Runtime, UploadLimits};
use contract::{EmptyView, Event, Invocation, Limits, ModuleDigest, Task};
use journal::{AnswerRef, Candidate, Header, Recorded, Segment, StepRef, Verdict, play};
use support::hunting::{build, busy, offer, step};

const SESSIONS: usize = 20_000;

fn main() {
    let upload = UploadLimits {
        rehearse: false,
        ..UploadLimits::default()
    };
    let runtime = Runtime::new(Config {
        upload,
        ..Config::default()
    })
    .unwrap();
    let inspected = runtime.inspect(&build("hunt")).unwrap();
    runtime
        .load(inspected.digest, Image::Compiled(&inspected.compiled))
        .unwrap();
    let entry = record(&runtime, inspected.digest);
    println!("a recorded session: 3 steps, {} bytes", entry.len());
    let entries = vec![entry; SESSIONS];
    let candidate = Candidate {
        module: inspected.digest,
        limits: Limits::default(),
        view: Arc::new(EmptyView),
    };
    let one = |entry: &Vec<u8>| {
        let recorded = Arc::new(Recorded::read(entry).unwrap());
        let verdict = play(&recorded, &candidate, &Arc::clone, &|invocation| {
            runtime.invoke(invocation)
        });
        assert_eq!(verdict, Verdict::Same(3));
    };
    let rate = |name: &str, work: &dyn Fn()| {
        let best = (0..3).map(|_| {
            let began = Instant::now();
            work();
            SESSIONS as f64 / began.elapsed().as_secs_f64()
        });
        println!("{name:<40} {:>10.0} sessions/s", best.fold(0.0, f64::max));
    };
    rate("decoded only", &|| {
        entries
            .iter()
            .for_each(|entry| drop(Recorded::read(entry).unwrap()))
    });
    rate("decoded and played, one thread", &|| entries.iter().for_each(one));
    rate("decoded and played, as the server does", &|| {
        drop(runtime.each_patiently(&entries, one));
    });
}

/// A call that is offered, whose first member is busy, and the second too.
fn record(runtime: &Runtime, hunt: ModuleDigest) -> Vec<u8> {
    let mut invocation: Invocation = step(runtime, hunt);
    invocation.state = None;
    let header = Header {
        session: invocation.session.id,
        behaviour: invocation.session.behaviour.clone(),
        number: invocation.session.number.clone(),
        module: hunt,
        version: "1.0.0".into(),
        settings: invocation.session.settings.clone(),
        state: None,
    };
    let mut segment = Segment::begin(&header);
    let events: [Event; 3] = [offer(1), busy(1), busy(1)];
    for event in events {
        let task = Task::Handle(event);
        invocation.task = task.clone();
        let decision = runtime.invoke(invocation.clone());
        let decided = decision.result.unwrap();
        let step = StepRef {
            at: invocation.now,
            call: Some(1),
            version: None,
            settings: None,
            task: &task,
            seed: invocation.seed,
            held: &invocation.held,
            answer: AnswerRef::Decided(&decided.commands, decided.state.len()),
            record: &decision.record,
        };
        segment.add(step, (hunt, "1.0.0"), &header.settings).unwrap();
        invocation.state = Some(decided.state.into());
    }
    segment.close(true)
}
