//! Sound without sound: who hears what, and when it is over.
//!
//! Keeps the promises of `media::Engine` (one `PlayDone` for each `Play`, a last `Stats` for each `Close`) without
//! carrying a packet, so that hours of talk cost nothing. What the real engine would take silently and
//! an exchange should never do, such as opening a port twice, is noted as wrong.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use media::{Command, DigitSource, Event, Part, PlayEnd, PlayId, PortId, RoomId, Sound, Stats, Stream};

use crate::office::PhoneId;

/// How long a digit is down.
const KEY: Duration = Duration::from_millis(100);
/// One round of a tone's cadence, about.
const CADENCE: Duration = Duration::from_secs(4);
/// How long the engine takes for anything.
const TICK: Duration = Duration::from_millis(20);

/// What a party hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// An announcement or a tone.
    Sound,
    /// The party at this port.
    Party(PortId),
    /// This phone, with the exchange out of the way: it is in a call, or was when it was unplugged.
    Phone(PhoneId),
    /// Whoever speaks in a room.
    Room(RoomId),
    Nothing,
}

#[derive(Debug, Default)]
struct Port {
    local: Option<SocketAddr>,
    is_open: bool,
    stream: Option<Stream>,
    plays: Option<(PlayId, bool)>,
    hears: Option<PortId>,
    room: Option<(RoomId, Part)>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct SoundDesk {
    ports: BTreeMap<PortId, Port>,
    wrong: Vec<String>,
}

/// Events with how long they take.
pub(crate) type Later = Vec<(Duration, Event)>;

impl SoundDesk {
    pub fn bind(&mut self, port: PortId, local: SocketAddr) {
        if !local.port().is_multiple_of(2) {
            self.wrong.push(format!("RTP at the odd port {local}"));
        }
        if self.at(local).is_some() {
            self.wrong.push(format!("{local} is bound a second time"));
        }
        self.ports.entry(port).or_default().local = Some(local);
    }

    pub fn carry_out(&mut self, command: Command) -> Later {
        let mut later = Later::new();
        match command {
            Command::Open { port, .. } => self.open(port),
            Command::Update { port, stream } => {
                if let Some(port) = self.port(port, "updated") {
                    port.stream = Some(stream);
                }
            }
            Command::Close { port } => self.close(port, &mut later),
            Command::Connect { a, b } => {
                for (to, from) in [(a, b), (b, a)] {
                    self.stop(to, PlayEnd::Stopped, &mut later);
                    if let Some(port) = self.port(to, "connected") {
                        port.hears = Some(from);
                        port.room = None;
                    }
                }
            }
            Command::Listen { to, from } => {
                if let Some(port) = self.port(to, "made to listen") {
                    port.hears = Some(from);
                }
            }
            Command::Join { port, room, part } => {
                self.stop(port, PlayEnd::Stopped, &mut later);
                self.part(port);
                if let Some(port) = self.port(port, "brought into a room") {
                    port.room = Some((room, part));
                }
            }
            Command::Disconnect { port } => {
                self.port(port, "disconnected");
                self.part(port);
            }
            Command::Play {
                port,
                play,
                sounds,
                times,
                barge_in,
            } => {
                self.stop(port, PlayEnd::Stopped, &mut later);
                match self.ports.get_mut(&port).filter(|port| port.is_open) {
                    Some(desk) => {
                        desk.plays = Some((play, barge_in));
                        if times > 0 {
                            let length = length(&sounds).saturating_mul(times).max(TICK);
                            later.push((length, done(port, play, PlayEnd::Finished)));
                        }
                    }
                    None => later.push((TICK, done(port, play, PlayEnd::Gone))),
                }
            }
            Command::Stop { port } => self.stop(port, PlayEnd::Stopped, &mut later),
            Command::SendDigits { port, play, digits } => {
                let length = (KEY * 2).saturating_mul(u32::try_from(digits.len()).unwrap_or(u32::MAX));
                let end = if self.is_open(port) {
                    PlayEnd::Finished
                } else {
                    PlayEnd::Gone
                };
                later.push((length.max(TICK), Event::DigitsSent { port, play, end }));
            }
            Command::InjectDigit { port, digit, held } => {
                later.extend(self.press(port, digit, held, DigitSource::Signalling));
            }
            Command::Report { port } => later.push((
                TICK,
                Event::Stats {
                    port,
                    stats: Stats::default(),
                },
            )),
        }
        later
    }

    /// The party at a port presses a key.
    pub fn press(&mut self, port: PortId, digit: char, held: Duration, source: DigitSource) -> Later {
        let mut later = Later::new();
        if !self.is_open(port) {
            return later;
        }
        let cuts = self
            .ports
            .get(&port)
            .and_then(|port| port.plays)
            .is_some_and(|(_, barge_in)| barge_in);
        if cuts {
            self.stop(port, PlayEnd::Interrupted(digit), &mut later);
        }
        let digit = Event::Digit {
            port,
            digit,
            held,
            source,
        };
        later.push((TICK, digit));
        later
    }

