use base::Moment;
use serde::{Deserialize, Serialize};

use crate::Revision;

/// The right to act for a name (to serve a tenant) until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub name: String,
    pub owner: String,
    /// Set when the lease is taken, kept by renewals, greater for every later holder.
    pub revision: Revision,
    pub until: Moment,
}

impl Lease {
    /// What to attach to writes, so that those of a former holder are refused.
    pub fn fence(&self) -> Fence {
        Fence {
            name: self.name.clone(),
            revision: self.revision,
        }
    }

    /// Whether it is over at `now`. The last instant belongs to the next holder.
    pub fn expired(&self, now: Moment) -> bool {
        now >= self.until
    }
}

/// Lets a batch pass only while nobody has taken the lease since: a holder that slept through its
/// expiry cannot overwrite its successor's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub name: String,
    pub revision: Revision,
}
