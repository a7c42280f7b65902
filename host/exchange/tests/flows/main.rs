//! Calls through a whole exchange, told as they happen.
//!
//! Phones are independent of the exchange's SIP stack; behaviours are native Rust in the place of Wasm.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod logic;
mod office;
mod thin_path;
mod world;
