//! The journal of sessions: what each was told, what it asked, what it decided and on which version; and playing it again
//! on another one.
//!
//! ```text
//! told, decided ──▶ Segment ──bytes──▶ a stream of the store ──▶ Recorded ──play(candidate)──▶ Verdict
//! ```
//!
//! A [`Segment`] grows by one step an event and is closed when its session ends, or has grown long: then the next one
//! begins with the state that the session had. So each one stands for itself, and can be played without those before.
//!
//! Pure: who gathers reports, keeps the bytes and runs modules is elsewhere (`host/api`, `host/cordboard`).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod compare;
mod mask;
mod play;
mod recall;
mod recorded;
mod segment;

pub use mask::mask;
pub use play::{Candidate, Difference, Verdict, play};
pub use recorded::{Answer, Header, Recorded, Step, Unreadable};
pub use segment::{AnswerRef, Full, Segment, StepRef};
