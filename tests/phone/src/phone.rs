//! The phone itself: who it is, its calls, what it repeats and when. What it does is beside it.

mod answered;
mod asking;
mod called;
mod calling;
mod forking;
mod receiving;
mod registering;
mod reliable;
mod telling;
mod timing;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use base::{Moment, Random};

pub use self::asking::AskRef;
use self::asking::Asked;
use self::registering::Registering;
use self::telling::Telling;
use crate::dialog::Dialog;
use crate::sdp::Description;
use crate::text::{Incoming, Start, tag};
use crate::transaction::{Client, ClientState, Server, T2};

/// Who the phone is and where it sits.
#[derive(Clone, Debug)]
pub struct PhoneConfig {
    pub user: String,
    pub password: String,
    pub domain: String,
    pub local: SocketAddr,
    pub server: SocketAddr,
    pub rtp: SocketAddr,
    /// Payload types in order of preference.
    pub codecs: Vec<u8>,
    pub tcp: bool,
    /// Offer and take telephone-events.
    pub events: bool,
    /// Lines at the end of each description: streams and attributes of the test's own.
    pub more: String,
    /// Refuses every change of a session that has an offer, with this status.
    pub refuses_changes: Option<u16>,
    pub extensions: Extensions,
}

/// What a phone knows beyond RFC 3261, and uses by itself. Nothing, unless a test says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Reliable provisional responses (RFC 3262), and UPDATE (RFC 3311) whichever end it is.
    pub reliable: bool,
    /// Its 180 wants a PRACK, too.
    pub rings_reliably: bool,
    /// It calls nobody who cannot send them (`Require: 100rel`).
    pub requires_reliable: bool,
    /// Session timers (RFC 4028): the interval that it asks for and grants at most, in seconds.
    pub timer: Option<u32>,
    /// Refreshes by UPDATE, not by re-INVITE.
    pub refreshes_by_update: bool,
}

impl PhoneConfig {
    pub fn new(user: &str, password: &str, domain: &str, local: SocketAddr, server: SocketAddr) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            domain: domain.to_owned(),
            local,
            server,
            rtp: SocketAddr::new(local.ip(), local.port().wrapping_add(1_000)),
            codecs: vec![8, 0],
            tcp: false,
            events: true,
            more: String::new(),
            refuses_changes: None,
            extensions: Extensions::default(),
        }
    }
}

/// One call of this phone, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallRef(pub usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// We called; nothing but 100 so far.
    Calling,
    /// We called and were told that it rings, or hear early media.
    Ringing,
    /// We are called.
    Offered,
    /// We answered, the ACK has not come.
    Answered,
    Up,
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Registered {
        contacts: usize,
    },
    NotRegistered(u16),
    /// 180, or another provisional response of ours.
    Ringing(CallRef, u16),
    /// A provisional response with SDP.
    EarlyMedia(CallRef),
    /// Our call was answered.
    Answered(CallRef),
    Failed(CallRef, u16),
    Offered {
        call: CallRef,
        caller: String,
        caller_name: String,
        called: String,
        alert: Option<String>,
    },
    /// The caller gave up before we answered; the Reason header, if any.
    Cancelled(CallRef, Option<String>),
    /// Our answer was acknowledged.
    Up(CallRef),
    /// The peer changed the session; the direction it offered.
    Changed(CallRef, String),
    Ended(CallRef),
    /// The peer did not refresh the session in time (RFC 4028 §10).
    NotRefreshed(CallRef),
    /// To a request outside of calls.
    Answer(u16),
    /// A NOTIFY or MESSAGE came.
    Told {
        method: String,
        from: String,
        /// Subscription-State.
        state: Option<String>,
        body: String,
    },
    /// Nothing came back to a request of ours: the method.
    NoResponse(String),
    /// The exchange broke a rule, or sent what `rsip` cannot read.
    Wrong(String),
}

#[derive(Clone, Debug)]
pub enum Output {
    Send(Vec<u8>),
    Event(Event),
}

