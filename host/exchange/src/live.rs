//! What is going on now, for people: looking at calls, ending them, making them.
//!
//! Asked like any change of configuration, as [`admin::Request::Live`](crate::admin::Request::Live), and answered at once, but for
//! [`Request::Intercept`], which a behaviour answers.

use std::sync::Arc;

use base::{Moment, Pii};
use contract::{Cause, Command, Event, LegId, ModuleDigest, NumberClass, Page, SessionId};
use serde::{Deserialize, Serialize};

use crate::directory::TenantId;
use crate::ids::CallId;
use crate::report::Direction;

/// A question or an order about what is running.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// A tenant's calls, the oldest first, beginning behind `after`.
    Calls {
        tenant: TenantId,
        after: Option<CallId>,
        limit: usize,
    },
    Call {
        tenant: TenantId,
        call: CallId,
    },
    /// Ends every leg of a call.
    HangUp {
        tenant: TenantId,
        call: CallId,
    },
    /// Click to dial (R68): the line's phones ring, and whoever takes one off the hook is connected with the
    /// number, as if it had been dialled there.
    Originate {
        tenant: TenantId,
        /// Id, short number or number.
        line: String,
        number: String,
    },
    /// A behaviour's versions: what runs on them, and how they do.
    Versions {
        tenant: TenantId,
        behaviour: String,
    },
    /// Where a tenant's devices and registering trunks are reached now.
    Registrations {
        tenant: TenantId,
    },
    /// A tenant's lines that other exchanges are asked about: those that somebody watches.
    Elsewhere {
        tenant: TenantId,
    },
    /// What a tenant's sessions published last.
    Figures {
        tenant: TenantId,
    },
    /// The page that this token names.
    Page {
        token: String,
    },
    /// Somebody chose on a display: the number of the choice, 0 to dismiss the page.
    Choose {
        token: String,
        choice: u32,
    },
    /// A message to the session per number of a behaviour, started if need be.
    Message {
        tenant: TenantId,
        behaviour: String,
        number: String,
        body: Vec<u8>,
    },
    /// Another exchange asks what shall become of a call of its own.
    Intercept {
        tenant: TenantId,
        inquiry: Inquiry,
    },
}

/// A call at another exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inquiry {
    /// Who calls, in the spellings that are known, the best one first; none when that is hidden.
    pub calling: Vec<String>,
    /// Who is called, likewise.
    pub called: Vec<String>,
}

/// What shall become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It goes on to whom it was for; shown with this calling number, if there is one.
    Continue { shown: Option<String> },
    /// It goes to this number instead: the pilot's, when the behaviour has to have the call itself.
    Divert { to: String, shown: Option<String> },
    Reject {
        cause: Cause,
        /// An announcement of the other exchange's, as it calls it.
        announcement: Option<String>,
    },
}

impl Verdict {
    /// As it is called in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Continue { .. } => "continue",
            Self::Divert { .. } => "divert",
            Self::Reject { .. } => "reject",
        }
    }
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Calls(Vec<Call>),
    /// The call that was asked for, or that was ended; none when there is no such call.
    Call(Option<Call>),
    /// The call that begins with a click.
    Originated(Result<CallId, NotDialled>),
    Registrations(Vec<Registration>),
    /// By line.
    Elsewhere(Vec<Elsewhere>),
    /// By behaviour and number.
    Figures(Vec<Figures>),
    /// The active one, the candidate, then earlier ones; empty when there is no such behaviour.
    Versions(Vec<Version>),
    /// The page that was asked for or answered; none when there is none (any more), or no such choice.
    Page(Option<Page>),
    /// The session that a message went to.
    Session(Result<SessionId, NotTold>),
    /// None: the tenant is not there, or is not to be asked.
    Verdict(Option<Verdict>),
}

/// Why a click rings no phone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDialled {
    #[error("no line has the id, short number or number `{0}`")]
    NoLine(String),
    #[error("nobody has the number `{0}`, and the dial plan leads nowhere with it")]
    NoNumber(String),
    #[error("`{0}` is a code for the phone that dials it: dial it there")]
    Code(String),
    /// The line's restriction (R57), the tenant's grants, or a rule of the dial plan.
    #[error("line `{line}` may not call `{number}` ({}): its restriction, the tenant's grants or a rule of the dial plan say no", in_words(*.class))]
    Forbidden {
        line: String,
        number: String,
        class: NumberClass,
    },
    #[error("no trunk takes numbers like `{number}` ({})", in_words(*.class))]
    NoTrunk { number: String, class: NumberClass },
    #[error(transparent)]
    Full(#[from] Full),
}

fn in_words(class: NumberClass) -> &'static str {
    match class {
        NumberClass::Internal => "an inside number",
        NumberClass::Feature => "a feature code",
        NumberClass::Emergency => "an emergency number",
        NumberClass::Fixed => "a fixed number",
        NumberClass::Mobile => "a mobile number",
        NumberClass::Free => "a free number",
        NumberClass::Premium => "a premium number",
        NumberClass::NearAbroad => "a number in a country nearby",
        NumberClass::World => "a number abroad",
        NumberClass::Invalid => "no number of the country's",
    }
}

