//! Custody of a caller's leg: who decides about it, and who stands in front.
//!
//! Each behaviour that is offered a leg gets a custody of its own. A custody that dials a `number` or
//! `next` which leads to another behaviour becomes the parent of that one's:
//!
//! ```text
//!  root custody: alerter ──dial next──▶ custody: forwards ──dial number──▶ custody: group
//!                       ◀──cause──────            ◀──cause───────────── reject
//! ```
//!
//! A custody ends by giving the leg back with a cause, by an answer inside of another branch, or
//! with the leg. Answering inside of a nested custody wins every dial on the way to the root.

use std::sync::Arc;

use contract::{Cause, Event, Identity, LegEnded, LegId, Offer, SessionId};

use super::lookup::{Placed, placed};
use super::{Exchange, Step};
use crate::directory::Inside;
use crate::ids::{CallId, CustodyId, DialId, Holder};
use crate::report::Fact;

#[derive(Debug)]
pub(crate) struct Custody {
    pub leg: LegId,
    pub call: CallId,
    pub tenant: Arc<str>,
    pub holder: Holder,
    /// The dial in front, and which of its targets this is.
    pub parent: Option<(DialId, usize)>,
    /// The number that the behaviour is bound to.
    pub number: Arc<str>,
    /// Behaviours stacked on that number, and which of them this is.
    pub stack: Arc<[Placed]>,
    pub position: usize,
    /// The line behind the last of them.
    pub line: Option<Arc<str>>,
    pub hops: u32,
    /// Latest first.
    pub diversions: Vec<String>,
    /// The dial that runs for the leg on behalf of the holder.
    pub dial: Option<DialId>,
    /// Somebody answered inside: dials in front have been won.
    pub won: bool,
}

/// What a custody begins with.
#[derive(Debug)]
pub(crate) struct Handover {
    pub leg: LegId,
    pub parent: Option<(DialId, usize)>,
    pub number: Arc<str>,
    pub stack: Arc<[Placed]>,
    pub position: usize,
    pub line: Option<Arc<str>>,
    pub hops: u32,
    pub diversions: Vec<String>,
}

impl Handover {
    /// No behaviour is to have it: the host acts for whoever has this number.
    pub fn to_host(leg: LegId, number: Arc<str>, hops: u32) -> Self {
        Self {
            leg,
            parent: None,
            number,
            stack: Arc::from([]),
            position: 0,
            line: None,
            hops,
            diversions: Vec::new(),
        }
    }
}

impl Exchange {
    /// Gives a leg to the behaviour at a place of a number's stack.
    ///
    /// Returns the custody, unless it could not even begin: then why.
    pub(super) fn hand_over(&mut self, handover: Handover) -> Result<CustodyId, Cause> {
        let Some(leg) = self.legs.get(&handover.leg) else {
            return Err(Cause::Cancelled);
        };
        if handover.hops > self.hop_limit(&leg.tenant) {
            let (tenant, call) = (leg.tenant.clone(), leg.call);
            let sentence = format!("the call was sent on {} times already", handover.hops - 1);
            self.because(&tenant, call, "R74", sentence);
            return Err(Cause::Failed);
        }
        let (call, tenant) = (leg.call, leg.tenant.clone());
        let placed = handover.stack.get(handover.position).cloned();
        if let Some(placed) = &placed {
            self.let_come_back(&tenant, placed, &handover.number, handover.leg)?;
        }
        let number = handover.number.clone();
        let id = self.host_custody(handover).ok_or(Cause::Cancelled)?;
        self.keep_call(call);
        match placed.and_then(|placed| self.session_for(&tenant, &placed, &number, call)) {
            Some(session) => self.offer(id, session),
            None => self.host_default(id),
        }
        Ok(id)
    }

    /// A session per number has a leg once. One whose own dial led the call back to it is in a circle of forwards
    /// (R74); one that has come to nothing but the talk in front gives the call up before it is offered anew.
    fn let_come_back(
        &mut self,
        tenant: &Arc<str>,
        placed: &Placed,
        number: &str,
        leg: LegId,
    ) -> Result<(), Cause> {
        let held = self
            .keyed_session(tenant, &placed.behaviour, number)
            .and_then(|session| self.custody_of(session, leg));
        let Some((id, custody)) = held.and_then(|id| Some((id, self.custodies.get(&id)?))) else {
            return Ok(());
        };
        let rings_in_front = custody
            .parent
            .is_some_and(|(dial, _)| self.dials.contains_key(&dial));
        if custody.dial.is_some() || (rings_in_front && !custody.won) {
            let sentence = format!("the call came back to {}, which has it still", placed.behaviour);
            self.because(tenant, custody.call, "R74", sentence);
            return Err(Cause::Failed);
        }
        self.revoke(id, Cause::Cancelled);
        Ok(())
    }

