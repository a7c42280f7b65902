//! What a leg has whose sound goes straight to the other party.

use base::Moment;
use bytes::Bytes;
use contract::LegId;
use sip::endpoint::{Fork, RequestId};
use sip::sdp::Negotiation;

/// What a leg has in the place of a port.
#[derive(Debug)]
pub(crate) struct Direct {
    /// Writes what we send to the party.
    pub negotiation: Negotiation,
    /// The party's newest description, as it came; empty until a callee has sent one.
    pub theirs: Bytes,
    /// The early dialog that it came in. Not stored: few calls fork, and fewer change before the answer.
    pub fork: Fork,
    /// It came in an UPDATE before the answer, or was the answer to one: what a callee's 2xx repeats is older. Not stored.
    pub updated: bool,
    /// The answer that the caller got before somebody answered.
    pub early: Option<Box<Early>>,
    /// Whose descriptions the party has, once both are agreed.
    pub peer: Option<LegId>,
    /// A change of the partner's that waits for this party.
    pub asked: Option<Box<Asked>>,
}

/// An answer, as a callee sent it and as the caller got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Early {
    pub theirs: Bytes,
    pub sent: Bytes,
}

impl Direct {
    pub fn new(negotiation: Negotiation, theirs: &[u8]) -> Box<Self> {
        Box::new(Self {
            negotiation,
            theirs: Bytes::copy_from_slice(theirs),
            fork: Fork(0),
            updated: false,
            early: None,
            peer: None,
            asked: None,
        })
    }
}

/// A party waits until its partner has answered a change of its.
#[derive(Debug)]
pub(crate) struct Asked {
    pub by: LegId,
    pub request: RequestId,
    pub stage: Stage,
}

#[derive(Debug)]
pub(crate) enum Stage {
    /// The partner was sent this offer; an UPDATE waits for the answer no longer than this.
    Offered { offer: Bytes, until: Option<Moment> },
    /// The partner was asked for one.
    Wanted,
    /// It made this one, and the answer comes in an ACK; it waits for that no longer than this.
    Told { offer: Bytes, until: Moment },
}
