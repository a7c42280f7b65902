//! Storing calls and sessions, so that they survive the process.
//!
//! What an input changed is noted and written together once it is done, or a little later
//! ([`Config::keep_after`](crate::Config)): most of what changes in a call's first moments changes again at once. What
//! is over goes at once: a call that has its detail record must not come back. A call is stored from the moment at
//! which one of its legs is up, or at which it has lasted for a while unanswered; a session per call as long as it has
//! to do with such a call, one per number always.

use std::collections::BTreeSet;

use base::Moment;
use contract::{LegId, SessionId, SessionScope};
use sip::endpoint::Fork;

use super::records::{
    CallRecord, CallWays, CustodyRecord, DirectRecord, LegRecord, SessionRecord, SessionWaits,
};
use crate::engine::Exchange;
use crate::engine::call::Call;
use crate::engine::leg::{Leg, LegState, MediaRecord, Waiting};
use crate::engine::session::{Question, Session};
use crate::engine::watches::Watch;
use crate::ids::{CallId, DialId, DialOwner};
use crate::io::{Output, Write};

/// What is to be written once the input is done.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Changed since the last look.
    fresh: Changed,
    /// Changed before that: to be written at the next one. Most calls of a burst are over by then.
    older: Changed,
    /// Keys of what is gone.
    removed: Vec<String>,
    /// When to look again.
    due: Option<Moment>,
}

#[derive(Debug, Default)]
struct Changed {
    sessions: BTreeSet<SessionId>,
    calls: BTreeSet<CallId>,
}

impl Changed {
    fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.calls.is_empty()
    }

    fn without(mut self, written: &Self) -> Self {
        self.sessions.retain(|id| !written.sessions.contains(id));
        self.calls.retain(|id| !written.calls.contains(id));
        self
    }
}

impl Dirty {
    /// When there is something to write.
    pub(in crate::engine) fn due(&self) -> Option<Moment> {
        self.due
    }
}

impl Exchange {
    pub(in crate::engine) fn keep_session(&mut self, id: SessionId) {
        if self.config.keep_calls {
            self.dirty.fresh.sessions.insert(id);
        }
    }

    pub(in crate::engine) fn keep_call(&mut self, id: CallId) {
        if self.config.keep_calls {
            self.dirty.fresh.calls.insert(id);
        }
    }

    pub(in crate::engine) fn keep_leg(&mut self, id: LegId) {
        if let Some(call) = self.call_of(id) {
            self.keep_call(call);
        }
    }

    pub(in crate::engine) fn forget_session(&mut self, id: SessionId, session: &Session) {
        if session.kept {
            self.dirty.removed.push(session_key(&session.tenant, id));
        }
        // One per call watches no lines.
        if session.call.is_none() {
            self.unwatch_lines(id, &session.tenant, &session.number, &session.settings);
        }
    }

    pub(in crate::engine) fn forget_call(&mut self, id: CallId, call: &Call) {
        if call.kept {
            self.dirty.removed.push(call_key(&call.tenant, id));
        }
    }

    /// Writes what has changed, at once: before a stop.
    pub fn keep_now(&mut self) {
        let mut writes = self.take_removed();
        self.write_changed(&mut writes, true);
        self.write_out(writes);
    }

    /// Writes what inputs have changed: what is gone at once, as its detail record is, the rest if it is time.
    pub(in crate::engine) fn write_dirty(&mut self) {
        let mut writes = self.take_removed();
        let dirty = &mut self.dirty;
        // A change waits for one look or two, and so for `keep_after` at most.
        let gap = self.config.keep_after / 2;
        if dirty.fresh.is_empty() && dirty.older.is_empty() {
            dirty.due = None;
        } else if *dirty.due.get_or_insert(self.now + gap) <= self.now {
            self.write_changed(&mut writes, gap.is_zero());
            self.dirty.due = (!self.dirty.older.is_empty()).then(|| self.now + gap);
        }
        self.write_out(writes);
    }

    fn take_removed(&mut self) -> Vec<Write> {
        let removed = std::mem::take(&mut self.dirty.removed);
        removed.into_iter().map(Write::remove).collect()
    }

    fn write_out(&mut self, writes: Vec<Write>) {
        if !writes.is_empty() {
            self.outbox.push_back(Output::Persist { writes, ticket: None });
        }
    }

