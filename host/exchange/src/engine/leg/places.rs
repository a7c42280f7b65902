//! Where a leg sits, and where it may go next.

use std::sync::Arc;

use contract::{LegId, Part, SessionId};

use crate::directory::TrunkId;

/// A room by what its session calls it.
pub(crate) type RoomKey = (SessionId, Arc<str>);

/// A leg's place in a room.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Seat {
    pub key: RoomKey,
    pub part: Part,
}

/// A transfer that a party asked for, until somebody takes care of it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub number: String,
    pub replaces: Option<LegId>,
}

/// Trunks still to be tried for a number.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Redirections {
    /// The best next one last.
    pub trunks: Vec<TrunkId>,
    pub number: Arc<str>,
}
