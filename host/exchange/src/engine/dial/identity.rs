//! Who the callee is told calls, and by which way the call came.

use std::sync::Arc;

use contract::Shown;
use sip::endpoint::{ExtraHeaders, Party as Named};
use sip::uri::Uri;

use super::branch::Branch;
use crate::engine::Exchange;
use crate::engine::leg::Party;
use crate::ids::DialId;

/// Who the callee is told calls.
pub(super) struct ShownAs {
    pub from: Named,
    pub headers: ExtraHeaders,
}

impl Exchange {
    /// Identity headers (RFC 3261 §8.1.1.3, RFC 3325, RFC 3323). People of the house see the caller's short number;
    /// outside, a number that the tenant may use goes out, and hiding it is a matter of privacy.
    pub(super) fn shown_to(&self, call: crate::ids::CallId, shown: &Shown, branch: &Branch) -> ShownAs {
        let caller = self.caller_of(call);
        let tenant = self
            .calls
            .get(&call)
            .map(|call| call.tenant.clone())
            .unwrap_or_default();
        let trunk = match &branch.party {
            Party::Trunk(trunk) => trunk.clone(),
            Party::Device { .. } => Arc::default(),
        };
        let (number, hidden) = match shown {
            Shown::Caller => (caller.number.clone(), caller.anonymous),
            Shown::Anonymous => (caller.number.clone(), true),
            Shown::Number(number) => (Some(number.clone()), false),
        };
        let number = match (&number, branch.outside) {
            (_, true) => self.number_outside(&tenant, &trunk, number.as_deref(), &caller),
            (number, false) => number.clone(),
        };
        let name = caller.name.filter(|_| matches!(shown, Shown::Caller) && !hidden);
        let mut headers = ExtraHeaders::new();
        let own = number
            .as_deref()
            .and_then(|number| Uri::sip(Some(number), &branch.domain, None).ok());
        if hidden {
            if branch.outside
                && let Some(own) = &own
            {
                headers.push("P-Asserted-Identity", format!("<{own}>"));
            }
            headers.push("Privacy", "id");
        } else if branch.outside
            && let Some(own) = &own
        {
            headers.push("P-Asserted-Identity", format!("<{own}>"));
        }
        let from = match own.filter(|_| !hidden) {
            Some(uri) => Named { name, uri },
            None => anonymous(&branch.target),
        };
        ShownAs { from, headers }
    }

    /// A line that wants it hears by the ring whether the call comes from the house (R17).
    pub(super) fn distinctive_ring(&self, call: crate::ids::CallId, party: &Party) -> Option<String> {
        let Party::Device { line, .. } = party else {
            return None;
        };
        let call = self.calls.get(&call)?;
        let line = self.tenant(&call.tenant)?.line(line)?;
        let ring = if call.caller_line.is_some() {
            "internal"
        } else {
            "external"
        };
        line.features.distinctive_ring.then(|| ring.to_owned())
    }

    /// Where the call came from before it reached this callee (RFC 7044, and RFC 5806 for those who only know
    /// that). R23: the callee sees the caller, and may see by which way it came.
    pub(super) fn add_diversions(
        &self,
        dial: DialId,
        domain: &str,
        number: &str,
        headers: &mut ExtraHeaders,
    ) {
        let custody = self
            .dials
            .get(&dial)
            .and_then(|dial| dial.custody)
            .and_then(|id| self.custodies.get(&id));
        let Some(custody) = custody else {
            return;
        };
        let numbers = custody.diversions.iter();
        for number in numbers {
            if let Ok(uri) = Uri::sip(Some(number), domain, None) {
                headers.push("Diversion", format!("<{uri}>;reason=unknown"));
            }
        }
        if custody.diversions.is_empty() {
            return;
        }
        let way = custody.diversions.iter().rev().map(String::as_str);
        let way = way.chain(std::iter::once(number));
        let uris = way.filter_map(|number| Uri::sip(Some(number), domain, None).ok());
        let mut from = String::new();
        for uri in uris {
            let (index, mapped) = match from.as_str() {
                "" => ("1".to_owned(), String::new()),
                from => (format!("{from}.1"), format!(";mp={from}")),
            };
            headers.push("History-Info", format!("<{uri}>;index={index}{mapped}"));
            from = index;
        }
    }
}

/// `From` of a caller who hides (RFC 3323 §4.1).
fn anonymous(fallback: &Uri) -> Named {
    let uri = Uri::parse("sip:anonymous@anonymous.invalid").unwrap_or_else(|_| fallback.clone());
    Named::named("Anonymous", uri)
}
