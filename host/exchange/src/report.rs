//! Facts for people: traces, detail records, metrics, server-sent events.
//!
//! Reports never feed back: an exchange whose reports are thrown away behaves the same. Numbers and
//! names are [`Pii`].

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base::{Moment, Pii};
use bytes::Bytes;
use contract::{
    AskId, Cause, Command, Explanation, Failure, HeldLeg, LegId, ModuleDigest, OutcomeKind, Record,
    SessionId, Spent, Tag, Task,
};
use serde::Serialize;
use sip::endpoint::Path;

use crate::directory::Audit;
use crate::ids::CallId;

/// One fact and what it is about.
///
/// Printing it with `Debug` shows the kind only: events and commands hold numbers.
#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    pub at: Moment,
    /// The tenant's name; none before it is known.
    pub tenant: Option<Arc<str>>,
    pub call: Option<CallId>,
    pub leg: Option<LegId>,
    pub session: Option<SessionId>,
    pub fact: Fact,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("at", &self.at)
            .field("call", &self.call)
            .field("leg", &self.leg)
            .field("session", &self.session)
            .field("fact", &self.fact.name())
            .finish_non_exhaustive()
    }
}

/// What happened. A stored one can be read again, but for messages, whose text is stored beside it.
#[derive(Clone, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fact {
    /// A SIP message came or went.
    #[serde(skip_deserializing)]
    Sip(SipMessage),

    CallStarted {
        caller: Pii<String>,
        called: Pii<String>,
        direction: Direction,
    },
    /// The last fact of a call.
    CallEnded(Box<Cdr>),

    LegStarted {
        role: LegRole,
        /// The line, device or trunk at the other end, as far as it is known.
        line: Option<Arc<str>>,
        device: Option<Arc<str>>,
        trunk: Option<Arc<str>>,
        /// The number it was called with.
        number: Pii<String>,
    },
    LegRinging,
    LegAnswered,
    /// Two legs hear each other.
    Bridged {
        with: LegId,
    },
    Unbridged,
    /// The party put us on hold, or took us back.
    Held(bool),
    LegEnded(Cause),

    SessionStarted {
        behaviour: Arc<str>,
        number: Pii<String>,
        module: ModuleDigest,
    },
    /// A behaviour took custody of the call's leg, sent on so many times.
    Offered {
        behaviour: Arc<str>,
        number: Pii<String>,
        hops: u32,
    },
    /// Custody went back to whatever stands in front.
    GivenBack(Cause),
    /// An event went to the behaviour.
    Asked {
        ask: AskId,
        behaviour: Arc<str>,
        module: ModuleDigest,
        version: Arc<str>,
        task: Task,
        /// For the journal of sessions; none where the tenant wants none.
        #[serde(skip)]
        given: Option<Box<Given>>,
    },
    /// What the behaviour decided.
    Decided {
        ask: AskId,
        commands: Vec<Command>,
        state: usize,
        record: Record,
        spent: Spent,
        /// Between asking and hearing.
        took: Duration,
    },
    /// It decided nothing.
    NotDecided {
        ask: AskId,
        failure: Failure,
        record: Record,
        spent: Spent,
    },
    /// An answer that nobody waited for any more.
    LateDecision {
        ask: AskId,
    },
    /// What became of a command.
    Outcome {
        tag: Tag,
        kind: OutcomeKind,
    },
    /// A command that could not be carried out because things had changed meanwhile.
    Dropped {
        command: Command,
        why: Cow<'static, str>,
    },
    /// The failure ladder was taken one step down.
    Ladder {
        rung: Rung,
        why: String,
        /// Whose version failed, and which; none where there was none.
        behaviour: Option<Arc<str>>,
        module: Option<ModuleDigest>,
    },
    /// The session goes on with another version, or stays with its own.
    Swapped {
        from: ModuleDigest,
        to: ModuleDigest,
        accepted: bool,
    },
    SessionEnded,
    /// A behaviour's versions were changed, by somebody or by the exchange itself.
    Version {
        behaviour: Arc<str>,
        audit: Box<Audit>,
    },
    /// One sentence of the exchange's own for `why`, beside those of the behaviours.
    Because {
        rule: Cow<'static, str>,
        sentence: String,
    },

    /// The contacts of a device changed.
    Registration {
        device: Arc<str>,
        contacts: usize,
        /// Where it registered from last.
        from: Option<std::net::SocketAddr>,
    },
    /// A line's calls or registration changed.
    Line {
        line: Arc<str>,
        registered: bool,
        calls: u32,
    },
    /// How a session is doing, in its own words: a JSON object.
    Figures {
        behaviour: Arc<str>,
        number: Pii<String>,
        json: Arc<str>,
    },
    /// A page came onto the displays of a line, or went (then there is none).
    Screen {
        line: Arc<str>,
        devices: Vec<Arc<str>>,
        /// With it somebody may choose.
        token: Pii<String>,
        page: Option<contract::Page>,
    },
    /// Another exchange asked what shall become of a call of its own, and was told this.
    Intercepted {
        /// The number that was called there.
        number: Pii<String>,
        /// Who decided, if a behaviour was asked.
        behaviour: Option<Arc<str>>,
        /// `continue`, `divert` or `reject`.
        verdict: Cow<'static, str>,
        to: Option<Pii<String>>,
        /// Why it is the tenant's default; empty when the behaviour decided.
        why: Cow<'static, str>,
        /// The behaviour's own words.
        because: Vec<Explanation>,
        took: Duration,
    },
    /// A trunk that registers changed its mind.
    Trunk {
        trunk: Arc<str>,
        up: bool,
        why: String,
    },
    /// The exchange that has a line's phones tells how the line is, or does not (any more).
    LineElsewhere {
        line: Arc<str>,
        trunk: Arc<str>,
        known: bool,
        why: String,
    },
    /// Somebody failed to authenticate: the account tried.
    Refused {
        account: Pii<String>,
        from: std::net::SocketAddr,
        status: u16,
    },
}

