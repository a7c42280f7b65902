//! An exchange in a world of its own: virtual time, phones on a perfect network, native behaviours, a store.
//!
//! Everything is one queue of happenings in order of time, so a run is the same each time.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use contract::{Decided, Decision, Failure, Invocation, ModuleDigest, Record, Spent};
use cordboard_exchange::admin::{Answer, Request};
use cordboard_exchange::directory::{Document, Key, Versioned};
use cordboard_exchange::{
    AdminId, Cdr, Config, Exchange, Fact, Input, MediaConfig, Output, Push, Report, Server,
};
use phone::{CallRef, CallState, Event as PhoneEvent, Output as FromPhone, Phone, PhoneConfig};
use sip::endpoint::{Packet, Path};

/// What a behaviour does, in Rust.
pub type Logic = Box<dyn Fn(&Invocation) -> Result<Decided, Failure>>;

/// One way through the network.
const LATENCY: Duration = Duration::from_millis(1);
/// How long a behaviour takes.
const THINKING: Duration = Duration::from_millis(1);
/// How long a prompt is, once through.
pub const PROMPT: Duration = Duration::from_secs(2);

enum Happening {
    ToExchange(Box<Input>),
    Datagram { from: SocketAddr, bytes: Vec<u8> },
    ToPhone { at: SocketAddr, bytes: Bytes },
}

/// A phone and what happened to it.
struct Desk {
    phone: Phone,
    events: Vec<PhoneEvent>,
}

/// See the module.
pub struct World {
    pub exchange: Exchange,
    /// What the next restart starts with.
    pub config: Config,
    now: Moment,
    order: u64,
    queue: BTreeMap<(Moment, u64), Happening>,
    desks: BTreeMap<String, Desk>,
    at: BTreeMap<SocketAddr, String>,
    logic: BTreeMap<ModuleDigest, Logic>,
    pub store: BTreeMap<String, Bytes>,
    pub reports: Vec<Report>,
    /// Servers whose addresses the exchange wants to know.
    pub asked_for: Vec<Server>,
    /// Pages for displays of phones, and their ends.
    pub pushed: Vec<Push>,
    pub media: VecDeque<media::Command>,
    /// Ports whose address is taken.
    pub taken_ports: Vec<u16>,
    plays: BTreeMap<media::PortId, media::PlayId>,
    /// Answers that a behaviour never gives.
    pub silent: Vec<ModuleDigest>,
    random: Random,
    answered: Option<Answer>,
    restarts: u32,
    /// Phones that nothing reaches.
    pub deaf: Vec<String>,
}

pub fn server() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5060))
}

pub fn config() -> Config {
    let mut config = Config {
        sources: vec![Path::udp(server(), server()), Path::tcp(server(), server())],
        media: MediaConfig {
            v4: Some(server().ip()),
            ports: 20_000..=20_999,
            ..MediaConfig::default()
        },
        ..Config::default()
    };
    config.sip.addresses = vec![server()];
    config
}

impl World {
    pub fn new(documents: Vec<(Key, Versioned<Document>)>) -> Self {
        let store = documents
            .into_iter()
            .map(|(key, document)| (key.path(), Bytes::from(serde_json::to_vec(&document).unwrap())));
        let config = config();
        let mut world = Self {
            exchange: Exchange::new(config.clone(), Random::from_seed(1)),
            config,
            now: Moment::from_secs(1_767_000_000),
            order: 0,
            queue: BTreeMap::new(),
            desks: BTreeMap::new(),
            at: BTreeMap::new(),
            logic: BTreeMap::new(),
            store: store.collect(),
            reports: Vec::new(),
            asked_for: Vec::new(),
            pushed: Vec::new(),
            media: VecDeque::new(),
            taken_ports: Vec::new(),
            plays: BTreeMap::new(),
            silent: Vec::new(),
            random: Random::from_seed(2),
            answered: None,
            restarts: 0,
            deaf: Vec::new(),
        };
        world.restart();
        world
    }

    /// The process dies and another one takes up what was stored.
    pub fn restart(&mut self) {
        self.restarts += 1;
        // Another run has other randomness: tags and Call-IDs never come twice.
        self.exchange = Exchange::new(self.config.clone(), self.random.fork());
        self.queue
            .retain(|_, happening| matches!(happening, Happening::ToPhone { .. }));
        self.plays.clear();
        let mut prompts = media::Prompts::default();
        for name in ["welcome", "goodbye", "courtesy", "waiting", "hold"] {
            prompts.insert(name, media::Prompt::new(&media::Pcm(vec![0; 160])));
        }
        let entries = self
            .store
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        self.exchange.restore(self.now, entries);
        self.exchange.handle(
            self.now,
            Input::Prompts {
                tenant: None,
                prompts,
            },
        );
        self.drain();
    }

