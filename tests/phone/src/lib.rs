//! A SIP phone for tests, demo and load: an independent witness, for it shares no SIP code with the
//! exchange. Messages are read by `rsip` and written by hand.
//!
//! Pure like the rooms it tests: time and datagrams go in, datagrams and [`Event`]s come out, so the
//! same phone lives in the simulator and on real sockets ([`live`]).
//!
//! It does what a desk phone does: registers with digest, calls, rings, answers, refuses, holds, hangs
//! up, repeats what is lost; and, with [`Extensions`], what desk phones and trunks have learnt since. It is strict where the exchange could be wrong: what it cannot
//! read, or what breaks a rule (a second final response, a dialog request out of order), is an
//! [`Event::Wrong`], and tests fail on it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod dialog;
pub mod live;
mod phone;
pub mod rtp;
mod sdp;
mod text;
mod transaction;

pub use phone::{AskRef, CallRef, CallState, Event, Extensions, Output, Phone, PhoneConfig};
pub use sdp::Description;
