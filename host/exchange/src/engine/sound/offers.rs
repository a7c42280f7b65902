//! Offers and answers (RFC 3264): with callers, with callees, and with those who are up and change their minds.

use bytes::Bytes;
use contract::{Cause, LegId, OutcomeKind};
use media::PortId;
use sip::endpoint::{Body, Reply};
use sip::sdp::{Agreed, Answer, Codec, Direction, Local, Offer, SdpError};

use crate::engine::Exchange;
use crate::engine::leg::{LegState, Waiting};
use crate::report::Fact;

impl Exchange {
    /// Takes the callee's answer; without one the early answer stands.
    pub(in crate::engine) fn take_answer(&mut self, leg: LegId, body: Option<&Body>) -> Result<Agreed, ()> {
        let media = self
            .legs
            .get_mut(&leg)
            .and_then(|leg| leg.media.as_mut())
            .ok_or(())?;
        let port = media.port;
        let agreed = match body.filter(|body| body.is_sdp()) {
            Some(body) => {
                let answer = Answer::parse(&body.bytes).map_err(|_| ())?;
                media.negotiation.accept_answer(&answer).map_err(|_| ())?
            }
            None => *media.negotiation.agreed().ok_or(())?,
        };
        media.negotiation.settle();
        self.update_stream(port, &agreed);
        Ok(agreed)
    }

    /// Answers the caller with 200, once; `codec` is what the callee speaks.
    ///
    /// A caller who sent no offer gets ours, and answers it in the ACK.
    pub(in crate::engine) fn answer_caller(
        &mut self,
        id: LegId,
        codec: Option<Codec>,
        waiting: Option<Waiting>,
    ) -> Result<(), Cause> {
        match self.legs.get(&id).map(|leg| leg.state) {
            None => return Err(Cause::Cancelled),
            Some(LegState::Offered) => {}
            Some(_) => {
                if let Some(waiting) = waiting {
                    self.outcome(waiting.session, waiting.tag, OutcomeKind::Done);
                }
                return Ok(());
            }
        }
        let sdp = self.answer_sdp(id, codec)?;
        self.accept_caller(id, sdp, waiting)
    }

