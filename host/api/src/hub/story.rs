//! A call's story: what `why` prints.

use exchange::{Fact, Report, SipMessage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What happened in a call, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Story {
    pub call: u64,
    /// It is still going on.
    pub live: bool,
    pub steps: Vec<Step>,
    /// Steps left out because the call had too many.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub missing: u64,
}

/// One step of a [`Story`], and one event of the event stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub at_us: u64,
    /// What happened: `sip`, `call-started`, `decided`, …
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// The step in words, for people.
    pub text: String,
    /// The step's facts, for programs.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
    /// The message, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip: Option<SipStep>,
}

/// A SIP message and its way: one rung of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SipStep {
    pub sent: bool,
    pub transport: String,
    pub local: String,
    pub remote: String,
    /// `INVITE`, `200 OK (INVITE)`.
    pub summary: String,
    /// The whole message. What is not UTF-8 in it is replaced.
    pub text: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_nought(number: &u64) -> bool {
    *number == 0
}

impl Step {
    /// The step that a report tells of.
    pub fn of(report: &Report) -> Self {
        let sip = match &report.fact {
            Fact::Sip(message) => Some(SipStep::of(message)),
            _ => None,
        };
        Self {
            at_us: report.at.as_micros(),
            kind: report.fact.name().to_owned(),
            tenant: report.tenant.as_deref().map(ToOwned::to_owned),
            call: report.call.map(|call| call.0),
            leg: report.leg.map(|leg| leg.0),
            session: report.session.map(|session| session.0),
            text: sip
                .as_ref()
                .map_or_else(|| sentence(&report.fact), SipStep::sentence),
            detail: match &report.fact {
                Fact::Sip(_) => Value::Null,
                fact => detail(fact),
            },
            sip,
        }
    }
}

impl SipStep {
    fn of(message: &SipMessage) -> Self {
        Self {
            sent: message.sent,
            transport: format!("{:?}", message.path.transport).to_ascii_lowercase(),
            local: message.path.local.to_string(),
            remote: message.path.remote.to_string(),
            summary: message.summary(),
            text: String::from_utf8_lossy(&message.text).into_owned(),
        }
    }

    pub(super) fn sentence(&self) -> String {
        let arrow = if self.sent { "──▶" } else { "◀──" };
        format!("{arrow} {} {}", self.remote, self.summary)
    }
}

/// The content of a fact without its name.
pub(super) fn detail(fact: &Fact) -> Value {
    if let Fact::Figures {
        behaviour,
        number,
        json,
    } = fact
    {
        // A behaviour's own JSON, which nobody has read yet.
        let figures: Value = serde_json::from_str(json).unwrap_or_default();
        return serde_json::json!({ "behaviour": behaviour, "number": number, "figures": figures });
    }
    match serde_json::to_value(fact) {
        Ok(Value::Object(named)) => named
            .into_iter()
            .next()
            .map_or(Value::Null, |(_, content)| content),
        _ => Value::Null,
    }
}

