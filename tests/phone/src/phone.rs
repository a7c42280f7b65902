use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use base::{Moment, Random};
use rsip::headers::auth::{Algorithm, AuthQop};
use rsip::services::DigestGenerator;

use crate::dialog::{Dialog, Unacknowledged};
use crate::sdp::Description;
use crate::text::{Incoming, Start, uri_of, user_of};
use crate::transaction::{Client, ClientState, Server, T1, T2};

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
    Answer(u16),
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
    next_call: usize,
    nonce_count: u8,
}

#[derive(Debug, Default)]
struct Registering {
    call_id: String,
    cseq: u32,
    expires: u32,
    tag: String,
    challenged: bool,
}

struct Challenge {
    proxy: bool,
    realm: String,
    nonce: String,
    sha256: bool,
    qop: bool,
    opaque: Option<String>,
}

impl Phone {
    pub fn new(config: PhoneConfig, mut random: Random) -> Self {
        let register = Registering {
            call_id: format!("{}@{}", random.token(16), config.user),
            tag: random.token(8),
            ..Registering::default()
        };
        Self {
            config,
            random,
            outputs: VecDeque::new(),
            clients: Vec::new(),
            servers: Vec::new(),
            calls: BTreeMap::new(),
            register,
            next_call: 0,
            nonce_count: 0,
        }
    }

    pub fn config(&self) -> &PhoneConfig {
        &self.config
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
        clients.chain(servers).chain(answers).min()
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
            self.event(Event::NoResponse(method));
        }
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
        }
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

/// Registering.
impl Phone {
    /// Registers for so many seconds; 0 takes the registration back.
    pub fn register(&mut self, now: Moment, expires: u32) {
        self.register.expires = expires;
        self.register.challenged = false;
        self.send_register(now, None);
    }

    fn send_register(&mut self, now: Moment, authorization: Option<String>) {
        self.register.cseq += 1;
        let (via, branch) = self.via();
        let PhoneConfig { user, domain, .. } = &self.config;
        let Registering {
            call_id,
            cseq,
            expires,
            tag,
            ..
        } = &self.register;
        let contact = self.contact();
        let mut head = format!(
            "REGISTER sip:{domain} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@{domain}>;tag={tag}\r\n\
             To: <sip:{user}@{domain}>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\nContact: {contact}\r\nExpires: {expires}\r\n"
        );
        head.push_str(authorization.as_deref().unwrap_or_default());
        let call_id = call_id.clone();
        self.request(now, "REGISTER", &branch, &call_id, with_body(head, None));
    }

    fn register_answered(&mut self, now: Moment, status: u16, message: &Incoming) {
        match status {
            401 | 407 if !self.register.challenged => {
                self.register.challenged = true;
                let uri = format!("sip:{}", self.config.domain);
                match self.authorization(message, "REGISTER", &uri) {
                    Some(line) => self.send_register(now, Some(line)),
                    None => self.wrong("a challenge that cannot be read"),
                }
            }
            200..=299 => {
                let contacts = usize::from(message.contact.is_some());
                self.event(Event::Registered { contacts });
            }
            _ => self.event(Event::NotRegistered(status)),
        }
    }

