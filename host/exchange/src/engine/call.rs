//! Calls: legs that belong together, from the first INVITE to the last BYE, and what is written down of them.

use std::sync::Arc;
use std::time::Duration;

use base::{Moment, Pii};
use contract::{Cause, Identity, LegId, SessionId};
use smallvec::SmallVec;

use super::leg::Party;
use super::outside::Tried;
use super::{Due, Exchange, Step};
use crate::ids::CallId;
use crate::live::Full;
use crate::report::{Cdr, Direction, Fact};

/// Numbers that a detail record lists; a call is not sent on oftener than the hop limit allows.
const MAX_DIVERSIONS: usize = 32;

/// Hops of a call that begins here (RFC 3261 §8.1.1.6).
const MAX_FORWARDS: u8 = 70;

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

impl Call {
    /// One that begins now.
    pub fn new(
        tenant: Arc<str>,
        direction: Direction,
        caller: Identity,
        called: Arc<str>,
        now: Moment,
    ) -> Self {
        Self {
            tenant,
            direction,
            caller,
            transferred: None,
            tried: None,
            caller_line: None,
            called,
            diverted: Vec::new(),
            legs: SmallVec::new(),
            dials: 0,
            started: now,
            ringing: None,
            answered: None,
            connected: None,
            answered_by: None,
            trunk: None,
            charged: None,
            conference: None,
            cause: Cause::Normal,
            max_forwards: MAX_FORWARDS,
            emergency: false,
            lasting: false,
            kept: false,
        }
    }
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
        Some(self.start_call(Call::new(
            tenant,
            Direction::Originated,
            Identity {
                number: Some(number.to_string()),
                ..Identity::default()
            },
            number,
            self.now,
        )))
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
    pub(super) fn leave_call(&mut self, id: CallId, leg: LegId, why: Cause) {
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
impl Exchange {}
