//! The media side of legs: ports, their addresses, and what flows through them.
//!
//! Media is anchored here: each leg has a port of its own and negotiates with us alone (RFC 3264), so neither
//! holding nor moving a party needs the other one's consent. The engine transcodes where codecs differ. What is
//! negotiated lies in `offers`, sound before the answer in `early`.

use std::net::SocketAddr;

use bytes::Bytes;
use contract::{Cause, LegId};
use media::{Command, PortId, PortOptions};
use sip::endpoint::Path;
use sip::sdp::{Agreed, Codec, Direction, Local, Negotiation};

use super::Exchange;
use super::records::MediaRecord;
use crate::io::Output;

/// What a leg needs to send and to take sound.
#[derive(Debug)]
pub(crate) struct LegMedia {
    pub port: PortId,
    pub local: SocketAddr,
    pub negotiation: Negotiation,
    /// The answer that early media gave already; the 200 has to repeat it (RFC 3261 §13.2.1).
    pub answer: Option<Bytes>,
}

/// Ports and their addresses.
impl Exchange {
    /// A port in the address family of the signalling; none when all are in use.
    pub(super) fn open_media(&mut self, path: &Path) -> Result<Box<LegMedia>, ()> {
        let pairs = if path.local.is_ipv6() {
            &mut self.ports_v6
        } else {
            &mut self.ports_v4
        };
        let local = pairs.as_mut().and_then(super::ports::PortPairs::take).ok_or(())?;
        let port = self.open_port(local);
        Ok(Box::new(LegMedia {
            port,
            local,
            negotiation: Negotiation::new(self.random.next_u64() >> 1),
            answer: None,
        }))
    }

    /// Opens the port of a call that goes on after a restart, at the address that the party knows.
    pub(super) fn reopen_media(&mut self, record: MediaRecord) -> Option<Box<LegMedia>> {
        let MediaRecord {
            local,
            negotiation,
            answer,
        } = record;
        let pairs = if local.is_ipv6() {
            &mut self.ports_v6
        } else {
            &mut self.ports_v4
        };
        if !pairs.as_mut()?.take_again(local) {
            return None;
        }
        let port = self.open_port(local);
        if let Some(agreed) = negotiation.agreed().copied() {
            self.update_stream(port, &agreed);
        }
        Some(Box::new(LegMedia {
            port,
            local,
            negotiation,
            answer: answer.map(Bytes::from),
        }))
    }

    fn open_port(&mut self, local: SocketAddr) -> PortId {
        let port = PortId(self.ids.next());
        self.outbox.push_back(Output::Bind { port, local });
        let options = PortOptions {
            latching: self.config.media.latching,
            silence_after: self.config.media.silence,
        };
        self.media(Command::Open { port, options });
        port
    }

    /// A port and our offer on it: the caller's codecs first, so that most calls need no transcoding.
    pub(super) fn open_offer(
        &mut self,
        path: &Path,
        caller: Option<LegId>,
    ) -> Result<(Box<LegMedia>, Bytes), ()> {
        let mut media = self.open_media(path)?;
        let caller = caller.and_then(|id| self.legs.get(&id));
        let local = match caller {
            Some(leg) => match (
                &leg.offer,
                leg.media.as_ref().and_then(|media| media.negotiation.agreed()),
            ) {
                (Some(offer), _) => Local::after(offer, media.local),
                (None, Some(agreed)) => Local::new(media.local).preferring(agreed.codec),
                (None, None) => Local::new(media.local),
            },
            None => Local::new(media.local),
        };
        let offer = media.negotiation.offer(local);
        Ok((media, offer))
    }

    pub(super) fn attach_media(&mut self, leg: LegId, media: Box<LegMedia>) {
        self.by_port.insert(media.port, leg);
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.media = Some(media);
        }
    }

    pub(super) fn close_media(&mut self, media: LegMedia) {
        self.by_port.remove(&media.port);
        self.closing.insert(media.port, media.local);
        self.media(Command::Close { port: media.port });
    }

    /// The engine has let go of a port.
    pub(super) fn port_closed(&mut self, port: PortId) {
        let Some(local) = self.closing.remove(&port) else {
            return;
        };
        let pairs = if local.is_ipv6() {
            &mut self.ports_v6
        } else {
            &mut self.ports_v4
        };
        if let Some(pairs) = pairs {
            pairs.give_back(local);
        }
    }

    /// The address is somebody else's: it goes to the end of the queue, and the leg fails.
    pub(super) fn bind_failed(&mut self, port: PortId) {
        if let Some(leg) = self.by_port.get(&port).copied() {
            self.leg_fails(leg, Cause::Congestion);
        }
    }

    pub(super) fn media(&mut self, command: Command) {
        self.outbox.push_back(Output::Media(command));
    }

    pub(super) fn port_of(&self, leg: LegId) -> Option<PortId> {
        self.legs.get(&leg)?.media.as_ref().map(|media| media.port)
    }

    pub(super) fn update_stream(&mut self, port: PortId, agreed: &Agreed) {
        self.media(Command::Update {
            port,
            stream: stream(agreed),
        });
    }
}

