//! A trace as it is stored: the facts as they were reported. What they say in words is made when somebody reads
//! it, which few do; made when a call ends, it would cost as much as the whole call.

use std::borrow::Cow;
use std::sync::Arc;

use exchange::{Fact, Report};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::story::{SipStep, Step, Story, sentence};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<&'a Fact>,
    /// Instead of the fact, when it is a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    sip: Option<KeptMessage<'a>>,
}

#[derive(Serialize)]
struct KeptMessage<'a> {
    sent: bool,
    tcp: bool,
    local: std::net::SocketAddr,
    remote: std::net::SocketAddr,
    summary: &'a str,
    text: Cow<'a, str>,
}

impl<'a> Kept<'a> {
    pub fn of(call: u64, reports: &'a [Arc<Report>], missing: u64) -> Self {
        let steps = reports.iter().map(|report| KeptStep::of(report)).collect();
        Self { call, missing, steps }
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
        let sip = match &report.fact {
            Fact::Sip(message) => Some(KeptMessage {
                sent: message.sent,
                tcp: message.path.transport == sip::endpoint::Transport::Tcp,
                local: message.path.local,
                remote: message.path.remote,
                summary: &message.summary,
                text: String::from_utf8_lossy(&message.text),
            }),
            _ => None,
        };
        Self {
            at_us: report.at.as_micros(),
            tenant: report.tenant.as_deref(),
            leg: report.leg.map(|leg| leg.0),
            session: report.session.map(|session| session.0),
            fact: Some(&report.fact).filter(|_| sip.is_none()),
            sip,
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
    /// As it is: a newer version may know other facts.
    #[serde(default)]
    fact: Value,
    sip: Option<FoundMessage>,
}

#[derive(Deserialize)]
struct FoundMessage {
    sent: bool,
    tcp: bool,
    local: String,
    remote: String,
    summary: String,
    text: String,
}

impl Found {
    /// When its last step was, in microseconds since the epoch.
    pub fn ended_us(&self) -> Option<u64> {
        self.steps.last().map(|step| step.at_us)
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
        let sip = self.sip.map(|message| SipStep {
            sent: message.sent,
            transport: if message.tcp { "tcp" } else { "udp" }.to_owned(),
            local: message.local,
            remote: message.remote,
            summary: message.summary,
            text: message.text,
        });
        let (kind, text, detail) = match &sip {
            Some(sip) => ("sip".to_owned(), sip.sentence(), Value::Null),
            None => words(self.fact),
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
