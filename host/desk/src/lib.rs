//! What the host does for a behaviour while it handles one event.
//!
//! What the behaviour asks is answered at its [`Desk`], what it says is noted there, and what it
//! wants done waits there until it returns. Commands that are wrong for certain are refused at
//! once: legs that are not held, arguments out of range, quotas, permissions.
//!
//! Pure: knows no version of the WIT package, no WebAssembly engine, no clock. So a component in
//! the exchange and native Rust in a test sit at the same desk and are told the same.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod arguments;
mod custody;
mod desk;

pub use desk::{CALLS, Desk, EXPLANATION_BYTES, EXPLANATIONS, LOG_BYTES, LOG_LINES, QUESTIONS, Stop};
