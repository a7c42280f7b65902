//! Timers that behaviours set.

use std::time::Duration;

use base::Moment;
use contract::{Event, SessionId, SessionScope, Tag};
use smallvec::SmallVec;

use crate::engine::timers::TimerKey;
use crate::engine::{Due, Exchange};

/// Timers that a session may have set at once (`wit/timers.wit`).
const MAX_TIMERS: usize = 256;
/// After which a timer fires again whose event was lost.
const AGAIN: Duration = Duration::from_secs(60);

/// The timers of a session, in the order of their tags. Of a hundred thousand that wait each has one: a map would take ten times
/// the room.
#[derive(Debug, Default)]
pub(crate) struct SessionTimers(SmallVec<[(Tag, TimerKey); 1]>);

impl SessionTimers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Tag, TimerKey)> + '_ {
        self.0.iter().copied()
    }

    fn position(&self, tag: Tag) -> Result<usize, usize> {
        self.0.binary_search_by_key(&tag, |(other, _)| *other)
    }

    fn insert(&mut self, tag: Tag, key: TimerKey) {
        match self.position(tag) {
            Ok(position) => self.0[position].1 = key,
            Err(position) => self.0.insert(position, (tag, key)),
        }
    }

    fn remove(&mut self, tag: Tag) -> Option<TimerKey> {
        let position = self.position(tag).ok()?;
        Some(self.0.remove(position).1)
    }
}

impl FromIterator<(Tag, TimerKey)> for SessionTimers {
    fn from_iter<I: IntoIterator<Item = (Tag, TimerKey)>>(timers: I) -> Self {
        let mut own = Self::default();
        for (tag, key) in timers {
            own.insert(tag, key);
        }
        own
    }
}

impl Exchange {
    pub(in crate::engine) fn set_session_timer(&mut self, id: SessionId, tag: Tag, at: Moment) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        if let Some(old) = session.timers.remove(tag) {
            self.timers.cancel(old);
        } else if session.timers.0.len() >= MAX_TIMERS {
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
            .and_then(|session| session.timers.remove(tag));
        if let Some(timer) = timer {
            self.timers.cancel(timer);
        }
    }

    pub(in crate::engine) fn session_timer(&mut self, id: SessionId, tag: Tag) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.timers.remove(tag);
            self.deliver(id, Event::Timer(tag));
            self.keep_session(id);
        }
    }

    /// The behaviour failed at the event of a timer. A call that nothing happens to any more goes to the host's default;
    /// but a session per number may have nothing else that will ever wake it, and others rely on what it keeps.
    pub(super) fn timer_lost(&mut self, id: SessionId, tag: Tag) {
        let waits_for_it = self.sessions.get(&id).is_some_and(|session| {
            session.scope == SessionScope::PerNumber && session.timers.position(tag).is_err()
        });
        if waits_for_it {
            self.set_session_timer(id, tag, self.now + AGAIN);
            self.keep_session(id);
        }
    }
}
