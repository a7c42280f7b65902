//! The question that the exchange asks a behaviour, and the answer.

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use serde::{Deserialize, Serialize};

use crate::{
    CalendarState, Command, Event, LegId, Line, LocalTime, ModuleDigest, NumberClass, RouteError, SessionId,
    View,
};

/// Names one invocation, so that late answers are recognised and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskId(pub u64);

/// The session that an event is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    pub id: SessionId,
    /// The tenant's name for the behaviour.
    pub behaviour: Arc<str>,
    /// The number it is bound to.
    pub number: Arc<str>,
    /// JSON, complete: defaults are filled in and the schema holds.
    pub settings: Arc<str>,
}

/// A leg that the session holds, so that a wrong command can be refused while the guest runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeldLeg {
    pub leg: LegId,
    pub sole_holder: bool,
    pub answered: bool,
}

/// What one event may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limits {
    /// Wasm instructions, roughly (wasmtime's fuel).
    pub fuel: u64,
    /// Of the processor: a backstop for what fuel does not count.
    pub deadline: Duration,
    /// Bytes of linear memory.
    pub memory: usize,
    pub commands: usize,
    /// Bytes of returned state.
    pub state: usize,
    /// Milliseconds since the epoch before which no timer may be due: the session was woken often enough. 0: any may.
    #[serde(default)]
    pub timers_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 50_000_000,
            deadline: Duration::from_millis(20),
            memory: 16 << 20,
            commands: 256,
            state: 64 << 10,
            timers_from: 0,
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    Handle(Event),
    /// Take the session over from another version; the state comes with the invocation.
    Migrate {
        from_version: String,
    },
}

/// One event for one session, with everything needed to answer it.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub ask: AskId,
    /// Whose it is: workers take tenants in turn.
    pub tenant: Arc<str>,
    pub module: ModuleDigest,
    pub session: Session,
    pub state: Option<Arc<[u8]>>,
    pub task: Task,
    pub now: Moment,
    /// Seed of the event's `random`.
    pub seed: u64,
    pub limits: Limits,
    pub held: Vec<HeldLeg>,
    pub view: Arc<dyn View>,
}

/// The answer to an [`Invocation`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decision {
    pub ask: AskId,
    pub result: Result<Decided, Failure>,
    /// What it noted until it ended, also when it failed.
    pub record: Record,
    pub spent: Spent,
}

/// What the behaviour decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decided {
    pub state: Vec<u8>,
    pub commands: Vec<Command>,
}

/// Why a behaviour gave no usable answer. The call survives each: the failure ladder goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    #[error("the module trapped: {0}")]
    Trapped(String),
    #[error("the module used up its fuel on one event")]
    OutOfFuel,
    #[error("the module did not answer in time")]
    Overrun,
    #[error("the module refused the event: {0}")]
    Refused(String),
    #[error("the module returned {size} bytes of state, {limit} are allowed")]
    StateTooLarge { size: usize, limit: usize },
    #[error("the module queued more than {limit} commands for one event")]
    TooManyCommands { limit: usize },
    #[error("module {0} is not loaded")]
    NotLoaded(ModuleDigest),
}

/// What an event cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Spent {
    pub fuel: u64,
    /// Wall-clock time on the worker.
    pub micros: u64,
}

/// What a behaviour asked and said while it handled an event; kept for `why` and for replay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    pub queries: Vec<Query>,
    pub explanations: Vec<Explanation>,
    pub log: Vec<LogLine>,
    /// Lines and explanations over the limit.
    pub cut: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    pub rule: String,
    pub sentence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LogLine {
    pub level: LogLevel,
    pub line: String,
}

/// A question and its answer, in the order asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    Now(u64),
    Local(LocalTime),
    Random(u64),
    Line {
        name: String,
        answer: Option<Line>,
    },
    Setting {
        line: String,
        behaviour: String,
        pointer: String,
        answer: Option<String>,
    },
    Normalise {
        typed: String,
        answer: Option<String>,
    },
    Classify {
        number: String,
        answer: NumberClass,
    },
    Matches {
        number: String,
        pattern: String,
        answer: bool,
    },
    Calendar {
        name: String,
        answer: Option<CalendarState>,
    },
    Route {
        number: String,
        answer: Result<NumberClass, RouteError>,
    },
}
