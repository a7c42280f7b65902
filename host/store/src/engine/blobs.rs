//! A blob's bytes are staged in chunks under an upload number, since its name is known only at the end; the last
//! step names them. Uploads that a crash left behind are removed at the next start.

use std::io;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::{Commit, Engine, damaged, read_u64};
use crate::backend::{Backend, Sync, Table, View};
use crate::{BlobInfo, CHUNK_BYTES, Digest, Error, key};

const UPLOADS: &[u8] = b"upload/";

/// The record behind a digest.
pub(super) struct Blob {
    upload: u64,
    size: u64,
    chunks: u32,
}

impl Blob {
    pub fn info(&self, digest: Digest) -> BlobInfo {
        BlobInfo {
            digest,
            size: self.size,
            chunks: self.chunks,
        }
    }

    fn encode(&self) -> Vec<u8> {
        [
            &self.upload.to_be_bytes()[..],
            &self.size.to_be_bytes(),
            &self.chunks.to_be_bytes(),
        ]
        .concat()
    }

    fn decode(record: &[u8]) -> Option<Self> {
        let (upload, rest) = record.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let chunks = u32::from_be_bytes(rest.try_into().ok()?);
        Some(Self {
            upload: u64::from_be_bytes(*upload),
            size: u64::from_be_bytes(*size),
            chunks,
        })
    }
}

pub(super) fn find(view: &mut dyn View, digest: &Digest) -> Result<Option<Blob>, Error> {
    match view.get(Table::Blobs, &digest.0)? {
        Some(record) => Blob::decode(&record).map(Some).ok_or_else(|| damaged("blob")),
        None => Ok(None),
    }
}

pub(super) fn chunk(view: &mut dyn View, digest: &Digest, index: u32) -> Result<Option<Bytes>, Error> {
    match find(view, digest)? {
        Some(blob) if index < blob.chunks => Ok(view
            .get(Table::Chunks, &chunk_key(blob.upload, index))?
            .map(Bytes::from)),
        _ => Ok(None),
    }
}

pub(super) fn list(
    view: &mut dyn View,
    after: Option<&Digest>,
    limit: usize,
) -> Result<Vec<BlobInfo>, Error> {
    let start = after.map_or_else(Vec::new, |digest| [&digest.0[..], &[0]].concat());
    let mut found = Vec::new();
    view.scan(Table::Blobs, &start, None, &mut |name, record| {
        if let (Ok(digest), Some(blob)) = (name.try_into(), Blob::decode(record)) {
            found.push(blob.info(Digest(digest)));
        }
        found.len() < limit
    })?;
    Ok(found)
}

impl<B: Backend> Engine<B> {
    pub(super) fn upload(&self, content: &mut dyn io::Read, limit: u64) -> Result<BlobInfo, Error> {
        let (upload, ()) = self.commit(Sync::Later, |commit| {
            commit
                .transaction
                .put(Table::Meta, &upload_key(commit.revision.0), &[])
        })?;
        let mut staged = Blob {
            upload: upload.0,
            size: 0,
            chunks: 0,
        };
        let result = self
            .stage(content, limit, &mut staged)
            .and_then(|digest| self.commit(Sync::Now, |commit| commit.name_upload(&staged, digest)));
        match result {
            Ok((_, info)) => Ok(info),
            Err(error) => {
                self.commit(Sync::Later, |commit| commit.drop_upload(&staged))?;
                Err(error)
            }
        }
    }

    fn stage(&self, content: &mut dyn io::Read, limit: u64, staged: &mut Blob) -> Result<Digest, Error> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let count = fill(content, &mut buffer).map_err(Error::Content)?;
            if count == 0 {
                return Ok(Digest(hash.finalize().into()));
            }
            staged.size += count as u64;
            if staged.size > limit {
                return Err(Error::TooLarge {
                    what: "the content",
                    limit,
                });
            }
            hash.update(&buffer[..count]);
            let key = chunk_key(staged.upload, staged.chunks);
            self.commit(Sync::Later, |commit| {
                commit.transaction.put(Table::Chunks, &key, &buffer[..count])
            })?;
            staged.chunks = staged.chunks.checked_add(1).ok_or(Error::TooLarge {
                what: "the content",
                limit: u64::from(u32::MAX) * CHUNK_BYTES as u64,
            })?;
        }
    }

    /// After a crash: chunks that no blob came to name.
    pub(super) fn remove_unfinished_uploads(&self) -> Result<(), Error> {
        let mut unfinished = Vec::new();
        self.look(|view| {
            view.scan(
                Table::Meta,
                UPLOADS,
                key::prefix_end(UPLOADS).as_deref(),
                &mut |key, _| {
                    unfinished.extend(key.strip_prefix(UPLOADS).and_then(read_u64));
                    true
                },
            )
        })?;
        for upload in unfinished {
            let chunks = self.look(|view| count_chunks(view, upload))?;
            self.commit(Sync::Later, |commit| {
                commit.drop_upload(&Blob {
                    upload,
                    size: 0,
                    chunks,
                })
            })?;
        }
        Ok(())
    }
}

impl Commit<'_> {
    fn name_upload(&mut self, staged: &Blob, digest: Digest) -> Result<BlobInfo, Error> {
        if let Some(known) = find(self.transaction, &digest)? {
            self.drop_upload(staged)?;
            return Ok(known.info(digest));
        }
        self.transaction.put(Table::Blobs, &digest.0, &staged.encode())?;
        self.transaction.delete(Table::Meta, &upload_key(staged.upload))?;
        Ok(staged.info(digest))
    }

    fn drop_upload(&mut self, staged: &Blob) -> Result<(), Error> {
        self.delete_chunks(staged)?;
        self.transaction.delete(Table::Meta, &upload_key(staged.upload))?;
        Ok(())
    }

    pub fn delete_blob(&mut self, digest: &Digest) -> Result<bool, Error> {
        let Some(blob) = find(self.transaction, digest)? else {
            return Ok(false);
        };
        self.delete_chunks(&blob)?;
        self.transaction.delete(Table::Blobs, &digest.0)
    }

    fn delete_chunks(&mut self, blob: &Blob) -> Result<(), Error> {
        for index in 0..blob.chunks {
            self.transaction
                .delete(Table::Chunks, &chunk_key(blob.upload, index))?;
        }
        Ok(())
    }
}

/// Chunks are written in order, so the first that is missing ends them.
fn count_chunks(view: &mut dyn View, upload: u64) -> Result<u32, Error> {
    let mut count = 0;
    while view.get(Table::Chunks, &chunk_key(upload, count))?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn upload_key(upload: u64) -> Vec<u8> {
    [UPLOADS, &upload.to_be_bytes()].concat()
}

fn chunk_key(upload: u64, index: u32) -> Vec<u8> {
    [&upload.to_be_bytes()[..], &index.to_be_bytes()].concat()
}

/// Reads until the buffer is full or the content ends.
fn fill(content: &mut dyn io::Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match content.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
