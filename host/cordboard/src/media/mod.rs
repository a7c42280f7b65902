//! Media threads: sockets, time and threads around the pure [`media::Engine`].
//!
//! A [`MediaThread`] owns one engine and all its sockets; whoever connects two ports keeps both on
//! one thread. The exchange's thread hands it [`media::Command`]s and socket addresses over a bounded
//! channel; events come back through a closure that never blocks.
//!
//! ```text
//!  MediaHandle ──bounded channel, bell──▶ ┌──────────────┐ ◀── epoll ── RTP and RTCP sockets
//!                                          │ media thread │
//!  events: FnMut(&Notice) -> bool ◀─────── └──────────────┘ ──▶ sendto, as soon as there is something
//! ```
//!
//! A fault here never takes signalling with it: the exchange's thread does not wait for this one, and
//! when the channel is full a command is refused and counted.

pub mod datagrams;
mod jobs;
mod pair;
mod run;
mod thread;

#[cfg(test)]
mod tests;

pub use jobs::{MediaConfig, MediaHandle, Notice};
pub use thread::MediaThread;
