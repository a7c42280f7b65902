//! Sessions: durable runs of a behaviour, one event at a time.
//!
//! ```text
//!            ┌─ mailbox (bounded) ◀── events
//!            ▼
//!  Idle ──event──▶ Asked ──decision──▶ commands carried out ──▶ settle ──▶ Idle | over
//!                    │ ▲                                          ▲
//!                    │ └── last good version, same event          │
//!                    └──── failure, no answer in time ── host default for what is left undone
//! ```
//!
//! The behaviour runs elsewhere; here is only what it is told, what it said, and what happens
//! when it says nothing: here sessions begin and end, `mailbox` holds what they are told, `decide` takes answers in, `idle` sees to those whom
//! they leave alone, `swap` changes versions under live sessions.

mod asking;
mod decide;
mod drain;
mod idle;
mod keyed;
mod mailbox;
mod running;
mod schedules;
mod shadow;
mod swap;
mod timers;

use std::collections::VecDeque;
use std::sync::Arc;

use base::Moment;
use contract::{AskId, Cause, Event, LegId, ModuleDigest, SessionId, SessionScope, Tag};
use smallvec::SmallVec;

use super::few::Few;
use super::lookup::{Placed, Version};
use super::published::Published;
use super::timers::TimerKey;
use super::watches::Watch;
use super::{Exchange, Step};
use crate::directory::DrainEnd;
use crate::ids::{CallId, CustodyId, DialId, Holder};
use crate::report::Fact;

pub(crate) use keyed::Keyed;
pub(crate) use running::Running;
pub(crate) use shadow::Shadow;
pub(crate) use timers::SessionTimers;

#[derive(Debug)]
pub(crate) struct Session {
    pub tenant: Arc<str>,
    pub behaviour: Arc<str>,
    pub number: Arc<str>,
    pub settings: Arc<str>,
    pub scope: SessionScope,
    /// For traces; none for a session per number.
    pub call: Option<CallId>,
    /// The version that it runs on.
    pub running: Arc<Version>,
    /// The candidate that its call was given to.
    pub trial: Option<Box<ModuleDigest>>,
    /// A candidate that sees what it sees.
    pub shadow: Option<Box<Shadow>>,
    /// It declined to move to this version.
    pub pinned_against: Option<Box<ModuleDigest>>,
    pub state: Option<Arc<[u8]>>,
    pub mailbox: VecDeque<Event>,
    pub asked: Option<Box<Asked>>,
    pub timers: SessionTimers,
    pub schedules: Few<TimerKey>,
    pub watches: Vec<Watch>,
    /// On displays, by the tokens that name them.
    pub pages: Few<(Tag, Arc<str>)>,
    pub custodies: SmallVec<[CustodyId; 1]>,
    /// Callees that answered a dial of this session's.
    pub callees: Few<LegId>,
    pub dials: Few<DialId>,
    /// It ends once its event is handled.
    pub finishing: bool,
    /// An event was lost since it was last idle: a caller who hears nothing may be waiting for what it would have brought.
    pub lost: bool,
    /// It is stored.
    pub kept: bool,
    /// What it told people last.
    pub published: Option<Box<Published>>,
    /// The deadline for its version has passed: what becomes of it when it does not move now.
    pub draining: Option<DrainEnd>,
    /// Since when events are counted, and how many there were.
    pub woken: (Moment, u32),
}

/// A question that is out.
#[derive(Debug)]
pub(crate) struct Asked {
    pub ask: AskId,
    pub at: Moment,
    pub module: ModuleDigest,
    pub what: Question,
    pub deadline: TimerKey,
}

#[derive(Debug)]
pub(crate) enum Question {
    Event {
        event: Event,
        /// It is the second attempt, on the last good version.
        again: bool,
    },
    /// Takes the state over to another version; then the waiting events go on.
    Migration,
    /// Takes the state back to the last good version, which then gets the event that its successor failed on.
    Retreat { event: Event },
}

/// Starting and ending.
impl Exchange {
    /// The session that handles a call: a new one, or the one of the number. None when the behaviour
    /// cannot run.
    pub(super) fn session_for(
        &mut self,
        tenant: &Arc<str>,
        placed: &Placed,
        number: &Arc<str>,
        call: CallId,
    ) -> Option<SessionId> {
        let version = self.active_version(tenant, &placed.behaviour)?;
        let keyed = version.scope == SessionScope::PerNumber;
        if keyed && let Some(session) = self.keyed_session(tenant, &placed.behaviour, number) {
            if let Some(session) = self.sessions.get_mut(&session) {
                session.settings = placed.settings.clone();
            }
            return Some(session);
        }
        self.start_session(tenant, placed, number, (!keyed).then_some(call))
    }

