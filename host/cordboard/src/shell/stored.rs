//! What the store holds for the exchange, read back at start.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use anyhow::{Context, Result};
use exchange::directory::{Document, Key, TenantId, Versioned};
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

/// The configuration as the exchange last confirmed it, for those who only read. The exchange's
/// thread is not asked for what does not concern calls.
#[derive(Clone, Default)]
pub struct Mirror(Arc<RwLock<BTreeMap<Key, Versioned<Document>>>>);

impl Mirror {
    /// From what is stored.
    pub fn of(entries: &[exchange::Entry]) -> Self {
        let mirror = Self::default();
        for (key, value) in entries {
            let Some(rest) = key.strip_prefix("document/") else {
                continue;
            };
            let Some((tenant, _)) = rest.split_once('/') else {
                continue;
            };
            let Ok(versioned) = serde_json::from_slice::<Versioned<Document>>(value) else {
                continue;
            };
            let tenant = TenantId::from(tenant);
            let key = Key::new(&tenant, versioned.document.kind(), versioned.document.id(&tenant));
            mirror.write().insert(key, versioned);
        }
        mirror
    }

    /// Follows a confirmed change.
    pub fn apply(&self, changes: &[exchange::admin::Change]) {
        let mut documents = self.write();
        for change in changes {
            match &change.document {
                Some(document) => drop(documents.insert(change.key.clone(), document.clone())),
                None => drop(documents.remove(&change.key)),
            }
        }
    }

    pub fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<Key, Versioned<Document>>> {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<Key, Versioned<Document>>> {
        self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
