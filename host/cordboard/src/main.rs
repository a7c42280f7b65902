//! `cordboard`: the exchange as a program, and the command line that steers one.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod config;
mod logging;
mod shell;

fn main() {}
