//! An exchange under load: a trunk calls a number, a native behaviour dials outside, another trunk answers.
//!
//! Peers are as cheap as can be: they cut lines out of messages and paste them into answers.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use contract::{
    Command, Decided, Decision, DialOptions, Event, Invocation, Manifest, ModuleDigest, Record, SessionScope,
    Spent, Stage, Target, Task,
};
use cordboard_exchange::directory::{Behaviour, Binding, DialPlan, Document, Number, Settings, Tenant};
use cordboard_exchange::{Config, Exchange, Input, MediaConfig, Output};
use serde_json::json;
use sip::endpoint::{Packet, Path};

use self::stored::stored;

#[path = "../stored/mod.rs"]
mod stored;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

/// The exchange, and what its peers have to know.
pub struct Rig {
    pub exchange: Exchange,
    now: Moment,
    caller: SocketAddr,
    callee: SocketAddr,
    server: SocketAddr,
    calls: u64,
    inbox: VecDeque<Input>,
}

/// A call from the caller's side.
#[derive(Clone, Debug)]
pub struct Call {
    number: u64,
    /// Our tag for the exchange and its Contact, out of the 200.
    to: String,
    contact: String,
}

impl Rig {
    pub fn new() -> Self {
        let server = SocketAddr::from(([192, 0, 2, 1], 5060));
        let addresses: Vec<IpAddr> = (1..=8).map(|host| IpAddr::from([198, 51, 100, host])).collect();
        let mut config = Config {
            sources: vec![Path::udp(server, server)],
            media: MediaConfig {
                v4: addresses.first().copied(),
                more: addresses.get(1..).unwrap_or_default().to_vec(),
                ports: 10_000..=60_000,
                ..MediaConfig::default()
            },
            report_messages: false,
            ..Config::default()
        };
        config.sip.addresses = vec![server];
        config.sip.limits.usages = 400_000;
        let mut rig = Self {
            exchange: Exchange::new(config, Random::from_seed(1)),
            now: Moment::from_secs(1_767_000_000),
            caller: SocketAddr::from(([192, 0, 2, 50], 5060)),
            callee: SocketAddr::from(([192, 0, 2, 51], 5060)),
            server,
            calls: 0,
            inbox: VecDeque::new(),
        };
        rig.exchange.restore(rig.now, documents());
        rig.run();
        rig
    }

    /// With so many calls up, and every transaction of theirs over.
    pub fn with_live(live: usize) -> Self {
        let mut rig = Self::new();
        for _ in 0..live {
            rig.set_up();
        }
        rig.pass(Duration::from_secs(40));
        rig
    }

    /// INVITE, behaviour, INVITE, 200, 200, ACK.
    pub fn set_up(&mut self) -> Call {
        self.calls += 1;
        let number = self.calls;
        let mut call = Call {
            number,
            to: "<sip:+33123456789@acme.example>".into(),
            contact: "sip:+33123456789@acme.example".into(),
        };
        self.caller_sends(&call, "INVITE", 1, SDP);
        let answer = self
            .run()
            .unwrap_or_else(|| panic!("call {number} was not answered"));
        call.to = field(&answer, "To");
        call.contact = field(&answer, "Contact").trim_matches(['<', '>']).to_owned();
        self.caller_sends(&call, "ACK", 1, "");
        self.run();
        call
    }

    /// BYE, both ways.
    pub fn tear_down(&mut self, call: &Call) {
        self.caller_sends(call, "BYE", 2, "");
        self.run();
    }

