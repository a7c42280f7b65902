//! What a party of a direct call changes (hold, another codec, a stream more, T.38) goes to the other end, and its
//! answer back (RFC 3261 §14, RFC 3311, RFC 6337).
//!
//! ```text
//!  re-INVITE, offer ──▶ re-INVITE, offer ──▶ 200, answer ──▶ 200, answer              (refused: the same refusal)
//!  re-INVITE ─────────▶ re-INVITE ─────────▶ 200, offer ───▶ 200, offer ──▶ ACK, answer ──▶ ACK, answer
//! ```
//!
//! What did not change is answered here: a refresh (RFC 4028) is between the two of us. While the other end
//! changes something itself, the answer is 491. A party that moved to where its partner cannot reach it is anchored.
//! So is an offer that nobody answers: whoever asked for it has gone silent or has taken its wish back, and the ACK has
//! to bring an answer all the same (RFC 3261 §13.2.2.4, RFC 3725 §4.1).

use std::time::Duration;

use bytes::Bytes;
use contract::LegId;
use sip::Request;
use sip::endpoint::{
    Body, CommandError, ExtraHeaders, Failure, Fork, Renegotiated, Reply, RequestId, UsageId,
};
use sip::sdp::Outline;

use crate::engine::leg::{Asked, Stage};
use crate::engine::{Due, Exchange};

/// How long the ACK to an offer waits for the answer: five times our 200 has gone to whoever asked, and enough is left
/// of the 32 s after which the other end gives up.
const ANSWERED_WITHIN: Duration = Duration::from_secs(8);

/// How long an UPDATE that was passed on waits for its answer: eight times it has gone out, and whoever sent it asks three
/// times more before it gives its call up (Timer F).
const UPDATED_WITHIN: Duration = Duration::from_secs(20);

/// Asking.
impl Exchange {
    /// Passes on what a party wants to change. False if it is ours to answer.
    pub(in crate::engine) fn pass_on(
        &mut self,
        id: LegId,
        request: RequestId,
        update: bool,
        body: Option<&Body>,
    ) -> bool {
        let Some(leg) = self.legs.get(&id) else {
            return false;
        };
        let Some(direct) = &leg.direct else {
            return false;
        };
        let refuse = |status: u16| Reply::new(status);
        if !leg.is_answered() {
            self.pass_on_early(id, request, body);
            return true;
        }
        let partner = leg.bridged.filter(|partner| self.are_direct(id, *partner));
        let offer = body.filter(|body| body.is_sdp()).map(|body| body.bytes.clone());
        let moved = offer.as_ref().is_some_and(|offer| !self.still_reaches(id, offer));
        let Some(partner) = partner.filter(|_| !moved) else {
            if self.anchor(id).is_ok() {
                return false;
            }
            self.reply(request, refuse(488));
            return true;
        };
        if offer.as_ref() == Some(&direct.theirs) {
            let answer = self.description_of(partner, id);
            self.reply(request, answer.map_or(refuse(500), |sdp| refuse(200).sdp(sdp)));
            return true;
        }
        if let Err(status) = self.ask_partner(partner, id, request, update, offer) {
            self.reply(request, refuse(status));
        }
        true
    }

    /// Whether a description of a party's that is up leads where its last one led.
    pub(in crate::engine) fn still_reaches(&self, id: LegId, offer: &[u8]) -> bool {
        let Some(leg) = self.legs.get(&id) else {
            return false;
        };
        let Ok(outline) = Outline::read(offer) else {
            return true;
        };
        // A hold of the old kind leads nowhere.
        outline.addresses.is_empty()
            || self
                .sip
                .usage(leg.usage)
                .is_some_and(|usage| super::direct::is_reachable(offer, &usage.path))
    }

    /// Sends an offer, or the wish for one, to the partner.
    pub(in crate::engine) fn ask_partner(
        &mut self,
        partner: LegId,
        by: LegId,
        request: RequestId,
        update: bool,
        offer: Option<Bytes>,
    ) -> Result<(), u16> {
        let sdp = match &offer {
            Some(offer) => Some(Body::sdp(self.for_party(partner, offer).ok_or(488_u16)?)),
            None => None,
        };
        let leg = self.legs.get(&partner).ok_or(481_u16)?;
        let usage = leg.usage;
        let fork = leg.direct.as_ref().map_or(Fork(0), |direct| direct.fork);
        let none = ExtraHeaders::new;
        let updated = match update {
            true => self.sip.update(self.now, usage, fork, sdp.clone(), none()),
            false => Err(CommandError::Refused("a re-INVITE goes as one")),
        };
        let sent = match updated {
            Err(CommandError::Refused(_)) => self.sip.reinvite(self.now, usage, sdp, none()),
            other => other,
        };
        sent.map_err(|error| match error {
            CommandError::OfferPending => 491_u16,
            _ => 500,
        })?;
        let stage = match offer {
            Some(offer) => Stage::Offered {
                offer: Bytes::copy_from_slice(&offer),
                until: update.then(|| self.now + UPDATED_WITHIN),
            },
            None => Stage::Wanted,
        };
        if update {
            self.timers
                .set(self.now + UPDATED_WITHIN, Due::Unanswered(partner));
        }
        if let Some(direct) = self.legs.get_mut(&partner).and_then(|leg| leg.direct.as_mut()) {
            direct.asked = Some(Box::new(Asked { by, request, stage }));
        }
        Ok(())
    }

