//! SIP over UDP, read and written by the exchange's thread itself, in batches.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use bytes::Bytes;
use mio::{Interest, Registry, Token};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};

/// Datagrams read or written with one system call.
pub const BATCH: usize = 32;

/// The largest datagram that UDP can carry.
const DATAGRAM: usize = 65_535;

/// What the kernel may hold while the exchange's thread is busy: about a second of heavy traffic.
const BUFFER: usize = 8 << 20;

/// A bound socket on its way to the thread that will use it.
pub struct Bound {
    socket: mio::net::UdpSocket,
    local: SocketAddr,
}

/// A bound socket with its buffers, which hold pointers into themselves and so stay on one thread.
pub struct UdpPort {
    socket: mio::net::UdpSocket,
    /// What peers know us by; differs from the bound address only when that is a wildcard.
    local: SocketAddr,
    received: Box<Received>,
    waiting: Vec<(SocketAddr, Bytes)>,
    headers: MultiHeaders<SockaddrStorage>,
    unsent: u64,
}

struct Received {
    buffers: Vec<Vec<u8>>,
    headers: MultiHeaders<SockaddrStorage>,
}

impl Bound {
    /// Binds `address` and has `registry` tell when something arrives.
    ///
    /// # Errors
    ///
    /// As the system says: in use, not ours, not permitted.
    pub fn bind(
        address: SocketAddr,
        advertised: SocketAddr,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let socket = socket2::Socket::new(
            socket2::Domain::for_address(address),
            socket2::Type::DGRAM,
            Some(socket2::Protocol::UDP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        // Less than asked for is no reason not to start.
        socket.set_recv_buffer_size(BUFFER)?;
        socket.set_send_buffer_size(BUFFER)?;
        socket.bind(&address.into())?;
        let mut socket = mio::net::UdpSocket::from_std(socket.into());
        registry.register(&mut socket, token, Interest::READABLE)?;
        let port = socket.local_addr()?.port();
        Ok(Self {
            socket,
            local: SocketAddr::new(
                advertised.ip(),
                if advertised.port() == 0 {
                    port
                } else {
                    advertised.port()
                },
            ),
        })
    }

    /// The address that peers know this socket by.
    pub fn local(&self) -> SocketAddr {
        self.local
    }
}

impl UdpPort {
    pub fn new(bound: Bound) -> Self {
        Self {
            socket: bound.socket,
            local: bound.local,
            received: Box::new(Received {
                buffers: (0..BATCH).map(|_| vec![0; DATAGRAM]).collect(),
                headers: MultiHeaders::preallocate(BATCH, None),
            }),
            waiting: Vec::with_capacity(BATCH),
            headers: MultiHeaders::preallocate(BATCH, None),
            unsent: 0,
        }
    }

    /// The address that peers know this socket by.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Reads up to one batch; returns how many there were. Fewer than [`BATCH`] mean that the socket is empty.
    ///
    /// # Errors
    ///
    /// Errors of the socket other than "nothing there"; ICMP errors are skipped.
    pub fn receive(&mut self, mut each: impl FnMut(SocketAddr, Bytes)) -> io::Result<usize> {
        let Received { buffers, headers } = &mut *self.received;
        let mut places = buffers.iter_mut();
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(places.next().map_or(&mut [], Vec::as_mut_slice))]);
        let mut lengths: [(usize, Option<SocketAddr>); BATCH] = [(0, None); BATCH];
        let count = {
            let results = recvmmsg(
                self.socket.as_raw_fd(),
                headers,
                slices.iter_mut(),
                MsgFlags::MSG_DONTWAIT,
                None,
            );
            match results {
                Ok(results) => results
                    .zip(&mut lengths)
                    .map(|(message, length)| {
                        *length = (message.bytes, message.address.as_ref().and_then(address));
                    })
                    .count(),
                Err(Errno::EAGAIN | Errno::EINTR) => return Ok(0),
                // The peer of an earlier datagram is not there: its transaction times out by itself.
                Err(Errno::ECONNREFUSED) => return Ok(BATCH),
                Err(error) => return Err(error.into()),
            }
        };
        for ((length, source), buffer) in lengths.into_iter().zip(&self.received.buffers).take(count) {
            if let (Some(source), Some(bytes)) = (source, buffer.get(..length)) {
                each(source, Bytes::copy_from_slice(bytes));
            }
        }
        Ok(count)
    }

    /// Puts a datagram with those that leave at the next [`flush`](Self::flush).
    pub fn send(&mut self, remote: SocketAddr, bytes: Bytes) {
        self.waiting.push((remote, bytes));
        if self.waiting.len() == BATCH {
            self.flush();
        }
    }

    /// Sends what waits. What the kernel does not take is lost, as UDP may; SIP repeats it.
    pub fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.waiting.len() {
            let rest = &self.waiting[sent..];
            let count = rest.len().min(BATCH);
            let slices: [[IoSlice<'_>; 1]; BATCH] =
                std::array::from_fn(|place| [IoSlice::new(rest.get(place).map_or(&[], |(_, bytes)| bytes))]);
            let addresses: [Option<SockaddrStorage>; BATCH] = std::array::from_fn(|place| {
                rest.get(place).map(|(remote, _)| SockaddrStorage::from(*remote))
            });
            let result = sendmmsg(
                self.socket.as_raw_fd(),
                &mut self.headers,
                &slices[..count],
                &addresses[..count],
                [],
                MsgFlags::MSG_DONTWAIT,
            )
            .map(Iterator::count);
            match result {
                Ok(count) if count > 0 => sent += count,
                // An ICMP answer to something earlier, or an unreachable destination: skip one and go on.
                Ok(_) | Err(_) => {
                    self.unsent += 1;
                    sent += 1;
                }
            }
        }
        self.waiting.clear();
    }

    /// Datagrams that the kernel refused since the start.
    pub fn unsent(&self) -> u64 {
        self.unsent
    }
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddr::from((v4.ip(), v4.port())));
    }
    storage
        .as_sockaddr_in6()
        .map(|v6| SocketAddr::from((v6.ip(), v6.port())))
}
