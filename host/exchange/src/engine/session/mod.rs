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
//! when it says nothing. `decide` takes answers in, `swap` changes versions under live sessions.

mod asking;
mod decide;
mod drain;
mod keyed;
mod running;
mod schedules;
mod shadow;
mod swap;
mod timers;

use std::collections::VecDeque;
use std::sync::Arc;

use base::Moment;
use contract::{
    AskId, Cause, Event, Interests, LegId, ModuleDigest, OutcomeKind, SessionId, SessionScope, Tag,
};
use smallvec::SmallVec;

use super::dial::outcome_event;
use super::few::Few;
use super::leg::Leg;
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
impl Exchange {
    /// Puts an event into the session's mailbox.
    pub(super) fn deliver(&mut self, id: SessionId, event: Event) {
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
    pub(super) fn deliver_if(&mut self, id: SessionId, wants: fn(&Interests) -> bool, event: Event) {
        if self
            .sessions
            .get(&id)
            .is_some_and(|session| wants(&session.running.interests))
        {
            self.deliver(id, event);
        }
    }

    /// Tells a session what became of a command.
    pub(super) fn outcome(&mut self, id: SessionId, tag: Tag, kind: OutcomeKind) {
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

    /// The session that decides about a leg at the moment: the innermost of the chain.
    pub(super) fn innermost(&self, leg: LegId) -> Option<SessionId> {
        let leg = self.legs.get(&leg)?;
        let custody = leg.custodies.last().and_then(|id| self.custodies.get(id));
        match custody.map(|custody| custody.holder) {
            Some(Holder::Session(session)) => Some(session),
            Some(Holder::Host) => None,
            None => leg.holders.first().copied(),
        }
    }

    /// Goes on with a session: the next event, or, when there is none, a look at what was left undone.
    pub(super) fn settle(&mut self, id: SessionId) {
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

    /// Legs that nothing happens to any more: a talk that is over is hung up, anything else goes to the host's
    /// default; a callee whose session waits for something else hears music, and so does a caller whose session may
    /// wait for what was lost, or was played over. Nobody hears silence.
    fn look_after_idle(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let awaits = self.awaits(id);
        // One that has other calls may have lost what was about those.
        let lost = session.lost && session.scope == SessionScope::PerCall;
        let custodies = session.custodies.clone();
        let callees = session.callees.clone();
        for custody_id in custodies {
            let Some(custody) = self.custodies.get(&custody_id) else {
                continue;
            };
            let Some(leg) = self.legs.get(&custody.leg) else {
                continue;
            };
            let inside = leg.custodies.iter().skip_while(|id| **id != custody_id).skip(1);
            let decides = !custody.won || inside.clone().all(|id| self.is_at_rest(*id));
            let idle = !self.is_busy(leg);
            let silent = leg.missed && leg.audio.is_none() && leg.sound_flows();
            if !decides || !idle || custody.dial.is_some() {
                // What this session had under way may have been all that kept those inside of it from being looked
                // after. Only who will do something about it is woken, and only inside, or two could wake each other
                // for ever.
                let decider = self.decider(leg);
                let acts = |inner: &CustodyId| {
                    let holder = self.custodies.get(inner)?.holder.session()?;
                    let acts = !self.awaits(holder) || (silent && decider == Some(*inner));
                    (idle && acts && holder != id).then_some(holder)
                };
                for holder in inside.filter_map(acts).collect::<SmallVec<[SessionId; 1]>>() {
                    self.later(Step::Settle(holder));
                }
                continue;
            }
            let (leg_id, talked, ready) = (leg.id, leg.talked, leg.is_answered());
            if talked && ready {
                self.hang_up(leg_id, Cause::Normal);
            } else if !awaits || (lost && leg.sound_flows()) {
                self.fall_to_host(id, custody_id, "the behaviour left the call undone");
            } else if silent && self.is_sole(custody_id) {
                self.play_hold_music(leg_id);
            }
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.lost = false;
        }
        for callee in callees {
            let idle = self
                .legs
                .get(&callee)
                .filter(|leg| !self.is_busy(leg) && leg.custodies.iter().all(|id| self.is_at_rest(*id)));
            match idle.map(|leg| leg.audio.is_some()) {
                Some(_) if !awaits => self.hang_up(callee, Cause::Normal),
                // Its partner was taken away, and the session goes on with something else.
                Some(false) => self.play_hold_music(callee),
                Some(true) | None => {}
            }
        }
    }

    /// The innermost custody of a leg that has something left to do: what the leg hears is up to its holder.
    pub(in crate::engine) fn decider(&self, leg: &Leg) -> Option<CustodyId> {
        let mut inside_out = leg.custodies.iter().rev().copied();
        inside_out.find(|id| !self.is_at_rest(*id))
    }

    /// Whether something of a session's own will wake it.
    fn awaits(&self, id: SessionId) -> bool {
        let session = self.sessions.get(&id);
        session.is_some_and(|session| {
            !session.timers.is_empty()
                || !session.dials.is_empty()
                || !session.watches.is_empty()
                || !session.pages.is_empty()
        })
    }

    /// A custody of the exchange's own with nothing left to do, such as that of a transfer which was answered.
    pub(in crate::engine) fn is_at_rest(&self, id: CustodyId) -> bool {
        self.custodies
            .get(&id)
            .is_some_and(|custody| custody.holder == Holder::Host && custody.dial.is_none())
    }
}
