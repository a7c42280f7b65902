//! One endpoint and a scripted peer, in virtual time. A test says what the peer sends and what it then sees, in
//! the order of a ladder diagram.

use std::collections::VecDeque;
use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use cordboard_sip::endpoint::{
    Body, CommandError, Config, ConnectionId, Ending, Endpoint, Event, ExtraHeaders, Failure, Invite, Output,
    Packet, Path, Reply, Transport, UsageId,
};
use cordboard_sip::{Message, Name, Request, Response, Uri};

pub const US: &str = "192.0.2.1:5060";
pub const PEER: &str = "192.0.2.9:5060";
pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nt=0 0\r\n";
pub const ANSWER: &str = "v=0\r\no=- 2 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

pub struct Ladder {
    pub now: Moment,
    pub endpoint: Endpoint,
    pub path: Path,
    sent: VecDeque<(Moment, Path, Bytes)>,
    events: VecDeque<Event>,
    pub closed: Vec<ConnectionId>,
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap()
}

pub fn config() -> Config {
    Config {
        addresses: vec![US.parse().unwrap()],
        ..Config::default()
    }
}

impl Ladder {
    pub fn new() -> Self {
        Self::with(config(), Transport::Udp)
    }

    pub fn over_tcp() -> Self {
        Self::with(config(), Transport::Tcp)
    }

    pub fn with(config: Config, transport: Transport) -> Self {
        let connection = (transport == Transport::Tcp).then_some(ConnectionId(1));
        let (local, remote) = (US.parse().unwrap(), PEER.parse().unwrap());
        let mut ladder = Self {
            now: Moment::from_secs(1_000),
            endpoint: Endpoint::new(config, Random::from_seed(7)),
            path: Path {
                transport,
                local,
                remote,
                connection,
            },
            sent: VecDeque::new(),
            events: VecDeque::new(),
            closed: vec![],
        };
        // A keep-alive: the peer's connection is there.
        ladder.receive("\r\n\r\n");
        ladder
    }

    // ---- what goes in ------------------------------------------------------------------------

    /// The peer sends this.
    pub fn receive(&mut self, message: impl Into<Bytes>) -> &mut Self {
        let packet = Packet {
            path: self.path,
            bytes: message.into(),
        };
        self.endpoint.receive(self.now, packet);
        self.drain();
        self
    }

    /// Commands, by way of a closure that gets the moment.
    pub fn tell<R>(&mut self, act: impl FnOnce(&mut Endpoint, Moment) -> R) -> R {
        let result = act(&mut self.endpoint, self.now);
        self.drain();
        result
    }

