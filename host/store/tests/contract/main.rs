//! What every store does: one suite, run against each implementation.
//!
//! A test gets a [`Place`], which it can open again as after a `kill -9`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod blobs;
mod documents;
mod journal;
mod leases;

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;
use cordboard_store::{EmbeddedStore, Limits, MemoryStore, OpenOptions, Schema, Store};
use tempfile::TempDir;

/// Small bounds, so that tests reach them.
pub const LIMITS: Limits = Limits {
    value_bytes: 1_000,
    page: 10,
    page_bytes: 2_500,
    trim: 7,
};

/// Where a store lies.
pub trait Place {
    fn store(&self) -> Arc<dyn Store>;

    /// The store's state after the process was killed. The store got before must not be used any more.
    fn restart(&mut self);
}

pub struct InMemory(Arc<MemoryStore>);

impl Default for InMemory {
    fn default() -> Self {
        Self(Arc::new(MemoryStore::with(LIMITS, &Schema::default()).unwrap()))
    }
}

impl Place for InMemory {
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    fn restart(&mut self) {
        self.0.crash().unwrap();
    }
}

pub struct InFile {
    directory: TempDir,
    store: Option<Arc<EmbeddedStore>>,
}

impl Default for InFile {
    fn default() -> Self {
        let mut place = Self {
            directory: TempDir::new().unwrap(),
            store: None,
        };
        place.restart();
        place
    }
}

impl Place for InFile {
    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap()
    }

    fn restart(&mut self) {
        self.store = None;
        let options = OpenOptions {
            limits: LIMITS,
            ..OpenOptions::default()
        };
        let path = self.directory.path().join("store");
        self.store = Some(Arc::new(
            EmbeddedStore::open_file(&path, &Schema::default(), options).unwrap(),
        ));
    }
}

pub fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub fn at(secs: u64) -> Moment {
    Moment::from_secs(secs)
}

/// Makes each function a test for each implementation.
#[macro_export]
macro_rules! every_store {
    ($($test:ident)*) => {
        mod memory {
            $(#[test] fn $test() { super::$test(&mut $crate::InMemory::default()); })*
        }
        mod embedded {
            $(#[test] fn $test() { super::$test(&mut $crate::InFile::default()); })*
        }
    };
}
