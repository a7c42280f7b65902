//! SIP without I/O (RFC 3261): messages, transactions, dialogs, and the user agent stack
//! that an exchange talks to.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

pub mod endpoint;
pub mod sdp;
pub mod transaction;
