//! Damage.

use base::Random;

/// No case is larger: what is longer is refused by its length alone.
const MAX: usize = 80_000;

/// Damages inputs, and makes other choices of a case.
#[derive(Debug)]
pub struct Mutator {
    pub random: Random,
    /// Texts that mean something to whoever reads the input.
    words: &'static [&'static [u8]],
}

impl Mutator {
    pub fn new(seed: u64, words: &'static [&'static [u8]]) -> Self {
        Self {
            random: Random::from_seed(seed),
            words,
        }
    }

    /// Evenly from `0..bound`; 0 when there is nothing to choose from.
    pub fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// A copy with up to eight faults in it; now and then none.
    pub fn damage(&mut self, input: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        let faults = if self.random.chance(0.8) {
            self.below(4)
        } else {
            self.below(9)
        };
        for _ in 0..faults {
            self.fault(&mut bytes);
        }
        bytes.truncate(MAX);
        bytes
    }

    fn fault(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(24)).min(bytes.len());
        match self.below(12) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 | 3 => {
                let word = self.word();
                drop(bytes.splice(at..end, word));
            }
            4 => {
                let word = self.word();
                drop(bytes.splice(at..at, word));
            }
            5 => {
                let copy = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            6 => self.repeat(bytes, at, end),
            7 => self.swap_lines(bytes),
            8 => self.set_number(bytes),
            9 | 10 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            _ if at < bytes.len() => bytes[at] = self.random.next_u32() as u8,
            _ => {}
        }
    }

    fn word(&mut self) -> Vec<u8> {
        if self.words.is_empty() || self.random.chance(0.2) {
            let mut noise = vec![0; 1 + self.below(6)];
            self.random.fill(&mut noise);
            return noise;
        }
        self.pick(self.words).to_vec()
    }

    /// Something again and again, up to more than any limit.
    fn repeat(&mut self, bytes: &mut Vec<u8>, at: usize, end: usize) {
        let piece = bytes[at..end].to_vec();
        let times = 1 << self.below(12);
        let room = MAX.saturating_sub(bytes.len()) / piece.len().max(1);
        drop(bytes.splice(at..at, piece.repeat(times.min(room))));
    }

    /// Two lines change places, or one comes twice.
    fn swap_lines(&mut self, bytes: &mut Vec<u8>) {
        let mut lines: Vec<Vec<u8>> = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(Vec::from)
            .collect();
        let (one, other) = (self.below(lines.len()), self.below(lines.len()));
        if lines.is_empty() {
            return;
        }
        if self.random.chance(0.5) {
            lines.swap(one, other);
        } else {
            let line = lines[one].clone();
            lines.insert(other, line);
        }
        *bytes = lines.concat();
    }

    /// One of the decimal numbers becomes another one.
    fn set_number(&mut self, bytes: &mut Vec<u8>) {
        const NUMBERS: [&[u8]; 10] = [
            b"0",
            b"1",
            b"65535",
            b"65536",
            b"2147483647",
            b"2147483648",
            b"4294967295",
            b"4294967296",
            b"99999999999999999999",
            b"-1",
        ];
        let starts: Vec<usize> = (0..bytes.len())
            .filter(|at| bytes[*at].is_ascii_digit() && (*at == 0 || !bytes[at - 1].is_ascii_digit()))
            .collect();
        if starts.is_empty() {
            return;
        }
        let start = *self.pick(&starts);
        let length = bytes[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = self.pick(&NUMBERS).to_vec();
        drop(bytes.splice(start..start + length, number));
    }

    /// `bytes` in pieces, as a stream's reads bring them.
    pub fn cut<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let most = if self.random.chance(0.3) { 4 } else { bytes.len() };
            let (now, later) = bytes.split_at((1 + self.below(most)).min(bytes.len()));
            pieces.push(now);
            bytes = later;
        }
        pieces
    }
}
