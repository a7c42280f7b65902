//! The whole exchange as one state machine: tenants, routing, calls, sessions, line state.
//!
//! Pure: time, packets, decisions and media events go in as [`Input`]s, everything that is to be
//! done comes out as [`Output`]s. No clock, socket, thread or randomness of its own, so a simulator
//! runs it exactly as the shell does.
//!
//! ```text
//!  Packet, Timeout ──▶ ┌──────────────────────────────────────────────┐ ──▶ Transmit
//!  Decision ─────────▶ │ sip::Endpoint ─▶ legs ─▶ custody ─▶ sessions │ ──▶ Invoke
//!  Media ────────────▶ │                  dials, audio, line state    │ ──▶ Bind, Media
//!  Admin, Durable ───▶ │ directory, registrations, dial plan          │ ──▶ Persist, Reply, Report
//!                      └──────────────────────────────────────────────┘
//! ```
//!
//! The loop of whoever owns it: [`Exchange::handle`] an input, [`Exchange::poll`] until there is
//! nothing, sleep until [`Exchange::next_timeout`] or the next input.
//!
//! Knows SIP and media only as types, behaviours only through [`contract`], the store only as keys
//! and values. A packet costs the same whether ten calls are up or ten thousand: tables are
//! looked up, never searched.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

pub mod admin;
pub mod calendars;
pub mod cause;
mod config;
pub mod directory;
mod engine;
mod ids;
mod io;
pub mod live;
pub mod numbers;
mod report;

pub use config::{Config, MediaConfig};
pub use engine::{Census, Exchange};
pub use ids::CallId;
pub use io::{AdminId, Entry, Input, Output, Push, Server, Ticket, Write};
pub use report::{Cdr, Direction, Fact, Given, LegRole, Report, Rung, SipMessage, summary};
