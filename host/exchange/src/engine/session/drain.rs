//! The deadline of a change of version: sessions that have not moved by then are moved or ended, as was asked.
//!
//! A session that nothing happened to since the change is asked now whether it moves. One that declines is ended: calls that
//! talk go on, other legs are given back. Or it begins anew on the version that is active: the callers that it held are
//! offered to that one as if they had just come in.

use std::sync::Arc;

use contract::{Cause, ModuleDigest, SessionId};
use smallvec::SmallVec;

use crate::directory::{Drain, DrainEnd};
use crate::engine::{Exchange, OfTenant};
use crate::ids::CustodyId;
use crate::report::Fact;

impl Exchange {
    /// Sets the clock for a deadline.
    pub(in crate::engine) fn await_drain(&mut self, tenant: &Arc<str>, behaviour: &Arc<str>) {
        if let Some(drain) = self.drain_of(tenant, behaviour) {
            let at = base::Moment::from_millis(drain.at).max(self.now);
            let due = OfTenant::Drain {
                tenant: tenant.clone(),
                behaviour: behaviour.clone(),
            };
            self.timers.set(at, due.into());
        }
    }

    fn drain_of(&self, tenant: &str, behaviour: &str) -> Option<Drain> {
        self.tenant(tenant)?.behaviour(behaviour)?.drain
    }

    /// The deadline is there, unless it was put off meanwhile.
    pub(in crate::engine) fn drain_due(&mut self, tenant: &Arc<str>, behaviour: &Arc<str>) {
        let due = self.drain_of(tenant, behaviour);
        let Some(drain) = due.filter(|drain| drain.at <= self.now.as_millis()) else {
            return;
        };
        let of_behaviour = self
            .sessions
            .iter()
            .filter(|(_, session)| session.tenant == *tenant && session.behaviour == *behaviour);
        let mut sessions: Vec<SessionId> = of_behaviour.map(|(id, _)| *id).collect();
        sessions.sort_unstable();
        for id in sessions {
            self.drain(id, drain.then);
        }
    }

    fn drain(&mut self, id: SessionId, then: DrainEnd) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let Some(wanted) = self
            .wanted_version(session)
            .filter(|wanted| wanted.digest != session.running.digest)
        else {
            return;
        };
        if session.pinned_against.as_deref() == Some(&wanted.digest) {
            self.drained(id, wanted.digest, then);
            return;
        }
        let busy = session.asked.is_some();
        if let Some(session) = self.sessions.get_mut(&id) {
            session.draining = Some(then);
        }
        // A question that is out is answered first; then this is looked at again.
        if !busy {
            self.begin_swap(id);
        }
    }

    /// The session did not move in time.
    pub(super) fn drained(&mut self, id: SessionId, to: ModuleDigest, then: DrainEnd) {
        let sentence = match then {
            DrainEnd::End => "its version's time is over: the session ends",
            DrainEnd::Move => "its version's time is over: the session begins anew on the active one",
        };
        let fact = Fact::Because {
            rule: "drain".into(),
            sentence: sentence.to_owned(),
        };
        self.report_session(id, fact);
        let waiting = match then {
            DrainEnd::End => SmallVec::new(),
            DrainEnd::Move => self.take_waiting(id),
        };
        self.end_session(id, Cause::Normal);
        for custody in waiting {
            self.offer_anew(custody, to);
        }
    }

    /// Takes the callers that talk to nobody out of a session.
    fn take_waiting(&mut self, id: SessionId) -> SmallVec<[CustodyId; 1]> {
        let custodies = self.sessions.get(&id).map(|session| session.custodies.clone());
        let talks = |custody: &CustodyId| {
            let leg = self
                .custodies
                .get(custody)
                .and_then(|custody| self.legs.get(&custody.leg));
            leg.is_none_or(|leg| leg.bridged.is_some() || leg.room.is_some())
        };
        let waiting: SmallVec<[CustodyId; 1]> = custodies
            .unwrap_or_default()
            .into_iter()
            .filter(|custody| !talks(custody))
            .collect();
        for custody in &waiting {
            if let Some(leg) = self.custodies.get(custody).map(|custody| custody.leg) {
                self.stop_audio_of(leg, *custody);
            }
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.custodies.retain(|custody| !waiting.contains(custody));
        }
        waiting
    }

    fn offer_anew(&mut self, id: CustodyId, to: ModuleDigest) {
        let Some(custody) = self.custodies.get(&id) else {
            return;
        };
        let (tenant, number, call) = (custody.tenant.clone(), custody.number.clone(), custody.call);
        let placed = custody.stack.get(custody.position).cloned();
        match placed.and_then(|placed| self.session_for(&tenant, &placed, &number, call)) {
            Some(session) => {
                self.count_moved(session, to);
                self.offer(id, session);
            }
            None => self.host_default(id),
        }
    }
}
