//! Putting documents into a configuration and taking them out, indexes included.

use std::hash::Hash;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::configuration::{Contest, Index};
use super::phone_features;
use super::{
    Action, Behaviour, BehaviourName, Binding, Configuration, Device, DialPlan, Document, Key, Kind, Line,
    Number, PickupGroup, Place, Table, Tenant, Trunk, User, Versioned,
};
use crate::admin::complete_settings;
use crate::numbers::NumberPlan;

impl Configuration {
    /// Adds a document, or takes it in the place of the one with its id. Unchecked.
    pub fn put(&mut self, revision: u64, document: Document) {
        let _ = self.remove(document.kind(), document.id(&self.tenant.id).clone().as_ref());
        match document {
            Document::Tenant(document) => self.put_tenant(Versioned { revision, document }),
            Document::DialPlan(document) => self.put_plan(Versioned { revision, document }),
            Document::Site(document) => {
                self.sites
                    .insert(document.id.clone(), Arc::new(Versioned { revision, document }));
            }
            Document::User(document) => self.put_user(Versioned { revision, document }),
            Document::Device(document) => self.put_device(Versioned { revision, document }),
            Document::Line(document) => self.put_line(Versioned { revision, document }),
            Document::Number(document) => self.put_number(Versioned { revision, document }),
            Document::Trunk(document) => self.put_trunk(Versioned { revision, document }),
            Document::Calendar(document) => {
                self.calendars
                    .insert(document.id.clone(), Arc::new(Versioned { revision, document }));
            }
            Document::Behaviour(document) => self.put_behaviour(Versioned { revision, document }),
            Document::Announcement(document) => {
                self.announcements
                    .insert(document.name.clone(), Arc::new(Versioned { revision, document }));
            }
            Document::PickupGroup(document) => self.put_pickup_group(Versioned { revision, document }),
            Document::Contact(document) => {
                self.contacts
                    .insert(document.id.clone(), Arc::new(Versioned { revision, document }));
            }
        }
    }

    /// Takes a document out. False when there is none, and for what every tenant has: itself and its dial plan.
    pub fn remove(&mut self, kind: Kind, id: &str) -> bool {
        match kind {
            Kind::Tenant | Kind::DialPlan => false,
            Kind::Site => self.sites.remove(id).is_some(),
            Kind::User => self.remove_user(id),
            Kind::Device => self.remove_device(id),
            Kind::Line => self.remove_line(id),
            Kind::Number => self.remove_number(id),
            Kind::Trunk => self.remove_trunk(id),
            Kind::Calendar => self.calendars.remove(id).is_some(),
            Kind::Behaviour => self.remove_behaviour(id),
            Kind::Announcement => self.announcements.remove(id).is_some(),
            Kind::PickupGroup => self.remove_pickup_group(id),
            Kind::Contact => self.contacts.remove(id).is_some(),
        }
    }

    pub(super) fn put_tenant(&mut self, tenant: Versioned<Tenant>) {
        self.zone = TimeZone::get(&tenant.time_zone).unwrap_or(TimeZone::UTC);
        self.number_plan = NumberPlan::new(&tenant.country, &tenant.numbering);
        self.tenant = Arc::new(tenant);
    }

    fn put_plan(&mut self, plan: Versioned<DialPlan>) {
        self.forget_rule_settings();
        self.plan = Arc::new(plan);
        self.complete_rules(None);
    }

    fn forget_rule_settings(&mut self) {
        let plan = self.plan.clone();
        for (rule, position, _) in rule_bindings(&plan) {
            self.settings.remove(&Place::Rule(rule, position));
        }
    }

    /// Settings of rules' bindings, of one behaviour or all.
    fn complete_rules(&mut self, only: Option<&BehaviourName>) {
        let plan = self.plan.clone();
        for (rule, position, binding) in rule_bindings(&plan) {
            if only.is_none_or(|name| *name == binding.behaviour) {
                self.complete_binding(Place::Rule(rule, position), binding);
            }
        }
    }

    fn put_user(&mut self, user: Versioned<User>) {
        let email: Arc<str> = user.email.to_lowercase().into();
        if claim(&mut self.users_by_email, &email, &user.id) {
            self.contests.push(Contest::Email(email));
        }
        self.users.insert(user.id.clone(), Arc::new(user));
    }

