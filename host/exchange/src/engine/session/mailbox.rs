//! What a session is told: events wait in its mailbox until the one before is handled.

use contract::{Cause, Event, Interests, OutcomeKind, SessionId, SessionScope, Tag};

use crate::engine::dial::outcome_event;
use crate::engine::{Exchange, Step};
use crate::report::Fact;

impl Exchange {
    /// Puts an event into the session's mailbox.
    pub(in crate::engine) fn deliver(&mut self, id: SessionId, event: Event) {
        let limit = self.config.mailbox;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.mailbox.len() >= limit {
            self.overflow(id);
            return;
        }
        // What another session sent counts as delivered: it must not be lost.
        let keep = matches!(event, Event::Message(_));
        session.mailbox.push_back(event);
        if keep {
            self.keep_session(id);
        }
        self.later(Step::Settle(id));
    }

    /// Delivers an optional event, if the behaviour asked for its kind.
    pub(in crate::engine) fn deliver_if(
        &mut self,
        id: SessionId,
        wants: fn(&Interests) -> bool,
        event: Event,
    ) {
        if self
            .sessions
            .get(&id)
            .is_some_and(|session| wants(&session.running.interests))
        {
            self.deliver(id, event);
        }
    }

    /// Tells a session what became of a command.
    pub(in crate::engine) fn outcome(&mut self, id: SessionId, tag: Tag, kind: OutcomeKind) {
        if !self.sessions.contains_key(&id) {
            return;
        }
        self.report_session(
            id,
            Fact::Outcome {
                tag,
                kind: kind.clone(),
            },
        );
        self.deliver(id, outcome_event(tag, kind));
        // What it waited for has happened, and would not happen again after a restart.
        if self.sessions.get(&id).is_some_and(|session| session.kept) {
            self.keep_session(id);
        }
    }

    /// Goes on with a session: the next event, or, when there is none, a look at what was left undone.
    pub(in crate::engine) fn settle(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.asked.is_some() {
            return;
        }
        if session.finishing {
            // A message that came meanwhile counts as delivered: the session goes on with it.
            if !session
                .mailbox
                .iter()
                .any(|event| matches!(event, Event::Message(_)))
            {
                self.end_session(id, Cause::Failed);
                return;
            }
            if let Some(session) = self.sessions.get_mut(&id) {
                session.finishing = false;
            }
        }
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if !session.mailbox.is_empty() {
            self.ask_next(id);
            return;
        }
        if session.draining.is_some() && self.begin_swap(id) {
            return;
        }
        self.look_after_idle(id);
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let holds_nothing =
            session.custodies.is_empty() && session.callees.is_empty() && session.dials.is_empty();
        if session.scope == SessionScope::PerCall && holds_nothing && session.mailbox.is_empty() {
            self.end_session(id, Cause::Normal);
        }
    }
}
