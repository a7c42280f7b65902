//! The world: one queue of happenings in order of time, around a real exchange.
//!
//! ```text
//!  Phone ──▶ Network ──▶ Exchange ──Invoke──▶ Modules ──Decision──┐
//!    ▲                     │ │ ▲                                  │
//!    └────── Network ◀─────┘ │ └───────── after a while ──────────┤
//!                            ├──Media───▶ SoundDesk ──────────────┤
//!                            └──Persist─▶ Store ──Durable─────────┘
//! ```
//!
//! Nothing here has a clock or chance of its own: one seed and one series of actions give one run. Everything that
//! happens is told in [`Seen`]s, for ladders and for invariants.

mod desk;
mod process;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use exchange::admin::{Answer, Request, Response};
use exchange::{AdminId, Config, Exchange, Input, MediaConfig, Output, live};
use media::{PortId, Prompts};
use sip::endpoint::{ConnectionId, Packet, Path, Transport};

use self::desk::Desk;
pub use self::desk::Presence;
pub use self::seen::{Seen, What};
use crate::modules::Modules;
use crate::network::Network;
use crate::office::{Office, two_seconds};
use crate::sound::{Hearing, SoundDesk};
use crate::store::Store;

/// How long the store takes to make a group of writes durable.
const COMMIT: Duration = Duration::from_millis(3);
/// How often the media engine looks for ports that hear nobody.
const LISTEN: Duration = Duration::from_secs(10);
/// More wake-ups at one moment than this: the exchange goes round in circles.
const MOST_WAKE_UPS: u32 = 10_000;

/// A phone of the world, counted from 0 in the order in which offices named them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneId(pub usize);

enum Happening {
    /// For the process of that number only: what an earlier one asked for is gone with it.
    ToExchange {
        run: u32,
        input: Box<Input>,
    },
    Datagram {
        from: PhoneId,
        bytes: Bytes,
    },
    ToPhone {
        to: SocketAddr,
        bytes: Bytes,
    },
    Commit {
        run: u32,
    },
    /// Which ports hear nobody?
    Listen,
    Start,
}

/// See the module.
pub struct World {
    config: Config,
    exchange: Exchange,
    is_up: bool,
    /// Counts processes.
    run: u32,
    now: Moment,
    order: u64,
    queue: BTreeMap<(Moment, u64), Happening>,
    wake_ups: (Moment, u32),

    desks: Vec<Desk>,
    at: BTreeMap<SocketAddr, PhoneId>,
    /// When phones want to be woken.
    alarms: BTreeSet<(Moment, PhoneId)>,
    connections: BTreeMap<ConnectionId, PhoneId>,

    /// The links between phones and the exchange.
    pub network: Network,
    /// Behaviours and their faults.
    pub modules: Modules,
    store: Store,
    sound: SoundDesk,
    /// Ports that should hear somebody and do not, since when.
    silent: BTreeMap<PortId, Moment>,
    prompts: Vec<(String, Prompts)>,
    random: Random,
    seen: Vec<Seen>,
    replies: BTreeMap<AdminId, Response>,
    next_id: u64,
}

/// Where the exchange is.
pub fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5060))
}

fn config() -> Config {
    let mut config = Config {
        sources: vec![Path::udp(server(), server()), Path::tcp(server(), server())],
        media: MediaConfig {
            v4: Some(server().ip()),
            ports: 20_000..=21_999,
            ..MediaConfig::default()
        },
        ..Config::default()
    };
    config.sip.addresses = vec![server()];
    config
}

impl World {
    /// A world of these tenants, on a Wednesday morning. The exchange is up, no phone is registered.
    pub fn new(seed: u64, offices: Vec<Office>) -> Self {
        Self::with_config(seed, offices, |_| {})
    }