    fn remove_user(&mut self, id: &str) -> bool {
        let Some(user) = self.users.remove(id) else {
            return false;
        };
        forget(
            &mut self.users_by_email,
            user.email.to_lowercase().as_str(),
            &user.id,
        );
        true
    }

    fn put_device(&mut self, mut device: Versioned<Device>) {
        share(&mut device.document.owner, &self.users);
        if let Some(credentials) = &device.credentials {
            let username = Arc::from(credentials.username.as_str());
            let other = self.device_by_username(&username).is_some();
            if *username != *device.id {
                self.devices_by_username
                    .insert(username.clone(), device.id.clone());
            }
            if other {
                self.contests.push(Contest::Username(username));
            }
        }
        if let Some(owner) = &device.owner {
            add(&mut self.devices_of_user, owner, &device.id);
        }
        self.devices.insert(device.id.clone(), Arc::new(device));
    }

    fn remove_device(&mut self, id: &str) -> bool {
        let Some(device) = self.devices.remove(id) else {
            return false;
        };
        if let Some(credentials) = &device.credentials {
            forget(
                &mut self.devices_by_username,
                credentials.username.as_str(),
                &device.id,
            );
        }
        if let Some(owner) = &device.owner {
            take(&mut self.devices_of_user, owner, &device.id);
        }
        true
    }

    fn put_line(&mut self, mut line: Versioned<Line>) {
        share(&mut line.document.user, &self.users);
        share(&mut line.document.site, &self.sites);
        for device in &mut line.document.devices {
            share_one(device, &self.devices);
        }
        if line.short_number.as_deref() == Some(line.id.as_str()) {
            line.document.short_number = Some(line.id.text().clone());
        }
        for number in line.short_number.iter().chain(&line.number) {
            if self
                .line_by_number(number)
                .is_some_and(|other| other.id != line.id)
            {
                self.contests.push(Contest::Number(number.clone()));
            }
            if **number != *line.id {
                self.lines_by_number.insert(number.clone(), line.id.clone());
            }
        }
        if let Some(user) = line.user.as_ref().filter(|_| line.devices.is_empty()) {
            add(&mut self.lines_of_user, user, &line.id);
        }
        for device in &line.devices {
            add(&mut self.lines_of_device, device, &line.id);
        }
        let line = Arc::new(line);
        self.lines.insert(line.id.clone(), line.clone());
        self.complete_line(&line, None);
    }

    fn remove_line(&mut self, id: &str) -> bool {
        let Some(line) = self.lines.remove(id) else {
            return false;
        };
        for number in line.short_number.iter().chain(&line.number) {
            forget(&mut self.lines_by_number, number, &line.id);
        }
        if let Some(user) = &line.user {
            take(&mut self.lines_of_user, user, &line.id);
        }
        for device in &line.devices {
            take(&mut self.lines_of_device, device, &line.id);
        }
        for name in line.settings.keys() {
            self.settings.remove(&Place::Line(line.id.clone(), name.clone()));
        }
        true
    }

    fn complete_line(&mut self, line: &Line, only: Option<&BehaviourName>) {
        for (name, settings) in &line.settings {
            if only.is_none_or(|only| only == name)
                && let Some(behaviour) = self.behaviours.get(name)
            {
                let complete = complete_settings(behaviour, Some(settings));
                self.settings
                    .insert(Place::Line(line.id.clone(), name.clone()), complete);
            }
        }
    }

    fn put_number(&mut self, number: Versioned<Number>) {
        let number = Arc::new(number);
        self.numbers.insert(number.id.clone(), number.clone());
        self.complete_number(&number, None);
    }

    fn remove_number(&mut self, id: &str) -> bool {
        let Some(number) = self.numbers.remove(id) else {
            return false;
        };
        for position in 0..number.behaviours.len() {
            self.settings.remove(&Place::Number(number.id.clone(), position));
        }
        true
    }

    fn complete_number(&mut self, number: &Number, only: Option<&BehaviourName>) {
        for (position, binding) in number.behaviours.iter().enumerate() {
            if only.is_none_or(|name| *name == binding.behaviour) {
                self.complete_binding(Place::Number(number.id.clone(), position), binding);
            }
        }
    }