/// As many calls are up as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    #[error("the tenant has {calls} calls, and its limit (`limits.calls`) is {limit}")]
    Tenant { calls: usize, limit: usize },
    #[error("the exchange has {calls} calls, and no room for more")]
    Exchange { calls: usize },
}

/// Why no session heard a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTold {
    #[error("the tenant has no behaviour `{0}`")]
    NoBehaviour(String),
    #[error("`{0}` is no number: a session's is one of the tenant's, or one that can be dialled")]
    NoNumber(String),
    #[error("`{0}` has a session for each call, none for a number: nobody is there to be told")]
    PerCall(String),
    #[error(
        "it has no session for that number yet, and as many sessions as may be (`limits.sessions`) are there"
    )]
    Full,
}

/// A line that somebody watches and whose phones another exchange has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Elsewhere {
    pub line: Arc<str>,
    pub trunk: Arc<str>,
    pub state: Telling,
    /// Calls that it has there; none while that is not known.
    pub calls: Option<u16>,
    /// Since when it is in this state.
    pub since: Moment,
    /// Why it is not known.
    pub why: Option<String>,
    /// When it is asked about again.
    pub again: Option<Moment>,
}

/// Whether its exchange tells how a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Telling {
    /// It has been asked, or is about to be.
    Asked,
    Told,
    Unknown,
}

/// How a session is doing, in its own words.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub behaviour: Arc<str>,
    pub number: Arc<str>,
    pub at: Moment,
    /// A JSON object.
    pub json: Arc<str>,
}

/// A call that is up or being set up.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Call {
    pub id: CallId,
    pub tenant: Arc<str>,
    pub direction: Direction,
    pub state: CallState,
    /// Since when it is in this state.
    pub since: Moment,
    pub caller: Pii<String>,
    pub called: Pii<String>,
    pub started: Moment,
    /// Since when the caller is answered.
    pub answered: Option<Moment>,
    /// Since when the caller talks to somebody.
    pub connected: Option<Moment>,
    /// The line or trunk that took the call.
    pub answered_by: Option<Arc<str>>,
    pub legs: Vec<Leg>,
    /// Behaviours that hold the caller's leg, outermost first.
    pub behaviours: Vec<Arc<str>>,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallState {
    /// Nobody rings yet.
    Trying,
    /// Somebody rings, and the caller is not answered.
    Ringing,
    /// The caller is answered, by a behaviour: a menu, a queue.
    Answered,
    /// Two parties talk, or did and may again.
    Connected,
}

/// One party of a [`Call`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Leg {
    pub id: LegId,
    pub state: LegState,
    /// The party's, as it calls or is called.
    pub number: Pii<String>,
    pub line: Option<Arc<str>>,
    pub device: Option<Arc<str>>,
    pub trunk: Option<Arc<str>>,
    /// The leg that it hears.
    pub bridged: Option<LegId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegState {
    Trying,
    Ringing,
    Answered,
    /// Answered, and on hold from either side.
    Held,
}

/// A version of a behaviour's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Version {
    pub digest: ModuleDigest,
    pub version: String,
    pub role: VersionRole,
    /// Sessions that run on it.
    pub sessions: usize,
    /// Of these, those that declined to move to the version that is meant for them.
    pub pinned: usize,
    /// Sessions that moved to it from another, since the process began.
    pub moved: u64,
    pub counters: Counters,
    /// What a shadow would have done differently; the first of them.
    pub differences: Vec<Difference>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionRole {
    Active,
    Candidate,
    Earlier,
}

/// How a version does, since the process began or its trial did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counters {
    /// Calls that were offered to it.
    pub calls: u64,
    /// Of these, answered: by it or by somebody whom it rang.
    pub answered: u64,
    /// Events that it was asked about.
    pub events: u64,
    pub refusals: u64,
    pub traps: u64,
    /// No answer in time, or no fuel left.
    pub overruns: u64,
    /// Too much state, too many commands, not loaded.
    pub other_failures: u64,
    /// Calls that the host's default took over.
    pub fallbacks: u64,
    /// Events seen as a shadow, and those about which it would have decided differently.
    pub shadowed: u64,
    pub differed: u64,
    /// Time spent on deciding, in microseconds: all together, and the longest.
    pub micros: u64,
    pub slowest: u64,
}

impl Counters {
    /// Events without a decision.
    pub const fn failures(&self) -> u64 {
        self.refusals + self.traps + self.overruns + self.other_failures
    }
}

/// What a shadow would have done differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    pub at: Moment,
    pub session: SessionId,
    pub event: Event,
    /// What was done.
    pub did: Vec<Command>,
    /// What it would have done, or why it failed.
    pub would: Result<Vec<Command>, String>,
}

/// A place where a device or trunk registered from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Registration {
    /// The device's id, or `trunk/` and the trunk's.
    pub device: Arc<str>,
    pub contact: Pii<String>,
    pub from: std::net::SocketAddr,
    pub expires: Moment,
    pub user_agent: Option<String>,
}
