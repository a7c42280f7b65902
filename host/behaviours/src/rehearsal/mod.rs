//! The dry run of an upload: calls as they come every day, each told to the module event by event.
//!
//! The tenant is one that has whatever it is asked for, the settings are the schema's defaults, and every
//! [`Plan`] has one way for calls to go. What must hold is only that the module goes along: it neither traps
//! nor exceeds what an event may cost, and does not leave a caller in silence. Whether it does what its
//! author meant, its own tests say.

mod call;
mod caller;
mod situation;
mod tenant;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use contract::{Cause, Decided, Failure, Invocation, Limits, Problem, SessionScope};

use call::{Call, Fault};
pub(crate) use caller::CALLER;
pub(crate) use situation::{Running, Situation, missed};
pub(crate) use tenant::Anything;

/// How one call goes.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// As the problem names it.
    name: &'static str,
    /// What comes of every dial.
    dials: Dials,
    /// The key that the caller presses whenever one is wanted.
    key: Option<char>,
    /// There are the announcements that it plays.
    announcements: bool,
    /// The caller hangs up as soon as the first event is handled.
    impatient: bool,
    /// Only time passes: nothing that was begun comes to its end before a timer does.
    timers_first: bool,
}

#[derive(Clone, Copy, Debug)]
enum Dials {
    Answered,
    Failed(Cause),
}

const ANSWERED: Plan = Plan {
    name: "a call that is answered",
    dials: Dials::Answered,
    key: Some('1'),
    announcements: true,
    impatient: false,
    timers_first: false,
};

const PLANS: [Plan; 9] = [
    ANSWERED,
    failing("busy everywhere", Cause::Busy),
    failing("nobody answers", Cause::NoAnswer),
    failing("nobody is registered", Cause::Unreachable),
    failing("every number is forbidden", Cause::Forbidden),
    Plan {
        name: "the caller hangs up at once",
        impatient: true,
        ..ANSWERED
    },
    Plan {
        name: "no key is pressed",
        key: None,
        ..failing("", Cause::NoAnswer)
    },
    Plan {
        name: "a key that is not offered",
        key: Some('#'),
        announcements: false,
        ..failing("", Cause::Busy)
    },
    Plan {
        name: "only time passes",
        timers_first: true,
        key: None,
        ..failing("", Cause::NoAnswer)
    },
];

const fn failing(name: &'static str, cause: Cause) -> Plan {
    Plan {
        name,
        dials: Dials::Failed(cause),
        ..ANSWERED
    }
}

/// What a dry run may cost in all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub fuel: u64,
    pub time: Duration,
}

/// Runs one event of the module: what it decided, and the fuel it took.
type Wake<'a> = dyn Fn(&Invocation) -> (Result<Decided, Failure>, u64) + 'a;

/// Wakes a module with each plan's events; returns what went wrong, each with what to do.
///
/// `incomplete`: its own `check` has something against the settings, so it may refuse events.
pub(crate) fn rehearse(
    wake: &Wake<'_>,
    settings: &str,
    scope: SessionScope,
    limits: Limits,
    budget: Budget,
    incomplete: bool,
) -> Vec<Problem> {
    let started = Instant::now();
    let mut faults: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut fuel = 0_u64;
    for plan in &PLANS {
        let mut call = Call::new(plan, scope, settings, limits);
        let fault = loop {
            let Some(invocation) = call.next() else { break None };
            let (result, spent) = wake(&invocation);
            fuel = fuel.saturating_add(spent);
            if fuel > budget.fuel || started.elapsed() > budget.time {
                return vec![exhausted(budget)];
            }
            if let Err(fault) = call.go_on(result) {
                break Some(fault);
            }
        };
        match fault {
            Some(Fault::Failed(_, Failure::Refused(_))) if incomplete => {}
            Some(fault) => faults.entry(fault.sentence()).or_default().push(plan.name),
            None => {}
        }
    }
    let problem = |(sentence, plans): (String, Vec<&str>)| Problem {
        path: String::new(),
        message: format!("the dry run failed ({}): {sentence}", plans.join("; ")),
    };
    faults.into_iter().map(problem).collect()
}

fn exhausted(budget: Budget) -> Problem {
    let message = format!(
        "the dry run of nine short calls took more than {} instructions or {} ms: do less in each event",
        budget.fuel,
        budget.time.as_millis()
    );
    Problem {
        path: String::new(),
        message,
    }
}
