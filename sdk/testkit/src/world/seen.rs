//! What happened in a world, for people and for invariants.

use base::Moment;
use bytes::Bytes;
use contract::Invocation;
use exchange::admin::Change;
use exchange::{AdminId, Report};

use crate::office::PhoneId;

/// One thing that happened.
#[derive(Debug)]
pub struct Seen {
    pub at: Moment,
    pub what: What,
}

/// See [`Seen`].
#[derive(Debug)]
pub enum What {
    /// A message of a phone's reached the exchange.
    Arrived {
        from: PhoneId,
        bytes: Bytes,
    },
    /// The exchange sent a message; to none when nobody is at that address.
    Sent {
        to: Option<PhoneId>,
        bytes: Bytes,
    },
    Lost {
        phone: Option<PhoneId>,
        sent_by_phone: bool,
        bytes: Bytes,
    },
    /// A behaviour was woken.
    Asked {
        invocation: Box<Invocation>,
        /// The fault that was put in, if any.
        fault: Option<&'static str>,
    },
    /// A change of configuration was answered: why it was refused, or what was changed.
    Replied {
        id: AdminId,
        refused: Option<String>,
        changes: Vec<Change>,
    },
    Report(Box<Report>),
    /// A phone noticed something.
    Phone(PhoneId, phone::Event),
    /// Somebody did something, in words.
    Did(String),
    /// The process died; another one starts later.
    Died,
    Started,
    /// The exchange did what it must never do.
    Wrong(String),
}
