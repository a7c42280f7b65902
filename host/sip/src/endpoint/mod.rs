//! A whole SIP user agent without I/O: what an exchange, or a phone in a simulator, talks to.
//!
//! Time and packets go in, packets and [`Event`]s come out:
//!
//! ```text
//!  receive(now, packet) ─┐                       ┌─▶ Output::Send { path, bytes }
//!  timeout(now) ─────────┼─▶  Endpoint  ─ poll ──┤
//!  commands(now, …) ─────┘                       └─▶ Output::Event(…)
//! ```
//!
//! After anything that goes in, take outputs until there is none, then sleep until
//! [`next_timeout`](Endpoint::next_timeout). Nothing happens but inside of a call, and nothing is
//! read from the outside: no clock, no randomness, no name service (paths are addresses).
//!
//! A call is a *usage*: an INVITE and the dialogs that it makes. As the callee:
//!
//! ```text
//!  Invited ──▶ progress(180) ──▶ accept(200) ──▶ Confirmed ──▶ … bye() ──▶ Ended
//!        │             └───────▶ reject(486) ──▶ Ended
//!        └─ the caller gives up ───────────────▶ Ended (Cancelled)
//! ```
//!
//! and as the caller:
//!
//! ```text
//!  invite() ──▶ Progress* ──▶ Accepted ──▶ … Ended (Bye)
//!       └─────────┴───────────────────────▶ Failed
//! ```
//!
//! Subscriptions to event packages are dialogs of their own ([`Event::Subscribing`], [`notify`](Endpoint::notify),
//! [`subscribe`](Endpoint::subscribe)).
//!
//! Once a call is up, either side may change the session ([`Event::Reinvited`],
//! [`reinvite`](Endpoint::reinvite), [`update`](Endpoint::update)) and send other requests
//! ([`Event::InDialog`], [`request_in_dialog`](Endpoint::request_in_dialog)).
//!
//! What is decided inside: transactions and their retransmissions (RFC 3261 §17, RFC 6026), 2xx
//! and ACK, CANCEL and its races, forking, PRACK (RFC 3262), glare and its back-off, session
//! timers (RFC 4028), digest answers to challenges (§22), and every refusal that needs no
//! opinion: 400, 405, 415, 420, 423, 481, 482, 483, 489, 491, 500, 501, 503, 505. What is not: where a request goes,
//! who may send one, what a session description means.

mod answered;
mod change;
mod change_asked;
mod clients;
mod command;
mod compose;
mod config;
mod confirming;
mod connections;
mod content;
mod event;
mod farewell;
mod flood;
mod focus;
mod in_dialog;
mod large;
mod late;
mod multipart;
mod outside;
mod purpose;
mod refresh;
mod reliable;
mod respond;
mod screen;
mod servers;
mod session;
mod snapshot;
mod subscription;
mod uac;
mod uas;
mod unsettled;
mod usage;

use std::collections::VecDeque;

use base::{Moment, Random};
use bytes::Bytes;
use rustc_hash::FxHashMap;

use self::compose::Words;
use self::connections::Connections;
use self::flood::Flood;
use self::large::Refused;
use self::late::Late;
use self::purpose::ClientOwner;
use self::respond::Pending;
use self::servers::ServerOwner;
use self::subscription::Subscriptions;
use self::usage::{Phase, Usage};
use crate::dialog::Identity;
use crate::transaction::{Client, Fingerprint, Fingerprints, Server, Table, TimerQueue, TransactionId};
use crate::{Message, Request};

pub use self::command::{CommandError, Credentials, Invite, OutOfDialog, Party, Reply, Sequence};
pub use self::config::{Config, Limits, SessionTimer, SubscriptionPolicy, Timers};
pub use self::content::{Body, ExtraHeaders};
pub use self::event::{
    Ending, Event, Failure, Fork, Output, Reason, Renegotiated, RequestId, Role, State, UsageId, UsageInfo,
};
pub use self::farewell::Farewell;
pub use self::purpose::Large;
pub use self::snapshot::UsageSnapshot;
pub use self::subscription::{
    Notice, Standing, Subscribe, SubscriptionEnding, SubscriptionId, SubscriptionSnapshot, Termination,
};
pub use crate::path::{ConnectionId, Packet, Path, Transport};