    /// What a module does.
    pub fn behaves(
        &mut self,
        digest: ModuleDigest,
        logic: impl Fn(&Invocation) -> Result<Decided, Failure> + 'static,
    ) {
        self.logic.insert(digest, Box::new(logic));
    }

    pub fn now(&self) -> Moment {
        self.now
    }

    /// A phone, not registered.
    pub fn add_phone(&mut self, name: &str, host: u8) {
        self.add_phone_with(name, host, |_| {});
    }

    pub fn add_phone_with(&mut self, name: &str, host: u8, change: impl FnOnce(&mut PhoneConfig)) {
        let local = SocketAddr::from(([192, 0, 2, host], 5060));
        let mut config = PhoneConfig::new(name, "secret", "acme.example", local, server());
        change(&mut config);
        let phone = Phone::new(config, self.random.fork());
        self.at.insert(local, name.to_owned());
        self.desks.insert(
            name.to_owned(),
            Desk {
                phone,
                events: Vec::new(),
            },
        );
    }

    /// Does something with a phone.
    pub fn with<T>(&mut self, name: &str, act: impl FnOnce(&mut Phone, Moment) -> T) -> T {
        let now = self.now;
        let desk = self
            .desks
            .get_mut(name)
            .unwrap_or_else(|| panic!("no phone {name}"));
        let result = act(&mut desk.phone, now);
        self.drain_phone(name);
        result
    }

    fn drain_phone(&mut self, name: &str) {
        let now = self.now;
        let Some(desk) = self.desks.get_mut(name) else {
            return;
        };
        let from = desk.phone.config().local;
        let mut sent = Vec::new();
        while let Some(output) = desk.phone.poll() {
            match output {
                FromPhone::Send(bytes) => sent.push(bytes),
                // A process that died between an answer and its ACK cannot send the ACK. That an UPDATE has changed what
                // an early answer said is not stored, and the caller passes over what the 2xx repeats.
                FromPhone::Event(PhoneEvent::Wrong(what))
                    if self.restarts > 1
                        && (what.starts_with("no ACK") || what.starts_with("a 2xx with another")) => {}
                FromPhone::Event(PhoneEvent::Wrong(what)) => panic!("{name} at {now}: {what}"),
                FromPhone::Event(event) => desk.events.push(event),
            }
        }
        for bytes in sent {
            self.soon(LATENCY, Happening::Datagram { from, bytes });
        }
    }

    fn soon(&mut self, wait: Duration, happening: Happening) {
        self.order += 1;
        self.queue.insert((self.now + wait, self.order), happening);
    }

    pub fn input(&mut self, input: Input) {
        self.exchange.handle(self.now, input);
        self.drain();
    }

    /// Everything that the exchange wants done.
    fn drain(&mut self) {
        while let Some(output) = self.exchange.poll() {
            match output {
                Output::Transmit { path, bytes } => {
                    self.soon(
                        LATENCY,
                        Happening::ToPhone {
                            at: path.remote,
                            bytes,
                        },
                    );
                }
                Output::CloseConnection(_) => {}
                Output::Invoke(invocation) => self.invoke(&invocation),
                Output::Bind { port, local } => {
                    assert_eq!(local.port() % 2, 0);
                    if self.taken_ports.contains(&local.port()) {
                        self.soon(LATENCY, Happening::ToExchange(Box::new(Input::BindFailed(port))));
                    }
                }
                Output::Media(command) => self.command(command),
                Output::Persist { writes, ticket } => {
                    for write in writes {
                        match write.value {
                            Some(value) => self.store.insert(write.key, value),
                            None => self.store.remove(&write.key),
                        };
                    }
                    if let Some(ticket) = ticket {
                        self.soon(LATENCY, Happening::ToExchange(Box::new(Input::Durable(ticket))));
                    }
                }
                Output::Reply { response, .. } => self.answered = Some(response.unwrap()),
                Output::Report(report) => self.reports.push(*report),
                Output::Resolve { servers, .. } => self.asked_for = servers,
                Output::Push(push) => self.pushed.push(push),
            }
        }
    }

    fn invoke(&mut self, invocation: &Invocation) {
        if self.silent.contains(&invocation.module) {
            return;
        }
        let logic = self.logic.get(&invocation.module);
        let result = match logic {
            Some(logic) => logic(invocation),
            None => Err(Failure::NotLoaded(invocation.module)),
        };
        let decision = Decision {
            ask: invocation.ask,
            result,
            record: Record::default(),
            spent: Spent::default(),
        };
        self.soon(
            THINKING,
            Happening::ToExchange(Box::new(Input::Decision(decision))),
        );
    }

