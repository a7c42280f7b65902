//! The semantics of [`Store`], over any [`Backend`].

mod blobs;
mod documents;
mod journal;
mod leases;

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, mem};

use base::Moment;
use bytes::Bytes;

use crate::backend::{Backend, Sync, Table, Transaction, View};
use crate::watch::Watches;
use crate::{
    BlobInfo, Change, Digest, Document, Entry, Error, Expect, Fence, Lease, Limits, Page, Retention,
    Revision, Schema, Store, StreamInfo, Trimmed, Watch, Write, key, schema,
};

const SEQUENCE: &[u8] = b"sequence";

/// A store over some backend; see [`crate::EmbeddedStore`] and [`crate::MemoryStore`].
pub struct Engine<B> {
    pub(crate) backend: B,
    limits: Limits,
    commits: Mutex<Commits>,
}

/// Held from a commit's beginning until its changes are published, so that watchers see commit order.
#[derive(Default)]
struct Commits {
    sequence: u64,
    watches: Watches,
}

/// What a commit's steps have at hand.
struct Commit<'a> {
    transaction: &'a mut dyn Transaction,
    revision: Revision,
    limits: Limits,
    /// `None`: nobody watches.
    changes: Option<Vec<Change>>,
}

impl<B: Backend> Engine<B> {
    pub(crate) fn open(backend: B, limits: Limits, schema: &Schema<'_>) -> Result<Self, Error> {
        schema::bring_up_to_date(&backend, schema)?;
        let engine = Self {
            backend,
            limits,
            commits: Mutex::default(),
        };
        engine.remove_unfinished_uploads()?;
        engine.load_sequence()?;
        Ok(engine)
    }

    /// Where the store is, for messages.
    pub fn place(&self) -> String {
        self.backend.place()
    }

    /// Ends all watches and forgets what memory knew of the backend's state.
    pub(crate) fn reload(&self) -> Result<(), Error> {
        self.lock().watches.close();
        self.remove_unfinished_uploads()?;
        self.load_sequence()
    }

    fn load_sequence(&self) -> Result<(), Error> {
        let stored = self.look(|view| view.get(Table::Meta, SEQUENCE))?;
        self.lock().sequence = stored.as_deref().and_then(read_u64).unwrap_or(0);
        Ok(())
    }

    /// A thread that died while committing left the backend's state whole, so its poison is no reason to stop.
    fn lock(&self) -> MutexGuard<'_, Commits> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one consistent state.
    fn look<R>(&self, mut work: impl FnMut(&mut dyn View) -> Result<R, Error>) -> Result<R, Error> {
        let mut result = None;
        self.backend.view(&mut |view| {
            result = Some(work(view)?);
            Ok(())
        })?;
        result.ok_or_else(|| self.unfinished())
    }

    /// Runs `work` in a transaction of its own revision, then publishes its changes.
    fn commit<R>(
        &self,
        sync: Sync,
        mut work: impl FnMut(&mut Commit<'_>) -> Result<R, Error>,
    ) -> Result<(Revision, R), Error> {
        let mut commits = self.lock();
        // Not used again even if this fails: the disk may have kept what it refused to confirm.
        commits.sequence += 1;
        let revision = Revision(commits.sequence);
        let watched = !commits.watches.is_empty();
        let (mut result, mut changes) = (None, None);
        self.backend.transact(sync, &mut |transaction| {
            let collected = watched.then(Vec::new);
            let mut commit = Commit {
                transaction,
                revision,
                limits: self.limits,
                changes: collected,
            };
            result = Some(work(&mut commit)?);
            changes = mem::take(&mut commit.changes);
            transaction.put(Table::Meta, SEQUENCE, &revision.0.to_be_bytes())
        })?;
        commits.watches.publish(&changes.unwrap_or_default());
        result
            .map(|result| (revision, result))
            .ok_or_else(|| self.unfinished())
    }

    /// A backend that claims success without having run the work is broken.
    fn unfinished(&self) -> Error {
        Error::Failed {
            place: self.place(),
            detail: "the transaction was not run".to_owned(),
        }
    }

    fn page(&self, asked: usize) -> usize {
        asked.clamp(1, self.limits.page)
    }
}

impl<B: Backend> Store for Engine<B> {
    fn get(&self, key: &str) -> Result<Option<Document>, Error> {
        key::check("key", key)?;
        self.look(|view| documents::get(view, key))
    }

    fn put(&self, key: &str, value: Bytes, expect: Expect) -> Result<Revision, Error> {
        self.commit(Sync::Now, |commit| {
            commit.expect(key, expect)?;
            commit.put_document(key, &value)
        })
        .map(|(revision, ())| revision)
    }

