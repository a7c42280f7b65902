//! What offer and answer agreed on.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An audio codec that we can offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// G.711 A-law, `PCMA/8000`, static payload type 8.
    Pcma,
    /// G.711 µ-law, `PCMU/8000`, static payload type 0.
    Pcmu,
}

impl Codec {
    /// The static payload type (RFC 3551 §6).
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }

    /// The encoding name of `a=rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }
}

/// Payload types in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadTypes {
    pub audio: u8,
    /// telephone-event (RFC 4733), when agreed on.
    pub events: Option<u8>,
}

/// Who sends, as we see it (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    #[default]
    SendRecv,
    /// We send, the peer listens.
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    pub const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// The same stream as the other side sees it.
    pub const fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both allow.
    pub const fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

/// An agreed audio stream, as we see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Where the peer wants RTP; none when it gave 0.0.0.0 (or `::`), an old way of holding.
    pub remote: Option<SocketAddr>,
    /// Where it wants RTCP if not on the next port (RFC 3605).
    pub remote_rtcp: Option<SocketAddr>,
    /// RTCP on the RTP port, both ways (RFC 5761).
    pub rtcp_mux: bool,
    pub codec: Codec,
    /// What we put into packets: the peer's choice.
    pub send: PayloadTypes,
    /// What the peer puts into packets: ours.
    pub receive: PayloadTypes,
    /// Already with a hold taken into account.
    pub direction: Direction,
    /// The peer holds us: it does not listen (`sendonly` or `inactive` of its own, or no address).
    pub held: bool,
    /// How much audio the peer wants in a packet; 20 ms if it does not say.
    pub packet_time: Option<Duration>,
}
