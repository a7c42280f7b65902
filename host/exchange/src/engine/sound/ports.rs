//! Which RTP port pair is free. Pure: the shell binds what is chosen here, and says if it cannot.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Pairs of our addresses: an even port for RTP and the one after it (RFC 3550 §11).
///
/// A pair rests after its use, so that packets of a call that just ended do not reach the next one, and is then used
/// again before a fresh one, which the shell would have to bind.
#[derive(Debug)]
pub(crate) struct PortPairs {
    addresses: Vec<IpAddr>,
    /// Never used: place of the address, and RTP port.
    fresh: VecDeque<(u16, u16)>,
    /// Used before, the one that has rested longest first.
    rested: VecDeque<(u16, u16)>,
    size: usize,
}

/// Pairs that rest before the first of them is used again: half a second at a thousand calls a second.
const RESTING: usize = 1_024;

impl PortPairs {
    pub(crate) fn new(addresses: Vec<IpAddr>, ports: &RangeInclusive<u16>) -> Self {
        let last = ports.end().saturating_sub(1);
        let places = 0..u16::try_from(addresses.len()).unwrap_or(u16::MAX);
        let even = (*ports.start()..=last).filter(|port| port % 2 == 0);
        let fresh: VecDeque<(u16, u16)> = even
            .flat_map(|port| places.clone().map(move |place| (place, port)))
            .collect();
        Self {
            addresses,
            size: fresh.len(),
            fresh,
            rested: VecDeque::new(),
        }
    }

    /// None when all are in use.
    pub(crate) fn take(&mut self) -> Option<SocketAddr> {
        let (first, second) = if self.rested.len() > RESTING {
            (&mut self.rested, &mut self.fresh)
        } else {
            (&mut self.fresh, &mut self.rested)
        };
        let (place, port) = first.pop_front().or_else(|| second.pop_front())?;
        self.addresses
            .get(usize::from(place))
            .map(|ip| SocketAddr::new(*ip, port))
    }

    /// A certain pair, for a call that goes on after a restart; false when it is in use or not of this range.
    pub(crate) fn take_again(&mut self, address: SocketAddr) -> bool {
        let Some(wanted) = self.pair(address) else {
            return false;
        };
        [&mut self.fresh, &mut self.rested].into_iter().any(|free| {
            let position = free.iter().position(|pair| *pair == wanted);
            position.and_then(|position| free.remove(position)).is_some()
        })
    }

    pub(crate) fn give_back(&mut self, address: SocketAddr) {
        if let Some(pair) = self.pair(address)
            && self.in_use() > 0
        {
            self.rested.push_back(pair);
        }
    }

    fn pair(&self, address: SocketAddr) -> Option<(u16, u16)> {
        let place = self.addresses.iter().position(|ip| *ip == address.ip())?;
        Some((u16::try_from(place).ok()?, address.port()))
    }

    pub(crate) fn in_use(&self) -> usize {
        self.size - self.fresh.len() - self.rested.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_used_again_when_a_thousand_others_have_rested_too() {
        let mut pairs = PortPairs::new(vec![IpAddr::from([127, 0, 0, 1])], &(10_000..=19_999));
        let first = pairs.take().unwrap();
        pairs.give_back(first);
        for _ in 0..RESTING {
            let next = pairs.take().unwrap();
            assert_ne!(next, first);
            pairs.give_back(next);
        }
        assert_eq!((pairs.take(), pairs.in_use()), (Some(first), 1));
    }

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
