//! Which RTP port pair is free. Pure: the shell binds what is chosen here, and says if it cannot.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Pairs of our addresses: an even port for RTP and the one after it (RFC 3550 §11).
///
/// The pair free for longest goes first, so that packets of a call that just ended do not
/// reach the next one.
#[derive(Debug)]
pub(crate) struct PortPairs {
    addresses: Vec<IpAddr>,
    /// Place of the address, and RTP port.
    free: VecDeque<(u16, u16)>,
    size: usize,
}

impl PortPairs {
    pub(crate) fn new(addresses: Vec<IpAddr>, ports: &RangeInclusive<u16>) -> Self {
        let last = ports.end().saturating_sub(1);
        let places = 0..u16::try_from(addresses.len()).unwrap_or(u16::MAX);
        let even = (*ports.start()..=last).filter(|port| port % 2 == 0);
        let free: VecDeque<(u16, u16)> = even
            .flat_map(|port| places.clone().map(move |place| (place, port)))
            .collect();
        Self {
            addresses,
            size: free.len(),
            free,
        }
    }

    /// None when all are in use.
    pub(crate) fn take(&mut self) -> Option<SocketAddr> {
        let (place, port) = self.free.pop_front()?;
        self.addresses
            .get(usize::from(place))
            .map(|ip| SocketAddr::new(*ip, port))
    }

    /// A certain pair, for a call that goes on after a restart; false when it is in use or not of this range.
    pub(crate) fn take_again(&mut self, address: SocketAddr) -> bool {
        let Some(wanted) = self.pair(address) else {
            return false;
        };
        let position = self.free.iter().position(|pair| *pair == wanted);
        position.and_then(|position| self.free.remove(position)).is_some()
    }

    pub(crate) fn give_back(&mut self, address: SocketAddr) {
        if let Some(pair) = self.pair(address)
            && self.free.len() < self.size
        {
            self.free.push_back(pair);
        }
    }

    fn pair(&self, address: SocketAddr) -> Option<(u16, u16)> {
        let place = self.addresses.iter().position(|ip| *ip == address.ip())?;
        Some((u16::try_from(place).ok()?, address.port()))
    }

    pub(crate) fn in_use(&self) -> usize {
        self.size - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_even_and_the_longest_free_goes_first() {
        let mut pairs = PortPairs::new(vec![IpAddr::from([127, 0, 0, 1])], &(9_999..=10_003));
        let (a, b) = (pairs.take().unwrap(), pairs.take().unwrap());
        assert_eq!((a.port(), b.port(), pairs.take()), (10_000, 10_002, None));
        pairs.give_back(b);
        pairs.give_back(a);
        assert_eq!((pairs.take(), pairs.in_use()), (Some(b), 1));
    }
}
