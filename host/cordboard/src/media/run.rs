//! The loop of a media thread.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::Moment;
use media::{Channel, Command, Engine, Packet, PortId, TICK};
use mio::{Events, Poll, Token};
use nix::time::{ClockId, clock_gettime};

use super::datagrams::{self, BATCH, Reader};
use super::jobs::{BELL, Job, MediaConfig, Notice, Waiting};
use super::pair::{self, Pair};

/// Batches taken from one socket before the others get their turn.
const TURNS: usize = 4;

/// After this long a socket pair holds nothing of its last call that was not read and thrown away.
const REST: Duration = Duration::from_millis(100);

/// Jobs taken before the sockets get their turn.
const JOBS: usize = 1_024;

/// The shortest time from one turn to the next, and what a packet may wait longer: a twentieth of a packet's length.
/// Falling asleep and waking up for each would cost more than passing it on.
const TURN_TIME: Duration = Duration::from_millis(1);

/// Socket pairs kept for the next call on the same address: binding costs more than keeping.
const SPARE: usize = 2_048;

/// Events that wait for an exchange that takes none.
const EVENTS: usize = 100_000;

pub(super) struct Runner {
    poll: Poll,
    config: MediaConfig,
    waiting: Waiting,
    engine: Engine,
    pairs: Pairs,
    reader: Reader,
    /// Sockets that may hold more than was read; epoll tells of each arrival only once.
    unfinished: Vec<Token>,
    notices: VecDeque<Notice>,
    counted: Counted,
}

#[derive(Default)]
struct Counted {
    packets_in: u64,
    packets_out: u64,
    unsent: u64,
    events_lost: u64,
    published: Option<Moment>,
}

/// Socket pairs by their key, port and address.
#[derive(Default)]
struct Pairs {
    all: slab::Slab<Pair>,
    by_port: HashMap<PortId, usize, rustc_hash::FxBuildHasher>,
    spare: HashMap<SocketAddr, usize>,
}

impl Runner {
    pub fn new(poll: Poll, mut config: MediaConfig, waiting: Waiting) -> Self {
        let engine = Engine::new(config.random.fork());
        Self {
            poll,
            config,
            waiting,
            engine,
            pairs: Pairs::default(),
            reader: Reader::new(),
            unfinished: Vec::new(),
            notices: VecDeque::new(),
            counted: Counted::default(),
        }
    }

    /// Until it is stopped.
    ///
    /// # Errors
    ///
    /// When the poll breaks, which no peer can cause.
    pub fn run(&mut self) -> io::Result<()> {
        let result = self.turn_for_ever();
        if let Err(error) = &result {
            tracing::error!(%error, "media thread stopped");
        }
        result
    }

    /// A new engine without ports, after a fault of the old one.
    pub fn start_over(&mut self) {
        self.engine = Engine::new(self.config.random.fork());
        self.pairs.release_all((self.config.clock)());
        self.unfinished.clear();
    }

