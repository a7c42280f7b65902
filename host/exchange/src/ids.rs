//! Names of what an exchange works with, and who decides about it.

use std::fmt;

use contract::{LegId, SessionId, Tag};
use serde::{Deserialize, Serialize};

/// Legs that belong together, from the first INVITE to the last BYE. Never reused, also over restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {}", self.0)
    }
}

/// Names a custody; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct CustodyId(pub u64);

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Holder {
    Session(SessionId),
    /// The exchange itself: a number without a behaviour, or the failure ladder's default.
    Host,
}

impl Holder {
    pub const fn session(self) -> Option<SessionId> {
        match self {
            Self::Session(session) => Some(session),
            Self::Host => None,
        }
    }
}

/// Names a dial; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct DialId(pub u64);

/// Who asked for it, and hears how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DialOwner {
    Session {
        session: SessionId,
        tag: Tag,
    },
    /// The exchange itself; a failure gives the leg back.
    Host,
    /// Somebody clicked on a number: whoever answers is connected with it.
    ClickToDial,
    /// A party asked for the transfer of the leg that is the caller here.
    Transfer {
        referrer: Option<LegId>,
    },
}