    /// Lets time pass, with whatever falls due.
    pub fn pass(&mut self, length: Duration) {
        let until = self.now + length;
        while let Some(at) = self.exchange.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.exchange.handle(self.now, Input::Timeout);
            self.run();
        }
        self.now = until;
    }

    fn caller_sends(&mut self, call: &Call, method: &str, cseq: u32, body: &str) {
        let Call { number, to, contact } = call;
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "{method} {contact} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK{method}{number};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+33611223344@acme.example>;tag=c{number}\r\nTo: {to}\r\n\
             Call-ID: {number}@192.0.2.50\r\nCSeq: {cseq} {method}\r\nContact: <sip:192.0.2.50:5060>\r\n\
             {kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let packet = Packet {
            path: Path::udp(self.server, self.caller),
            bytes: text.into(),
        };
        self.inbox.push_back(Input::Packet(packet));
    }

    /// Until nothing is left to do; the 200 to the caller's INVITE, if one came.
    fn run(&mut self) -> Option<Bytes> {
        let mut answer = None;
        loop {
            while let Some(output) = self.exchange.poll() {
                match output {
                    Output::Transmit { path, bytes } if path.remote == self.callee => {
                        self.callee_answers(&bytes)
                    }
                    Output::Transmit { bytes, .. } if is_answer(&bytes) => answer = Some(bytes),
                    Output::Transmit { path, bytes } if bytes.starts_with(b"BYE") => {
                        self.respond(path.remote, &bytes, "");
                    }
                    Output::Invoke(invocation) => self.inbox.push_back(Input::Decision(decide(&invocation))),
                    Output::Media(media::Command::Close { port }) => {
                        self.inbox.push_back(Input::Media(media::Event::Stats {
                            port,
                            stats: media::Stats::default(),
                        }));
                    }
                    _ => {}
                }
            }
            let Some(input) = self.inbox.pop_front() else {
                return answer;
            };
            self.exchange.handle(self.now, input);
        }
    }

    fn callee_answers(&mut self, bytes: &Bytes) {
        if bytes.starts_with(b"INVITE") {
            self.respond(self.callee, bytes, SDP);
        } else if bytes.starts_with(b"BYE") {
            self.respond(self.callee, bytes, "");
        }
    }

    fn respond(&mut self, from: SocketAddr, request: &Bytes, body: &str) {
        let text = std::str::from_utf8(request).unwrap_or_default();
        let copied: String = text
            .split("\r\n")
            .filter(|line| {
                ["Via:", "From:", "Call-ID:", "CSeq:"]
                    .iter()
                    .any(|name| line.starts_with(name))
            })
            .map(|line| format!("{line}\r\n"))
            .collect();
        let to = field(request, "To");
        let tag = if to.contains(";tag=") { "" } else { ";tag=b" };
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "SIP/2.0 200 OK\r\n{copied}To: {to}{tag}\r\nContact: <sip:{from}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let packet = Packet {
            path: Path::udp(self.server, from),
            bytes: text.into(),
        };
        self.inbox.push_back(Input::Packet(packet));
    }
}

/// 200 to an INVITE.
fn is_answer(message: &Bytes) -> bool {
    message.starts_with(b"SIP/2.0 200") && field(message, "CSeq").ends_with("INVITE")
}

fn field(message: &Bytes, name: &str) -> String {
    let text = std::str::from_utf8(message).unwrap_or_default();
    let value = text
        .split("\r\n")
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_default().to_owned()
}

/// Dials outside when a call is offered; nothing else.
fn decide(invocation: &Invocation) -> Decision {
    let commands = match &invocation.task {
        Task::Handle(Event::CallOffered(offer)) => vec![Command::Dial {
            tag: 1,
            caller: Some(offer.leg),
            stages: vec![Stage {
                targets: vec![Target::Outside {
                    number: "+33612345678".into(),
                    trunk: Some("out".into()),
                }],
                ring_for: 20_000,
            }],
            options: DialOptions::default(),
        }],
        _ => Vec::new(),
    };
    Decision {
        ask: invocation.ask,
        result: Ok(Decided {
            state: vec![0; 32],
            commands,
        }),
        record: Record::default(),
        spent: Spent::default(),
    }
}

fn documents() -> Vec<(String, Bytes)> {
    let mut tenant = Tenant::new("acme", "Acme", "acme.example");
    tenant.realm = "acme.example".into();
    tenant.limits.calls = 1_000_000;
    tenant.limits.sessions = 1_000_000;
    let trunk = |id: &str, host: u8| {
        let trunk = json!({
            "id": id,
            "access": { "address": { "networks": [format!("192.0.2.{host}")] } },
            "outbound": format!("sip:192.0.2.{host}:5060"),
        });
        Document::Trunk(serde_json::from_value(trunk).unwrap_or_else(|error| panic!("{error}")))
    };
    let behaviour = Behaviour {
        name: "through".into(),
        active: ModuleDigest([1; 32]),
        manifest: Manifest {
            name: "through".into(),
            version: "1.0.0".into(),
            summary: String::new(),
            settings_schema: r#"{"type":"object"}"#.into(),
            scope: SessionScope::PerCall,
            interests: contract::Interests::default(),
            schedules: vec![],
            imports: vec!["trunk".into()],
        },
        settings: Settings::default(),
        history: vec![],
        candidate: None,
        drain: None,
        audit: vec![],
    };
    let number = Number {
        id: "+33123456789".into(),
        name: String::new(),
        site: None,
        behaviours: vec![Binding::plain("through")],
        line: None,
    };
    let documents = [
        Document::Tenant(tenant),
        Document::DialPlan(DialPlan::standard()),
        trunk("in", 50),
        trunk("out", 51),
        Document::Behaviour(behaviour),
        Document::Number(number),
    ];
    documents.into_iter().map(stored).collect()
}
