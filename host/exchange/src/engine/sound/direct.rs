//! Calls whose sound goes straight from party to party: each is sent the other's description (RFC 3264).
//!
//! ```text
//!  caller ──INVITE, offer A──▶ exchange ──INVITE, A with an o= of ours──▶ callees
//!  caller ◀──200, answer B with an o= of ours── exchange ◀──200, answer B── the one that answers
//!     └◀════════════════════ sound ════════════════════▶┘
//! ```
//!
//! A call begins so where both parties allow it ([`MediaWay::Direct`]), the caller made an offer and was promised
//! nothing yet, no behaviour on its way wants to hear keys, and both can reach each other: their
//! descriptions and where their packets come from lie in one address family and in one [`Reach`], and so does a
//! registered contact. So whoever is behind NAT is anchored.
//! Nothing of a description is read but that, so codecs, streams and encryption that are unknown here pass.
//!
//! Early answers reach the caller as long as one leg alone rings; a caller who got one and is answered by somebody
//! else is given the same again, and then anchored. What parties change later lies in `pass`, how sound
//! comes here after all in `anchor`.

use std::net::IpAddr;

use bytes::Bytes;
use contract::{Cause, LegId};
use sip::endpoint::{Body, Fork, Path, Reply};
use sip::sdp::{Codec, Negotiation, Outline};
use sip::uri::Uri;

use crate::directory::{MediaWay, TenantView};
use crate::engine::Exchange;
use crate::engine::leg::{Direct, Early, Leg, LegState, Party};
use crate::ids::DialId;

/// From where an address can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reach {
    is_v6: bool,
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Loopback,
    /// RFC 1918, RFC 6598, RFC 4193, and links.
    Private,
    Public,
}

impl Reach {
    fn of(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        let private = match ip {
            IpAddr::V4(v4) => {
                let [a, b, ..] = v4.octets();
                v4.is_private() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
            }
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
        };
        let scope = match (ip.is_loopback(), private) {
            (true, _) => Scope::Loopback,
            (false, true) => Scope::Private,
            (false, false) => Scope::Public,
        };
        Self {
            is_v6: ip.is_ipv6(),
            scope,
        }
    }

    /// That of all streams of a description, if they have one.
    fn of_description(sdp: &[u8]) -> Option<Self> {
        let outline = Outline::read(sdp).ok()?;
        let mut all = outline.addresses.into_iter().map(Self::of);
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }
}

/// Whether a description that came this way can be handed to somebody: no NAT lies between.
pub(in crate::engine) fn is_reachable(sdp: &[u8], path: &Path) -> bool {
    Reach::of_description(sdp) == Some(Reach::of(path.remote.ip()))
}

/// Beginning.
impl Exchange {
    fn way_of(view: &TenantView, party: &Party) -> MediaWay {
        let own = match party {
            Party::Device { device, .. } => view.device(device).and_then(|device| device.media),
            Party::Trunk(trunk) => view.trunk(trunk).and_then(|trunk| trunk.media),
        };
        own.unwrap_or(view.tenant().media)
    }

    /// For a caller whose offer may be passed on.
    pub(in crate::engine) fn direct_caller(
        &mut self,
        view: &TenantView,
        party: &Party,
        path: &Path,
        offer: &[u8],
    ) -> Option<Box<Direct>> {
        let may = Self::way_of(view, party) == MediaWay::Direct && is_reachable(offer, path);
        may.then(|| Direct::new(Negotiation::new(self.random.next_u64() >> 1), offer))
    }

    /// The caller's offer for a callee; none if the two had better meet here.
    ///
    /// # Errors
    ///
    /// `NotAcceptable` if they cannot: the caller speaks nothing that we do.
    pub(in crate::engine) fn direct_offer(
        &mut self,
        dial: DialId,
        party: &Party,
        target: &Uri,
        path: &Path,
    ) -> Result<Option<(Box<Direct>, Bytes)>, Cause> {
        let Some(caller) = self.direct_caller_of(dial) else {
            return Ok(None);
        };
        let Some(direct) = self.legs.get(&caller).and_then(|leg| leg.direct.as_ref()) else {
            return Ok(None);
        };
        let theirs = direct.theirs.clone();
        let registered = target.parts().host().ip().map(Reach::of);
        let there = Reach::of(path.remote.ip());
        let way = self
            .dials
            .get(&dial)
            .and_then(|dial| self.tenant(&dial.tenant))
            .map(|view| Self::way_of(view, party));
        let may = way == Some(MediaWay::Direct)
            && direct.early.is_none()
            && Reach::of_description(&theirs) == Some(there)
            && registered.is_none_or(|reach| reach == there)
            && !self.wants_keys(dial)
            // Whoever answers hears something of ours first.
            && self.dials.get(&dial).is_some_and(|dial| dial.options.whisper.is_none());
        if !may {
            let anchored = self.legs.get(&caller).is_some_and(|leg| leg.offer.is_some());
            return if anchored {
                Ok(None)
            } else {
                Err(Cause::NotAcceptable)
            };
        }
        let mut negotiation = Negotiation::new(self.random.next_u64() >> 1);
        let Ok(offer) = negotiation.relay(&theirs, self.origin(path)) else {
            return Ok(None);
        };
        Ok(Some((Direct::new(negotiation, &[]), offer)))
    }

