//! Which connections are open, and what waits on each.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{ConnectionId, Path};
use crate::transaction::TransactionId;

/// Paths name connections for as long as calls last; connections come and go. So a path is looked at when
/// something is sent, not when a connection closes: closing one costs the same however many calls there are.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// Open ones, with the requests of ours that wait for an answer there.
    open: FxHashMap<ConnectionId, FxHashSet<TransactionId>>,
}

impl Connections {
    /// Something came in on this path.
    pub fn open(&mut self, path: &Path) {
        if let Some(connection) = path.connection {
            self.open.entry(connection).or_default();
        }
    }

    /// The path as it is now: without its connection when that is gone.
    pub fn current(&self, path: Path) -> Path {
        let connection = path
            .connection
            .filter(|connection| self.open.contains_key(connection));
        Path { connection, ..path }
    }

    pub fn is_gone(&self, path: &Path) -> bool {
        path.connection
            .is_some_and(|connection| !self.open.contains_key(&connection))
    }

    pub fn wait(&mut self, path: &Path, client: TransactionId) {
        if let Some(waiting) = path
            .connection
            .and_then(|connection| self.open.get_mut(&connection))
        {
            waiting.insert(client);
        }
    }

    pub fn done(&mut self, path: &Path, client: TransactionId) {
        if let Some(waiting) = path
            .connection
            .and_then(|connection| self.open.get_mut(&connection))
        {
            waiting.remove(&client);
        }
    }

    /// What waited there, oldest first.
    pub fn close(&mut self, connection: ConnectionId) -> Vec<TransactionId> {
        let mut waiting: Vec<_> = self.open.remove(&connection).into_iter().flatten().collect();
        waiting.sort_unstable();
        waiting
    }
}
