//! Calls: legs that belong together, from the first INVITE to the last BYE, and what is written down of them.

use std::sync::Arc;
use std::time::Duration;

use base::{Moment, Pii};
use contract::{Cause, Event, Identity, LegEnded, LegId, SessionId};
use sip::endpoint::{Reason, Reply, UsageId};
use sip::sdp::Offer;
use smallvec::SmallVec;

use super::leg::{Leg, LegState, Party};
use super::outside::Tried;
use super::{Due, Exchange, Step};
use crate::cause;
use crate::ids::{CallId, Holder};
use crate::live::Full;
use crate::report::{Cdr, Direction, Fact, LegRole};

/// Numbers that a detail record lists; a call is not sent on oftener than the hop limit allows.
const MAX_DIVERSIONS: usize = 32;

/// Calls that are over sooner are never stored while they ring. A caller who has heard nothing by then repeats the
/// INVITE, so that none is lost.
const LASTS_AFTER: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Call {
    pub tenant: Arc<str>,
    pub direction: Direction,
    pub caller: Identity,
    /// Who is shown in the caller's place: the callee, once the caller has transferred it. Not stored: it matters while the target rings.
    pub transferred: Option<Identity>,
    /// A line that the exchange which has its phones has tried already. Not stored: it matters as long as nobody rings.
    pub tried: Option<Box<Tried>>,
    pub caller_line: Option<Arc<str>>,
    pub called: Arc<str>,
    pub diverted: Vec<Arc<str>>,
    pub legs: SmallVec<[LegId; 2]>,
    /// Dials that ring for it.
    pub dials: u32,
    pub started: Moment,
    pub ringing: Option<Moment>,
    pub answered: Option<Moment>,
    pub connected: Option<Moment>,
    pub answered_by: Option<Arc<str>>,
    pub trunk: Option<Arc<str>>,
    /// The conference that it became, or that its parties went to.
    pub conference: Option<Arc<str>>,
    /// Who pays for the leg outside.
    pub charged: Option<Arc<str>>,
    /// Why its last leg ended.
    pub cause: Cause,
    /// What is left of the caller's Max-Forwards.
    pub max_forwards: u8,
    /// Not counted against the tenant's limit.
    pub emergency: bool,
    /// It has been there for so long that it is stored, answered or not.
    pub lasting: bool,
    /// It is stored.
    pub kept: bool,
}

/// Calls.
impl Exchange {
    pub(super) fn start_call(&mut self, call: Call) -> CallId {
        let id = CallId(self.ids.next());
        let tenant = call.tenant.clone();
        let fact = Fact::CallStarted {
            caller: Pii(call.caller.number.clone().unwrap_or_default()),
            called: Pii(call.called.to_string()),
            direction: call.direction,
        };
        if !call.emergency {
            *self.calls_of_tenant.entry(tenant.clone()).or_default() += 1;
        }
        self.calls.insert(id, call);
        if self.config.keep_calls {
            self.timers.set(self.now + LASTS_AFTER, Due::Lasting(id));
        }
        self.report_for(&tenant, Some(id), None, None, fact);
        id
    }

    /// The call that a behaviour's own dial belongs to: that of its caller, else a new one.
    pub(super) fn call_to_originate(&mut self, id: SessionId) -> Option<CallId> {
        let session = self.sessions.get(&id)?;
        // A session per number holds many calls, and this one is none of them.
        if let Some(call) = session.call.filter(|call| self.calls.contains_key(call)) {
            return Some(call);
        }
        let (tenant, number) = (session.tenant.clone(), session.number.clone());
        if self.is_full(&tenant) {
            return None;
        }
        Some(self.start_call(Call {
            tenant,
            direction: Direction::Originated,
            caller: Identity {
                number: Some(number.to_string()),
                ..Identity::default()
            },
            transferred: None,
            tried: None,
            caller_line: None,
            called: number,
            diverted: Vec::new(),
            legs: SmallVec::new(),
            dials: 0,
            started: self.now,
            ringing: None,
            answered: None,
            connected: None,
            answered_by: None,
            trunk: None,
            charged: None,
            conference: None,
            cause: Cause::Normal,
            max_forwards: 70,
            emergency: false,
            lasting: false,
            kept: false,
        }))
    }

    /// Whether a tenant has as many calls as it may have, or the exchange has.
    pub(super) fn is_full(&self, tenant: &str) -> bool {
        self.room_for_call(tenant).is_err()
    }

