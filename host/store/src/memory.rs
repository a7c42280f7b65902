use std::collections::BTreeMap;
use std::mem;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::backend::{Backend, Sync, Table, Transaction, View, Visit};
use crate::engine::Engine;
use crate::{Error, Limits, Schema};

/// A store in memory, for simulations: what [`crate::EmbeddedStore`] does, without a disk, with faults on demand.
pub type MemoryStore = Engine<Memory>;

/// The backend of [`MemoryStore`].
#[derive(Default)]
pub struct Memory(Mutex<State>);

type Records = BTreeMap<(Table, Vec<u8>), Vec<u8>>;
/// Values by key, `None` where there is none.
type Changes = BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>;

#[derive(Default)]
struct State {
    records: Records,
    /// How to get back to what is on the disk: for each unsynced commit what it replaced, oldest first.
    unsynced: Vec<Changes>,
    /// The disk acknowledges commits without keeping them until the next sync.
    lying: bool,
    failures: u32,
}

impl MemoryStore {
    /// An empty store with the usual limits.
    ///
    /// # Errors
    ///
    /// None in practice; the signature is that of every opening.
    pub fn new() -> Result<Self, Error> {
        Self::with(Limits::default(), &Schema::default())
    }

    /// An empty store with limits of one's own.
    ///
    /// # Errors
    ///
    /// As [`MemoryStore::new`].
    pub fn with(limits: Limits, schema: &Schema<'_>) -> Result<Self, Error> {
        Self::open(Memory::default(), limits, schema)
    }

    /// From now on commits reach the disk only with [`MemoryStore::sync`]: a disk whose cache lies.
    pub fn hold_syncs(&self) {
        self.backend.lock().lying = true;
    }

    /// Brings everything committed to the disk, and ends [`MemoryStore::hold_syncs`].
    pub fn sync(&self) {
        let mut state = self.backend.lock();
        state.lying = false;
        state.unsynced.clear();
    }

    /// A power cut: loses what was not synced, ends all watches. The store is then as after a restart.
    ///
    /// # Errors
    ///
    /// As opening a store.
    pub fn crash(&self) -> Result<(), Error> {
        self.backend.lock().lose_unsynced();
        self.reload()
    }

    /// Makes the next `count` commits fail without effect, as a full disk does.
    pub fn fail_commits(&self, count: u32) {
        self.backend.lock().failures = count;
    }
}

impl State {
    fn lose_unsynced(&mut self) {
        while let Some(before) = self.unsynced.pop() {
            for (key, value) in before {
                match value {
                    Some(value) => self.records.insert(key, value),
                    None => self.records.remove(&key),
                };
            }
        }
    }

    fn apply(&mut self, changes: Changes, sync: Sync) {
        let mut before = Changes::new();
        for (key, value) in changes {
            let old = match value {
                Some(value) => self.records.insert(key.clone(), value),
                None => self.records.remove(&key),
            };
            before.insert(key, old);
        }
        if sync == Sync::Later || self.lying {
            self.unsynced.push(before);
        } else {
            self.unsynced.clear();
        }
    }

    fn failing(&mut self) -> bool {
        let failing = self.failures > 0;
        self.failures = self.failures.saturating_sub(1);
        failing
    }
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn view(&self, work: &mut dyn FnMut(&mut dyn View) -> Result<(), Error>) -> Result<(), Error> {
        work(&mut Overlay {
            state: &self.lock(),
            changes: Changes::new(),
        })
    }

    fn transact(
        &self,
        sync: Sync,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut state = self.lock();
        let mut overlay = Overlay {
            state: &state,
            changes: Changes::new(),
        };
        work(&mut overlay)?;
        let changes = mem::take(&mut overlay.changes);
        if state.failing() {
            return Err(Error::Failed {
                place: self.place(),
                detail: "no space left on device".to_owned(),
            });
        }
        state.apply(changes, sync);
        Ok(())
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }
}

/// The state with a transaction's changes over it.
struct Overlay<'a> {
    state: &'a State,
    changes: Changes,
}

impl View for Overlay<'_> {
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let key = (table, key.to_vec());
        Ok(self
            .changes
            .get(&key)
            .unwrap_or(&self.state.records.get(&key).cloned())
            .clone())
    }

    fn scan(&mut self, table: Table, from: &[u8], to: Option<&[u8]>, visit: Visit<'_>) -> Result<(), Error> {
        let range = (Bound::Included((table, from.to_vec())), Bound::Unbounded);
        let inside = |key: &(Table, Vec<u8>)| key.0 == table && to.is_none_or(|to| key.1.as_slice() < to);
        let mut stored = self
            .state
            .records
            .range(range.clone())
            .take_while(|(key, _)| inside(key))
            .peekable();
        let mut changed = self
            .changes
            .range(range)
            .take_while(|(key, _)| inside(key))
            .peekable();
        loop {
            let next = match (stored.peek(), changed.peek()) {
                (Some((old, _)), Some((new, _))) if old < new => stored.next(),
                (Some((old, _)), Some((new, _))) if old == new => {
                    stored.next();
                    continue;
                }
                (Some(_), None) => stored.next(),
                (_, Some(_)) => match changed.next() {
                    Some((key, Some(value))) => Some((key, value)),
                    _ => continue,
                },
                (None, None) => return Ok(()),
            };
            if let Some((key, value)) = next
                && !visit(&key.1, value)
            {
                return Ok(());
            }
        }
    }
}

impl Transaction for Overlay<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Error> {
        self.changes.insert((table, key.to_vec()), Some(value.to_vec()));
        Ok(())
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<bool, Error> {
        let existed = self.get(table, key)?.is_some();
        self.changes.insert((table, key.to_vec()), None);
        Ok(existed)
    }
}
