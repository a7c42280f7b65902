//! The bindings of one address-of-record (RFC 3261 §10.3): a pure table, changed by REGISTERs.
//!
//! Decides what a REGISTER does to the table and what its 200 says; who may register is decided before,
//! sending the response after. Keeps Path (RFC 3327), Outbound's instance and reg-id (RFC 5626), and the
//! address a REGISTER really came from, which is where a phone behind a NAT is reached.
//!
//! A REGISTER is carried out whole or not at all.

mod bindings;
mod update;

pub use bindings::{Binding, Bindings, Source};
pub use update::{Policy, RegisterError, Registered};
