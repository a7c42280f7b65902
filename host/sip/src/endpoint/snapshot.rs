//! Calls that outlive the process.

use serde::{Deserialize, Serialize};

use super::{Path, Role, UsageId};

/// All that is needed to go on with an established call after a restart: the dialog, not its
/// transactions. Opaque but for serialising it; taken by [`snapshot`](super::Endpoint::snapshot)
/// whenever a usage is confirmed or renegotiated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSnapshot {
    pub(crate) usage: UsageId,
    pub(crate) role: Role,
    pub(crate) path: Path,
}

impl UsageSnapshot {
    pub const fn usage(&self) -> UsageId {
        self.usage
    }
}
