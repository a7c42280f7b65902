//! Digest authentication (RFC 3261 §22 with RFC 7616, RFC 8760 and, for those who still speak it, RFC 2617).
//!
//! [`Server`] challenges and verifies; [`answer`] is the other side, for trunks. Both speak MD5 and SHA-256
//! with `qop=auth`, and `auth-int` where a peer insists on it. Passwords are never kept: an [`Ha1`] is.

mod algorithm;
mod client;
mod credentials;
mod nonce;
mod server;

pub use algorithm::{Algorithm, Ha1};
pub use client::{Challenge, Login, Qop, answer};
pub use credentials::Credentials;
pub use nonce::{NonceState, Nonces};
pub use server::{Server, Settings, Verdict};
