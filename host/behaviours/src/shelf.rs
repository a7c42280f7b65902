//! Modules that are ready to run: as many as there is room for, those used last.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use contract::ModuleDigest;

/// What is kept once the shelf is full and one more comes: the rest goes at once, so that not every newcomer has to look for room.
const KEPT_PERCENT: usize = 90;

/// How much may stand on a shelf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Of machine code.
    pub bytes: usize,
    /// Each takes a file descriptor for its memory's image.
    pub modules: usize,
}

/// Everybody reads it at once; only who puts something up or takes it down is alone.
pub(crate) struct Shelf<T> {
    room: Room,
    /// Counts uses: the larger, the later.
    uses: AtomicU64,
    stock: RwLock<Stock<T>>,
}

struct Stock<T> {
    bytes: usize,
    known: HashMap<ModuleDigest, Known<T>>,
}

struct Known<T> {
    module: Arc<T>,
    bytes: usize,
    used: AtomicU64,
}

impl<T> Shelf<T> {
    pub fn new(room: Room) -> Self {
        Self {
            room,
            uses: AtomicU64::new(0),
            stock: RwLock::new(Stock {
                bytes: 0,
                known: HashMap::new(),
            }),
        }
    }

    pub fn get(&self, digest: ModuleDigest) -> Option<Arc<T>> {
        let stock = self.stock.read().unwrap_or_else(PoisonError::into_inner);
        let known = stock.known.get(&digest)?;
        known.used.store(self.next(), Ordering::Relaxed);
        Some(Arc::clone(&known.module))
    }

    pub fn has(&self, digest: ModuleDigest) -> bool {
        let stock = self.stock.read().unwrap_or_else(PoisonError::into_inner);
        stock.known.contains_key(&digest)
    }

    /// Puts a module up. Where there is no room, those that nobody used for longest go; who runs on them goes on.
    pub fn put(&self, digest: ModuleDigest, module: T, bytes: usize) {
        let known = Known {
            module: Arc::new(module),
            bytes,
            used: AtomicU64::new(self.next()),
        };
        let mut stock = self.stock.write().unwrap_or_else(PoisonError::into_inner);
        let gone = stock.put(digest, known, self.room);
        drop(stock);
        // Unmapping takes time: nobody has to wait for it.
        drop(gone);
    }

    pub fn take(&self, digest: ModuleDigest) {
        let mut stock = self.stock.write().unwrap_or_else(PoisonError::into_inner);
        let gone = stock.take(digest);
        drop(stock);
        drop(gone);
    }

    fn next(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }
}

impl<T> Stock<T> {
    fn take(&mut self, digest: ModuleDigest) -> Option<Known<T>> {
        let known = self.known.remove(&digest)?;
        self.bytes = self.bytes.saturating_sub(known.bytes);
        Some(known)
    }

    /// What had to go.
    fn put(&mut self, digest: ModuleDigest, new: Known<T>, room: Room) -> Vec<Known<T>> {
        let mut gone: Vec<_> = self.take(digest).into_iter().collect();
        let bytes = self.bytes.saturating_add(new.bytes);
        if bytes > room.bytes || self.known.len() >= room.modules {
            let most = room.bytes / 100 * KEPT_PERCENT;
            let modules = (room.modules * KEPT_PERCENT / 100).min(room.modules.saturating_sub(1));
            gone.extend(self.clear(most.saturating_sub(new.bytes), modules));
        }
        self.bytes += new.bytes;
        self.known.insert(digest, new);
        gone
    }

    fn clear(&mut self, bytes: usize, modules: usize) -> Vec<Known<T>> {
        let mut oldest: Vec<_> = self
            .known
            .iter()
            .map(|(digest, known)| (known.used.load(Ordering::Relaxed), *digest))
            .collect();
        oldest.sort_unstable();
        let mut gone = Vec::new();
        for (_, digest) in oldest {
            if self.bytes <= bytes && self.known.len() <= modules {
                break;
            }
            gone.extend(self.take(digest));
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room {
        bytes: 100,
        modules: 10,
    };

    fn digest(number: u8) -> ModuleDigest {
        ModuleDigest([number; 32])
    }

    fn there(shelf: &Shelf<u8>) -> Vec<u8> {
        (0..=255).filter(|number| shelf.has(digest(*number))).collect()
    }

    #[test]
    fn those_that_nobody_used_for_longest_make_room() {
        let shelf = Shelf::new(ROOM);
        for number in 0..10 {
            shelf.put(digest(number), number, 10);
        }
        assert_eq!(*shelf.get(digest(0)).unwrap(), 0);
        shelf.put(digest(10), 10, 10);
        assert_eq!(
            there(&shelf),
            [0, 3, 4, 5, 6, 7, 8, 9, 10],
            "a tenth is cleared, and one for the newcomer"
        );
        shelf.put(digest(11), 11, 60);
        assert_eq!(there(&shelf), [0, 9, 10, 11]);
    }

    #[test]
    fn there_is_room_for_so_many_however_small_and_for_one_however_large() {
        let shelf = Shelf::new(ROOM);
        (0..100).for_each(|number| shelf.put(digest(number), number, 1));
        assert!((9..=10).contains(&there(&shelf).len()));
        shelf.put(digest(200), 200, 1_000);
        assert_eq!(there(&shelf), [200]);
        shelf.put(digest(201), 201, 1);
        assert_eq!(there(&shelf), [201]);
        let nothing = Shelf::new(Room { bytes: 0, modules: 0 });
        nothing.put(digest(1), 1, 1);
        assert_eq!(there(&nothing), [1]);
    }

    #[test]
    fn who_has_one_keeps_it_when_it_goes() {
        let shelf = Shelf::new(ROOM);
        shelf.put(digest(1), 1, 10);
        let held = shelf.get(digest(1)).unwrap();
        shelf.take(digest(1));
        assert_eq!((shelf.get(digest(1)), *held), (None, 1));
        shelf.put(digest(2), 2, 100);
        shelf.put(digest(2), 3, 100);
        assert_eq!(
            shelf.get(digest(2)).as_deref(),
            Some(&3),
            "put up twice, counted once"
        );
    }
}
