use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exchange::{Cdr, Fact, Report};
use store::Write;

use super::story::Story;
use super::{HOST, cdr_stream, trace_key};

/// Steps kept of one call; a call with more keeps its beginning, and its end says how many are missing.
const STEPS: usize = 2_000;
/// Calls traced at once.
const CALLS: usize = 100_000;
/// Bytes of a stored trace. A document may have 4 MiB.
const STORED: usize = 3 << 20;

/// Traces of the calls that are up.
#[derive(Default)]
pub(super) struct Traces(Mutex<HashMap<u64, Trace>>);

#[derive(Default)]
struct Trace {
    reports: Vec<Arc<Report>>,
    missing: u64,
}

/// A call that is over, to be stored.
pub(super) struct Ended {
    tenant: Arc<str>,
    call: u64,
    end: Arc<Report>,
    trace: Trace,
}

impl Traces {
    /// Adds a report to its call's trace; gives the call back when this was its last.
    pub fn add(&self, report: &Arc<Report>) -> Option<Ended> {
        let call = report.call?.0;
        let mut calls = self.lock();
        let over = matches!(report.fact, Fact::CallEnded(_));
        if calls.len() >= CALLS && !calls.contains_key(&call) && !over {
            return None;
        }
        let trace = calls.entry(call).or_default();
        if trace.reports.len() < STEPS || over {
            trace.reports.push(report.clone());
        } else {
            trace.missing += 1;
        }
        let trace = if over { calls.remove(&call)? } else { return None };
        let tenant = report.tenant.clone().unwrap_or_else(|| HOST.into());
        Some(Ended {
            tenant,
            call,
            end: report.clone(),
            trace,
        })
    }

    /// The story so far of a call that is up, if it is this tenant's.
    pub fn live(&self, tenant: &str, call: u64) -> Option<Story> {
        let trace = {
            let calls = self.lock();
            let trace = calls.get(&call)?;
            Trace {
                reports: trace.reports.clone(),
                missing: trace.missing,
            }
        };
        // The first messages of a call come before its tenant is known.
        let owner = trace.reports.iter().find_map(|report| report.tenant.as_deref())?;
        (owner == tenant).then(|| trace.story(call, true))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Trace>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace {
    fn story(&self, call: u64, live: bool) -> Story {
        Story::tell(call, live, &self.reports, self.missing)
    }
}

impl Ended {
    /// The detail record and the trace.
    pub fn writes(&self) -> Vec<Write> {
        let mut writes = Vec::new();
        if let Fact::CallEnded(cdr) = &self.end.fact {
            writes.extend(self.record(cdr));
        }
        let mut story = self.trace.story(self.call, false);
        while let Ok(json) = serde_json::to_vec(&story) {
            if json.len() <= STORED {
                writes.push(Write::set(trace_key(&self.tenant, self.call), Some(json.into())));
                break;
            }
            story.halve();
        }
        writes
    }

    fn record(&self, cdr: &Cdr) -> Option<Write> {
        let entry = serde_json::to_vec(cdr).ok()?.into();
        Some(Write::Append {
            stream: cdr_stream(&self.tenant),
            at: self.end.at,
            entry,
        })
    }
}
