//! The port of a leg, and what was agreed for it; and how that is stored.

use std::net::SocketAddr;

use bytes::Bytes;
use media::PortId;
use sip::sdp::Negotiation;

/// What a leg needs to send and to take sound.
#[derive(Debug)]
pub(crate) struct LegMedia {
    pub port: PortId,
    pub local: SocketAddr,
    pub negotiation: Negotiation,
    /// The answer that early media gave already; the 200 has to repeat it (RFC 3261 §13.2.1).
    pub answer: Option<Bytes>,
    /// The party's 2xx will bring an offer, for it was asked for one.
    pub owes_answer: bool,
}

/// A port to open again.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct MediaRecord {
    pub local: SocketAddr,
    pub negotiation: Negotiation,
    /// The answer that early media gave.
    pub answer: Option<Vec<u8>>,
}
