//! A media thread over real sockets on loopback. Nobody sleeps: telephones block until something comes, at most two seconds.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use base::{Moment, Random};
use crossbeam_channel::{Receiver, unbounded};
use media::{
    Codec, Command, Country, Direction, Event, PayloadTypes, PlayEnd, PlayId, PortId, PortOptions, Sound,
    Stream, Tone,
};

use super::{MediaConfig, MediaHandle, MediaThread, Notice};

const PATIENCE: Duration = Duration::from_secs(20);

struct Bench {
    thread: MediaThread,
    notices: Receiver<Notice>,
    /// Each test has a loopback address of its own for its media ports.
    host: Ipv4Addr,
}

impl Bench {
    fn new(host: u8) -> Self {
        let (sender, notices) = unbounded();
        let started = Instant::now();
        let config = MediaConfig {
            name: format!("media-{host}"),
            random: Random::from_seed(u64::from(host)),
            clock: Box::new(move || Moment::from_secs(1_700_000_000) + started.elapsed()),
            events: Box::new(move |notice| sender.send(notice.clone()).is_ok()),
        };
        Self {
            thread: MediaThread::start(config).unwrap(),
            notices,
            host: Ipv4Addr::new(127, 0, 7, host),
        }
    }

    fn handle(&self) -> MediaHandle {
        self.thread.handle()
    }

    fn address(&self, number: u64) -> SocketAddr {
        SocketAddr::from((self.host, 20_000 + 2 * number as u16))
    }

    /// A port with a telephone behind it.
    fn phone(&self, number: u64, codec: Codec) -> UdpSocket {
        let phone = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        phone.set_read_timeout(Some(PATIENCE)).unwrap();
        phone.connect(self.address(number)).unwrap();
        let (handle, port) = (self.handle(), PortId(number));
        handle.bind(port, self.address(number)).unwrap();
        handle
            .command(Command::Open {
                port,
                options: PortOptions::default(),
            })
            .unwrap();
        let stream = stream(codec, phone.local_addr().unwrap());
        handle.command(Command::Update { port, stream }).unwrap();
        // The packet that opens NATs: from here on the port is there.
        assert_eq!(hear(&phone)[12..], [silence(codec); 160]);
        phone
    }

    fn notice(&self) -> Notice {
        self.notices.recv_timeout(PATIENCE).unwrap()
    }
}

fn stream(codec: Codec, remote: SocketAddr) -> Stream {
    let audio = if codec == Codec::Pcma { 8 } else { 0 };
    let types = PayloadTypes {
        audio,
        events: Some(101),
    };
    Stream {
        remote: Some(remote),
        remote_rtcp: None,
        rtcp_mux: false,
        codec,
        send: types,
        receive: types,
        direction: Direction::SendRecv,
    }
}

fn silence(codec: Codec) -> u8 {
    if codec == Codec::Pcma { 0xd5 } else { 0xff }
}

