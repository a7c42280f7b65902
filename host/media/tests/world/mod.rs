//! Two or more telephones around an engine, in virtual time, over a network that can lose, delay and forge.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use base::{Moment, Random};
use media::{
    Channel, Codec, Command, Direction, Engine, Event, Packet, PayloadTypes, PortId, PortOptions, Stream,
    TICK,
};
use rtp_types::{RtpPacket, RtpPacketBuilder};

pub const EVENTS: u8 = 101;

pub struct World {
    pub engine: Engine,
    pub now: Moment,
    pub events: Vec<Event>,
    pub phones: BTreeMap<SocketAddr, Phone>,
    /// RTCP that the engine sent, as it is.
    pub reports: Vec<(PortId, SocketAddr, Vec<u8>)>,
}

/// What a telephone has heard and how it speaks.
pub struct Phone {
    pub address: SocketAddr,
    pub port: PortId,
    pub codec: Codec,
    pub heard: Vec<Heard>,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub events_payload_type: u8,
}

/// One RTP packet as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub at: Moment,
    pub payload_type: u8,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: Vec<u8>,
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl World {
    pub fn new() -> Self {
        Self {
            engine: Engine::new(Random::from_seed(42)),
            now: Moment::from_secs(1_700_000_000),
            events: vec![],
            phones: BTreeMap::new(),
            reports: vec![],
        }
    }

    /// A telephone with a port of its own that has agreed on `codec` and telephone-events.
    pub fn phone(&mut self, number: u64, codec: Codec) -> SocketAddr {
        self.phone_with(number, stream(number, codec), PortOptions::default())
    }

    pub fn phone_with(&mut self, number: u64, stream: Stream, options: PortOptions) -> SocketAddr {
        let port = PortId(number);
        let address = phone_address(number);
        self.command(Command::Open { port, options });
        self.command(Command::Update { port, stream });
        self.add(address, port, stream.codec);
        address
    }

    /// A source of packets without a port of its own: a telephone behind a NAT, or an attacker.
    pub fn add(&mut self, address: SocketAddr, port: PortId, codec: Codec) {
        let phone = Phone {
            address,
            port,
            codec,
            heard: vec![],
            sequence: 1_000,
            timestamp: 50_000,
            ssrc: u32::from(address.port()) << 8 | 7,
            events_payload_type: EVENTS,
        };
        self.phones.insert(address, phone);
        self.settle();
    }

    pub fn command(&mut self, command: Command) {
        self.engine.command(self.now, command);
        self.settle();
    }

    /// Ports open the way to their parties with silence; what was heard until then is forgotten.
    pub fn let_open(&mut self) {
        self.wait(TICK * 3);
        self.clear();
    }

    /// Time passes, tick by tick.
    pub fn wait(&mut self, length: Duration) {
        let end = self.now + length;
        while self.now < end {
            self.now += TICK;
            self.engine.tick(self.now);
            self.settle();
        }
    }

    /// A telephone sends one packet of 20 ms.
    pub fn say(&mut self, from: SocketAddr, samples: &[i16]) {
        let payload: Vec<u8> = {
            let phone = self.phones.get(&from).unwrap();
            samples
                .iter()
                .map(|sample| encode(phone.codec, *sample))
                .collect()
        };
        let payload_type = payload_type(self.phones.get(&from).unwrap().codec);
        let packet = self.packet(from, payload_type, false, &payload);
        self.deliver(from, &packet);
    }

    /// A telephone speaks: 20 ms of it every tick.
    pub fn speak(&mut self, from: SocketAddr, samples: &[i16]) {
        for frame in samples.chunks(160) {
            self.say(from, frame);
            self.wait(TICK);
        }
    }

    /// Presses a key for 100 ms as RFC 4733 wants it.
    pub fn press(&mut self, from: SocketAddr, code: u8) {
        let (timestamp, payload_type) = {
            let phone = self.phones.get(&from).unwrap();
            (phone.timestamp, phone.events_payload_type)
        };
        for step in 1..=7u16 {
            let duration = step.min(5) * 160;
            let [high, low] = duration.to_be_bytes();
            let flags = if step >= 5 { 0x8a } else { 0x0a };
            let packet = self.packet(from, payload_type, step == 1, &[code, flags, high, low]);
            self.phones.get_mut(&from).unwrap().timestamp = timestamp;
            self.deliver(from, &packet);
            self.wait(TICK);
        }
        self.phones.get_mut(&from).unwrap().timestamp = timestamp + 7 * 160;
    }

    /// The next packet of a telephone, not yet sent.
    pub fn packet(&mut self, from: SocketAddr, payload_type: u8, marker: bool, payload: &[u8]) -> Vec<u8> {
        let phone = self.phones.get_mut(&from).unwrap();
        let packet = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(payload_type)
            .marker_bit(marker)
            .sequence_number(phone.sequence)
            .timestamp(phone.timestamp)
            .ssrc(phone.ssrc)
            .payload(payload)
            .write_vec()
            .unwrap();
        phone.sequence = phone.sequence.wrapping_add(1);
        phone.timestamp = phone.timestamp.wrapping_add(payload.len() as u32);
        packet
    }

    pub fn deliver(&mut self, from: SocketAddr, bytes: &[u8]) {
        let port = self.phones.get(&from).unwrap().port;
        self.engine.receive(
            self.now,
            Packet {
                port,
                channel: Channel::Rtp,
                source: from,
                bytes,
            },
        );
        self.settle();
    }

    pub fn deliver_rtcp(&mut self, port: PortId, source: SocketAddr, bytes: &[u8]) {
        self.engine.receive(
            self.now,
            Packet {
                port,
                channel: Channel::Rtcp,
                source,
                bytes,
            },
        );
        self.settle();
    }

    /// Everything that a telephone heard, decoded.
    pub fn audio(&self, phone: SocketAddr) -> Vec<i16> {
        let phone = self.phones.get(&phone).unwrap();
        let packets = phone.heard.iter().filter(|heard| heard.payload_type != EVENTS);
        packets
            .flat_map(|heard| heard.payload.iter())
            .map(|byte| decode(phone.codec, *byte))
            .collect()
    }

    pub fn heard(&self, phone: SocketAddr) -> &[Heard] {
        &self.phones.get(&phone).unwrap().heard
    }

    /// Forgets what was heard so far, such as the first packet that opens NATs.
    pub fn clear(&mut self) {
        self.phones.values_mut().for_each(|phone| phone.heard.clear());
        self.events.clear();
        self.reports.clear();
    }

    /// Digits reported for a port.
    pub fn digits(&self, number: u64) -> String {
        let digit = |event: &Event| match event {
            Event::Digit { port, digit, .. } if *port == PortId(number) => Some(*digit),
            _ => None,
        };
        self.events.iter().filter_map(digit).collect()
    }

    fn settle(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
        for transmit in self.engine.outbox().iter() {
            if transmit.channel == Channel::Rtcp || matches!(transmit.bytes[1], 192..=223) {
                self.reports
                    .push((transmit.port, transmit.destination, transmit.bytes.to_vec()));
            } else if let Some(phone) = self.phones.get_mut(&transmit.destination) {
                let rtp = RtpPacket::parse(transmit.bytes).unwrap();
                phone.heard.push(Heard {
                    at: self.now,
                    payload_type: rtp.payload_type(),
                    marker: rtp.marker_bit(),
                    sequence: rtp.sequence_number(),
                    timestamp: rtp.timestamp(),
                    ssrc: rtp.ssrc(),
                    payload: rtp.payload().to_vec(),
                });
            }
        }
        self.engine.outbox().clear();
    }
}

