//! Parties of many calls at once, with sound: each says its own name again and again, and remembers whose it has heard.
//!
//! SIPp does the signalling and names our ports in its descriptions: `[auto_media_port]` is four more for each call. Whoever hears
//! something answers to where it came from, as phones do.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::scenario;

/// What SIPp adds to its media port for each call.
const APART: u16 = 4;
/// A packet's worth of PCMA.
const PACKET: Duration = Duration::from_millis(20);
/// Who hears nothing for so long says nothing either: the call is over, and the port may be another's.
const SILENT: Duration = Duration::from_millis(100);
/// What a name begins with; nothing that the exchange plays does.
const MARK: [u8; 4] = [0xd5, 0x37, 0x52, 0x1b];
const NAME: usize = 8;

/// Addresses of callers and of those whom they call.
pub const CALLERS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 71);
pub const CALLED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 72);

/// A party: where it is, and which call of SIPp's it is, from 0.
pub type Name = (Side, u16);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Caller,
    Called,
}

impl Side {
    fn ip(self) -> Ipv4Addr {
        match self {
            Self::Caller => CALLERS,
            Self::Called => CALLED,
        }
    }

    /// One of our scenarios with the sound at this side's address.
    pub fn scenario(self, name: &str, folder: &Path) -> std::path::PathBuf {
        let text = std::fs::read_to_string(scenario(name)).unwrap();
        let text = text
            .replace(
                "IN IP[media_ip_type] [media_ip]",
                &format!("IN IP4 {}", self.ip()),
            )
            .replace("m=audio [media_port]", "m=audio [auto_media_port]");
        let file = folder.join(format!("{name}.xml"));
        std::fs::write(&file, text).unwrap();
        file
    }
}

/// Everybody, until asked what they heard.
pub struct Voices {
    /// Dropped when it is over.
    over: mpsc::Sender<()>,
    thread: JoinHandle<Vec<(Name, BTreeSet<Name>)>>,
}

/// How many ports so many calls take.
pub fn ports(calls: u16) -> u16 {
    calls * APART
}

impl Voices {
    /// For so many calls on each side, from these ports on.
    pub fn start(calls: u16, callers: u16, called: u16) -> Self {
        let sides = [(Side::Caller, callers), (Side::Called, called)];
        let voices: Vec<Voice> = sides
            .into_iter()
            .flat_map(|(side, first)| (0..calls).map(move |call| Voice::at(side, call, first)))
            .collect();
        let (over, ended) = mpsc::channel();
        let thread = std::thread::spawn(move || talk(voices, &ended));
        Self { over, thread }
    }

    /// Whom each has heard.
    pub fn heard(self) -> Vec<(Name, BTreeSet<Name>)> {
        drop(self.over);
        self.thread.join().unwrap()
    }
}

fn talk(mut voices: Vec<Voice>, over: &mpsc::Receiver<()>) -> Vec<(Name, BTreeSet<Name>)> {
    while over.recv_timeout(PACKET) == Err(RecvTimeoutError::Timeout) {
        voices.iter_mut().for_each(Voice::turn);
    }
    voices
        .into_iter()
        .map(|voice| (voice.name, voice.heard))
        .collect()
}

struct Voice {
    name: Name,
    socket: UdpSocket,
    /// Who was heard last from there, and when.
    other: Option<(SocketAddr, Instant)>,
    said: u16,
    heard: BTreeSet<Name>,
}

impl Voice {
    fn at(side: Side, call: u16, first: u16) -> Self {
        let socket = UdpSocket::bind((IpAddr::from(side.ip()), first + call * APART)).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self {
            name: (side, call),
            socket,
            other: None,
            said: 0,
            heard: BTreeSet::new(),
        }
    }

    fn turn(&mut self) {
        let mut packet = [0; 400];
        loop {
            match self.socket.recv_from(&mut packet) {
                Ok((length, from)) => {
                    self.other = Some((from, Instant::now()));
                    self.heard.extend(name_in(&packet[..length]));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {} // a port that is no longer there
            }
        }
        let other = self.other.filter(|(_, at)| at.elapsed() < SILENT);
        if let Some((to, _)) = other {
            self.said = self.said.wrapping_add(1);
            drop(self.socket.send_to(&self.packet(), to));
        }
    }

    /// RTP (RFC 3550 §5.1) with PCMA that is the name again and again.
    fn packet(&self) -> Vec<u8> {
        let mut packet = vec![0x80, 8];
        packet.extend(self.said.to_be_bytes());
        packet.extend((u32::from(self.said) * 160).to_be_bytes());
        let (side, call) = self.name;
        packet.extend([0, side as u8, (call >> 8) as u8, call as u8]);
        let mut name = MARK.to_vec();
        name.extend([side as u8, 0]);
        name.extend(call.to_be_bytes());
        packet.extend(name.repeat(160 / NAME));
        packet
    }
}

/// Whose packet it is, if anybody's of ours.
fn name_in(packet: &[u8]) -> Option<Name> {
    let name = packet.get(12..12 + NAME)?;
    let rest = name.strip_prefix(&MARK)?;
    let side = match rest[0] {
        0 => Side::Caller,
        _ => Side::Called,
    };
    Some((side, u16::from_be_bytes([rest[2], rest[3]])))
}
