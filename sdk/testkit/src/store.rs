//! What survives the process: writes become durable in order, a moment after they were asked for.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use exchange::{Entry, Ticket, Write};

/// A store with group commit. Between [`write`](Self::write) and [`commit`](Self::commit) a crash may lose
/// what was written, but never an earlier write and keep a later one.
#[derive(Debug, Default)]
pub(crate) struct Store {
    durable: BTreeMap<String, Bytes>,
    pending: VecDeque<(Vec<Write>, Option<Ticket>)>,
}

impl Store {
    pub fn write(&mut self, writes: Vec<Write>, ticket: Option<Ticket>) {
        self.pending.push_back((writes, ticket));
    }

    /// Whether something waits for a commit.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Makes everything durable; the tickets that waited for it.
    pub fn commit(&mut self) -> Vec<Ticket> {
        let pending = std::mem::take(&mut self.pending);
        pending
            .into_iter()
            .filter_map(|(writes, ticket)| {
                self.apply(writes);
                ticket
            })
            .collect()
    }

    /// The process dies: the first `kept` writes that were pending reached the disk, the others are lost.
    pub fn crash(&mut self, kept: usize) {
        for (writes, _) in std::mem::take(&mut self.pending).into_iter().take(kept) {
            self.apply(writes);
        }
    }

    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    pub fn entries(&self) -> Vec<Entry> {
        let entry = |(key, value): (&String, &Bytes)| (key.clone(), value.clone());
        self.durable.iter().map(entry).collect()
    }

    /// Keys that are durable, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.durable.keys().map(String::as_str)
    }

    pub fn insert(&mut self, key: String, value: Bytes) {
        self.durable.insert(key, value);
    }

    fn apply(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write.value {
                Some(value) => self.durable.insert(write.key, value),
                None => self.durable.remove(&write.key),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loses_the_last_writes_and_never_one_in_the_middle() {
        let mut store = Store::default();
        for key in ["a", "b", "c"] {
            store.write(vec![Write::put(key, Bytes::from_static(b"1"))], Some(Ticket(1)));
        }
        store.crash(2);
        assert_eq!(store.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert!(!store.is_pending());
    }

    #[test]
    fn a_commit_tells_who_waited() {
        let mut store = Store::default();
        store.write(vec![Write::put("a", Bytes::new())], None);
        store.write(vec![Write::remove("a")], Some(Ticket(7)));
        assert_eq!(store.commit(), [Ticket(7)]);
        assert_eq!(store.entries(), []);
    }
}