    /// A description, written for a party.
    pub(in crate::engine) fn for_party(&mut self, to: LegId, sdp: &[u8]) -> Option<Bytes> {
        let origin = self.origin_of(to)?;
        let direct = self.legs.get_mut(&to)?.direct.as_mut()?;
        direct.negotiation.relay(sdp, origin).ok()
    }

    /// A party's newest description, written for the other.
    fn description_of(&mut self, of: LegId, to: LegId) -> Option<Bytes> {
        let theirs = self.legs.get(&of)?.direct.as_ref()?.theirs.clone();
        self.for_party(to, &theirs)
    }

    /// A key that a party pressed, told by signalling, for its partner.
    pub(in crate::engine) fn pass_digit(&mut self, id: LegId, info: &Request) {
        let partner = self.legs.get(&id).and_then(|leg| leg.bridged);
        let Some(usage) = partner.and_then(|partner| Some(self.legs.get(&partner)?.usage)) else {
            return;
        };
        let kind = info
            .headers
            .get("Content-Type")
            .unwrap_or("application/dtmf-relay");
        let body = Body::new(kind, info.body.clone());
        // A partner that does not know it hears nothing; whoever pressed it was answered.
        let _ = self
            .sip
            .request_in_dialog(self.now, usage, "INFO", ExtraHeaders::new(), Some(body));
    }

    /// False if the request is over: nobody waits.
    pub(in crate::engine) fn reply(&mut self, request: RequestId, reply: Reply) -> bool {
        self.sip.respond(self.now, request, reply).is_ok()
    }
}

/// Answers.
impl Exchange {
    /// What came of a change of a direct leg's, which is the partner's business. Hands back what is ours.
    pub(in crate::engine) fn passed_over(
        &mut self,
        id: LegId,
        result: Result<Renegotiated, Failure>,
    ) -> Option<Result<Renegotiated, Failure>> {
        let leg = self.legs.get_mut(&id)?;
        if let Some(media) = &mut leg.media {
            if !std::mem::take(&mut media.owes_answer) {
                return Some(result);
            }
            match result.ok().and_then(|renegotiated| renegotiated.body) {
                Some(offer) => self.answer_in_ack(id, &offer.bytes),
                None => self.offer_port(id),
            }
            return None;
        }
        let Some(direct) = leg.direct.as_mut() else {
            return Some(result);
        };
        let asked = direct.asked.take();
        let partner = leg.bridged;
        match (asked, result) {
            (Some(asked), result) => self.partner_answered(id, *asked, result),
            (None, Ok(Renegotiated { response: None, body })) => self.answered_in_ack(id, partner, body),
            // It answered a refresh of ours otherwise than before, which its partner could not know.
            (None, Ok(_)) => drop(self.anchor(id)),
            (None, Err(_)) => {}
        }
        None
    }

    fn partner_answered(&mut self, partner: LegId, asked: Asked, result: Result<Renegotiated, Failure>) {
        let Asked { by, request, stage } = asked;
        self.keep_leg(by);
        let body = match result {
            Ok(renegotiated) => renegotiated.body.filter(|body| body.is_sdp()),
            Err(failure) => {
                self.reply(request, refusal(&failure));
                return;
            }
        };
        let theirs = body.as_ref().map(|body| body.bytes.clone());
        let sdp = theirs.as_ref().and_then(|theirs| self.for_party(by, theirs));
        match (stage, theirs, sdp) {
            (Stage::Offered { offer, .. }, Some(theirs), Some(sdp)) => {
                self.agreed_directly(by, &offer, partner, &theirs);
                if self.reply(request, Reply::new(200).sdp(sdp)) {
                    self.tells_hold(by, &offer);
                } else if self.legs.contains_key(&by) {
                    // It has cancelled its change, and the partner goes by it.
                    let _ = self.anchor(partner);
                }
            }
            (Stage::Wanted | Stage::Told { .. }, Some(offer), sdp) => {
                self.tell_offer(partner, by, request, offer);
                if !sdp.is_some_and(|sdp| self.reply(request, Reply::new(200).sdp(sdp))) {
                    self.reply(request, Reply::new(488));
                    self.answer_ourselves(partner);
                }
            }
            (_, _, _) => drop(self.reply(request, Reply::new(488))),
        }
    }

