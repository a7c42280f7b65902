//! The two sockets of a port.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};

use base::Moment;
use media::{Channel, PortId};
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, Socket, Type};

/// A second of audio at 50 packets a second and 200 bytes would fit in 10 kB; the kernel counts its
/// own overhead of about 700 bytes a packet too.
const BUFFER: usize = 64 * 1024;

/// RTP on `local`, RTCP on the next port (RFC 3550 §11).
pub struct Pair {
    pub local: SocketAddr,
    /// None while it waits for its next port.
    pub port: Option<PortId>,
    /// When its last port was closed.
    pub released: Option<Moment>,
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl Pair {
    /// Binds both sockets.
    ///
    /// # Errors
    ///
    /// As the system says: one of the two is in use, or the address is not ours.
    pub fn bind(local: SocketAddr) -> io::Result<Self> {
        let next = local
            .port()
            .checked_add(1)
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self {
            local,
            port: None,
            released: None,
            rtp: socket(local)?,
            rtcp: socket(SocketAddr::new(local.ip(), next))?,
        })
    }

    pub fn socket(&self, channel: Channel) -> RawFd {
        match channel {
            Channel::Rtp => self.rtp.as_raw_fd(),
            Channel::Rtcp => self.rtcp.as_raw_fd(),
        }
    }

    /// Has `registry` tell when something arrives on either, with the tokens of `key`.
    ///
    /// # Errors
    ///
    /// When the system has no room for more.
    pub fn register(&mut self, registry: &Registry, key: usize) -> io::Result<()> {
        registry.register(&mut self.rtp, token(key, Channel::Rtp), Interest::READABLE)?;
        registry.register(&mut self.rtcp, token(key, Channel::Rtcp), Interest::READABLE)
    }
}

/// Names one socket of a pair.
pub fn token(key: usize, channel: Channel) -> Token {
    Token(key * 2 + usize::from(channel == Channel::Rtcp))
}

/// The pair and socket of a token.
pub fn of_token(token: Token) -> (usize, Channel) {
    (
        token.0 / 2,
        if token.0.is_multiple_of(2) {
            Channel::Rtp
        } else {
            Channel::Rtcp
        },
    )
}

fn socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.bind(&address.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}
