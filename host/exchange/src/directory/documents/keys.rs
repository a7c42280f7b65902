//! The programmable keys of a device (R6, R47–R50): what is on them, and how many a model has.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One key. Keys are a list without gaps, so a key's number is its place in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeviceKey {
    /// What stands beside the key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    pub kind: KeyKind,
    /// A line's id, a number or a code.
    pub target: Arc<str>,
}

/// What a key is for, in the order in which kinds stand on a device (R50).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// A line that rings here.
    Line,
    /// Supervision of another line: a lamp, and a call or a pick-up at a press (R47, R48).
    Lamp,
    /// Shortcut to a number, short or outside (R49).
    Number,
    /// A feature code, such as `*98` to pick up (R49's interception).
    Code,
}

impl KeyKind {
    /// Lines, then supervision, then shortcuts of either kind (R50).
    fn rank(self) -> u8 {
        match self {
            Self::Line => 0,
            Self::Lamp => 1,
            Self::Number | Self::Code => 2,
        }
    }
}

impl DeviceKey {
    pub(super) fn rank(&self) -> u8 {
        self.kind.rank()
    }

    /// The id of the line that it refers to.
    pub fn line(&self) -> Option<&Arc<str>> {
        match self.kind {
            KeyKind::Line | KeyKind::Lamp => Some(&self.target),
            KeyKind::Number | KeyKind::Code => None,
        }
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            KeyKind::Line => "line",
            KeyKind::Lamp => "lamp",
            KeyKind::Number => "number",
            KeyKind::Code => "code",
        };
        write!(f, "{} ({kind} {})", self.label, self.target)
    }
}

/// Models and how many keys each has, those of its expansion modules left out. A model that is not listed is written with its keys:
/// `name/keys`.
pub const MODELS: [(&str, u8); 8] = [
    ("polycom-vvx-450", 47),
    ("yealink-t42u", 15),
    ("yealink-t43u", 21),
    ("yealink-t46u", 27),
    ("yealink-t48u", 29),
    ("yealink-t54w", 27),
    ("yealink-t57w", 29),
    ("yealink-t58w", 27),
];

/// Most keys that a model may be said to have: a telephone with expansion modules.
const MOST_KEYS: u8 = 200;

/// How many programmable keys a model has; none if it is unknown.
pub fn keys_of_model(model: &str) -> Option<u8> {
    match model.rsplit_once('/') {
        Some((name, keys)) if !name.is_empty() => keys.parse().ok().filter(|keys| *keys <= MOST_KEYS),
        Some(_) => None,
        None => {
            let listed = MODELS.iter().find(|(name, _)| *name == model);
            listed.map(|(_, keys)| *keys)
        }
    }
}
