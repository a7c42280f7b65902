//! `wit/types.wit`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A length of time in milliseconds, as the contract counts it.
pub type Millis = u64;

/// Chosen by the behaviour; comes back in the outcome of its command.
pub type Tag = u64;

/// One party's dialog and media. Never used again within the life of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LegId(pub u64);

/// A durable run of a behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub u64);

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leg {}", self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {}", self.0)
    }
}

/// Why a call, or one branch of it, did not succeed; also how a leg ended. The SIP statuses
/// behind each are in `exchange::cause`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    Normal,
    Busy,
    NoAnswer,
    Declined,
    Unreachable,
    UnknownNumber,
    Forbidden,
    Congestion,
    Cancelled,
    AnsweredElsewhere,
    AnonymousRefused,
    NotAcceptable,
    MediaTimeout,
    Failed,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "normal",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Declined => "declined",
            Self::Unreachable => "unreachable",
            Self::UnknownNumber => "unknown-number",
            Self::Forbidden => "forbidden",
            Self::Congestion => "congestion",
            Self::Cancelled => "cancelled",
            Self::AnsweredElsewhere => "answered-elsewhere",
            Self::AnonymousRefused => "anonymous-refused",
            Self::NotAcceptable => "not-acceptable",
            Self::MediaTimeout => "media-timeout",
            Self::Failed => "failed",
        })
    }
}

/// How the numbering plan of the tenant's country sees a number (R24, R57).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberClass {
    Internal,
    Feature,
    Emergency,
    Fixed,
    Mobile,
    Free,
    Premium,
    NearAbroad,
    World,
    Invalid,
}

/// Who calls, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    /// E.164, or the short number of an inside caller; none when hidden or unknown.
    pub number: Option<String>,
    /// Display name as sent, not verified.
    pub name: Option<String>,
    /// The caller asked for the number to be hidden.
    pub anonymous: bool,
    /// The line, when the caller is one of this tenant's.
    pub line: Option<String>,
}
