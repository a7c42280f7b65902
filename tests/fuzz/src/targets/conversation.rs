//! Two endpoints that call each other over a wire that damages what it carries.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use sip::Uri;
use sip::endpoint::{
    Body, Config, ConnectionId, Credentials, Endpoint, Event, ExtraHeaders, Fork, Invite, Notice,
    OutOfDialog, Output, Packet, Path, Reply, RequestId, State, Subscribe, SubscriptionId, Termination,
    Transport, UsageId,
};
use sip::stream::{Frame, Framer};

use super::samples::{ANSWER, OFFER};
use crate::Mutator;

const ADDRESSES: [&str; 2] = ["192.0.2.1:5060", "192.0.2.2:5060"];
const CHALLENGE: &str = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256";

/// What the two are connected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Datagrams,
    /// One connection at a time; a fault of its framing closes it and the next one is opened.
    Stream,
}

pub struct Conversation {
    now: Moment,
    random: Random,
    wire: Wire,
    connection: ConnectionId,
    sides: [Side; 2],
    /// Under way, by arrival.
    parcels: BTreeMap<(Moment, u64), (usize, Bytes)>,
    count: u64,
    recorded: Vec<Vec<u8>>,
    /// What damages, and how often; none once it is to end well.
    damage: Option<(Mutator, f64)>,
    /// Messages, or pieces of a stream, handed to an endpoint.
    pub delivered: u64,
}

struct Side {
    endpoint: Endpoint,
    framer: Framer,
    live: BTreeSet<UsageId>,
    /// Subscriptions of both roles.
    watches: BTreeSet<SubscriptionId>,
    plans: BTreeSet<(Moment, UsageId)>,
    /// Requests that have been challenged: the next one is let in.
    challenged: bool,
}

impl Conversation {
    pub fn new(mut random: Random, wire: Wire) -> Self {
        let sides = [0, 1].map(|side| {
            let config = Config {
                addresses: vec![ADDRESSES[side].parse().unwrap()],
                packages: vec!["dialog".into(), "presence".into()],
                ..Config::default()
            };
            Side {
                endpoint: Endpoint::new(config, random.fork()),
                framer: Framer::new(),
                live: BTreeSet::new(),
                watches: BTreeSet::new(),
                plans: BTreeSet::new(),
                challenged: false,
            }
        });
        Self {
            now: Moment::from_secs(1_000),
            random,
            wire,
            connection: ConnectionId(1),
            sides,
            parcels: BTreeMap::new(),
            count: 0,
            recorded: Vec::new(),
            damage: None,
            delivered: 0,
        }
    }

    /// Damages this share of what is carried.
    pub fn damaging(mut self, mutator: Mutator, share: f64) -> Self {
        self.damage = Some((mutator, share));
        self
    }

    /// All that was sent, undamaged.
    pub fn recorded(self) -> Vec<Vec<u8>> {
        self.recorded
    }

    /// So many calls and other requests, from either side, and what they lead to for a while.
    pub fn calls(&mut self, count: u64) {
        for number in 0..count {
            self.call((number % 2) as usize);
            self.ask((number % 2) as usize);
            self.watch((number / 2 % 2) as usize);
            for _ in 0..60 {
                self.step();
            }
        }
    }

    /// The wire is repaired, everybody hangs up: nothing may be left in the end.
    pub fn end(&mut self) {
        self.damage = None;
        let hangs_up = self.now + Duration::from_secs(3_600 * 3);
        for _ in 0..100_000 {
            for side in 0..2 {
                self.leave(side);
                for usage in self.sides[side].live.clone() {
                    let now = self.now;
                    let _ = self.sides[side].endpoint.hang_up(now, usage, 486, None);
                    self.drain(side);
                }
            }
            if !self.step() || self.now > hangs_up {
                break;
            }
        }
        for side in &self.sides {
            let left = (side.endpoint.live_usages(), side.endpoint.transactions());
            assert_eq!(left, (0, 0), "calls and transactions that never end");
            assert_eq!(
                side.endpoint.live_subscriptions(),
                0,
                "subscriptions that never end"
            );
        }
    }

