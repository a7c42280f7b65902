//! Calls through a whole exchange, told as they happen.
//!
//! Phones are independent of the exchange's SIP stack; behaviours are native Rust in the place of Wasm.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod chaos;
mod conference;
mod custody;
mod dialling;
mod direct;
mod direct_changes;
mod direct_early;
mod drain;
mod elsewhere;
mod envelope;
mod eviction;
mod features;
mod intercept;
mod ladder;
mod lines;
mod live;
mod logic;
mod office;
mod outside;
mod pair;
mod presence;
mod provider;
mod refusals;
mod registration;
mod reservations;
mod restart;
mod rooms;
mod screens;
mod sessions;
mod silence;
mod supervision;
mod texts;
mod thin_path;
mod told;
mod told_faults;
mod trunks;
mod versions;
mod watches;
mod whisper;
mod world;
