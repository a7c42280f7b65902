//! Does the cost of a call stay flat as the endpoint fills?

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench may")]

use std::hint::black_box;
use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use cordboard_sip::endpoint::{
    Config, Endpoint, Event, ExtraHeaders, Invite, Output, Packet, Path, Reply, SessionTimer, UsageId,
};
use cordboard_sip::transaction::{Class, InviteServer, invite_server::Input};
use cordboard_sip::{Message, Uri};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const LIVE: [usize; 3] = [1, 1_000, 50_000];
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

/// Two endpoints that talk to each other without loss or delay.
struct Pair {
    now: Moment,
    caller: Endpoint,
    callee: Endpoint,
    here: Path,
    there: Path,
}

impl Pair {
    fn new() -> Self {
        let [a, b] = ["192.0.2.1:5060", "192.0.2.2:5060"].map(|address| address.parse().unwrap());
        let config = || Config {
            session_timer: SessionTimer {
                interval: Some(Duration::from_secs(1_800)),
                ..SessionTimer::default()
            },
            ..Config::default()
        };
        Self {
            now: Moment::from_secs(1_000),
            caller: Endpoint::new(config(), Random::from_seed(1)),
            callee: Endpoint::new(config(), Random::from_seed(2)),
            here: Path::udp(a, b),
            there: Path::udp(b, a),
        }
    }

    fn with_live(live: usize) -> Self {
        let mut pair = Self::new();
        for number in 0..live {
            pair.set_up();
            if number % 1_000 == 0 {
                pair.pass(Duration::from_millis(500));
            }
        }
        pair.pass(Duration::from_secs(40));
        pair
    }

    fn pass(&mut self, length: Duration) {
        self.now += length;
        self.caller.timeout(self.now);
        self.callee.timeout(self.now);
        self.settle();
    }

    /// Rings and answers; what the call is at its caller's.
    fn set_up(&mut self) -> UsageId {
        let target = Uri::parse("sip:200@192.0.2.2").unwrap();
        let me = Uri::parse("sip:100@192.0.2.1").unwrap();
        let invite = Invite::new(target.clone(), self.here, me, target).offer(SDP);
        let usage = self.caller.invite(self.now, invite).unwrap();
        self.settle();
        usage
    }

    fn tear_down(&mut self, usage: UsageId) {
        self.caller.bye(self.now, usage, ExtraHeaders::new()).unwrap();
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.caller.poll() {
                quiet = false;
                if let Output::Send { bytes, .. } = output {
                    self.callee.receive(
                        self.now,
                        Packet {
                            path: self.there,
                            bytes,
                        },
                    );
                }
            }
            while let Some(output) = self.callee.poll() {
                quiet = false;
                match output {
                    Output::Send { bytes, .. } => {
                        self.caller.receive(
                            self.now,
                            Packet {
                                path: self.here,
                                bytes,
                            },
                        );
                    }
                    Output::Event(Event::Invited { usage, .. }) => {
                        self.callee.progress(self.now, usage, 180).unwrap();
                        self.callee
                            .accept(self.now, usage, Reply::new(200).sdp(SDP))
                            .unwrap();
                    }
                    Output::Event(_) | Output::Close { .. } => {}
                }
            }
            if quiet {
                return;
            }
        }
    }
}

/// The bare machine: an INVITE refused and acknowledged, its timers run out.
fn machine(criterion: &mut Criterion) {
    criterion.bench_function("INVITE server transaction, machine alone", |b| {
        b.iter(|| {
            let mut machine = InviteServer::new(Moment::ZERO, Config::default().timers, false);
            let mut steps = 0;
            for input in [
                Input::Respond(Class::Provisional),
                Input::Respond(Class::Failure),
                Input::Ack,
            ] {
                steps += u32::from(machine.handle(black_box(Moment::ZERO), input).transmit.is_some());
            }
            while let Some(at) = machine.next_timeout() {
                steps += u32::from(machine.handle_timeout(at).is_some());
            }
            steps
        });
    });
}

/// An INVITE refused and acknowledged, as packets, while others are up.
fn refuse_one_invite(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("refuse one INVITE");
    for live in LIVE {
        let mut pair = Pair::with_live(live);
        let mut number = 0_u64;
        group.bench_function(BenchmarkId::from_parameter(live), |b| {
            b.iter(|| {
                number += 1;
                pair.now += Duration::from_millis(1);
                pair.callee.timeout(pair.now);
                refuse(&mut pair, number);
            });
        });
    }
    group.finish();
}

fn refuse(pair: &mut Pair, number: u64) {
    let message = |method: &str, tag: &str| {
        Bytes::from(format!(
            "{method} sip:200@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKr{number};rport\r\n\
             From: <sip:100@192.0.2.1>;tag=f{number}\r\nTo: <sip:200@192.0.2.2>{tag}\r\nCall-ID: r{number}\r\n\
             CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContact: <sip:100@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let invite = message("INVITE", "");
    pair.callee.receive(
        pair.now,
        Packet {
            path: pair.there,
            bytes: invite,
        },
    );
    let mut tag = String::new();
    while let Some(output) = pair.callee.poll() {
        match output {
            Output::Event(Event::Invited { usage, .. }) => pair.callee.reject(pair.now, usage, 486).unwrap(),
            Output::Send { bytes, .. } if bytes.starts_with(b"SIP/2.0 486") => {
                let Ok(Message::Response(response)) = Message::parse(bytes) else {
                    panic!()
                };
                tag = format!(";tag={}", response.headers.to().unwrap().tag().unwrap());
            }
            Output::Event(_) | Output::Send { .. } | Output::Close { .. } => {}
        }
    }
    pair.callee.receive(
        pair.now,
        Packet {
            path: pair.there,
            bytes: message("ACK", &tag),
        },
    );
    assert!(pair.callee.poll().is_none());
}

/// INVITE, 100, 180, 200, ACK, BYE, 200 at both ends, while others are up. The time of both ends is measured.
fn whole_call(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("whole call, both ends");
    for live in LIVE {
        let mut pair = Pair::with_live(live);
        group.bench_function(BenchmarkId::from_parameter(live), |b| {
            b.iter(|| {
                pair.pass(Duration::from_millis(1));
                let usage = pair.set_up();
                pair.tear_down(usage);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, machine, refuse_one_invite, whole_call);
criterion_main!(benches);
