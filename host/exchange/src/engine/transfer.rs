//! Transfers: REFER from a party (RFC 3515, RFC 5589), and INVITE with Replaces (RFC 3891).
//!
//! ```text
//!  blind:     A refers B to a number ─▶ A and B part, B dials ─▶ answered: A is told 200 and let go
//!                                                           └─▶ failed: A and B talk on
//!  attended:  A refers B to C's dialog ─▶ the partners of A's two calls are connected
//! ```
//!
//! The behaviour that decides about the call is asked first; one that leaves `transfer-requested` untouched
//! leaves it to the exchange.

use std::sync::Arc;

use contract::{Cause, DialOptions, DialResult, Event, Identity, LegId, Target, TransferRequest};
use sip::endpoint::{Body, ExtraHeaders, Reply, RequestId, Role, UsageId};
use sip::header::{DialogName, Replaces};
use sip::sdp::Offer;
use sip::{Name, Request};

use super::Exchange;
use super::custody::Handover;
use super::invited::{identity_of_line, refuse};
use super::leg::{Leg, Party, Wanted};
use super::pickup::ringing_leg;
use crate::cause;
use crate::ids::{CallId, CustodyId, DialOwner};

impl Exchange {
    /// A REFER inside of a dialog.
    pub(super) fn referred(&mut self, leg: LegId, request_id: RequestId, request: &Request) {
        let wanted = match self.read_refer(request) {
            Ok(wanted) => wanted,
            Err(status) => {
                self.respond(request_id, status);
                return;
            }
        };
        if let Some(done) = self.referred_to_conference(leg, &wanted.number, wanted.replaces) {
            return self.conference_asked(leg, request_id, done);
        }
        let bridged = self.legs.get(&leg).and_then(|leg| leg.bridged).is_some();
        let session = self.innermost(leg);
        if !bridged && session.is_none() {
            // Nobody is there to be transferred.
            self.respond(request_id, 603);
            return;
        }
        self.respond(request_id, 202);
        self.notify(leg, 100, false);
        let event = TransferRequest {
            leg,
            to: wanted.number.clone(),
            replaces: wanted.replaces,
        };
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.transfer = Some(Box::new(wanted));
        }
        match session {
            Some(session) => self.deliver(session, Event::TransferRequested(event)),
            None => self.transfer_untouched(leg),
        }
    }

    /// The leg that is left without its partner is let go.
    fn conference_asked(&mut self, leg: LegId, request_id: RequestId, done: Result<LegId, u16>) {
        match done {
            Ok(left) => {
                self.respond(request_id, 202);
                self.notify(leg, 200, true);
                self.hang_up(left, Cause::Normal);
            }
            Err(status) => self.respond(request_id, status),
        }
    }

    /// Refer-To, with the number as the tenant reads it and the dialog that it replaces.
    fn read_refer(&self, request: &Request) -> Result<Wanted, u16> {
        let target = request
            .headers
            .address(Name::ReferTo)
            .map_err(|_| 400_u16)?
            .ok_or(400_u16)?;
        let number = target.uri.user().ok_or(404_u16)?.into_owned();
        let replaces = match target.uri.header("Replaces") {
            Some(text) => {
                let replaces = Replaces::parse(&text).map_err(|_| 400_u16)?;
                Some(self.leg_of_dialog(&replaces.dialog).ok_or(481_u16)?)
            }
            None => None,
        };
        Ok(Wanted { number, replaces })
    }

    /// The leg whose dialog a Replaces or a Join names.
    pub(super) fn leg_of_dialog(&self, dialog: &DialogName<'_>) -> Option<LegId> {
        let usage = self
            .sip
            .find_dialog(dialog.call_id, dialog.to_tag, dialog.from_tag)?;
        self.by_usage.get(&usage).copied()
    }

    /// The leg that a new call of the tenant's names. Nobody learns about another tenant's calls.
    ///
    /// # Errors
    ///
    /// The answer to send instead (RFC 3891 §3, RFC 3911 §4).
    pub(super) fn named_leg(&self, named: Option<LegId>, tenant: &str) -> Result<&Leg, Box<Reply>> {
        let leg = named.and_then(|leg| self.legs.get(&leg));
        leg.filter(|leg| *leg.tenant == *tenant)
            .ok_or_else(|| refuse(481))
    }

    /// The behaviour did nothing about a transfer: the exchange makes it.
    pub(super) fn transfer_untouched(&mut self, leg: LegId) {
        let Some(wanted) = self.legs.get_mut(&leg).and_then(|leg| leg.transfer.take()) else {
            return;
        };
        let done = match wanted.replaces {
            Some(other) => self.attended(leg, other),
            None => self.blind(leg, &wanted.number),
        };
        if let Err(status) = done {
            self.notify(leg, status, true);
        }
    }

    /// The partners of both calls talk; the one who brought them together is let go.
    fn attended(&mut self, first: LegId, second: LegId) -> Result<(), u16> {
        let partner = |leg: LegId| self.legs.get(&leg).and_then(|leg| leg.bridged);
        let (a, b) = (partner(first).ok_or(481_u16)?, partner(second).ok_or(481_u16)?);
        if a == second || self.tenant_of_leg(a) != self.tenant_of_leg(b) {
            return Err(603);
        }
        self.connect(a, b);
        self.notify(first, 200, true);
        for leg in [first, second] {
            self.hang_up(leg, Cause::Normal);
        }
        Ok(())
    }

    fn tenant_of_leg(&self, leg: LegId) -> Option<Arc<str>> {
        self.legs.get(&leg).map(|leg| leg.tenant.clone())
    }

    /// The partner rings the number, as if the one who asked had dialled it for him.
    fn blind(&mut self, referrer: LegId, number: &str) -> Result<(), u16> {
        let partner = self.part(referrer).ok_or(481_u16)?;
        let call = self.call_of(partner).ok_or(481_u16)?;
        self.shown_from_now_on(call, partner);
        let label = self.label_of(referrer);
        // Behaviours behind the number see who sent the call there.
        let sent_by = label.unwrap_or_else(|| number.into());
        let handover = Handover::to_host(partner, sent_by, 1);
        let custody = self.host_custody(handover).ok_or(481_u16)?;
        let stage = self.stage_to(Target::Number(number.to_owned()));
        let owner = DialOwner::Transfer {
            referrer: Some(referrer),
        };
        self.start_dial(owner, Some(custody), call, vec![stage], DialOptions::default());
        Ok(())
    }

    /// Whoever is transferred is the caller that the target sees; the one who called it may be the one who leaves.
    fn shown_from_now_on(&mut self, call: CallId, partner: LegId) {
        let Some(leg) = self.legs.get(&partner) else {
            return;
        };
        let called_us = self
            .sip
            .usage(leg.usage)
            .is_some_and(|usage| usage.role == Role::Uas);
        let Some(of) = self.calls.get(&call) else {
            return;
        };
        let is_caller =
            called_us || (leg.party.line().is_some() && leg.party.line() == of.caller_line.as_ref());
        let identity = match (&leg.party, is_caller) {
            (_, true) => None,
            (Party::Device { line, .. }, false) => self
                .tenant(&of.tenant)
                .and_then(|view| Some(identity_of_line(view, view.line(line)?))),
            (Party::Trunk(_), false) => Some(Identity {
                number: Some(of.diverted.last().unwrap_or(&of.called).to_string()),
                ..Identity::default()
            }),
        };
        if let Some(call) = self.calls.get_mut(&call) {
            call.transferred = identity;
        }
    }

    /// What people call the line of a leg.
    fn label_of(&self, leg: LegId) -> Option<Arc<str>> {
        let leg = self.legs.get(&leg)?;
        let line = self.tenant(&leg.tenant)?.line(leg.party.line()?)?;
        Some(line.label().clone())
    }

    /// How the transferred party's dial ended.
    pub(super) fn transfer_done(
        &mut self,
        referrer: Option<LegId>,
        custody: Option<CustodyId>,
        result: &DialResult,
    ) {
        let transferred = custody
            .and_then(|id| self.custodies.get(&id))
            .map(|custody| custody.leg);
        let referrer = referrer.filter(|leg| self.legs.contains_key(leg));
        match (result, referrer) {
            (DialResult::Answered(_), Some(referrer)) => {
                self.notify(referrer, 200, true);
                self.hang_up(referrer, Cause::Normal);
            }
            (DialResult::Answered(_), None) => {}
            (DialResult::Failed(why), Some(referrer)) => {
                self.notify(referrer, cause::status(*why), true);
                if let (Some(leg), Some(custody)) = (transferred, custody) {
                    self.drop_custody(custody);
                    self.connect(referrer, leg);
                }
            }
            (DialResult::Failed(why), None) => {
                if let Some(custody) = custody {
                    self.give_back(custody, *why);
                }
            }
        }
    }

    /// Tells a party how the transfer goes, with a `message/sipfrag` (RFC 3515 §2.4.5).
    fn notify(&mut self, leg: LegId, status: u16, last: bool) {
        let Some(usage) = self.legs.get(&leg).map(|leg| leg.usage) else {
            return;
        };
        let state = if last {
            "terminated;reason=noresource"
        } else {
            "active;expires=60"
        };
        let headers = ExtraHeaders::new()
            .with("Event", "refer")
            .with("Subscription-State", state);
        let phrase = sip::Status::new(status)
            .map(sip::Status::reason)
            .unwrap_or_default();
        let body = Body::new(
            "message/sipfrag;version=2.0",
            format!("SIP/2.0 {status} {phrase}\r\n"),
        );
        // A party that hung up in between wants to know nothing more.
        let _ = self
            .sip
            .request_in_dialog(self.now, usage, "NOTIFY", headers, Some(body));
    }
}

