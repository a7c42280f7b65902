//! Deleting a tenant: nothing of it stays but the line in the host's audit journal that says so.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use store::{Expect, Retention, key};

use super::blobs;
use crate::Api;
use crate::extract::{Asked, Condition, Of};
use crate::module;
use crate::problem::Problem;

/// What others keep of a tenant under its name: the exchange, the hub, this interface.
const KINDS: [&str; 5] = ["registration", "session", "call", "trace", "module"];
const STREAMS: [&str; 2] = ["cdr", "audit"];

/// For calls to end, looked at every `LOOK`.
const LOOKS: usize = 30;
const LOOK: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    with_lines: bool,
}

pub(super) async fn delete_tenant(
    State(api): State<Api>,
    Of(tenant): Of<String>,
    Asked(how): Asked<How>,
    Condition(expect): Condition,
) -> Result<StatusCode, Problem> {
    if how.with_lines {
        end_calls(&api, &tenant).await?;
    }
    let mut unused = blobs::recordings(&api, &tenant).await?;
    api.exchange
        .delete_tenant(tenant.clone(), expect, how.with_lines)
        .await?;
    api.hub.forget(&tenant);
    let components = api.blocking(move |api| purge(api, &tenant)).await?;
    unused.extend(components);
    blobs::release(&api, unused).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Their last records are written before the tenant goes, and then go with it.
async fn end_calls(api: &Api, tenant: &str) -> Result<(), Problem> {
    for _ in 0..LOOKS {
        let calls = api.exchange.calls(tenant.to_owned(), None, 1_000).await?;
        if calls.is_empty() {
            return Ok(());
        }
        for call in calls {
            // It may have ended by itself.
            drop(api.exchange.hang_up(tenant.to_owned(), call.id).await);
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Problem::in_use("its calls do not end: try again"))
}

/// Removes what is kept under the tenant's name; returns the components that it had.
fn purge(api: &Api, tenant: &str) -> Result<Vec<store::Digest>, Problem> {
    let components = module::all(api, tenant)?;
    api.tokens.revoke_all(tenant, None)?;
    for kind in KINDS {
        let prefix = key::prefix([kind, tenant]);
        loop {
            let page = api.store.list(&prefix, None, usize::MAX)?;
            for document in &page.documents {
                api.store.delete(&document.key, Expect::Any)?;
            }
            if page.next.is_none() {
                break;
            }
        }
    }
    let nothing = Retention {
        max_bytes: Some(0),
        ..Retention::default()
    };
    let journals = api
        .store
        .streams(&key::prefix(["journal", tenant]), None, usize::MAX)?;
    let records = STREAMS.map(|kind| key::join([kind, tenant]));
    for stream in journals.into_iter().map(|(name, _)| name).chain(records) {
        while api.store.trim(&stream, &nothing, api.now())?.more {}
        api.store.forget_stream(&stream)?;
    }
    Ok(components)
}
