//! Small words: lengths of time, numbers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One ring, as telephones count it: 5 s (R20, R34).
pub const RING: Duration = Duration::from_secs(5);

/// A length of time in seconds.
///
/// ```
/// # use cordboard::{secs, minutes};
/// assert_eq!(secs(120), minutes(2));
/// ```
pub const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A length of time in minutes.
pub const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(60))
}

/// A length of time in milliseconds.
pub const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// How long so many rings take: 5 s each.
///
/// ```
/// # use cordboard::{rings, secs};
/// assert_eq!(rings(3), secs(15));
/// ```
pub const fn rings(count: u32) -> Duration {
    Duration::from_secs(5 * count as u64)
}

/// What the contract counts in.
pub(crate) fn to_millis(length: Duration) -> u64 {
    // Half a second of rounding after 584 million years.
    length
        .as_secs()
        .saturating_mul(1_000)
        .saturating_add(u64::from(length.subsec_millis()))
}

/// A telephone number as somebody typed it, in settings. [`View::normalise`](crate::View::normalise) reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub String);

impl Number {
    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Number {
    fn from(typed: &str) -> Self {
        Self(typed.to_owned())
    }
}

impl AsRef<str> for Number {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for Number {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
