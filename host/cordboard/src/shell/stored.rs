//! What the store holds for the exchange, read back at start.

use anyhow::{Context, Result};
use store::Store;

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
