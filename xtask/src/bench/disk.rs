//! What this disk takes for what must be on it, beside figures that contain it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;
use store::{EmbeddedStore, Expect, OpenOptions, Schema, Store};

use super::table::median;

const TIMES: u64 = 25;
const PAGE: usize = 4_096;

/// Medians, in milliseconds.
pub struct Disk {
    /// A page written into a file that has it already, and `fsync`.
    pub fsync: f64,
    /// A document put into a store of its own.
    pub commit: f64,
}

pub fn measure(folder: &Path) -> Result<Disk> {
    let page = vec![1; PAGE];
    let file = File::create(folder.join("fsync"))?;
    file.write_all_at(&vec![0; PAGE * TIMES as usize], 0)?;
    file.sync_all()?;
    let fsync = times(|number| {
        file.write_all_at(&page, number * PAGE as u64)?;
        Ok(file.sync_data()?)
    })?;
    let store = EmbeddedStore::open_file(
        &folder.join("commit.redb"),
        &Schema::default(),
        OpenOptions::default(),
    )?;
    let commit = times(|_| {
        store.put("document/disk", Bytes::from(page.clone()), Expect::Any)?;
        Ok(())
    })?;
    Ok(Disk { fsync, commit })
}

fn times(mut work: impl FnMut(u64) -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for number in 0..TIMES {
        let began = Instant::now();
        work(number)?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(times))
}
