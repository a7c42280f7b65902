//! Where the exchange's reports go: to watchers, into traces, detail records and metrics.
//!
//! The shell hands every report to [`Hub::report`], on a thread of its own: ending a call writes its whole trace.

mod journal;
mod kept;
mod retention;
mod sink;
mod story;
mod tally;
mod traces;
pub mod words;

use std::sync::Arc;

use base::Moment;
use exchange::{Fact, Report};
use serde_json::Value;
use store::{Store, Write, Writer, key};
use tokio::sync::broadcast;

pub use retention::{Keep, KeepJournal, clear_journals, clear_old};
pub use story::{Step, Story};

use journal::Journal;
use kept::Found;
use sink::Sink;
use tally::Tally;
use traces::Traces;

/// Reports that a watcher may lag behind before it misses some and is told.
const WATCHERS_LAG: usize = 4_096;

/// See the module. Clones share everything.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    watchers: broadcast::Sender<Arc<Report>>,
    tally: Tally,
    traces: Traces,
    journal: Journal,
    sink: Sink,
}

impl Hub {
    /// Traces of ended calls go through `writer`.
    pub fn new(writer: Arc<Writer>) -> Self {
        let (watchers, _) = broadcast::channel(WATCHERS_LAG);
        Self(Arc::new(Inner {
            watchers,
            tally: Tally::new(),
            traces: Traces::default(),
            journal: Journal::default(),
            sink: Sink::new(writer),
        }))
    }

    /// Takes one report. After some of them, [`tidy`](Self::tidy).
    pub fn report(&self, report: Report) {
        self.0.tally.count(&report);
        self.0.traces.add(&report);
        self.0.journal.add(&report);
        let is_question = Journal::is_question(&report);
        // What is sent stays in the channel, out of the processor's cache, until as many others came.
        let is_watched = self.0.watchers.receiver_count() > 0;
        if !is_question && !is_watched {
            return;
        }
        let report = Arc::new(report);
        if is_question {
            self.0.journal.asked(&report);
        }
        if is_watched {
            let _ = self.0.watchers.send(report);
        }
    }

    /// Stores the traces of calls that ended a while before `now`, and the sessions that the journal has gathered. Call it after reports, now and then
    /// when there are none, and with [`Moment::MAX`] at the end.
    pub fn tidy(&self, now: Moment) {
        for ended in self.0.traces.close(now) {
            self.0.sink.send(ended.write().into_iter().collect());
        }
        let sessions = self.0.journal.due(now);
        if !sessions.is_empty() {
            self.0.sink.send(sessions);
        }
    }

    /// Drops what is being traced of a tenant that is no more.
    pub(crate) fn forget(&self, tenant: &str) {
        self.0.traces.forget(tenant);
        self.0.journal.forget(tenant);
    }

    /// Reports from now on.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Report>> {
        self.0.watchers.subscribe()
    }

    /// What happened in a call, live or ended.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn why(&self, store: &dyn Store, tenant: &str, call: u64) -> Result<Option<Story>, store::Error> {
        if let Some(story) = self.0.traces.live(tenant, call) {
            return Ok(Some(story));
        }
        let document = store.get(&trace_key(tenant, call))?;
        let found = document.and_then(|document| Found::unpack(&document.value));
        Ok(found.map(|found| found.tell(false)))
    }

    /// Notes who changed what.
    pub(crate) fn audit(&self, tenant: Option<&str>, at: Moment, entry: &Value) {
        let stream = key::join(["audit", tenant.unwrap_or(HOST)]);
        self.0.sink.send(vec![Write::Append {
            stream,
            at,
            entry: entry.to_string().into(),
        }]);
    }
}

/// The detail record that a call's end brings. Whoever removes the call from the store writes it first, so that
/// a crash cannot fall between them.
pub fn detail_record(report: &Report) -> Option<Write> {
    let Fact::CallEnded(cdr) = &report.fact else {
        return None;
    };
    let tenant = report.tenant.clone().unwrap_or_else(|| HOST.into());
    Some(Write::Append {
        stream: cdr_stream(&tenant),
        at: report.at,
        entry: serde_json::to_vec(cdr).ok()?.into(),
    })
}

/// Stands for the tenant where there is none. No tenant's id begins with a dash.
const HOST: &str = "-";

/// The stream that the sessions of a tenant's behaviour are in.
pub(crate) fn journal_of(tenant: &str, behaviour: &str) -> String {
    key::join(["journal", tenant, behaviour])
}

/// Of fixed width, so that keys lie in the order of calls.
fn trace_key(tenant: &str, call: u64) -> String {
    key::join(["trace", tenant, &format!("{call:020}")])
}

fn cdr_stream(tenant: &str) -> String {
    key::join(["cdr", tenant])
}

/// The stream that a tenant's call detail records are in.
pub(crate) fn cdrs_of(tenant: &str) -> String {
    cdr_stream(tenant)
}