    fn complete_binding(&mut self, place: Place, binding: &Binding) {
        if binding.settings.is_empty() {
            return;
        }
        if let Some(behaviour) = self.behaviours.get(&binding.behaviour) {
            let complete = complete_settings(behaviour, Some(&binding.settings));
            self.settings.insert(place, complete);
        }
    }

    fn put_trunk(&mut self, trunk: Versioned<Trunk>) {
        if let Some(username) = trunk.registering_username() {
            let username: Arc<str> = username.into();
            if claim(&mut self.trunks_by_username, &username, &trunk.id) {
                self.contests.push(Contest::TrunkUsername(username));
            }
        }
        self.trunks.insert(trunk.id.clone(), Arc::new(trunk));
    }

    fn remove_trunk(&mut self, id: &str) -> bool {
        let Some(trunk) = self.trunks.remove(id) else {
            return false;
        };
        if let Some(username) = trunk.registering_username() {
            forget(&mut self.trunks_by_username, username, &trunk.id);
        }
        true
    }

    /// A new version or new settings change what every place of the behaviour comes to.
    fn put_behaviour(&mut self, behaviour: Versioned<Behaviour>) {
        let behaviour = Arc::new(behaviour);
        let name = behaviour.name.clone();
        self.settings
            .insert(Place::Own(name.clone()), complete_settings(&behaviour, None));
        let features = phone_features::read(&behaviour.manifest.settings_schema);
        if features.is_empty() {
            self.phone_features.remove(&name);
        } else {
            self.phone_features.insert(name.clone(), features);
        }
        self.behaviours.insert(name.clone(), behaviour);
        let lines = self.lines.clone();
        lines
            .values()
            .for_each(|line| self.complete_line(line, Some(&name)));
        let numbers = self.numbers.clone();
        numbers
            .values()
            .for_each(|number| self.complete_number(number, Some(&name)));
        self.complete_rules(Some(&name));
    }

    fn remove_behaviour(&mut self, id: &str) -> bool {
        let Some(behaviour) = self.behaviours.remove(id) else {
            return false;
        };
        self.settings.remove(&Place::Own(behaviour.name.clone()));
        self.phone_features.remove(&behaviour.name);
        true
    }

    fn put_pickup_group(&mut self, group: Versioned<PickupGroup>) {
        for line in &group.lines {
            if claim(&mut self.groups_by_line, line, &group.id) {
                self.contests.push(Contest::Pickup(line.clone()));
            }
        }
        self.pickup_groups.insert(group.id.clone(), Arc::new(group));
    }

    fn remove_pickup_group(&mut self, id: &str) -> bool {
        let Some(group) = self.pickup_groups.remove(id) else {
            return false;
        };
        for line in &group.lines {
            forget(&mut self.groups_by_line, line, &group.id);
        }
        true
    }

    /// Ends the contests of a change: where one holder is left, the index leads to it. Returns the others with all
    /// their holders.
    ///
    /// Looks through every document of a contested kind, which is why contests are noted and not searched for.
    pub(crate) fn settle(&mut self) -> Vec<(Contest, Vec<Key>)> {
        let contests = std::mem::take(&mut self.contests);
        contests
            .into_iter()
            .filter_map(|contest| self.settle_one(contest))
            .collect()
    }

