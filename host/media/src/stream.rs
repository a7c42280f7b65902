//! What two sides agreed on for one port, in the engine's words.

use std::net::SocketAddr;

/// An audio codec, both of G.711 (ITU-T G.711, RFC 3551 §4.5.14). 8 kHz, one byte a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// A-law, static payload type 8.
    Pcma,
    /// µ-law, static payload type 0.
    Pcmu,
}

/// Payload types of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadTypes {
    pub audio: u8,
    /// telephone-event (RFC 4733), when negotiated.
    pub events: Option<u8>,
}

/// Who sends, as we see it (RFC 3264 §5.1): `SendOnly` means that we send and the party listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// A negotiated audio stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Where the party's SDP wants RTP; none when it has none (held with 0.0.0.0) or we do not know yet.
    pub remote: Option<SocketAddr>,
    /// Where it wants RTCP; none for the port after RTP's (RFC 3550 §11), or RTP's own with `rtcp_mux`.
    pub remote_rtcp: Option<SocketAddr>,
    /// RTCP on the RTP port both ways (RFC 5761). Received RTCP is told apart in any case.
    pub rtcp_mux: bool,
    pub codec: Codec,
    /// What we put into packets.
    pub send: PayloadTypes,
    /// What the party puts into packets.
    pub receive: PayloadTypes,
    pub direction: Direction,
}
