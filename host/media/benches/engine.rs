//! What a media thread's processor time goes into.

#![allow(clippy::unwrap_used, reason = "a bench may")]

extern crate cordboard_media as media;

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use base::{Moment, Random};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use media::{
    Channel, Codec, Command, Country, Direction, Engine, Packet, PayloadTypes, PlayId, PortId, PortOptions,
    Prompts, Sound, Stream, TICK, Tone,
};

const SIZES: [u64; 3] = [1, 1_000, 10_000];

/// One packet of 20 ms from one party to the other, while so many other calls are up: does the cost of a packet
/// stay flat?
fn relay(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("relay a packet");
    group.throughput(Throughput::Elements(1));
    for (name, listener) in [("same codec", Codec::Pcma), ("transcoded", Codec::Pcmu)] {
        for calls in SIZES {
            let mut engine = engine_with_calls(calls, listener);
            let mut packet = rtp();
            let (mut now, mut sequence) = (start(), 0u32);
            group.bench_function(BenchmarkId::new(name, calls), |bencher| {
                bencher.iter(|| {
                    sequence += 1;
                    now += Duration::from_micros(20);
                    packet[2..4].copy_from_slice(&(sequence as u16).to_be_bytes());
                    packet[4..8].copy_from_slice(&(sequence * 160).to_be_bytes());
                    let side = u64::from(sequence).wrapping_mul(0x9e37_79b9) % calls * 2;
                    engine.receive(
                        now,
                        Packet {
                            port: PortId(side),
                            channel: Channel::Rtp,
                            source: address(side),
                            bytes: &packet,
                        },
                    );
                    black_box(engine.outbox().len());
                    engine.outbox().clear();
                });
            });
        }
    }
    group.finish();
}

/// The same with a party that negotiated no telephone-events: its audio is searched for tones.
fn relay_and_listen_for_tones(criterion: &mut Criterion) {
    let mut engine = Engine::new(Random::from_seed(1));
    let plain = PayloadTypes {
        audio: 8,
        events: None,
    };
    for side in 0..2 {
        open(
            &mut engine,
            side,
            Stream {
                send: plain,
                receive: plain,
                ..stream(side, Codec::Pcma)
            },
        );
    }
    engine.command(
        start(),
        Command::Connect {
            a: PortId(0),
            b: PortId(1),
        },
    );
    let mut packet = rtp();
    for (n, byte) in packet[12..].iter_mut().enumerate() {
        *byte = (n * 37) as u8;
    }
    let (mut now, mut sequence) = (start(), 0u16);
    criterion.bench_function("relay a packet, in-band digits", |bencher| {
        bencher.iter(|| {
            sequence = sequence.wrapping_add(1);
            now += TICK;
            packet[2..4].copy_from_slice(&sequence.to_be_bytes());
            engine.receive(
                now,
                Packet {
                    port: PortId(0),
                    channel: Channel::Rtp,
                    source: address(0),
                    bytes: &packet,
                },
            );
            engine.outbox().clear();
        });
    });
}

/// One tick while so many ports play ringback: 50 of these a second is what a thread must afford.
fn tick_of_playing_ports(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick, all ports playing");
    for ports in [1_000, 10_000] {
        let mut engine = Engine::new(Random::from_seed(1));
        for port in 0..ports {
            open(&mut engine, port, stream(port, Codec::Pcma));
            engine.command(
                start(),
                play(port, vec![Sound::Tone(Country::France, Tone::Ringback)]),
            );
        }
        let mut now = start();
        group.throughput(Throughput::Elements(ports));
        group.bench_function(BenchmarkId::from_parameter(ports), |bencher| {
            bencher.iter(|| {
                now += TICK;
                engine.tick(now);
                black_box(engine.outbox().len());
                engine.outbox().clear();
                while engine.poll_event().is_some() {}
            });
        });
    }
    group.finish();
}

/// One tick while so many ports are up and only talk: what idling costs.
fn tick_of_talking_ports(criterion: &mut Criterion) {
    let mut engine = engine_with_calls(5_000, Codec::Pcma);
    let mut now = start();
    criterion.bench_function("tick, 10 000 ports talking", |bencher| {
        bencher.iter(|| {
            now += TICK;
            engine.tick(now);
            engine.outbox().clear();
            while engine.poll_event().is_some() {}
        });
    });
}

/// A port opened, told its stream, played to and closed: a call's share besides its packets.
fn a_ports_life(criterion: &mut Criterion) {
    let mut engine = Engine::new(Random::from_seed(1));
    let welcome = Prompts::shipped().get("welcome").unwrap();
    criterion.bench_function("open, update, play, close", |bencher| {
        bencher.iter(|| {
            open(&mut engine, 1, stream(1, Codec::Pcma));
            engine.command(start(), play(1, vec![Sound::Prompt(welcome.clone())]));
            engine.command(start(), Command::Close { port: PortId(1) });
            engine.outbox().clear();
            while engine.poll_event().is_some() {}
        });
    });
}

fn engine_with_calls(calls: u64, listener: Codec) -> Engine {
    let mut engine = Engine::new(Random::from_seed(1));
    for call in 0..calls {
        open(&mut engine, 2 * call, stream(2 * call, Codec::Pcma));
        open(&mut engine, 2 * call + 1, stream(2 * call + 1, listener));
        engine.command(
            start(),
            Command::Connect {
                a: PortId(2 * call),
                b: PortId(2 * call + 1),
            },
        );
    }
    engine.outbox().clear();
    engine
}

fn open(engine: &mut Engine, side: u64, stream: Stream) {
    let port = PortId(side);
    engine.command(
        start(),
        Command::Open {
            port,
            options: PortOptions::default(),
        },
    );
    engine.command(start(), Command::Update { port, stream });
}

fn play(side: u64, sounds: Vec<Sound>) -> Command {
    Command::Play {
        port: PortId(side),
        play: PlayId(side),
        sounds,
        times: 0,
        barge_in: false,
    }
}

fn stream(side: u64, codec: Codec) -> Stream {
    let audio = if codec == Codec::Pcma { 8 } else { 0 };
    let types = PayloadTypes {
        audio,
        events: Some(101),
    };
    Stream {
        remote: Some(address(side)),
        remote_rtcp: None,
        rtcp_mux: false,
        codec,
        send: types,
        receive: types,
        direction: Direction::SendRecv,
    }
}

fn address(side: u64) -> SocketAddr {
    let [.., a, b] = (side as u16).to_be_bytes();
    SocketAddr::from(([10, 0, a, b], 4_000))
}

fn start() -> Moment {
    Moment::from_secs(1_700_000_000)
}

fn rtp() -> Vec<u8> {
    let mut packet = vec![0xd5; 172];
    packet[..12].copy_from_slice(&[0x80, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
    packet
}

criterion_group!(
    benches,
    relay,
    relay_and_listen_for_tones,
    tick_of_playing_ports,
    tick_of_talking_ports,
    a_ports_life
);
criterion_main!(benches);