    /// A media engine that knows nothing but when things are over.
    fn command(&mut self, command: media::Command) {
        use media::{Command, Event, PlayEnd, Stats};
        match &command {
            Command::Play {
                port, play, times, ..
            } => {
                self.end_play(*port, PlayEnd::Stopped);
                self.plays.insert(*port, *play);
                if *times > 0 {
                    let done = Event::PlayDone {
                        port: *port,
                        play: *play,
                        end: PlayEnd::Finished,
                    };
                    let length = PROMPT.saturating_mul(*times);
                    self.soon(length, Happening::ToExchange(Box::new(Input::Media(done))));
                }
            }
            Command::Stop { port } => self.end_play(*port, PlayEnd::Stopped),
            Command::Close { port } => {
                self.end_play(*port, PlayEnd::Gone);
                let stats = Event::Stats {
                    port: *port,
                    stats: Stats::default(),
                };
                self.soon(LATENCY, Happening::ToExchange(Box::new(Input::Media(stats))));
            }
            Command::SendDigits { port, play, .. } => {
                let sent = Event::DigitsSent {
                    port: *port,
                    play: *play,
                    end: PlayEnd::Finished,
                };
                self.soon(LATENCY, Happening::ToExchange(Box::new(Input::Media(sent))));
            }
            Command::InjectDigit { port, digit, held } => {
                let digit = Event::Digit {
                    port: *port,
                    digit: *digit,
                    held: *held,
                    source: media::DigitSource::Signalling,
                };
                self.soon(LATENCY, Happening::ToExchange(Box::new(Input::Media(digit))));
            }
            _ => {}
        }
        self.media.push_back(command);
    }

    fn end_play(&mut self, port: media::PortId, end: media::PlayEnd) {
        if let Some(play) = self.plays.remove(&port) {
            let done = media::Event::PlayDone { port, play, end };
            self.soon(LATENCY, Happening::ToExchange(Box::new(Input::Media(done))));
        }
    }

    /// Lets so much time pass.
    pub fn run(&mut self, length: Duration) {
        let until = self.now + length;
        while self.step(until) {}
        self.now = until;
    }