/// See the [module](self).
pub struct Endpoint {
    config: Config,
    words: Words,
    random: Random,
    fingerprints: Fingerprints,
    servers: Table<Server<ServerOwner>>,
    clients: Table<Client<ClientOwner>>,
    late: Late,
    usages: FxHashMap<UsageId, Box<Usage>>,
    /// By Call-ID and our tag: all dialogs of a usage share both.
    dialogs: FxHashMap<Fingerprint, UsageId>,
    subscriptions: Subscriptions,
    /// The BYE or CANCEL of each call that has ended and waits for its answer.
    farewells: FxHashMap<UsageId, TransactionId>,
    requests: FxHashMap<RequestId, Pending>,
    queue: TimerQueue<Sleeper>,
    connections: Connections,
    flood: Flood,
    refused: Refused,
    outputs: VecDeque<Output>,
    last_usage: u64,
    last_request: u64,
}

/// Whom a timer wakes.
#[derive(Clone, Copy, Debug)]
enum Sleeper {
    Server(TransactionId),
    Client(TransactionId),
    Usage(UsageId),
    Subscription(SubscriptionId),
}

type Done = Result<(), CommandError>;

/// What goes in and out.
impl Endpoint {
    pub fn new(config: Config, mut random: Random) -> Self {
        Self {
            words: Words::new(&config),
            config,
            fingerprints: Fingerprints::new(&mut random),
            random,
            servers: Table::default(),
            clients: Table::default(),
            late: Late::default(),
            usages: FxHashMap::default(),
            dialogs: FxHashMap::default(),
            subscriptions: Subscriptions::default(),
            farewells: FxHashMap::default(),
            requests: FxHashMap::default(),
            queue: TimerQueue::default(),
            connections: Connections::default(),
            flood: Flood::default(),
            refused: Refused::default(),
            outputs: VecDeque::new(),
            last_usage: 0,
            last_request: 0,
        }
    }

    /// Takes one message from the network, whatever it is.
    pub fn receive(&mut self, now: Moment, packet: Packet) {
        let Packet { path, bytes } = packet;
        self.connections.open(&path);
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\0')) {
            return; // A keep-alive (RFC 5626 §3.5.1), or a datagram that keeps a NAT's mapping.
        }
        let is_response = bytes.starts_with(b"SIP/");
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.on_request(now, request, path),
            Ok(Message::Response(response)) => self.on_response(now, response, path),
            Err(_) if is_response => {}
            Err(rejected) => self.on_rejected(now, &rejected, path),
        }
    }

    /// A connection was closed, by whichever side. Requests of ours that wait for an answer on it fail
    /// with [`Failure::Transport`]; answers to its requests open a new one (RFC 3261 §18.2.2), as do
    /// further requests of its calls.
    pub fn connection_lost(&mut self, now: Moment, connection: ConnectionId) {
        for id in self.connections.close(connection) {
            self.fail_client(now, id);
        }
    }

    /// What was sent on `path` cannot arrive: the connection was refused, ICMP says
    /// unreachable. Requests that wait there fail with [`Failure::Transport`].
    pub fn unreachable(&mut self, now: Moment, path: Path) {
        let there = (path.transport, path.remote);
        for id in self
            .clients
            .ids_where(|client| (client.path.transport, client.path.remote) == there)
        {
            self.fail_client(now, id);
        }
    }

    /// The wake-up asked for by [`next_timeout`](Self::next_timeout); early ones are harmless.
    pub fn timeout(&mut self, now: Moment) {
        while let Some((at, sleeper)) = self.queue.pop_due(now) {
            match sleeper {
                Sleeper::Server(id) => {
                    if take_wake(self.servers.wake_mut(id), at) {
                        self.timeout_server(now, id);
                    }
                }
                Sleeper::Client(id) => {
                    if take_wake(self.clients.wake_mut(id), at) {
                        self.timeout_client(now, id);
                    }
                }
                Sleeper::Usage(id) => {
                    let wake = self.usages.get_mut(&id).map(|usage| &mut usage.wake);
                    if take_wake(wake, at) {
                        self.timeout_usage(now, id);
                    }
                }
                Sleeper::Subscription(id) => {
                    if take_wake(self.subscriptions.wake_mut(id), at) {
                        self.timeout_subscription(now, id);
                    }
                }
            }
        }
    }

    /// When to call [`timeout`](Self::timeout) next; none when nothing is waited for. Now and then
    /// earlier than needed.
    pub fn next_timeout(&self) -> Option<Moment> {
        self.queue.next()
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
}

