//! A trace as it is kept: the facts as they were reported, printed at once, because a report's memory is in the processor's cache
//! then, and for two seconds after a call's end is not needed any more. What they say in words is made when somebody reads
//! it, which few do; made when a call ends, it would cost as much as the whole call.
//!
//! postcard around: messages, the larger part, as they were on the wire; facts as JSON, because a newer version may know
//! others. LZ4 around that in the store: messages of one call repeat each other, and the store's work is by the page. It is
//! packed soon after the call's end, and not only when it is stored: by then it would have left the processor's cache.

use std::fmt;
use std::net::SocketAddr;

use base::Moment;
use exchange::{Fact, Report};
use postcard::ser_flavors::Flavor;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::story::{SipStep, Step, Story, detail, sentence};

/// Bytes of a trace before it is packed. A document may have 4 MiB.
const MOST: usize = 3 << 20;

/// No trace that we wrote is larger: what claims to be is damaged.
const LARGEST: usize = 16 << 20;

/// Room for the first steps. A plain call's take about twice this.
const FIRST: usize = 4 << 10;

/// A call's trace, which grows. Printed it is the call's number, how many steps are missing, and the steps.
#[derive(Default)]
pub(super) struct Kept {
    steps: Vec<u8>,
    /// All of it, once nothing more was expected; then there are no `steps`.
    packed: Option<Vec<u8>>,
    count: usize,
    missing: u64,
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
    Fact(Raw<&'a [u8]>),
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

/// Prints behind what is there already.
struct Behind<'a>(&'a mut Vec<u8>);

impl Kept {
    /// Adds a step, if there is room for it or it is the call's end. `room` is for work in between; what is in it is overwritten.
    pub fn add(&mut self, report: &Report, room: &mut Vec<u8>) {
        self.reopen();
        if self.steps.capacity() == 0 {
            self.steps.reserve(FIRST);
        }
        let before = self.steps.len();
        let last = matches!(report.fact, Fact::CallEnded(_));
        let printed = KeptStep::of(report, room).print(&mut self.steps);
        if printed.is_ok() && (self.steps.len() <= MOST || last) {
            self.count += 1;
        } else {
            self.steps.truncate(before);
            self.missing += 1;
        }
    }

    /// Counts a step that is left out.
    pub fn miss(&mut self) {
        self.reopen();
        self.missing += 1;
    }

    /// How many steps it has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// All of it, as [`Found::read`] takes it.
    pub fn print(&self, call: u64) -> Option<Vec<u8>> {
        if let Some(packed) = &self.packed {
            return unpacked(packed);
        }
        let printed = Vec::with_capacity(self.steps.len() + 32);
        let mut printed = postcard::to_extend(&(call, self.missing, self.count), printed).ok()?;
        printed.extend_from_slice(&self.steps);
        Some(printed)
    }

    /// Nothing more is expected. Whatever comes all the same has it all unpacked again.
    pub fn settle(&mut self, call: u64) {
        if self.packed.is_none() {
            self.packed = self.print(call).map(|printed| pack(&printed));
            self.steps = Vec::new();
        }
    }

    fn reopen(&mut self) {
        let Some(printed) = self.packed.take().and_then(|packed| unpacked(&packed)) else {
            return;
        };
        if let Ok((_, steps)) = postcard::take_from_bytes::<(u64, u64, usize)>(&printed) {
            self.steps = steps.to_vec();
        }
    }

    /// All of it, as [`Found::unpack`] takes it.
    pub fn pack(self, call: u64) -> Option<Vec<u8>> {
        match self.packed {
            Some(packed) => Some(packed),
            None => Some(pack(&self.print(call)?)),
        }
    }
}

impl<'a> KeptStep<'a> {
    fn of(report: &'a Report, room: &'a mut Vec<u8>) -> Self {
        let what = match &report.fact {
            Fact::Sip(message) => KeptFact::Message(KeptMessage {
                sent: message.sent,
                tcp: message.path.transport == sip::endpoint::Transport::Tcp,
                local: message.path.local,
                remote: message.path.remote,
                text: Raw(&message.text),
            }),
            fact => {
                room.clear();
                if serde_json::to_writer(&mut *room, fact).is_err() {
                    room.clear();
                }
                KeptFact::Fact(Raw(room))
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

    fn print(&self, into: &mut Vec<u8>) -> postcard::Result<()> {
        postcard::serialize_with_flavor(self, Behind(into))
    }
}

impl Flavor for Behind<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

fn pack(printed: &[u8]) -> Vec<u8> {
    lz4_flex::compress_prepend_size(printed)
}

fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let (size, packed) = lz4_flex::block::uncompressed_size(bytes).ok()?;
    (size <= LARGEST)
        .then(|| lz4_flex::decompress(packed, size))?
        .ok()
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
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        Self::read(&unpacked(bytes)?)
    }

    /// None when it is none of this version's.
    pub fn read(printed: &[u8]) -> Option<Self> {
        postcard::from_bytes(printed).ok()
    }

    /// When its last step was.
    pub fn ended(&self) -> Option<Moment> {
        self.steps.last().map(|step| Moment::from_micros(step.at_us))
    }

    /// Whether its call is still going on is not in it.
    pub fn tell(self, live: bool) -> Story {
        let call = self.call;
        Story {
            call,
            live,
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
    let (kind, content) = match fact {
        // One without content is its name alone.
        Value::String(name) => (name, Value::Null),
        Value::Object(named) => named.into_iter().next().unwrap_or_default(),
        _ => Default::default(),
    };
    match typed {
        Some(fact @ Fact::Figures { .. }) => (kind, sentence(&fact), detail(&fact)),
        Some(fact) => (kind, sentence(&fact), content),
        None => (kind.clone(), kind, content),
    }
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