    /// The caller of a dial, as long as it waits for an answer from whoever answers the call.
    fn direct_caller_of(&self, dial: DialId) -> Option<LegId> {
        let caller = self.dials.get(&dial)?.caller?;
        let leg = self.legs.get(&caller)?;
        (leg.state == LegState::Offered && leg.direct.is_some()).then_some(caller)
    }

    /// Whether a behaviour that the call has come through wants to be told of every key.
    fn wants_keys(&self, dial: DialId) -> bool {
        let custody = self.dials.get(&dial).and_then(|dial| dial.custody);
        let sessions = custody.map(|custody| self.chain(custody)).unwrap_or_default();
        let mut sessions = sessions.iter().filter_map(|id| self.sessions.get(id));
        sessions.any(|session| session.running.interests.digits)
    }

    /// What `o=` names: an address of ours in the family of the signalling.
    pub(in crate::engine) fn origin(&self, path: &Path) -> IpAddr {
        let ours = if path.local.is_ipv6() {
            self.config.media.v6
        } else {
            self.config.media.v4
        };
        ours.unwrap_or_else(|| path.local.ip())
    }

    /// The same for the party of a leg.
    pub(in crate::engine) fn origin_of(&self, leg: LegId) -> Option<IpAddr> {
        let usage = self.legs.get(&leg)?.usage;
        Some(self.origin(&self.sip.usage(usage)?.path))
    }
}

/// Answers.
impl Exchange {
    /// A callee's answer before it answered the call goes to the caller, if that may hear it. False if not.
    pub(in crate::engine) fn early_answer(
        &mut self,
        callee: LegId,
        dial: DialId,
        fork: Fork,
        status: u16,
        body: &Body,
    ) -> bool {
        let Some(of_callee) = self.legs.get_mut(&callee).and_then(|leg| leg.direct.as_mut()) else {
            return false;
        };
        if of_callee.updated {
            return status != 180;
        }
        of_callee.theirs = Bytes::copy_from_slice(&body.bytes);
        of_callee.fork = fork;
        let Some(caller) = self.hears_early(dial).filter(|_| self.can_pass_answer(callee)) else {
            return false;
        };
        let Some(origin) = self.origin_of(caller) else {
            return false;
        };
        let Some(leg) = self
            .legs
            .get_mut(&caller)
            .filter(|leg| leg.state == LegState::Offered)
        else {
            return false;
        };
        let (usage, rung) = (leg.usage, leg.rung);
        let Some(direct) = leg.direct.as_mut() else {
            return false;
        };
        if let Some(early) = &direct.early {
            return early.theirs == body.bytes && (status != 180 || rung);
        }
        let Ok(sent) = direct.negotiation.relay(&body.bytes, origin) else {
            return false;
        };
        direct.early = Some(Box::new(Early {
            theirs: Bytes::copy_from_slice(&body.bytes),
            sent: sent.clone(),
        }));
        leg.rung |= status == 180;
        // The caller may have given up this very moment.
        let _ = self.sip.progress(self.now, usage, Reply::new(status).sdp(sent));
        self.keep_leg(caller);
        true
    }

    /// Whether what a callee has answered can be handed to the caller: no NAT lies between.
    fn can_pass_answer(&self, callee: LegId) -> bool {
        let Some(leg) = self.legs.get(&callee) else {
            return false;
        };
        let path = self.sip.usage(leg.usage).map(|usage| usage.path);
        let theirs = leg.direct.as_ref().map(|direct| &direct.theirs);
        path.zip(theirs)
            .is_some_and(|(path, theirs)| is_reachable(theirs, &path))
    }