    /// Asks about what is running.
    pub fn live(&mut self, request: cordboard_exchange::live::Request) -> cordboard_exchange::live::Answer {
        self.input(Input::Admin {
            id: AdminId(2),
            request: Request::Live(request),
        });
        if self.answered.is_none() {
            self.settle();
        }
        match self.answered.take() {
            Some(Answer::Live(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }

    /// Changes the configuration, given as JSON.
    pub fn change(&mut self, request: serde_json::Value) {
        self.input(Input::Admin {
            id: AdminId(3),
            request: serde_json::from_value(request).unwrap(),
        });
        self.settle();
    }

    /// Lets another module handle the behaviour's next events.
    pub fn activate(&mut self, behaviour: &str, digest: ModuleDigest) {
        let directory = self.exchange.directory();
        let document = directory
            .tenant("acme")
            .and_then(|tenant| tenant.behaviour(behaviour).cloned())
            .unwrap();
        let mut manifest = document.manifest.clone();
        manifest.version = "2.0.0".into();
        self.input(Input::Admin {
            id: AdminId(1),
            request: Request::Activate {
                tenant: "acme".into(),
                behaviour: behaviour.into(),
                digest,
                manifest: Box::new(manifest),
            },
        });
        self.settle();
    }

    /// A second: long enough for everything that is under way.
    pub fn settle(&mut self) {
        self.run(Duration::from_secs(1));
    }

    /// The next happening, if it is not after `until`.
    fn step(&mut self, until: Moment) -> bool {
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        let wake = self.exchange.next_timeout();
        let phones = self
            .desks
            .iter()
            .filter_map(|(name, desk)| Some((desk.phone.next_timeout()?, name.clone())));
        let phone = phones.min();
        let next = [queued, wake, phone.as_ref().map(|(at, _)| *at)]
            .into_iter()
            .flatten()
            .min();
        let Some(at) = next.filter(|at| *at <= until) else {
            return false;
        };
        self.now = self.now.max(at);
        if queued == Some(at) {
            let Some((_, happening)) = self.queue.pop_first() else {
                return false;
            };
            self.happen(happening);
        } else if wake == Some(at) {
            self.input(Input::Timeout);
        } else if let Some((_, name)) = phone {
            self.with(&name, |phone, now| phone.timeout(now));
        }
        true
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::ToExchange(input) => self.input(*input),
            Happening::Datagram { from, bytes } => self.input(Input::Packet(Packet {
                path: Path::udp(server(), from),
                bytes: bytes.into(),
            })),
            Happening::ToPhone { at, bytes } => {
                let name = self.at.get(&at).cloned();
                if let Some(name) = name.filter(|name| !self.deaf.contains(name)) {
                    self.with(&name, |phone, now| phone.receive(now, &bytes));
                }
            }
        }
    }
}

/// What people do and see.
impl World {
    pub fn register(&mut self, name: &str) {
        self.with(name, |phone, now| phone.register(now, 3_600));
        self.settle();
        assert!(
            self.events(name)
                .iter()
                .any(|event| matches!(event, PhoneEvent::Registered { .. })),
            "{name} did not register: {:?}",
            self.events(name)
        );
    }

    pub fn call(&mut self, name: &str, number: &str) -> CallRef {
        let call = self.with(name, |phone, now| phone.call(now, number));
        self.settle();
        call
    }

    pub fn events(&self, name: &str) -> &[PhoneEvent] {
        &self.desks[name].events
    }

    /// The call that rings at a phone.
    #[track_caller]
    pub fn ringing(&self, name: &str) -> CallRef {
        match self.ringing_calls(name).as_slice() {
            [call] => *call,
            calls => panic!(
                "{} calls ring at {name}; it saw {:?}",
                calls.len(),
                self.events(name)
            ),
        }
    }

    /// Calls of a phone that are not over.
    pub fn live_calls(&self, name: &str) -> Vec<CallRef> {
        self.desks[name].phone.live()
    }

    pub fn ringing_calls(&self, name: &str) -> Vec<CallRef> {
        let phone = &self.desks[name].phone;
        phone
            .live()
            .into_iter()
            .filter(|call| phone.state(*call) == CallState::Offered)
            .collect()
    }

    pub fn rings(&mut self, name: &str) -> CallRef {
        let call = self.ringing(name);
        self.with(name, |phone, now| phone.ring(now, call));
        self.settle();
        call
    }

    pub fn answers(&mut self, name: &str) -> CallRef {
        let call = self.ringing(name);
        self.with(name, |phone, now| phone.answer(now, call));
        self.settle();
        call
    }

    pub fn refuses(&mut self, name: &str, status: u16) {
        let call = self.ringing(name);
        self.with(name, |phone, now| phone.refuse(now, call, status));
        self.settle();
    }

    pub fn hangs_up(&mut self, name: &str, call: CallRef) {
        self.with(name, |phone, now| phone.hang_up(now, call));
        self.settle();
    }

    pub fn state(&self, name: &str, call: CallRef) -> CallState {
        self.desks[name].phone.state(call)
    }

    /// The final status that a call of this phone's failed with.
    pub fn failure(&self, name: &str, call: CallRef) -> Option<u16> {
        self.events(name).iter().find_map(|event| match event {
            PhoneEvent::Failed(other, status) if *other == call => Some(*status),
            _ => None,
        })
    }

    /// A key is pressed: the engine heard it on the port of the first answered leg with this phone's RTP address.
    pub fn presses(&mut self, name: &str, digit: char) {
        let rtp = self.desks[name].phone.config().rtp;
        let port = self.media.iter().rev().find_map(|command| match command {
            media::Command::Update { port, stream } if stream.remote == Some(rtp) => Some(*port),
            _ => None,
        });
        let Some(port) = port else {
            panic!("{name} has no sound")
        };
        self.input(Input::Media(media::Event::Digit {
            port,
            digit,
            held: Duration::from_millis(100),
            source: media::DigitSource::Rtp,
        }));
        self.settle();
    }

    pub fn cdrs(&self) -> Vec<Cdr> {
        let cdr = |report: &Report| match &report.fact {
            Fact::CallEnded(cdr) => Some((**cdr).clone()),
            _ => None,
        };
        self.reports.iter().filter_map(cdr).collect()
    }

    pub fn facts(&self, name: &str) -> usize {
        self.reports
            .iter()
            .filter(|report| report.fact.name() == name)
            .count()
    }

    /// Nothing is left of any call.
    #[track_caller]
    pub fn assert_idle(&mut self) {
        self.run(Duration::from_secs(120));
        let census = self.exchange.census();
        let left = (
            census.calls,
            census.legs,
            census.custodies,
            census.dials,
            census.asks,
            census.ports,
            census.usages,
        );
        assert_eq!(
            left,
            (0, 0, 0, 0, 0, 0, 0),
            "something was left behind: {census:?}"
        );
    }
}
