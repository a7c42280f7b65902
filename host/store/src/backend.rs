//! What the engine needs of a place to keep bytes: ordered tables and transactions.
//!
//! All semantics live above, in the engine, once; a backend knows none of it.

use crate::Error;

/// The tables of a store. The names are part of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Revision counter, schema, unfinished uploads.
    Meta,
    /// Key → revision (8 bytes, big endian), value.
    Documents,
    /// Digest → upload (8), size (8), chunks (4), big endian.
    Blobs,
    /// Upload (8), index (4), big endian → bytes.
    Chunks,
    /// Name → extent.
    Streams,
    /// Name, NUL, offset (8, big endian) → instant in µs (8, big endian), bytes.
    Entries,
    /// Name → lease.
    Leases,
}

impl Table {
    pub const ALL: [Self; 7] = [
        Self::Meta,
        Self::Documents,
        Self::Blobs,
        Self::Chunks,
        Self::Streams,
        Self::Entries,
        Self::Leases,
    ];
}

/// Called with key and value in order; false stops the scan.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> bool;

/// Reads one consistent state.
pub trait View {
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Visits keys from `from` on (included) to `to` (excluded; `None`: to the end).
    fn scan(&mut self, table: Table, from: &[u8], to: Option<&[u8]>, visit: Visit<'_>) -> Result<(), Error>;
}

/// Reads and writes a state that becomes visible when it is committed.
pub trait Transaction: View {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Error>;

    /// Whether there was one.
    fn delete(&mut self, table: Table, key: &[u8]) -> Result<bool, Error>;
}

/// When a commit must be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    Now,
    /// With the next [`Sync::Now`]: a crash before undoes it.
    Later,
}

pub trait Backend: Send + core::marker::Sync + 'static {
    /// Runs `work` on the last committed state.
    fn view(&self, work: &mut dyn FnMut(&mut dyn View) -> Result<(), Error>) -> Result<(), Error>;

    /// Runs `work` and commits what it wrote, or nothing if it fails. One at a time.
    fn transact(
        &self,
        sync: Sync,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), Error>,
    ) -> Result<(), Error>;

    /// For messages: a path, or "memory".
    fn place(&self) -> String;
}
