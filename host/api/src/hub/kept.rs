//! A trace as it is stored: the facts as they were reported. What they say in words is made when somebody reads
//! it, which few do; made when a call ends, it would cost as much as the whole call.
//!
//! postcard around: messages, the larger part, as they were on the wire; facts as JSON, because a newer version may know
//! others. LZ4 around that: messages of one call repeat each other, and the store's work is by the page.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use base::Moment;
use exchange::{Fact, Report};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::story::{SipStep, Step, Story, sentence};

/// What a simple call's trace takes.
const TYPICAL: usize = 16 << 10;

/// No trace that we wrote is larger: what claims to be is damaged.
const LARGEST: usize = 16 << 20;

/// What a simple fact takes.
const FACT: usize = 384;

/// A call's trace on its way to the store.
#[derive(Serialize)]
pub(super) struct Kept<'a> {
    call: u64,
    missing: u64,
    steps: Vec<KeptStep<'a>>,
}

#[derive(Serialize)]
struct KeptStep<'a> {
    at_us: u64,
    tenant: Option<&'a str>,
    leg: Option<u64>,
    session: Option<u64>,
    what: KeptFact<'a>,
}

#[derive(Serialize)]
enum KeptFact<'a> {
    Message(KeptMessage<'a>),
    /// JSON.
    Fact(Raw<Vec<u8>>),
}

#[derive(Serialize)]
struct KeptMessage<'a> {
    sent: bool,
    tcp: bool,
    local: SocketAddr,
    remote: SocketAddr,
    text: Raw<&'a [u8]>,
}

/// Bytes that are copied as a whole.
struct Raw<T>(T);

impl<'a> Kept<'a> {
    pub fn of(call: u64, reports: &'a [Arc<Report>], missing: u64) -> Self {
        let steps = reports.iter().map(|report| KeptStep::of(report)).collect();
        Self { call, missing, steps }
    }

    /// At most `most` bytes; none when it has more.
    pub fn print(&self, most: usize) -> Option<Vec<u8>> {
        let plain = postcard::to_extend(self, Vec::with_capacity(TYPICAL)).ok()?;
        (plain.len() <= most).then(|| lz4_flex::compress_prepend_size(&plain))
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Leaves out the second half, but for the end.
    pub fn halve(&mut self) {
        let end = self.steps.pop();
        let keep = self.steps.len() / 2;
        self.missing += (self.steps.len() - keep) as u64;
        self.steps.truncate(keep);
        self.steps.extend(end.filter(|_| keep > 0));
    }
}

impl<'a> KeptStep<'a> {
    fn of(report: &'a Report) -> Self {
        let what = match &report.fact {
            Fact::Sip(message) => KeptFact::Message(KeptMessage {
                sent: message.sent,
                tcp: message.path.transport == sip::endpoint::Transport::Tcp,
                local: message.path.local,
                remote: message.path.remote,
                text: Raw(&message.text),
            }),
            fact => {
                let mut json = Vec::with_capacity(FACT);
                if serde_json::to_writer(&mut json, fact).is_err() {
                    json.clear();
                }
                KeptFact::Fact(Raw(json))
            }
        };
        Self {
            at_us: report.at.as_micros(),
            tenant: report.tenant.as_deref(),
            leg: report.leg.map(|leg| leg.0),
            session: report.session.map(|session| session.0),
            what,
        }
    }
}

/// A stored trace, read.
#[derive(Deserialize)]
pub(super) struct Found {
    call: u64,
    missing: u64,
    steps: Vec<FoundStep>,
}

#[derive(Deserialize)]
struct FoundStep {
    at_us: u64,
    tenant: Option<String>,
    leg: Option<u64>,
    session: Option<u64>,
    what: FoundFact,
}

#[derive(Deserialize)]
enum FoundFact {
    Message(FoundMessage),
    Fact(Raw<Vec<u8>>),
}

#[derive(Deserialize)]
struct FoundMessage {
    sent: bool,
    tcp: bool,
    local: SocketAddr,
    remote: SocketAddr,
    text: Raw<Vec<u8>>,
}

impl Found {
    /// None when it is none of this version's.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (size, packed) = lz4_flex::block::uncompressed_size(bytes).ok()?;
        let plain = (size <= LARGEST).then(|| lz4_flex::decompress(packed, size))?;
        postcard::from_bytes(&plain.ok()?).ok()
    }

    /// When its last step was.
    pub fn ended(&self) -> Option<Moment> {
        self.steps.last().map(|step| Moment::from_micros(step.at_us))
    }

    pub fn tell(self) -> Story {
        let call = self.call;
        Story {
            call,
            live: false,
            steps: self.steps.into_iter().map(|step| step.tell(call)).collect(),
            missing: self.missing,
        }
    }
}

impl FoundStep {
    fn tell(self, call: u64) -> Step {
        let (kind, text, detail, sip) = match self.what {
            FoundFact::Message(message) => {
                let sip = message.tell();
                ("sip".to_owned(), sip.sentence(), Value::Null, Some(sip))
            }
            FoundFact::Fact(Raw(json)) => {
                let (kind, text, detail) = words(serde_json::from_slice(&json).unwrap_or_default());
                (kind, text, detail, None)
            }
        };
        Step {
            at_us: self.at_us,
            kind,
            tenant: self.tenant,
            call: Some(call),
            leg: self.leg,
            session: self.session,
            text,
            detail,
            sip,
        }
    }
}

impl FoundMessage {
    fn tell(self) -> SipStep {
        SipStep {
            sent: self.sent,
            transport: if self.tcp { "tcp" } else { "udp" }.to_owned(),
            local: self.local.to_string(),
            remote: self.remote.to_string(),
            summary: exchange::summary(&self.text.0),
            text: String::from_utf8_lossy(&self.text.0).into_owned(),
        }
    }
}

/// A fact's kind, sentence and content.
fn words(fact: Value) -> (String, String, Value) {
    let typed: Option<Fact> = Fact::deserialize(&fact).ok();
    let (kind, detail) = match fact {
        // One without content is its name alone.
        Value::String(name) => (name, Value::Null),
        Value::Object(named) => named.into_iter().next().unwrap_or_default(),
        _ => Default::default(),
    };
    let text = typed.map_or_else(|| kind.clone(), |fact| sentence(&fact));
    (kind, text, detail)
}

impl<T: AsRef<[u8]>> Serialize for Raw<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_ref())
    }
}

impl<'de> Deserialize<'de> for Raw<Vec<u8>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }

        deserializer.deserialize_bytes(Bytes).map(Raw)
    }
}
