use std::collections::BTreeMap;
use std::time::Duration;

use base::{Moment, Random};
use subtle::ConstantTimeEq as _;

use super::algorithm::hmac;

/// What became of a nonce that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceState {
    /// Ours, young enough, this count not used before.
    Fresh,
    /// Ours, but too old, or its count was used: challenge again with `stale=true`.
    Stale,
    /// Not ours.
    Forged,
}

/// Issues nonces that need no memory until somebody proves to know a password with one.
///
/// A nonce is a time, a salt, and a keyed hash of both and the realm, in hexadecimal. Used counts (`nc`) are
/// remembered per nonce after a correct response only, so that strangers cannot fill the table. When it is
/// full, the oldest nonce is forgotten, and it and all older ones count as stale from then on.
#[derive(Debug)]
pub struct Nonces {
    secret: [u8; 32],
    lifetime: Duration,
    capacity: usize,
    random: Random,
    used: BTreeMap<Id, Window>,
    /// Nonces issued up to then are stale.
    floor: Option<Moment>,
}

/// When it was issued, and its salt.
type Id = (Moment, u32);

/// Counts seen of one nonce: the highest, and which of the 64 up to it.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    highest: u32,
    seen: u64,
}

impl Window {
    /// Whether `count` is new; notes it. Requests may overtake each other by up to 63.
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            self.seen = if ahead < 64 { self.seen << ahead } else { 0 } | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind >= 64 || self.seen & (1 << behind) != 0 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

const HEX_LENGTH: usize = (8 + 4 + 16) * 2;

impl Nonces {
    /// `secret` signs; nodes that share it accept each other's nonces. `capacity` bounds the remembered ones.
    pub fn new(secret: [u8; 32], lifetime: Duration, capacity: usize, random: Random) -> Self {
        Self {
            secret,
            lifetime,
            capacity: capacity.max(1),
            random,
            used: BTreeMap::new(),
            floor: None,
        }
    }

    pub fn issue(&mut self, now: Moment, realm: &str) -> String {
        let salt = self.random.next_u32();
        let mut nonce = hex::encode(now.as_micros().to_be_bytes());
        nonce.push_str(&hex::encode(salt.to_be_bytes()));
        nonce.push_str(&hex::encode(self.sign((now, salt), realm)));
        nonce
    }

    /// Judges a nonce before the response is looked at; remembers nothing.
    pub fn check(&self, now: Moment, realm: &str, nonce: &str) -> NonceState {
        match self.id(realm, nonce) {
            None => NonceState::Forged,
            // From the future: another node's clock, or ours was set back.
            Some((issued, _)) if issued > now + Duration::from_secs(60) => NonceState::Stale,
            Some((issued, _)) if now.since(issued) > self.lifetime => NonceState::Stale,
            Some((issued, _)) if self.floor.is_some_and(|floor| issued <= floor) => NonceState::Stale,
            Some(_) => NonceState::Fresh,
        }
    }

    /// Uses one count of a nonce whose response was correct. False when it was used before.
    ///
    /// `count` is `None` from a client without `qop`: such a nonce serves once.
    pub fn take(&mut self, now: Moment, realm: &str, nonce: &str, count: Option<u32>) -> bool {
        let Some(id) = self.id(realm, nonce) else {
            return false;
        };
        self.forget(now);
        if !self.used.contains_key(&id) && self.used.len() >= self.capacity {
            if let Some(((issued, _), _)) = self.used.pop_first() {
                self.floor = self.floor.max(Some(issued));
            }
            if self.floor.is_some_and(|floor| id.0 <= floor) {
                return false;
            }
        }
        let window = self.used.entry(id).or_default();
        match count {
            Some(count) => window.take(count),
            // Beyond every count a client could name next.
            None => {
                std::mem::replace(
                    window,
                    Window {
                        highest: u32::MAX,
                        seen: u64::MAX,
                    },
                )
                .highest
                    == 0
            }
        }
    }

    fn forget(&mut self, now: Moment) {
        while let Some(first) = self.used.first_entry()
            && now.since(first.key().0) > self.lifetime
        {
            first.remove();
        }
    }

