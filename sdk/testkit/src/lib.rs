//! A whole exchange in virtual time, to test behaviours with phones.
//!
//! [`Sim`] tells a call flow of one tenant. Below it,
//! a [`World`] holds the real exchange, real SIP messages, independent phones, and stands in for what lies
//! around them: a [network](Network) that loses and delays as a seed has it, a store that forgets what was not committed
//! when the process dies, a media engine that knows who hears what, [behaviours](Modules) in native Rust.
//! One seed and one series of actions give one run.
//!
//! Not here: real sockets, real sound, the API. For a behaviour without an exchange around it there is
//! `cordboard::test::Flow`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod ladder;
mod modules;
mod network;
mod office;
mod sim;
mod sound;
mod store;
pub mod wire;
pub mod world;

pub use ladder::Ladder;
pub use modules::{GuestFaults, Modules, digest_of};
pub use network::{Link, Mischief, Network};
pub use office::{Office, PhoneId};
pub use sim::{Ringing, Sim};
pub use sound::Hearing;
pub use world::World;