    /// Time passes; timers run when they are due.
    pub fn wait(&mut self, length: Duration) -> &mut Self {
        let end = self.now + length;
        while let Some(next) = self.endpoint.next_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.endpoint.timeout(self.now);
            self.drain();
        }
        self.now = end;
        self
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Send { path, bytes } => self.sent.push_back((self.now, path, bytes)),
                Output::Event(event) => self.events.push_back(event),
                Output::Close { connection } => self.closed.push(connection),
            }
        }
    }

    // ---- what comes out ----------------------------------------------------------------------

    /// The next message sent, with its moment and path.
    pub fn sent(&mut self) -> (Moment, Path, Message) {
        let (at, path, bytes) = self.sent.pop_front().expect("something should have been sent");
        (at, path, Message::parse(bytes).expect("what we send is valid"))
    }

    /// The next message sent must be a request of that method.
    pub fn sends(&mut self, method: &str) -> Request {
        match self.sent().2 {
            Message::Request(request) if request.method.as_str() == method => request,
            other => panic!("{method} should have been sent, not {}", summary(&other)),
        }
    }

    /// The next message sent must be a response with that status.
    pub fn answers(&mut self, status: u16) -> Response {
        match self.sent().2 {
            Message::Response(response) if response.status.code() == status => response,
            other => panic!("{status} should have been sent, not {}", summary(&other)),
        }
    }

    pub fn is_silent(&mut self) -> &mut Self {
        if let Some((_, _, bytes)) = self.sent.front() {
            panic!(
                "nothing should have been sent, not {}",
                summary(&Message::parse(bytes.clone()).unwrap())
            );
        }
        self
    }

    /// Moments in milliseconds since `start` of everything sent, which must all be the same kind.
    pub fn sent_times(&mut self, start: Moment, what: &str) -> Vec<u128> {
        let sent: Vec<_> = self.sent.drain(..).collect();
        let times = sent.into_iter().map(|(at, _, bytes)| {
            assert_eq!(summary(&Message::parse(bytes).unwrap()), what);
            at.since(start).as_millis()
        });
        times.collect()
    }

    /// The start line of the next message sent, if there is one. An answer to nonsense may copy nonsense.
    pub fn try_sent(&mut self) -> Option<String> {
        let (_, _, bytes) = self.sent.pop_front()?;
        let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        Some(String::from_utf8_lossy(line).into_owned())
    }

    pub fn try_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whatever has been sent is of no interest.
    pub fn forget_sent(&mut self) {
        self.sent.clear();
    }

    pub fn event(&mut self) -> Event {
        self.events.pop_front().expect("there should have been an event")
    }

    pub fn no_event(&mut self) -> &mut Self {
        assert!(
            self.events.is_empty(),
            "there should have been no event: {:?}",
            self.events
        );
        self
    }

    /// Nothing sent, nothing told, nothing kept.
    pub fn is_at_rest(&mut self) {
        self.is_silent().no_event();
        assert_eq!(self.endpoint.live_usages(), 0, "a call is left over");
    }

    // ---- whole steps -------------------------------------------------------------------------

    /// The peer calls; the endpoint tells us.
    pub fn invited(&mut self, invite: &str) -> UsageId {
        self.receive(invite.to_owned());
        match self.event() {
            Event::Invited { usage, .. } => usage,
            other => panic!("{other:?}"),
        }
    }

    /// The peer calls and is answered; its ACK is still to come. Returns our To tag.
    pub fn answered(&mut self, peer: &Peer) -> (UsageId, String) {
        let usage = self.invited(&peer.invite(OFFER));
        self.tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
            .unwrap();
        let tag = to_tag(&self.answers(200));
        (usage, tag)
    }

    /// The peer calls and is answered; its ACK has come. Returns our To tag.
    pub fn established_as_callee(&mut self) -> (UsageId, String) {
        let peer = Peer::default();
        let (usage, tag) = self.answered(&peer);
        self.receive(peer.in_dialog("ACK", 1, &tag, "", ""));
        assert!(matches!(self.event(), Event::Confirmed { .. }));
        (usage, tag)
    }

    pub fn call(&self) -> Invite {
        let me = uri("sip:100@192.0.2.1");
        Invite::new(uri("sip:201@192.0.2.9"), self.path, me, uri("sip:201@192.0.2.9")).offer(OFFER)
    }

    /// We call the peer; the INVITE is out.
    pub fn calling(&mut self) -> (UsageId, Request) {
        let invite = self.call();
        let usage = self.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
        (usage, self.sends("INVITE"))
    }

    /// We call the peer and it has answered.
    pub fn established_as_caller(&mut self) -> (UsageId, Request) {
        let (usage, invite) = self.calling();
        self.receive(response(&invite, 200, "p1", CONTACT_AND_ALL, ANSWER));
        self.sends("ACK");
        assert!(matches!(self.event(), Event::Accepted { .. }));
        (usage, invite)
    }

    pub fn reinvite(&mut self, usage: UsageId) -> Result<(), CommandError> {
        let offer = Some(Body::sdp(OFFER));
        self.tell(|endpoint, now| endpoint.reinvite(now, usage, offer, ExtraHeaders::new()))
    }

    pub fn bye(&mut self, usage: UsageId) -> Result<(), CommandError> {
        self.tell(|endpoint, now| endpoint.bye(now, usage, ExtraHeaders::new()))
    }
}

pub const CONTACT: &str = "Contact: <sip:201@192.0.2.9:5060>\r\n";
pub const CONTACT_AND_ALL: &str = "Contact: <sip:201@192.0.2.9:5060>\r\nAllow: INVITE, ACK, CANCEL, BYE, UPDATE\r\n\
     Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n";

/// A peer that calls us, as far as its messages go.
pub struct Peer {
    pub call_id: &'static str,
    pub from: &'static str,
    pub contact: &'static str,
    pub branch: &'static str,
    pub headers: &'static str,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            call_id: "c1",
            from: "<sip:201@peer.example>;tag=p1",
            contact: "<sip:201@192.0.2.9:5060>",
            branch: "z9hG4bKinvite",
            headers: "",
        }
    }
}

