use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::Moment;
use exchange::{Fact, Report};
use rustc_hash::FxHashMap;
use store::Write;

use super::kept::Kept;
use super::story::Story;
use super::{HOST, trace_key};

/// Steps kept of one call; a call with more keeps its beginning, and its end says how many are missing.
const STEPS: usize = 2_000;
/// Calls traced at once.
const CALLS: usize = 100_000;
/// Bytes of a stored trace before it is packed. A document may have 4 MiB.
const STORED: usize = 3 << 20;

/// How long a trace stays open after its call's detail record: the behaviours still have their last word.
const LINGER: Duration = Duration::from_secs(2);

/// Traces of the calls that are up, and of those that have just ended.
#[derive(Default)]
pub(super) struct Traces(Mutex<Open>);

#[derive(Default)]
struct Open {
    calls: FxHashMap<u64, Trace>,
    /// Ended calls, oldest first.
    ended: VecDeque<(Moment, u64)>,
}

#[derive(Default)]
struct Trace {
    reports: Vec<Arc<Report>>,
    missing: u64,
    end: Option<Arc<Report>>,
}

/// A call that is over, to be stored.
pub(super) struct Ended {
    tenant: Arc<str>,
    call: u64,
    trace: Trace,
}

impl Traces {
    /// Adds a report to its call's trace.
    pub fn add(&self, report: &Arc<Report>) {
        let Some(call) = report.call.map(|call| call.0) else {
            return;
        };
        let mut open = self.lock();
        let over = matches!(report.fact, Fact::CallEnded(_));
        if open.calls.len() >= CALLS && !open.calls.contains_key(&call) {
            return;
        }
        let trace = open.calls.entry(call).or_default();
        if trace.reports.len() < STEPS || over {
            trace.reports.push(report.clone());
        } else {
            trace.missing += 1;
        }
        if over {
            trace.end = Some(report.clone());
            open.ended.push_back((report.at, call));
        }
    }

    /// The traces that can be closed at `now`, to be stored.
    pub fn close(&self, now: Moment) -> Vec<Ended> {
        let mut open = self.lock();
        let mut closed = Vec::new();
        while open.ended.front().is_some_and(|(end, _)| *end + LINGER <= now) {
            let Some((_, call)) = open.ended.pop_front() else {
                break;
            };
            let Some(trace) = open.calls.remove(&call) else {
                continue;
            };
            let tenant = trace.end.as_ref().and_then(|end| end.tenant.clone());
            closed.push(Ended {
                tenant: tenant.unwrap_or_else(|| HOST.into()),
                call,
                trace,
            });
        }
        closed
    }

    /// Drops a tenant's traces.
    pub fn forget(&self, tenant: &str) {
        self.lock().calls.retain(|_, trace| trace.owner() != Some(tenant));
    }

    /// The story so far of a call that is up, if it is this tenant's.
    pub fn live(&self, tenant: &str, call: u64) -> Option<Story> {
        let trace = {
            let open = self.lock();
            let trace = open.calls.get(&call)?;
            Trace {
                reports: trace.reports.clone(),
                missing: trace.missing,
                end: trace.end.clone(),
            }
        };
        let live = trace.end.is_none();
        (trace.owner() == Some(tenant)).then(|| trace.story(call, live))
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    /// The first messages of a call come before its tenant is known.
    fn owner(&self) -> Option<&str> {
        self.reports.iter().find_map(|report| report.tenant.as_deref())
    }

    fn story(&self, call: u64, live: bool) -> Story {
        Story::tell(call, live, &self.reports, self.missing)
    }
}

impl Ended {
    /// The trace.
    pub fn write(&self) -> Option<Write> {
        let mut kept = Kept::of(self.call, &self.trace.reports, self.trace.missing);
        loop {
            if let Some(bytes) = kept.print(STORED) {
                return Some(Write::set(trace_key(&self.tenant, self.call), Some(bytes.into())));
            }
            if kept.is_empty() {
                return None;
            }
            kept.halve();
        }
    }
}
