//! Sessions that wait for a line to be free, in a call or registered: `wit/watches.wit`.
//!
//! ```text
//!  watch ──▶ is it so already? ──▶ done
//!              └──▶ in the line's queue ──line changes──▶ done, first come first served
//!                        └── its time is over, its line is gone ──▶ failed
//! ```
//!
//! A watch is an entry of its line's queue and of its session, and one timer: nothing is looked at while nothing happens,
//! and a line that changes looks at its own queue only. What its session has kept is kept with it.

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use contract::{Cause, Condition, OutcomeKind, SessionId, Tag};

use super::kept::records::WatchRecord;
use super::outside::Knowledge;
use super::timers::TimerKey;
use super::{Due, Exchange};

/// As `wit/watches.wit` says.
const MAX_OF_SESSION: usize = 256;
const MAX_OF_LINE: usize = 1_024;
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3_600);

/// What a session waits for.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub tag: Tag,
    /// Its line, by id.
    pub line: Arc<str>,
    pub condition: Condition,
    /// Smaller for those that came before.
    pub place: u64,
    pub over: TimerKey,
}

/// A watch, in the queue of its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    place: u64,
    session: SessionId,
    tag: Tag,
    condition: Condition,
}

impl Exchange {
    /// Carries out `watch`.
    pub(super) fn watch_line(
        &mut self,
        id: SessionId,
        tag: Tag,
        line: &str,
        condition: Condition,
        expiry: Duration,
    ) {
        self.cancel_watch(id, tag);
        match self.begin_watch(id, tag, line, condition, expiry) {
            Ok(true) => self.outcome(id, tag, OutcomeKind::Done),
            Ok(false) => {}
            Err(cause) => self.outcome(id, tag, OutcomeKind::Failed(cause)),
        }
    }

    /// True when it is so already.
    fn begin_watch(
        &mut self,
        id: SessionId,
        tag: Tag,
        line: &str,
        condition: Condition,
        expiry: Duration,
    ) -> Result<bool, Cause> {
        let session = self.sessions.get(&id).ok_or(Cause::Failed)?;
        let tenant = session.tenant.clone();
        if session.watches.len() >= MAX_OF_SESSION {
            return Err(Cause::Congestion);
        }
        let line = self.tenant(&tenant).and_then(|view| view.find_line(line));
        let line = line
            .map(|line| line.id.text().clone())
            .ok_or(Cause::UnknownNumber)?;
        if self.is_in(&tenant, &line, condition) {
            return Ok(true);
        }
        if self.knowledge(&tenant, &line) == Knowledge::Never {
            return Err(Cause::Unreachable);
        }
        if self.activity(&tenant, &line).waiting.len() >= MAX_OF_LINE {
            return Err(Cause::Congestion);
        }
        let watch = WatchRecord {
            tag,
            line,
            condition,
            place: self.ids.next(),
            over: self.now + expiry.min(LONGEST),
        };
        self.await_line(id, watch);
        Ok(false)
    }

    /// Puts a watch into the queue of its line, also one of an earlier run.
    pub(super) fn await_line(&mut self, id: SessionId, watch: WatchRecord) {
        let WatchRecord {
            tag,
            line,
            condition,
            place,
            over,
        } = watch;
        let over = self.timers.set(over.max(self.now), Due::WatchOver(id, tag));
        let Some(session) = self.sessions.get_mut(&id) else {
            self.timers.cancel(over);
            return;
        };
        let tenant = session.tenant.clone();
        session.watches.reserve_exact(1);
        session.watches.push(Watch {
            tag,
            line: line.clone(),
            condition,
            place,
            over,
        });
        let waiting = &mut self.activity(&tenant, &line).waiting;
        let position = waiting.partition_point(|other| other.place < place);
        let waits = Waits {
            place,
            session: id,
            tag,
            condition,
        };
        waiting.reserve_exact(1);
        waiting.insert(position, waits);
        self.look_elsewhere(&tenant, &line);
    }