/// See the crate's documentation.
pub struct Phone {
    config: PhoneConfig,
    random: Random,
    outputs: VecDeque<Output>,
    clients: Vec<Client>,
    servers: Vec<Server>,
    calls: BTreeMap<CallRef, Dialog>,
    register: Registering,
    asked: Vec<Asked>,
    telling: Telling,
    /// The answer to a NOTIFY or MESSAGE.
    pub answers_with: u16,
    next_call: usize,
    nonce_count: u8,
}

impl Phone {
    pub fn new(config: PhoneConfig, mut random: Random) -> Self {
        let call_id = format!("{}@{}", random.token(16), config.user);
        let register = Registering::new(call_id, random.token(8));
        Self {
            config,
            random,
            outputs: VecDeque::new(),
            clients: Vec::new(),
            servers: Vec::new(),
            calls: BTreeMap::new(),
            register,
            asked: Vec::new(),
            telling: Telling::default(),
            answers_with: 200,
            next_call: 0,
            nonce_count: 0,
        }
    }

    pub fn config(&self) -> &PhoneConfig {
        &self.config
    }

    /// From now on the phone knows these.
    pub fn learn(&mut self, extensions: Extensions) {
        self.config.extensions = extensions;
    }

    pub fn state(&self, call: CallRef) -> CallState {
        self.calls
            .get(&call)
            .map_or(CallState::Over, |dialog| dialog.state)
    }

    /// Where the peer of a call wants our sound, and what it speaks.
    pub fn theirs(&self, call: CallRef) -> Option<&Description> {
        self.calls.get(&call)?.theirs.as_ref()
    }

    pub fn ours(&self, call: CallRef) -> Option<&Description> {
        self.calls.get(&call).map(|dialog| &dialog.ours)
    }