impl Peer {
    pub fn invite(&self, body: &str) -> String {
        let headers = format!(
            "Contact: {}\r\nMax-Forwards: 70\r\n{}",
            self.contact, self.headers
        );
        self.message("INVITE", 1, "", self.branch, &headers, body)
    }

    /// SUBSCRIBE outside of any dialog.
    pub fn subscribe(&self) -> String {
        let headers = format!(
            "Contact: {}\r\nMax-Forwards: 70\r\n{}",
            self.contact, self.headers
        );
        self.message("SUBSCRIBE", 1, "", self.branch, &headers, "")
    }

    /// SUBSCRIBE in the dialog, with these headers instead of the first one's.
    pub fn resubscribe(&self, cseq: u32, to_tag: &str, headers: &str) -> String {
        self.in_dialog("SUBSCRIBE", cseq, to_tag, headers, "")
    }

    pub fn cancel(&self) -> String {
        self.message("CANCEL", 1, "", self.branch, "Max-Forwards: 70\r\n", "")
    }

    /// The ACK for a failure: on the INVITE's branch.
    pub fn ack(&self, to_tag: &str) -> String {
        self.message("ACK", 1, to_tag, self.branch, "Max-Forwards: 70\r\n", "")
    }

    /// Any request in the dialog, on a branch of its own.
    pub fn in_dialog(&self, method: &str, cseq: u32, to_tag: &str, headers: &str, body: &str) -> String {
        let branch = format!("z9hG4bK{method}{cseq}");
        let headers = format!("Contact: {}\r\nMax-Forwards: 70\r\n{headers}", self.contact);
        self.message(method, cseq, to_tag, &branch, &headers, body)
    }

    fn message(
        &self,
        method: &str,
        cseq: u32,
        to_tag: &str,
        branch: &str,
        headers: &str,
        body: &str,
    ) -> String {
        let to_tag = if to_tag.is_empty() {
            String::new()
        } else {
            format!(";tag={to_tag}")
        };
        let kind = if body.is_empty() || headers.contains("Content-Type") {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} sip:300@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch={branch};rport\r\n\
             From: {}\r\nTo: <sip:300@us.example>{to_tag}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             {headers}{kind}Content-Length: {}\r\n\r\n{body}",
            self.from,
            self.call_id,
            body.len(),
        )
    }
}

/// What the peer answers to a request of ours.
pub fn response(request: &Request, status: u16, tag: &str, headers: &str, body: &str) -> String {
    let get = |name| request.headers.get(name).unwrap_or_default();
    let to = get(Name::To);
    let tag = if tag.is_empty() || to.contains(";tag=") {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "SIP/2.0 {status} Whatever\r\nVia: {}\r\nFrom: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         {headers}{kind}Content-Length: {}\r\n\r\n{body}",
        get(Name::Via),
        get(Name::From),
        get(Name::CallId),
        get(Name::CSeq),
        body.len(),
    )
}

/// A request of the peer's in a dialog that we called into being by `invite`, to which it answered with `tag`.
pub fn from_callee(
    invite: &Request,
    method: &str,
    cseq: u32,
    tag: &str,
    headers: &str,
    body: &str,
) -> String {
    let get = |name| invite.headers.get(name).unwrap_or_default();
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "{method} sip:100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{method}{cseq}{tag}\r\n\
         From: {};tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n{CONTACT}\
         {headers}{kind}Content-Length: {}\r\n\r\n{body}",
        get(Name::To),
        get(Name::From),
        get(Name::CallId),
        body.len(),
    )
}

pub fn to_tag(response: &Response) -> String {
    response.headers.to().unwrap().tag().unwrap().to_owned()
}

fn summary(message: &Message) -> String {
    match message {
        Message::Request(request) => request.method.to_string(),
        Message::Response(response) => {
            let cseq = response.headers.cseq().unwrap();
            format!("{} to {}", response.status, cseq.method)
        }
    }
}

/// Whether a response lists `token` in that header.
pub fn lists(message: &Response, name: Name, token: &str) -> bool {
    message.headers.lists(name, token)
}

/// How the usage ended.
pub fn ended(event: Event) -> Ending {
    match event {
        Event::Ended { ending, .. } => ending,
        other => panic!("{other:?}"),
    }
}

/// What came of our change of the session.
pub fn result(event: Event) -> Result<Option<Body>, Failure> {
    match event {
        Event::Renegotiated { result, .. } => result.map(|done| done.body),
        other => panic!("{other:?}"),
    }
}