    fn leave(&mut self, side: usize) {
        for watch in self.sides[side].watches.clone() {
            let now = self.now;
            let endpoint = &mut self.sides[side].endpoint;
            let _ = endpoint.unsubscribe(now, watch);
            let _ = endpoint.end_subscription(now, watch, Termination::NoResource, Notice::empty());
            self.drain(side);
        }
    }

    fn path(&self, from: usize) -> Path {
        let [local, remote] = [from, 1 - from].map(|side| ADDRESSES[side].parse().unwrap());
        match self.wire {
            Wire::Datagrams => Path::udp(local, remote),
            Wire::Stream => Path {
                transport: Transport::Tcp,
                local,
                remote,
                connection: Some(self.connection),
            },
        }
    }

    fn parties(from: usize) -> (Uri, Uri) {
        let uri = |text: &str| Uri::parse(text).unwrap();
        let parties = [uri("sip:100@192.0.2.1"), uri("sip:200@192.0.2.2")];
        (parties[from].clone(), parties[1 - from].clone())
    }

    fn credentials() -> Credentials {
        Credentials {
            user: "a".into(),
            password: "b".into(),
        }
    }

    fn call(&mut self, from: usize) {
        let (me, target) = Self::parties(from);
        let mut invite =
            Invite::new(target.clone(), self.path(from), me, target).credentials(Self::credentials());
        if self.random.chance(0.85) {
            invite = invite.offer(OFFER);
        }
        if self.random.chance(0.2) {
            invite = invite.header("Require", "100rel");
        }
        if let Ok(usage) = self.sides[from].endpoint.invite(self.now, invite) {
            self.sides[from].live.insert(usage);
            self.plan(from, usage);
        }
        self.drain(from);
    }

    /// Something outside of any dialog.
    fn ask(&mut self, from: usize) {
        const METHODS: [&str; 5] = ["REGISTER", "OPTIONS", "MESSAGE", "NOTIFY", "PUBLISH"];
        let method = METHODS[self.random.below(5) as usize];
        let (me, target) = Self::parties(from);
        let contact = format!("<{me}>;q=0.5;+sip.instance=\"<urn:uuid:1>\"");
        let mut request = OutOfDialog::new(method, target.clone(), self.path(from), me, target)
            .header("Contact", contact)
            .header("Event", "presence")
            .header("Subscription-State", "active;expires=60");
        request.credentials = Some(Self::credentials());
        let _ = self.sides[from].endpoint.request(self.now, request);
        self.drain(from);
    }

    fn watch(&mut self, from: usize) {
        let (me, target) = Self::parties(from);
        let event = ["dialog", "presence;id=1", "unknown"][self.random.below(3) as usize];
        let lasting = Duration::from_secs([0, 30, 60, 600][self.random.below(4) as usize]);
        let subscribe = Subscribe::new(target.clone(), self.path(from), me, target, event, lasting);
        if let Ok(subscription) = self.sides[from].endpoint.subscribe(self.now, subscribe) {
            self.sides[from].watches.insert(subscription);
        }
        self.drain(from);
    }

    /// Now and then something is told, or a watch ends.
    fn stir(&mut self, side: usize) {
        let (now, choice) = (self.now, self.random.below(12));
        let Some(watch) = self.sides[side].watches.first().copied() else {
            return;
        };
        let endpoint = &mut self.sides[side].endpoint;
        let notice = Notice::of(Body::new("text/plain", "state"));
        // For the wrong role it is refused.
        let _ = match choice {
            0..4 => endpoint.notify(now, watch, notice),
            4 => endpoint.end_subscription(now, watch, Termination::Deactivated, notice),
            5 => endpoint.unsubscribe(now, watch),
            _ => Ok(()),
        };
        self.drain(side);
    }

    fn plan(&mut self, side: usize, usage: UsageId) {
        let at = self.now + Duration::from_millis(self.random.below(6_000));
        self.sides[side].plans.insert((at, usage));
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.sides[side].endpoint.poll() {
            match output {
                Output::Send { bytes, .. } => self.carry(1 - side, &bytes),
                Output::Event(event) => self.react(side, event),
                Output::Close { .. } => self.reconnect(),
            }
        }
    }

