use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use base::Moment;

/// Addresses remembered. Those beyond share one allowance, so that an attacker with many addresses uses up that one
/// and not the memory.
const ADDRESSES: usize = 10_000;

/// An allowance for each address: `burst` at once, then `per_second`.
pub(crate) struct Limiter {
    burst: f64,
    per_second: f64,
    allowances: Mutex<HashMap<IpAddr, Allowance>>,
}

#[derive(Clone, Copy)]
struct Allowance {
    left: f64,
    at: Moment,
}

impl Limiter {
    pub fn new(burst: u32, per_second: f64) -> Self {
        Self {
            burst: f64::from(burst),
            per_second,
            allowances: Mutex::default(),
        }
    }

    /// Takes one from the address's allowance.
    ///
    /// # Errors
    ///
    /// Whole seconds until there is one again.
    pub fn take(&self, address: IpAddr, now: Moment) -> Result<(), u64> {
        let mut allowances = self.allowances.lock().unwrap_or_else(PoisonError::into_inner);
        let mut address = network(address);
        if !allowances.contains_key(&address) && allowances.len() >= ADDRESSES {
            allowances.retain(|_, allowance| self.refilled(*allowance, now).left < self.burst);
            if allowances.len() >= ADDRESSES {
                address = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let full = Allowance {
            left: self.burst,
            at: now,
        };
        let allowance = allowances.entry(address).or_insert(full);
        *allowance = self.refilled(*allowance, now);
        if allowance.left < 1.0 {
            return Err(((1.0 - allowance.left) / self.per_second).ceil() as u64);
        }
        allowance.left -= 1.0;
        Ok(())
    }

    fn refilled(&self, allowance: Allowance, now: Moment) -> Allowance {
        let gained = now.since(allowance.at).as_secs_f64() * self.per_second;
        Allowance {
            left: (allowance.left + gained).min(self.burst),
            at: now.max(allowance.at),
        }
    }
}

/// Whoever has an IPv6 address has 2⁶⁴ of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_a_burst_and_then_its_rate() {
        let (limiter, peer, now) = (Limiter::new(3, 0.5), address("192.0.2.1"), Moment::from_secs(100));
        (0..3).for_each(|_| limiter.take(peer, now).unwrap());
        assert_eq!(limiter.take(peer, now), Err(2));
        assert_eq!(
            limiter.take(address("192.0.2.2"), now),
            Ok(()),
            "another address has its own"
        );
        assert_eq!(limiter.take(peer, now + Duration::from_secs(2)), Ok(()));
        assert!(limiter.take(peer, now + Duration::from_secs(2)).is_err());
    }

    #[test]
    fn a_network_of_ipv6_addresses_counts_as_one() {
        let (limiter, now) = (Limiter::new(1, 1.0), Moment::ZERO);
        limiter.take(address("2001:db8::1"), now).unwrap();
        assert!(limiter.take(address("2001:db8::2"), now).is_err());
        assert!(limiter.take(address("2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn memory_is_bounded_however_many_addresses_come() {
        let (limiter, now) = (Limiter::new(1, 1.0), Moment::ZERO);
        let peers = (0..20_000_u32).map(|n| IpAddr::V4(n.into()));
        let served = peers.filter(|peer| limiter.take(*peer, now).is_ok()).count();
        assert_eq!(served, ADDRESSES + 1, "the rest shared one allowance");
        assert!(limiter.allowances.lock().unwrap().len() <= ADDRESSES + 1);
        assert!(
            limiter
                .take(address("203.0.113.1"), now + Duration::from_secs(5))
                .is_ok()
        );
    }
}
