//! A candidate in the shadow: it sees the session's events, and what it decides is compared and never done.
//!
//! It begins with a session and keeps a state of its own, so that its answers are those of a version that had been
//! there all along. One that fails, or falls behind, is shadow no more for this session.

use std::collections::VecDeque;
use std::sync::Arc;

use contract::{
    AskId, Command, Decided, Decision, Event, Invocation, ModuleDigest, Session as Told, SessionId, Task,
};

use crate::directory::CanaryRule;
use crate::engine::Exchange;
use crate::io::Output;
use crate::live::Difference;

/// Events that it may be behind.
const MAX_BEHIND: usize = 32;

/// Questions to shadows that are out at once, in all sessions: workers are for callers first.
const MAX_OUT: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Shadow {
    module: ModuleDigest,
    state: Option<Arc<[u8]>>,
    /// The question that is out, with what the version that decides did about the same event.
    out: Option<(AskId, Seen)>,
    waiting: VecDeque<Seen>,
}

#[derive(Debug)]
struct Seen {
    event: Event,
    done: Vec<Command>,
}

impl Exchange {
    /// The shadow that a new session has.
    pub(super) fn shadow_of(&self, tenant: &str, behaviour: &str) -> Option<Box<Shadow>> {
        let behaviour = self.tenant(tenant)?.behaviour(behaviour)?;
        let candidate = behaviour.candidate.as_deref()?;
        let shadows = candidate.rule == CanaryRule::Shadow && candidate.runs_at(self.now.as_millis());
        shadows.then(|| {
            Box::new(Shadow {
                module: candidate.digest,
                state: None,
                out: None,
                waiting: VecDeque::new(),
            })
        })
    }

    /// The session handled an event: now its shadow does.
    pub(super) fn shadow_event(&mut self, id: SessionId, event: &Event, done: &[Command]) {
        let Some(shadow) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.shadow.as_mut())
        else {
            return;
        };
        if shadow.waiting.len() >= MAX_BEHIND {
            self.end_shadow(id);
            return;
        }
        shadow.waiting.push_back(Seen {
            event: event.clone(),
            done: done.to_vec(),
        });
        self.ask_shadow(id);
    }

    fn ask_shadow(&mut self, id: SessionId) {
        if self.shadow_asks.len() >= MAX_OUT {
            self.end_shadow(id);
            return;
        }
        let ask = AskId(self.ids.next());
        let seed = self.random.next_u64();
        let held = self.held_by(id);
        let Some(tenant) = self.sessions.get(&id).map(|session| session.tenant.clone()) else {
            return;
        };
        let view = self.view_of(&tenant);
        let (now, limits) = (self.now, self.config.limits);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let told = Told {
            id,
            behaviour: session.behaviour.clone(),
            number: session.number.clone(),
            settings: session.settings.clone(),
        };
        let Some(shadow) = session.shadow.as_mut().filter(|shadow| shadow.out.is_none()) else {
            return;
        };
        let Some(seen) = shadow.waiting.pop_front() else {
            return;
        };
        let invocation = Invocation {
            ask,
            tenant,
            module: shadow.module,
            session: told,
            state: shadow.state.clone(),
            task: Task::Handle(seen.event.clone()),
            now,
            seed,
            limits,
            held,
            view,
        };
        shadow.out = Some((ask, seen));
        self.shadow_asks.insert(ask, id);
        self.outbox.push_back(Output::Invoke(Box::new(invocation)));
    }

    /// What the shadow would have done. False when the answer is none of a shadow's.
    pub(super) fn shadow_decided(&mut self, decision: &Decision) -> bool {
        let Some(id) = self.shadow_asks.remove(&decision.ask) else {
            return false;
        };
        let shadow = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.shadow.as_mut());
        let Some((_, seen)) = shadow.and_then(|shadow| shadow.out.take()) else {
            return true;
        };
        let Some(module) = self.shadow_module(id) else {
            return true;
        };
        self.count_version(id, module, |counters| counters.shadowed += 1);
        match &decision.result {
            Ok(Decided { state, commands }) => {
                if let Some(shadow) = self
                    .sessions
                    .get_mut(&id)
                    .and_then(|session| session.shadow.as_mut())
                {
                    shadow.state = Some(Arc::from(state.as_slice()));
                }
                if *commands != seen.done {
                    self.differs(id, module, seen, Ok(commands.clone()));
                }
                self.ask_shadow(id);
            }
            Err(failure) => {
                self.differs(id, module, seen, Err(failure.to_string()));
                self.end_shadow(id);
                self.count_failure(id, module, failure);
            }
        }
        true
    }

    fn differs(
        &mut self,
        id: SessionId,
        module: ModuleDigest,
        seen: Seen,
        would: Result<Vec<Command>, String>,
    ) {
        let difference = Difference {
            at: self.now,
            session: id,
            event: seen.event,
            did: seen.done,
            would,
        };
        self.note_difference(id, module, difference);
    }

    fn shadow_module(&self, id: SessionId) -> Option<ModuleDigest> {
        let session = self.sessions.get(&id)?;
        session.shadow.as_ref().map(|shadow| shadow.module)
    }

    /// The session has no shadow any more. An answer that is still to come is nobody's.
    fn end_shadow(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.shadow = None;
        }
    }
}
