//! Searches for a series of calls, faults and changes that breaks a rule of the exchange.
//!
//! A seed makes a [plan](plan::plan): what people do, what goes wrong, what is changed, hundreds of steps. A
//! [run](run::run) carries it out in a world of two companies, in virtual time, and looks at every rule after every
//! happening. Whatever breaks one is printed with the command that shows it again, and made short.
//!
//! ```text
//!  seed ──▶ plan ──▶ actor ──▶ World (testkit) ──▶ seen ──▶ rules
//!                                                     └────▶ ladder, tally
//! ```
//!
//! Not here: real sockets, real audio, real Wasm; `tests/peers` and `host/behaviours` have those.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod actor;
mod conferences;
mod early;
mod errors;
mod later;
mod logic;
pub mod plan;
pub mod rules;
pub mod run;
pub mod search;
pub mod shrink;
mod town;
mod trouble;