    fn delete(&self, key: &str, expect: Expect) -> Result<bool, Error> {
        self.commit(Sync::Now, |commit| {
            commit.expect(key, expect)?;
            commit.delete_document(key)
        })
        .map(|(_, existed)| existed)
    }

    fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, Error> {
        let limits = Limits {
            page: self.page(limit),
            ..self.limits
        };
        self.look(|view| documents::list(view, prefix, after, limits))
    }

    fn write_batch(&self, writes: &[Write], fence: Option<&Fence>) -> Result<Revision, Error> {
        self.commit(Sync::Now, |commit| {
            if let Some(fence) = fence {
                commit.check_fence(fence)?;
            }
            commit.write_all(writes)
        })
        .map(|(revision, ())| revision)
    }

    fn watch(&self, prefix: &str, capacity: usize) -> Result<Watch, Error> {
        Ok(self.lock().watches.add(prefix, capacity))
    }

    fn put_blob(&self, content: &mut dyn io::Read, limit: u64) -> Result<BlobInfo, Error> {
        self.upload(content, limit)
    }

    fn blob(&self, digest: &Digest) -> Result<Option<BlobInfo>, Error> {
        self.look(|view| Ok(blobs::find(view, digest)?.map(|blob| blob.info(*digest))))
    }

    fn blob_chunk(&self, digest: &Digest, index: u32) -> Result<Option<Bytes>, Error> {
        self.look(|view| blobs::chunk(view, digest, index))
    }

    fn delete_blob(&self, digest: &Digest) -> Result<bool, Error> {
        self.commit(Sync::Now, |commit| commit.delete_blob(digest))
            .map(|(_, existed)| existed)
    }

    fn list_blobs(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<BlobInfo>, Error> {
        let limit = self.page(limit);
        self.look(|view| blobs::list(view, after, limit))
    }

    fn append(&self, stream: &str, entries: &[Bytes], now: Moment) -> Result<Range<u64>, Error> {
        self.commit(Sync::Now, |commit| {
            commit.append(stream, entries.iter().map(|entry| (now, entry)))
        })
        .map(|(_, offsets)| offsets)
    }

    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Entry>, Error> {
        key::check("stream", stream)?;
        let limits = Limits {
            page: self.page(limit),
            ..self.limits
        };
        self.look(|view| journal::read(view, stream, from, limits))
    }

    fn stream(&self, name: &str) -> Result<Option<StreamInfo>, Error> {
        key::check("stream", name)?;
        self.look(|view| journal::info(view, name))
    }

    fn streams(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, StreamInfo)>, Error> {
        let limit = self.page(limit);
        self.look(|view| journal::list(view, prefix, after, limit))
    }

    fn trim(&self, stream: &str, keep: &Retention, now: Moment) -> Result<Trimmed, Error> {
        self.commit(Sync::Now, |commit| commit.trim(stream, keep, now))
            .map(|(_, trimmed)| trimmed)
    }

    fn forget_stream(&self, name: &str) -> Result<bool, Error> {
        self.commit(Sync::Now, |commit| commit.forget_stream(name))
            .map(|(_, forgotten)| forgotten)
    }

    fn take_lease(&self, name: &str, owner: &str, length: Duration, now: Moment) -> Result<Lease, Error> {
        self.commit(Sync::Now, |commit| {
            commit.take_lease(name, owner, now + length, now)
        })
        .map(|(_, lease)| lease)
    }

    fn renew_lease(&self, lease: &Lease, length: Duration, now: Moment) -> Result<Lease, Error> {
        self.commit(Sync::Now, |commit| commit.renew_lease(lease, now + length, now))
            .map(|(_, lease)| lease)
    }

    fn release_lease(&self, lease: &Lease) -> Result<bool, Error> {
        self.commit(Sync::Now, |commit| commit.release_lease(lease))
            .map(|(_, held)| held)
    }

    fn lease(&self, name: &str) -> Result<Option<Lease>, Error> {
        key::check("lease", name)?;
        self.look(|view| leases::find(view, name))
    }
}

/// The big-endian number at the front of `bytes`.
fn read_u64(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

/// Where a listing under `prefix` begins: at it, or directly behind `after`.
fn listing_start(prefix: &[u8], after: Option<&[u8]>) -> Vec<u8> {
    match after {
        // A key followed by NUL is the first that is greater.
        Some(after) if after >= prefix => [after, &[0]].concat(),
        _ => prefix.to_vec(),
    }
}

/// A record that does not read as this version writes it.
fn damaged(what: &str) -> Error {
    Error::Failed {
        place: what.to_owned(),
        detail: "a record is damaged".to_owned(),
    }
}
