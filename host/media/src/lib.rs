//! Media of telephone calls: RTP, prompts, tones, digits. Pure: no socket, clock or thread.
//!
//! An [`Engine`] holds many *ports*, each one party's RTP and RTCP. The shell gives it
//! datagrams and a tick every 20 ms, and sends what it finds in the [`Outbox`]. The exchange
//! steers it with [`Command`]s and hears [`Event`]s; it chooses the ids.
//!
//! ```text
//!  Command ──▶ ┌────────────────────────────────────┐ ──▶ Event
//!              │ Engine: port ⇄ port, player, digits │
//!  Packet  ──▶ └────────────────────────────────────┘ ──▶ Transmit
//!  tick (20 ms) ──▲
//! ```
//!
//! - A packet of a connected port leaves at once, not at the tick (RFC 3550 §7.1, a translator that
//!   speaks with SSRCs of its own, so that a party hears one unbroken stream whoever talks).
//! - More than two meet in a *room*, which is mixed at each tick.
//! - Prompts and tones are encoded once per codec; playing copies 160 bytes a tick.
//! - Per packet nothing is allocated once the buffers have grown.
//!
//! Out of scope here: SDP (`sip::sdp`), recording, SRTP, codecs other
//! than G.711, a jitter buffer (the receiving phone has one; in-band digits survive without).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]
mod builtin;
mod command;
mod decode;
mod digits;
mod engine;
mod event;
mod g711;
mod latch;
mod level;
mod packet;
mod player;
mod port;
mod prompt;
mod prompts;
mod reception;
mod room;
mod rtcp;
mod sender;
mod sound;
mod stats;
mod stream;
mod tone;

pub use command::{Command, Latching, PlayId, PortId, PortOptions};
pub use decode::{Limits, PromptError, decode};
pub use engine::{Engine, TICK};
pub use event::{DigitSource, Event, PlayEnd};
pub use level::{NOMINAL_DBM0, active_level, normalised};
pub use packet::{Channel, Outbox, Packet, Transmit};
pub use prompt::{Pcm, Prompt};
pub use prompts::{Missing, Prompts};
pub use room::{Part, RoomId};
pub use sound::{Country, Sound, Tone};
pub use stats::Stats;
pub use stream::{Codec, Direction, PayloadTypes, Stream};
