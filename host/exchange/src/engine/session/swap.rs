//! A change of version under a live session.
//!
//! It happens at the next event, never between: the new version is asked to take the state over
//! (`migrate`) and then gets the event. One that declines leaves the session pinned to the version that it
//! runs on, until it ends or yet another version is activated.

use std::sync::Arc;

use contract::{ModuleDigest, SessionId, Task};

use super::Question;
use crate::engine::Exchange;
use crate::report::Fact;

impl Exchange {
    /// Begins a change of version if one is due. True when the session is waiting for it.
    pub(super) fn begin_swap(&mut self, id: SessionId) -> bool {
        let Some(session) = self.sessions.get(&id) else {
            return false;
        };
        let Some(active) = self.wanted_version(session) else {
            return false;
        };
        if active.digest == session.running.digest
            || session.pinned_against.as_deref() == Some(&active.digest)
        {
            return false;
        }
        if session.state.is_none() {
            self.adopt(id, active.digest, None);
            return false;
        }
        let from_version = session.running.version.to_string();
        self.ask(
            id,
            active.digest,
            Task::Migrate { from_version },
            Question::Migration,
        );
        true
    }

    /// The new version took the state over.
    pub(super) fn migrated(&mut self, id: SessionId, to: ModuleDigest, state: Vec<u8>) {
        self.adopt(id, to, Some(Arc::from(state)));
    }

    /// The last good version takes the session over from one that failed, and keeps it until yet another one
    /// is activated. False when that version is gone.
    pub(super) fn retreat(&mut self, id: SessionId, to: ModuleDigest, state: Option<Vec<u8>>) -> bool {
        let Some(session) = self.sessions.get(&id) else {
            return false;
        };
        if session.running.digest == to {
            return true;
        }
        let wanted = self.wanted_version(session);
        let adopted = self.adopt(id, to, state.map(Arc::from));
        if let (Some(session), Some(wanted), true) = (self.sessions.get_mut(&id), wanted, adopted) {
            session.pinned_against = Some(Box::new(wanted.digest));
        }
        adopted
    }

    /// The session goes on with a version, unless that was withdrawn while it was asked: then the session stays as it
    /// is, and its next event is for whatever version is wanted by then.
    fn adopt(&mut self, id: SessionId, to: ModuleDigest, state: Option<Arc<[u8]>>) -> bool {
        let Some(session) = self.sessions.get(&id) else {
            return false;
        };
        let Some(version) = self.version(&session.tenant, &session.behaviour, to) else {
            let from = session.running.digest;
            self.report_swap(id, from, to, false);
            return false;
        };
        let running = self.running.share(version);
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        let from = std::mem::replace(&mut session.running, running).digest;
        session.pinned_against = None;
        session.draining = None;
        if state.is_some() {
            self.set_state(id, state);
        }
        self.report_swap(id, from, to, true);
        self.count_moved(id, to);
        true
    }

    fn report_swap(&mut self, id: SessionId, from: ModuleDigest, to: ModuleDigest, accepted: bool) {
        self.report_session(id, Fact::Swapped { from, to, accepted });
    }

    pub(super) fn migration_declined(&mut self, id: SessionId, to: ModuleDigest) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.pinned_against = Some(Box::new(to));
        let (from, draining) = (session.running.digest, session.draining.take());
        self.report_swap(id, from, to, false);
        if let Some(then) = draining {
            self.drained(id, to, then);
        }
    }
}
