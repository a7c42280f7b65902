//! What the store holds, read back: the exchange's documents at start, components when they are called.

use anyhow::{Context, Result};
use contract::ModuleDigest;
use store::{BlobReader, Digest, Store};

/// Documents read with one call.
const PAGE: usize = 1_000;

/// Kinds of keys that are not the exchange's.
const OTHERS: [&str; 4] = ["module/", "token/", "trace/", "host/"];

/// Everything that the exchange had persisted.
///
/// # Errors
///
/// The store's.
pub fn entries(store: &dyn Store) -> Result<Vec<exchange::Entry>> {
    let mut entries = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store
            .list("", after.as_deref(), PAGE)
            .context("cannot read the store")?;
        for document in page.documents {
            if !OTHERS.iter().any(|prefix| document.key.starts_with(prefix)) {
                entries.push((document.key, document.value));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(entries),
        }
    }
}

/// The bytes of a stored component.
pub fn component(store: &dyn Store, digest: ModuleDigest) -> Result<Vec<u8>, String> {
    let info = store
        .blob(&Digest(digest.0))
        .map_err(|error| error.to_string())?
        .ok_or_else(|| "the component is not stored".to_owned())?;
    let mut bytes = Vec::new();
    std::io::copy(&mut BlobReader::new(store, info), &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
