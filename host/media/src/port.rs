//! One party's media: everything that a port remembers.

use std::net::SocketAddr;

use base::{Moment, Random};

use crate::digits::{Detector, DigitSender, EventReceiver};
use crate::latch::Latch;
use crate::player::Player;
use crate::reception::Reception;
use crate::rtcp::Reports;
use crate::sender::Sender;
use crate::{Codec, PortId, PortOptions, Stats, Stream};

/// A port's place in the engine's table; reused after the port is closed.
pub(crate) type Slot = usize;

pub(crate) struct Port {
    pub id: PortId,
    pub options: PortOptions,
    pub stream: Option<Stream>,
    pub latch: Latch,
    pub reception: Reception,
    pub sender: Sender,
    pub reports: Reports,
    /// Where RTCP came from last; replies go there.
    pub rtcp_source: Option<SocketAddr>,

    pub player: Option<Player>,
    pub digits: DigitSender,
    /// Timestamp of the event that `digits` is sending.
    pub event_timestamp: u32,
    pub events: EventReceiver,
    /// Listens to the audio while no telephone-event is negotiated.
    pub detector: Option<Box<Detector>>,

    /// Whom this party hears, and who hears it.
    pub hears: Option<Slot>,
    pub listeners: Vec<Slot>,

    /// Last valid RTP, or since when it is waited for; none while none is due.
    pub awaited_since: Option<Moment>,
    /// A silence was told and has not ended.
    pub is_silent: bool,
    /// Last packet that left, of whatever kind.
    pub sent: Option<Moment>,
    /// In the list of ports that need every tick.
    pub is_busy: bool,
    pub malformed: u64,
    pub foreign: u64,
    pub unknown_payload: u64,
}

/// What an RTP packet carries, by its negotiated payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Event,
    /// Static payload type 13 (RFC 3389): proof of life, nothing more.
    ComfortNoise,
}

const COMFORT_NOISE: u8 = 13;

impl Port {
    pub fn new(id: PortId, options: PortOptions, random: &mut Random) -> Self {
        let seed = random.next_u64();
        Self {
            id,
            options,
            stream: None,
            latch: Latch::new(options.latching),
            reception: Reception::default(),
            // The first sequence number stays in the lower half: some old receivers choke on an early wrap.
            sender: Sender::new(seed as u32, (seed >> 32) as u16 & 0x7fff, random.next_u32()),
            reports: Reports::new(random),
            rtcp_source: None,
            player: None,
            digits: DigitSender::default(),
            event_timestamp: 0,
            events: EventReceiver::default(),
            detector: None,
            hears: None,
            listeners: Vec::new(),
            awaited_since: None,
            is_silent: false,
            sent: None,
            is_busy: false,
            malformed: 0,
            foreign: 0,
            unknown_payload: 0,
        }
    }

    pub fn kind(&self, payload_type: u8) -> Option<Kind> {
        let stream = self.stream.as_ref()?;
        if payload_type == stream.receive.audio {
            Some(Kind::Audio)
        } else if Some(payload_type) == stream.receive.events {
            Some(Kind::Event)
        } else {
            (payload_type == COMFORT_NOISE).then_some(Kind::ComfortNoise)
        }
    }

    /// The stream and where to, if this port may send now.
    pub fn outlet(&self) -> Option<(Stream, SocketAddr)> {
        let stream = self
            .stream
            .filter(|stream| stream.direction.sends() && stream.remote.is_some())?;
        Some((stream, self.latch.remote()?))
    }

    pub fn codec(&self) -> Codec {
        self.stream.map_or(Codec::Pcma, |stream| stream.codec)
    }

    /// Something of our own goes out, or waits to: what is relayed must wait.
    pub fn is_occupied(&self) -> bool {
        self.player.is_some() || !self.digits.is_idle()
    }

    /// Where RTCP goes (RFC 3550 §11, RFC 3605, RFC 5761): to where it comes from, else as negotiated, else next to RTP.
    pub fn rtcp_remote(&self) -> Option<SocketAddr> {
        let stream = self.stream?;
        let rtp = self.latch.remote()?;
        if stream.rtcp_mux {
            return Some(rtp);
        }
        let negotiated = stream.remote_rtcp.filter(|rtcp| rtcp.ip() == rtp.ip());
        let next = SocketAddr::new(rtp.ip(), rtp.port().checked_add(1)?);
        Some(self.rtcp_source.or(negotiated).unwrap_or(next))
    }

    pub fn stats(&self) -> Stats {
        let heard = self.reports.heard;
        Stats {
            packets_sent: self.sender.packets,
            bytes_sent: self.sender.bytes,
            packets_received: self.reception.packets,
            bytes_received: self.reception.bytes,
            packets_lost: self.reception.lost(),
            jitter: self.reception.jitter(),
            remote_fraction_lost: heard.fraction_lost,
            remote_packets_lost: heard.packets_lost,
            remote_jitter: heard.jitter,
            round_trip: heard.round_trip,
            malformed: self.malformed,
            foreign: self.foreign,
            unknown_payload: self.unknown_payload,
        }
    }
}