    /// How often a call of this tenant's may be sent on (R74).
    pub(super) fn hop_limit(&self, tenant: &str) -> u32 {
        let own = self
            .tenant(tenant)
            .map_or(0, |view| u32::from(view.tenant().limits.hops));
        own.min(self.config.max_hops)
    }

    /// Wakes the session with the call.
    pub(super) fn offer(&mut self, id: CustodyId, session: SessionId) {
        let Some(custody) = self.custodies.get_mut(&id) else {
            return;
        };
        custody.holder = Holder::Session(session);
        let diversions = custody.diversions.clone();
        let (leg, call, tenant, hops, number) = (
            custody.leg,
            custody.call,
            custody.tenant.clone(),
            custody.hops,
            custody.number.clone(),
        );
        let behaviour = custody
            .stack
            .get(custody.position)
            .map(|placed| placed.behaviour.clone())
            .unwrap_or_default();
        let offer = Offer {
            leg,
            caller: self.caller_of(call),
            called: self
                .calls
                .get(&call)
                .map(|call| call.called.to_string())
                .unwrap_or_default(),
            number: number.to_string(),
            diversions,
            answered: self.legs.get(&leg).is_some_and(|leg| leg.is_answered()),
            sole_holder: self.is_sole(id),
            has_next: self
                .custodies
                .get(&id)
                .is_some_and(|c| c.position + 1 < c.stack.len()),
        };
        if let Some(session) = self.sessions.get_mut(&session) {
            session.custodies.push(id);
        }
        if self.calls.get(&call).is_some_and(|call| call.lasting) {
            self.keep_session(session);
        }
        if let Some(module) = self.sessions.get(&session).map(|session| session.running.digest) {
            self.count_version(session, module, |counters| counters.calls += 1);
        }
        let fact = Fact::Offered {
            behaviour,
            number: number.to_string().into(),
            hops,
        };
        self.report_for(&tenant, Some(call), Some(leg), Some(session), fact);
        self.deliver(session, Event::CallOffered(offer));
    }

    pub(super) fn caller_of(&self, call: CallId) -> Identity {
        self.calls
            .get(&call)
            .map(|call| call.transferred.as_ref().unwrap_or(&call.caller).clone())
            .unwrap_or_default()
    }

    /// The leg goes back to whatever stands in front, with a cause.
    pub(super) fn give_back(&mut self, id: CustodyId, why: Cause) {
        let Some(custody) = self.end_custody(id) else {
            return;
        };
        let session = match custody.holder {
            Holder::Session(session) => Some(session),
            Holder::Host => None,
        };
        self.report_for(
            &custody.tenant,
            Some(custody.call),
            Some(custody.leg),
            session,
            Fact::GivenBack(why),
        );
        self.stop_audio_of(custody.leg, id);
        match custody.parent.filter(|_| !custody.won) {
            Some((dial, target)) => self.target_done(dial, target, why),
            None => self.refuse(custody.leg, why),
        }
        if let Some(session) = session {
            self.later(Step::Settle(session));
        }
    }

    /// The leg is taken away from a branch: another one won, the dial in front gave up, or the
    /// caller is gone. The holder hears `leg-ended`.
    pub(super) fn revoke(&mut self, id: CustodyId, why: Cause) {
        let Some(custody) = self.end_custody(id) else {
            return;
        };
        self.stop_audio_of(custody.leg, id);
        if let Holder::Session(session) = custody.holder {
            self.deliver(
                session,
                Event::LegEnded(LegEnded {
                    leg: custody.leg,
                    cause: why,
                }),
            );
        }
    }

