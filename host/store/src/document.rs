use std::fmt;

use base::Moment;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Counts commits of one store, so a later write has a greater revision, whatever its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value under a key, with the revision of the commit that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub key: String,
    pub revision: Revision,
    pub value: Bytes,
}

/// What a write expects to find; anything else is [`crate::Error::Conflict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Last writer wins.
    Any,
    /// Create only.
    Absent,
    /// Change only what was read.
    At(Revision),
}

impl Expect {
    pub(crate) fn holds(self, found: Option<Revision>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => found.is_none(),
            Self::At(revision) => found == Some(revision),
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anything"),
            Self::Absent => f.write_str("no document"),
            Self::At(revision) => write!(f, "revision {revision}"),
        }
    }
}

/// Part of a listing, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub documents: Vec<Document>,
    /// Hand it to the next [`crate::Store::list`] as `after`; `None` on the last page.
    pub next: Option<String>,
}

/// One step of a batch. A batch is committed whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Put {
        key: String,
        value: Bytes,
    },
    /// Deleting what is not there is no error and no change.
    Delete {
        key: String,
    },
    /// Appends one entry to a journal stream.
    Append {
        stream: String,
        at: Moment,
        entry: Bytes,
    },
}

impl Write {
    /// A put with a value, a deletion without: the form in which the exchange emits its writes.
    pub fn set(key: impl Into<String>, value: Option<Bytes>) -> Self {
        let key = key.into();
        match value {
            Some(value) => Self::Put { key, value },
            None => Self::Delete { key },
        }
    }
}
