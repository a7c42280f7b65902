//! What parties hear: who is connected with whom, which way the sound goes, and what is played.
//!
//! ```text
//!  bridge (who talks with whom)         ─▶ media, ports (through us: a port for each, RFC 3264 with us alone) ◀─ offers
//!      └▶ direct ─▶ pass, early_change     (straight from party to party: each is sent the other's description)
//!             └──── anchor ──────────────▶ (until somebody needs it here)
//!  early (before the answer)    audio, digits (behaviours play and gather)    tones (the exchange's own)
//! ```
//!
//! Not here: packets and mixing (the media room), rooms of a conference (`rooms`).

mod anchor;
mod audio;
mod bridge;
mod digits;
mod direct;
mod early;
mod early_change;
mod media;
mod offers;
mod pass;
mod ports;
mod tones;

pub(super) use self::offers::not_acceptable;
pub(super) use self::ports::PortPairs;