    /// Takes the callee's answer: the codec that it speaks with us, or none if its answer is the caller's to read.
    pub(in crate::engine) fn callees_answer(
        &mut self,
        callee: LegId,
        body: Option<&Body>,
    ) -> Result<Option<Codec>, ()> {
        let direct = self.legs.get_mut(&callee).and_then(|leg| leg.direct.as_mut());
        let Some(direct) = direct else {
            return self.take_answer(callee, body).map(|agreed| Some(agreed.codec));
        };
        if let Some(body) = body.filter(|body| body.is_sdp() && !direct.updated) {
            direct.theirs = Bytes::copy_from_slice(&body.bytes);
        }
        // Without an answer in it, the early one stands.
        if direct.theirs.is_empty() {
            Err(())
        } else {
            Ok(None)
        }
    }

    /// Answers the caller with what the callee answered. False if the caller was promised something else, or the two
    /// cannot reach each other: then it is ours to answer.
    pub(in crate::engine) fn pass_answer(&mut self, caller: LegId, callee: LegId) -> Result<bool, Cause> {
        let answer = match self.legs.get(&callee).and_then(|leg| leg.direct.as_ref()) {
            Some(direct) if self.can_pass_answer(callee) => direct.theirs.clone(),
            Some(_) | None => return Ok(false),
        };
        let origin = self.origin_of(caller);
        let Some(leg) = self
            .legs
            .get_mut(&caller)
            .filter(|leg| leg.state == LegState::Offered)
        else {
            return Ok(false);
        };
        let (Some(direct), Some(origin)) = (leg.direct.as_mut(), origin) else {
            return Ok(false);
        };
        let sdp = match &direct.early {
            Some(early) if early.theirs == answer => early.sent.clone(),
            Some(_) => return Ok(false),
            None => direct
                .negotiation
                .relay(&answer, origin)
                .map_err(|_| Cause::NotAcceptable)?,
        };
        direct.early = None;
        direct.peer = Some(callee);
        leg.offer = None;
        if let Some(direct) = self.legs.get_mut(&callee).and_then(|leg| leg.direct.as_mut()) {
            direct.peer = Some(caller);
        }
        self.accept_caller(caller, sdp, None)?;
        Ok(true)
    }

    /// Whether the caller was answered with the sound of a phone that is called no longer.
    pub(in crate::engine) fn lost_direct_early(&self, caller: LegId) -> bool {
        let Some(leg) = self.legs.get(&caller) else {
            return false;
        };
        let Some(early) = leg.direct.as_ref().and_then(|direct| direct.early.as_ref()) else {
            return false;
        };
        let sounds = |callee: &LegId| {
            let direct = self.legs.get(callee).and_then(|leg| leg.direct.as_ref());
            *callee != caller && direct.is_some_and(|direct| direct.theirs == early.theirs)
        };
        let call = self.calls.get(&leg.call);
        call.is_some_and(|call| !call.legs.iter().any(sounds))
    }

    /// What a caller was answered before somebody answered the call: no other answer may follow (RFC 3261 §13.2.1).
    pub(in crate::engine) fn early_sdp(&self, id: LegId) -> Option<Bytes> {
        let direct = self.legs.get(&id)?.direct.as_ref()?;
        direct.early.as_ref().map(|early| early.sent.clone())
    }

    /// Whether two parties have each other's descriptions.
    pub(in crate::engine) fn are_direct(&self, a: LegId, b: LegId) -> bool {
        let has = |leg: LegId, other: LegId| {
            let direct = self.legs.get(&leg).and_then(|leg: &Leg| leg.direct.as_ref());
            direct.is_some_and(|direct| direct.peer == Some(other))
        };
        has(a, b) && has(b, a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_behind_nat_are_told_from_public_ones() {
        let reach = |text: &str| Reach::of(text.parse().unwrap());
        assert_eq!(reach("10.1.2.3"), reach("192.168.0.9"));
        assert_eq!(reach("100.64.0.1"), reach("172.16.0.1"));
        assert_ne!(reach("10.1.2.3"), reach("203.0.113.9"));
        assert_ne!(reach("127.0.0.1"), reach("10.1.2.3"));
        assert_ne!(reach("2001:db8::1"), reach("203.0.113.9"));
        assert_eq!(reach("::ffff:203.0.113.9"), reach("203.0.113.1"));
        assert_ne!(reach("fd00::1"), reach("2001:db8::1"));
    }
}