    /// Writes what had changed by the last look, and then what changed since, too: calls and sessions that know of each
    /// other are written together. When nothing of the older is left, the rest waits for the next look, unless it is
    /// `all`.
    fn write_changed(&mut self, writes: &mut Vec<Write>, all: bool) {
        let older = std::mem::take(&mut self.dirty.older);
        let fresh = std::mem::take(&mut self.dirty.fresh);
        let before = writes.len();
        self.write_all(&older, writes);
        if all || writes.len() > before {
            self.write_all(&fresh.without(&older), writes);
        } else {
            self.dirty.older = fresh;
        }
    }

    fn write_all(&mut self, changed: &Changed, writes: &mut Vec<Write>) {
        for id in &changed.calls {
            writes.extend(self.write_call(*id));
        }
        for id in &changed.sessions {
            writes.extend(self.write_session(*id));
        }
    }

    fn write_session(&mut self, id: SessionId) -> Option<Write> {
        let session = self.sessions.get(&id)?;
        let key = session_key(&session.tenant, id);
        let outlives = session.scope == SessionScope::PerNumber || self.has_a_lasting_call(session);
        let value = if outlives {
            let waits = SessionWaits {
                watches: session.watches.iter().map(Watch::record).collect(),
                pages: session.pages.iter().map(|(tag, _)| *tag).collect(),
            };
            self.session_record(session).to_bytes(&waits)
        } else {
            None
        };
        let session = self.sessions.get_mut(&id)?;
        let was_kept = std::mem::replace(&mut session.kept, value.is_some());
        match value {
            Some(value) => Some(Write::put(key, value)),
            None => was_kept.then(|| Write::remove(key)),
        }
    }

    fn has_a_lasting_call(&self, session: &Session) -> bool {
        let through_custody = session
            .custodies
            .iter()
            .filter_map(|id| self.custodies.get(id))
            .map(|custody| custody.call);
        let of_callees = session.callees.iter().filter_map(|leg| self.call_of(*leg));
        let of_dials = session
            .dials
            .iter()
            .filter_map(|id| Some(self.dials.get(id)?.call));
        let mut calls = through_custody.chain(of_callees).chain(of_dials);
        calls.any(|id| self.calls.get(&id).is_some_and(|call| self.lasts(call)))
    }

    /// Whether a call outlives the process.
    fn lasts(&self, call: &Call) -> bool {
        let mut legs = call.legs.iter().filter_map(|leg| self.legs.get(leg));
        call.lasting || legs.any(|leg| leg.state == LegState::Up)
    }

    /// The call has been there for a while: from now on it is stored, with the sessions that decide about it.
    pub(in crate::engine) fn call_lasts(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.lasting = true;
        let legs = call.legs.clone();
        self.keep_call(id);
        for leg in legs {
            let Some(dial) = self.legs.get(&leg).map(|leg| leg.dial) else {
                continue;
            };
            for session in self.holders_of(leg) {
                self.keep_session(session);
            }
            let owner = dial
                .and_then(|(dial, _)| self.dials.get(&dial))
                .map(|dial| dial.owner);
            if let Some(DialOwner::Session { session, .. }) = owner {
                self.keep_session(session);
            }
        }
    }

    fn session_record(&self, session: &Session) -> SessionRecord {
        let asked = session.asked.as_ref().and_then(|asked| match &asked.what {
            Question::Event { event, .. } | Question::Retreat { event } => Some(event.clone()),
            Question::Migration => None,
        });
        let through_custody = session
            .custodies
            .iter()
            .filter_map(|id| self.custodies.get(id))
            .map(|c| c.leg);
        SessionRecord {
            behaviour: session.behaviour.clone(),
            number: session.number.clone(),
            settings: session.settings.clone(),
            scope: session.scope,
            call: session.call.map(|call| call.0),
            module: session.running.digest,
            version: session.running.version.clone(),
            interests: session.running.interests,
            trial: session.trial.as_deref().copied(),
            pinned_against: session.pinned_against.as_deref().copied(),
            state: session.state.as_deref().map(<[u8]>::to_vec),
            mailbox: asked.into_iter().chain(session.mailbox.iter().cloned()).collect(),
            timers: session.timers.iter().map(|(tag, key)| (tag, key.at())).collect(),
            held: through_custody.chain(session.callees.iter().copied()).collect(),
            dials: session
                .dials
                .iter()
                .filter_map(|id| Some((*id, self.dials.get(id)?.tag()?)))
                .collect(),
        }
    }

    fn write_call(&mut self, id: CallId) -> Option<Write> {
        let call = self.calls.get(&id)?;
        let key = call_key(&call.tenant, id);
        let value = if self.lasts(call) {
            self.call_record(call).to_bytes(&self.call_ways(call))
        } else {
            None
        };
        let call = self.calls.get_mut(&id)?;
        let was_kept = std::mem::replace(&mut call.kept, value.is_some());
        match value {
            Some(value) => Some(Write::put(key, value)),
            None => was_kept.then(|| Write::remove(key)),
        }
    }

