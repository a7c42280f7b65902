//! What a decision costs in each language: the same behaviours, events and settings, one after the other in one run.
//!
//! ```text
//! cargo xtask bench languages
//! ```
#![allow(clippy::unwrap_used, reason = "a bench may")]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::{Invocation, OutcomeKind};
use cordboard::test::Flow;
use languages::{Built, Language};
use nix::sys::resource::{UsageWho, getrusage};

const MENU: &str = r#"{"enabled":true,"calendar":null,"attempts":3,"wait":5,"goodbye":"goodbye","fallback":null,
    "extension-digits":0,"open":{"greeting":"welcome","keys":[{"key":"1","label":"","number":"201","submenu":null}]},
    "closed":{"greeting":"","keys":[]},
    "by-name":{"key":null,"prompt":"spell-the-name","unknown":"nobody-of-that-name","people":[]}}"#;

const GROUP: &str = r#"{"members":["201","202","203","204","205","206","207","208"],"mode":"free-line","rings":5,"wrap-up":0,
    "queue-length":20,"max-wait":300,"greeting":"welcome","greeting-interruptive":true,"waiting":"please-wait",
    "overflow":"dissuasion","dissuasion":"all-busy","overflow-number":null,"calendar":null,"closed-number":null}"#;

const LINES: [&str; 8] = ["201", "202", "203", "204", "205", "206", "207", "208"];

/// For so long each row is measured, and so often at least.
const LONG: Duration = Duration::from_secs(2);
const LEAST: usize = 50;

/// An event of a behaviour.
struct Case {
    behaviour: &'static str,
    settings: &'static str,
    event: &'static str,
    /// Which of the flow's events it is.
    index: usize,
}

const CASES: [Case; 3] = [
    Case {
        behaviour: "menu",
        settings: MENU,
        event: "a call comes in",
        index: 0,
    },
    Case {
        behaviour: "menu",
        settings: MENU,
        event: "key 1 leads to a line",
        index: 2,
    },
    Case {
        behaviour: "group",
        settings: GROUP,
        event: "a call, eight members are free",
        index: 0,
    },
];

fn main() {
    println!(
        "{:<6} {:<31} {:<11} {:>9} {:>9} {:>8} {:>7} {:>12}",
        "", "event", "language", "median µs", "p99 µs", "faults", "KiB", "fuel"
    );
    for case in &CASES {
        for language in [Language::Rust].into_iter().chain(Language::ALL) {
            if Built::exists(language, case.behaviour) {
                row(case, language);
            }
        }
    }
}

fn row(case: &Case, language: Language) {
    let built = Built::of(language, case.behaviour);
    let invocation = invocation(case, &built);
    let first = built.decide(&invocation);
    assert!(first.result.is_ok(), "{language:?}: {:?}", first.result);
    let faults = faults();
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < LONG || times.len() < LEAST {
        let started = Instant::now();
        let decision = built.decide(&invocation);
        times.push(started.elapsed());
        assert_eq!(decision.result, first.result);
    }
    let faults = (self::faults() - faults) as f64 / times.len() as f64;
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!(
        "{:<6} {:<31} {:<11} {:>9.1} {:>9.1} {:>8.1} {:>7} {:>12}",
        case.behaviour,
        case.event,
        format!("{language:?}"),
        at(0.5),
        at(0.99),
        faults,
        built.size().div_ceil(1024),
        first.spent.fuel
    );
}

/// The event as it comes in a call: somebody calls, is answered, presses 1.
fn invocation(case: &Case, built: &Arc<Built>) -> Invocation {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (told, decides) = (Rc::clone(&seen), Arc::clone(built));
    let decide = move |invocation: &Invocation| {
        told.borrow_mut().push(invocation.clone());
        decides.decide(invocation)
    };
    let mut flow = Flow::through(decide, case.settings);
    flow.tenant().lines(&LINES);
    let caller = flow.call("0147200001");
    if case.index > 0 {
        flow.audio(
            caller,
            OutcomeKind::Gathered(contract::GatherOutcome::Digits("1".into())),
        );
    }
    seen.borrow()[case.index].clone()
}

/// Pages that this thread has had to fault in so far.
fn faults() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).unwrap().minor_page_faults()
}
