use std::hash::{DefaultHasher, Hasher};

use base::Random;

/// What stands for a transaction's or a dialog's identity in a table: 128 bits instead of the
/// strings themselves, so that keys cost nothing to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u128);

/// Makes fingerprints under a secret of this endpoint's. Peers choose branches, tags and
/// Call-IDs, but without the secret they cannot make two of them collide.
#[derive(Clone, Debug)]
pub struct Fingerprints {
    secret: [u64; 2],
}

impl Fingerprints {
    pub fn new(random: &mut Random) -> Self {
        Self {
            secret: [random.next_u64(), random.next_u64()],
        }
    }

    /// Of these strings in this order, by SipHash over a secret, each after its length: where one ends and the next begins counts.
    pub fn of(&self, parts: &[&str]) -> Fingerprint {
        let [first, second] = self.secret;
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(first);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part.as_bytes());
        }
        // SipHash keeps 256 bits of what it has seen; both halves are made of them.
        let high = hasher.finish();
        hasher.write_u64(second);
        Fingerprint(u128::from(high) << 64 | u128::from(hasher.finish()))
    }
}

impl Fingerprint {
    /// Eight letters of it, to be recognised in a text of ours.
    pub fn short(self) -> String {
        format!("{:08x}", (self.0 as u64) as u32)
    }

    /// Sixteen letters of it: a tag that the same message gets every time, without memory.
    pub fn tag(self) -> String {
        format!("{:016x}", self.0 as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_and_secrets_make_a_difference() {
        let ours = Fingerprints::new(&mut Random::from_seed(1));
        let theirs = Fingerprints::new(&mut Random::from_seed(2));
        assert_eq!(ours.of(&["ab", "c"]), ours.of(&["ab", "c"]));
        assert_ne!(ours.of(&["ab", "c"]), ours.of(&["a", "bc"]));
        assert_ne!(ours.of(&["ab", "c"]), theirs.of(&["ab", "c"]));
    }
}