fn hear(phone: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 2_048];
    let length = phone.recv(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

fn rtp(payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = sequence.to_be_bytes();
    let mut packet = vec![0x80, payload_type, high, low, 0, 0, 0, 0, 0, 0, 0, 9];
    packet.extend_from_slice(payload);
    packet
}

#[test]
fn two_phones_hear_each_other_transcoded() {
    let bench = Bench::new(1);
    let (alice, bob) = (bench.phone(1, Codec::Pcma), bench.phone(2, Codec::Pcmu));
    bench
        .handle()
        .command(Command::Connect {
            a: PortId(1),
            b: PortId(2),
        })
        .unwrap();
    for sequence in 0..20 {
        alice.send(&rtp(8, sequence, &[0xd5; 160])).unwrap();
        let heard = hear(&bob);
        // The smallest A-law value is the second smallest in µ-law, which has a zero.
        assert_eq!((heard[1] & 0x7f, &heard[12..]), (0, &[0xfe; 160][..]));
        bob.send(&rtp(0, sequence, &[0xff; 160])).unwrap();
        assert_eq!(hear(&alice)[12..], [0xd5; 160]);
    }
    bench.thread.stop().unwrap();
}

#[test]
fn a_burst_is_relayed_whole() {
    let bench = Bench::new(2);
    let (alice, bob) = (bench.phone(1, Codec::Pcma), bench.phone(2, Codec::Pcma));
    bench
        .handle()
        .command(Command::Connect {
            a: PortId(1),
            b: PortId(2),
        })
        .unwrap();
    for sequence in 0..50u16 {
        alice.send(&rtp(8, sequence, &[sequence as u8; 160])).unwrap();
    }
    for sequence in 0..50u16 {
        assert_eq!(hear(&bob)[12..], [sequence as u8; 160]);
    }
}

#[test]
fn a_tone_comes_every_twenty_milliseconds_until_a_digit() {
    let bench = Bench::new(3);
    let alice = bench.phone(1, Codec::Pcma);
    let sounds = vec![Sound::Tone(Country::France, Tone::Ringback)];
    let play = Command::Play {
        port: PortId(1),
        play: PlayId(5),
        sounds,
        times: 0,
        barge_in: true,
    };
    let started = Instant::now();
    bench.handle().command(play).unwrap();
    (0..26).for_each(|_| drop(hear(&alice)));
    let length = started.elapsed().as_millis();
    // The first may come at once. Late packets are caught up with; only early ones would be wrong.
    assert!(length >= 480, "26 packets in {length} ms");

    alice.send(&rtp(101, 1, &[7, 0x8a, 3, 32])).unwrap();
    let end = PlayEnd::Interrupted('7');
    assert_eq!(
        bench.notice(),
        Notice::Event(Event::PlayDone {
            port: PortId(1),
            play: PlayId(5),
            end
        })
    );
    assert!(matches!(
        bench.notice(),
        Notice::Event(Event::Digit { digit: '7', .. })
    ));
}

#[test]
fn an_address_in_use_is_told_and_others_go_on() {
    let bench = Bench::new(4);
    let taken = UdpSocket::bind(bench.address(9)).unwrap();
    bench
        .handle()
        .bind(PortId(9), taken.local_addr().unwrap())
        .unwrap();
    assert_eq!(bench.notice(), Notice::BindFailed(PortId(9)));
    // RTCP's port counts as well.
    bench
        .handle()
        .bind(
            PortId(8),
            SocketAddr::from((bench.host, bench.address(9).port() - 1)),
        )
        .unwrap();
    assert_eq!(bench.notice(), Notice::BindFailed(PortId(8)));
    bench.phone(1, Codec::Pcma);
}

#[test]
fn an_address_serves_call_after_call() {
    let bench = Bench::new(5);
    for round in 0..3u16 {
        let alice = bench.phone(1, Codec::Pcma);
        bench
            .handle()
            .command(Command::Connect {
                a: PortId(1),
                b: PortId(1),
            })
            .unwrap();
        alice.send(&rtp(8, round, &[round as u8; 160])).unwrap();
        assert_eq!(hear(&alice)[12..], [round as u8; 160]);
        bench
            .handle()
            .command(Command::Close { port: PortId(1) })
            .unwrap();
        let Notice::Event(Event::Stats { stats, .. }) = bench.notice() else {
            panic!("no final counters")
        };
        assert_eq!((stats.packets_received, stats.packets_sent), (1, 2));
    }
}

#[test]
fn reports_go_from_the_second_socket_to_the_second_port() {
    let bench = Bench::new(6);
    // A pair of neighbouring ports for the telephone.
    let (rtp_socket, rtcp_socket) = (0..)
        .find_map(|_| {
            let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
            let rtcp =
                UdpSocket::bind((Ipv4Addr::LOCALHOST, rtp.local_addr().ok()?.port().checked_add(1)?)).ok()?;
            Some((rtp, rtcp))
        })
        .unwrap();
    rtcp_socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let (handle, port) = (bench.handle(), PortId(1));
    handle.bind(port, bench.address(1)).unwrap();
    handle
        .command(Command::Open {
            port,
            options: PortOptions::default(),
        })
        .unwrap();
    handle
        .command(Command::Update {
            port,
            stream: stream(Codec::Pcma, rtp_socket.local_addr().unwrap()),
        })
        .unwrap();
    // Something was sent: only then is there something to report.
    rtp_socket.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(hear(&rtp_socket)[12..], [silence(Codec::Pcma); 160]);
    // The last report comes at once, with a BYE (RFC 3550 §6.6).
    handle.command(Command::Close { port }).unwrap();
    let mut buffer = [0; 512];
    let (length, from) = rtcp_socket.recv_from(&mut buffer).unwrap();
    assert_eq!(from.port(), bench.address(1).port() + 1);
    assert_eq!((buffer[1], buffer[length - 7]), (200, 203));
}
