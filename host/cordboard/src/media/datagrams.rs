//! Reading a socket in batches and writing to it.
//!
//! A phone sends one packet every 20 ms, so a socket seldom holds two. The batch is for the call that it saves: `recvmmsg`
//! with room for more than came shows that the socket is empty, where `recvfrom` would have to be called again to
//! learn it. `cargo xtask bench rtp` measures the relay as a whole, not this choice by itself.
//! `sendmmsg` sends from one socket only, and that is the port's own: it has nothing to batch.

use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, SockaddrIn6, SockaddrLike, recvmmsg, sendto};

/// Datagrams read with one system call.
pub const BATCH: usize = 4;

/// Longer datagrams are no telephone's; they are cut, and then malformed.
const LONGEST: usize = 2_048;

/// Buffers for one batch. The kernel shortens the address fields of used headers, so each family has its own.
pub struct Reader {
    buffer: Vec<u8>,
    v4: MultiHeaders<SockaddrIn>,
    v6: MultiHeaders<SockaddrIn6>,
}

impl Reader {
    pub fn new() -> Self {
        Self {
            buffer: vec![0; BATCH * LONGEST],
            v4: MultiHeaders::preallocate(BATCH, None),
            v6: MultiHeaders::preallocate(BATCH, None),
        }
    }

    /// Reads up to [`BATCH`] datagrams; fewer mean that the socket is empty. Errors that a peer's ICMP left on
    /// the socket count as one datagram without content.
    pub fn read(&mut self, socket: RawFd, is_v4: bool, each: impl FnMut(SocketAddr, &[u8])) -> usize {
        if is_v4 {
            let address = |from: &SockaddrIn| SocketAddr::from((from.ip(), from.port()));
            read(socket, &mut self.buffer, &mut self.v4, address, each)
        } else {
            let address = |from: &SockaddrIn6| SocketAddr::from((from.ip(), from.port()));
            read(socket, &mut self.buffer, &mut self.v6, address, each)
        }
    }
}

fn read<S: SockaddrLike + Copy>(
    socket: RawFd,
    buffer: &mut [u8],
    headers: &mut MultiHeaders<S>,
    address: impl Fn(&S) -> SocketAddr,
    mut each: impl FnMut(SocketAddr, &[u8]),
) -> usize {
    let mut lengths: [(usize, Option<SocketAddr>); BATCH] = [(0, None); BATCH];
    let mut count = 0;
    {
        let mut places = buffer.chunks_exact_mut(LONGEST);
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(places.next().unwrap_or_default())]);
        match recvmmsg(socket, headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None) {
            Ok(messages) => {
                for (message, length) in messages.zip(&mut lengths) {
                    *length = (message.bytes, message.address.as_ref().map(&address));
                    count += 1;
                }
            }
            Err(Errno::EAGAIN) => return 0,
            Err(_) => return BATCH,
        }
    }
    for ((length, source), bytes) in lengths.into_iter().zip(buffer.chunks_exact(LONGEST)).take(count) {
        if let (Some(source), Some(bytes)) = (source, bytes.get(..length)) {
            each(source, bytes);
        }
    }
    count
}

/// Sends one datagram. False when the kernel did not take it: lost, as UDP may be.
pub fn send(socket: RawFd, destination: SocketAddr, bytes: &[u8]) -> bool {
    match send_once(socket, destination, bytes) {
        Ok(_) => true,
        // About an earlier packet, told by ICMP: this one was not sent, and may be now.
        Err(Errno::ECONNREFUSED | Errno::EHOSTUNREACH | Errno::ENETUNREACH) => {
            send_once(socket, destination, bytes).is_ok()
        }
        Err(_) => false,
    }
}

fn send_once(socket: RawFd, destination: SocketAddr, bytes: &[u8]) -> nix::Result<usize> {
    match destination {
        SocketAddr::V4(to) => sendto(socket, bytes, &SockaddrIn::from(to), MsgFlags::MSG_DONTWAIT),
        SocketAddr::V6(to) => sendto(socket, bytes, &SockaddrIn6::from(to), MsgFlags::MSG_DONTWAIT),
    }
}
