//! A request's way: changed on copies, checked as a whole, then put in force.

use base::Moment;

use super::draft::{Draft, Drafts, tenant_key};
use super::request::{Answer, Applied, Change, Refusal, Request, Response};
use super::{check, usage};
use crate::directory::{Directory, Key, TenantId};

/// Answers a request; changes `directory` if it asks for a change and nothing is wrong with it.
///
/// `now` goes into histories. When this returns `Ok`, the change holds for the next call; the caller persists what the
/// answer lists.
///
/// # Errors
///
/// [`Refusal`] says why nothing was changed.
pub fn handle(directory: &mut Directory, now: Moment, request: Request) -> Response {
    match request {
        Request::View(tenant) => {
            let missing = || Refusal::NotFound(tenant_key(&tenant));
            directory
                .tenant(&tenant)
                .cloned()
                .map(Answer::View)
                .ok_or_else(missing)
        }
        Request::Tenants => Ok(Answer::Tenants(directory.tenants().cloned().collect())),
        change => {
            let mut draft = Draft::new(directory, now);
            draft.change(change)?;
            let lost = std::mem::take(&mut draft.lost);
            let drafts = checked(directory, draft.tenants)?;
            let changes = put_in_force(directory, drafts);
            Ok(Answer::Changed(Applied { changes, lost }))
        }
    }
}

/// Everything that is wrong with the outcome, or the outcome.
fn checked(directory: &Directory, mut tenants: Drafts) -> Result<Drafts, Refusal> {
    let mut findings = Vec::new();
    let ids: Vec<TenantId> = tenants.keys().cloned().collect();
    for id in &ids {
        if let Some(after) = tenants.get_mut(id).and_then(|draft| draft.after.as_mut()) {
            findings.extend(check::contested(after.settle()));
        }
        check::tenant_draft(directory, &tenants, id, &mut findings);
    }
    if !findings.is_empty() {
        return Err(Refusal::Invalid(findings));
    }
    tenants
        .values()
        .try_for_each(usage::refuse_removing_what_is_used)?;
    Ok(tenants)
}

fn put_in_force(directory: &mut Directory, drafts: Drafts) -> Vec<Change> {
    let mut changes = Vec::new();
    for (id, draft) in drafts {
        let changed: Vec<Key> = draft.changed.into_iter().collect();
        let found = |key: &Key| Change {
            document: draft
                .after
                .as_ref()
                .and_then(|after| after.get(key.kind, &key.id)),
            key: key.clone(),
        };
        changes.extend(changed.iter().map(found));
        match draft.after {
            Some(after) => directory.install(after, &changed),
            None => directory.evict(&id),
        }
    }
    changes
}
