//! How long a guest may run: of the processor's time, not of the wall's.
//!
//! The machine has other things to do, and a guest whose thread had to wait for a processor has not overrun. Asking for
//! the thread's time costs a system call, so that nobody asks in the first half of a deadline: nearly every run is over by
//! then. It is asked at the half, and from there on what the guest itself took counts. Who gets no processor for
//! [`PATIENCE`] deadlines is stopped all the same: the exchange has long gone on without the answer.

use std::time::Duration;

use wasmtime::UpdateDeadline;

use crate::processor;

/// Deadlines of the wall's time after which a run ends however little of the processor it got.
const PATIENCE: u64 = 50;

/// Of one run.
pub(crate) struct Deadline {
    /// Half of the deadline, and the same in ticks.
    half: Duration,
    ticks: u64,
    /// What the thread had taken of the processor when the first half was over.
    at_half: Option<Duration>,
    /// Ticks granted since.
    more: u64,
}

impl Deadline {
    pub fn new(deadline: Duration, tick: Duration) -> Self {
        let half = deadline / 2;
        let whole = half.as_nanos().div_ceil(tick.as_nanos().max(1));
        Self {
            half,
            // The first tick may come at once.
            ticks: u64::try_from(whole)
                .unwrap_or(u64::MAX / (4 * PATIENCE))
                .saturating_add(1),
            at_half: None,
            more: 0,
        }
    }

    /// Ticks until [`reached`](Self::reached) is asked for the first time.
    pub fn first(&self) -> u64 {
        self.ticks
    }

    /// The ticks granted last are over: more of them, or the end.
    pub fn reached(&mut self) -> UpdateDeadline {
        let Some(taken) = processor::time() else {
            return UpdateDeadline::Interrupt;
        };
        let since = *self.at_half.get_or_insert(taken);
        let left = self.half.saturating_sub(taken.saturating_sub(since));
        if left.is_zero() || self.more >= self.ticks.saturating_mul(2 * PATIENCE) {
            return UpdateDeadline::Interrupt;
        }
        self.more = self.more.saturating_add(self.ticks);
        UpdateDeadline::Continue(self.ticks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(5);

    /// Works until the thread has taken this much more of the processor.
    fn work(length: Duration) {
        let start = processor::time().unwrap();
        while processor::time().unwrap() - start < length {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn time_without_a_processor_does_not_count_before_patience_is_over() {
        let mut deadline = Deadline::new(TICK * 4, TICK);
        let granted = (0..1_000)
            .take_while(|_| matches!(deadline.reached(), UpdateDeadline::Continue(3)))
            .count();
        assert_eq!(granted as u64, 2 * PATIENCE);
    }

    #[test]
    fn who_took_the_other_half_has_overrun() {
        let mut deadline = Deadline::new(TICK * 4, TICK);
        assert!(matches!(deadline.reached(), UpdateDeadline::Continue(_)));
        work(TICK);
        assert!(matches!(deadline.reached(), UpdateDeadline::Continue(_)));
        work(TICK);
        assert!(matches!(deadline.reached(), UpdateDeadline::Interrupt));
    }

    #[test]
    fn no_deadline_is_no_time() {
        let mut deadline = Deadline::new(Duration::ZERO, TICK);
        assert_eq!(deadline.first(), 1);
        assert!(matches!(deadline.reached(), UpdateDeadline::Interrupt));
    }
}