pub fn phone_address(number: u64) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, number as u8], 4_000))
}

pub fn stream(number: u64, codec: Codec) -> Stream {
    let types = PayloadTypes {
        audio: payload_type(codec),
        events: Some(EVENTS),
    };
    Stream {
        remote: Some(phone_address(number)),
        remote_rtcp: None,
        rtcp_mux: false,
        codec,
        send: types,
        receive: types,
        direction: Direction::SendRecv,
    }
}

pub fn without_events(mut stream: Stream) -> Stream {
    stream.send.events = None;
    stream.receive.events = None;
    stream
}

pub fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcma => 8,
        Codec::Pcmu => 0,
    }
}

pub fn encode(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcma => encode_alaw(sample),
        Codec::Pcmu => encode_ulaw(sample),
    }
}

pub fn decode(codec: Codec, byte: u8) -> i16 {
    match codec {
        Codec::Pcma => decode_alaw(byte),
        Codec::Pcmu => decode_ulaw(byte),
    }
}

/// A sine of a frequency and peak.
pub fn sine(frequency: f64, peak: f64, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|n| (peak * (std::f64::consts::TAU * frequency * n as f64 / 8_000.0).sin()) as i16)
        .collect()
}

/// Signal to noise in dB.
pub fn snr(signal: &[i16], received: &[i16]) -> f64 {
    assert_eq!(signal.len(), received.len());
    let power: f64 = signal.iter().map(|s| f64::from(*s).powi(2)).sum();
    let noise: f64 = signal
        .iter()
        .zip(received)
        .map(|(s, r)| (f64::from(*s) - f64::from(*r)).powi(2))
        .sum();
    10.0 * (power / noise.max(1.0)).log10()
}
