//! Who refers to a document: what is used is not deleted.

use std::sync::Arc;

use super::draft::TenantDraft;
use super::request::{LISTED, Refusal};
use super::settings::references;
use crate::directory::{Action, Configuration, Key, Kind, Line, Number};

/// Refuses when a document that was removed is used by one that stays.
pub(super) fn refuse_removing_what_is_used(draft: &TenantDraft) -> Result<(), Refusal> {
    let Some(after) = &draft.after else { return Ok(()) };
    for key in &draft.changed {
        if after.get(key.kind, &key.id).is_some() {
            continue;
        }
        let by = users(after, draft.before.as_deref(), key);
        if !by.is_empty() {
            return Err(Refusal::InUse { key: key.clone(), by });
        }
    }
    Ok(())
}

/// Documents of `after` that refer to `key`, which is not among them any more.
fn users(after: &Configuration, before: Option<&Configuration>, key: &Key) -> Vec<Key> {
    let id: &str = &key.id;
    let mut by = Users {
        after,
        keys: Vec::new(),
    };
    match key.kind {
        Kind::Site => {
            by.lines(|line| line.site.as_deref() == Some(id));
            by.numbers(|number| number.site.as_deref() == Some(id));
            by.collect(
                Kind::Announcement,
                after
                    .announcements()
                    .values()
                    .filter(|a| a.site.as_deref() == Some(id))
                    .map(|a| a.name.text()),
            );
            by.collect(
                Kind::PickupGroup,
                after
                    .pickup_groups()
                    .values()
                    .filter(|g| *g.site == *id)
                    .map(|g| g.id.text()),
            );
        }
        Kind::User => {
            by.lines(|line| line.user.as_deref() == Some(id));
            by.collect(
                Kind::Device,
                after
                    .devices()
                    .values()
                    .filter(|d| d.owner.as_deref() == Some(id))
                    .map(|d| d.id.text()),
            );
        }
        Kind::Device => by.lines(|line| line.devices.iter().any(|device| **device == *id)),
        Kind::Line => {
            by.lines(|line| line.paired.as_deref() == Some(id));
            by.numbers(|number| number.line.as_deref() == Some(id));
            by.collect(
                Kind::PickupGroup,
                after
                    .pickup_groups()
                    .values()
                    .filter(|g| g.lines.iter().any(|l| **l == *id))
                    .map(|g| g.id.text()),
            );
            by.collect(
                Kind::Announcement,
                after
                    .announcements()
                    .values()
                    .filter(|a| a.line.as_deref() == Some(id))
                    .map(|a| a.name.text()),
            );
            by.collect(
                Kind::Device,
                after
                    .devices()
                    .values()
                    .filter(|d| d.keys.iter().any(|key| key.line().is_some_and(|l| **l == *id)))
                    .map(|d| d.id.text()),
            );
            by.rules(|action| matches!(action, Action::Line(line) if **line == *id));
            let names = before.map(|before| names_of_line(before, id)).unwrap_or_default();
            by.settings("line", |name| names.iter().any(|own| own == name));
        }
        Kind::Trunk => {
            by.lines(|line| line.trunk.as_deref() == Some(id));
            by.collect(
                Kind::Site,
                after
                    .sites()
                    .values()
                    .filter(|s| s.emergency_trunk.as_deref() == Some(id))
                    .map(|s| s.id.text()),
            );
            let rule = after.tenant().document.interception.as_ref();
            if rule.and_then(|rule| rule.trunk.as_deref()) == Some(id) {
                by.keys.push(Key::new(after.id(), Kind::Tenant, after.id()));
            }
            by.rules(|action| matches!(action, Action::Outside(trunks) if trunks.iter().any(|trunk| **trunk == *id)));
        }
        Kind::Calendar => by.settings("calendar", |name| name == id),
        Kind::Announcement => by.settings("announcement", |name| name == id),
        Kind::Behaviour => {
            by.lines(|line| {
                line.behaviours.iter().flatten().any(|name| **name == *id) || line.settings.contains_key(id)
            });
            by.numbers(|number| number.behaviours.iter().any(|binding| *binding.behaviour == *id));
            by.rules(|action| match action {
                Action::Behaviours(bindings) => bindings.iter().any(|b| *b.behaviour == *id),
                Action::Session(reach) => *reach.behaviour == *id,
                Action::Tell(tell) => *tell.behaviour == *id,
                Action::Own
                | Action::Line(_)
                | Action::Outside(_)
                | Action::PickUp
                | Action::Conference(_)
                | Action::Set(_)
                | Action::Refuse => false,
            });
            if after.tenant().defaults.line.iter().any(|name| **name == *id) {
                by.keys.push(Key::new(after.id(), Kind::Tenant, after.id()));
            }
        }
        // A pickup group goes whatever it holds (R46); nothing refers to the others.
        Kind::PickupGroup | Kind::Number | Kind::Contact | Kind::Tenant | Kind::DialPlan => {}
    }
    by.finish()
}

/// Everything that settings may call a line.
fn names_of_line(configuration: &Configuration, id: &str) -> Vec<String> {
    let Some(line) = configuration.line(id) else {
        return vec![id.to_owned()];
    };
    let numbers = line.short_number.iter().chain(&line.number);
    numbers
        .map(|number| number.to_string())
        .chain([line.id.to_string()])
        .collect()
}

struct Users<'a> {
    after: &'a Configuration,
    keys: Vec<Key>,
}

impl<'a> Users<'a> {
    fn collect(&mut self, kind: Kind, ids: impl Iterator<Item = &'a Arc<str>>) {
        let tenant = self.after.id();
        self.keys.extend(ids.map(|id| Key::new(tenant, kind, id)));
    }

    fn lines(&mut self, uses: impl Fn(&Line) -> bool) {
        let lines = self.after.lines().values().filter(|line| uses(line));
        self.collect(Kind::Line, lines.map(|line| line.id.text()));
    }

    fn numbers(&mut self, uses: impl Fn(&Number) -> bool) {
        let numbers = self.after.numbers().values().filter(|number| uses(number));
        self.collect(Kind::Number, numbers.map(|number| number.id.text()));
    }

    fn rules(&mut self, uses: impl Fn(&Action) -> bool) {
        if self.after.plan().rules.iter().any(|rule| uses(&rule.action)) {
            self.keys
                .push(Key::new(self.after.id(), Kind::DialPlan, self.after.id()));
        }
    }

    /// Settings that name something of this kind, wherever they are set.
    fn settings(&mut self, kind: &str, is_it: impl Fn(&str) -> bool) {
        let tenant = self.after.id().clone();
        let mut found = Vec::new();
        self.after.each_settings(|place, behaviour, complete| {
            let named = references(&behaviour.manifest, complete);
            if named
                .iter()
                .any(|reference| reference.kind == kind && is_it(&reference.name))
            {
                found.push(place.key(&tenant));
            }
        });
        self.keys.extend(found);
    }

    fn finish(mut self) -> Vec<Key> {
        self.keys.sort();
        self.keys.dedup();
        self.keys.truncate(LISTED);
        self.keys
    }
}
