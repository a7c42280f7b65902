//! Languages of texts, spoken and shown.

use serde::{Deserialize, Serialize};

use crate::Settings;

/// A language that announcements are spoken in and displays are written in (R64): what a tenant chooses in a behaviour's settings.
/// The words are the behaviour's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they say it themselves")]
pub enum Language {
    English,
    French,
    German,
    Spanish,
    Italian,
    Dutch,
    Polish,
}
