//! Components that mean harm, for tests and benches: guests that misbehave when they are woken ([`events`]), uploads that are no
//! guests at all ([`uploads`]), and the small language they are written in ([`guest`]).
//!
//! Runs nothing itself. `host/behaviours/tests/hostile.rs` shows that each is contained; `cargo xtask bench hostile` that others do
//! not notice.
#![expect(
    clippy::unwrap_used,
    reason = "for tests and benches only, and all its input is its own"
)]

pub mod events;
pub mod guest;
pub mod sleeper;
pub mod uploads;
