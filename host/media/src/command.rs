//! What the exchange asks of the engine.

use std::time::Duration;

use crate::{Part, RoomId, Sound, Stream};

/// One party's RTP and RTCP socket pair. Chosen by the exchange, unique while the port is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId(pub u64);

/// One [`Command::Play`] or [`Command::SendDigits`]; comes back in its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(pub u64);

/// Something to be done. Commands are carried out in the order in which they come.
///
/// A command for a port that is not open has no effect, except that what promises an event
/// (`Play`, `SendDigits`) answers with [`PlayEnd::Gone`](crate::PlayEnd::Gone).
#[derive(Clone, Debug)]
pub enum Command {
    /// Opens a port on a socket pair that the shell has already bound to it. It takes packets in
    /// (and counts them) but sends nothing before the first `Update`.
    Open { port: PortId, options: PortOptions },

    /// Sets what was negotiated, first and after every later offer and answer. Our outgoing SSRC, sequence
    /// numbers and timestamps go on; what plays goes on, in the new codec.
    Update { port: PortId, stream: Stream },

    /// Closes the port. Whatever plays ends with `Gone`, its partner is disconnected, a final
    /// [`Event::Stats`](crate::Event::Stats) follows, also for a port that was not open. The socket pair may be
    /// used again afterwards.
    Close { port: PortId },

    /// Lets two ports hear each other. Earlier connections of both, and whatever plays to
    /// them, end (`Stopped`). Connecting a port with itself echoes.
    Connect { a: PortId, b: PortId },

    /// Lets `to` hear `from`, but not the other way: early media of a callee, or a caller who hears
    /// an announcement while the callee waits. Other connections of `to` as a listener end.
    Listen { to: PortId, from: PortId },

    /// Brings a port into a room, or gives it another part there. Its connections, and whatever plays to it, end.
    Join { port: PortId, room: RoomId, part: Part },

    /// Parts a port from whomever it hears and whoever hears it, and takes it out of its room. All stay open.
    Disconnect { port: PortId },

    /// Plays sounds in order, instead of what played before (`Stopped`) and of what the
    /// port would hear from its partner. One [`Event::PlayDone`](crate::Event::PlayDone).
    ///
    /// Starts only once the port may send: before the first `Update`, and while the peer holds
    /// us, time passes but nothing leaves. So a prompt never waits for ever on a dead leg.
    Play {
        port: PortId,
        play: PlayId,
        sounds: Vec<Sound>,
        /// How often the whole list; 0 for ever.
        times: u32,
        /// Any digit ends it, at the moment the key goes down.
        barge_in: bool,
    },

    /// Ends what plays, with `Stopped`.
    Stop { port: PortId },

    /// Sends digits to the port's party: telephone-events of 100 ms with 100 ms between where
    /// negotiated (RFC 4733), else tones in the audio. Characters other than `0`–`9`, `*`, `#`, `A`–`D` and `,` (one second's
    /// pause) are skipped. One [`Event::DigitsSent`](crate::Event::DigitsSent). Up to 64 digits wait; more are refused.
    SendDigits {
        port: PortId,
        play: PlayId,
        digits: String,
    },

    /// A digit that the party sent another way (SIP INFO); treated as if it had come as an RTP event.
    InjectDigit {
        port: PortId,
        digit: char,
        held: Duration,
    },

    /// Asks for an [`Event::Stats`](crate::Event::Stats) now.
    Report { port: PortId },
}

/// How a port behaves whatever is negotiated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PortOptions {
    pub latching: Latching,
    /// Tell when no RTP came for so long while it should; none for never. At least a second.
    pub silence_after: Option<Duration>,
}

impl Default for PortOptions {
    fn default() -> Self {
        Self {
            latching: Latching::default(),
            silence_after: Some(Duration::from_secs(60)),
        }
    }
}

/// Where our packets go, and whose we take (symmetric RTP, RFC 4961; the attacks of RFC 7362 §5).
///
/// The negotiated address always may speak. Phones behind a NAT speak from another one; the first
/// valid RTP packet after an `Update` then *latches*: from there on we send to its source,
/// and take packets from no other. A source that speaks an unnegotiated payload type never latches.
/// Once its source has been silent for `relatch_after`, another port of the same host may latch; another host only
/// when an `Update` brings a new negotiated address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latching {
    /// Only the negotiated address and port; for trunks that are known by address.
    Off,
    /// Any source may latch.
    Any { relatch_after: Duration },
    /// Any port of the negotiated IP address may: no NAT in between, but odd ports.
    SameHost { relatch_after: Duration },
}

impl Default for Latching {
    fn default() -> Self {
        Self::Any {
            relatch_after: Duration::from_secs(5),
        }
    }
}
