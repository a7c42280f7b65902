//! The media side of legs: ports, their addresses, and what flows through them.
//!
//! Media is anchored here, unless it goes `direct`: each leg has a port of its own and negotiates with us alone (RFC 3264), so neither
//! holding nor moving a party needs the other one's consent. The engine transcodes where codecs differ. What is
//! negotiated lies in `offers`, sound before the answer in `early`.

use std::net::SocketAddr;

use bytes::Bytes;
use contract::{Cause, LegId};
use media::{Command, PortId, PortOptions};
use sip::endpoint::Path;
use sip::sdp::{Agreed, Codec, Direction, Local, Negotiation};

use crate::engine::Exchange;
use crate::engine::leg::{LegMedia, MediaRecord};
use crate::io::Output;

/// Ports and their addresses.
impl Exchange {
    pub(in crate::engine) fn media_event(&mut self, event: ::media::Event) {
        use ::media::Event;
        match event {
            Event::Digit {
                port, digit, held, ..
            } => {
                if let Some(leg) = self.by_port.get(&port).copied() {
                    self.digit(leg, digit, held);
                }
            }
            Event::PlayDone { port, play, end } => self.play_done(port, play, end),
            Event::DigitsSent { play, end, .. } => self.digits_sent(play, end),
            Event::Silence { port, .. } => self.silence(port),
            Event::Stats { port, .. } => self.port_closed(port),
            Event::Latched { .. } | Event::Heard { .. } => {}
        }
    }

    /// A port in the address family of the signalling; none when all are in use.
    pub(in crate::engine) fn open_media(&mut self, path: &Path) -> Result<Box<LegMedia>, ()> {
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
            owes_answer: false,
        }))
    }

    /// Opens the port of a call that goes on after a restart, at the address that the party knows.
    pub(in crate::engine) fn reopen_media(&mut self, record: MediaRecord) -> Option<Box<LegMedia>> {
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
            owes_answer: false,
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
    pub(in crate::engine) fn open_offer(
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

    pub(in crate::engine) fn attach_media(&mut self, leg: LegId, media: Box<LegMedia>) {
        self.by_port.insert(media.port, leg);
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.media = Some(media);
        }
    }

    pub(in crate::engine) fn close_media(&mut self, media: LegMedia) {
        self.by_port.remove(&media.port);
        self.closing.insert(media.port, media.local);
        self.media(Command::Close { port: media.port });
    }

    /// The engine has let go of a port.
    pub(in crate::engine) fn port_closed(&mut self, port: PortId) {
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
    pub(in crate::engine) fn bind_failed(&mut self, port: PortId) {
        if let Some(leg) = self.by_port.get(&port).copied() {
            self.leg_fails(leg, Cause::Congestion);
        }
    }

    pub(in crate::engine) fn media(&mut self, command: Command) {
        self.outbox.push_back(Output::Media(command));
    }

    pub(in crate::engine) fn port_of(&self, leg: LegId) -> Option<PortId> {
        self.legs.get(&leg)?.media.as_ref().map(|media| media.port)
    }

    pub(in crate::engine) fn update_stream(&mut self, port: PortId, agreed: &Agreed) {
        self.media(Command::Update {
            port,
            stream: stream(agreed),
        });
    }
}

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
