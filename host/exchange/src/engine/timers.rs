//! Everything that is waited for, in order of time.
//!
//! Sorted runs of up to [`RUN`] timers, in order. Most are set behind all others of their kind, and a hundred thousand sessions and
//! phones have one or two each: runs are then full, where the nodes of a tree would be little more than half so.

use std::collections::VecDeque;

use base::Moment;

/// Timers in a run. Moving half of one costs less than finding it.
const RUN: usize = 64;

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

/// None is empty.
type Run<T> = VecDeque<(TimerKey, T)>;

/// Setting and taking back cost the logarithm of how many there are.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    runs: VecDeque<Run<T>>,
    count: usize,
    order: u64,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self {
            runs: VecDeque::new(),
            count: 0,
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
        self.count += 1;
        let index = self.run_of(key);
        match self.runs.get_mut(index) {
            Some(run) if run.len() < RUN => {
                let position = place(run, key);
                run.insert(position, (key, what));
            }
            Some(run) if run.back().is_some_and(|(last, _)| *last > key) => {
                let mut later = run.split_off(RUN / 2);
                let into = if later.front().is_some_and(|(first, _)| *first < key) {
                    &mut later
                } else {
                    run
                };
                let position = place(into, key);
                into.insert(position, (key, what));
                later.reserve_exact(RUN - later.len());
                self.runs.insert(index + 1, later);
            }
            Some(_) => self.runs.insert(index + 1, begin(key, what)),
            None => self.runs.push_back(begin(key, what)),
        }
        key
    }

    /// Harmless when it has fired.
    pub(crate) fn cancel(&mut self, key: TimerKey) {
        let index = self.run_of(key);
        let Some(run) = self.runs.get_mut(index) else {
            return;
        };
        let position = place(run, key);
        if run.get(position).is_none_or(|(found, _)| *found != key) {
            return;
        }
        run.remove(position);
        self.count -= 1;
        let left = run.len();
        if left == 0 {
            self.runs.remove(index);
        } else if left < RUN / 4 {
            self.join(index);
        }
    }

    pub(crate) fn next(&self) -> Option<Moment> {
        self.runs.front()?.front().map(|(key, _)| key.at)
    }

    /// The first that is due.
    pub(crate) fn pop(&mut self, now: Moment) -> Option<T> {
        let run = self.runs.front_mut()?;
        let due = run.front().is_some_and(|(key, _)| key.at <= now);
        let (_, what) = due.then(|| run.pop_front())??;
        self.count -= 1;
        if run.is_empty() {
            self.runs.pop_front();
        }
        Some(what)
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The run that has this key, or gets it.
    fn run_of(&self, key: TimerKey) -> usize {
        let begun = |run: &Run<T>| run.front().is_some_and(|(first, _)| *first <= key);
        self.runs.partition_point(begun).saturating_sub(1)
    }

    /// Puts a run that has become short with the one behind it, if they have room together and to spare.
    fn join(&mut self, index: usize) {
        let lengths = |index: usize| self.runs.get(index).map(Run::len);
        if let (Some(own), Some(next)) = (lengths(index), lengths(index + 1))
            && own + next <= RUN / 2
            && let Some(mut next) = self.runs.remove(index + 1)
            && let Some(run) = self.runs.get_mut(index)
        {
            run.append(&mut next);
        }
    }
}

/// Where a run has this key, or would.
fn place<T>(run: &Run<T>, key: TimerKey) -> usize {
    run.partition_point(|(other, _)| *other < key)
}

fn begin<T>(key: TimerKey, what: T) -> Run<T> {
    let mut run = VecDeque::with_capacity(RUN);
    run.push_back((key, what));
    run
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base::Random;

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

    #[test]
    fn do_what_an_ordered_map_does() {
        for seed in 0..20 {
            let mut random = Random::from_seed(seed);
            let (mut timers, mut model) = (Timers::default(), BTreeMap::new());
            let mut keys = Vec::new();
            // More are set than taken away, and then the other way round.
            for step in 0..6_000_u64 {
                let at = Moment::from_millis(step / 2 + random.below(500));
                let take = random.below(10) < if step < 3_000 { 3 } else { 8 };
                match random.below(3) {
                    _ if !take => {
                        let key = timers.set(at, step);
                        model.insert(key, step);
                        keys.push(key);
                    }
                    0 => {
                        let due = model.first_key_value().map(|(key, _)| *key);
                        let due = due.filter(|key| key.at <= at);
                        assert_eq!(timers.pop(at), due.and_then(|key| model.remove(&key)));
                    }
                    // Often one that has fired.
                    _ if !keys.is_empty() => {
                        let key = keys.swap_remove(random.below(keys.len() as u64) as usize);
                        timers.cancel(key);
                        model.remove(&key);
                    }
                    _ => {}
                }
                assert_eq!(timers.len(), model.len());
                assert_eq!(timers.next(), model.first_key_value().map(|(key, _)| key.at));
            }
            let rest: Vec<u64> = std::iter::from_fn(|| timers.pop(Moment::MAX)).collect();
            assert_eq!(rest, model.into_values().collect::<Vec<_>>());
            assert!(timers.runs.is_empty());
        }
    }

    #[test]
    fn fill_their_runs_when_each_is_set_behind_the_others_of_its_kind() {
        let mut timers = Timers::default();
        for n in 0..(10 * RUN as u64) {
            timers.set(Moment::from_secs(n), ());
            timers.set(Moment::from_secs(1_000_000 + n), ());
        }
        assert!(timers.runs.len() <= 22, "{} runs", timers.runs.len());
    }
}
