//! What a written document keeps of the one in whose place it comes: things that people neither see nor write.

use contract::ModuleDigest;

use super::versions::{AUDITED, history};
use crate::directory::{Access, Audit, Behaviour, Credentials, Device, Document, VersionStep, Versioned};

/// Fills in what `new` leaves out and `old` has; `now` in milliseconds since the epoch.
pub(super) fn keep(new: &mut Document, old: Option<&Versioned<Document>>, now: u64) {
    let Some(old) = old.map(|old| &old.document) else {
        return;
    };
    match (new, old) {
        (Document::Tenant(new), Document::Tenant(old)) if new.realm.is_empty() => {
            new.realm.clone_from(&old.realm)
        }
        (Document::Device(new), Document::Device(old)) => keep_device_password(new, old),
        (Document::Trunk(new), Document::Trunk(old)) => keep_trunk_password(&mut new.access, &old.access),
        (Document::Behaviour(new), Document::Behaviour(old)) => {
            new.history = history(old, new.active, now);
            // Trials are changed by requests of their own.
            new.candidate.clone_from(&old.candidate);
            new.audit = audited(old, new.active, now);
        }
        _ => {}
    }
}

fn keep_device_password(new: &mut Device, old: &Device) {
    match (&mut new.credentials, &old.credentials) {
        (new @ None, old) => new.clone_from(old),
        (Some(new), Some(old)) => keep_hashes(new, old),
        (Some(_), None) => {}
    }
}

/// Puts a device's keys in their order (R50). One that became another model loses those that it has no room for (R6), which are told in
/// words.
pub(super) fn fit_keys(new: &mut Document, old: Option<&Versioned<Document>>) -> Vec<String> {
    let Document::Device(new) = new else {
        return Vec::new();
    };
    new.arrange_keys();
    let another =
        matches!(old.map(|old| &old.document), Some(Document::Device(old)) if old.model != new.model);
    if !another {
        return Vec::new();
    }
    let lost = new.lose_surplus_keys().into_iter();
    lost.map(|(number, key)| format!("key {number}: {key}")).collect()
}

/// Hashes hold for one user name and realm.
fn keep_hashes(new: &mut Credentials, old: &Credentials) {
    let bare = new.ha1_md5.is_none() && new.ha1_sha256.is_none();
    if bare && new.username == old.username && (new.realm == old.realm || new.realm.is_empty()) {
        new.clone_from(old);
    }
}

fn keep_trunk_password(new: &mut Access, old: &Access) {
    match (new, old) {
        (Access::Registered { credentials: new }, Access::Registered { credentials: old }) => {
            keep_hashes(new, old)
        }
        (
            Access::Register {
                username: new_name,
                password: new,
                ..
            },
            Access::Register {
                username: old_name,
                password: old,
                ..
            },
        ) if new.is_empty() && new_name == old_name => new.clone_from(old),
        (Access::Address { login: Some(new), .. }, Access::Address { login: Some(old), .. })
            if new.password.is_empty() && new.username == old.username =>
        {
            new.password.clone_from(&old.password);
        }
        _ => {}
    }
}

/// A behaviour after another module took over; `now` in milliseconds since the epoch.
pub(super) fn activated(old: &Behaviour, new: Behaviour, now: u64) -> Behaviour {
    Behaviour {
        history: history(old, new.active, now),
        settings: old.settings.clone(),
        candidate: old.candidate.clone(),
        audit: audited(old, new.active, now),
        ..new
    }
}

/// A version that was written into the document, by somebody who did not say who and why.
fn audited(old: &Behaviour, active: ModuleDigest, now: u64) -> Vec<Audit> {
    let mut audit = old.audit.clone();
    if old.active != active {
        let activated = Audit {
            at: now,
            by: String::new(),
            what: VersionStep::Activated,
            from: Some(old.active),
            to: Some(active),
            why: String::new(),
        };
        audit.insert(0, activated);
        audit.truncate(AUDITED);
    }
    audit
}
