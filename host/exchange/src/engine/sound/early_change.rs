//! What a party of a direct call changes before the call is answered goes to the other end, too (RFC 3311, RFC 6337).
//!
//! ```text
//!  caller ──INVITE, A───▶ exchange ──INVITE, A───▶ callee
//!  caller ◀─183, B, PRACK exchange ◀─183, B, PRACK callee
//!  caller ──UPDATE, A'──▶ exchange ──UPDATE, A'──▶ callee
//!  caller ◀─200, B'────── exchange ◀─200, B'────── callee
//!  caller ◀─200─────────── exchange ◀─200────────── callee     agreed on is what the UPDATE brought
//! ```
//!
//! Both early dialogs must have agreed on something reliably (RFC 3262): until then whoever asks is told to try
//! later, and while the other end changes something itself, 491. So is a callee whose early answer the caller did not get.

use contract::LegId;
use sip::endpoint::{Body, Reply, RequestId};

use crate::engine::Exchange;
use crate::engine::leg::{Early, LegState};

impl Exchange {
    /// Passes on what a party wants to change in its early dialog.
    pub(in crate::engine) fn pass_on_early(&mut self, id: LegId, request: RequestId, body: Option<&Body>) {
        let offer = body.filter(|body| body.is_sdp()).map(|body| body.bytes.clone());
        let Some((partner, offer)) = self.early_partner(id).zip(offer) else {
            let later = self.later_reply();
            self.reply(request, later);
            return;
        };
        if !self.still_reaches(id, &offer) {
            self.reply(request, Reply::new(488));
            return;
        }
        match self.ask_partner(partner, id, request, true, Some(offer)) {
            Ok(()) => {}
            Err(500) => {
                let later = self.later_reply();
                self.reply(request, later);
            }
            Err(status) => drop(self.reply(request, Reply::new(status))),
        }
    }

    /// RFC 3311 §5.2: try again once the offer that is open has its answer.
    fn later_reply(&mut self) -> Reply {
        Reply::new(500).header("Retry-After", self.random.below(11).to_string())
    }

    /// The other end of an early dialog: the callee whose answer the caller has, or that caller.
    fn early_partner(&self, id: LegId) -> Option<LegId> {
        let leg = self.legs.get(&id)?;
        let caller_of = |callee: LegId| self.dials.get(&self.legs.get(&callee)?.dial?.0)?.caller;
        match leg.state {
            LegState::Offered => {
                let legs = &self.calls.get(&leg.call)?.legs;
                let mut callees = legs.iter().copied().filter(|other| caller_of(*other) == Some(id));
                callees.find(|callee| self.has_early_answer(id, *callee))
            }
            LegState::Calling | LegState::Ringing => {
                caller_of(id).filter(|caller| self.has_early_answer(*caller, id))
            }
            LegState::Confirming | LegState::Up => None,
        }
    }

    fn has_early_answer(&self, caller: LegId, callee: LegId) -> bool {
        let direct = |leg: LegId| self.legs.get(&leg)?.direct.as_ref();
        let early = direct(caller).and_then(|caller| caller.early.as_ref());
        early.is_some_and(|early| direct(callee).is_some_and(|callee| callee.theirs == early.theirs))
    }

    /// Two parties have changed what they had agreed on: an early answer of the callee's is out of date.
    pub(in crate::engine) fn agreed_early(&mut self, one: LegId, other: LegId) {
        for (caller, callee) in [(one, other), (other, one)] {
            let direct = |id: LegId| self.legs.get(&id).and_then(|leg| leg.direct.as_ref());
            let promised = direct(caller).is_some_and(|direct| direct.early.is_some());
            let Some(theirs) = direct(callee)
                .filter(|_| promised)
                .map(|callee| callee.theirs.clone())
            else {
                continue;
            };
            // The same as was sent, for nothing has changed since.
            let Some(sent) = self.for_party(caller, &theirs) else {
                continue;
            };
            if let Some(direct) = self.legs.get_mut(&caller).and_then(|leg| leg.direct.as_mut()) {
                direct.early = Some(Box::new(Early { theirs, sent }));
            }
            if let Some(direct) = self.legs.get_mut(&callee).and_then(|leg| leg.direct.as_mut()) {
                direct.updated = true;
            }
            self.keep_leg(caller);
        }
    }
}
