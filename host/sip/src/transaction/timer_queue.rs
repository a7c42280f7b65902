//! One queue for every timer of an endpoint.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use base::Moment;

/// Who is to be woken when: a heap with lazy deletion.
///
/// Each sleeper (a transaction, a call) keeps its own deadlines and remembers the one moment at which the
/// queue will wake it. An entry is pushed only when it has to wake earlier than that; one that was overtaken, or whose
/// sleeper is gone, is dropped when its time comes. So starting, stopping and restarting timers mostly
/// touches nothing here, and the cost of a call does not grow with the number of calls.
///
/// Most entries are for half a minute later: one heap of them all would be larger than the processor's cache. So those
/// of later seconds lie unsorted, a second together, until the first of them is due.
#[derive(Debug)]
pub struct TimerQueue<K> {
    /// Entries of seconds before `sorted`.
    heap: BinaryHeap<Reverse<Entry<K>>>,
    sorted: u64,
    later: BTreeMap<u64, Second<K>>,
    pushed: u64,
}

/// Entries of one second, in no order.
#[derive(Debug)]
struct Second<K> {
    first: Moment,
    entries: Vec<Reverse<Entry<K>>>,
}

#[derive(Debug)]
struct Entry<K> {
    at: Moment,
    /// Equal moments wake in the order in which they were asked for.
    order: u64,
    key: K,
}

impl<K> PartialEq for Entry<K> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl<K> Eq for Entry<K> {}

impl<K> PartialOrd for Entry<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Entry<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl<K> Default for TimerQueue<K> {
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
            sorted: 0,
            later: BTreeMap::new(),
            pushed: 0,
        }
    }
}

impl<K> TimerQueue<K> {
    /// Makes sure that the sleeper is woken at `next`. `wake` is when it will be woken so far.
    pub fn arm(&mut self, key: K, wake: &mut Option<Moment>, next: Option<Moment>) {
        let Some(next) = next else { return };
        if wake.is_some_and(|wake| wake <= next) {
            return;
        }
        *wake = Some(next);
        self.pushed += 1;
        let entry = Reverse(Entry {
            at: next,
            order: self.pushed,
            key,
        });
        let second = next.as_secs();
        if second < self.sorted {
            self.heap.push(entry);
            return;
        }
        let later = self.later.entry(second).or_insert_with(|| Second {
            first: next,
            entries: Vec::new(),
        });
        later.first = later.first.min(next);
        later.entries.push(entry);
    }

    /// When to look again. Never later than the first deadline; sometimes earlier, in vain.
    pub fn next(&self) -> Option<Moment> {
        let later = || self.later.first_key_value().map(|(_, second)| second.first);
        self.heap.peek().map(|Reverse(entry)| entry.at).or_else(later)
    }

    /// Takes the first entry that is due. It counts only if its moment is the sleeper's `wake`.
    pub fn pop_due(&mut self, now: Moment) -> Option<(Moment, K)> {
        if self.next()? > now {
            return None;
        }
        if self.heap.is_empty()
            && let Some((second, due)) = self.later.pop_first()
        {
            self.sorted = second.saturating_add(1);
            self.heap = BinaryHeap::from(due.entries);
        }
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Moment {
        Moment::from_secs(secs)
    }

    #[test]
    fn a_later_deadline_costs_no_entry_and_an_earlier_one_does() {
        let mut queue = TimerQueue::default();
        let mut wake = None;
        queue.arm('a', &mut wake, Some(secs(5)));
        queue.arm('a', &mut wake, Some(secs(9)));
        queue.arm('a', &mut wake, None);
        assert_eq!((wake, len(&queue)), (Some(secs(5)), 1));
        queue.arm('a', &mut wake, Some(secs(2)));
        assert_eq!((wake, len(&queue)), (Some(secs(2)), 2));
    }

    fn len<K>(queue: &TimerQueue<K>) -> usize {
        queue.heap.len()
            + queue
                .later
                .values()
                .map(|second| second.entries.len())
                .sum::<usize>()
    }

    #[test]
    fn entries_come_due_in_order_and_ties_by_age() {
        let mut queue = TimerQueue::default();
        for (key, at) in [('c', 3), ('a', 1), ('b', 1)] {
            queue.arm(key, &mut None, Some(secs(at)));
        }
        assert_eq!(queue.pop_due(secs(0)), None);
        assert_eq!(queue.pop_due(secs(2)), Some((secs(1), 'a')));
        assert_eq!(queue.pop_due(secs(2)), Some((secs(1), 'b')));
        assert_eq!(queue.pop_due(secs(2)), None);
        assert_eq!(queue.next(), Some(secs(3)));
    }
    #[test]
    fn what_is_asked_for_within_a_second_that_has_begun_has_its_place() {
        let mut queue = TimerQueue::default();
        let at = Moment::from_millis;
        for (key, millis) in [('d', 2_000), ('a', 1_100), ('c', 1_900)] {
            queue.arm(key, &mut None, Some(at(millis)));
        }
        assert_eq!(queue.next(), Some(at(1_100)));
        assert_eq!(queue.pop_due(at(1_200)), Some((at(1_100), 'a')));
        queue.arm('b', &mut None, Some(at(1_500)));
        queue.arm('e', &mut None, Some(at(61_000)));
        assert_eq!(queue.next(), Some(at(1_500)));
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop_due(Moment::MAX)).collect();
        assert_eq!(
            rest,
            [
                (at(1_500), 'b'),
                (at(1_900), 'c'),
                (at(2_000), 'd'),
                (at(61_000), 'e')
            ]
        );
    }
}
