//! The journal of sessions: what each was told, asked and decided, for replay on other versions.
//!
//! A session's steps are encoded as they are reported, on the reports' thread, and stored when it ends. One that goes on
//! for long, as sessions per number do, is stored in parts; so is one that only waits, once many do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::Moment;
use contract::{Record, SessionId};
use exchange::{Fact, Report};
use journal::{AnswerRef, Header, Segment, StepRef};
use rustc_hash::FxHashMap;
use store::Write;

use super::journal_of;

/// Sessions written down at once.
const SESSIONS: usize = 200_000;
/// Bytes of all sessions that wait for their end.
const BYTES: usize = 256 << 20;
/// Sessions that nothing happened to for a while are stored as far as they have come.
struct Patience {
    idle: Duration,
    /// How often idle ones are looked for.
    look: Duration,
}

const PATIENCE: Patience = Patience {
    idle: Duration::from_secs(600),
    look: Duration::from_secs(60),
};
/// While more than [`ROOM`] waits: a hundred thousand call backs wait for days.
const IMPATIENCE: Patience = Patience {
    idle: Duration::from_secs(2),
    look: Duration::from_secs(1),
};
/// Bytes of sessions that may wait in peace.
const ROOM: usize = 2 << 20;
/// Sessions that are handed to the store together, and how long the first of them waits at most.
const GATHERED: usize = 64;
const WAIT: Duration = Duration::from_millis(250);

#[derive(Default)]
pub(super) struct Journal(Mutex<Open>);

#[derive(Default)]
struct Open {
    sessions: FxHashMap<u64, Session>,
    bytes: usize,
    gathered: Vec<Write>,
    first_gathered: Moment,
    looked: Moment,
}

#[derive(Default)]
struct Session {
    tenant: Arc<str>,
    behaviour: Arc<str>,
    segment: Option<Segment>,
    /// The question that is out.
    asked: Option<Arc<Report>>,
}

impl Journal {
    /// Whether this is for [`asked`](Self::asked), too.
    pub fn is_question(report: &Report) -> bool {
        matches!(report.fact, Fact::Asked { given: Some(_), .. })
    }

    /// Keeps a question until it is answered.
    pub fn asked(&self, report: &Arc<Report>) {
        if let Some(session) = report.session {
            self.lock().asked(session.0, report);
        }
    }

    pub fn add(&self, report: &Report) {
        let Some(session) = report.session else {
            return;
        };
        match &report.fact {
            Fact::Decided {
                commands,
                state,
                record,
                ..
            } => self
                .lock()
                .answered(session, &AnswerRef::Decided(commands, *state), record, report.at),
            Fact::NotDecided { failure, record, .. } => {
                self.lock()
                    .answered(session, &AnswerRef::Failed(failure), record, report.at);
            }
            Fact::SessionEnded => self.lock().ended(session, report.at),
            _ => {}
        }
    }

    /// What is to be stored by now.
    pub fn due(&self, now: Moment) -> Vec<Write> {
        let mut open = self.lock();
        let patience = if open.bytes > ROOM { IMPATIENCE } else { PATIENCE };
        if open.looked + patience.look <= now {
            open.looked = now;
            open.close_idle(patience.idle, now);
        }
        let due = open.gathered.len() >= GATHERED || open.first_gathered + WAIT <= now;
        if due {
            std::mem::take(&mut open.gathered)
        } else {
            Vec::new()
        }
    }

    /// Drops what is being written down of a tenant that is no more.
    pub fn forget(&self, tenant: &str) {
        let mut open = self.lock();
        open.sessions.retain(|_, session| *session.tenant != *tenant);
        open.bytes = open.sessions.values().map(Session::bytes).sum();
        let theirs = store::key::prefix(["journal", tenant]);
        open.gathered
            .retain(|write| !matches!(write, Write::Append { stream, .. } if stream.starts_with(&theirs)));
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn bytes(&self) -> usize {
        self.segment.as_ref().map_or(0, Segment::len)
    }
}

impl Open {
    fn asked(&mut self, session: u64, report: &Arc<Report>) {
        if self.bytes > BYTES || (self.sessions.len() >= SESSIONS && !self.sessions.contains_key(&session)) {
            metrics::counter!("cordboard_journal_lost_total").increment(1);
            return;
        }
        self.sessions.entry(session).or_default().asked = Some(report.clone());
    }

    fn answered(&mut self, session: SessionId, answer: &AnswerRef<'_>, record: &Record, now: Moment) {
        let Some(open) = self.sessions.get_mut(&session.0) else {
            return;
        };
        let Some(asked) = open.asked.take() else {
            return;
        };
        let before = open.bytes();
        let full = open.add(session, &asked, answer, record);
        self.bytes = (self.bytes + open.bytes()).saturating_sub(before);
        if full {
            self.close(session.0, false, now);
        }
    }

    fn ended(&mut self, session: SessionId, now: Moment) {
        let asked = self
            .sessions
            .get_mut(&session.0)
            .and_then(|open| open.asked.take());
        if let (Some(asked), Some(open)) = (asked, self.sessions.get_mut(&session.0)) {
            open.add(session, &asked, &AnswerRef::None, &Record::default());
        }
        self.close(session.0, true, now);
        self.sessions.remove(&session.0);
    }

    /// Stores a session as far as it has come.
    fn close(&mut self, session: u64, ended: bool, now: Moment) {
        let Some(open) = self.sessions.get_mut(&session) else {
            return;
        };
        let Some(segment) = open.segment.take() else {
            return;
        };
        self.bytes = self.bytes.saturating_sub(segment.len());
        if segment.is_empty() {
            return;
        }
        if self.gathered.is_empty() {
            self.first_gathered = now;
        }
        self.gathered.push(Write::Append {
            stream: journal_of(&open.tenant, &open.behaviour),
            at: now,
            entry: segment.close(ended).into(),
        });
    }

    fn close_idle(&mut self, limit: Duration, now: Moment) {
        let idle = |session: &Session| {
            let latest = session.segment.as_ref().map(Segment::latest);
            session.asked.is_none() && latest.is_none_or(|latest| latest + limit <= now)
        };
        let idle: Vec<u64> = self
            .sessions
            .iter()
            .filter(|(_, session)| idle(session))
            .map(|(id, _)| *id)
            .collect();
        for session in idle {
            self.close(session, false, now);
            self.sessions.remove(&session);
        }
        if self.sessions.capacity() / 4 > self.sessions.len() {
            self.sessions.shrink_to_fit();
        }
    }
}

impl Session {
    /// Adds what was asked and answered; true when the segment takes no more.
    fn add(&mut self, session: SessionId, asked: &Report, answer: &AnswerRef<'_>, record: &Record) -> bool {
        let Fact::Asked {
            behaviour,
            module,
            version,
            task,
            given: Some(given),
            ..
        } = &asked.fact
        else {
            return false;
        };
        let segment = self.segment.get_or_insert_with(|| {
            self.tenant = asked.tenant.clone().unwrap_or_default();
            self.behaviour = behaviour.clone();
            Segment::begin(&Header {
                session,
                behaviour: behaviour.clone(),
                number: given.number.clone(),
                module: *module,
                version: version.clone(),
                settings: given.settings.clone(),
                state: given.state.clone(),
            })
        });
        let step = StepRef {
            at: asked.at,
            call: asked.call.map(|call| call.0),
            version: None,
            settings: None,
            task,
            seed: given.seed,
            held: &given.held,
            answer: answer.clone(),
            record,
        };
        segment.add(step, (*module, version), &given.settings).is_err()
    }
}