    /// Which limit is reached, if one is.
    pub(super) fn room_for_call(&self, tenant: &str) -> Result<(), Full> {
        let limit = self
            .tenant(tenant)
            .map_or(0, |view| view.tenant().limits.calls as usize);
        let own = self.calls_of_tenant.get(tenant).copied().unwrap_or_default();
        if own >= limit {
            return Err(Full::Tenant { calls: own, limit });
        }
        let all = self.calls.len();
        if all >= self.config.max_calls {
            return Err(Full::Exchange { calls: all });
        }
        Ok(())
    }

    pub(super) fn call_rings(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.ringing.get_or_insert(self.now);
        }
    }

    pub(super) fn call_answered(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.answered.is_none()) else {
            return;
        };
        call.answered = Some(self.now);
        self.count_answer(id);
    }

    /// The caller hears `other` for the first time.
    pub(super) fn call_connected(&mut self, id: CallId, other: LegId) {
        let party = self.legs.get(&other).map(|leg| leg.party.clone());
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.connected.is_some() {
            return;
        }
        call.connected = Some(self.now);
        match party {
            Some(Party::Device { line, .. }) => call.answered_by = Some(line),
            Some(Party::Trunk(trunk)) => {
                call.answered_by = Some(trunk.clone());
                call.trunk = Some(trunk);
            }
            None => {}
        }
    }

    /// The call was sent on to another number.
    pub(super) fn diverted(&mut self, id: CallId, number: &Arc<str>) {
        if let Some(call) = self.calls.get_mut(&id)
            && call.diverted.len() < MAX_DIVERSIONS
        {
            call.diverted.push(number.clone());
        }
    }

    /// Legs of two calls hear each other: from now on they are one call.
    pub(super) fn join_calls(&mut self, a: LegId, b: LegId) {
        let (Some(first), Some(second)) = (self.call_of(a), self.call_of(b)) else {
            return;
        };
        if first == second {
            return;
        }
        self.leave_call(second, b, Cause::Normal);
        let Some(leg) = self.legs.get_mut(&b) else {
            return;
        };
        leg.call = first;
        let (tenant, party, custodies) = (leg.tenant.clone(), leg.party.clone(), leg.custodies.clone());
        self.count_for(&tenant, &party, second, first);
        for custody in custodies {
            if let Some(custody) = self.custodies.get_mut(&custody) {
                custody.call = first;
            }
        }
        if let Some(call) = self.calls.get_mut(&first) {
            call.legs.push(b);
        }
    }

    pub(super) fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).map(|leg| leg.call)
    }

    /// A leg is no part of the call any more; without legs and dials it is over.
    fn leave_call(&mut self, id: CallId, leg: LegId, why: Cause) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.legs.retain(|other| *other != leg);
        call.cause = why;
        let over = call.legs.is_empty();
        self.keep_call(id);
        if over {
            self.later(Step::Call(id));
        }
    }

    /// Writes the call down if it is over.
    pub(super) fn end_call(&mut self, id: CallId) {
        let over = |call: &Call| call.legs.is_empty() && call.dials == 0;
        if !self.calls.get(&id).is_some_and(over) {
            return;
        }
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        if !call.emergency
            && let Some(count) = self.calls_of_tenant.get_mut(&call.tenant)
        {
            *count = count.saturating_sub(1);
        }
        self.forget_call(id, &call);
        let cdr = Cdr {
            call: id,
            direction: call.direction,
            caller: Pii(call.caller.number.unwrap_or_default()),
            caller_line: call.caller_line,
            called: Pii(call.called.to_string()),
            diverted: call
                .diverted
                .iter()
                .map(|number| Pii(number.to_string()))
                .collect(),
            started: call.started,
            ringing: call.ringing,
            answered: call.answered,
            connected: call.connected,
            ended: self.now,
            answered_by: call.answered_by,
            trunk: call.trunk,
            charged: call.charged,
            conference: call.conference,
            cause: call.cause,
        };
        self.report_for(&call.tenant, Some(id), None, None, Fact::CallEnded(Box::new(cdr)));
    }
}

/// Legs.
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

    pub(super) fn holders_of(&self, leg: LegId) -> SmallVec<[SessionId; 2]> {
        let Some(leg) = self.legs.get(&leg) else {
            return SmallVec::new();
        };
        let through_custody = leg
            .custodies
            .iter()
            .filter_map(|id| match self.custodies.get(id)?.holder {
                Holder::Session(session) => Some(session),
                Holder::Host => None,
            });
        through_custody.chain(leg.holders.iter().copied()).collect()
    }

    /// Whether a behaviour decides what happens to a leg.
    pub(super) fn is_decided_about(&self, leg: LegId) -> bool {
        !self.holders_of(leg).is_empty()
    }
}
