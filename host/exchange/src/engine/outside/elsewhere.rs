//! Phones that another exchange has, of lines of ours: how they are rung, and what that exchange tells of them.
//!
//! ```text
//!  a call there ─▶ 201 busy ─▶ diverted to the pilot (RFC 5806: user-busy) ─▶ behaviours in front of 201: it is busy, and then
//!                                                                             whatever they do; ringing 201 is a call there
//!  our call there ─▶ it asks about it, or 201 is busy and it diverts it to the pilot ─▶ it came from here: goes on, is refused
//! ```
//!
//! Such a line counts as registered, and as in the calls that are known here.

use std::sync::Arc;

use contract::Cause;
use sip::{Name, Request};

use crate::directory::TrunkId;
use crate::engine::Exchange;
use crate::engine::invited::{Caller, identity_of_line};
use crate::engine::leg::Party;
use crate::ids::CallId;

/// A line that has been tried there already, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    pub line: Arc<str>,
    pub cause: Cause,
}

impl Exchange {
    /// The trunk to the exchange that has the line's phones.
    pub(in crate::engine) fn elsewhere(&self, tenant: &str, line: &str) -> Option<TrunkId> {
        let view = self.tenant(tenant)?;
        view.elsewhere(view.line(line)?).cloned()
    }

    /// What came of a line there, told once: whoever rings it next means it.
    pub(in crate::engine) fn take_tried(&mut self, call: CallId, line: &str) -> Option<Cause> {
        let tried = &mut self.calls.get_mut(&call)?.tried;
        if tried.as_ref().is_none_or(|tried| *tried.line != *line) {
            return None;
        }
        tried.take().map(|tried| tried.cause)
    }

    /// Whether a call that is on its way to the line there is one that we make, for this caller.
    pub(in crate::engine) fn rings_there(&self, tenant: &str, line: &str, caller: Option<&str>) -> bool {
        self.legs_of_line(tenant, line).any(|leg| {
            let to_there = matches!(&leg.party, Party::Device { device, .. } if device.starts_with("trunk/"));
            let shown = || self.caller_of(leg.call).number;
            leg.dial.is_some() && to_there && (caller.is_none() || caller == shown().as_deref())
        })
    }

    /// A call that the other exchange diverted to the pilot number is one to the number that diverted it, by whom that exchange says: its
    /// phones are the tenant's. Returns the number that is called, and what that exchange has tried already.
    ///
    /// # Errors
    ///
    /// It is a call of ours that came back, with what came of it.
    pub(in crate::engine) fn taken_for(
        &self,
        called: String,
        caller: &mut Caller,
        request: &Request,
    ) -> Result<(String, Option<Tried>), Cause> {
        let view = &caller.tenant;
        let (Party::Trunk(trunk), Some(rule)) = (&caller.party, &view.tenant().document.interception) else {
            return Ok((called, None));
        };
        let normal = |number: &str| view.number_plan().normalise(number);
        let pilot = rule.pilot.as_deref().and_then(normal);
        let from_there = rule.trunk.as_ref().is_some_and(|own| own.as_str() == &**trunk);
        if !from_there || pilot.is_none() || normal(&called) != pilot || caller.diversions.is_empty() {
            return Ok((called, None));
        }
        let number = caller.identity.number.as_deref();
        if let Some(line) = number.and_then(|number| view.line_by_number(number)) {
            caller.identity = identity_of_line(view, line);
        }
        let diverted = caller.diversions.remove(0);
        let Some(line) = view.line_by_number(&diverted).map(|line| line.id.text().clone()) else {
            return Ok((diverted, None));
        };
        let cause = reason(request);
        if self.rings_there(view.id().text(), &line, caller.identity.number.as_deref()) {
            return Err(cause.unwrap_or(Cause::NoAnswer));
        }
        Ok((diverted, cause.map(|cause| Tried { line, cause })))
    }
}

/// Why the last diversion was made (RFC 5806), as far as it tells of the line.
fn reason(request: &Request) -> Option<Cause> {
    let diversions = request.headers.addresses(Name::Diversion).ok()?;
    let reason = diversions.first()?.params.unquoted("reason")?;
    match reason.to_ascii_lowercase().as_str() {
        "user-busy" => Some(Cause::Busy),
        "no-answer" => Some(Cause::NoAnswer),
        "unavailable" | "out-of-service" => Some(Cause::Unreachable),
        _ => None,
    }
}
