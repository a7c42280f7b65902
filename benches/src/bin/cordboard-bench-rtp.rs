//! How many packets a second of processor time relays: a media thread beside a bare UDP forwarder
//! (`cargo xtask bench rtp`).
//!
//! Both relay the same calls from the same load on loopback, one after the other. Each call is
//! two phones that send 160 bytes of G.711 every 20 ms. The forwarder is the least that could do the job: it waits on all sockets,
//! reads with the same system calls and sends on from the partner's socket, and knows nothing of RTP. What counts is the
//! processor time of the relaying thread alone, kernel included.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base::{Moment, Random};
use clap::Parser;
use media::{Codec, Command, Direction, PayloadTypes, PortId, PortOptions, Stream};
use mio::{Events, Interest, Poll, Token};
use nix::time::{ClockId, clock_gettime};

#[allow(
    unused_imports,
    dead_code,
    reason = "the module is the exchange's; this uses a part of it"
)]
#[path = "../../../host/cordboard/src/media/mod.rs"]
mod threads;

use threads::datagrams::{self, BATCH, Reader};
use threads::{MediaConfig, MediaThread};

/// The relay has an address of its own, so that its ports are nobody's ephemeral ones.
const RELAY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const FIRST_PORT: u16 = 20_000;

#[derive(Parser)]
#[command(about = "Relays RTP on loopback and counts packets per processor second")]
struct Arguments {
    /// Calls at a time, one figure after the other; each call is 100 packets a second
    #[arg(long, value_delimiter = ',', default_values_t = [50, 200, 500])]
    calls: Vec<u16>,
    /// How long each of the two relays runs
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// One line of JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// What one relay did.
struct Figure {
    sent: u64,
    relayed: u64,
    cpu: Duration,
}

impl Figure {
    fn per_cpu_second(&self) -> f64 {
        self.relayed as f64 / self.cpu.as_secs_f64().max(1e-9)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    arguments
        .calls
        .iter()
        .try_for_each(|calls| compare(usize::from(*calls).min(4_000), &arguments))
}

/// Both relays with so many calls, one after the other.
fn compare(calls: usize, arguments: &Arguments) -> anyhow::Result<()> {
    let length = Duration::from_secs(arguments.seconds);
    let bare = forwarder(calls, length)?;
    let ours = media_thread(calls, length)?;
    let share = 100.0 * ours.per_cpu_second() / bare.per_cpu_second();
    if arguments.json {
        println!(
            "{}",
            serde_json::json!({
                "calls": calls,
                "forwarder_packets_per_cpu_second": bare.per_cpu_second(),
                "cordboard_packets_per_cpu_second": ours.per_cpu_second(),
                "share_percent": share,
                "lost": ours.sent.saturating_sub(ours.relayed),
            })
        );
        return Ok(());
    }
    println!("{calls} calls, {} s each, 172 bytes a packet", arguments.seconds);
    for (name, figure) in [("bare forwarder", &bare), ("Cordboard", &ours)] {
        println!(
            "{name:<16} {:>9} sent {:>9} relayed {:>9.3} s of processor {:>10.0} packets per processor second",
            figure.sent,
            figure.relayed,
            figure.cpu.as_secs_f64(),
            figure.per_cpu_second()
        );
    }
    println!("Cordboard relays {share:.0} % of the forwarder's packets per processor second");
    Ok(())
}

/// The relay's addresses: two a call, RTCP between.
fn relay_address(side: usize) -> SocketAddr {
    SocketAddr::from((RELAY, FIRST_PORT + 2 * side as u16))
}

/// The phones of all calls: an even one and the odd one after it talk to each other.
struct Phones {
    sockets: Vec<UdpSocket>,
}

impl Phones {
    fn new(calls: usize) -> io::Result<Self> {
        let socket = |_| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        Ok(Self {
            sockets: (0..2 * calls).map(socket).collect::<io::Result<_>>()?,
        })
    }

    fn address(&self, side: usize) -> io::Result<SocketAddr> {
        self.sockets[side].local_addr()
    }

