//! Timers that behaviours set.

use base::Moment;
use contract::{Event, SessionId, Tag};

use crate::engine::{Due, Exchange};

/// Timers that a session may have set at once (`wit/timers.wit`).
const MAX_TIMERS: usize = 256;

impl Exchange {
    pub(in crate::engine) fn set_session_timer(&mut self, id: SessionId, tag: Tag, at: Moment) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        if let Some(old) = session.timers.remove(&tag) {
            self.timers.cancel(old);
        } else if session.timers.len() >= MAX_TIMERS {
            return false;
        }
        let key = self.timers.set(at.max(self.now), Due::SessionTimer(id, tag));
        session.timers.insert(tag, key);
        true
    }

    pub(in crate::engine) fn cancel_session_timer(&mut self, id: SessionId, tag: Tag) {
        let timer = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.timers.remove(&tag));
        if let Some(timer) = timer {
            self.timers.cancel(timer);
        }
    }

    pub(in crate::engine) fn session_timer(&mut self, id: SessionId, tag: Tag) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.timers.remove(&tag);
            self.deliver(id, Event::Timer(tag));
            self.keep_session(id);
        }
    }
}
