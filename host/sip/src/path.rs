//! Where bytes come from and go to.

use std::net::SocketAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One connection of a reliable transport, numbered by whoever owns the sockets. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u64);

/// What carries a message (RFC 3261 §18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Transport {
    Udp,
    Tcp,
}

impl Transport {
    /// Whether the transport repeats lost bytes itself, so that transactions need not.
    pub const fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp => true,
        }
    }

    /// As written in a Via: `UDP`, `TCP`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// One way between us and a peer.
///
/// `local` is the address that peers know us by on this socket: it is what Via and Contact
/// say, so it must never be a wildcard address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Path {
    pub transport: Transport,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// The connection to use. None over UDP, and over TCP where one to `remote` must be opened
    /// first (or an open one may be reused).
    pub connection: Option<ConnectionId>,
}

impl Path {
    pub const fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self {
            transport: Transport::Udp,
            local,
            remote,
            connection: None,
        }
    }

    /// Over TCP, on a connection that the shell opens or already has.
    pub const fn tcp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self {
            transport: Transport::Tcp,
            local,
            remote,
            connection: None,
        }
    }
}

/// One datagram, or one message that `stream::Framer` cut from a stream.
#[derive(Clone, Debug)]
pub struct Packet {
    pub path: Path,
    pub bytes: Bytes,
}