    /// The port of a key pressed at a phone, and for how long: as RTP brings it.
    pub fn key(&mut self, port: PortId, digit: char) -> Later {
        self.press(port, digit, KEY, DigitSource::Rtp)
    }

    /// Whether an event of the past still holds: what was stopped meanwhile does not end again.
    pub fn happens(&mut self, event: &Event) -> bool {
        let Event::PlayDone {
            port,
            play,
            end: PlayEnd::Finished,
        } = event
        else {
            return true;
        };
        let Some(port) = self.ports.get_mut(port) else {
            return false;
        };
        let runs = port.plays.is_some_and(|(running, _)| running == *play);
        if runs {
            port.plays = None;
        }
        runs
    }

    pub fn hearing(&self, port: PortId) -> Hearing {
        match self.ports.get(&port).filter(|port| port.is_open) {
            Some(Port { plays: Some(_), .. }) => Hearing::Sound,
            Some(Port {
                hears: Some(party), ..
            }) => Hearing::Party(*party),
            Some(Port {
                room: Some((room, _)),
                ..
            }) => Hearing::Room(*room),
            Some(_) | None => Hearing::Nothing,
        }
    }

    /// Whether what one port's party says reaches another's.
    pub fn reaches(&self, from: PortId, to: PortId) -> bool {
        let room = |port: PortId| self.ports.get(&port).and_then(|port| port.room);
        match (self.hearing(to), room(from)) {
            (Hearing::Party(party), _) => party == from,
            (Hearing::Room(there), Some((here, part))) if here == there && from != to => match part {
                Part::Speaker => true,
                Part::Listener => false,
                Part::Whisperer(one) => one == to,
            },
            // What goes straight from phone to phone is not heard here.
            (Hearing::Room(_) | Hearing::Phone(_) | Hearing::Sound | Hearing::Nothing, _) => false,
        }
    }

    /// The port that has this address of ours.
    pub fn at(&self, local: SocketAddr) -> Option<PortId> {
        let here = |(_, port): &(&PortId, &Port)| port.local == Some(local);
        self.ports.iter().find(here).map(|(port, _)| *port)
    }

    /// Open ports that should hear a party: our address and the party's.
    pub fn listening(&self) -> Vec<(PortId, SocketAddr, SocketAddr)> {
        let listens = |(id, port): (&PortId, &Port)| {
            let stream = port.stream.filter(|stream| stream.direction.receives())?;
            Some((*id, port.local?, stream.remote?))
        };
        let open = self.ports.iter().filter(|(_, port)| port.is_open);
        open.filter_map(listens).collect()
    }

    pub fn is_open(&self, port: PortId) -> bool {
        self.ports.get(&port).is_some_and(|port| port.is_open)
    }

    pub fn open_ports(&self) -> usize {
        self.ports.values().filter(|port| port.is_open).count()
    }

    /// What the exchange did wrong since this was last asked.
    pub fn wrong(&mut self) -> Vec<String> {
        std::mem::take(&mut self.wrong)
    }

    fn open(&mut self, id: PortId) {
        let port = self.ports.entry(id).or_default();
        if port.is_open || port.local.is_none() {
            self.wrong.push(format!("{id:?} is opened twice, or never bound"));
        }
        if let Some(port) = self.ports.get_mut(&id) {
            port.is_open = true;
        }
    }

    fn close(&mut self, id: PortId, later: &mut Later) {
        if !self.is_open(id) {
            self.wrong.push(format!("{id:?} is closed, and was not open"));
        }
        self.stop(id, PlayEnd::Gone, later);
        self.part(id);
        self.ports.remove(&id);
        later.push((
            TICK,
            Event::Stats {
                port: id,
                stats: Stats::default(),
            },
        ));
    }

    fn part(&mut self, id: PortId) {
        for port in self.ports.values_mut().filter(|port| port.hears == Some(id)) {
            port.hears = None;
        }
        if let Some(port) = self.ports.get_mut(&id) {
            port.hears = None;
            port.room = None;
        }
    }

    fn stop(&mut self, id: PortId, end: PlayEnd, later: &mut Later) {
        if let Some((play, _)) = self.ports.get_mut(&id).and_then(|port| port.plays.take()) {
            later.push((TICK, done(id, play, end)));
        }
    }

    fn port(&mut self, id: PortId, what: &str) -> Option<&mut Port> {
        if !self.is_open(id) {
            self.wrong.push(format!("{id:?} is {what}, and is not open"));
        }
        self.ports.get_mut(&id).filter(|port| port.is_open)
    }
}

fn done(port: PortId, play: PlayId, end: PlayEnd) -> Event {
    Event::PlayDone { port, play, end }
}

fn length(sounds: &[Sound]) -> Duration {
    let one = |sound: &Sound| match sound {
        Sound::Prompt(prompt) => prompt.length(),
        Sound::Tone(..) => CADENCE,
        Sound::Silence(length) => *length,
    };
    sounds.iter().map(one).sum()
}
