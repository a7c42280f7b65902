//! Traces that are open: of calls that are up, and of those that have just ended.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::Moment;
use exchange::{Fact, Report};
use rustc_hash::FxHashMap;
use store::Write;

use super::kept::{Found, Kept};
use super::story::Story;
use super::{HOST, trace_key};

/// Steps kept of one call; a call with more keeps its beginning, and its end says how many are missing.
const STEPS: usize = 2_000;
/// Calls traced at once.
const CALLS: usize = 100_000;

/// How long a trace stays open after its call's detail record: the behaviours still have their last word.
const LINGER: Duration = Duration::from_secs(2);

/// How long after that record a trace is packed: the answers to what ended the call have come by then.
const SETTLED: Duration = Duration::from_millis(100);

/// Traces of the calls that are up, and of those that have just ended.
#[derive(Default)]
pub(super) struct Traces(Mutex<Open>);

#[derive(Default)]
struct Open {
    calls: FxHashMap<u64, Trace>,
    /// Ended calls that have not been packed, oldest first.
    settling: VecDeque<(Moment, u64)>,
    /// Ended calls, oldest first.
    ended: VecDeque<(Moment, u64)>,
    /// To print facts in.
    room: Vec<u8>,
}

#[derive(Default)]
struct Trace {
    kept: Kept,
    /// The first messages of a call come before its tenant is known.
    tenant: Option<Arc<str>>,
    over: bool,
}

/// A call that is over, to be stored.
pub(super) struct Ended {
    tenant: Arc<str>,
    call: u64,
    kept: Kept,
}

impl Traces {
    /// Adds a report to its call's trace.
    pub fn add(&self, report: &Report) {
        let Some(call) = report.call.map(|call| call.0) else {
            return;
        };
        let open = &mut *self.lock();
        let over = matches!(report.fact, Fact::CallEnded(_));
        if open.calls.len() >= CALLS && !open.calls.contains_key(&call) {
            return;
        }
        let trace = open.calls.entry(call).or_default();
        if trace.kept.len() < STEPS || over {
            trace.kept.add(report, &mut open.room);
        } else {
            trace.kept.miss();
        }
        if trace.tenant.is_none() {
            trace.tenant.clone_from(&report.tenant);
        }
        if over {
            trace.over = true;
            open.settling.push_back((report.at, call));
            open.ended.push_back((report.at, call));
        }
    }

    /// The traces that can be closed at `now`, to be stored.
    pub fn close(&self, now: Moment) -> Vec<Ended> {
        let open = &mut *self.lock();
        while let Some((_, call)) = open.settling.pop_front_if(|(end, _)| *end + SETTLED <= now) {
            if let Some(trace) = open.calls.get_mut(&call) {
                trace.kept.settle(call);
            }
        }
        let mut closed = Vec::new();
        while open.ended.front().is_some_and(|(end, _)| *end + LINGER <= now) {
            let Some((_, call)) = open.ended.pop_front() else {
                break;
            };
            let Some(trace) = open.calls.remove(&call) else {
                continue;
            };
            closed.push(Ended {
                tenant: trace.tenant.unwrap_or_else(|| HOST.into()),
                call,
                kept: trace.kept,
            });
        }
        closed
    }

    /// Drops a tenant's traces.
    pub fn forget(&self, tenant: &str) {
        self.lock()
            .calls
            .retain(|_, trace| trace.tenant.as_deref() != Some(tenant));
    }

    /// The story so far of a call that is up, if it is this tenant's.
    pub fn live(&self, tenant: &str, call: u64) -> Option<Story> {
        let (printed, over) = {
            let open = self.lock();
            let trace = open.calls.get(&call)?;
            let theirs = trace.tenant.as_deref() == Some(tenant);
            (theirs.then(|| trace.kept.print(call))??, trace.over)
        };
        Some(Found::read(&printed)?.tell(!over))
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ended {
    /// The trace.
    pub fn write(self) -> Option<Write> {
        let packed = self.kept.pack(self.call)?;
        Some(Write::set(
            trace_key(&self.tenant, self.call),
            Some(packed.into()),
        ))
    }
}
