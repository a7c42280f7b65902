//! Dialogs (RFC 3261 §12): what two user agents remember of each other between requests.
//!
//! [`Identity`] is our half, shared by all dialogs that one INVITE makes; [`Dialog`] is the peer's:
//! its tag, its remote target, the proxies on the way, its CSeq. Where requests go is worked out in
//! [`next_hop`]. Not here: transactions, offers and answers, when a dialog ends.

mod next_hop;
mod routes;

use serde::{Deserialize, Serialize};

use crate::header::Contacts;
use crate::path::Path;
use crate::{Headers, Name, Request, Response};

pub use self::next_hop::{Flow, next_hop};
pub use self::routes::Routes;

/// Our half of a dialog, and of every dialog that the same INVITE makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub call_id: Box<str>,
    /// Our From or To value, tag and all, as it is on the wire.
    pub local: Box<str>,
    pub local_tag: Box<str>,
    /// Our Contact value.
    pub contact: Box<str>,
}

impl Identity {
    /// Of a request that we sent.
    pub fn of_sent(request: &Request) -> Option<Self> {
        let headers = &request.headers;
        Some(Self {
            call_id: headers.call_id().ok()?.into(),
            local: headers.get(Name::From)?.into(),
            local_tag: headers.from_tag()?.into(),
            contact: headers.get(Name::Contact).unwrap_or_default().into(),
        })
    }
}

/// The peer's half of a dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialog {
    /// The peer's From or To value, byte for byte: peers compare it (§12.2.1.1).
    pub remote: Box<str>,
    /// None for a peer older than RFC 3261, which has no tags.
    pub remote_tag: Option<Box<str>>,
    /// Where the peer wants its requests: its newest Contact.
    pub target: Box<str>,
    pub routes: Routes,
    /// CSeq of the peer's newest request.
    pub remote_cseq: Option<u32>,
    pub path: Path,
}

/// The peer's request is older than one that it sent before (§12.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outdated;

impl Dialog {
    /// The dialog that our answer to `request` makes (§12.1.1). None without a usable Contact: then the peer
    /// could never be reached, and deserves 400.
    pub fn as_uas(request: &Request, source: Path) -> Option<Self> {
        let headers = &request.headers;
        let from = headers.from().ok()?;
        // RFC 2543 peers, known by their lack of a tag, may leave Contact out: then From says where they are.
        let old = (from.tag().is_none() && from.uri.is_sip()).then(|| from.uri.as_str());
        let target: Box<str> = contact(headers).or(old)?.into();
        let routes = Routes::of_uas(headers)?;
        let path = next_hop(source, &routes, &target, Flow::of_request(request, source));
        Some(Self {
            remote: headers.get(Name::From)?.into(),
            remote_tag: from.tag().map(Into::into),
            target,
            routes,
            remote_cseq: Some(headers.cseq().ok()?.number),
            path,
        })
    }

    /// The dialog that `response` to our `request` makes (§12.1.2). A response without Contact, which
    /// it must not lack, leaves the Request-URI as the target.
    pub fn as_uac(request: &Request, response: &Response, path: Path) -> Self {
        let headers = &response.headers;
        let target = contact(headers).unwrap_or(request.uri_text());
        let routes = Routes::of_uac(headers).unwrap_or_default();
        let to = headers.to().ok();
        Self {
            remote: headers.get(Name::To).unwrap_or_default().into(),
            remote_tag: to.and_then(|to| to.tag()).map(Into::into),
            target: target.into(),
            path: next_hop(path, &routes, target, Flow::of_target(request.uri_text(), target)),
            routes,
            remote_cseq: None,
        }
    }

    /// Whether a message with this tag of the peer's belongs here.
    pub fn is_with(&self, remote_tag: Option<&str>) -> bool {
        self.remote_tag.as_deref() == remote_tag
    }

    /// Takes the number of a request of the peer's (§12.2.2). Gaps are fine; equal numbers are, too: the
    /// transaction has sorted repeats out already.
    ///
    /// # Errors
    ///
    /// [`Outdated`]: answer 500.
    pub fn take_cseq(&mut self, number: u32) -> Result<(), Outdated> {
        if self.remote_cseq.is_some_and(|newest| number < newest) {
            return Err(Outdated);
        }
        self.remote_cseq = Some(number);
        Ok(())
    }

    /// A target refresh (§12.2.1.2, §12.2.2): the Contact of a re-INVITE or UPDATE, or of a 2xx to ours. Where
    /// requests go changes only when the address does.
    pub fn refresh_target(&mut self, headers: &Headers) {
        let Some(target) = contact(headers) else { return };
        if *target != *self.target {
            let flow = Flow::of_target(&self.target, target);
            self.path = next_hop(self.path, &self.routes, target, flow);
            self.target = target.into();
        }
    }
}

/// The URI of the first Contact.
fn contact(headers: &Headers) -> Option<&str> {
    match headers.contacts().ok()? {
        Contacts::Wildcard => None,
        Contacts::List(list) => {
            let uri = list.first()?.address.uri;
            uri.is_sip().then_some(uri.as_str())
        }
    }
}

#[cfg(test)]
mod tests;
