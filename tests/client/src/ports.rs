//! Free ports for servers and phones of tests, benches and the demo.
//!
//! They lie below those that the system gives to sockets that ask for any (32 768 and up on Linux): a port that was free when it
//! was looked at stays free until it is used, whatever connections come and go beside, and also while a server that held it
//! restarts.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Result, bail};

const ALL: Range<u16> = 10_000..32_000;

/// Where this process looks next: two tests never get the same, two processes begin at different places.
static NEXT: LazyLock<Mutex<u16>> = LazyLock::new(|| {
    let somewhere = RandomState::new().hash_one(std::process::id()) % u64::from(ALL.end - ALL.start);
    Mutex::new(ALL.start + u16::try_from(somewhere).unwrap_or_default())
});

/// The first of `count` neighbouring ports, free over UDP and TCP.
///
/// # Errors
///
/// When there are no such neighbours.
pub fn free(count: u16) -> Result<u16> {
    let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    // Twice around at most: the first time begins somewhere in the middle.
    let mut around = 0;
    while around < 2 {
        let first = *next;
        let after = first.saturating_add(count);
        if after > ALL.end {
            around += 1;
            *next = ALL.start;
            continue;
        }
        match (first..after).rfind(|port| !is_free(*port)) {
            Some(taken) => *next = taken + 1,
            None => {
                *next = after;
                return Ok(first);
            }
        }
    }
    bail!("no {count} neighbouring ports are free")
}

/// At every address of this machine: there are programs that listen at all of them at once, and cannot where another one
/// listens at any.
fn is_free(port: u16) -> bool {
    let v4 = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let v6 = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    // Where there is no IPv6, nobody can hold a port of it.
    let has_v6 = UdpSocket::bind((v6, 0)).is_ok();
    [Some(v4), has_v6.then_some(v6)]
        .into_iter()
        .flatten()
        .all(|ip| UdpSocket::bind((ip, port)).is_ok() && TcpListener::bind((ip, port)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_free_and_given_once() {
        let (first, second) = (free(4).unwrap(), free(4).unwrap());
        assert!(first.abs_diff(second) >= 4, "{first} {second}");
        assert!(ALL.contains(&first) && ALL.contains(&(second + 3)));
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let first = free(8).unwrap();
        let _held = UdpSocket::bind((Ipv4Addr::LOCALHOST, first + 1)).unwrap();
        assert!(!is_free(first + 1));
        // Some other program may take one of them this very moment, but hardly all.
        assert!((first + 4..first + 8).any(is_free));
        // At another address, too.
        let _other = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 3), first + 2)).unwrap();
        assert!(!is_free(first + 2));
    }
}
