//! Whether documents hold together: every rule that a document can break, with what would be right.
//!
//! Runs on the outcome of a change, so a batch may pass through states that would be refused. A file a
//! subject; each check adds findings and goes on, so that people see everything at once.

mod behaviour;
mod device;
mod keys;
mod line;
mod number;
mod people;
mod tenant;
mod trunk;
mod words;

use super::draft::Drafts;
use super::request::Finding;
use crate::directory::{Configuration, Contest, Directory, Document, Key, Kind, TenantId};

/// What a check looks at, and where its findings go.
struct Check<'a> {
    directory: &'a Directory,
    drafts: &'a Drafts,
    /// The tenant as it would be.
    after: &'a Configuration,
    before: Option<&'a Configuration>,
    key: Key,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    /// `path` is a JSON Pointer into the document; the message says what would be right.
    fn wrong(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.findings.push(Finding {
            key: self.key.clone(),
            path: path.into(),
            message: message.into(),
        });
    }

    /// Adds a finding unless `right`.
    fn expect(&mut self, right: bool, path: &str, message: impl Into<String>) {
        if !right {
            self.wrong(path, message);
        }
    }

    /// A reference to a document that must be there.
    fn refers(&mut self, there: bool, path: &str, kind: Kind, id: &str) {
        if !there {
            self.wrong(path, format!("there is no {kind} `{id}`"));
        }
    }

    fn document(&mut self, document: &Document) {
        match document {
            Document::Tenant(tenant) => self.tenant(tenant),
            Document::Site(site) => self.site(site),
            Document::User(user) => self.user(user),
            Document::Device(device) => self.device(device),
            Document::Line(line) => self.line(line),
            Document::Number(number) => self.number(number),
            Document::DialPlan(plan) => self.dial_plan(plan),
            Document::Trunk(trunk) => self.trunk(trunk),
            Document::Calendar(calendar) => self.calendar(calendar),
            Document::Behaviour(behaviour) => self.behaviour(behaviour),
            Document::Announcement(announcement) => self.announcement(announcement),
            Document::PickupGroup(group) => self.pickup_group(group),
            Document::Contact(contact) => self.contact(contact),
        }
    }
}

/// Checks one tenant's part of a change.
pub(super) fn tenant_draft(
    directory: &Directory,
    drafts: &Drafts,
    id: &TenantId,
    findings: &mut Vec<Finding>,
) {
    let Some(draft) = drafts.get(id) else { return };
    let Some(after) = &draft.after else { return };
    let mut check = Check {
        directory,
        drafts,
        after,
        before: draft.before.as_deref(),
        key: Key::new(id, Kind::Tenant, id),
        findings,
    };
    let one = |check: &mut Check<'_>, key: Key| {
        if let Some(stored) = after.get(key.kind, &key.id) {
            check.key = key;
            check.document(&stored.document);
        }
    };
    if reads_numbers_anew(draft.before.as_deref(), after) {
        // Every number may mean something else now.
        after.documents().for_each(|(key, _)| one(&mut check, key));
    } else {
        draft.changed.iter().for_each(|key| one(&mut check, key.clone()));
        check.places_of_changed_behaviours(&draft.changed);
    }
    check.key = Key::new(id, Kind::Tenant, id);
    check.totals();
}

fn reads_numbers_anew(before: Option<&Configuration>, after: &Configuration) -> bool {
    before.is_some_and(|before| {
        let (before, after) = (before.tenant(), after.tenant());
        before.country != after.country || before.numbering != after.numbering
    })
}

/// Findings for what more than one document claims.
pub(super) fn contested(contests: Vec<(Contest, Vec<Key>)>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (contest, keys) in contests {
        let (path, what) = match &contest {
            Contest::Number(number) => ("", format!("the number `{number}`")),
            Contest::Username(name) => ("/credentials/username", format!("the user name `{name}`")),
            Contest::TrunkUsername(name) => (
                "/access/registered/credentials/username",
                format!("the user name `{name}`"),
            ),
            Contest::Email(email) => ("/email", format!("the e-mail address `{email}`")),
            Contest::Pickup(line) => ("/lines", format!("the line `{line}`")),
        };
        for key in &keys {
            let others: Vec<String> = keys
                .iter()
                .filter(|other| *other != key)
                .map(Key::to_string)
                .collect();
            findings.push(Finding {
                key: key.clone(),
                path: path.to_owned(),
                message: format!("{what} is also in {}: only one may have it", others.join(", ")),
            });
        }
    }
    findings
}