<<<<<<< HEAD
/// Offers and answers.
impl Exchange {
    /// Takes the callee's answer; without one the early answer stands.
    pub(super) fn take_answer(&mut self, leg: LegId, body: Option<&Body>) -> Result<Agreed, ()> {
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
    pub(super) fn answer_caller(
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
        self.report_leg(id, Fact::LegAnswered);
        Ok(())
    }

    /// Our side for a caller: the answer to its offer (the same one however often), else an offer.
    fn answer_sdp(&mut self, id: LegId, codec: Option<Codec>) -> Result<Bytes, Cause> {
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
    pub(super) fn open_early(&mut self, id: LegId) -> Result<PortId, Cause> {
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
    pub(super) fn caller_confirmed(&mut self, id: LegId, body: Option<&Body>) {
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
        self.keep_leg(id);
    }

    /// The peer changes the session (hold, another address, another codec): answered here, by us alone.
    pub(super) fn renegotiate(&mut self, id: LegId, request: sip::endpoint::RequestId, body: Option<&Body>) {
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
    pub(super) fn our_offer_answered(&mut self, id: LegId, body: Option<&Body>) -> Result<(), Cause> {
        self.take_answer(id, body)
            .map(drop)
            .map_err(|()| Cause::NotAcceptable)
    }

    /// Our new offer to a party that is up: to hold it or to take it back.
    pub(super) fn reoffer(&mut self, id: LegId, direction: Direction) -> Result<(), Cause> {
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

    pub(super) fn withdraw_offer(&mut self, id: LegId) {
        if let Some(media) = self.legs.get_mut(&id).and_then(|leg| leg.media.as_mut()) {
            media.negotiation.withdraw();
        }
    }
}

/// Ringback and early media.
impl Exchange {
    /// A callee sends sound before it answers. The caller hears it when this is the only one who rings.
    pub(super) fn early_media(&mut self, callee: LegId, dial: DialId, answer: &Answer) -> bool {
        let Some(media) = self.legs.get_mut(&callee).and_then(|leg| leg.media.as_mut()) else {
            return false;
        };
        let Ok(agreed) = media.negotiation.accept_answer(answer) else {
            return false;
        };
        let from = media.port;
        self.update_stream(from, &agreed);
        let Some(dial_now) = self.dials.get(&dial) else {
            return false;
        };
        let alone = dial_now.rings_alone() && dial_now.custody.is_none_or(|custody| self.is_sole(custody));
        let (Some(caller), true, Hears::Ringback) = (dial_now.caller, alone, dial_now.options.hears) else {
            return false;
        };
        if self.open_early(caller).is_err() {
            return false;
        }
        self.listen(caller, callee);
        true
    }

    /// The callee answered our offer before it answered the call.
    pub(super) fn has_early_media(&self, callee: LegId) -> bool {
        let media = self.legs.get(&callee).and_then(|leg| leg.media.as_ref());
        media.is_some_and(|media| media.negotiation.agreed().is_some())
    }

    /// The caller hears the callee, and not the other way round.
    pub(super) fn listen(&mut self, caller: LegId, callee: LegId) {
        if let (Some(to), Some(from)) = (self.port_of(caller), self.port_of(callee)) {
            self.stop_audio(caller);
            self.media(Command::Listen { to, from });
        }
    }

    /// The caller is told that it rings: by its own phone (180), or with a tone where sound flows already.
    pub(super) fn caller_hears_ringing(&mut self, caller: LegId, dial: DialId, hears: Hears) {
        let Some(leg) = self.legs.get_mut(&caller) else {
            return;
        };
        if !leg.sound_flows() {
            self.ring_caller(caller);
            return;
        }
        if hears == Hears::Unchanged && leg.audio.is_some() {
            return;
        }
        let rings = leg
            .audio
            .as_ref()
            .is_some_and(|audio| matches!(audio.owner, AudioOwner::Ringback(_)));
        if !rings {
            self.play_tone(caller, contract::Tone::Ringback, AudioOwner::Ringback(dial));
        }
    }

    /// 180, once.
    pub(super) fn ring_caller(&mut self, caller: LegId) {
        let Some(leg) = self.legs.get_mut(&caller) else {
            return;
        };
        if leg.state == LegState::Offered && !std::mem::replace(&mut leg.rung, true) {
            let usage = leg.usage;
            self.keep_leg(caller);
            // The caller may have given up this very moment.
            let _ = self.sip.progress(self.now, usage, 180);
            self.report_leg(caller, Fact::LegRinging);
        }
    }

    /// The dial is over: its ringback stops.
    pub(super) fn stop_ringback(&mut self, caller: LegId, dial: DialId) {
        let audio = self.legs.get(&caller).and_then(|leg| leg.audio.as_ref());
        if audio.is_some_and(|audio| audio.owner == AudioOwner::Ringback(dial)) {
            self.stop_audio(caller);
        }
    }
}

/// Refuses a description, and says what is wrong with it (RFC 3261 §20.43).
pub(super) fn not_acceptable(error: &SdpError) -> Reply {
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

=======
>>>>>>> cb3aa55 (exchange: media, audio, sessions and dials in files of one concern each)
/// In the words of the media engine.
fn stream(agreed: &Agreed) -> media::Stream {
    let payload_types = |types: sip::sdp::PayloadTypes| media::PayloadTypes {
        audio: types.audio,
        events: types.events,
    };
    media::Stream {
        remote: agreed.remote,
        remote_rtcp: agreed.remote_rtcp,
        rtcp_mux: agreed.rtcp_mux,
        codec: match agreed.codec {
            Codec::Pcma => media::Codec::Pcma,
            Codec::Pcmu => media::Codec::Pcmu,
        },
        send: payload_types(agreed.send),
        receive: payload_types(agreed.receive),
        direction: match agreed.direction {
            Direction::SendRecv => media::Direction::SendRecv,
            Direction::SendOnly => media::Direction::SendOnly,
            Direction::RecvOnly => media::Direction::RecvOnly,
            Direction::Inactive => media::Direction::Inactive,
        },
    }
}
