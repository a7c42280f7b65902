use rand_chacha::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};

/// A seeded generator. One seed gives one sequence, so a simulation can be rerun; seeded with
/// 32 bytes from the operating system it is fit for tags, nonces and tokens.
#[derive(Clone, Debug)]
pub struct Random(ChaCha12Rng);

impl Random {
    /// For simulations and tests.
    pub fn from_seed(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// For the shell: `entropy` comes from the operating system.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(entropy))
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Evenly distributed in `0..bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Multiply-shift: the bias is below 2⁻³² for every bound used here.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        // 53 bits: what an f64 holds exactly.
        ((self.next_u64() >> 11) as f64) * (1.0 / (1u64 << 53) as f64) < probability
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A lower-case token of the given length over 32 letters and digits (5 bits each).
    pub fn token(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 32] = b"0123456789abcdefghijkmnpqrstuvwx";
        let mut token = String::with_capacity(length);
        let mut bits = 0;
        for position in 0..length {
            if position % 12 == 0 {
                bits = self.next_u64();
            }
            token.push(char::from(LETTERS[(bits & 31) as usize]));
            bits >>= 5;
        }
        token
    }

    /// A generator of its own, so that its user does not disturb this sequence.
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Self::from_entropy(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (mut a, mut b) = (Random::from_seed(7), Random::from_seed(7));
        assert_eq!(a.token(20), b.token(20));
        assert_eq!(a.next_u64(), b.next_u64());
        assert_ne!(Random::from_seed(8).next_u64(), Random::from_seed(7).next_u64());
    }

    #[test]
    fn below_stays_below_and_reaches_all() {
        let mut random = Random::from_seed(1);
        let mut seen = [false; 5];
        for _ in 0..1_000 {
            seen[random.below(5) as usize] = true;
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(random.below(0), 0);
    }
}