    fn id(&self, realm: &str, nonce: &str) -> Option<Id> {
        if nonce.len() != HEX_LENGTH {
            return None;
        }
        let mut bytes = [0; HEX_LENGTH / 2];
        hex::decode_to_slice(nonce, &mut bytes).ok()?;
        let (time, rest) = bytes.split_first_chunk::<8>()?;
        let (salt, signature) = rest.split_first_chunk::<4>()?;
        let id = (
            Moment::from_micros(u64::from_be_bytes(*time)),
            u32::from_be_bytes(*salt),
        );
        bool::from(self.sign(id, realm)[..].ct_eq(signature)).then_some(id)
    }

    fn sign(&self, (issued, salt): Id, realm: &str) -> [u8; 16] {
        let parts: [&[u8]; 3] = [
            &issued.as_micros().to_be_bytes(),
            &salt.to_be_bytes(),
            realm.as_bytes(),
        ];
        let whole = hmac(&self.secret, &parts);
        let mut half = [0; 16];
        half.copy_from_slice(&whole[..16]);
        half
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REALM: &str = "acme.example";
    const LIFE: Duration = Duration::from_secs(300);

    fn nonces(capacity: usize) -> Nonces {
        Nonces::new([7; 32], LIFE, capacity, Random::from_seed(1))
    }

    #[test]
    fn a_nonce_ages_and_cannot_be_made_up_or_moved_to_another_realm() {
        let (mut nonces, now) = (nonces(10), Moment::from_secs(1_000));
        let nonce = nonces.issue(now, REALM);
        assert_eq!(nonces.check(now + LIFE, REALM, &nonce), NonceState::Fresh);
        assert_eq!(
            nonces.check(now + LIFE + Duration::from_micros(1), REALM, &nonce),
            NonceState::Stale
        );
        assert_eq!(nonces.check(now, "other.example", &nonce), NonceState::Forged);
        assert_eq!(
            nonces.check(now, REALM, &nonce.replace(&nonce[..1], "f")),
            NonceState::Forged
        );
        assert_eq!(nonces.check(now, REALM, ""), NonceState::Forged);
        assert_eq!(nonces.check(now, REALM, &"é".repeat(28)), NonceState::Forged);
        let mut other = Nonces::new([8; 32], LIFE, 10, Random::from_seed(1));
        assert_eq!(
            nonces.check(now, REALM, &other.issue(now, REALM)),
            NonceState::Forged
        );
    }

    #[test]
    fn each_count_serves_once_even_out_of_order() {
        let (mut nonces, now) = (nonces(10), Moment::from_secs(1_000));
        let nonce = nonces.issue(now, REALM);
        let mut take = |count| nonces.take(now, REALM, &nonce, Some(count));
        assert!(take(1) && take(3) && take(2));
        assert!(!take(1) && !take(2) && !take(3));
        assert!(take(100) && take(99) && !take(36) && take(37) && !take(37) && !take(3));
    }

    #[test]
    fn without_qop_a_nonce_serves_once() {
        let (mut nonces, now) = (nonces(10), Moment::from_secs(1_000));
        let nonce = nonces.issue(now, REALM);
        assert!(nonces.take(now, REALM, &nonce, None));
        assert!(!nonces.take(now, REALM, &nonce, None));
        assert!(!nonces.take(now, REALM, &nonce, Some(1)));
    }

    #[test]
    fn a_full_table_makes_the_oldest_stale_never_replayable() {
        let mut nonces = nonces(2);
        let issued: Vec<_> = (0..3)
            .map(|i| nonces.issue(Moment::from_secs(1_000 + i), REALM))
            .collect();
        let now = Moment::from_secs(1_010);
        for nonce in &issued {
            assert!(nonces.take(now, REALM, nonce, Some(1)));
        }
        assert_eq!(nonces.check(now, REALM, &issued[0]), NonceState::Stale);
        assert!(!nonces.take(now, REALM, &issued[0], Some(2)));
        assert_eq!(nonces.check(now, REALM, &issued[2]), NonceState::Fresh);
        assert!(nonces.used.len() <= 2);
    }
}
