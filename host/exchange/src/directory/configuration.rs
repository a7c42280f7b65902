//! One tenant's documents, with the indexes that calls ask.
//!
//! Every table is a persistent map: cloning a configuration copies a dozen pointers, so a change is made on a
//! clone, checked, and put in the place of the old one, while snapshots keep what they had.

use std::sync::Arc;

use imbl::shared_ptr::DefaultSharedPtr;
use imbl::{GenericHashMap, OrdMap};
use jiff::tz::TimeZone;
use rustc_hash::FxBuildHasher;

use super::{
    Action, Announcement, AnnouncementName, Behaviour, BehaviourName, Binding, CalendarId, Device, DeviceId,
    DialPlan, Document, Key, Kind, Line, LineId, Number, NumberId, Site, SiteId, Tenant, TenantId, Trunk,
    TrunkId, User, UserId, Versioned,
};
use crate::admin::complete_settings;
use crate::calendars::Calendar;
use crate::numbers::NumberPlan;

/// A shared document with its revision.
pub type Entry<T> = Arc<Versioned<T>>;
/// Documents of one kind by id, in order.
pub type Table<I, T> = OrdMap<I, Entry<T>>;
/// A persistent hash map; its hasher has no seed, so one input gives one order.
pub(super) type Index<K, V> = GenericHashMap<K, V, FxBuildHasher, DefaultSharedPtr>;

/// Where a behaviour's settings can be set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The behaviour's own.
    Own(BehaviourName),
    Line(LineId, BehaviourName),
    /// By position in the number's stack.
    Number(NumberId, usize),
    /// By rule of the dial plan, and position in its stack.
    Rule(usize, usize),
}

/// A behaviour at its place in a stack.
#[derive(Clone, Debug)]
pub struct Bound {
    pub behaviour: Entry<Behaviour>,
    /// JSON, complete: defaults, then the behaviour's own settings, then those of the place.
    pub settings: Arc<str>,
}

/// One tenant's documents.
#[derive(Clone)]
pub struct Configuration {
    tenant: Entry<Tenant>,
    plan: Entry<DialPlan>,
    sites: Table<SiteId, Site>,
    users: Table<UserId, User>,
    devices: Table<DeviceId, Device>,
    lines: Table<LineId, Line>,
    numbers: Table<NumberId, Number>,
    trunks: Table<TrunkId, Trunk>,
    calendars: Table<CalendarId, Calendar>,
    behaviours: Table<BehaviourName, Behaviour>,
    announcements: Table<AnnouncementName, Announcement>,

    zone: TimeZone,
    number_plan: NumberPlan,
    devices_by_username: Index<Arc<str>, DeviceId>,
    trunks_by_username: Index<Arc<str>, TrunkId>,
    /// Short and E.164 numbers.
    lines_by_number: Index<Arc<str>, LineId>,
    /// Lower-case.
    users_by_email: Index<Arc<str>, UserId>,
    devices_of_user: Index<UserId, Arc<[DeviceId]>>,
    /// Lines that name the user.
    lines_of_user: Index<UserId, Arc<[LineId]>>,
    /// Lines that name the device.
    lines_of_device: Index<DeviceId, Arc<[LineId]>>,
    /// Complete settings wherever somebody set some, and of every behaviour by itself.
    settings: Index<Place, Arc<str>>,
}

macro_rules! tables {
    ($($field:ident: $id:ty => $document:ty, $one:ident;)*) => {$(
        pub fn $one(&self, id: &str) -> Option<&Entry<$document>> {
            self.$field.get(id)
        }

        pub fn $field(&self) -> &Table<$id, $document> {
            &self.$field
        }
    )*};
}

impl Configuration {
    /// A tenant with nothing in it.
    pub fn new(tenant: Versioned<Tenant>) -> Self {
        let mut configuration = Self {
            zone: TimeZone::UTC,
            number_plan: NumberPlan::default(),
            tenant: Arc::new(tenant.clone()),
            plan: Arc::new(Versioned {
                revision: 0,
                document: DialPlan::default(),
            }),
            sites: Table::new(),
            users: Table::new(),
            devices: Table::new(),
            lines: Table::new(),
            numbers: Table::new(),
            trunks: Table::new(),
            calendars: Table::new(),
            behaviours: Table::new(),
            announcements: Table::new(),
            devices_by_username: Index::default(),
            trunks_by_username: Index::default(),
            lines_by_number: Index::default(),
            users_by_email: Index::default(),
            devices_of_user: Index::default(),
            lines_of_user: Index::default(),
            lines_of_device: Index::default(),
            settings: Index::default(),
        };
        configuration.put_tenant(tenant);
        configuration
    }

    tables! {
        sites: SiteId => Site, site;
        users: UserId => User, user;
        devices: DeviceId => Device, device;
        lines: LineId => Line, line;
        numbers: NumberId => Number, number;
        trunks: TrunkId => Trunk, trunk;
        calendars: CalendarId => Calendar, calendar_document;
        behaviours: BehaviourName => Behaviour, behaviour;
        announcements: AnnouncementName => Announcement, announcement;
    }