    /// Speaks for some time, spread evenly over each 20 ms. Returns how many packets were sent.
    fn talk(&self, length: Duration) -> u64 {
        let start = Instant::now();
        let (mut sent, mut round) = (0, 0u32);
        let mut sink = [0; 2_048];
        while start.elapsed() < length {
            for (side, socket) in self.sockets.iter().enumerate() {
                let due = Duration::from_millis(20) * round
                    + Duration::from_millis(20) * side as u32 / self.sockets.len() as u32;
                while let Some(wait) = due.checked_sub(start.elapsed()) {
                    std::thread::sleep(wait);
                }
                sent += u64::from(socket.send_to(&packet(side, round), relay_address(side)).is_ok());
                while socket.recv_from(&mut sink).is_ok() {}
            }
            round += 1;
        }
        sent
    }
}

fn packet(side: usize, round: u32) -> [u8; 172] {
    let mut packet = [0xd5; 172];
    packet[..2].copy_from_slice(&[0x80, 8]);
    packet[2..4].copy_from_slice(&(round as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&(round * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&(side as u32).to_be_bytes());
    packet
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map(Duration::from)
        .unwrap_or_default()
}

/// The yardstick.
fn forwarder(calls: usize, length: Duration) -> anyhow::Result<Figure> {
    let phones = Phones::new(calls)?;
    let sockets = (0..2 * calls)
        .map(|side| {
            let socket = UdpSocket::bind(relay_address(side))?;
            socket.set_nonblocking(true)?;
            Ok((mio::net::UdpSocket::from_std(socket), phones.address(side)?))
        })
        .collect::<io::Result<Vec<_>>>()?;
    let stop = Arc::new(AtomicBool::new(false));
    let relayed = Arc::new(AtomicU64::new(0));
    let thread = {
        let (stop, relayed) = (Arc::clone(&stop), Arc::clone(&relayed));
        std::thread::spawn(move || forward(sockets, &stop, &relayed))
    };
    std::thread::sleep(Duration::from_millis(100));
    let sent = phones.talk(length);
    std::thread::sleep(Duration::from_millis(100));
    stop.store(true, Ordering::Relaxed);
    let cpu = thread
        .join()
        .map_err(|_| anyhow::anyhow!("the forwarder panicked"))??;
    Ok(Figure {
        sent,
        relayed: relayed.load(Ordering::Relaxed),
        cpu,
    })
}

/// Sends what comes in on one socket from its partner's, to the partner's phone.
fn forward(
    mut sockets: Vec<(mio::net::UdpSocket, SocketAddr)>,
    stop: &AtomicBool,
    relayed: &AtomicU64,
) -> io::Result<Duration> {
    let mut poll = Poll::new()?;
    for (side, (socket, _)) in sockets.iter_mut().enumerate() {
        poll.registry()
            .register(socket, Token(side), Interest::READABLE)?;
    }
    let mut events = Events::with_capacity(1_024);
    let mut reader = Reader::new();
    let start = cpu_time();
    while !stop.load(Ordering::Relaxed) {
        poll.poll(&mut events, Some(Duration::from_millis(20)))?;
        for event in &events {
            let Token(side) = event.token();
            let (partner, phone) = &sockets[side ^ 1];
            let relay = |_, bytes: &[u8]| {
                let sent = datagrams::send(partner.as_raw_fd(), *phone, bytes);
                relayed.fetch_add(u64::from(sent), Ordering::Relaxed);
            };
            while reader.read(sockets[side].0.as_raw_fd(), true, relay) == BATCH {}
        }
    }
    Ok(cpu_time() - start)
}

/// The real thing: ports, latching, SSRCs of their own, statistics.
fn media_thread(calls: usize, length: Duration) -> anyhow::Result<Figure> {
    let phones = Phones::new(calls)?;
    let start = Instant::now();
    let thread = MediaThread::start(MediaConfig {
        name: "media".into(),
        random: Random::from_seed(1),
        clock: Box::new(move || Moment::from_secs(1_700_000_000) + start.elapsed()),
        events: Box::new(|_| true),
    })?;
    let handle = thread.handle();
    for side in 0..2 * calls {
        let port = PortId(side as u64);
        handle.bind(port, relay_address(side))?;
        handle.command(Command::Open {
            port,
            options: PortOptions::default(),
        })?;
        handle.command(Command::Update {
            port,
            stream: stream(phones.address(side)?),
        })?;
        if side % 2 == 1 {
            handle.command(Command::Connect {
                a: PortId(side as u64 - 1),
                b: port,
            })?;
        }
    }
    // The counters are published once a second: settle, and read them around a quiet moment.
    std::thread::sleep(Duration::from_millis(2_100));
    let before = handle.load();
    let sent = phones.talk(length);
    std::thread::sleep(Duration::from_millis(1_100));
    let after = handle.load();
    thread.stop()?;
    Ok(Figure {
        sent,
        relayed: after.packets_out - before.packets_out,
        cpu: after.cpu - before.cpu,
    })
}

fn stream(remote: SocketAddr) -> Stream {
    let audio = PayloadTypes {
        audio: 8,
        events: Some(101),
    };
    Stream {
        remote: Some(remote),
        remote_rtcp: None,
        rtcp_mux: false,
        codec: Codec::Pcma,
        send: audio,
        receive: audio,
        direction: Direction::SendRecv,
    }
}
