//! Versions of a behaviour: the ones that were active, the one on trial, and who changed what.

use contract::{Manifest, Millis, ModuleDigest};
use serde::{Deserialize, Serialize};

/// A version that was active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Activation {
    pub digest: ModuleDigest,
    pub version: String,
    /// When something else took its place, in milliseconds since the epoch.
    pub until: u64,
    /// What it said of itself, of the latest few: those that can be rolled back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Box<Manifest>>,
}

/// A version on trial, beside the active one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Candidate {
    pub digest: ModuleDigest,
    pub manifest: Manifest,
    pub rule: CanaryRule,
    /// The trial begins and ends by itself: milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    #[serde(default)]
    pub guard: Guard,
    /// Since when it is a candidate; written by the exchange.
    #[serde(default)]
    pub since: u64,
}

impl Candidate {
    /// Whether the trial goes on at this moment, in milliseconds since the epoch.
    pub fn runs_at(&self, now: u64) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// Which calls a candidate gets. Calls that are up stay with the version they began on; a session per number is
/// on trial as a whole, by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CanaryRule {
    /// So many of a hundred callers, always the same ones; of numbers for sessions per number.
    Percent(u8),
    /// Calls to these numbers, as the behaviour is bound to them or as they were dialled.
    Called(Vec<String>),
    /// Calls of these callers: lines by any of their names, or numbers.
    Callers(Vec<String>),
    /// None: it sees every event beside the active version, and what it would do is compared and never done.
    Shadow,
}

/// When a candidate's trial ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Guard {
    /// It is withdrawn when so many of a hundred events failed.
    pub failures: u8,
    /// Events before anything is concluded from them.
    pub least: u32,
    /// It becomes the active version after holding for so long; none: people decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promote_after: Option<Millis>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            failures: 5,
            least: 20,
            promote_after: None,
        }
    }
}

/// How long sessions may stay with a version that is not the active one any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Drain {
    /// Until then, in milliseconds since the epoch.
    pub at: u64,
    pub then: DrainEnd,
}

/// What becomes of sessions that have not moved by the deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrainEnd {
    /// They begin anew on the active version, with the callers that they held.
    #[default]
    Move,
    /// They end; calls that talk go on.
    End,
}

/// One change of a behaviour's versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Audit {
    /// Milliseconds since the epoch.
    pub at: u64,
    /// Who; `exchange` when it did so by itself.
    pub by: String,
    pub what: VersionStep,
    /// The active version before, or the candidate that is withdrawn.
    pub from: Option<ModuleDigest>,
    /// The active version or the candidate from now on.
    pub to: Option<ModuleDigest>,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionStep {
    Activated,
    Tried,
    Withdrawn,
    Promoted,
    RolledBack,
}
