//! The only place where the time is read.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base::Moment;

/// The monotonic clock, anchored to the wall clock at start: it never runs backwards, and moments
/// of an earlier run compare with those of this one.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    anchor: Moment,
}

impl Clock {
    pub fn start() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Self {
            start: Instant::now(),
            anchor: Moment::ZERO + wall,
        }
    }

    pub fn now(&self) -> Moment {
        self.anchor + self.start.elapsed()
    }
}