    /// The same with something about the exchange changed.
    pub fn with_config(seed: u64, offices: Vec<Office>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let mut random = Random::from_seed(seed);
        let mut world = Self {
            exchange: Exchange::new(config.clone(), random.fork()),
            config,
            is_up: false,
            run: 0,
            // 2026-01-07T09:00:00Z.
            now: Moment::from_secs(1_767_776_400),
            order: 0,
            queue: BTreeMap::new(),
            wake_ups: (Moment::ZERO, 0),
            desks: Vec::new(),
            at: BTreeMap::new(),
            alarms: BTreeSet::new(),
            connections: BTreeMap::new(),
            network: Network::new(random.fork()),
            modules: Modules::new(random.fork()),
            store: Store::default(),
            sound: SoundDesk::default(),
            silent: BTreeMap::new(),
            prompts: Vec::new(),
            random,
            seen: Vec::new(),
            replies: BTreeMap::new(),
            next_id: 1,
        };
        for office in offices {
            world.furnish(office);
        }
        world.soon(LISTEN, Happening::Listen);
        world.start();
        world
    }

    fn furnish(&mut self, mut office: Office) {
        let mut prompts = Prompts::shipped();
        for name in &office.announcements {
            prompts.insert(name.clone(), two_seconds());
        }
        self.prompts.push((office.name.clone(), prompts));
        for (digest, decide) in std::mem::take(&mut office.modules) {
            self.modules.insert(digest, decide);
        }
        #[cfg(feature = "components")]
        {
            office = self.load_components(office);
        }
        for plan in std::mem::take(&mut office.phones) {
            self.place_phone(&office, plan);
        }
        for (key, document) in office.into_documents() {
            let name = format!("document/{}/{}/{}", key.tenant, key.kind, key.id);
            if let Ok(bytes) = serde_json::to_vec(&document) {
                self.store.insert(name, bytes.into());
            }
        }
    }

    #[cfg(feature = "components")]
    #[allow(clippy::panic, reason = "a test whose module would be refused has failed")]
    fn load_components(&mut self, mut office: Office) -> Office {
        for (name, bytes, settings) in std::mem::take(&mut office.components) {
            let (digest, manifest) = self
                .modules
                .component(&bytes)
                .unwrap_or_else(|problems| panic!("the module of {name} would be refused: {problems:?}"));
            office = office.behaviour_with(&name, digest, manifest, &settings.to_string());
        }
        office
    }

