//! One tenant's documents, with the indexes that calls ask.
//!
//! Every table is a persistent map: cloning a configuration copies a dozen pointers, so a change is made on a
//! clone, checked, and put in the place of the old one, while snapshots keep what they had.

use std::sync::Arc;

use contract::LineKind;
use imbl::shared_ptr::DefaultSharedPtr;
use imbl::{GenericHashMap, OrdMap};
use jiff::tz::TimeZone;
use rustc_hash::FxBuildHasher;

use super::{
    Action, Announcement, AnnouncementName, Behaviour, BehaviourName, Binding, CalendarId, Contact,
    ContactId, Device, DeviceId, DialPlan, Document, Key, Kind, Line, LineId, Number, NumberId, PhoneFeature,
    PickupGroup, PickupGroupId, Site, SiteId, Tenant, TenantId, Trunk, TrunkId, User, UserId, Versioned,
};
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

impl Place {
    /// The document whose part it is.
    pub fn key(&self, tenant: &TenantId) -> Key {
        match self {
            Self::Own(name) => Key::new(tenant, Kind::Behaviour, name),
            Self::Line(line, _) => Key::new(tenant, Kind::Line, line),
            Self::Number(number, _) => Key::new(tenant, Kind::Number, number),
            Self::Rule(..) => Key::new(tenant, Kind::DialPlan, tenant),
        }
    }
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
    pub(super) tenant: Entry<Tenant>,
    pub(super) plan: Entry<DialPlan>,
    pub(super) sites: Table<SiteId, Site>,
    pub(super) users: Table<UserId, User>,
    pub(super) devices: Table<DeviceId, Device>,
    pub(super) lines: Table<LineId, Line>,
    pub(super) numbers: Table<NumberId, Number>,
    pub(super) trunks: Table<TrunkId, Trunk>,
    pub(super) calendars: Table<CalendarId, Calendar>,
    pub(super) behaviours: Table<BehaviourName, Behaviour>,
    pub(super) announcements: Table<AnnouncementName, Announcement>,
    pub(super) pickup_groups: Table<PickupGroupId, PickupGroup>,
    pub(super) contacts: Table<ContactId, Contact>,

    pub(super) zone: TimeZone,
    pub(super) number_plan: NumberPlan,
    /// But for those whose id is their user name.
    pub(super) devices_by_username: Index<Arc<str>, DeviceId>,
    pub(super) trunks_by_username: Index<Arc<str>, TrunkId>,
    /// Short and E.164 numbers, but for lines whose id is the number.
    pub(super) lines_by_number: Index<Arc<str>, LineId>,
    /// Lower-case.
    pub(super) users_by_email: Index<Arc<str>, UserId>,
    pub(super) devices_of_user: Index<UserId, Arc<[DeviceId]>>,
    /// Lines that name the user and no devices.
    pub(super) lines_of_user: Index<UserId, Arc<[LineId]>>,
    /// Lines that name the device.
    pub(super) lines_of_device: Index<DeviceId, Arc<[LineId]>>,
    pub(super) groups_by_line: Index<LineId, PickupGroupId>,
    /// Of behaviours that have some.
    pub(super) phone_features: Index<BehaviourName, Arc<[PhoneFeature]>>,
    /// Complete settings wherever somebody set some, and of every behaviour by itself.
    pub(super) settings: Index<Place, Arc<str>>,
    /// Claims that came while another held the same; see [`Configuration::settle`].
    pub(super) contests: Vec<Contest>,
}