/// What the files of this room share.
impl Endpoint {
    fn send(&mut self, path: Path, bytes: Bytes) {
        let path = self.connections.current(path);
        self.outputs.push_back(Output::Send { path, bytes });
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// An event of a call, unless its last one has been given.
    fn tell_usage(&mut self, usage: &mut Usage, event: Event) {
        if usage.silent {
            return;
        }
        usage.silent = event.is_last();
        self.tell(event);
    }

    /// Runs a command of the user's on a call that it knows.
    fn command(&mut self, id: UsageId, act: impl FnOnce(&mut Self, &mut Usage) -> Done) -> Done {
        if self.usages.get(&id).is_none_or(|usage| usage.silent) {
            return Err(CommandError::UnknownUsage);
        }
        self.with_usage(id, act)
            .unwrap_or(Err(CommandError::UnknownUsage))
    }

    /// Takes a call out of the table, so that it can be worked on together with everything else, and puts it
    /// back, unless it is over.
    fn with_usage<R>(&mut self, id: UsageId, act: impl FnOnce(&mut Self, &mut Usage) -> R) -> Option<R> {
        let mut usage = self.usages.remove(&id)?;
        let result = act(self, &mut usage);
        self.keep(usage);
        Some(result)
    }

    fn keep(&mut self, mut usage: Box<Usage>) {
        if usage.over {
            self.dialogs.remove(&self.dialog_key(&usage.identity));
            return;
        }
        let next = usage.next_timeout();
        self.queue.arm(Sleeper::Usage(usage.id), &mut usage.wake, next);
        self.usages.insert(usage.id, usage);
    }

    fn keep_new(&mut self, usage: Box<Usage>) {
        self.dialogs.insert(self.dialog_key(&usage.identity), usage.id);
        self.keep(usage);
    }

    fn dialog_key(&self, identity: &Identity) -> Fingerprint {
        self.fingerprints.of(&[&identity.call_id, &identity.local_tag])
    }

    /// The call that a request with this To tag belongs to.
    fn usage_of(&self, request: &Request, to_tag: &str) -> Option<UsageId> {
        let call_id = request.headers.call_id().ok()?;
        self.dialogs
            .get(&self.fingerprints.of(&[call_id, to_tag]))
            .copied()
    }

    fn next_request(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }

    fn new_request(&mut self, pending: Pending) -> RequestId {
        let id = self.next_request();
        self.requests.insert(id, pending);
        id
    }

    /// Whatever of a call is due.
    fn timeout_usage(&mut self, now: Moment, id: UsageId) {
        self.with_usage(id, |endpoint, usage| {
            match usage.phase {
                Phase::Calling(_) => endpoint.timeout_calling(now, usage),
                Phase::Offered(_) => endpoint.timeout_offered(now, usage),
                Phase::Confirmed => {}
            }
            if !usage.over {
                endpoint.timeout_unacked(now, usage);
            }
            if !usage.over {
                endpoint.timeout_change(now, usage);
            }
            if !usage.over {
                endpoint.timeout_session(now, usage);
            }
        });
    }
}

/// Whether this is the wake-up that the sleeper waits for; if so it waits for none now.
fn take_wake(wake: Option<&mut Option<Moment>>, at: Moment) -> bool {
    wake.is_some_and(|wake| wake.take_if(|wake| *wake == at).is_some())
}
