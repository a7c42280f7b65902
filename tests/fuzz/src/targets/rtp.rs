//! RTP, RTCP and telephone-events: two ports that hear each other's own packets, damaged on the way.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use base::{Moment, Random};
use media::{
    Channel, Codec, Command, Country, Direction, Engine, Event, Latching, Packet, PayloadTypes, PlayId,
    PortId, PortOptions, Prompts, Sound, Stream, Tone,
};

use super::Target;
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "rtp",
    about: "panics in RTP, RTCP, telephone-events and tones; packets too large; ends of plays that never come",
    case,
};

const TICKS: u32 = 200;
/// Of a datagram, in and out: nothing grows on its way through.
const LARGEST: usize = 1_500;
/// Packets carried in a tick: two ports that echo would fill any line with duplicates of duplicates.
const ROOM: usize = 50;
const PORTS: [PortId; 3] = [PortId(0), PortId(1), PortId(2)];

struct Line {
    engine: Engine,
    now: Moment,
    mutator: Mutator,
    prompts: Prompts,
    next_play: u64,
    /// Plays and digits whose end has not been told.
    owed: BTreeSet<u64>,
    inputs: u64,
}

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::NONE);
    let mut line = Line {
        engine: Engine::new(Random::from_seed(seed)),
        now: Moment::from_secs(mutator.random.below(5_000_000_000)),
        mutator,
        prompts: Prompts::shipped(),
        next_play: 0,
        owed: BTreeSet::new(),
        inputs: 0,
    };
    line.open();
    for _ in 0..TICKS {
        line.act();
        line.now += Duration::from_millis(10 + line.mutator.random.below(25));
        line.engine.tick(line.now);
        line.carry();
    }
    line.close();
    line.inputs
}

impl Line {
    fn open(&mut self) {
        for port in PORTS {
            let options = PortOptions {
                latching: *self.mutator.pick(&[
                    Latching::Off,
                    Latching::Any {
                        relatch_after: Duration::from_millis(100),
                    },
                ]),
                silence_after: Some(Duration::from_secs(1)),
            };
            self.engine.command(self.now, Command::Open { port, options });
            self.update(port);
        }
    }

    fn update(&mut self, port: PortId) {
        let types = PayloadTypes {
            audio: 8,
            events: self.mutator.random.chance(0.7).then_some(101),
        };
        let directions = [
            Direction::SendRecv,
            Direction::SendRecv,
            Direction::SendOnly,
            Direction::Inactive,
        ];
        let stream = Stream {
            remote: Some(address(PortId(2 - port.0), Channel::Rtp)),
            remote_rtcp: None,
            rtcp_mux: self.mutator.random.chance(0.5),
            codec: *self.mutator.pick(&[Codec::Pcma, Codec::Pcmu]),
            send: types,
            receive: types,
            direction: *self.mutator.pick(&directions),
        };
        self.engine.command(self.now, Command::Update { port, stream });
    }

    fn act(&mut self) {
        let port = *self.mutator.pick(&PORTS);
        let play = PlayId(self.next_play);
        let command = match self.mutator.below(24) {
            0 => Command::SendDigits {
                port,
                play,
                digits: "159*#D".into(),
            },
            1 | 2 => Command::Play {
                port,
                play,
                sounds: vec![
                    Sound::Prompt(self.prompts.get("digit-1").unwrap()),
                    Sound::Tone(Country::France, Tone::Busy),
                ],
                times: self.mutator.below(3) as u32,
                barge_in: true,
            },
            3 => return self.update(port),
            4 => Command::Connect {
                a: port,
                b: *self.mutator.pick(&PORTS),
            },
            5 => Command::Disconnect { port },
            _ => return,
        };
        if matches!(command, Command::SendDigits { .. } | Command::Play { .. }) {
            self.owed.insert(self.next_play);
            self.next_play += 1;
        }
        self.engine.command(self.now, command);
    }

    /// What was sent arrives at the other end, some of it damaged, some of it from a stranger.
    fn carry(&mut self) {
        let sent: Vec<(PortId, Channel, Vec<u8>)> = self
            .engine
            .outbox()
            .iter()
            .take(ROOM)
            .map(|transmit| {
                assert!(transmit.bytes.len() <= LARGEST && transmit.destination.port() > 0);
                (transmit.port, transmit.channel, transmit.bytes.to_vec())
            })
            .collect();
        self.engine.outbox().clear();
        for (port, channel, bytes) in sent {
            let copies = if self.mutator.random.chance(0.3) { 2 } else { 1 };
            for copy in 0..copies {
                let bytes = if copy == 1 || self.mutator.random.chance(0.1) {
                    let mut bytes = self.mutator.damage(&bytes);
                    bytes.truncate(LARGEST);
                    bytes
                } else {
                    bytes.clone()
                };
                self.hand_in(PortId(2 - port.0), port, channel, &bytes);
            }
        }
        self.settle();
    }

    fn hand_in(&mut self, port: PortId, from: PortId, channel: Channel, bytes: &[u8]) {
        self.inputs += 1;
        let stranger = SocketAddr::from(([203, 0, 113, 66], 6_666));
        let source = if self.mutator.random.chance(0.05) {
            stranger
        } else {
            address(from, channel)
        };
        let packet = Packet {
            port,
            channel,
            source,
            bytes,
        };
        self.engine.receive(self.now, packet);
    }

    fn settle(&mut self) {
        let mut events = 0;
        while let Some(event) = self.engine.poll_event() {
            events += 1;
            match event {
                Event::PlayDone { play, .. } | Event::DigitsSent { play, .. } => {
                    assert!(self.owed.remove(&play.0), "{play:?} ended twice");
                }
                Event::Digit { digit, .. } => assert!("0123456789*#ABCD".contains(digit)),
                _ => {}
            }
        }
        assert!(events < 500, "{events} events at once");
    }

    fn close(&mut self) {
        for port in PORTS {
            self.engine.command(self.now, Command::Close { port });
        }
        self.settle();
        assert_eq!(self.engine.ports(), 0);
        assert!(self.owed.is_empty(), "never ended: {:?}", self.owed);
    }
}

/// Where a port sends from.
fn address(port: PortId, channel: Channel) -> SocketAddr {
    let rtcp = u16::from(channel == Channel::Rtcp);
    SocketAddr::from(([192, 0, 2, port.0 as u8 + 1], 4_000 + rtcp))
}