    /// Takes a custody out of every table, and ends the dial that runs inside of it.
    fn end_custody(&mut self, id: CustodyId) -> Option<Custody> {
        let mut custody = self.custodies.remove(&id)?;
        self.keep_call(custody.call);
        if let Some(leg) = self.legs.get_mut(&custody.leg) {
            leg.custodies.retain(|other| *other != id);
        }
        if let Holder::Session(session) = custody.holder
            && let Some(session) = self.sessions.get_mut(&session)
        {
            session.custodies.retain(|other| *other != id);
        }
        if let Some(dial) = custody.dial.take() {
            self.end_dial(dial, Cause::Cancelled);
        }
        Some(custody)
    }

    /// Somebody answered inside of this custody: every dial in front is won by the branch that it is in.
    ///
    /// `answerer` is the leg that the dials in front are told of: the callee's, or the caller's own when a
    /// behaviour answered it.
    pub(super) fn win(&mut self, id: CustodyId, answerer: LegId) {
        let mut at = Some(id);
        while let Some(id) = at {
            let Some(custody) = self.custodies.get_mut(&id) else {
                return;
            };
            if custody.won {
                return;
            }
            custody.won = true;
            at = None;
            if let Some((dial, target)) = custody.parent {
                at = self.dials.get(&dial).and_then(|dial| dial.custody);
                self.dial_won(dial, target, answerer);
            }
        }
    }

    /// The exchange decides about a leg itself, in front of everybody else.
    pub(super) fn host_custody(&mut self, handover: Handover) -> Option<CustodyId> {
        let id = CustodyId(self.ids.next());
        let leg = self.legs.get_mut(&handover.leg)?;
        leg.custodies.push(id);
        self.custodies.insert(
            id,
            Custody {
                leg: handover.leg,
                call: leg.call,
                tenant: leg.tenant.clone(),
                holder: Holder::Host,
                parent: handover.parent,
                number: handover.number,
                stack: handover.stack,
                position: handover.position,
                line: handover.line,
                hops: handover.hops,
                diversions: handover.diversions,
                dial: None,
                won: false,
            },
        );
        Some(id)
    }

    /// Ends a custody of the exchange's own; whoever decided before decides again.
    pub(super) fn drop_custody(&mut self, id: CustodyId) {
        let Some(custody) = self.custodies.remove(&id) else {
            return;
        };
        if let Some(leg) = self.legs.get_mut(&custody.leg) {
            leg.custodies.retain(|other| *other != id);
        }
        if let Some(session) = self.innermost(custody.leg) {
            self.later(Step::Settle(session));
        }
    }

    /// The caller that a dial is for, and the custody that dials.
    fn dialling(&self, dial: DialId) -> Result<(LegId, &Custody), Cause> {
        let dial = self.dials.get(&dial);
        let (leg, custody) = dial
            .and_then(|dial| Some((dial.caller?, dial.custody?)))
            .ok_or(Cause::Failed)?;
        let custody = self.custodies.get(&custody).ok_or(Cause::Cancelled)?;
        Ok((leg, custody))
    }

    /// Routes a call inside of a dial, to a behaviour or back to the dial's own means.
    pub(super) fn nest(&mut self, dial: DialId, target: usize, inside: &Inside) -> Result<CustodyId, Cause> {
        let (leg, parent) = self.dialling(dial)?;
        let mut diversions = Vec::with_capacity(parent.diversions.len() + 1);
        diversions.push(parent.number.to_string());
        diversions.extend(parent.diversions.iter().cloned());
        let hops = parent.hops + 1;
        self.hand_over(Handover {
            leg,
            parent: Some((dial, target)),
            number: inside.number.clone(),
            stack: placed(&inside.stack),
            position: 0,
            line: inside.line.as_ref().map(|line| line.id.text().clone()),
            hops,
            diversions,
        })
    }

    /// The next behaviour on the number of the dial's own custody.
    pub(super) fn nest_next(&mut self, dial: DialId, target: usize) -> Result<Option<CustodyId>, Cause> {
        let (leg, parent) = self.dialling(dial)?;
        if parent.position + 1 >= parent.stack.len() {
            return Ok(None);
        }
        let handover = Handover {
            leg,
            parent: Some((dial, target)),
            number: parent.number.clone(),
            stack: parent.stack.clone(),
            position: parent.position + 1,
            line: parent.line.clone(),
            hops: parent.hops,
            diversions: parent.diversions.clone(),
        };
        self.hand_over(handover).map(Some)
    }
}