    pub fn tenant(&self) -> &Entry<Tenant> {
        &self.tenant
    }

    pub fn id(&self) -> &TenantId {
        &self.tenant.id
    }

    pub fn plan(&self) -> &Entry<DialPlan> {
        &self.plan
    }

    /// The tenant's time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// How numbers are read here: the country's plan with the tenant's dialling habits.
    pub fn number_plan(&self) -> &NumberPlan {
        &self.number_plan
    }

    /// The device with this digest user name.
    pub fn device_by_username(&self, username: &str) -> Option<&Entry<Device>> {
        self.device(self.devices_by_username.get(username)?)
    }

    /// The trunk that registers with us under this user name.
    pub fn trunk_by_username(&self, username: &str) -> Option<&Entry<Trunk>> {
        self.trunk(self.trunks_by_username.get(username)?)
    }

    /// The user with this e-mail address, whatever its case.
    pub fn user_by_email(&self, email: &str) -> Option<&Entry<User>> {
        self.user(self.users_by_email.get(email.to_lowercase().as_str())?)
    }

    /// The line with exactly this short or E.164 number, as [`NumberPlan::normalise`] writes it.
    pub fn line_by_number(&self, number: &str) -> Option<&Entry<Line>> {
        self.line(self.lines_by_number.get(number)?)
    }

    /// The line that people or behaviours call so: by number, in any spelling, or by id.
    pub fn find_line(&self, name: &str) -> Option<&Entry<Line>> {
        self.line_by_number(name)
            .or_else(|| self.line(name))
            .or_else(|| self.line_by_number(&self.number_plan.normalise(name)?))
    }

    /// Devices that ring for a line: its own, else all of its user's (R11).
    pub fn devices_of_line<'a>(&'a self, line: &'a Line) -> &'a [DeviceId] {
        match &line.user {
            Some(user) if line.devices.is_empty() => self.devices_of_user(user),
            _ => &line.devices,
        }
    }

    pub fn devices_of_user(&self, user: &str) -> &[DeviceId] {
        self.devices_of_user.get(user).map_or(&[], |devices| devices)
    }

    /// Lines that a device rings for, those that name it first. A call from the device is a call from the first.
    pub fn lines_of_device<'a>(&'a self, device: &'a Device) -> impl Iterator<Item = &'a Entry<Line>> {
        let named: &[LineId] = self.lines_of_device.get(&device.id).map_or(&[], |lines| lines);
        let owner = device
            .owner
            .as_ref()
            .and_then(|owner| self.lines_of_user.get(owner));
        let through_owner: &[LineId] = owner.map_or(&[], |lines| lines);
        named.iter().filter_map(|id| self.line(id)).chain(
            through_owner
                .iter()
                .filter_map(|id| self.line(id))
                .filter(|line| line.devices.is_empty()),
        )
    }

    /// Complete settings of a behaviour at a place where some are set.
    pub fn settings(&self, place: &Place) -> Option<&Arc<str>> {
        self.settings.get(place)
    }

    /// A behaviour with its own settings.
    pub fn bound(&self, name: &BehaviourName) -> Option<Bound> {
        self.bound_at(name, None)
    }

    /// Behaviours in front of a line, outermost first.
    pub fn stack_of_line(&self, line: &Line) -> Vec<Bound> {
        let names = line.behaviours.as_ref().unwrap_or(&self.tenant.defaults.line);
        names
            .iter()
            .filter_map(|name| {
                let own = line.settings.contains_key(name);
                self.bound_at(name, own.then(|| Place::Line(line.id.clone(), name.clone())))
            })
            .collect()
    }

    /// Behaviours of a number, outermost first.
    pub fn stack_of_number(&self, number: &Number) -> Vec<Bound> {
        self.stack(&number.behaviours, |position| {
            Place::Number(number.id.clone(), position)
        })
    }

    pub(super) fn stack_of_rule(&self, rule: usize, bindings: &[Binding]) -> Vec<Bound> {
        self.stack(bindings, |position| Place::Rule(rule, position))
    }

    fn stack(&self, bindings: &[Binding], place: impl Fn(usize) -> Place) -> Vec<Bound> {
        let bound = |(position, binding): (usize, &Binding)| {
            let own = (!binding.settings.is_empty()).then(|| place(position));
            self.bound_at(&binding.behaviour, own)
        };
        bindings.iter().enumerate().filter_map(bound).collect()
    }

    fn bound_at(&self, name: &BehaviourName, place: Option<Place>) -> Option<Bound> {
        let behaviour = self.behaviour(name)?;
        let settings = place
            .and_then(|place| self.settings.get(&place))
            .or_else(|| self.settings.get(&Place::Own(name.clone())))?;
        Some(Bound {
            behaviour: behaviour.clone(),
            settings: settings.clone(),
        })
    }