    pub(super) fn keyed_session(&self, tenant: &str, behaviour: &str, number: &str) -> Option<SessionId> {
        self.keyed.get(tenant, behaviour, number)
    }

    pub(super) fn start_session(
        &mut self,
        tenant: &Arc<str>,
        placed: &Placed,
        number: &Arc<str>,
        call: Option<CallId>,
    ) -> Option<SessionId> {
        if self.sessions.len() >= self.config.max_sessions || !self.may_start_session(tenant, call) {
            return None;
        }
        let active = self.active_version(tenant, &placed.behaviour)?;
        let trial = self.trial_of(tenant, &placed.behaviour, number, call);
        let version = trial
            .and_then(|digest| self.version(tenant, &placed.behaviour, digest))
            .unwrap_or(active);
        let running = self.running.share(version);
        let shadow = self.shadow_of(tenant, &placed.behaviour);
        let id = SessionId(self.ids.next());
        let session = Session {
            tenant: tenant.clone(),
            behaviour: placed.behaviour.clone(),
            number: number.clone(),
            settings: placed.settings.clone(),
            scope: running.scope,
            call,
            running,
            trial: trial.map(Box::new),
            shadow,
            pinned_against: None,
            state: None,
            mailbox: VecDeque::new(),
            asked: None,
            timers: SessionTimers::default(),
            schedules: Few::default(),
            watches: Vec::new(),
            pages: Few::default(),
            custodies: SmallVec::new(),
            callees: Few::default(),
            dials: Few::default(),
            finishing: false,
            lost: false,
            kept: false,
            published: None,
            draining: None,
            woken: (self.now, 0),
        };
        let fact = Fact::SessionStarted {
            behaviour: placed.behaviour.clone(),
            number: number.to_string().into(),
            module: session.running.digest,
        };
        self.report_for(tenant, call, None, Some(id), fact);
        if call.is_none() {
            self.keyed.insert(tenant, &placed.behaviour, number, id);
        }
        self.sessions.insert(id, Box::new(session));
        self.session_counts(id);
        self.watch_lines(id);
        self.set_schedules(id);
        Some(id)
    }

    /// Ends a session. Calls that talk go on talking; other legs are given back.
    pub(super) fn end_session(&mut self, id: SessionId, why: Cause) {
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        self.session_counted(&session.tenant, session.state.as_ref());
        if let Some(asked) = &session.asked {
            self.timers.cancel(asked.deadline);
            self.asks.remove(&asked.ask);
        }
        let own = session.timers.iter().map(|(_, timer)| timer);
        for timer in own.chain(session.schedules.iter().copied()) {
            self.timers.cancel(timer);
        }
        for (_, token) in session.pages.iter() {
            self.take_page(token, None);
        }
        for watch in &session.watches {
            self.forget_watch(&session.tenant, watch);
        }
        if session.scope == SessionScope::PerNumber {
            self.keyed
                .remove(&session.tenant, &session.behaviour, &session.number);
        }
        self.forget_session(id, &session);
        // While it decided to let go of two who talked, one of them hung up.
        let talk_over = session
            .mailbox
            .iter()
            .any(|event| matches!(event, Event::LegEnded(_)));
        for dial in session.dials {
            self.end_dial(dial, Cause::Cancelled);
        }
        for custody in session.custodies {
            let Some(leg) = self
                .custodies
                .get(&custody)
                .and_then(|custody| self.legs.get(&custody.leg))
            else {
                continue;
            };
            let bridged = leg.bridged.is_some() || leg.room.is_some();
            if bridged {
                let leg = leg.id;
                self.stop_audio_by(leg, id);
                if let Some(custody) = self.custodies.get_mut(&custody) {
                    custody.holder = Holder::Host;
                }
            } else if talk_over && leg.talked && leg.is_answered() {
                self.hang_up(leg.id, Cause::Normal);
            } else {
                self.give_back(custody, why);
            }
        }
        for callee in session.callees {
            self.stop_audio_by(callee, id);
            let Some(leg) = self.legs.get_mut(&callee) else {
                continue;
            };
            leg.holders.retain(|holder| *holder != id);
            if leg.bridged.is_some() || leg.room.is_some() {
                continue;
            }
            // Whoever else holds it may have done nothing because this session played to it.
            let others = leg.holders.clone();
            if others.is_empty() {
                self.hang_up(callee, Cause::Normal);
            }
            for other in others {
                self.later(Step::Settle(other));
            }
        }
        self.report_for(&session.tenant, session.call, None, Some(id), Fact::SessionEnded);
    }
}

/// Events.
impl Exchange {}
