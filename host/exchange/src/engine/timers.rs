//! Everything that is waited for, in order of time.

use std::collections::BTreeMap;

use base::Moment;

/// A set timer; needed to take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    at: Moment,
    /// Tells apart what is due at the same moment, in the order in which it was set.
    order: u64,
}

impl TimerKey {
    pub(crate) const fn at(self) -> Moment {
        self.at
    }
}

/// Setting and taking back cost the logarithm of how many there are.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    due: BTreeMap<TimerKey, T>,
    order: u64,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self {
            due: BTreeMap::new(),
            order: 0,
        }
    }
}

impl<T> Timers<T> {
    pub(crate) fn set(&mut self, at: Moment, what: T) -> TimerKey {
        self.order += 1;
        let key = TimerKey {
            at,
            order: self.order,
        };
        self.due.insert(key, what);
        key
    }

    /// Harmless when it has fired.
    pub(crate) fn cancel(&mut self, key: TimerKey) {
        self.due.remove(&key);
    }

    pub(crate) fn next(&self) -> Option<Moment> {
        self.due.first_key_value().map(|(key, _)| key.at)
    }

    /// The first that is due.
    pub(crate) fn pop(&mut self, now: Moment) -> Option<T> {
        let first = self.due.first_entry()?;
        (first.key().at <= now).then(|| first.remove())
    }

    pub(crate) fn len(&self) -> usize {
        self.due.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fire_in_order_of_time_and_then_of_setting() {
        let mut timers = Timers::default();
        let at = Moment::from_secs;
        timers.set(at(2), "late");
        timers.set(at(1), "first");
        let gone = timers.set(at(1), "taken back");
        timers.set(at(1), "second");
        timers.cancel(gone);

        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.pop(Moment::ZERO), None);
        assert_eq!(
            (timers.pop(at(1)), timers.pop(at(1)), timers.pop(at(1))),
            (Some("first"), Some("second"), None)
        );
        assert_eq!(timers.len(), 1);
    }
}
