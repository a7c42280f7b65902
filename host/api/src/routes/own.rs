//! What is a user's own: their entry, their lines, their devices.

use std::collections::BTreeSet;

use serde_json::Value;

use super::known;
use crate::Api;
use crate::access::Caller;
use crate::exchange::{Address, Call, Collection, Kind, Listing, Refusal, Versioned};
use crate::problem::Problem;

/// Documents fetched at a time while looking for a user's own.
const STEP: usize = 1_000;

/// Fields of a line whose values calls and records know it by.
pub(super) const LINE_NAMES: [&str; 3] = ["id", "short-number", "number"];

/// Whether a document is the user's.
pub(super) fn is(user: &str, kind: Kind, document: &Value) -> bool {
    let field = match kind {
        Kind::User => "id",
        Kind::Device => "owner",
        Kind::Line => "user",
        // The company's directory is for everybody in it.
        Kind::Contact => return true,
        _ => return false,
    };
    // An empty id is that of a token without a user.
    !user.is_empty() && document.get(field).and_then(Value::as_str) == Some(user)
}

/// A document, if the caller may know it. Users hear the same of what is another's and of what is nobody's.
pub(super) async fn document(api: &Api, caller: &Caller, address: Address) -> Result<Versioned, Problem> {
    let Some(user) = caller.as_user() else {
        return known::document(api, address).await;
    };
    let kind = address.kind;
    let not_theirs = || Problem::not_found(format!("no {} of yours is known by this name", kind.name()));
    match api.exchange.get(address).await {
        Ok(found) if is(user, kind, &found.document) => Ok(found),
        Ok(_) | Err(Refusal::NotFound) => Err(not_theirs()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Whether a user sees only some documents of this kind.
pub(super) fn narrows(kind: Kind) -> bool {
    kind != Kind::Contact
}

/// A page of the user's own documents.
pub(super) async fn list(
    api: &Api,
    user: &str,
    collection: Collection,
    mut after: Option<String>,
    limit: usize,
) -> Result<Listing, Problem> {
    let kind = collection.kind;
    let mut documents = matching(api, collection, &mut after, |one| is(user, kind, one)).await?;
    // A person has a handful of each, so they are all on one page.
    documents.truncate(limit);
    Ok(Listing {
        documents,
        next: None,
    })
}

/// Everything in a collection that the caller may see.
pub(super) async fn all(
    api: &Api,
    caller: &Caller,
    collection: Collection,
) -> Result<Vec<Versioned>, Problem> {
    let kind = collection.kind;
    let user = caller.as_user().filter(|_| narrows(kind));
    matching(api, collection, &mut None, |one| {
        user.is_none_or(|user| is(user, kind, one))
    })
    .await
}

async fn matching(
    api: &Api,
    collection: Collection,
    after: &mut Option<String>,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Vec<Versioned>, Problem> {
    let mut found = Vec::new();
    loop {
        let page = api.exchange.list(collection.clone(), after.take(), STEP).await?;
        found.extend(page.documents.into_iter().filter(|one| wanted(&one.document)));
        *after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// Every name by which calls and records know the user's lines.
pub(super) async fn line_names(api: &Api, tenant: &str, user: &str) -> Result<BTreeSet<String>, Problem> {
    let lines = Collection::of(tenant, Kind::Line);
    let own = list(api, user, lines, None, usize::MAX).await?;
    let names = own
        .documents
        .iter()
        .flat_map(|line| LINE_NAMES.map(|field| line.document.get(field)));
    Ok(names
        .filter_map(|name| name?.as_str().map(ToOwned::to_owned))
        .collect())
}

/// Whether one of these lines takes part.
pub(super) fn takes_part(lines: &BTreeSet<String>, call: &Call) -> bool {
    call.legs
        .iter()
        .filter_map(|leg| leg.line.as_ref())
        .any(|line| lines.contains(line))
}
