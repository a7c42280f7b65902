//! Questions to behaviours: what one event comes with, and its deadline.

use std::collections::VecDeque;
use std::time::Duration;

use contract::AskId;
use contract::{HeldLeg, Invocation, ModuleDigest, Session as Told, SessionId, SessionScope, Task};

use super::{Asked, Question};
use crate::engine::{Due, Exchange};
use crate::report::{Fact, Given};

/// In which events are counted.
const MINUTE: Duration = Duration::from_secs(60);
/// Calls that the session of a number is reckoned with.
const SESSIONS_OF_A_NUMBER: u32 = 100;

impl Exchange {
    /// Sends the first event of the mailbox off, after a change of version where there is one to make.
    pub(super) fn ask_next(&mut self, id: SessionId) {
        if self.begin_swap(id) {
            return;
        }
        if self.wakes_too_often(id) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(event) = session.mailbox.pop_front() else {
            return;
        };
        if session.mailbox.is_empty() {
            // Its room would be kept as long as the session, which may wait for days.
            session.mailbox = VecDeque::new();
        }
        let module = session.running.digest;
        let task = Task::Handle(event.clone());
        self.ask(id, module, task, Question::Event { event, again: false });
    }

    /// The envelope: a session that is woken more often than its tenant allows may set no timers for the rest of the minute,
    /// and is told so when it tries. If that does not calm it, it is running wild, and ends at twice the number; its callers go
    /// to the host's default.
    fn wakes_too_often(&mut self, id: SessionId) -> bool {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else {
            return true;
        };
        let (since, count) = &mut session.woken;
        if now.since(*since) >= MINUTE {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        let count = *count;
        let Some(allowed) = self.events_allowed(id) else {
            return false;
        };
        let ends = count > allowed.saturating_mul(2);
        if count == allowed.saturating_add(1) || ends {
            let what = if ends {
                "it ends"
            } else {
                "it may set no timers before that is over"
            };
            let fact = Fact::Because {
                rule: "limits.events-per-minute".into(),
                sentence: format!(
                    "the session was woken {} times within a minute: {what}",
                    count - 1
                ),
            };
            self.report_session(id, fact);
        }
        if ends {
            self.overflow(id);
        }
        ends
    }

    /// How often a session may be woken within a minute; none when nobody says.
    fn events_allowed(&self, id: SessionId) -> Option<u32> {
        let session = self.sessions.get(&id)?;
        let allowed = self.tenant(&session.tenant)?.tenant().limits.events_per_minute;
        let allowed = match session.scope {
            SessionScope::PerCall => allowed,
            SessionScope::PerNumber => allowed.saturating_mul(SESSIONS_OF_A_NUMBER),
        };
        (allowed > 0).then_some(allowed)
    }

    /// Since when a session's timers may be due: at any time, unless it was woken too often.
    fn timers_from(&self, id: SessionId) -> u64 {
        let (Some(session), Some(allowed)) = (self.sessions.get(&id), self.events_allowed(id)) else {
            return 0;
        };
        let (since, count) = session.woken;
        if count > allowed {
            (since + MINUTE).as_millis()
        } else {
            0
        }
    }

    /// Sends a question off, and sets its deadline.
    pub(super) fn ask(&mut self, id: SessionId, module: ModuleDigest, task: Task, what: Question) {
        let ask = AskId(self.ids.next());
        let deadline = self
            .timers
            .set(self.now + self.config.patience, Due::NoDecision(ask));
        let seed = self.random.next_u64();
        let (now, mut limits) = (self.now, self.config.limits);
        let Some(tenant) = self.sessions.get(&id).map(|session| session.tenant.clone()) else {
            self.timers.cancel(deadline);
            return;
        };
        let view = self.view_of(&tenant);
        let mut journalled = false;
        if let Some(view) = self.tenant(&tenant) {
            journalled = view.tenant().journal.days > 0;
        }
        limits.state = self.state_limit(id);
        limits.timers_from = self.timers_from(id);
        let held = self.held_by(id);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.asked = Some(Box::new(Asked {
            ask,
            at: now,
            module,
            what,
            deadline,
        }));
        let given = journalled.then(|| {
            Box::new(Given {
                number: session.number.clone(),
                settings: session.settings.clone(),
                state: session.state.clone(),
                seed,
                held: held.clone(),
            })
        });
        let invocation = Invocation {
            ask,
            tenant,
            module,
            session: Told {
                id,
                behaviour: session.behaviour.clone(),
                number: session.number.clone(),
                settings: session.settings.clone(),
            },
            state: session.state.clone(),
            task: task.clone(),
            now,
            seed,
            limits,
            held,
            view,
        };
        let (behaviour, version) = (session.behaviour.clone(), session.running.version.clone());
        self.asks.insert(ask, id);
        let fact = Fact::Asked {
            ask,
            behaviour,
            module,
            version,
            task,
            given,
        };
        self.report_session(id, fact);
        self.outbox
            .push_back(crate::io::Output::Invoke(Box::new(invocation)));
    }

    /// The legs that a session holds now.
    pub(super) fn held_by(&self, id: SessionId) -> Vec<HeldLeg> {
        let Some(session) = self.sessions.get(&id) else {
            return Vec::new();
        };
        let through_custody = session.custodies.iter().filter_map(|id| {
            let custody = self.custodies.get(id)?;
            let leg = self.legs.get(&custody.leg)?;
            Some(HeldLeg {
                leg: leg.id,
                sole_holder: self.is_sole(*id),
                answered: leg.is_answered(),
            })
        });
        let answered = session.callees.iter().filter_map(|leg| {
            let leg = self.legs.get(leg)?;
            leg.custodies.is_empty().then_some(HeldLeg {
                leg: leg.id,
                sole_holder: true,
                answered: true,
            })
        });
        through_custody.chain(answered).collect()
    }
}
