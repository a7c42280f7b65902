//! Reports on their way from the exchange's thread to the one that traces and counts them, a turn's at a time.
//!
//! Two vectors take turns, so what waits stays in the processor's cache. A bounded channel walks through all of its room
//! instead, which for so many reports is twenty megabytes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exchange::Report;

/// Reports that may wait.
const MOST: usize = 65_536;

/// Room that is kept for later reports when it was needed once.
const ROOM: usize = 4_096;

/// The end of the exchange's thread. Dropping it hands over what is left, and says that no more come.
pub struct Reporter {
    turn: Vec<Report>,
    shared: Arc<Shared>,
}

/// The end of the thread that takes them.
pub struct Reported {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    bell: Condvar,
}

#[derive(Default)]
struct Waiting {
    reports: Vec<Report>,
    asleep: bool,
    closed: bool,
}

pub fn reports() -> (Reporter, Reported) {
    let shared = Arc::<Shared>::default();
    let reporter = Reporter {
        turn: Vec::new(),
        shared: Arc::clone(&shared),
    };
    (reporter, Reported { shared })
}

impl Reporter {
    /// Puts a report with those that are handed over next.
    pub fn add(&mut self, report: Report) {
        self.turn.push(report);
    }

    /// Hands over what was added; never waits for room. Returns how many reports there was none for.
    pub fn hand_over(&mut self) -> usize {
        if self.turn.is_empty() {
            return 0;
        }
        let mut waiting = self.shared.lock();
        let room = MOST.saturating_sub(waiting.reports.len()).min(self.turn.len());
        waiting.reports.extend(self.turn.drain(..room));
        let asleep = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if asleep {
            self.shared.bell.notify_one();
        }
        let lost = self.turn.len();
        self.turn.clear();
        self.turn.shrink_to(ROOM);
        lost
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.hand_over();
        self.shared.lock().closed = true;
        self.shared.bell.notify_one();
    }
}

impl Reported {
    /// Moves what waits into `reports`, which is empty; waits up to `patience` for the first. False once no more will come.
    pub fn take(&self, reports: &mut Vec<Report>, patience: Duration) -> bool {
        reports.shrink_to(ROOM);
        let mut waiting = self.shared.lock();
        if waiting.reports.is_empty() && !waiting.closed {
            waiting.asleep = true;
            let woken = self.shared.bell.wait_timeout(waiting, patience);
            (waiting, _) = woken.unwrap_or_else(PoisonError::into_inner);
            waiting.asleep = false;
        }
        std::mem::swap(&mut waiting.reports, reports);
        !(reports.is_empty() && waiting.closed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use base::Moment;
    use exchange::Fact;

    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    fn report(at: u64) -> Report {
        Report {
            at: Moment::from_secs(at),
            tenant: None,
            call: None,
            leg: None,
            session: None,
            fact: Fact::LegRinging,
        }
    }

    #[test]
    fn reports_come_in_order_and_the_last_ones_before_the_end() {
        let (mut reporter, reported) = reports();
        let mut taken = Vec::new();
        reporter.add(report(1));
        assert!(reported.take(&mut taken, AT_ONCE));
        assert!(taken.is_empty(), "it was not handed over");
        reporter.add(report(2));
        assert_eq!(reporter.hand_over(), 0);
        reporter.add(report(3));
        drop(reporter);
        assert!(reported.take(&mut taken, AT_ONCE));
        let times: Vec<_> = taken.drain(..).map(|report| report.at.as_secs()).collect();
        assert_eq!(times, [1, 2, 3]);
        assert!(!reported.take(&mut taken, AT_ONCE));
    }

    #[test]
    fn whoever_takes_none_misses_the_newest() {
        let (mut reporter, reported) = reports();
        (0..MOST as u64 + 2).for_each(|at| reporter.add(report(at)));
        assert_eq!(reporter.hand_over(), 2);
        reporter.add(report(7));
        assert_eq!(reporter.hand_over(), 1);
        let mut taken = Vec::new();
        assert!(reported.take(&mut taken, AT_ONCE));
        assert_eq!(taken.len(), MOST);
    }

    #[test]
    fn whoever_sleeps_is_woken() {
        let (mut reporter, reported) = reports();
        let taker = std::thread::spawn(move || {
            let mut taken = Vec::new();
            while taken.is_empty() && reported.take(&mut taken, Duration::from_secs(60)) {}
            taken.len()
        });
        reporter.add(report(1));
        reporter.hand_over();
        assert_eq!(taker.join().unwrap(), 1);
    }
}