    fn carry(&mut self, to: usize, bytes: &Bytes) {
        self.recorded.push(bytes.to_vec());
        let delay = match self.wire {
            Wire::Datagrams => Duration::from_millis(1 + self.random.below(40)),
            Wire::Stream => Duration::from_millis(5),
        };
        let mut parcels = vec![bytes.clone()];
        if let Some((mutator, share)) = &mut self.damage
            && self.random.chance(*share)
        {
            let damaged = Bytes::from(mutator.damage(bytes));
            // Beside what was meant, as from an attacker; or instead of it, as from a broken phone.
            if mutator.below(3) == 0 {
                parcels.clear();
            }
            parcels.push(damaged);
        }
        for parcel in parcels {
            self.count += 1;
            self.parcels.insert((self.now + delay, self.count), (to, parcel));
        }
    }

    fn deliver(&mut self, to: usize, bytes: Bytes) {
        match self.wire {
            Wire::Datagrams => self.hand_in(to, bytes),
            Wire::Stream => {
                let pieces = match &mut self.damage {
                    Some((mutator, _)) => mutator
                        .cut(&bytes)
                        .into_iter()
                        .map(Bytes::copy_from_slice)
                        .collect(),
                    None => vec![bytes],
                };
                for piece in pieces {
                    self.read(to, &piece);
                }
            }
        }
    }

    fn read(&mut self, to: usize, piece: &[u8]) {
        self.sides[to].framer.push(piece);
        loop {
            match self.sides[to].framer.poll() {
                Ok(Some(Frame::Message(bytes))) => self.hand_in(to, bytes),
                Ok(Some(_)) => self.hand_in(to, Bytes::from_static(b"\r\n\r\n")),
                Ok(None) => return,
                Err(_) => return self.reconnect(),
            }
        }
    }

    fn hand_in(&mut self, to: usize, bytes: Bytes) {
        self.delivered += 1;
        let packet = Packet {
            path: self.path(to),
            bytes,
        };
        self.sides[to].endpoint.receive(self.now, packet);
        self.drain(to);
    }

    /// The connection breaks on both sides, and what was on it is lost.
    fn reconnect(&mut self) {
        let lost = self.connection;
        self.connection = ConnectionId(lost.0 + 1);
        self.parcels.clear();
        for side in 0..2 {
            self.sides[side].framer = Framer::new();
            self.sides[side].endpoint.connection_lost(self.now, lost);
        }
    }

    /// What users do at once.
    fn react(&mut self, side: usize, event: Event) {
        let now = self.now;
        let body = if self.random.chance(0.8) {
            ANSWER
        } else {
            "nonsense"
        };
        match event {
            Event::Invited { usage, .. } => {
                self.sides[side].live.insert(usage);
                self.plan(side, usage);
            }
            Event::Accepted { usage, .. } | Event::Renegotiated { usage, .. } => {
                let _ = self.sides[side].endpoint.acknowledge(now, usage, Body::sdp(body));
                self.plan(side, usage);
            }
            Event::Confirmed { usage, .. } => self.plan(side, usage),
            Event::Reinvited { request_id, .. } | Event::InDialog { request_id, .. } => {
                self.respond(side, request_id, Reply::new(200).sdp(body));
            }
            Event::Request { request_id, .. } => self.answer_request(side, request_id),
            Event::Failed { usage, .. } | Event::Ended { usage, .. } => {
                assert!(self.sides[side].live.remove(&usage), "{usage:?} ended twice");
            }
            Event::Subscribing { subscription, .. } => {
                self.sides[side].watches.insert(subscription);
                let endpoint = &mut self.sides[side].endpoint;
                let _ = match self.random.below(8) {
                    0 => endpoint.reject_subscription(now, subscription, 403),
                    1 => Ok(()),
                    2 => endpoint.accept_subscription(now, subscription, Notice::pending()),
                    _ => endpoint.accept_subscription(now, subscription, Notice::empty()),
                };
            }
            Event::Resubscribed { subscription, .. } => {
                let _ = self.sides[side]
                    .endpoint
                    .notify(now, subscription, Notice::empty());
            }
            Event::SubscriptionEnded { subscription, .. } => {
                let known = self.sides[side].watches.remove(&subscription);
                assert!(known, "{subscription:?} ended twice");
            }
            _ => {}
        }
    }

