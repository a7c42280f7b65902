use std::io;
use std::ops::Range;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;

use crate::{
    BlobInfo, Digest, Document, Entry, Error, Expect, Fence, Lease, Page, Retention, Revision, StreamInfo,
    Trimmed, Watch, Write,
};

/// Bounds that every store keeps, so that neither a peer nor a tenant can make it grow by one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one document or one journal entry.
    pub value_bytes: usize,
    /// Documents, entries or blobs returned by one call, whatever it asks for.
    pub page: usize,
    /// Bytes of values returned by one call; one is returned even if it is larger.
    pub page_bytes: usize,
    /// Journal entries that one trim removes.
    pub trim: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            value_bytes: 4 << 20,
            page: 1_000,
            page_bytes: 16 << 20,
            trim: 10_000,
        }
    }
}

/// Documents, blobs, journal and leases.
///
/// Every call that writes returns when the write is durable, and then readers and watchers see it. Calls may
/// come from any thread and may block on the disk: keep them away from the exchange's thread.
pub trait Store: Send + Sync {
    // Documents.

    fn get(&self, key: &str) -> Result<Option<Document>, Error>;

    /// # Errors
    ///
    /// [`Error::Conflict`] if `expect` does not hold; nothing is written then.
    fn put(&self, key: &str, value: Bytes, expect: Expect) -> Result<Revision, Error>;

    /// Whether there was one. Absent and [`Expect::Any`] is no error.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if `expect` does not hold.
    fn delete(&self, key: &str, expect: Expect) -> Result<bool, Error>;

    /// Documents whose key starts with `prefix`, in byte order, beginning behind `after`.
    fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, Error>;

    /// Commits all or nothing, as one revision. With a `fence`, only while that lease is still its holder's.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] if the fence no longer holds.
    fn write_batch(&self, writes: &[Write], fence: Option<&Fence>) -> Result<Revision, Error>;

    /// Changes of documents under `prefix` from now on; at most `capacity` may wait to be taken.
    fn watch(&self, prefix: &str, capacity: usize) -> Result<Watch, Error>;

    // Blobs.

    /// Stores what `content` yields and names it by its SHA-256. Storing the same bytes again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] as soon as more than `limit` bytes came, [`Error::Content`] if reading failed; nothing is
    /// kept in both cases.
    fn put_blob(&self, content: &mut dyn io::Read, limit: u64) -> Result<BlobInfo, Error>;

    fn blob(&self, digest: &Digest) -> Result<Option<BlobInfo>, Error>;

    /// Chunk `index` of a blob; `None` behind the last, or without such a blob.
    fn blob_chunk(&self, digest: &Digest, index: u32) -> Result<Option<Bytes>, Error>;

    /// Whether there was one.
    fn delete_blob(&self, digest: &Digest) -> Result<bool, Error>;

    /// Blobs in digest order, beginning behind `after`.
    fn list_blobs(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<BlobInfo>, Error>;

    // Journal.

    /// Appends to a stream, which begins to exist with its first entry. Returns the entries' offsets.
    fn append(&self, stream: &str, entries: &[Bytes], now: Moment) -> Result<Range<u64>, Error>;

    /// Entries from offset `from` on, or from the oldest kept one if `from` was trimmed.
    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Entry>, Error>;

    /// `None` if nothing was ever appended.
    fn stream(&self, name: &str) -> Result<Option<StreamInfo>, Error>;

    /// Streams whose name starts with `prefix`, in byte order, beginning behind `after`.
    fn streams(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, StreamInfo)>, Error>;

    /// Removes the oldest entries until `keep` holds, a bounded number at a time.
    fn trim(&self, stream: &str, keep: &Retention, now: Moment) -> Result<Trimmed, Error>;

    /// Forgets a stream that was trimmed to nothing, its offsets too. Whether it did.
    fn forget_stream(&self, name: &str) -> Result<bool, Error>;

    // Leases.

    /// Takes a free or expired lease. A holder that takes its own lease again gets a new fencing revision: it may
    /// be a restarted process whose former self still has writes under way.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseHeld`] while another owner's has not expired at `now`.
    fn take_lease(&self, name: &str, owner: &str, length: Duration, now: Moment) -> Result<Lease, Error>;

    /// Extends a lease to `now + length`, keeping its revision.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] if it expired before `now` or has another revision.
    fn renew_lease(&self, lease: &Lease, length: Duration, now: Moment) -> Result<Lease, Error>;

    /// Gives a lease up; whether it was still held.
    fn release_lease(&self, lease: &Lease) -> Result<bool, Error>;

    /// Who holds or last held it; `None` when free since released or never taken.
    fn lease(&self, name: &str) -> Result<Option<Lease>, Error>;
}
