//! What goes into an exchange and what comes out.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use contract::{Decision, Invocation};
use sip::endpoint::{ConnectionId, Packet, Path, Transport};

use crate::admin;
use crate::directory::Screen;
use crate::report::Report;

/// Everything that can happen to the exchange.
#[derive(Debug)]
pub enum Input {
    /// A datagram, or one message cut from a stream.
    Packet(Packet),
    /// A connection was closed, by whichever side.
    ConnectionClosed(ConnectionId),
    /// What was sent on this path cannot arrive.
    Unreachable(Path),
    /// A behaviour's answer. Late and unknown ones are counted and dropped.
    Decision(Decision),
    Media(media::Event),
    /// The socket pair asked for by [`Output::Bind`] is not to be had: the address is taken.
    BindFailed(media::PortId),
    /// Answered by one [`Output::Reply`] with the same id.
    Admin {
        id: AdminId,
        request: admin::Request,
    },
    /// Recordings of one tenant, or (with no tenant) those shipped with the exchange. Decoded by
    /// the shell, because decoding takes longer than a call may wait.
    Prompts {
        tenant: Option<Arc<str>>,
        prompts: media::Prompts,
    },
    /// Where a server asked for by [`Output::Resolve`] is, best first; empty when that is not known (any more).
    Name {
        server: Server,
        addresses: Vec<SocketAddr>,
    },
    /// Whether the display that [`Output::Push`] was for took its page.
    Pushed {
        token: Arc<str>,
        device: Arc<str>,
        shown: bool,
    },
    /// The writes of the [`Output::Persist`] with this ticket are on disk.
    Durable(Ticket),
    /// The wake-up asked for by [`next_timeout`](crate::Exchange::next_timeout); early ones are harmless.
    Timeout,
}

/// Everything that the exchange wants done.
#[derive(Debug)]
pub enum Output {
    /// Put these bytes on the wire. Losing them is no error: whatever matters is repeated.
    Transmit {
        path: Path,
        bytes: Bytes,
    },
    /// Close a connection whose peer broke the protocol beyond repair.
    CloseConnection(ConnectionId),
    /// Run a behaviour. The exchange has set the deadline already.
    Invoke(Box<Invocation>),
    /// Bind a socket pair: RTP at `local`, RTCP at the next port. Comes before the port's `Open`; the
    /// pair is free to be closed once the engine has reported the final `Stats` of the port's `Close`.
    /// Answer with [`Input::BindFailed`] if it cannot be had, and with nothing if it can.
    Bind {
        port: media::PortId,
        local: SocketAddr,
    },
    Media(media::Command),
    /// Keep these. With a ticket, say [`Input::Durable`] once they are on disk; writes are
    /// carried out in the order in which they come out.
    Persist {
        writes: Vec<Write>,
        ticket: Option<Ticket>,
    },
    /// Find these servers, and say [`Input::Name`] of each whenever it is found elsewhere. Replaces what the same
    /// tenant asked for before.
    Resolve {
        tenant: Arc<str>,
        servers: Vec<Server>,
    },
    /// Tell a phone's display over HTTP. A page is answered with [`Input::Pushed`], its end with nothing.
    Push(Push),
    /// The answer to [`Input::Admin`]; what it changed is durable.
    Reply {
        id: AdminId,
        response: admin::Response,
    },
    /// A fact for traces, detail records and metrics.
    Report(Box<Report>),
}

/// A page for a phone's display, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Names the page; what comes back over HTTP names it too.
    pub token: Arc<str>,
    pub device: Arc<str>,
    /// Where the phone registered from.
    pub host: IpAddr,
    pub screen: Screen,
    /// None: it is taken away.
    pub page: Option<contract::Page>,
}

/// A server that a SIP URI gives by name: what DNS is asked about (RFC 3263).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Server {
    /// Lower-case.
    pub host: String,
    /// Without one, the name's SRV records are looked at first.
    pub port: Option<u16>,
    pub transport: Transport,
}

/// Chosen by whoever asks; comes back with the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdminId(pub u64);

/// Names writes that something waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// One change of the stored state.
///
/// Keys are paths: the kind first, the tenant second (`registration/acme/alice`), so that one
/// tenant's keys of a kind lie together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub key: String,
    /// None to remove the key.
    pub value: Option<Bytes>,
}

impl Write {
    pub fn put(key: impl Into<String>, value: impl Into<Bytes>) -> Self {
        Self {
            key: key.into(),
            value: Some(value.into()),
        }
    }

    pub fn remove(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: None,
        }
    }
}

/// A key and its value, as [`restore`](crate::Exchange::restore) takes them.
pub type Entry = (String, Bytes);