    /// Calls that are not over, oldest first.
    pub fn live(&self) -> Vec<CallRef> {
        self.calls
            .iter()
            .filter(|(_, d)| d.state != CallState::Over)
            .map(|(call, _)| *call)
            .collect()
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn next_timeout(&self) -> Option<Moment> {
        let clients = self.clients.iter().map(Client::next);
        let servers = self.servers.iter().map(Server::next);
        let answers = self
            .calls
            .values()
            .filter_map(|d| d.unacknowledged.as_ref())
            .map(|wait| wait.again.min(wait.end));
        let rings = self.calls.values().filter_map(Dialog::rings_again);
        let early = self.calls.values().filter_map(Dialog::provisional_due);
        let timers = self.calls.values().filter_map(Dialog::timer_due);
        let calls = answers.chain(rings).chain(early).chain(timers);
        clients.chain(servers).chain(calls).min()
    }

    pub fn timeout(&mut self, now: Moment) {
        let mut send = Vec::new();
        for client in &mut self.clients {
            send.extend(client.repeat(now));
        }
        for server in &mut self.servers {
            send.extend(server.repeat(now));
        }
        for (call, dialog) in &mut self.calls {
            let Some(wait) = &mut dialog.unacknowledged else {
                continue;
            };
            if wait.end <= now {
                dialog.unacknowledged = None;
                self.outputs
                    .push_back(Output::Event(Event::Wrong(format!("no ACK for {call:?}"))));
            } else if wait.again <= now {
                wait.gap = (wait.gap * 2).min(T2);
                wait.again = now + wait.gap;
                send.push(wait.response.clone());
            }
        }
        for text in send {
            self.send(text);
        }
        self.ring_again(now);
        self.repeat_provisionals(now);
        self.keep_sessions(now);
        self.drop_over(now);
    }

    fn drop_over(&mut self, now: Moment) {
        let mut silent = Vec::new();
        self.clients.retain(|client| {
            let over = client.is_over(now);
            if over && !matches!(client.state, ClientState::Completed { .. }) {
                silent.push((client.method.clone(), client.call_id.clone()));
            }
            !over
        });
        for (method, call_id) in silent {
            if method == "INVITE"
                && let Some(call) = self.find(&call_id)
                && let Some(dialog) = self.calls.get_mut(&call)
                && matches!(dialog.state, CallState::Calling | CallState::Ringing)
            {
                dialog.state = CallState::Over;
                self.event(Event::Failed(call, 408));
            }
            if method == "BYE"
                && let Some(call) = self.find(&call_id)
            {
                self.over(call);
            }
            self.refresh_unheard(now, &method, &call_id);
            self.event(Event::NoResponse(method));
        }
        self.register_next(now);
        self.servers.retain(|server| !server.is_over(now));
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn wrong(&mut self, what: impl Into<String>) {
        self.event(Event::Wrong(what.into()));
    }

    fn send(&mut self, text: String) {
        self.outputs.push_back(Output::Send(text.into_bytes()));
    }

    fn transport(&self) -> &'static str {
        if self.config.tcp { "TCP" } else { "UDP" }
    }

    fn via(&mut self) -> (String, String) {
        let branch = format!("z9hG4bK{}", self.random.token(16));
        (
            format!(
                "SIP/2.0/{} {};branch={branch};rport",
                self.transport(),
                self.config.local
            ),
            branch,
        )
    }

    fn contact(&self) -> String {
        let tcp = if self.config.tcp { ";transport=tcp" } else { "" };
        format!("<sip:{}@{}{tcp}>", self.config.user, self.config.local)
    }

    fn find(&self, call_id: &str) -> Option<CallRef> {
        self.calls
            .iter()
            .rev()
            .find(|(_, dialog)| dialog.call_id == call_id)
            .map(|(call, _)| *call)
    }

    /// The call that a message belongs to: of forks, the one whose tag it bears.
    fn find_for(&self, message: &Incoming) -> Option<CallRef> {
        let ours = match message.start {
            Start::Request { .. } => message.to_tag(),
            Start::Response { .. } => tag(&message.from),
        };
        let is_for = |dialog: &Dialog| dialog.call_id == message.call_id && dialog.tag() == ours;
        let found = self.calls.iter().rev().find(|(_, dialog)| is_for(dialog));
        found
            .map(|(call, _)| *call)
            .or_else(|| self.find(&message.call_id))
    }

    fn request(&mut self, now: Moment, method: &str, branch: &str, call_id: &str, text: String) {
        let client = Client::new(now, branch, method, call_id, text.clone(), self.config.tcp);
        self.clients.push(client);
        self.send(text);
    }

    fn description(&self) -> Description {
        Description {
            rtp: self.config.rtp,
            codecs: self.config.codecs.clone(),
            events: self.config.events.then_some(101),
            direction: "sendrecv".to_owned(),
            more: self.config.more.clone(),
        }
    }

    /// Call-ID, our tag and the peer's, as a Replaces header names a dialog (RFC 3891).
    pub fn dialog_id(&self, call: CallRef) -> Option<(String, String, String)> {
        let dialog = self.calls.get(&call)?;
        let tag = |party: &str| Some(party.split_once(";tag=")?.1.to_owned());
        Some((dialog.call_id.clone(), tag(&dialog.local)?, tag(&dialog.remote)?))
    }

    /// The address of the conference that the peer of a call says it is (RFC 4579 §4.1).
    pub fn focus(&self, call: CallRef) -> Option<&str> {
        let dialog = self.calls.get(&call).filter(|dialog| dialog.is_focus)?;
        Some(&dialog.target)
    }

    /// A header of the INVITE that brought this call.
    pub fn offered_header(&self, call: CallRef, name: &str) -> Option<&str> {
        let dialog = self.calls.get(&call)?;
        dialog
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

fn with_body(mut head: String, body: Option<&str>) -> String {
    match body {
        Some(body) => head.push_str(&format!(
            "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )),
        None => head.push_str("Content-Length: 0\r\n\r\n"),
    }
    head
}