    fn authorization(&mut self, message: &Incoming, method: &str, uri: &str) -> Option<String> {
        let challenge = challenge(message)?;
        let rsip_method: rsip::Method = method.parse_method()?;
        let rsip_uri = rsip::Uri::try_from(uri).ok()?;
        self.nonce_count = self.nonce_count % 9 + 1;
        let cnonce = self.random.token(8);
        let qop = challenge.qop.then(|| AuthQop::Auth {
            cnonce: cnonce.clone(),
            nc: self.nonce_count,
        });
        let algorithm = if challenge.sha256 {
            Algorithm::Sha256
        } else {
            Algorithm::Md5
        };
        let response = DigestGenerator {
            username: &self.config.user,
            password: &self.config.password,
            nonce: &challenge.nonce,
            uri: &rsip_uri,
            realm: &challenge.realm,
            method: &rsip_method,
            qop: qop.as_ref(),
            algorithm,
        }
        .compute();
        let name = if challenge.proxy {
            "Proxy-Authorization"
        } else {
            "Authorization"
        };
        let mut line = format!(
            "{name}: Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\", algorithm={}",
            self.config.user,
            challenge.realm,
            challenge.nonce,
            if challenge.sha256 { "SHA-256" } else { "MD5" },
        );
        if challenge.qop {
            line.push_str(&format!(
                ", qop=auth, nc={:08}, cnonce=\"{cnonce}\"",
                self.nonce_count
            ));
        }
        if let Some(opaque) = challenge.opaque {
            line.push_str(&format!(", opaque=\"{opaque}\""));
        }
        line.push_str("\r\n");
        Some(line)
    }
}

trait ParseMethod {
    fn parse_method(&self) -> Option<rsip::Method>;
}

impl ParseMethod for str {
    fn parse_method(&self) -> Option<rsip::Method> {
        <rsip::Method as std::str::FromStr>::from_str(self).ok()
    }
}

fn challenge(message: &Incoming) -> Option<Challenge> {
    let (proxy, text) = match message.header("WWW-Authenticate") {
        Some(text) => (false, text),
        None => (true, message.header("Proxy-Authenticate")?),
    };
    let field = |name: &str| {
        let start = text.find(&format!("{name}="))? + name.len() + 1;
        let rest = &text[start..];
        match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => rest.split([',', ' ']).next(),
        }
    };
    Some(Challenge {
        proxy,
        realm: field("realm")?.to_owned(),
        nonce: field("nonce")?.to_owned(),
        sha256: field("algorithm").is_some_and(|name| name.eq_ignore_ascii_case("SHA-256")),
        qop: field("qop").is_some(),
        opaque: field("opaque").map(str::to_owned),
    })
}

/// Calling.
impl Phone {
    /// Calls a number of the phone's domain.
    pub fn call(&mut self, now: Moment, number: &str) -> CallRef {
        self.call_with(now, number, &[])
    }