    fn answer_request(&mut self, side: usize, request: RequestId) {
        let challenged = !std::mem::replace(&mut self.sides[side].challenged, true);
        let reply = if challenged {
            Reply::new(401).header("WWW-Authenticate", CHALLENGE)
        } else {
            Reply::new(if self.random.chance(0.8) { 200 } else { 489 })
        };
        self.respond(side, request, reply);
    }

    fn respond(&mut self, side: usize, request: RequestId, reply: Reply) {
        let reply = if self.random.chance(0.85) {
            reply
        } else {
            Reply::new(488)
        };
        let _ = self.sides[side].endpoint.respond(self.now, request, reply);
    }

    /// What users do after a while.
    fn act(&mut self, side: usize, usage: UsageId) {
        let Some(state) = self.sides[side].endpoint.usage(usage).map(|info| info.state) else {
            return;
        };
        let (now, choice) = (self.now, self.random.below(12));
        let endpoint = &mut self.sides[side].endpoint;
        let nothing = ExtraHeaders::new;
        // Much of it is out of place by now; then it is refused, which is fine.
        let _ = match (state, choice) {
            (State::Offered, 0..3) => endpoint.progress(now, usage, 180),
            (State::Offered, 3..5) => endpoint.progress(now, usage, Reply::new(183).sdp(ANSWER)),
            (State::Offered, 5..10) => endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)),
            (State::Offered, _) => endpoint.reject(
                now,
                usage,
                Reply::new(407).header("Proxy-Authenticate", CHALLENGE),
            ),
            (State::Confirmed, 0..3) => endpoint.reinvite(now, usage, Some(Body::sdp(OFFER)), nothing()),
            (State::Confirmed, 3) => endpoint.reinvite(now, usage, None, nothing()),
            (State::Confirmed, 4..6) => {
                endpoint.update(now, usage, Fork(0), Some(Body::sdp(OFFER)), nothing())
            }
            (State::Confirmed, 6) => endpoint
                .request_in_dialog(now, usage, "INFO", nothing(), None)
                .map(|_| ()),
            (State::Confirmed, 7) => {
                let refer = nothing().with("Refer-To", "<sip:9@x?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>");
                endpoint
                    .request_in_dialog(now, usage, "REFER", refer, None)
                    .map(|_| ())
            }
            (State::Calling | State::Ringing, 0..8) => Ok(()),
            _ => endpoint.hang_up(now, usage, 480, None),
        };
        self.plan(side, usage);
        self.drain(side);
        self.stir(side);
    }

    /// The next thing that happens; false when nothing ever will.
    fn step(&mut self) -> bool {
        let parcel = self.parcels.keys().next().map(|(at, _)| *at);
        let timer = |side: &Side| side.endpoint.next_timeout();
        let plan = |side: &Side| side.plans.first().map(|(at, _)| *at);
        let [a, b] = &self.sides;
        let Some(next) = [parcel, timer(a), timer(b), plan(a), plan(b)]
            .into_iter()
            .flatten()
            .min()
        else {
            return false;
        };
        self.now = self.now.max(next);
        if parcel == Some(next) {
            if let Some((_, (to, bytes))) = self.parcels.pop_first() {
                self.deliver(to, bytes);
            }
            return true;
        }
        for side in 0..2 {
            if timer(&self.sides[side]) == Some(next) {
                self.sides[side].endpoint.timeout(self.now);
                self.drain(side);
                return true;
            }
            if plan(&self.sides[side]) == Some(next) {
                if let Some((_, usage)) = self.sides[side].plans.pop_first() {
                    self.act(side, usage);
                }
                return true;
            }
        }
        true
    }
}
