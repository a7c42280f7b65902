//! What the engine tells the exchange.

use std::net::SocketAddr;
use std::time::Duration;

use crate::{PlayId, PortId, Stats};

/// Something that happened on a port.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A key was released, or given up on: reported once however often its packets were repeated.
    Digit {
        port: PortId,
        /// One of `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// How long it was down, as far as it is known.
        held: Duration,
        source: DigitSource,
    },

    /// A `Play` ended; exactly one for each.
    PlayDone {
        port: PortId,
        play: PlayId,
        end: PlayEnd,
    },

    /// All digits of a `SendDigits` have left (`Finished`), or will not (`Stopped`: too many waiting; `Gone`).
    DigitsSent {
        port: PortId,
        play: PlayId,
        end: PlayEnd,
    },

    /// Our packets now go to this address because the party speaks from there.
    Latched { port: PortId, remote: SocketAddr },

    /// Nothing came from the party for so long although it should send; told once until it
    /// speaks again.
    Silence { port: PortId, lasting: Duration },

    /// The party speaks again after a `Silence`.
    Heard { port: PortId },

    /// The answer to `Report`, and the last word of a port that was closed.
    Stats { port: PortId, stats: Stats },
}

/// Which way a digit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigitSource {
    /// RFC 4733.
    Rtp,
    /// A tone pair in the audio.
    InBand,
    /// [`Command::InjectDigit`](crate::Command::InjectDigit).
    Signalling,
}

/// How something that was to be sent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayEnd {
    Finished,
    /// A digit cut it.
    Interrupted(char),
    /// Another command took its place.
    Stopped,
    /// The port is closed, or never was open.
    Gone,
}
