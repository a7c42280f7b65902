//! A ceiling on answers that cost no memory.

use base::Moment;

/// Counts answers of the current second.
#[derive(Debug, Default)]
pub(super) struct Flood {
    second: u64,
    count: u32,
}

impl Flood {
    /// Whether another answer may be given now.
    pub fn admits(&mut self, now: Moment, per_second: u32) -> bool {
        if now.as_secs() != self.second {
            *self = Self {
                second: now.as_secs(),
                count: 0,
            };
        }
        self.count = self.count.saturating_add(1);
        self.count <= per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_has_its_share() {
        let mut flood = Flood::default();
        let admitted = |flood: &mut Flood, second| {
            (0..10)
                .filter(|_| flood.admits(Moment::from_secs(second), 3))
                .count()
        };
        assert_eq!(admitted(&mut flood, 7), 3);
        assert_eq!(admitted(&mut flood, 7), 0);
        assert_eq!(admitted(&mut flood, 8), 3);
    }
}
