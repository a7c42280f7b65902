//! Documents a page at a time, in the order of their ids.

use std::sync::Arc;

use api::exchange::{Listing, Versioned};
use exchange::directory::{Document, Kind, TenantView};

use super::words::plain;

/// A page of a tenant's documents of one kind.
pub(super) fn page(view: &TenantView, kind: Kind, after: Option<&str>, limit: usize) -> Listing {
    let ids = view.ids(kind);
    let mut ids = ids.iter().filter(|id| after.is_none_or(|after| &***id > after));
    let mut listing = Listing::default();
    for id in ids.by_ref().take(limit) {
        listing
            .documents
            .extend(view.get(kind, id).map(|found| Versioned {
                revision: found.revision,
                document: plain(found.document),
            }));
        listing.next = Some(id.to_string());
    }
    if ids.next().is_none() {
        listing.next = None;
    }
    listing
}

/// A page of all tenants.
pub(super) fn tenants_page(views: &[Arc<TenantView>], after: Option<&str>, limit: usize) -> Listing {
    let mut views = views
        .iter()
        .filter(|view| after.is_none_or(|after| view.id().as_str() > after));
    let mut listing = Listing::default();
    for view in views.by_ref().take(limit) {
        let tenant = view.tenant();
        listing.documents.push(Versioned {
            revision: tenant.revision,
            document: plain(Document::Tenant(tenant.document.clone())),
        });
        listing.next = Some(view.id().to_string());
    }
    if views.next().is_none() {
        listing.next = None;
    }
    listing
}