/// Something that only one document may have, and that a second one claimed while a change was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Contest {
    /// A line's short or E.164 number.
    Number(Arc<str>),
    /// A device's digest user name.
    Username(Arc<str>),
    /// A trunk's.
    TrunkUsername(Arc<str>),
    Email(Arc<str>),
    /// A line's place in a pickup group.
    Pickup(LineId),
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
            pickup_groups: Table::new(),
            contacts: Table::new(),
            devices_by_username: Index::default(),
            trunks_by_username: Index::default(),
            lines_by_number: Index::default(),
            users_by_email: Index::default(),
            devices_of_user: Index::default(),
            lines_of_user: Index::default(),
            lines_of_device: Index::default(),
            groups_by_line: Index::default(),
            phone_features: Index::default(),
            settings: Index::default(),
            contests: Vec::new(),
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
        pickup_groups: PickupGroupId => PickupGroup, pickup_group;
        contacts: ContactId => Contact, contact;
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
        match self.devices_by_username.get(username) {
            Some(id) => self.device(id),
            None => self.device(username).filter(|device| device.is_named(username)),
        }
    }

    /// The trunk that registers with us under this user name.
    pub fn trunk_by_username(&self, username: &str) -> Option<&Entry<Trunk>> {
        self.trunk(self.trunks_by_username.get(username)?)
    }

    /// The user with this e-mail address, whatever its case.
    pub fn user_by_email(&self, email: &str) -> Option<&Entry<User>> {
        self.user(self.users_by_email.get(email.to_lowercase().as_str())?)
    }

    /// The settings of a behaviour that people switch at their phones.
    pub fn phone_features(&self, behaviour: &str) -> &[PhoneFeature] {
        let found = self.phone_features.get(behaviour);
        found.map_or(&[], |features| features)
    }

    /// The pickup group that a line is in.
    pub fn pickup_group_of(&self, line: &str) -> Option<&Entry<PickupGroup>> {
        self.pickup_group(self.groups_by_line.get(line)?)
    }

    /// The line with exactly this short or E.164 number, as [`NumberPlan::normalise`] writes it.
    pub fn line_by_number(&self, number: &str) -> Option<&Entry<Line>> {
        match self.lines_by_number.get(number) {
            Some(id) => self.line(id),
            None => self.line(number).filter(|line| line.has_number(number)),
        }
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

    /// The trunk to the exchange that has a line's phones: its own, else that of the tenant's interception, for a line without
    /// devices here.
    pub fn elsewhere<'a>(&'a self, line: &'a Line) -> Option<&'a TrunkId> {
        let rule = self.tenant().document.interception.as_ref();
        let trunk = line.trunk.as_ref().or_else(|| rule?.trunk.as_ref())?;
        (line.kind != LineKind::Virtual && self.devices_of_line(line).is_empty()).then_some(trunk)
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
        named.iter().chain(through_owner).filter_map(|id| self.line(id))
    }

    /// Every place that has settings, with the behaviour and its complete settings there. In no order.
    pub(crate) fn each_settings(&self, mut visit: impl FnMut(&Place, &Behaviour, &str)) {
        for (place, settings) in &self.settings {
            if let Some(behaviour) = self.behaviour_at(place) {
                visit(place, behaviour, settings);
            }
        }
    }

    fn behaviour_at(&self, place: &Place) -> Option<&Entry<Behaviour>> {
        let name = match place {
            Place::Own(name) | Place::Line(_, name) => name,
            Place::Number(number, position) => &self.number(number)?.behaviours.get(*position)?.behaviour,
            Place::Rule(rule, position) => match &self.plan.rules.get(*rule)?.action {
                Action::Behaviours(bindings) => &bindings.get(*position)?.behaviour,
                Action::Own
                | Action::Line(_)
                | Action::Outside(_)
                | Action::Session(_)
                | Action::Tell(_)
                | Action::PickUp
                | Action::Conference(_)
                | Action::Set(_)
                | Action::Refuse => {
                    return None;
                }
            },
        };
        self.behaviour(name)
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

    /// Behaviours of a rule. What the line that calls sets for a behaviour holds, where the rule itself sets nothing.
    pub(crate) fn stack_of_rule(
        &self,
        rule: usize,
        bindings: &[Binding],
        caller: Option<&str>,
    ) -> Vec<Bound> {
        let caller = caller.and_then(|line| self.line(line));
        let bound = |(position, binding): (usize, &Binding)| {
            let name = &binding.behaviour;
            let of_line = caller.filter(|line| line.settings.contains_key(name));
            let place = match (binding.settings.is_empty(), of_line) {
                (false, _) => Some(Place::Rule(rule, position)),
                (true, Some(line)) => Some(Place::Line(line.id.clone(), name.clone())),
                (true, None) => None,
            };
            self.bound_at(name, place)
        };
        bindings.iter().enumerate().filter_map(bound).collect()
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
            Kind::PickupGroup => wrap(self.pickup_group(id), Document::PickupGroup),
            Kind::Contact => wrap(self.contact(id), Document::Contact),
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
            Kind::PickupGroup => self.pickup_groups.keys().map(|id| id.text().clone()).collect(),
            Kind::Contact => self.contacts.keys().map(|id| id.text().clone()).collect(),
        }
    }

    /// Every document, in an order in which they can be put back.
    pub fn documents(&self) -> impl Iterator<Item = (Key, Versioned<Document>)> + '_ {
        Kind::ALL.into_iter().flat_map(move |kind| {
            let found = move |id: Arc<str>| Some((Key::new(self.id(), kind, &id), self.get(kind, &id)?));
            self.ids(kind).into_iter().filter_map(found)
        })
    }
}
