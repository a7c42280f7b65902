//! `cordboard`: the exchange as a program, and the command line that steers one.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod config;
mod logging;
#[allow(dead_code, unused_imports, reason = "wired next")]
mod media;
mod shell;

fn main() {}
