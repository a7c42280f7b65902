//! Our side of a stream.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Codec, Direction, Offer};

/// Our side of one offer or answer: the media port, and what we are willing to do on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Local {
    /// Where we take RTP; RTCP is on the next port.
    pub address: SocketAddr,
    /// In order of preference.
    pub codecs: Vec<Codec>,
    /// What we want; the peer's wish narrows it.
    pub direction: Direction,
}

impl Local {
    /// Both laws, A-law first, both ways: the start of an offer of our own.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            direction: Direction::SendRecv,
        }
    }

    /// For the offer to a callee: the caller's order first, so that most calls need no transcoding, then
    /// what we could transcode.
    pub fn after(offer: &Offer, address: SocketAddr) -> Self {
        let mut local = Self::new(address);
        local.codecs.sort_by_key(|codec| {
            offer
                .codecs()
                .iter()
                .position(|offered| offered == codec)
                .unwrap_or(usize::MAX)
        });
        local
    }

    /// Prefers one codec: the one that the callee chose, when answering the caller.
    #[must_use]
    pub fn preferring(mut self, codec: Codec) -> Self {
        self.codecs.retain(|other| *other != codec);
        self.codecs.insert(0, codec);
        self
    }

    #[must_use]
    pub fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }
}
