//! One queue for every timer of an endpoint.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use base::Moment;

/// Who is to be woken when: a heap with lazy deletion.
///
/// Each sleeper (a transaction, a call) keeps its own deadlines and remembers the one moment at which the
/// queue will wake it. An entry is pushed only when it has to wake earlier than that; one that was overtaken, or whose
/// sleeper is gone, is dropped when its time comes. So starting, stopping and restarting timers mostly
/// touches nothing here, and the cost of a call does not grow with the number of calls.
#[derive(Debug)]
pub struct TimerQueue<K> {
    heap: BinaryHeap<Reverse<Entry<K>>>,
    pushed: u64,
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
        self.heap.push(Reverse(Entry {
            at: next,
            order: self.pushed,
            key,
        }));
    }

    /// When to look again. Never later than the first deadline; sometimes earlier, in vain.
    pub fn next(&self) -> Option<Moment> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes the first entry that is due. It counts only if its moment is the sleeper's `wake`.
    pub fn pop_due(&mut self, now: Moment) -> Option<(Moment, K)> {
        if self.next()? > now {
            return None;
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
        assert_eq!((wake, queue.heap.len()), (Some(secs(5)), 1));
        queue.arm('a', &mut wake, Some(secs(2)));
        assert_eq!((wake, queue.heap.len()), (Some(secs(2)), 2));
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
}
