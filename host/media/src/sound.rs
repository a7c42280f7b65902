//! What can be played.

use std::time::Duration;

use crate::Prompt;

/// One element of a play list.
#[derive(Clone, Debug)]
pub enum Sound {
    Prompt(Prompt),
    /// One period of the tone's cadence; play it with `times: 0` for as long as it takes.
    Tone(Country, Tone),
    /// Rounded up to 20 ms, at most an hour.
    Silence(Duration),
}

/// Whose tones (ITU-T E.180 Supplement 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Country {
    #[default]
    France,
    /// The plan that CEPT recommends and most of the continent follows.
    Europe,
    UnitedKingdom,
    UnitedStates,
}

/// Call progress tones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    Ringback,
    Busy,
    Congestion,
    Dial,
    Waiting,
    /// Before a recording; the same everywhere.
    Beep,
}
