//! A call to the line, and how far it has come.

use cordboard::Offer;
use cordboard::prelude::*;

/// A call that the alerter holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub leg: LegId,
    /// The caller's line, if it is one of the house.
    pub line: Option<String>,
    /// What was dialled.
    pub called: String,
    pub may_play: bool,
    pub answered: bool,
    /// Was told about the line already.
    pub asked: bool,
    /// What the line was when the caller was told.
    pub why: Cause,
    /// The line does not forward all its calls, so it may become free: to wait and to be called back is offered.
    pub may_be_free: bool,
    /// The menu is on the caller's display.
    pub shown: bool,
    /// How often the menu has played.
    pub menus: u32,
    pub state: State,
}

/// ```text
/// Rings --busy, no answer--> Recording --> IsAnswered --> Menu --1--> Rings
///   ^ in a call --------------^                            |--2,3--> Sent
///                                                          |--4--> Parting
///                        Waits --free--> Told --> Tried <--5
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Rings,
    /// Hears what the line is.
    Recording,
    /// Is being answered, so that keys come through.
    IsAnswered,
    Menu,
    /// Waits on the line until then, in milliseconds since the epoch.
    Waits {
        until: u64,
    },
    /// Hears that it rings now.
    Told {
        until: u64,
    },
    /// It rings, and the caller waits on if it does not come to anything.
    Tried {
        until: u64,
    },
    /// Went on to voicemail or the attendant.
    Sent,
    /// Hears that it will be called back.
    Parting,
    Talks {
        callee: LegId,
    },
}

impl Asked {
    pub fn new(offer: &Offer) -> Self {
        Self {
            leg: offer.leg,
            line: offer.caller.line.clone(),
            called: offer.called.clone(),
            may_play: offer.sole_holder || offer.answered,
            answered: offer.answered,
            asked: false,
            why: Cause::Busy,
            may_be_free: false,
            shown: false,
            menus: 0,
            state: State::Rings,
        }
    }
}
