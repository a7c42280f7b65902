//! Group commit without threads or clocks: gathers writes, says when to commit them.
//!
//! ```text
//! add(now, writes, ticket?) … next_timeout() … take(now) ──▶ Group ──committed──▶ tickets are told
//!                                                              └──failed──▶ restore(group): goes again, under newer writes
//! ```

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;

use crate::Write;

/// When a group is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupLimits {
    /// How long a write that nobody waits for may stay in memory: what a crash may cost.
    pub max_delay: Duration,
    /// The same for records of what is over. Anything else that is due takes them along.
    pub max_records: Duration,
    /// From one commit to the next that somebody waits for, at least: what comes meanwhile gathers. Who comes later than
    /// that is not held up.
    pub max_wait: Duration,
    /// A group of this many writes goes at once.
    pub max_writes: usize,
}

impl Default for GroupLimits {
    /// 50 ms makes 20 commits a second, in which the last state of a short call is all that is written of it; 2 ms
    /// is far below the retransmission timer of any phone and gathers a burst of registrations.
    fn default() -> Self {
        Self {
            max_delay: Duration::from_millis(50),
            max_records: Duration::from_millis(50),
            max_wait: Duration::from_millis(2),
            max_writes: 2_000,
        }
    }
}

/// Writes to commit together, and the tickets `T` of those who wait for them.
#[derive(Debug)]
pub struct Group<T> {
    /// At most one for each key, in key order, then the journal's.
    pub writes: Vec<Write>,
    pub tickets: Vec<T>,
}

/// Gathers writes. A later write to a key replaces an earlier one that is not committed yet: a ticket then stands
/// for the value or a newer one.
#[derive(Debug)]
pub struct GroupCommit<T> {
    limits: GroupLimits,
    documents: BTreeMap<String, Option<Bytes>>,
    entries: BTreeMap<String, Vec<(Moment, Bytes)>>,
    entry_count: usize,
    tickets: Vec<T>,
    due: Option<Moment>,
    /// When the latest group was taken.
    taken: Option<Moment>,
    /// After a failure: not earlier than this, however much comes.
    not_before: Moment,
    coalesced: u64,
}

impl<T> GroupCommit<T> {
    pub fn new(limits: GroupLimits) -> Self {
        Self {
            limits,
            documents: BTreeMap::new(),
            entries: BTreeMap::new(),
            entry_count: 0,
            tickets: Vec::new(),
            due: None,
            taken: None,
            not_before: Moment::ZERO,
            coalesced: 0,
        }
    }

    /// Adds writes; `ticket` is given back with the group that makes them durable.
    pub fn add(&mut self, now: Moment, writes: Vec<Write>, ticket: Option<T>) {
        if writes.is_empty() && ticket.is_none() {
            return;
        }
        let due = match ticket {
            Some(_) => self
                .taken
                .map_or(now, |taken| (taken + self.limits.max_wait).max(now)),
            None => now + self.limits.max_delay,
        };
        self.take_in(now, writes, due);
        self.tickets.extend(ticket);
    }

    /// Adds records of what is over, which can wait for longest.
    pub fn add_records(&mut self, now: Moment, writes: Vec<Write>) {
        if !writes.is_empty() {
            self.take_in(now, writes, now + self.limits.max_records);
        }
    }

