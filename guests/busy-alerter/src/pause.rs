//! Pauses between tries of a line that is busy though it is in no call (R63): its phone or another system says so, and
//! nobody tells when that is over.
//!
//! A line that another call takes needs none: its end is told, and the line rings at once.

use cordboard::prelude::*;

/// The first pause; each is twice as long as the one before. In milliseconds, as all here.
const FIRST: u64 = 2_000;
const LONGEST: u64 = 32_000;
/// For so long, changes of the line may be the last of a try of ours.
const SETTLES: u64 = 1_000;

/// Of the line, so that whoever waits next does not try it sooner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since the epoch.
    until: u64,
    length: u64,
}

impl Pause {
    /// A call found the line busy.
    pub fn begins(&mut self, now: u64) {
        self.length = (self.length * 2).clamp(FIRST, LONGEST);
        self.until = now + self.length;
    }

    /// The line rings, so what it does is known again.
    pub fn is_over(&mut self) {
        *self = Self::default();
    }

    /// The line changed while nobody here rings it: unless that is the end of our own try, there is news.
    pub fn hears_of_the_line(&mut self, now: u64) {
        let began = self.until.saturating_sub(self.length);
        if now >= began + SETTLES {
            self.is_over();
        }
    }

    /// The line was busy when it was tried last, and nothing was heard of it since.
    pub const fn follows_a_try(self) -> bool {
        self.length > 0
    }

    /// When it ends, if it has not.
    pub fn end(self, now: u64) -> Option<u64> {
        (self.until > now).then_some(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        let mut pause = Pause::default();
        let mut now = 1_000_000;
        let lengths = std::iter::from_fn(|| {
            pause.begins(now);
            let end = pause.end(now)?;
            let length = end - now;
            now = end;
            Some(length / 1_000)
        });
        assert_eq!(lengths.take(7).collect::<Vec<_>>(), [2, 4, 8, 16, 32, 32, 32]);
    }

    #[test]
    fn news_of_the_line_ends_it_but_not_the_end_of_a_try() {
        let mut pause = Pause::default();
        pause.begins(10_000);
        pause.hears_of_the_line(10_999);
        assert_eq!(pause.end(11_999), Some(12_000));
        pause.hears_of_the_line(11_000);
        assert_eq!(pause, Pause::default());
    }
}