    /// The document with this kind and id.
    pub fn get(&self, kind: Kind, id: &str) -> Option<Versioned<Document>> {
        fn wrap<T: Clone>(entry: Option<&Entry<T>>, wrap: fn(T) -> Document) -> Option<Versioned<Document>> {
            entry.map(|entry| Versioned {
                revision: entry.revision,
                document: wrap(entry.document.clone()),
            })
        }
        match kind {
            Kind::Tenant => wrap(Some(&self.tenant), Document::Tenant),
            Kind::DialPlan => wrap(
                Some(&self.plan).filter(|plan| plan.revision > 0),
                Document::DialPlan,
            ),
            Kind::Site => wrap(self.site(id), Document::Site),
            Kind::User => wrap(self.user(id), Document::User),
            Kind::Device => wrap(self.device(id), Document::Device),
            Kind::Line => wrap(self.line(id), Document::Line),
            Kind::Number => wrap(self.number(id), Document::Number),
            Kind::Trunk => wrap(self.trunk(id), Document::Trunk),
            Kind::Calendar => wrap(self.calendar_document(id), Document::Calendar),
            Kind::Behaviour => wrap(self.behaviour(id), Document::Behaviour),
            Kind::Announcement => wrap(self.announcement(id), Document::Announcement),
        }
    }

    /// Ids of all documents of a kind, in order.
    pub fn ids(&self, kind: Kind) -> Vec<Arc<str>> {
        match kind {
            Kind::Tenant | Kind::DialPlan => vec![self.id().text().clone()],
            Kind::Site => self.sites.keys().map(|id| id.text().clone()).collect(),
            Kind::User => self.users.keys().map(|id| id.text().clone()).collect(),
            Kind::Device => self.devices.keys().map(|id| id.text().clone()).collect(),
            Kind::Line => self.lines.keys().map(|id| id.text().clone()).collect(),
            Kind::Number => self.numbers.keys().map(|id| id.text().clone()).collect(),
            Kind::Trunk => self.trunks.keys().map(|id| id.text().clone()).collect(),
            Kind::Calendar => self.calendars.keys().map(|id| id.text().clone()).collect(),
            Kind::Behaviour => self.behaviours.keys().map(|id| id.text().clone()).collect(),
            Kind::Announcement => self.announcements.keys().map(|id| id.text().clone()).collect(),
        }
    }

    /// Every document, in an order in which they can be put back.
    pub fn documents(&self) -> impl Iterator<Item = (Key, Versioned<Document>)> + '_ {
        Kind::ALL.into_iter().flat_map(move |kind| {
            let found = move |id: Arc<str>| Some((Key::new(self.id(), kind, &id), self.get(kind, &id)?));
            self.ids(kind).into_iter().filter_map(found)
        })
    }

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
        }
    }

    fn put_tenant(&mut self, tenant: Versioned<Tenant>) {
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
        self.users_by_email
            .insert(user.email.to_lowercase().into(), user.id.clone());
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
            self.devices_by_username
                .insert(credentials.username.as_str().into(), device.id.clone());
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
            forget(&mut self.devices_by_username, &credentials.username, &device.id);
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
        for number in line.short_number.iter().chain(&line.number) {
            self.lines_by_number.insert(number.clone(), line.id.clone());
        }
        if let Some(user) = &line.user {
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
            self.trunks_by_username.insert(username.into(), trunk.id.clone());
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
        true
    }
}

/// Every binding of a plan with its rule and its position there.
fn rule_bindings(plan: &DialPlan) -> impl Iterator<Item = (usize, usize, &Binding)> {
    plan.rules.iter().enumerate().flat_map(|(rule, entry)| {
        let bindings = match &entry.action {
            Action::Behaviours(bindings) => bindings.as_slice(),
            Action::Own | Action::Line(_) | Action::Outside(_) | Action::Refuse => &[],
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
fn forget<I: PartialEq + Clone>(index: &mut Index<Arc<str>, I>, key: &str, to: &I) {
    if index.get(key) == Some(to) {
        index.remove(key);
    }
}

fn add<K: Clone + Eq + std::hash::Hash, V: Clone + PartialEq>(
    index: &mut Index<K, Arc<[V]>>,
    key: &K,
    value: &V,
) {
    let before = index.get(key).map_or(&[][..], |values| values);
    if !before.contains(value) {
        let after = before.iter().chain([value]).cloned().collect();
        index.insert(key.clone(), after);
    }
}

fn take<K: Clone + Eq + std::hash::Hash, V: Clone + PartialEq>(
    index: &mut Index<K, Arc<[V]>>,
    key: &K,
    value: &V,
) {
    let before = index.get(key).map_or(&[][..], |values| values);
    let after: Arc<[V]> = before.iter().filter(|other| *other != value).cloned().collect();
    if after.is_empty() {
        index.remove(key);
    } else {
        index.insert(key.clone(), after);
    }
}