/// Replaces.
impl Exchange {
    /// A phone takes the place of another one in a call: it was told to by an attended transfer, or picks up.
    pub(super) fn replaces(
        &mut self,
        usage: UsageId,
        replaces: &Replaces<'_>,
        tenant: Arc<str>,
        party: Party,
        offer: Option<Offer>,
    ) -> Result<(), Box<Reply>> {
        let rings = ringing_leg(replaces);
        let named = rings.or_else(|| self.leg_of_dialog(&replaces.dialog));
        let leg = self.named_leg(named, &tenant)?;
        let (replaced, call, partner) = (leg.id, leg.call, leg.bridged);
        let is_ringing = self.can_be_picked_up(leg);
        if !is_ringing && (rings.is_some() || partner.is_none()) {
            return Err(refuse(if rings.is_some() { 481 } else { 603 }));
        }
        if replaces.early_only && !is_ringing {
            // Somebody answered meanwhile (RFC 3891 §3).
            return Err(refuse(486));
        }
        let id = self.add_newcomer(call, tenant, usage, party, offer);
        let Some(partner) = partner else {
            self.take_ringing(id, replaced);
            return Ok(());
        };
        if let Err(why) = self.answer_caller(id, None, None) {
            self.hang_up(id, why);
            return Ok(());
        }
        self.connect(partner, id);
        self.hang_up(replaced, Cause::Normal);
        Ok(())
    }
}
