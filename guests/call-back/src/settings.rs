//! What a manager configures.

use cordboard::Language;
use cordboard::prelude::*;

/// Call backs.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct CallBackSettings {
    /// Whose phone rings first (R61).
    pub first: First,
    /// How that phone is told.
    pub notice: Notice,
    /// Of its display.
    pub language: Language,
    /// How often it rings.
    #[settings(default = 5, min = 1, max = 10)]
    pub rings: u32,
    /// How often a call back is tried.
    #[settings(default = 3, min = 1, max = 10)]
    pub attempts: u32,
    /// How long a request is kept.
    #[settings(default = 120, min = 1, max = 1440, unit = "min")]
    pub keep: u32,
    /// The behaviour in front of lines that forwards their calls: a line that forwards all of them is not waited for.
    #[settings(default = Some("line".to_owned()), kind = "behaviour")]
    pub forwards: Option<String>,
    /// How many may wait for one line.
    #[settings(default = 20, min = 1, max = 200)]
    pub queue_length: u32,
}

/// How the first phone is told that the other is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// It rings.
    Ring,
    /// Its display asks whether to call or to cancel; a phone without one rings.
    Display,
}

/// Whose phone rings first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum First {
    /// The one who asked for it.
    Caller,
    /// The one who was called.
    Callee,
}
