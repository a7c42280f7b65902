//! The thin shell around the pure exchange: who owns which thread, socket and clock.
//!
//! ```text
//!  UDP sockets ─┐                                  ┌─▶ worker threads: behaviours
//!  TCP (tokio) ─┼─▶ Inbox ─▶ the exchange's thread ─┼─▶ media threads: RTP
//!  API (tokio) ─┘              (sleeps in one poll) └─▶ store thread: one file
//! ```
//!
//! Only the exchange's thread calls the exchange. It reads UDP itself, because a hop between
//! threads costs more than the parsing. Everything else reaches it over the bounded
//! [`Inbox`](inbox::Inbox), which wakes its poll.

mod clock;
mod core;
mod dns;
mod inbox;
mod interruptions;
mod janitor;
mod lazily;
mod listening;
mod names;
mod office;
mod preparing;
mod reports;
mod screens;
mod server;
mod speech;
mod stored;
mod tcp;
mod threads;
mod udp;
mod wiring;
mod workshop;

pub use server::Server;