    fn take_in(&mut self, now: Moment, writes: Vec<Write>, due: Moment) {
        writes.into_iter().for_each(|write| self.add_write(write));
        let full = self.len() >= self.limits.max_writes;
        let due = if full { now } else { due }.max(self.not_before);
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// Whether only records wait: what else comes would be due before they are.
    pub fn is_patient(&self, now: Moment) -> bool {
        self.due.is_some_and(|due| due > now + self.limits.max_delay)
    }

    fn add_write(&mut self, write: Write) {
        let replaced = match write {
            Write::Put { key, value } => self.documents.insert(key, Some(value)),
            Write::Delete { key } => self.documents.insert(key, None),
            Write::Append { stream, at, entry } => {
                self.entries.entry(stream).or_default().push((at, entry));
                self.entry_count += 1;
                None
            }
        };
        self.coalesced += u64::from(replaced.is_some());
    }

    /// Writes held.
    pub fn len(&self) -> usize {
        self.documents.len() + self.entry_count
    }

    /// Whether there is nothing to commit and nobody to tell.
    pub fn is_empty(&self) -> bool {
        self.due.is_none()
    }

    /// Writes that never went to the disk because a newer one replaced them.
    pub fn coalesced(&self) -> u64 {
        self.coalesced
    }

    /// When to call [`GroupCommit::take`].
    pub fn next_timeout(&self) -> Option<Moment> {
        self.due
    }

    /// The group to commit, if it is time.
    pub fn take(&mut self, now: Moment) -> Option<Group<T>> {
        if self.due? > now {
            return None;
        }
        self.taken = Some(now);
        self.take_all()
    }

    /// The group to commit, without waiting for more.
    pub fn take_all(&mut self) -> Option<Group<T>> {
        self.due.take()?;
        self.entry_count = 0;
        let documents = mem::take(&mut self.documents)
            .into_iter()
            .map(|(key, value)| Write::set(key, value));
        let entries = mem::take(&mut self.entries)
            .into_iter()
            .flat_map(|(stream, entries)| {
                entries.into_iter().map(move |(at, entry)| Write::Append {
                    stream: stream.clone(),
                    at,
                    entry,
                })
            });
        Some(Group {
            writes: documents.chain(entries).collect(),
            tickets: mem::take(&mut self.tickets),
        })
    }

    /// Takes back the writes of a group that could not be committed, to try again at `retry_at`. What was written
    /// meanwhile is newer and stays.
    pub fn restore(&mut self, writes: Vec<Write>, retry_at: Moment) {
        let mut earlier: BTreeMap<String, Vec<(Moment, Bytes)>> = BTreeMap::new();
        for write in writes {
            match write {
                Write::Put { key, value } => drop(self.documents.entry(key).or_insert(Some(value))),
                Write::Delete { key } => drop(self.documents.entry(key).or_insert(None)),
                Write::Append { stream, at, entry } => {
                    earlier.entry(stream).or_default().push((at, entry));
                    self.entry_count += 1;
                }
            }
        }
        for (stream, mut entries) in earlier {
            entries.append(self.entries.entry(stream.clone()).or_default());
            self.entries.insert(stream, entries);
        }
        self.due = Some(retry_at);
        self.not_before = retry_at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, value: &'static str) -> Write {
        Write::set(key, Some(Bytes::from(value)))
    }

    fn entry(stream: &str, entry: &'static str) -> Write {
        Write::Append {
            stream: stream.to_owned(),
            at: Moment::ZERO,
            entry: Bytes::from(entry),
        }
    }

    fn millis(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn group() -> GroupCommit<&'static str> {
        GroupCommit::new(GroupLimits {
            max_delay: Duration::from_millis(20),
            max_records: Duration::from_millis(90),
            max_wait: Duration::from_millis(2),
            max_writes: 4,
        })
    }

    #[test]
    fn writes_that_nobody_waits_for_gather_for_the_whole_delay() {
        let mut group = group();
        group.add(millis(0), vec![put("a", "1")], None);
        group.add(millis(10), vec![put("b", "1")], None);
        assert_eq!(group.next_timeout(), Some(millis(20)));
        assert!(group.take(millis(19)).is_none());
        assert_eq!(
            group.take(millis(20)).unwrap().writes,
            [put("a", "1"), put("b", "1")]
        );
        assert!(group.is_empty() && group.next_timeout().is_none());
    }

    #[test]
    fn records_wait_for_longest_and_go_with_what_is_due_sooner() {
        let mut group = group();
        group.add_records(millis(0), vec![entry("cdr", "1")]);
        assert_eq!(group.next_timeout(), Some(millis(90)));
        assert!(group.is_patient(millis(69)) && !group.is_patient(millis(70)));
        group.add(millis(30), vec![put("a", "1")], None);
        assert!(!group.is_patient(millis(30)));
        let taken = group.take(millis(50)).unwrap();
        assert_eq!(taken.writes, [put("a", "1"), entry("cdr", "1")]);
    }

    #[test]
    fn one_who_waits_shortens_the_delay_for_all() {
        let mut group = group();
        group.add(millis(0), vec![put("a", "1")], None);
        group.add(millis(5), vec![put("b", "1")], Some("register"));
        assert_eq!(group.next_timeout(), Some(millis(5)));
        let taken = group.take(millis(5)).unwrap();
        assert_eq!((taken.writes.len(), taken.tickets), (2, vec!["register"]));
    }

    #[test]
    fn those_who_wait_right_behind_a_commit_gather() {
        let mut group = group();
        group.add(millis(5), vec![put("a", "1")], Some("first"));
        assert!(group.take(millis(5)).is_some());
        group.add(millis(6), vec![put("b", "1")], Some("second"));
        group.add(millis(6), vec![put("c", "1")], Some("third"));
        assert!(group.take(millis(6)).is_none());
        assert_eq!(group.take(millis(7)).unwrap().tickets, ["second", "third"]);
    }

    #[test]
    fn a_full_group_goes_at_once() {
        let mut group = group();
        group.add(
            millis(0),
            ["a", "b", "c", "d"].map(|key| put(key, "1")).into(),
            None,
        );
        assert_eq!(group.take(millis(0)).unwrap().writes.len(), 4);
    }

    #[test]
    fn only_the_last_write_to_a_key_goes_to_the_disk() {
        let mut group = group();
        group.add(millis(0), vec![put("a", "1"), put("a", "2")], Some("first"));
        group.add(millis(1), vec![Write::set("a", None)], None);
        let taken = group.take_all().unwrap();
        assert_eq!(
            (taken.writes, group.coalesced()),
            (vec![Write::set("a", None)], 2)
        );
    }

    #[test]
    fn journal_entries_are_never_replaced_and_keep_their_order() {
        let mut group = group();
        group.add(
            millis(0),
            vec![entry("cdr", "1"), put("a", "1"), entry("cdr", "2")],
            None,
        );
        assert_eq!(group.len(), 3);
        assert_eq!(
            group.take_all().unwrap().writes,
            [put("a", "1"), entry("cdr", "1"), entry("cdr", "2")]
        );
    }

    #[test]
    fn a_failed_group_goes_again_under_what_is_newer() {
        let mut group = group();
        group.add(
            millis(0),
            vec![put("a", "1"), put("b", "1"), entry("cdr", "1")],
            None,
        );
        let failed = group.take_all().unwrap();
        group.add(millis(1), vec![put("a", "2"), entry("cdr", "2")], None);
        group.restore(failed.writes, millis(100));
        group.add(millis(2), vec![], Some("flush"));
        assert_eq!(group.next_timeout(), Some(millis(100)));
        let again = group.take(millis(100)).unwrap().writes;
        assert_eq!(
            again,
            [put("a", "2"), put("b", "1"), entry("cdr", "1"), entry("cdr", "2")]
        );
        assert_eq!(group.len(), 0);
    }
}