    /// The same with header lines of the test's own (without line ends).
    pub fn call_with(&mut self, now: Moment, number: &str, headers: &[(&str, &str)]) -> CallRef {
        let call = CallRef(self.next_call);
        self.next_call += 1;
        let PhoneConfig { user, domain, .. } = &self.config;
        let local = format!("<sip:{user}@{domain}>;tag={}", self.random.token(8));
        let uri = format!("sip:{number}@{domain}");
        let dialog = Dialog {
            state: CallState::Calling,
            we_called: true,
            call_id: format!("{}@{user}", self.random.token(20)),
            remote: format!("<{uri}>"),
            local,
            target: uri.clone(),
            routes: Vec::new(),
            local_cseq: 0,
            remote_cseq: None,
            session: self.random.next_u64() >> 33,
            version: 1,
            ours: self.description(),
            theirs: None,
            invite_branch: String::new(),
            vias: Vec::new(),
            record_routes: Vec::new(),
            invite_cseq: 0,
            from: String::new(),
            to: String::new(),
            request_uri: uri,
            via: String::new(),
            cancelled: false,
            final_status: None,
            unacknowledged: None,
            last_ack: None,
            with_credentials: false,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        self.calls.insert(call, dialog);
        self.send_invite(now, call, None);
        call
    }

    fn send_invite(&mut self, now: Moment, call: CallRef, authorization: Option<String>) {
        let (via, branch) = self.via();
        let contact = self.contact();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let cseq = dialog.next_cseq();
        dialog.invite_cseq = cseq;
        dialog.invite_branch = branch.clone();
        dialog.via = via.clone();
        let mut head = dialog.head("INVITE", cseq, &via);
        head.push_str(&format!(
            "Contact: {contact}\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO\r\n"
        ));
        for (name, value) in &dialog.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(authorization.as_deref().unwrap_or_default());
        let body = dialog.ours.print(dialog.session, dialog.version);
        let call_id = dialog.call_id.clone();
        self.request(now, "INVITE", &branch, &call_id, with_body(head, Some(&body)));
    }

    /// Ends a call in whichever way its state asks for: CANCEL, BYE, or refusing it.
    pub fn hang_up(&mut self, now: Moment, call: CallRef) {
        match self.state(call) {
            CallState::Calling | CallState::Ringing => self.cancel(now, call),
            CallState::Offered => self.refuse(now, call, 603),
            CallState::Answered | CallState::Up => self.bye(now, call),
            CallState::Over => {}
        }
    }

    fn cancel(&mut self, now: Moment, call: CallRef) {
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        dialog.cancelled = true;
        let branch = dialog.invite_branch.clone();
        let heard = self
            .clients
            .iter()
            .any(|c| c.branch == branch && c.state == ClientState::Proceeding);
        if heard {
            self.send_cancel(now, call);
        }
    }

    fn send_cancel(&mut self, now: Moment, call: CallRef) {
        let Some(dialog) = self.calls.get(&call) else {
            return;
        };
        let head = format!(
            "CANCEL {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: <{}>\r\nCall-ID: {}\r\nCSeq: {} CANCEL\r\n",
            dialog.request_uri,
            dialog.via,
            dialog.local,
            dialog.request_uri,
            dialog.call_id,
            dialog.invite_cseq
        );
        let (branch, call_id) = (dialog.invite_branch.clone(), dialog.call_id.clone());
        self.request(now, "CANCEL", &branch, &call_id, with_body(head, None));
    }

    fn bye(&mut self, now: Moment, call: CallRef) {
        self.in_dialog(now, call, "BYE", None);
        if let Some(dialog) = self.calls.get_mut(&call) {
            dialog.unacknowledged = None;
        }
        self.over(call);
    }

    /// Sends a request inside of the call's dialog; the answer comes as [`Event::Answer`].
    pub fn in_dialog(&mut self, now: Moment, call: CallRef, method: &str, body: Option<(&str, &str)>) {
        self.in_dialog_with(now, call, method, &[], body);
    }

    /// The same with header lines of the test's own.
    pub fn in_dialog_with(
        &mut self,
        now: Moment,
        call: CallRef,
        method: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, &str)>,
    ) {
        let (via, branch) = self.via();
        let contact = self.contact();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let cseq = dialog.next_cseq();
        let mut head = dialog.head(method, cseq, &via);
        if method != "BYE" {
            head.push_str(&format!("Contact: {contact}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let call_id = dialog.call_id.clone();
        let text = match body {
            Some((kind, body)) => {
                head.push_str(&format!(
                    "Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                ));
                head
            }
            None => with_body(head, None),
        };
        self.request(now, method, &branch, &call_id, text);
    }

    /// Changes the session: `sendonly` holds, `sendrecv` takes the call back.
    pub fn change(&mut self, now: Moment, call: CallRef, direction: &str) {
        let (via, branch) = self.via();
        let contact = self.contact();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        dialog.version += 1;
        dialog.ours.direction = direction.to_owned();
        let cseq = dialog.next_cseq();
        dialog.invite_branch = branch.clone();
        let mut head = dialog.head("INVITE", cseq, &via);
        head.push_str(&format!("Contact: {contact}\r\n"));
        let body = dialog.ours.print(dialog.session, dialog.version);
        let call_id = dialog.call_id.clone();
        self.request(now, "INVITE", &branch, &call_id, with_body(head, Some(&body)));
    }

    fn over(&mut self, call: CallRef) {
        if let Some(dialog) = self.calls.get_mut(&call)
            && dialog.state != CallState::Over
        {
            dialog.state = CallState::Over;
            self.event(Event::Ended(call));
        }
    }
}

/// Being called.
impl Phone {
    /// Says 180.
    pub fn ring(&mut self, now: Moment, call: CallRef) {
        self.respond_invite(now, call, 180, "Ringing", None);
    }

    pub fn refuse(&mut self, now: Moment, call: CallRef, status: u16) {
        self.refuse_with(now, call, status, "Refused");
    }

    /// Refuses with a phrase of the test's own, which may hold further header lines.
    pub fn refuse_with(&mut self, now: Moment, call: CallRef, status: u16, phrase: &str) {
        self.respond_invite(now, call, status, phrase, None);
        if let Some(dialog) = self.calls.get_mut(&call) {
            dialog.state = CallState::Over;
        }
    }

    pub fn answer(&mut self, now: Moment, call: CallRef) {
        let description = self.description();
        let Some(dialog) = self
            .calls
            .get_mut(&call)
            .filter(|dialog| dialog.state == CallState::Offered)
        else {
            return;
        };
        dialog.ours = match &dialog.theirs {
            Some(offer) => offer.answer(self.config.rtp, &self.config.codecs),
            None => description,
        };
        dialog.state = CallState::Answered;
        let body = dialog.ours.print(dialog.session, dialog.version);
        self.respond_invite(now, call, 200, "OK", Some(body));
    }

    fn respond_invite(
        &mut self,
        now: Moment,
        call: CallRef,
        status: u16,
        phrase: &str,
        body: Option<String>,
    ) {
        let contact = self.contact();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let mut head = format!("SIP/2.0 {status} {phrase}\r\n");
        for via in &dialog.vias {
            head.push_str(&format!("Via: {via}\r\n"));
        }
        for route in &dialog.record_routes {
            head.push_str(&format!("Record-Route: {route}\r\n"));
        }
        head.push_str(&format!(
            "From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} INVITE\r\nContact: {contact}\r\n",
            dialog.from, dialog.to, dialog.call_id, dialog.invite_cseq
        ));
        let text = with_body(head, body.as_deref());
        let branch = dialog.invite_branch.clone();
        if (200..300).contains(&status) {
            // RFC 3261 §13.3.1.4: the core repeats its 2xx, over any transport.
            dialog.unacknowledged = Some(Unacknowledged {
                response: text.clone(),
                again: now + T1,
                gap: T1,
                end: now + T1 * 64,
            });
        }
        if let Some(server) = self
            .servers
            .iter_mut()
            .find(|s| s.branch == branch && s.method == "INVITE")
        {
            server.respond(now, text.clone(), status >= 300);
        }
        self.send(text);
    }
}

/// What arrives.
impl Phone {
    pub fn receive(&mut self, now: Moment, bytes: &[u8]) {
        match Incoming::read(bytes) {
            Ok(message) => match message.start.clone() {
                Start::Request { .. } => self.requested(now, &message),
                Start::Response { status } => self.answered(now, status, &message),
            },
            Err(error) => self.wrong(format!("unreadable: {error}: {}", String::from_utf8_lossy(bytes))),
        }
    }

    fn requested(&mut self, now: Moment, message: &Incoming) {
        if message.method == "ACK" {
            return self.acknowledged(message);
        }
        let seen = self
            .servers
            .iter()
            .find(|s| s.branch == message.branch && s.method == message.method);
        if let Some(server) = seen {
            if let Some(response) = server.response.clone() {
                self.send(response);
            }
            return;
        }
        self.servers
            .push(Server::new(now, &message.branch, &message.method));
        match message.method.as_str() {
            "INVITE" if message.to_tag().is_none() => self.offered(now, message),
            "INVITE" | "UPDATE" => self.changed(now, message),
            "CANCEL" => self.cancelled(now, message),
            "BYE" => self.ended(now, message),
            "OPTIONS" | "INFO" | "NOTIFY" | "MESSAGE" => self.reply(now, message, 200, None),
            _ => self.reply(now, message, 405, None),
        }
    }

    fn reply(&mut self, now: Moment, message: &Incoming, status: u16, body: Option<&str>) {
        let mut head = format!("SIP/2.0 {status} {}\r\n", if status == 200 { "OK" } else { "No" });
        for via in &message.vias {
            head.push_str(&format!("Via: {via}\r\n"));
        }
        let tag = if message.to_tag().is_some() {
            String::new()
        } else {
            format!(";tag={}", self.random.token(8))
        };
        head.push_str(&format!(
            "From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {} {}\r\nContact: {}\r\n",
            message.from,
            message.to,
            message.call_id,
            message.cseq,
            message.method,
            self.contact()
        ));
        let text = with_body(head, body);
        if let Some(server) = self
            .servers
            .iter_mut()
            .find(|s| s.branch == message.branch && s.method == message.method)
        {
            server.respond(
                now,
                text.clone(),
                status >= 200 && (status >= 300 || message.method != "INVITE"),
            );
        }
        self.send(text);
    }

    fn offered(&mut self, now: Moment, message: &Incoming) {
        let Start::Request { uri } = &message.start else {
            return;
        };
        let call = CallRef(self.next_call);
        self.next_call += 1;
        let to = format!("{};tag={}", message.to, self.random.token(8));
        let dialog = Dialog {
            state: CallState::Offered,
            we_called: false,
            call_id: message.call_id.clone(),
            local: to.clone(),
            remote: message.from.clone(),
            target: message.contact.clone().unwrap_or_else(|| uri_of(&message.from)),
            routes: message.record_routes.clone(),
            local_cseq: 0,
            remote_cseq: Some(message.cseq),
            session: self.random.next_u64() >> 33,
            version: 1,
            ours: self.description(),
            theirs: Description::read(&message.body_text()),
            invite_branch: message.branch.clone(),
            vias: message.vias.clone(),
            record_routes: message.record_routes.clone(),
            invite_cseq: message.cseq,
            from: message.from.clone(),
            to,
            request_uri: uri.clone(),
            via: String::new(),
            cancelled: false,
            final_status: None,
            unacknowledged: None,
            last_ack: None,
            with_credentials: false,
            headers: message.others.clone(),
        };
        self.calls.insert(call, dialog);
        self.respond_invite(now, call, 100, "Trying", None);
        let from_uri = uri_of(&message.from);
        let name = message
            .from
            .split_once('<')
            .map_or("", |(name, _)| name)
            .trim()
            .trim_matches('"')
            .to_owned();
        self.event(Event::Offered {
            call,
            caller: user_of(&from_uri).to_owned(),
            caller_name: name,
            called: user_of(uri).to_owned(),
            alert: message.header("Alert-Info").map(str::to_owned),
        });
    }

    /// Call-ID, our tag and the peer's, as a Replaces header names a dialog (RFC 3891).
    pub fn dialog_id(&self, call: CallRef) -> Option<(String, String, String)> {
        let dialog = self.calls.get(&call)?;
        let tag = |party: &str| Some(party.split_once(";tag=")?.1.to_owned());
        Some((dialog.call_id.clone(), tag(&dialog.local)?, tag(&dialog.remote)?))
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

    fn changed(&mut self, now: Moment, message: &Incoming) {
        let Some(call) = self.find(&message.call_id) else {
            return self.reply(now, message, 481, None);
        };
        let (rtp, codecs, full) = (self.config.rtp, self.config.codecs.clone(), self.description());
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        if dialog.remote_cseq.is_some_and(|last| message.cseq <= last) {
            self.wrong(format!(
                "CSeq {} of a {} does not grow",
                message.cseq, message.method
            ));
            return;
        }
        dialog.remote_cseq = Some(message.cseq);
        if let Some(contact) = &message.contact {
            dialog.target.clone_from(contact);
        }
        dialog.version += 1;
        let offer = Description::read(&message.body_text());
        let direction = offer
            .as_ref()
            .map_or("sendrecv", |offer| offer.direction.as_str())
            .to_owned();
        dialog.ours = match &offer {
            Some(offer) => offer.answer(rtp, &codecs),
            None => full,
        };
        if offer.is_some() {
            dialog.theirs = offer;
        }
        let body = (message.method == "INVITE" || !message.body.is_empty())
            .then(|| dialog.ours.print(dialog.session, dialog.version));
        self.reply(now, message, 200, body.as_deref());
        if message.method == "INVITE"
            && let Some(dialog) = self.calls.get_mut(&call)
            && let Some(server) = self
                .servers
                .iter()
                .find(|s| s.branch == message.branch && s.method == message.method)
            && let Some(response) = server.response.clone()
        {
            dialog.unacknowledged = Some(Unacknowledged {
                response,
                again: now + T1,
                gap: T1,
                end: now + T1 * 64,
            });
        }
        self.event(Event::Changed(call, direction));
    }

    fn cancelled(&mut self, now: Moment, message: &Incoming) {
        self.reply(now, message, 200, None);
        let found = self
            .calls
            .iter()
            .find(|(_, d)| !d.we_called && d.invite_branch == message.branch);
        let Some((call, dialog)) = found.map(|(call, dialog)| (*call, dialog)) else {
            return;
        };
        if dialog.state == CallState::Offered {
            self.respond_invite(now, call, 487, "Request Terminated", None);
            if let Some(dialog) = self.calls.get_mut(&call) {
                dialog.state = CallState::Over;
            }
            self.event(Event::Cancelled(
                call,
                message.header("Reason").map(str::to_owned),
            ));
        }
    }

    fn ended(&mut self, now: Moment, message: &Incoming) {
        let Some(call) = self.find(&message.call_id) else {
            return self.reply(now, message, 481, None);
        };
        self.reply(now, message, 200, None);
        if let Some(dialog) = self.calls.get_mut(&call) {
            dialog.unacknowledged = None;
        }
        self.over(call);
    }

    fn acknowledged(&mut self, message: &Incoming) {
        let invite = self
            .servers
            .iter_mut()
            .find(|s| s.branch == message.branch && s.method == "INVITE");
        if let Some(server) = invite {
            server.acknowledged();
        }
        let Some(call) = self.find(&message.call_id) else {
            return;
        };
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        if dialog.unacknowledged.take().is_none() {
            return;
        }
        if let Some(theirs) = Description::read(&message.body_text()) {
            dialog.theirs = Some(theirs);
        }
        if dialog.state == CallState::Answered {
            dialog.state = CallState::Up;
            self.event(Event::Up(call));
        }
    }

    fn answered(&mut self, now: Moment, status: u16, message: &Incoming) {
        let found = self
            .clients
            .iter()
            .position(|c| c.branch == message.branch && c.method == message.method);
        let Some(index) = found else {
            // A 2xx again, after its transaction: only the ACK again (RFC 3261 §13.2.2.4).
            return self.repeat_ack(message);
        };
        if status < 200 {
            if let Some(client) = self.clients.get_mut(index) {
                client.proceeding(now);
            }
            return self.provisional(now, status, message);
        }
        let Some(client) = self.clients.get_mut(index) else {
            return;
        };
        if let ClientState::Completed { ack } = &client.state {
            if let Some(ack) = ack.clone() {
                self.send(ack);
            } else {
                self.repeat_ack(message);
            }
            return;
        }
        let ack =
            (message.method == "INVITE" && status >= 300).then(|| ack_for_refusal(&client.request, message));
        client.complete(now, ack.clone());
        if let Some(ack) = ack {
            self.send(ack);
        }
        match message.method.as_str() {
            "REGISTER" => self.register_answered(now, status, message),
            "INVITE" => self.invite_answered(now, status, message),
            "CANCEL" | "BYE" => {}
            _ => self.event(Event::Answer(status)),
        }
    }

    fn provisional(&mut self, now: Moment, status: u16, message: &Incoming) {
        let Some(call) = self.find(&message.call_id).filter(|_| message.method == "INVITE") else {
            return;
        };
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        if dialog.state == CallState::Calling && status > 100 {
            dialog.state = CallState::Ringing;
        }
        if dialog.cancelled
            && !self
                .clients
                .iter()
                .any(|c| c.method == "CANCEL" && c.call_id == message.call_id)
        {
            return self.send_cancel(now, call);
        }
        let media = Description::read(&message.body_text());
        let early = media.is_some();
        if early {
            dialog.theirs = media;
        }
        if status > 100 {
            self.event(Event::Ringing(call, status));
        }
        if early {
            self.event(Event::EarlyMedia(call));
        }
    }

    fn invite_answered(&mut self, now: Moment, status: u16, message: &Incoming) {
        let Some(call) = self.find(&message.call_id) else {
            return;
        };
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let is_first = matches!(dialog.state, CallState::Calling | CallState::Ringing);
        match status {
            200..=299 => self.accepted(now, call, message),
            401 | 407 if is_first && !dialog.with_credentials => {
                dialog.with_credentials = true;
                let uri = dialog.request_uri.clone();
                match self.authorization(message, "INVITE", &uri) {
                    Some(line) => self.send_invite(now, call, Some(line)),
                    None => self.wrong("a challenge that cannot be read"),
                }
            }
            _ if is_first => {
                dialog.state = CallState::Over;
                dialog.final_status = Some(status);
                self.event(Event::Failed(call, status));
            }
            _ => self.event(Event::Answer(status)),
        }
    }

    fn accepted(&mut self, now: Moment, call: CallRef, message: &Incoming) {
        let (via, _) = self.via();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let is_first = matches!(dialog.state, CallState::Calling | CallState::Ringing);
        if is_first {
            if dialog.final_status.is_some() {
                return self.wrong("a second final response to an INVITE");
            }
            dialog.final_status = Some(200);
            dialog.remote.clone_from(&message.to);
            dialog.routes = message.record_routes.iter().rev().cloned().collect();
        }
        match &message.contact {
            Some(contact) => dialog.target.clone_from(contact),
            None => self
                .outputs
                .push_back(Output::Event(Event::Wrong("a 2xx without Contact".to_owned()))),
        }
        match Description::read(&message.body_text()) {
            Some(theirs) => dialog.theirs = Some(theirs),
            None if is_first && dialog.theirs.is_none() => {
                self.outputs
                    .push_back(Output::Event(Event::Wrong("a 2xx without SDP".to_owned())));
            }
            None => {}
        }
        let ack = with_body(dialog.head("ACK", message.cseq, &via), None);
        dialog.last_ack = Some(ack.clone());
        let gave_up = dialog.cancelled;
        if is_first {
            dialog.state = CallState::Up;
        }
        self.send(ack);
        if is_first && gave_up {
            // The answer crossed our CANCEL (RFC 3261 §15).
            self.bye(now, call);
        } else if is_first {
            self.event(Event::Answered(call));
        } else {
            self.event(Event::Answer(200));
        }
    }

    fn repeat_ack(&mut self, message: &Incoming) {
        if message.method == "INVITE"
            && let Some(call) = self.find(&message.call_id)
            && let Some(ack) = self.calls.get(&call).and_then(|dialog| dialog.last_ack.clone())
        {
            self.send(ack);
        }
    }
}

/// The ACK of a refusal repeats the INVITE's own first lines (RFC 3261 §17.1.1.3).
fn ack_for_refusal(invite: &str, message: &Incoming) -> String {
    let uri = invite.split_whitespace().nth(1).unwrap_or_default();
    let line = |name: &str| {
        invite
            .lines()
            .find(|line| line.starts_with(name))
            .map(|line| format!("{line}\r\n"))
            .unwrap_or_default()
    };
    format!(
        "ACK {uri} SIP/2.0\r\n{}Max-Forwards: 70\r\n{}{}To: {}\r\nCall-ID: {}\r\nCSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
        line("Via:"),
        line("Route:"),
        line("From:"),
        message.to,
        message.call_id,
        message.cseq
    )
}