impl Fact {
    /// The kind, as it is called in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sip(..) => "sip",
            Self::CallStarted { .. } => "call-started",
            Self::CallEnded(..) => "call-ended",
            Self::LegStarted { .. } => "leg-started",
            Self::LegRinging => "leg-ringing",
            Self::LegAnswered => "leg-answered",
            Self::Bridged { .. } => "bridged",
            Self::Unbridged => "unbridged",
            Self::Held(..) => "held",
            Self::LegEnded(..) => "leg-ended",
            Self::SessionStarted { .. } => "session-started",
            Self::Offered { .. } => "offered",
            Self::GivenBack(..) => "given-back",
            Self::Asked { .. } => "asked",
            Self::Decided { .. } => "decided",
            Self::NotDecided { .. } => "not-decided",
            Self::LateDecision { .. } => "late-decision",
            Self::Outcome { .. } => "outcome",
            Self::Dropped { .. } => "dropped",
            Self::Ladder { .. } => "ladder",
            Self::Swapped { .. } => "swapped",
            Self::SessionEnded => "session-ended",
            Self::Version { .. } => "version",
            Self::Because { .. } => "because",
            Self::Registration { .. } => "registration",
            Self::Figures { .. } => "figures",
            Self::Line { .. } => "line",
            Self::Screen { .. } => "screen",
            Self::Intercepted { .. } => "intercepted",
            Self::Trunk { .. } => "trunk",
            Self::LineElsewhere { .. } => "line-elsewhere",
            Self::Refused { .. } => "refused",
        }
    }
}

/// What a behaviour is given beside an event: with it the event can be played again.
#[derive(Clone, Debug)]
pub struct Given {
    pub number: Arc<str>,
    pub settings: Arc<str>,
    pub state: Option<Arc<[u8]>>,
    pub seed: u64,
    pub held: Vec<HeldLeg>,
}

/// A message as it was on the wire.
#[derive(Clone, Debug, Serialize)]
pub struct SipMessage {
    pub sent: bool,
    #[serde(skip)]
    pub path: Path,
    #[serde(skip)]
    pub text: Bytes,
}

impl SipMessage {
    /// The first line without personal data: `INVITE`, `200 OK (INVITE)`.
    pub fn summary(&self) -> String {
        summary(&self.text)
    }
}

/// Which way a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From a line of the tenant's.
    FromInside,
    /// From a trunk.
    FromOutside,
    /// Made by a behaviour or by an operator.
    Originated,
}

/// Which side of a leg started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegRole {
    Caller,
    Callee,
}

/// A step of the failure ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// The same event again, on the last version that is known to work.
    LastGood,
    /// The host rings the line of the number.
    RingLine,
    /// A courtesy announcement, then the end.
    Courtesy,
    /// The caller is refused.
    Refuse,
}

/// A call detail record.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cdr {
    pub call: CallId,
    pub direction: Direction,
    pub caller: Pii<String>,
    /// The line that pays, when it is one of the tenant's.
    pub caller_line: Option<Arc<str>>,
    pub called: Pii<String>,
    /// What the call was sent on to, in order.
    pub diverted: Vec<Pii<String>>,
    pub started: Moment,
    /// When the first party rang.
    pub ringing: Option<Moment>,
    /// When the caller was answered.
    pub answered: Option<Moment>,
    /// When the caller first heard another party.
    pub connected: Option<Moment>,
    pub ended: Moment,
    /// The line or trunk that took the call.
    pub answered_by: Option<Arc<str>>,
    pub trunk: Option<Arc<str>>,
    /// Who pays for the leg outside: the number whose behaviour dialled it (R42), else the caller's line.
    #[serde(default)]
    pub charged: Option<Arc<str>>,
    /// The conference that it became, or that its parties went to from here: records of one conference name the same.
    #[serde(default)]
    pub conference: Option<Arc<str>>,
    pub cause: Cause,
}

/// What a message is, in short: the method of a request; status and phrase of a response, and the method that it answers. The Request-URI is
/// personal data.
pub fn summary(message: &[u8]) -> String {
    let mut lines = message.split(|byte| *byte == b'\r' || *byte == b'\n');
    let first = words(lines.next().unwrap_or_default());
    let Some(status) = first.strip_prefix("SIP/2.0 ") else {
        return first.split(' ').next().unwrap_or_default().to_owned();
    };
    let answered = lines.map(words).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let named = name.trim_end().eq_ignore_ascii_case("CSeq");
        named.then(|| value.split_whitespace().nth(1).map(ToOwned::to_owned))?
    });
    match answered {
        Some(method) => format!("{status} ({method})"),
        None => status.to_owned(),
    }
}

/// The beginning of a line.
fn words(line: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(line.get(..line.len().min(80)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_holds_no_number() {
        assert_eq!(summary(b"INVITE sip:+33123456789@a SIP/2.0\r\n"), "INVITE");
        assert_eq!(summary(b"SIP/2.0 486 Busy Here\r\n"), "486 Busy Here");
        assert_eq!(
            summary(b"SIP/2.0 200 OK\r\nVia: v\r\nCSeq: 7 BYE\r\n\r\n"),
            "200 OK (BYE)"
        );
    }
}
