//! Whatever peers send and the exchange asks, in any order: no panic, no event too many, no leak.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

extern crate cordboard_media as media;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use base::{Moment, Random};
use media::{
    Channel, Codec, Command, Country, Direction, Engine, Event, Latching, Packet, PayloadTypes, PlayId,
    PortId, PortOptions, Prompts, Sound, Stream, Tone,
};

const PORTS: u64 = 5;
const STEPS: u32 = 4_000;

/// An exchange and peers that do things at random, from one seed.
struct Storm {
    engine: Engine,
    random: Random,
    now: Moment,
    next_play: u64,
    /// Promised and not yet kept: ends of plays and of digits.
    owed: BTreeMap<u64, bool>,
    prompts: Prompts,
}

impl Storm {
    fn new(seed: u64) -> Self {
        let mut random = Random::from_seed(seed);
        Self {
            engine: Engine::new(random.fork()),
            random,
            now: Moment::from_secs(1_700_000_000),
            next_play: 0,
            owed: BTreeMap::new(),
            prompts: Prompts::shipped(),
        }
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            match self.random.below(10) {
                0 | 1 => self.command(),
                2..=6 => self.packet(),
                _ => {
                    self.now += Duration::from_millis(self.random.below(45));
                    self.engine.tick(self.now);
                }
            }
            self.settle();
        }
        for port in 0..PORTS {
            self.engine
                .command(self.now, Command::Close { port: PortId(port) });
        }
        self.settle();
        assert_eq!(self.engine.ports(), 0);
        assert!(self.owed.is_empty(), "never ended: {:?}", self.owed);
    }

    fn port(&mut self) -> PortId {
        PortId(self.random.below(PORTS))
    }

    fn command(&mut self) {
        let port = self.port();
        let command = match self.random.below(16) {
            0..=2 => Command::Open {
                port,
                options: self.options(),
            },
            3..=5 => Command::Update {
                port,
                stream: self.stream(),
            },
            6 => Command::Close { port },
            7 | 8 => Command::Connect {
                a: port,
                b: self.port(),
            },
            9 => Command::Listen {
                to: port,
                from: self.port(),
            },
            10 => Command::Disconnect { port },
            11 | 12 => self.play(port),
            13 => Command::SendDigits {
                port,
                play: self.promise(),
                digits: self.digits(),
            },
            14 => Command::InjectDigit {
                port,
                digit: '5',
                held: Duration::ZERO,
            },
            _ => Command::Stop { port },
        };
        self.engine.command(self.now, command);
    }

    fn promise(&mut self) -> PlayId {
        self.next_play += 1;
        self.owed.insert(self.next_play, true);
        PlayId(self.next_play)
    }

    fn play(&mut self, port: PortId) -> Command {
        let sounds = (0..self.random.below(4))
            .map(|_| match self.random.below(3) {
                0 => Sound::Prompt(self.prompts.get("digit-1").unwrap()),
                1 => Sound::Tone(Country::UnitedKingdom, Tone::Busy),
                _ => Sound::Silence(Duration::from_millis(self.random.below(100))),
            })
            .collect();
        let (times, barge_in) = (self.random.below(3) as u32, self.random.chance(0.5));
        Command::Play {
            port,
            play: self.promise(),
            sounds,
            times,
            barge_in,
        }
    }

    fn digits(&mut self) -> String {
        "12,x#D".repeat(self.random.below(20) as usize)
    }

    fn options(&mut self) -> PortOptions {
        let relatch_after = Duration::from_millis(200);
        let latching = match self.random.below(3) {
            0 => Latching::Off,
            1 => Latching::Any { relatch_after },
            _ => Latching::SameHost { relatch_after },
        };
        PortOptions {
            latching,
            silence_after: Some(Duration::from_secs(2)),
        }
    }

    fn stream(&mut self) -> Stream {
        let types = PayloadTypes {
            audio: 8,
            events: self.random.chance(0.5).then_some(101),
        };
        let directions = [
            Direction::SendRecv,
            Direction::SendOnly,
            Direction::RecvOnly,
            Direction::Inactive,
        ];
        Stream {
            remote: self.random.chance(0.8).then(|| self.address()),
            remote_rtcp: None,
            rtcp_mux: self.random.chance(0.5),
            codec: if self.random.chance(0.5) {
                Codec::Pcma
            } else {
                Codec::Pcmu
            },
            send: types,
            receive: types,
            direction: directions[self.random.below(4) as usize],
        }
    }

    fn address(&mut self) -> SocketAddr {
        // One of them has no port after it for RTCP.
        let port = if self.random.chance(0.2) { 65_535 } else { 4_000 };
        SocketAddr::from(([192, 0, 2, self.random.below(3) as u8], port))
    }

    /// Mostly RTP of the right shape with random numbers; sometimes anything.
    fn packet(&mut self) {
        let length = self.random.below(200) as usize;
        let mut bytes = vec![0; length];
        self.random.fill(&mut bytes);
        let kinds = [8, 8, 101, 101, 13, 200, 201];
        if length > 12 && self.random.chance(0.9) {
            bytes[0] = 0x80;
            bytes[1] = kinds[self.random.below(7) as usize];
            // Few sources and small steps, so that streams form.
            bytes[2..12].fill(0);
            bytes[3] = self.random.below(255) as u8;
            bytes[6] = self.random.below(4) as u8;
            bytes[11] = self.random.below(2) as u8;
            bytes[12] %= 18;
        }
        let channel = if self.random.chance(0.8) {
            Channel::Rtp
        } else {
            Channel::Rtcp
        };
        let (port, source) = (self.port(), self.address());
        self.engine.receive(
            self.now,
            Packet {
                port,
                channel,
                source,
                bytes: &bytes,
            },
        );
    }

    fn settle(&mut self) {
        let mut events = 0;
        while let Some(event) = self.engine.poll_event() {
            events += 1;
            match event {
                Event::PlayDone { play, .. } | Event::DigitsSent { play, .. } => {
                    assert!(self.owed.remove(&play.0).is_some(), "{play:?} ended twice");
                }
                Event::Digit { digit, .. } => assert!("0123456789*#ABCD".contains(digit)),
                Event::Latched { .. } | Event::Silence { .. } | Event::Heard { .. } | Event::Stats { .. } => {
                }
            }
        }
        assert!(events < 200, "{events} events at once");
        for transmit in self.engine.outbox().iter() {
            assert!(transmit.bytes.len() <= 200 && transmit.destination.port() > 0);
        }
        self.engine.outbox().clear();
    }
}

#[test]
fn every_promise_is_kept_whatever_happens() {
    for seed in 0..40 {
        println!("seed {seed}");
        Storm::new(seed).run();
    }
}
