use std::time::Duration;

use base::Moment;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One entry of a journal stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts from 0 without gaps; an offset is never used again, also after trimming.
    pub offset: u64,
    pub at: Moment,
    pub bytes: Bytes,
}

/// The extent of a journal stream: offsets `first..next`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamInfo {
    /// Offset of the oldest entry kept.
    pub first: u64,
    /// Offset that the next entry will get.
    pub next: u64,
    /// Sum of the kept entries' sizes.
    pub bytes: u64,
}

/// What to keep of a stream. What any bound excludes goes; the default keeps everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    pub max_age: Option<Duration>,
    pub max_bytes: Option<u64>,
}

/// What one [`crate::Store::trim`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trimmed {
    pub removed: u64,
    /// A call removes a bounded number of entries: call again.
    pub more: bool,
}
