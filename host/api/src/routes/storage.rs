//! How much a tenant has stored: its modules and recordings.

use serde_json::Value;
use store::key;

use crate::Api;
use crate::exchange::{Address, Collection, Kind};
use crate::module::ModuleInfo;
use crate::problem::Problem;

/// Documents fetched at a time.
const STEP: usize = 1_000;

/// Whether a tenant may store so many bytes more.
///
/// # Errors
///
/// 413, with the limit's name and what there is; or the tenant does not exist.
pub(super) async fn has_room(api: &Api, tenant: &str, more: usize) -> Result<(), Problem> {
    let known = api
        .exchange
        .get(Address::new(tenant, Kind::Tenant, tenant))
        .await?;
    let Some(limit) = known.document.pointer("/limits/storage").and_then(Value::as_u64) else {
        return Ok(());
    };
    let used = modules(api, tenant).await? + recordings(api, tenant).await?;
    if used.saturating_add(more as u64) <= limit {
        return Ok(());
    }
    Err(Problem::storage_full(format!(
        "the tenant stores {used} bytes of modules and recordings; with these {more} it would be more than the {limit} of `limits.storage`: \
         delete what is not used any more"
    )))
}

async fn modules(api: &Api, tenant: &str) -> Result<u64, Problem> {
    let prefix = key::prefix(["module", tenant]);
    api.blocking(move |api| {
        let (mut bytes, mut after) = (0_u64, None);
        loop {
            let page = api.store.list(&prefix, after.as_deref(), STEP)?;
            let sizes = page.documents.iter().filter_map(|document| {
                let info: ModuleInfo = serde_json::from_slice(&document.value).ok()?;
                Some(info.size)
            });
            bytes += sizes.sum::<u64>();
            after = page.next;
            if after.is_none() {
                return Ok(bytes);
            }
        }
    })
    .await
}

async fn recordings(api: &Api, tenant: &str) -> Result<u64, Problem> {
    let (mut bytes, mut after) = (0_u64, None);
    loop {
        let collection = Collection::of(tenant, Kind::Announcement);
        let page = api.exchange.list(collection, after, STEP).await?;
        let sizes = page
            .documents
            .iter()
            .filter_map(|known| known.document.get("size")?.as_u64());
        bytes += sizes.sum::<u64>();
        after = page.next;
        if after.is_none() {
            return Ok(bytes);
        }
    }
}
