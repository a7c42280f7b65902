//! Components and recordings that no document names any more. Tenants may share one, for its name is its content.

use std::collections::BTreeSet;

use serde_json::Value;
use store::{Digest, key};

use crate::Api;
use crate::exchange::{Collection, Kind};
use crate::problem::Problem;

/// Documents fetched at a time.
const STEP: usize = 1_000;

/// Removes those of the blobs that nothing uses.
pub(super) async fn release(api: &Api, blobs: impl IntoIterator<Item = Digest>) -> Result<(), Problem> {
    let mut unused: BTreeSet<Digest> = blobs.into_iter().collect();
    if unused.is_empty() {
        return Ok(());
    }
    let _alone = api.blobs.lock().await;
    keep_recordings(api, &mut unused).await?;
    api.blocking(move |api| {
        keep_components(api, &mut unused)?;
        for digest in unused {
            api.store.delete_blob(&digest)?;
            api.workshop.forget(contract::ModuleDigest(digest.0));
        }
        Ok(())
    })
    .await
}

/// Every tenant's recordings are looked at: deleting one is rare, and this costs no disk.
async fn keep_recordings(api: &Api, unused: &mut BTreeSet<Digest>) -> Result<(), Problem> {
    for tenant in ids(api, None, Kind::Tenant, "id").await? {
        for blob in ids(api, Some(tenant), Kind::Announcement, "blob").await? {
            if let Ok(used) = blob.parse() {
                unused.remove(&used);
            }
        }
    }
    Ok(())
}

fn keep_components(api: &Api, unused: &mut BTreeSet<Digest>) -> Result<(), Problem> {
    let mut after = None;
    loop {
        let page = api.store.list("module/", after.as_deref(), STEP)?;
        for document in page.documents {
            let digest = key::split(&document.key).pop().unwrap_or_default();
            if let Ok(used) = digest.parse() {
                unused.remove(&used);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// The recordings of one tenant.
pub(super) async fn recordings(api: &Api, tenant: &str) -> Result<Vec<Digest>, Problem> {
    let blobs = ids(api, Some(tenant.to_owned()), Kind::Announcement, "blob").await?;
    Ok(blobs.iter().filter_map(|blob| blob.parse().ok()).collect())
}

/// One text field of every document of a kind.
async fn ids(
    api: &Api,
    tenant: Option<String>,
    kind: Kind,
    field: &'static str,
) -> Result<Vec<String>, Problem> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let collection = Collection {
            tenant: tenant.clone(),
            kind,
        };
        let page = match api.exchange.list(collection, after, STEP).await {
            Ok(page) => page,
            // Gone meanwhile.
            Err(crate::exchange::Refusal::NotFound) => return Ok(found),
            Err(refusal) => return Err(refusal.into()),
        };
        let texts = page
            .documents
            .iter()
            .filter_map(|one| one.document.get(field).and_then(Value::as_str));
        found.extend(texts.map(str::to_owned));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}
