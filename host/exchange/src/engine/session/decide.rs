//! What a behaviour decided, and the failure ladder when it did not.
//!
//! ```text
//!  failure ──▶ last good version takes the state over, same event ──▶ failure ──▶ the event is lost:
//!      a call that was offered goes to the host's default; other legs do if nothing happens to them now, or, where
//!      the session has many calls and waits for something, hear music until it does something about them; a timer of
//!      such a session fires again
//! ```
//!
//! A session that its last good version helped stays with it: the state is in its words now.

use std::sync::Arc;

use contract::{
    AskId, Cause, Decided, Decision, Event, Failure, ModuleDigest, Record, SessionId, Spent, Task,
};

use super::Question;
use crate::engine::Exchange;
use crate::engine::Step;
use crate::ids::CustodyId;
use crate::report::{Fact, Rung};

impl Exchange {
    /// An answer came in.
    pub(in crate::engine) fn decision(&mut self, decision: Decision) {
        let Some(id) = self.asks.remove(&decision.ask) else {
            if self.shadow_decided(&decision) || self.interception_decided(&decision) {
                return;
            }
            self.late_decisions += 1;
            self.report(Fact::LateDecision { ask: decision.ask });
            return;
        };
        let Some(asked) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.asked.take())
        else {
            return;
        };
        let asked = *asked;
        self.timers.cancel(asked.deadline);
        match (decision.result, asked.what) {
            (Ok(decided), Question::Event { event, again }) => {
                let fact = Fact::Decided {
                    ask: decision.ask,
                    commands: decided.commands.clone(),
                    state: decided.state.len(),
                    record: decision.record,
                    spent: decision.spent,
                    took: self.now.since(asked.at),
                };
                self.report_session(id, fact);
                self.count_decision(id, asked.module, decision.spent);
                if again {
                    self.retreat(id, asked.module, None);
                }
                self.carry_out_all(id, decided, &event);
            }
            (Ok(decided), Question::Migration) => self.migrated(id, asked.module, decided.state),
            (Ok(decided), Question::Retreat { event }) => {
                if self.retreat(id, asked.module, Some(decided.state)) {
                    let task = Task::Handle(event.clone());
                    self.ask(id, asked.module, task, Question::Event { event, again: true });
                } else {
                    self.lose(id, &event, &Failure::NotLoaded(asked.module));
                }
            }
            (Err(failure), what) => {
                self.not_decided(id, decision.ask, &failure, decision.record, decision.spent);
                self.failed(id, asked.module, what, &failure);
            }
        }
        self.later(Step::Settle(id));
    }

    /// No answer came in time.
    pub(in crate::engine) fn no_decision(&mut self, ask: AskId) {
        if self.interception_over(ask) {
            return;
        }
        let Some(id) = self.asks.remove(&ask) else {
            return;
        };
        let Some(asked) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.asked.take())
        else {
            return;
        };
        let failure = Failure::Overrun;
        self.not_decided(id, ask, &failure, Record::default(), Spent::default());
        self.failed(id, asked.module, asked.what, &failure);
        self.later(Step::Settle(id));
    }

    fn failed(&mut self, id: SessionId, module: ModuleDigest, what: Question, failure: &Failure) {
        match what {
            Question::Event { event, again } => {
                self.descend(id, event, again, failure);
                self.count_failure(id, module, failure);
            }
            Question::Migration => self.migration_declined(id, module),
            Question::Retreat { event } => self.lose(id, &event, failure),
        }
    }

    fn not_decided(&mut self, id: SessionId, ask: AskId, failure: &Failure, record: Record, spent: Spent) {
        self.explain_state(id, failure);
        let fact = Fact::NotDecided {
            ask,
            failure: failure.clone(),
            record,
            spent,
        };
        self.report_session(id, fact);
    }

    fn carry_out_all(&mut self, id: SessionId, decided: Decided, event: &Event) {
        self.set_state(id, Some(Arc::from(decided.state)));
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.shadow.is_some() {
            self.shadow_event(id, event, &decided.commands);
        }
        let untouched = decided.commands.is_empty();
        for command in decided.commands.into_iter().take(self.config.limits.commands) {
            self.carry_out(id, command);
        }
        if let (Event::TransferRequested(request), true) = (event, untouched) {
            self.transfer_untouched(request.leg);
        }
        self.keep_session(id);
    }

    /// One step down the ladder.
    fn descend(&mut self, id: SessionId, event: Event, again: bool, failure: &Failure) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let good = self
            .last_good(&session.tenant, &session.behaviour, session.running.digest)
            .filter(|_| !again);
        if let Some(version) = good {
            let fact = Fact::Ladder {
                rung: Rung::LastGood,
                why: failure.to_string(),
                behaviour: Some(session.behaviour.clone()),
                module: Some(session.running.digest),
            };
            let from_version = session
                .state
                .is_some()
                .then(|| session.running.version.to_string());
            self.report_session(id, fact);
            let (task, question) = match from_version {
                Some(from_version) => (Task::Migrate { from_version }, Question::Retreat { event }),
                None => (
                    Task::Handle(event.clone()),
                    Question::Event { event, again: true },
                ),
            };
            self.ask(id, version, task, question);
            return;
        }
        self.lose(id, &event, failure);
    }

    /// The event is lost. What it was about must not be.
    fn lose(&mut self, id: SessionId, event: &Event, failure: &Failure) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.lost = true;
            for custody in &session.custodies {
                let leg = self.custodies.get(custody).map(|custody| custody.leg);
                if let Some(leg) = leg.and_then(|leg| self.legs.get_mut(&leg)) {
                    leg.missed = true;
                }
            }
        }
        if let Event::TransferRequested(request) = event {
            self.transfer_untouched(request.leg);
        }
        if let Event::Timer(tag) = event {
            self.timer_lost(id, *tag);
        }
        if let Event::CallOffered(offer) = event
            && let Some(custody) = self.custody_of(id, offer.leg)
        {
            self.fall_to_host(id, custody, &failure.to_string());
        }
    }

    /// The host's default takes a leg over from a session.
    pub(super) fn fall_to_host(&mut self, id: SessionId, custody: CustodyId, why: &str) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.custodies.retain(|other| *other != custody);
        }
        let (leg, rings_line) = match self.custodies.get(&custody) {
            Some(custody) => (custody.leg, custody.line.is_some()),
            None => return,
        };
        let rung = if rings_line {
            Rung::RingLine
        } else {
            Rung::Courtesy
        };
        let session = self.sessions.get(&id);
        let fact = Fact::Ladder {
            rung,
            why: why.to_owned(),
            behaviour: session.map(|session| session.behaviour.clone()),
            module: session.map(|session| session.running.digest),
        };
        self.report_session(id, fact);
        if let Some(module) = self.sessions.get(&id).map(|session| session.running.digest) {
            self.count_version(id, module, |counters| counters.fallbacks += 1);
        }
        self.stop_audio_of(leg, custody);
        self.host_default(custody);
    }

    /// More events wait than a session may have: it cannot keep up, and is ended with everything it holds.
    pub(in crate::engine) fn overflow(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let custodies = session.custodies.clone();
        for custody in custodies {
            self.fall_to_host(id, custody, "too many events wait for the session");
        }
        self.end_session(id, Cause::Failed);
    }
}