    /// The partner's ACK waits for the answer to its offer.
    fn tell_offer(&mut self, partner: LegId, by: LegId, request: RequestId, offer: Bytes) {
        let until = self.now + ANSWERED_WITHIN;
        if let Some(direct) = self.legs.get_mut(&partner).and_then(|leg| leg.direct.as_mut()) {
            let stage = Stage::Told { offer, until };
            direct.asked = Some(Box::new(Asked { by, request, stage }));
            self.timers.set(until, Due::Unanswered(partner));
        }
    }

    /// Whoever was to answer a party's offer may have gone silent.
    pub(in crate::engine) fn look_after_unanswered(&mut self, id: LegId) {
        let direct = self.legs.get(&id).and_then(|leg| leg.direct.as_ref());
        let asked = direct.and_then(|direct| direct.asked.as_ref());
        match asked.map(|asked| &asked.stage) {
            Some(Stage::Told { until, .. }) if *until <= self.now => self.answer_ourselves(id),
            Some(Stage::Offered {
                until: Some(until), ..
            }) if *until <= self.now => self.gives_up_asking(id),
            Some(_) | None => {}
        }
    }

    /// RFC 3311 §5.2: an UPDATE is answered soon. What the partner says later is looked at as if it had not been asked.
    fn gives_up_asking(&mut self, id: LegId) {
        let direct = self.legs.get_mut(&id).and_then(|leg| leg.direct.as_mut());
        if let Some(asked) = direct.and_then(|direct| direct.asked.take()) {
            self.reply(asked.request, Reply::new(504));
            self.keep_leg(asked.by);
        }
    }

    /// The sound comes here, for the party waits for the answer to an offer that its partner will not give.
    fn answer_ourselves(&mut self, id: LegId) {
        if let Err(why) = self.anchor(id) {
            self.hang_up(id, why);
        }
    }

    /// The answer to an offer of the partner's, in an ACK. Without one the partner is answered later, by us.
    fn answered_in_ack(&mut self, by: LegId, partner: Option<LegId>, body: Option<Body>) {
        let Some((partner, usage, offer)) = partner.and_then(|partner| self.told_by(partner, by)) else {
            return;
        };
        let answer = body.filter(|body| body.is_sdp());
        let sdp = answer
            .as_ref()
            .and_then(|answer| self.for_party(partner, &answer.bytes));
        let (Some(answer), Some(sdp)) = (answer, sdp) else {
            self.hang_up(by, contract::Cause::NotAcceptable);
            return;
        };
        if let Some(direct) = self.legs.get_mut(&partner).and_then(|leg| leg.direct.as_mut()) {
            direct.asked = None;
        }
        // An error means that the partner is gone.
        let _ = self.sip.acknowledge(self.now, usage, Body::sdp(sdp));
        self.agreed_directly(partner, &offer, by, &answer.bytes);
        self.tells_hold(by, &answer.bytes);
    }

    /// The offer of a party's that this partner was told of.
    fn told_by(&self, id: LegId, to: LegId) -> Option<(LegId, UsageId, Bytes)> {
        let leg = self.legs.get(&id)?;
        let asked = leg.direct.as_ref()?.asked.as_ref()?;
        match &asked.stage {
            Stage::Told { offer, .. } if asked.by == to => Some((id, leg.usage, offer.clone())),
            Stage::Told { .. } | Stage::Offered { .. } | Stage::Wanted => None,
        }
    }

    fn agreed_directly(&mut self, a: LegId, of_a: &[u8], b: LegId, of_b: &[u8]) {
        for (leg, theirs) in [(a, of_a), (b, of_b)] {
            if let Some(direct) = self.legs.get_mut(&leg).and_then(|leg| leg.direct.as_mut()) {
                direct.theirs = Bytes::copy_from_slice(theirs);
            }
            self.keep_leg(leg);
        }
        self.agreed_early(a, b);
    }

    /// A party may hold its partner, or have taken it back.
    fn tells_hold(&mut self, id: LegId, sdp: &[u8]) {
        let held = Outline::read(sdp).is_ok_and(|outline| outline.holds);
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        if std::mem::replace(&mut leg.held, held) != held {
            self.party_holds(id, held);
        }
    }

    /// The leg is gone, and with it whom a change of its partner's waited for.
    pub(in crate::engine) fn nobody_answers(&mut self, asked: &Asked) {
        if !matches!(asked.stage, Stage::Told { .. }) {
            self.reply(asked.request, Reply::new(488));
            self.keep_leg(asked.by);
        }
    }
}

/// A refusal, passed on. What tells of the partner's dialog, its credentials or another place says nothing about
/// that of whoever asked.
fn refusal(failure: &Failure) -> Reply {
    let status = match failure.status() {
        status @ (413 | 415 | 488 | 491 | 500..=599 | 606) => status,
        _ => 488,
    };
    let warning = failure
        .response()
        .and_then(|response| response.headers.get("Warning"));
    let reply = Reply::new(status);
    match warning {
        Some(warning) => reply.header("Warning", warning.to_owned()),
        None => reply,
    }
}