pub(super) fn sentence(fact: &Fact) -> String {
    match fact {
        Fact::Sip(message) => message.summary(),
        Fact::CallStarted { caller, called, .. } => format!("{} calls {}", caller.reveal(), called.reveal()),
        Fact::CallEnded(cdr) => format!("the call ended: {}", cdr.cause),
        Fact::LegStarted {
            line,
            device,
            trunk,
            number,
            ..
        } => {
            let party = line
                .as_deref()
                .or(device.as_deref())
                .or(trunk.as_deref())
                .unwrap_or("unknown");
            format!("a leg to {party} ({})", number.reveal())
        }
        Fact::LegRinging => "rings".to_owned(),
        Fact::LegAnswered => "answered".to_owned(),
        Fact::Bridged { with } => format!("hears {with}"),
        Fact::Unbridged => "is parted".to_owned(),
        Fact::Held(true) => "put us on hold".to_owned(),
        Fact::Held(false) => "took us back from hold".to_owned(),
        Fact::LegEnded(cause) => format!("ended: {cause}"),
        Fact::SessionStarted {
            behaviour, number, ..
        } => {
            format!("{behaviour} starts a session for {}", number.reveal())
        }
        Fact::Offered {
            behaviour,
            number,
            hops,
        } => {
            format!(
                "{behaviour} is offered the call to {} (hop {hops})",
                number.reveal()
            )
        }
        Fact::GivenBack(cause) => format!("custody goes back: {cause}"),
        Fact::Asked {
            behaviour,
            version,
            task,
            ..
        } => format!("{behaviour} {version} is told: {}", first_word(task)),
        Fact::Decided {
            commands,
            record,
            took,
            ..
        } => {
            let mut words: Vec<_> = record
                .explanations
                .iter()
                .map(|said| said.sentence.clone())
                .collect();
            words.push(match commands.as_slice() {
                [] => "does nothing".to_owned(),
                commands => commands.iter().map(first_word).collect::<Vec<_>>().join(", "),
            });
            format!("{} ({} µs)", words.join("; "), took.as_micros())
        }
        Fact::NotDecided { failure, .. } => format!("decided nothing: {failure}"),
        Fact::LateDecision { .. } => "answered too late".to_owned(),
        Fact::Outcome { tag, kind } => format!("outcome of {tag}: {}", first_word(kind)),
        Fact::Dropped { command, why } => format!("{} was dropped: {why}", first_word(command)),
        Fact::Ladder {
            rung, why, module, ..
        } => {
            let module = module.map_or_else(String::new, |module| format!(" (module {module:?})"));
            format!("falls back to {}: {why}{module}", first_word(rung))
        }
        Fact::Swapped { accepted: true, .. } => "goes on with the new version".to_owned(),
        Fact::Swapped { accepted: false, .. } => "stays with its version".to_owned(),
        Fact::SessionEnded => "the session ended".to_owned(),
        Fact::Because { sentence, .. } => sentence.clone(),
        Fact::Registration { device, contacts, .. } => format!("{device} has {contacts} contacts"),
        Fact::Line {
            line,
            registered,
            calls,
        } => {
            let state = if *registered {
                "registered"
            } else {
                "not registered"
            };
            format!("line {line}: {state}, {calls} calls")
        }
        Fact::Figures {
            behaviour, number, ..
        } => format!("figures of {behaviour} of {}", number.reveal()),
        Fact::Screen {
            line,
            page: Some(page),
            ..
        } => format!("the displays of {line} show \"{}\"", page.title),
        Fact::Screen { line, page: None, .. } => format!("the page on the displays of {line} is over"),
        Fact::Intercepted {
            number,
            verdict,
            to,
            why,
            ..
        } => {
            let to = to
                .as_ref()
                .map(|to| format!(" to {}", to.reveal()))
                .unwrap_or_default();
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(": {why}")
            };
            format!(
                "the other exchange was told about {}: {verdict}{to}{why}",
                number.reveal()
            )
        }
        Fact::Trunk { trunk, up, why } => {
            format!("trunk {trunk} is {}: {why}", if *up { "up" } else { "down" })
        }
        Fact::LineElsewhere {
            line,
            trunk,
            known: true,
            ..
        } => format!("the exchange behind {trunk} tells how line {line} is"),
        Fact::LineElsewhere { line, trunk, why, .. } => {
            format!("how line {line} is at the exchange behind {trunk} is not known: {why}")
        }
        Fact::Refused {
            account,
            from,
            status,
        } => format!("{} from {from} was refused: {status}", account.reveal()),
        other => other.name().to_owned(),
    }
}

/// The name of an enum's variant as JSON has it, after the common wrappers: `dial`, `call-offered`.
fn first_word(value: &impl Serialize) -> String {
    let mut json = serde_json::to_value(value).unwrap_or_default();
    let mut word = String::new();
    loop {
        match json {
            Value::String(name) => return name,
            Value::Object(named) if named.len() == 1 => match named.into_iter().next() {
                Some((name, content)) => {
                    let wrapper = name == "handle";
                    word = name;
                    json = content;
                    if !wrapper {
                        return word;
                    }
                }
                None => return word,
            },
            _ => return word,
        }
    }
}
