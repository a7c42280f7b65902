//! One party's media: everything that a port remembers.

use std::net::SocketAddr;
use std::time::Duration;

use base::{Moment, Random};

use crate::digits::{Detector, DigitSender, EventReceiver, Happened};
use crate::g711::FRAME;
use crate::latch::Latch;
use crate::packet::Body;
use crate::player::Player;
use crate::reception::Reception;
use crate::room::Seat;
use crate::rtcp::Reports;
use crate::sender::Sender;
use crate::{Channel, Codec, Outbox, PortId, PortOptions, Stats, Stream};

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
    /// Listens to the audio; there while it has to.
    pub detector: Option<Box<Detector>>,
    /// The last key heard in the audio, and when.
    pub in_band: Option<(char, Moment)>,
    /// The party's keys come as telephone-events or through signalling: tones are not listened for any more.
    pub keys_come_otherwise: bool,

    /// Whom this party hears, and who hears it.
    pub hears: Option<Slot>,
    pub listeners: Vec<Slot>,
    /// Its place in a room; then it hears nobody else, and nobody else hears it.
    pub seat: Option<Box<Seat>>,

    /// Last valid RTP, or since when it is waited for; none while none is due.
    pub awaited_since: Option<Moment>,
    /// A silence was told and has not ended.
    pub is_silent: bool,
    /// Last packet that left, of whatever kind.
    pub sent: Option<Moment>,
    /// Until then silence does not open the way: something else may.
    pub patient_until: Moment,
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

/// The same key within this time of its tone is the same press.
const SAME_KEY: Duration = Duration::from_millis(500);

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
            in_band: None,
            keys_come_otherwise: false,
            hears: None,
            listeners: Vec::new(),
            seat: None,
            awaited_since: None,
            is_silent: false,
            sent: None,
            patient_until: Moment::ZERO,
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

    /// Sends 20 ms of audio of our own, if it may send.
    pub fn send_frame(&mut self, outbox: &mut Outbox, now: Moment, frame: &[u8; FRAME]) {
        let Some((stream, destination)) = self.outlet() else {
            return;
        };
        let header = self.sender.own(now, stream.send.audio, FRAME);
        self.sent = Some(now);
        outbox.push(self.id, Channel::Rtp, destination, &header, Body::Plain(frame));
    }

    /// Whether keys are looked for in the audio: always where no telephone-event is negotiated, and also of
    /// a party that negotiated them and speaks to us alone, because there are phones and gateways that never send them.
    /// Between two parties it would cost more than relaying, and the tone reaches the other one anyhow.
    pub fn listens_for_tones(&self) -> bool {
        let negotiated = self.stream.is_some_and(|stream| stream.receive.events.is_some());
        !self.keys_come_otherwise && (!negotiated || self.listeners.is_empty())
    }

    /// Whether a key told otherwise is one that was heard a moment ago: its tone leaked, or the party speaks both ways.
    pub fn was_heard_in_band(&mut self, now: Moment, happened: Happened) -> bool {
        let (told, held) = match happened {
            Happened::Pressed(key) => (key, Duration::ZERO),
            Happened::Released(key, held) => (key, held),
        };
        let is_same = |(key, at): (char, Moment)| key == told && now.since(at) < SAME_KEY + held;
        let same = self.in_band.is_some_and(is_same);
        if matches!(happened, Happened::Released(..)) {
            self.in_band = None;
        }
        same
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