    fn settle_one(&mut self, contest: Contest) -> Option<(Contest, Vec<Key>)> {
        let tenant = self.id().clone();
        let keys: Vec<Key> = match &contest {
            Contest::Number(number) => {
                let holds = |line: &&Line| line.has_number(number);
                let lines = self.lines.values().map(|line| &line.document).filter(holds);
                let ids: Vec<_> = lines.map(|line| line.id.clone()).collect();
                settle_index(&mut self.lines_by_number, number, &ids);
                ids.iter().map(|id| Key::new(&tenant, Kind::Line, id)).collect()
            }
            Contest::Username(username) => {
                let holds = |device: &&Device| device.is_named(username);
                let devices = self.devices.values().map(|device| &device.document).filter(holds);
                let ids: Vec<_> = devices.map(|device| device.id.clone()).collect();
                settle_index(&mut self.devices_by_username, username, &ids);
                ids.iter().map(|id| Key::new(&tenant, Kind::Device, id)).collect()
            }
            Contest::TrunkUsername(username) => {
                let trunks = self.trunks.values();
                let holding = trunks.filter(|trunk| trunk.registering_username() == Some(&**username));
                let ids: Vec<_> = holding.map(|trunk| trunk.id.clone()).collect();
                settle_index(&mut self.trunks_by_username, username, &ids);
                ids.iter().map(|id| Key::new(&tenant, Kind::Trunk, id)).collect()
            }
            Contest::Email(email) => {
                let holding = self
                    .users
                    .values()
                    .filter(|user| user.email.to_lowercase() == **email);
                let ids: Vec<_> = holding.map(|user| user.id.clone()).collect();
                settle_index(&mut self.users_by_email, email, &ids);
                ids.iter().map(|id| Key::new(&tenant, Kind::User, id)).collect()
            }
            Contest::Pickup(line) => {
                let holding = self
                    .pickup_groups
                    .values()
                    .filter(|group| group.lines.contains(line));
                let ids: Vec<_> = holding.map(|group| group.id.clone()).collect();
                settle_index(&mut self.groups_by_line, line, &ids);
                ids.iter()
                    .map(|id| Key::new(&tenant, Kind::PickupGroup, id))
                    .collect()
            }
        };
        (keys.len() > 1).then_some((contest, keys))
    }
}

/// Says that `key` leads to `to`. True when it led to somebody else.
fn claim<K: Clone + Eq + Hash, I: PartialEq + Clone>(index: &mut Index<K, I>, key: &K, to: &I) -> bool {
    index
        .insert(key.clone(), to.clone())
        .is_some_and(|before| before != *to)
}

fn settle_index<K: Clone + Eq + Hash, I: Clone>(index: &mut Index<K, I>, key: &K, holders: &[I]) {
    match holders.first() {
        Some(holder) => index.insert(key.clone(), holder.clone()),
        None => index.remove(key),
    };
}

/// Every binding of a plan with its rule and its position there.
fn rule_bindings(plan: &DialPlan) -> impl Iterator<Item = (usize, usize, &Binding)> {
    plan.rules.iter().enumerate().flat_map(|(rule, entry)| {
        let bindings = match &entry.action {
            Action::Behaviours(bindings) => bindings.as_slice(),
            Action::Own
            | Action::Line(_)
            | Action::Outside(_)
            | Action::Session(_)
            | Action::Tell(_)
            | Action::PickUp
            | Action::Conference(_)
            | Action::Set(_)
            | Action::Refuse => &[],
        };
        bindings
            .iter()
            .enumerate()
            .map(move |(position, binding)| (rule, position, binding))
    })
}

/// Points a reference at the text of the document that it names: one allocation for thousands of references.
fn share_one<I: Ord + Clone, T>(reference: &mut I, table: &Table<I, T>) {
    if let Some((id, _)) = table.get_key_value(reference) {
        *reference = id.clone();
    }
}

fn share<I: Ord + Clone, T>(reference: &mut Option<I>, table: &Table<I, T>) {
    if let Some(reference) = reference {
        share_one(reference, table);
    }
}

/// Takes an entry out unless it leads to somebody else by now: within a batch a number may have moved already.
fn forget<K, Q, I>(index: &mut Index<K, I>, key: &Q, to: &I)
where
    K: Clone + Eq + Hash + std::borrow::Borrow<Q>,
    Q: Eq + Hash + ?Sized,
    I: PartialEq + Clone,
{
    if index.get(key) == Some(to) {
        index.remove(key);
    }
}

fn add<K: Clone + Eq + Hash, V: Clone + PartialEq>(index: &mut Index<K, Arc<[V]>>, key: &K, value: &V) {
    let before = index.get(key).map_or(&[][..], |values| values);
    if !before.contains(value) {
        let after = before.iter().chain([value]).cloned().collect();
        index.insert(key.clone(), after);
    }
}

fn take<K: Clone + Eq + Hash, V: Clone + PartialEq>(index: &mut Index<K, Arc<[V]>>, key: &K, value: &V) {
    let before = index.get(key).map_or(&[][..], |values| values);
    let after: Arc<[V]> = before.iter().filter(|other| *other != value).cloned().collect();
    if after.is_empty() {
        index.remove(key);
    } else {
        index.insert(key.clone(), after);
    }
}
