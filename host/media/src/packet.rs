//! Datagrams in and out.

use std::net::SocketAddr;
use std::ops::Range;

use crate::PortId;
use crate::g711::Table;

/// Which socket of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Also RTCP where it is multiplexed (RFC 5761).
    Rtp,
    Rtcp,
}

/// A datagram that came in.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    pub port: PortId,
    pub channel: Channel,
    pub source: SocketAddr,
    pub bytes: &'a [u8],
}

/// A datagram to be sent from a socket of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    pub port: PortId,
    pub channel: Channel,
    pub destination: SocketAddr,
    pub bytes: &'a [u8],
}

/// Datagrams on their way out, in one buffer that is used again and again.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    port: PortId,
    channel: Channel,
    destination: SocketAddr,
    range: Range<usize>,
}

impl Outbox {
    /// What waits, in the order in which it was produced.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Transmit<'_>> {
        self.entries.iter().map(|entry| Transmit {
            port: entry.port,
            channel: entry.channel,
            destination: entry.destination,
            bytes: &self.bytes[entry.range.clone()],
        })
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// Adds a datagram made of a header and a body.
    pub(crate) fn push(
        &mut self,
        port: PortId,
        channel: Channel,
        destination: SocketAddr,
        header: &[u8],
        body: Body<'_>,
    ) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(header);
        match body {
            Body::Plain(bytes) => self.bytes.extend_from_slice(bytes),
            Body::Mapped(bytes, table) => self
                .bytes
                .extend(bytes.iter().map(|byte| table[usize::from(*byte)])),
        }
        self.entries.push(Entry {
            port,
            channel,
            destination,
            range: start..self.bytes.len(),
        });
    }
}

/// What follows a header.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    Plain(&'a [u8]),
    /// Each byte replaced from a table: G.711 to G.711.
    Mapped(&'a [u8], &'a Table),
}
