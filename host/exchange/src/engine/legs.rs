//! Legs begin and end: what every table holds of one, and who hears that it is over.

use std::sync::Arc;

use base::Pii;
use contract::{Cause, Event, LegEnded, LegId, SessionId};
use sip::endpoint::{Reason, Reply, UsageId};
use sip::sdp::Offer;
use smallvec::SmallVec;

use super::leg::{Leg, LegState, Party};
use super::{Exchange, Step};
use crate::cause;
use crate::ids::CallId;
use crate::report::{Fact, LegRole};

impl Exchange {
    /// A leg of a caller, whose offer waits for our answer.
    pub(super) fn add_caller(
        &mut self,
        call: CallId,
        tenant: Arc<str>,
        usage: UsageId,
        party: Party,
        number: String,
        offer: Option<Offer>,
    ) -> LegId {
        let id = self.add_leg(
            call,
            tenant,
            usage,
            party,
            LegState::Offered,
            LegRole::Caller,
            number,
        );
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.offer = offer.map(Box::new);
        }
        id
    }

    /// The same for one who comes to a call that is there, and is known by its line or trunk alone.
    pub(super) fn add_newcomer(
        &mut self,
        call: CallId,
        tenant: Arc<str>,
        usage: UsageId,
        party: Party,
        offer: Option<Offer>,
    ) -> LegId {
        let name = match &party {
            Party::Device { line, .. } => line.to_string(),
            Party::Trunk(trunk) => trunk.to_string(),
        };
        self.add_caller(call, tenant, usage, party, name, offer)
    }

    #[expect(clippy::too_many_arguments, reason = "all that a leg begins with")]
    pub(super) fn add_leg(
        &mut self,
        call: CallId,
        tenant: Arc<str>,
        usage: UsageId,
        party: Party,
        state: LegState,
        role: LegRole,
        number: String,
    ) -> LegId {
        let id = LegId(self.ids.next());
        let (line, device, trunk) = match &party {
            Party::Device { line, device } => (Some(line.clone()), Some(device.clone()), None),
            Party::Trunk(trunk) => (None, None, Some(trunk.clone())),
        };
        self.count_leg(&tenant, &party, call, true);
        self.by_usage.insert(usage, id);
        let leg = Leg {
            id,
            call,
            tenant: tenant.clone(),
            usage,
            party,
            number: number.clone().into(),
            state,
            offer: None,
            media: None,
            direct: None,
            custodies: SmallVec::new(),
            dial: None,
            rest: None,
            holders: SmallVec::new(),
            bridged: None,
            room: None,
            talked: false,
            missed: false,
            audio: None,
            answering: None,
            renegotiating: None,
            holding: false,
            held: false,
            transfer: None,
            dialog: 0,
            rung: false,
        };
        self.legs.insert(id, leg);
        self.remember_dialog(usage, id);
        if let Some(call) = self.calls.get_mut(&call) {
            call.legs.push(id);
        }
        let fact = Fact::LegStarted {
            role,
            line,
            device,
            trunk,
            number: Pii(number),
        };
        self.report_for(&tenant, Some(call), Some(id), None, fact);
        id
    }

    /// Ends a leg in the way that its state asks for.
    pub(super) fn hang_up(&mut self, id: LegId, why: Cause) {
        let Some(leg) = self.legs.get(&id) else {
            return;
        };
        let reason = match why {
            Cause::AnsweredElsewhere => Some(Reason::answered_elsewhere()),
            why => cause::q850(why).map(|code| Reason {
                protocol: "Q.850".into(),
                cause: Some(code),
                text: None,
            }),
        };
        // It may have ended this very moment; then its last event is on its way and finds no leg.
        let _ = self
            .sip
            .hang_up(self.now, leg.usage, Reply::new(cause::status(why)), reason);
        self.await_farewell(id);
        self.leg_gone(id, why);
    }

    /// Ends every leg of a call.
    pub(super) fn hang_up_call(&mut self, id: CallId) {
        let legs = self
            .calls
            .get(&id)
            .map(|call| call.legs.clone())
            .unwrap_or_default();
        for leg in legs {
            self.leg_fails(leg, Cause::Normal);
        }
    }

    /// A leg cannot go on for a reason of ours.
    pub(super) fn leg_fails(&mut self, id: LegId, why: Cause) {
        let ringing = self.legs.get_mut(&id).and_then(|leg| leg.dial.take());
        self.hang_up(id, why);
        if let Some((dial, target)) = ringing {
            self.branch_over(dial, target, id, why);
        }
    }

    /// A leg is over: everybody who had to do with it hears of it.
    pub(super) fn leg_gone(&mut self, id: LegId, why: Cause) {
        let Some(mut leg) = self.legs.remove(&id) else {
            return;
        };
        self.by_usage.remove(&leg.usage);
        self.charge(id);
        self.forget_dialog(leg.dialog);
        if let Some(media) = leg.media.take() {
            self.close_media(*media);
        }
        if let Some(asked) = leg.direct.take().and_then(|direct| direct.asked) {
            self.nobody_answers(&asked);
        }
        self.count_leg(&leg.tenant, &leg.party, leg.call, false);
        if let Some(audio) = leg.audio.take() {
            self.audio_gone(id, *audio);
        }
        for waiting in [leg.answering.take(), leg.renegotiating.take()]
            .into_iter()
            .flatten()
        {
            let kind = contract::OutcomeKind::Failed(Cause::Cancelled);
            self.outcome(waiting.session, waiting.tag, kind);
        }
        if let Some((dial, target)) = leg.dial.take() {
            // Who hangs up before the caller is there does not want the call.
            let why = if leg.is_answered() { Cause::Declined } else { why };
            self.branch_over(dial, target, id, why);
        }
        if let Some(seat) = leg.room.take() {
            self.stand_up(id, &seat);
        }
        let partner = leg.bridged.take();
        if let Some(partner) = partner {
            self.partner_gone(partner);
        }
        // The outermost first: a dial that it runs takes the nested ones with it.
        for custody in std::mem::take(&mut leg.custodies) {
            self.revoke(custody, why);
        }
        for session in std::mem::take(&mut leg.holders) {
            if let Some(session) = self.sessions.get_mut(&session) {
                session.callees.retain(|other| *other != id);
            }
            let ended = LegEnded { leg: id, cause: why };
            self.deliver(session, Event::LegEnded(ended));
        }
        if let Some(partner) = partner.filter(|partner| !self.is_decided_about(*partner)) {
            self.hang_up(partner, Cause::Normal);
        }
        self.report_for(&leg.tenant, Some(leg.call), Some(id), None, Fact::LegEnded(why));
        self.leave_call(leg.call, id, why);
    }

    fn partner_gone(&mut self, partner: LegId) {
        if let Some(leg) = self.legs.get_mut(&partner) {
            leg.bridged = None;
        }
        if let Some(port) = self.port_of(partner) {
            self.media(media::Command::Disconnect { port });
        }
        let sessions: SmallVec<[SessionId; 2]> = self.holders_of(partner);
        for session in sessions {
            self.later(Step::Settle(session));
        }
    }
}