    /// Virtual time.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// The exchange, to look at.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.is_up
    }

    /// Processes so far.
    pub fn runs(&self) -> u32 {
        self.run
    }

    /// Everything that happened since this was last asked.
    pub fn take_seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    /// Keys in the store, in order.
    pub fn stored(&self) -> impl Iterator<Item = &str> {
        self.store.keys()
    }

    /// RTP ports that the media engine has open.
    pub fn open_ports(&self) -> usize {
        self.sound.open_ports()
    }

    /// How long the exchange waits for a behaviour.
    pub fn patience(&self) -> Duration {
        self.config.patience
    }

    /// What the party hears that sends to this address: one of ours, or another phone's.
    pub fn hears(&self, address: SocketAddr) -> Hearing {
        if let Some(port) = self.sound.at(address) {
            return self.sound.hearing(port);
        }
        let is_there = |id: &PhoneId| self.phone(*id).is_some_and(|phone| phone.config().rtp == address);
        let found = self.phones().find(is_there);
        let talks = |id: &PhoneId| {
            let live = self.phone(*id).map(phone::Phone::live).unwrap_or_default();
            !live.is_empty() || !self.is_here(*id)
        };
        found.filter(talks).map_or(Hearing::Nothing, Hearing::Phone)
    }

    /// Whether what the party behind one address of ours says reaches the party behind another.
    pub fn reaches(&self, from: SocketAddr, to: SocketAddr) -> bool {
        let (from, to) = (self.sound.at(from), self.sound.at(to));
        from.zip(to)
            .is_some_and(|(from, to)| self.sound.reaches(from, to))
    }

    /// Asks for a change of configuration; the [`reply`](Self::reply) comes once it is durable.
    pub fn admin(&mut self, request: Request) -> AdminId {
        let id = AdminId(self.next_id);
        self.next_id += 1;
        if self.is_up {
            self.input(Input::Admin { id, request });
        }
        id
    }

    /// The answer to a request, once.
    pub fn reply(&mut self, id: AdminId) -> Option<Response> {
        self.replies.remove(&id)
    }

    /// Asks about what is running; answered at once.
    pub fn live(&mut self, request: live::Request) -> Option<live::Answer> {
        let id = self.admin(Request::Live(request));
        match self.reply(id) {
            Some(Ok(exchange::admin::Answer::Live(answer))) => Some(answer),
            _ => None,
        }
    }

    /// Lets so much time pass.
    pub fn run_for(&mut self, length: Duration) {
        let until = self.now + length;
        while self.step(until) {}
    }

    /// The next happening, if it is not after `until`; else it is `until`, and nothing happens.
    pub fn step(&mut self, until: Moment) -> bool {
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        let wake = self.exchange.next_timeout().filter(|_| self.is_up);
        let alarm = self.alarms.first().copied();
        let next = [queued, wake, alarm.map(|(at, _)| at)];
        let Some(at) = next.into_iter().flatten().min().filter(|at| *at <= until) else {
            self.now = self.now.max(until);
            return false;
        };
        self.now = self.now.max(at);
        if queued == Some(at) {
            if let Some((_, happening)) = self.queue.pop_first() {
                self.happen(happening);
            }
        } else if wake == Some(at) {
            self.wake();
        } else if let Some((_, id)) = alarm {
            self.with(id, |phone, now| phone.timeout(now));
        }
        true
    }

    fn wake(&mut self) {
        let count = if self.wake_ups.0 == self.now {
            self.wake_ups.1 + 1
        } else {
            1
        };
        self.wake_ups = (self.now, count);
        if count > MOST_WAKE_UPS {
            self.tell(What::Wrong(
                "the exchange is woken again and again at one moment".into(),
            ));
            self.now += Duration::from_millis(1);
        }
        self.input(Input::Timeout);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::ToExchange { run, input } => self.input_of(run, *input),
            Happening::Datagram { from, bytes } => self.arrive(from, bytes),
            Happening::ToPhone { to, bytes } => {
                if let Some(id) = self.at.get(&to).copied() {
                    self.receive(id, &bytes);
                }
            }
            Happening::Commit { run } if run == self.run && self.is_up => {
                for ticket in self.store.commit() {
                    self.input(Input::Durable(ticket));
                }
            }
            Happening::Commit { .. } => {}
            Happening::Listen => self.listen(),
            Happening::Start => self.start(),
        }
    }

    /// Tells of ports that have heard nobody for as long as the exchange allows.
    fn listen(&mut self) {
        self.soon(LISTEN, Happening::Listen);
        let Some(most) = self.config.media.silence else {
            return;
        };
        let mut listening = self.sound.listening();
        listening.retain(|(_, local, remote)| !self.speaks_to(*remote, *local));
        let now = self.now;
        let before = std::mem::take(&mut self.silent);
        let since = |port: PortId| before.get(&port).copied().unwrap_or(now);
        self.silent = listening
            .into_iter()
            .map(|(port, _, _)| (port, since(port)))
            .collect();
        let told = |since: Moment| (most..most + LISTEN).contains(&now.since(since));
        let over: Vec<PortId> = self
            .silent
            .iter()
            .filter_map(|(port, since)| told(*since).then_some(*port))
            .collect();
        if self.is_up {
            for port in over {
                let lasting = most;
                self.input(Input::Media(media::Event::Silence { port, lasting }));
            }
        }
    }

    fn arrive(&mut self, from: PhoneId, bytes: Bytes) {
        let Some(path) = self.path_of(from).filter(|_| self.is_up) else {
            return;
        };
        self.tell(What::Arrived {
            from,
            bytes: bytes.clone(),
        });
        self.input(Input::Packet(Packet { path, bytes }));
    }

    fn input_of(&mut self, run: u32, input: Input) {
        if run != self.run || !self.is_up {
            return;
        }
        if let Input::Media(event) = &input
            && !self.sound.happens(event)
        {
            return;
        }
        self.input(input);
    }

    /// Hands an input to the exchange and does what it wants done.
    pub(crate) fn input(&mut self, input: Input) {
        self.exchange.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.exchange.poll() {
            self.carry_out(output);
        }
        for wrong in self.sound.wrong() {
            self.tell(What::Wrong(wrong));
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Transmit { path, bytes } => self.transmit(path, bytes),
            Output::CloseConnection(connection) => self.close(connection),
            Output::Invoke(invocation) => {
                let thought = self.modules.think(&invocation, self.config.patience);
                self.tell(What::Asked {
                    invocation,
                    fault: thought.fault,
                });
                if let Some((length, decision)) = thought.decision {
                    self.hand_in_after(length, Input::Decision(decision));
                }
            }
            Output::Bind { port, local } => self.sound.bind(port, local),
            Output::Media(command) => {
                for (length, event) in self.sound.carry_out(command) {
                    self.hand_in_after(length, Input::Media(event));
                }
            }
            Output::Persist { writes, ticket } => {
                if !self.store.is_pending() {
                    self.soon(COMMIT, Happening::Commit { run: self.run });
                }
                self.store.write(writes, ticket);
            }
            Output::Reply { id, response } => {
                self.tell(What::Replied {
                    id,
                    refused: response.as_ref().err().map(ToString::to_string),
                    changes: match &response {
                        Ok(Answer::Changed(applied)) => applied.changes.clone(),
                        Ok(_) | Err(_) => Vec::new(),
                    },
                });
                self.replies.insert(id, response);
            }
            Output::Report(report) => self.tell(What::Report(report)),
            // No telephone here has a browser.
            Output::Push(push) => {
                if push.page.is_some() {
                    let (token, device) = (push.token, push.device);
                    let refused = Input::Pushed {
                        token,
                        device,
                        shown: false,
                    };
                    self.hand_in_after(Duration::from_millis(1), refused);
                }
            }
            // Its trunks have addresses.
            Output::Resolve { .. } => {}
        }
    }

    fn transmit(&mut self, path: Path, bytes: Bytes) {
        let to = match path.connection {
            Some(connection) => self.connections.get(&connection).copied(),
            None => self.at.get(&path.remote).copied(),
        };
        self.tell(What::Sent {
            to,
            bytes: bytes.clone(),
        });
        let there = to.and_then(|to| self.desks.get(to.0));
        let reachable = there.is_some_and(|desk| desk.presence == Presence::Here);
        match path.transport {
            Transport::Tcp if !reachable => {
                let run = self.run;
                let input = Box::new(Input::Unreachable(path));
                self.soon(Link::FAST, Happening::ToExchange { run, input });
            }
            Transport::Tcp => {
                let length = self.in_order(to, false);
                self.soon(
                    length,
                    Happening::ToPhone {
                        to: there_at(self.desks.get(to.map_or(usize::MAX, |to| to.0)), path.remote),
                        bytes,
                    },
                );
            }
            Transport::Udp => {
                let copies = self.network.send(to);
                if copies.is_empty() {
                    self.tell(What::Lost {
                        phone: to,
                        sent_by_phone: false,
                        bytes: bytes.clone(),
                    });
                }
                for length in copies {
                    self.soon(
                        length,
                        Happening::ToPhone {
                            to: path.remote,
                            bytes: bytes.clone(),
                        },
                    );
                }
            }
        }
    }

    fn hand_in_after(&mut self, wait: Duration, input: Input) {
        let (run, input) = (self.run, Box::new(input));
        self.soon(wait, Happening::ToExchange { run, input });
    }

    fn soon(&mut self, wait: Duration, happening: Happening) {
        self.order += 1;
        self.queue.insert((self.now + wait, self.order), happening);
    }

    /// Notes something that a test did, for the ladder.
    pub fn note(&mut self, what: What) {
        self.tell(what);
    }

    pub(crate) fn tell(&mut self, what: What) {
        self.seen.push(Seen { at: self.now, what });
    }
}

struct Link;

impl Link {
    /// How soon the kernel says that a connection is not to be had.
    const FAST: Duration = Duration::from_millis(1);
}

fn there_at(desk: Option<&Desk>, otherwise: SocketAddr) -> SocketAddr {
    desk.map_or(otherwise, |desk| desk.phone.config().local)
}