    fn call_record(&self, call: &Call) -> CallRecord {
        let legs: Vec<&Leg> = call.legs.iter().filter_map(|leg| self.legs.get(leg)).collect();
        let ids = legs.iter().flat_map(|leg| leg.custodies.iter().copied());
        let custodies: Vec<_> = ids
            .filter_map(|id| Some((id, self.custody_record(id)?)))
            .collect();
        let in_custody = custodies.iter().filter_map(|(_, custody)| custody.dial);
        let ringing = legs.iter().filter_map(|leg| leg.dial).map(|(dial, _)| dial);
        let dials: BTreeSet<DialId> = in_custody.chain(ringing).collect();
        let dials = dials
            .into_iter()
            .filter_map(|id| Some((id, self.dials.get(&id)?.record())))
            .collect();
        CallRecord {
            direction: call.direction,
            caller: call.caller.clone(),
            caller_line: call.caller_line.clone(),
            called: call.called.clone(),
            diverted: call.diverted.clone(),
            started: call.started,
            ringing: call.ringing,
            answered: call.answered,
            connected: call.connected,
            answered_by: call.answered_by.clone(),
            trunk: call.trunk.clone(),
            charged: call.charged.clone(),
            max_forwards: call.max_forwards,
            emergency: call.emergency,
            lasting: call.lasting,
            legs: legs.into_iter().filter_map(|leg| self.leg_record(leg)).collect(),
            custodies,
            dials,
        }
    }

    fn call_ways(&self, call: &Call) -> CallWays {
        let legs = || call.legs.iter().filter_map(|leg| self.legs.get(leg));
        let forks = legs().filter_map(|leg| {
            let direct = leg.direct.as_ref()?;
            let is_plain = direct.fork == Fork(0) && !direct.updated;
            (!is_plain).then_some((leg.id, direct.fork, direct.updated))
        });
        let direct = legs().filter_map(|leg| {
            let direct = leg.direct.as_ref()?;
            let record = DirectRecord {
                negotiation: direct.negotiation.clone(),
                theirs: direct.theirs.to_vec(),
                early: direct
                    .early
                    .as_ref()
                    .map(|early| (early.theirs.to_vec(), early.sent.to_vec())),
                peer: direct.peer,
            };
            Some((leg.id, record))
        });
        CallWays {
            direct: direct.collect(),
            forks: forks.collect(),
        }
    }

    fn leg_record(&self, leg: &Leg) -> Option<LegRecord> {
        let media = leg.media.as_ref().map(|media| MediaRecord {
            local: media.local,
            negotiation: media.negotiation.clone(),
            answer: media.answer.as_deref().map(<[u8]>::to_vec),
        });
        let waiting = |waiting: Waiting| (waiting.session, waiting.tag);
        Some(LegRecord {
            id: leg.id,
            party: leg.party.clone(),
            number: leg.number.clone(),
            state: leg.state,
            usage: self.sip.snapshot(leg.usage)?,
            media,
            rung: leg.rung,
            dial: leg.dial,
            rest: leg.rest.as_deref().cloned(),
            custodies: leg.custodies.to_vec(),
            holders: leg.holders.to_vec(),
            bridged: leg.bridged,
            room: leg.room.as_deref().cloned(),
            talked: leg.talked,
            holding: leg.holding,
            held: leg.held,
            audio: leg.audio.as_ref().and_then(|audio| audio.record()),
            answering: leg.answering.map(waiting),
            renegotiating: leg.renegotiating.map(waiting),
        })
    }

    fn custody_record(&self, id: crate::ids::CustodyId) -> Option<CustodyRecord> {
        let custody = self.custodies.get(&id)?;
        let stack = custody
            .stack
            .iter()
            .map(|placed| (placed.behaviour.clone(), placed.settings.clone()));
        Some(CustodyRecord {
            leg: custody.leg,
            holder: custody.holder,
            parent: custody.parent,
            number: custody.number.clone(),
            stack: stack.collect(),
            position: custody.position,
            line: custody.line.clone(),
            hops: custody.hops,
            diversions: custody.diversions.clone(),
            dial: custody.dial,
            won: custody.won,
        })
    }
}

fn session_key(tenant: &str, id: SessionId) -> String {
    format!("session/{tenant}/{}", id.0)
}

fn call_key(tenant: &str, id: CallId) -> String {
    format!("call/{tenant}/{}", id.0)
}
