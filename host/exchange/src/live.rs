//! What is going on now, for people: looking at calls, ending them, making them.
//!
//! Asked like any change of configuration, as [`admin::Request::Live`](crate::admin::Request::Live), and answered at once.

use std::sync::Arc;

use base::{Moment, Pii};
use contract::{LegId, SessionId};
use serde::{Deserialize, Serialize};

use crate::directory::TenantId;
use crate::io::CallId;
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
    /// Where a tenant's devices and registering trunks are reached now.
    Registrations {
        tenant: TenantId,
    },
    /// A message to the session per number of a behaviour, started if need be.
    Message {
        tenant: TenantId,
        behaviour: String,
        number: String,
        body: Vec<u8>,
    },
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Calls(Vec<Call>),
    /// The call that was asked for, that was ended, or that begins; none when there is no such call or line.
    Call(Option<Call>),
    Registrations(Vec<Registration>),
    /// The session that a message went to; none when the behaviour has no session for such a number.
    Session(Option<SessionId>),
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
