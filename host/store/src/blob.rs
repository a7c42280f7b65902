use std::fmt;
use std::io;
use std::str::FromStr;

use bytes::{Buf, Bytes};
use serde::{Deserialize, Serialize};

use crate::Store;

/// Bytes a chunk of a blob holds at most. A redb page of 256 KiB takes one with its header; 256 KiB would need two.
pub const CHUNK_BYTES: usize = 252 * 1024;

/// A blob's name: the SHA-256 of its bytes. Prints and parses as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits (SHA-256)")]
pub struct InvalidDigest;

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest).map_err(|_| InvalidDigest)?;
        Ok(Self(digest))
    }
}

/// What is known of a blob without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Chunks of [`CHUNK_BYTES`], the last one shorter.
    pub chunks: u32,
}

/// Reads a blob through [`io::Read`], one chunk in memory at a time.
pub struct BlobReader<'a> {
    store: &'a dyn Store,
    info: BlobInfo,
    next: u32,
    chunk: Bytes,
}

impl<'a> BlobReader<'a> {
    pub fn new(store: &'a dyn Store, info: BlobInfo) -> Self {
        Self {
            store,
            info,
            next: 0,
            chunk: Bytes::new(),
        }
    }

    fn load(&mut self) -> io::Result<()> {
        let chunk = self
            .store
            .blob_chunk(&self.info.digest, self.next)
            .map_err(io::Error::other)?;
        self.chunk = chunk.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the blob was deleted"))?;
        self.next += 1;
        Ok(())
    }
}

impl io::Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.is_empty() {
            if self.next == self.info.chunks {
                return Ok(0);
            }
            self.load()?;
        }
        let count = buffer.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