    fn turn_for_ever(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1_024);
        let mut behind = false;
        while !self.waiting.is_stopped() {
            self.sleep(&mut events, behind)?;
            let began = (self.config.clock)();
            // First, so that a packet finds what was asked for before it was sent.
            behind = self.take_jobs();
            for token in std::mem::take(&mut self.unfinished) {
                self.read(token);
            }
            let mut packets = false;
            for event in &events {
                if event.token() != BELL {
                    packets = true;
                    self.read(event.token());
                }
            }
            self.tick();
            self.hand_over_events();
            if packets && !behind && self.unfinished.is_empty() {
                // What comes meanwhile is taken together.
                std::thread::sleep(TURN_TIME.saturating_sub((self.config.clock)().since(began)));
            }
        }
        Ok(())
    }

    /// Waits for packets, jobs or the next tick.
    fn sleep(&mut self, events: &mut Events, behind: bool) -> io::Result<()> {
        let nap = self.nap(behind);
        let nap = if nap.is_zero() || !self.waiting.rest() {
            Duration::ZERO
        } else {
            nap
        };
        let result = self.poll.poll(events, Some(nap));
        self.waiting.wake();
        match result {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn nap(&self, behind: bool) -> Duration {
        if behind || !self.unfinished.is_empty() {
            return Duration::ZERO;
        }
        let now = (self.config.clock)();
        self.engine
            .next_tick()
            .map_or(Duration::ZERO, |due| due.since(now).min(TICK))
    }

    /// Reads a socket and passes on what it held.
    fn read(&mut self, token: Token) {
        let (key, channel) = pair::of_token(token);
        let Some(pair) = self.pairs.all.get(key) else {
            return;
        };
        let (socket, is_v4, port) = (pair.socket(channel), pair.local.is_ipv4(), pair.port);
        let now = (self.config.clock)();
        for _ in 0..TURNS {
            let engine = &mut self.engine;
            let count = self.reader.read(socket, is_v4, |source, bytes| {
                // Late packets of the last call on this address are nobody's.
                if let Some(port) = port {
                    engine.receive(
                        now,
                        Packet {
                            port,
                            channel,
                            source,
                            bytes,
                        },
                    );
                }
            });
            self.counted.packets_in += count as u64;
            if count < BATCH {
                return self.send();
            }
        }
        self.unfinished.push(token);
        self.send();
    }

    /// Sends what the engine has for us.
    fn send(&mut self) {
        let outbox = self.engine.outbox();
        for transmit in outbox.iter() {
            let pair = self
                .pairs
                .by_port
                .get(&transmit.port)
                .and_then(|key| self.pairs.all.get(*key));
            let sent = pair.is_some_and(|pair| {
                datagrams::send(
                    pair.socket(transmit.channel),
                    transmit.destination,
                    transmit.bytes,
                )
            });
            self.counted.packets_out += u64::from(sent);
            self.counted.unsent += u64::from(!sent);
        }
        outbox.clear();
    }

    /// Takes waiting jobs; true when there may be more.
    fn take_jobs(&mut self) -> bool {
        for _ in 0..JOBS {
            match self.waiting.next() {
                Some(Job::Bind(port, local)) => self.bind(port, local),
                Some(Job::Command(command)) => self.carry_out(command),
                None => return false,
            }
        }
        true
    }

    fn bind(&mut self, port: PortId, local: SocketAddr) {
        let (now, registry) = ((self.config.clock)(), self.poll.registry());
        if let Err(error) = self.pairs.bind(now, port, local, &mut self.reader, registry) {
            tracing::warn!(%local, %error, "media address cannot be bound");
            self.notices.push_back(Notice::BindFailed(port));
        }
    }

    fn carry_out(&mut self, command: Command) {
        let closes = match command {
            Command::Close { port } => Some(port),
            _ => None,
        };
        let now = (self.config.clock)();
        self.engine.command(now, command);
        self.send();
        if let Some(port) = closes {
            self.pairs.release(now, port);
        }
    }

    fn tick(&mut self) {
        let now = (self.config.clock)();
        if self.engine.next_tick().is_none_or(|due| due <= now) {
            self.engine.tick(now);
            self.send();
            self.publish(now);
        }
    }

    fn hand_over_events(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            self.notices.push_back(Notice::Event(event));
        }
        while self
            .notices
            .front()
            .is_some_and(|notice| (self.config.events)(notice))
        {
            self.notices.pop_front();
        }
        while self.notices.len() > EVENTS {
            self.notices.pop_front();
            self.counted.events_lost += 1;
        }
    }

    /// Once a second: the counters, for whoever looks.
    fn publish(&mut self, now: Moment) {
        if self
            .counted
            .published
            .is_some_and(|last| now.since(last) < Duration::from_secs(1))
        {
            return;
        }
        self.counted.published = Some(now);
        let shared = &self.waiting.shared;
        shared
            .packets_in
            .store(self.counted.packets_in, Ordering::Relaxed);
        shared
            .packets_out
            .store(self.counted.packets_out, Ordering::Relaxed);
        shared.unsent.store(self.counted.unsent, Ordering::Relaxed);
        shared
            .events_lost
            .store(self.counted.events_lost, Ordering::Relaxed);
        shared.ports.store(self.engine.ports() as u64, Ordering::Relaxed);
        if let Ok(cpu) = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID) {
            let micros = Duration::from(cpu).as_micros();
            shared
                .cpu_micros
                .store(u64::try_from(micros).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}

impl Pairs {
    /// Gives `port` the sockets at `local`, spare ones if there are any.
    fn bind(
        &mut self,
        now: Moment,
        port: PortId,
        local: SocketAddr,
        reader: &mut Reader,
        registry: &mio::Registry,
    ) -> io::Result<()> {
        self.release(now, port);
        let key = match self.spare.remove(&local) {
            Some(key) => key,
            None => self.open(local, registry)?,
        };
        let Some(pair) = self.all.get_mut(key) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        // What came for the last call on these sockets is not for this one. What came later has been read, and what
        // is there after a rest came for this one, before its turn.
        if pair.released.is_some_and(|released| now.since(released) < REST) {
            for channel in [Channel::Rtp, Channel::Rtcp] {
                while reader.read(pair.socket(channel), local.is_ipv4(), |_, _| {}) == BATCH {}
            }
        }
        pair.port = Some(port);
        self.by_port.insert(port, key);
        Ok(())
    }

    fn open(&mut self, local: SocketAddr, registry: &mio::Registry) -> io::Result<usize> {
        let mut pair = Pair::bind(local)?;
        let place = self.all.vacant_entry();
        let key = place.key();
        pair.register(registry, key)?;
        place.insert(pair);
        Ok(key)
    }

    fn release_all(&mut self, now: Moment) {
        let ports: Vec<PortId> = self.by_port.keys().copied().collect();
        ports.into_iter().for_each(|port| self.release(now, port));
    }

    /// Takes a port's sockets from it. They stay bound, unless enough others do.
    fn release(&mut self, now: Moment, port: PortId) {
        let Some(key) = self.by_port.remove(&port) else {
            return;
        };
        let Some(pair) = self.all.get_mut(key) else { return };
        pair.port = None;
        pair.released = Some(now);
        if self.spare.len() < SPARE {
            self.spare.insert(pair.local, key);
        } else {
            // Closing a socket takes it out of the poll as well.
            self.all.remove(key);
        }
    }
}