    /// 200, with this in it.
    pub(in crate::engine) fn accept_caller(
        &mut self,
        id: LegId,
        sdp: Bytes,
        waiting: Option<Waiting>,
    ) -> Result<(), Cause> {
        let leg = self.legs.get_mut(&id).ok_or(Cause::Cancelled)?;
        let (usage, call) = (leg.usage, leg.call);
        self.sip
            .accept(self.now, usage, Reply::new(200).sdp(sdp))
            .map_err(|_| Cause::Cancelled)?;
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = LegState::Confirming;
            leg.answering = waiting;
        }
        self.call_answered(call);
        self.keep_call(call);
        self.dialog_changed(id);
        self.report_leg(id, Fact::LegAnswered);
        Ok(())
    }

    /// Our side for a caller: the answer to its offer (the same one however often), else an offer.
    fn answer_sdp(&mut self, id: LegId, codec: Option<Codec>) -> Result<Bytes, Cause> {
        if let Some(early) = self.early_sdp(id) {
            return Ok(early);
        }
        self.anchor(id)?;
        self.ensure_media(id)?;
        let leg = self.legs.get_mut(&id).ok_or(Cause::Cancelled)?;
        let offer = leg.offer.take();
        let media = leg.media.as_mut().ok_or(Cause::Congestion)?;
        if let Some(answer) = &media.answer {
            return Ok(answer.clone());
        }
        let local = match (codec, &offer) {
            (Some(codec), _) => Local::new(media.local).preferring(codec),
            (None, Some(offer)) => Local::after(offer, media.local),
            (None, None) => Local::new(media.local),
        };
        let Some(offer) = offer else {
            return Ok(media.negotiation.offer(local));
        };
        let (answer, agreed) = media
            .negotiation
            .answer(&offer, &local)
            .map_err(|_| Cause::NotAcceptable)?;
        media.answer = Some(answer.clone());
        let port = media.port;
        self.update_stream(port, &agreed);
        Ok(answer)
    }

    fn ensure_media(&mut self, id: LegId) -> Result<(), Cause> {
        let leg = self.legs.get(&id).ok_or(Cause::Cancelled)?;
        if leg.media.is_some() {
            return Ok(());
        }
        let path = self
            .sip
            .usage(leg.usage)
            .map(|usage| usage.path)
            .ok_or(Cause::Cancelled)?;
        let media = self.open_media(&path).map_err(|()| Cause::Congestion)?;
        self.attach_media(id, media);
        Ok(())
    }

    /// Opens the way for sound to a caller who was not answered: 183 with our answer.
    ///
    /// # Errors
    ///
    /// `NotAcceptable` for a caller who sent no offer: there is nothing to answer.
    pub(in crate::engine) fn open_early(&mut self, id: LegId) -> Result<PortId, Cause> {
        self.anchor(id)?;
        let leg = self.legs.get(&id).ok_or(Cause::Cancelled)?;
        let has_path =
            leg.state != LegState::Offered || leg.media.as_ref().is_some_and(|media| media.answer.is_some());
        if has_path {
            return leg
                .media
                .as_ref()
                .map(|media| media.port)
                .ok_or(Cause::NotAcceptable);
        }
        if leg.offer.is_none() {
            return Err(Cause::NotAcceptable);
        }
        let usage = leg.usage;
        let sdp = self.answer_sdp(id, None)?;
        self.sip
            .progress(self.now, usage, Reply::new(183).sdp(sdp))
            .map_err(|_| Cause::Cancelled)?;
        self.port_of(id).ok_or(Cause::Congestion)
    }

    /// The caller's ACK: with it comes the answer when our 200 made the offer.
    pub(in crate::engine) fn caller_confirmed(&mut self, id: LegId, body: Option<&Body>) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        if leg.state != LegState::Confirming {
            return;
        }
        let offering = leg
            .media
            .as_ref()
            .is_some_and(|media| media.negotiation.is_offering());
        if offering && self.take_answer(id, body).is_err() {
            self.hang_up(id, Cause::NotAcceptable);
            return;
        }
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.state = LegState::Up;
        if let Some(waiting) = leg.answering.take() {
            self.outcome(waiting.session, waiting.tag, OutcomeKind::Done);
        }
        self.offer_port(id);
        self.keep_leg(id);
    }

    /// The peer changes the session (hold, another address, another codec): answered here, by us alone, unless its
    /// sound goes straight to its partner.
    pub(in crate::engine) fn renegotiate(
        &mut self,
        id: LegId,
        request: sip::endpoint::RequestId,
        update: bool,
        body: Option<&Body>,
    ) {
        if self.pass_on(id, request, update, body) {
            // Should the process die while the partner thinks, the next one knows that somebody waits.
            self.keep_leg(id);
            return;
        }
        let reply = match self.renegotiated(id, body) {
            Ok(sdp) => Reply::new(200).sdp(sdp),
            Err(refusal) => *refusal,
        };
        // An error means that the request is over: nobody waits.
        let _ = self.sip.respond(self.now, request, reply);
        self.keep_leg(id);
    }

    fn renegotiated(&mut self, id: LegId, body: Option<&Body>) -> Result<Bytes, Box<Reply>> {
        let refuse = |status: u16| Box::new(Reply::new(status));
        let leg = self.legs.get_mut(&id).ok_or_else(|| refuse(481))?;
        let holding = leg.holding;
        let was_held = leg.held;
        let media = leg.media.as_mut().ok_or_else(|| refuse(488))?;
        let local = Local::new(media.local);
        let local = match media.negotiation.agreed() {
            Some(agreed) => local.preferring(agreed.codec),
            None => local,
        };
        let local = if holding {
            local.with_direction(Direction::SendOnly)
        } else {
            local
        };
        let Some(body) = body.filter(|body| body.is_sdp()) else {
            // It asks for our offer, and answers in its ACK.
            return Ok(media.negotiation.offer(local));
        };
        let refused = |error: SdpError| Box::new(not_acceptable(&error));
        let offer = Offer::parse(&body.bytes).map_err(refused)?;
        let (answer, agreed) = media.negotiation.answer(&offer, &local).map_err(refused)?;
        let port = media.port;
        leg.held = agreed.held;
        self.update_stream(port, &agreed);
        if was_held != agreed.held {
            self.party_holds(id, agreed.held);
        }
        Ok(answer)
    }

    /// The party agreed to our offer, or answered the one in our 200.
    pub(in crate::engine) fn our_offer_answered(
        &mut self,
        id: LegId,
        body: Option<&Body>,
    ) -> Result<(), Cause> {
        self.take_answer(id, body)
            .map(drop)
            .map_err(|()| Cause::NotAcceptable)
    }

    /// Our new offer to a party that is up: to hold it or to take it back.
    pub(in crate::engine) fn reoffer(&mut self, id: LegId, direction: Direction) -> Result<(), Cause> {
        let leg = self.legs.get_mut(&id).ok_or(Cause::Cancelled)?;
        let usage = leg.usage;
        let media = leg.media.as_mut().ok_or(Cause::Failed)?;
        let local = Local::new(media.local);
        let local = match media.negotiation.agreed() {
            Some(agreed) => local.preferring(agreed.codec),
            None => local,
        };
        let offer = media.negotiation.offer(local.with_direction(direction));
        let sent = self.sip.reinvite(
            self.now,
            usage,
            Some(Body::sdp(offer)),
            sip::endpoint::ExtraHeaders::new(),
        );
        if sent.is_err() {
            self.withdraw_offer(id);
            return Err(Cause::Failed);
        }
        Ok(())
    }

    pub(in crate::engine) fn withdraw_offer(&mut self, id: LegId) {
        if let Some(media) = self.legs.get_mut(&id).and_then(|leg| leg.media.as_mut()) {
            media.negotiation.withdraw();
        }
    }
}

/// Refuses a description, and says what is wrong with it (RFC 3261 §20.43).
pub(in crate::engine) fn not_acceptable(error: &SdpError) -> Reply {
    let warning = format!(
        "{} cordboard \"{}\"",
        error.warning(),
        quotable(&error.to_string())
    );
    Reply::new(SdpError::STATUS).header("Warning", warning)
}

/// Fit for a quoted string: what a peer wrote may be in it.
fn quotable(text: &str) -> String {
    let plain = |char: char| {
        if char == '"' || char == '\\' || char.is_control() {
            '\''
        } else {
            char
        }
    };
    text.chars().take(120).map(plain).collect()
}
