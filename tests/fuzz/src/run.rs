//! From seed to seed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

use nix::time::ClockId;

use crate::Target;

/// Processor time: a case takes microseconds to milliseconds, one of this length has met something quadratic. The wall
/// clock would blame the machine's other work on it.
const FAR_TOO_LONG: Duration = Duration::from_secs(5);
/// More findings than this are one finding.
const MAX_FINDINGS: usize = 20;

/// Characters of a panic's message that are shown.
const SHOWN: usize = 300;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    Cases(u64),
    Time(Duration),
}

/// What a run of one target saw.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub cases: u64,
    /// Inputs handed to the code: a case can hold many.
    pub inputs: u64,
    /// The first of each kind, by what was said.
    pub findings: Vec<Finding>,
}

/// A case that went wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    pub seed: u64,
    /// The panic's message and place, or how long it took.
    pub what: String,
}

/// Runs cases `first`, `first + 1`, … until it is time to stop. The same first seed and number of cases do
/// the same again.
pub fn run(target: &Target, first: u64, until: Until) -> Outcome {
    hear_panics();
    let start = Instant::now();
    let mut outcome = Outcome::default();
    let mut kinds = BTreeMap::new();
    loop {
        let is_over = match until {
            Until::Cases(cases) => outcome.cases >= cases,
            Until::Time(length) => start.elapsed() >= length,
        };
        if is_over || kinds.len() >= MAX_FINDINGS {
            break;
        }
        let seed = first.wrapping_add(outcome.cases);
        outcome.cases += 1;
        match case(target, seed) {
            Ok(inputs) => outcome.inputs += inputs,
            Err((kind, what)) => {
                kinds.entry(kind).or_insert(Finding { seed, what });
            }
        }
    }
    outcome.findings = kinds.into_values().collect();
    outcome
}

/// Runs one case. The error is the kind of finding, and its story.
fn case(target: &Target, seed: u64) -> Result<u64, (String, String)> {
    let start = worked();
    let result = catch_unwind(AssertUnwindSafe(|| (target.case)(seed)));
    let took = worked().saturating_sub(start);
    match result {
        Err(_) => {
            let (place, message) = PANIC.with_borrow_mut(Option::take).unwrap_or_default();
            let message: String = message.chars().take(SHOWN).collect();
            Err((place.clone(), format!("{message} ({place})")))
        }
        Ok(_) if took > FAR_TOO_LONG => Err(("slow".into(), format!("it took {} ms", took.as_millis()))),
        Ok(inputs) => Ok(inputs),
    }
}

/// Processor time of this thread so far.
fn worked() -> Duration {
    ClockId::CLOCK_THREAD_CPUTIME_ID
        .now()
        .map_or(Duration::ZERO, Duration::from)
}

thread_local! {
    /// Place and message of the last panic of this thread.
    static PANIC: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Keeps what panics say, instead of printing each.
fn hear_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let message = info.payload_as_str().unwrap_or("no message").to_owned();
            PANIC.with_borrow_mut(|last| *last = Some((place, message)));
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_found_once_with_the_seed_that_shows_it_again() {
        let target = Target {
            name: "panics",
            about: "",
            case: |seed| {
                assert!(seed % 10 != 7, "seven again");
                1
            },
        };
        let outcome = run(&target, 0, Until::Cases(30));
        assert_eq!(
            (outcome.cases, outcome.inputs, outcome.findings.len()),
            (30, 27, 1)
        );
        let finding = &outcome.findings[0];
        assert_eq!(finding.seed, 7);
        assert!(finding.what.starts_with("seven again"), "{}", finding.what);
        assert!(run(&target, 8, Until::Cases(3)).findings.is_empty());
    }
}
