//! Typed headers, each taken apart on demand and borrowed from the message's text.
//!
//! A header whose text is enough (Subject, User-Agent, Call-ID …) has no type: read it with
//! [`Headers::get`](crate::Headers::get).

mod address;
mod simple;
mod via;

pub use address::{Contact, Contacts, NameAddr};
pub(crate) use address::{in_brackets, saturating_seconds, tag_of};
pub use simple::{
    CSeq, DialogName, Event, MediaType, RAck, Reason, Replaces, SessionExpires, SubscriptionState,
};
pub use via::{Rport, Via};
