//! Transactions by number and by key, each with one entry in the timer queue.

use base::Moment;
use rustc_hash::FxHashMap;

use super::Fingerprint;

/// A transaction's number within its table, from 1. Never reused. The default stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(u64);

/// Transactions of one side.
#[derive(Debug)]
pub struct Table<T> {
    entries: FxHashMap<TransactionId, Box<Entry<T>>>,
    by_key: FxHashMap<Fingerprint, TransactionId>,
    by_merge: FxHashMap<Fingerprint, TransactionId>,
    last: u64,
}

#[derive(Debug)]
struct Entry<T> {
    transaction: T,
    key: Fingerprint,
    merge: Option<Fingerprint>,
    wake: Option<Moment>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            entries: FxHashMap::default(),
            by_key: FxHashMap::default(),
            by_merge: FxHashMap::default(),
            last: 0,
        }
    }
}

impl<T> Table<T> {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a transaction. `merge` is a second key that copies of the request share.
    pub fn insert(&mut self, key: Fingerprint, merge: Option<Fingerprint>, transaction: T) -> TransactionId {
        self.last += 1;
        let id = TransactionId(self.last);
        self.by_key.insert(key, id);
        if let Some(merge) = merge {
            self.by_merge.insert(merge, id);
        }
        self.entries.insert(
            id,
            Box::new(Entry {
                transaction,
                key,
                merge,
                wake: None,
            }),
        );
        id
    }

    pub fn find(&self, key: Fingerprint) -> Option<TransactionId> {
        self.by_key.get(&key).copied()
    }

    /// The transaction of another copy of the same request.
    pub fn find_merged(&self, merge: Fingerprint) -> Option<TransactionId> {
        self.by_merge.get(&merge).copied()
    }

    pub fn get(&self, id: TransactionId) -> Option<&T> {
        self.entries.get(&id).map(|entry| &entry.transaction)
    }

    pub fn get_mut(&mut self, id: TransactionId) -> Option<&mut T> {
        self.entries.get_mut(&id).map(|entry| &mut entry.transaction)
    }

    /// When the queue will wake this transaction.
    pub fn wake_mut(&mut self, id: TransactionId) -> Option<&mut Option<Moment>> {
        self.entries.get_mut(&id).map(|entry| &mut entry.wake)
    }

    pub fn remove(&mut self, id: TransactionId) -> Option<T> {
        self.take(id).map(|(_, transaction)| transaction)
    }

    /// Removes a transaction, and tells its key too.
    pub fn take(&mut self, id: TransactionId) -> Option<(Fingerprint, T)> {
        let entry = self.entries.remove(&id)?;
        // Another transaction may have taken the key since.
        if self.by_key.get(&entry.key) == Some(&id) {
            self.by_key.remove(&entry.key);
        }
        if let Some(merge) = entry.merge
            && self.by_merge.get(&merge) == Some(&id)
        {
            self.by_merge.remove(&merge);
        }
        Some((entry.key, entry.transaction))
    }

    /// Numbers of those that a test is true for, in order of their age.
    pub fn ids_where(&self, test: impl Fn(&T) -> bool) -> Vec<TransactionId> {
        let matching = self.entries.iter().filter(|(_, entry)| test(&entry.transaction));
        let mut ids: Vec<_> = matching.map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }
}