    fn is_in(&self, tenant: &str, line: &str, condition: Condition) -> bool {
        let Some(state) = self.tenant(tenant).map(|view| view.line_state(line)) else {
            return false;
        };
        let is_known = match condition {
            // That a line has no call is known of all its calls only.
            Condition::Idle | Condition::OnHook => self.knowledge(tenant, line) == Knowledge::Full,
            Condition::OffHook | Condition::Registered => true,
        };
        is_known && condition.holds(state.registered > 0, u32::from(state.calls))
    }

    /// Carries out `cancel`.
    pub(super) fn cancel_watch(&mut self, id: SessionId, tag: Tag) {
        self.take_watch(id, tag);
    }

    fn take_watch(&mut self, id: SessionId, tag: Tag) -> Option<Watch> {
        let session = self.sessions.get_mut(&id)?;
        let position = session.watches.iter().position(|watch| watch.tag == tag)?;
        let watch = session.watches.swap_remove(position);
        let tenant = session.tenant.clone();
        self.forget_watch(&tenant, &watch);
        Some(watch)
    }

    /// Takes a watch out of its line's queue, and its timer back.
    pub(super) fn forget_watch(&mut self, tenant: &str, watch: &Watch) {
        self.timers.cancel(watch.over);
        let lines = self.lines.get_mut(tenant);
        if let Some(activity) = lines.and_then(|lines| lines.get_mut(&watch.line)) {
            activity.waiting.retain(|waits| waits.place != watch.place);
            if activity.waiting.is_empty() {
                activity.waiting = Vec::new();
            }
        }
        self.look_elsewhere(tenant, &watch.line);
    }

    /// The line has changed: whoever waited for that hears so, in the order in which they came.
    pub(super) fn watches_fire(&mut self, tenant: &str, line: &str) {
        let waiting = self.lines.get(tenant).and_then(|lines| lines.get(line));
        let waiting = waiting.map_or(&[][..], |activity| &activity.waiting);
        if waiting.is_empty() {
            return;
        }
        let fired: Vec<Waits> = waiting
            .iter()
            .filter(|waits| self.is_in(tenant, line, waits.condition))
            .copied()
            .collect();
        for waits in fired {
            if self.take_watch(waits.session, waits.tag).is_some() {
                self.watch_ends(waits.session, waits.tag, OutcomeKind::Done);
            }
        }
    }

    /// What a restored watch waits for may have come about meanwhile.
    pub(super) fn watches_of_earlier_run(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let tenant = session.tenant.clone();
        let lines: Vec<Arc<str>> = session.watches.iter().map(|watch| watch.line.clone()).collect();
        for line in lines {
            self.watches_fire(&tenant, &line);
        }
    }

    /// Its time is over.
    pub(super) fn watch_over(&mut self, id: SessionId, tag: Tag) {
        if self.take_watch(id, tag).is_some() {
            self.watch_ends(id, tag, OutcomeKind::Failed(Cause::NoAnswer));
        }
    }

    /// The line is no more, or nobody tells how it is.
    pub(super) fn watches_of_line_end(&mut self, tenant: &str, line: &str, cause: Cause) {
        let lines = self.lines.get(tenant);
        let waiting = lines.and_then(|lines| lines.get(line));
        let waiting = waiting.map_or_else(Vec::new, |activity| activity.waiting.clone());
        for waits in waiting {
            if self.take_watch(waits.session, waits.tag).is_some() {
                self.watch_ends(waits.session, waits.tag, OutcomeKind::Failed(cause));
            }
        }
    }

    fn watch_ends(&mut self, id: SessionId, tag: Tag, kind: OutcomeKind) {
        self.outcome(id, tag, kind);
        self.keep_session(id);
    }
}

impl Watch {
    pub(super) fn record(&self) -> WatchRecord {
        WatchRecord {
            tag: self.tag,
            line: self.line.clone(),
            condition: self.condition,
            place: self.place,
            over: self.ends_at(),
        }
    }

    fn ends_at(&self) -> Moment {
        self.over.at()
    }
}
