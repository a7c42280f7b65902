//! Ladders of the endpoint: every rule with the section of the standard it comes from, in virtual time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod called;
mod calling;
mod changing;
mod focus;
mod in_dialog;
mod ladder;
mod large;
mod noise;
mod refreshing;
mod refusing;
mod reliable;
mod restarting;
mod routing;
mod subscribed;
mod subscribing;
mod torture;
mod world;
