//! All tenants of one exchange.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    Configuration, Document, Entry, Key, Kind, Line, LineId, LineState, Network, TenantId, TenantView, Trunk,
    TrunkId, Versioned,
};

/// A trunk of some tenant's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrunkRef {
    pub tenant: TenantId,
    pub trunk: TrunkId,
}

/// All tenants, and what tells them apart: domains, outside numbers, trunk addresses.
#[derive(Default)]
pub struct Directory {
    tenants: BTreeMap<TenantId, Arc<TenantView>>,
    domains: FxHashMap<Arc<str>, TenantId>,
    /// E.164 numbers of lines and numbers.
    owners: FxHashMap<Arc<str>, TenantId>,
    /// Trunks by single source address; a provider may serve several tenants from one.
    hosts: FxHashMap<IpAddr, Vec<TrunkRef>>,
    /// Trunks by where the registrar that they name was found.
    registrars: FxHashMap<IpAddr, Vec<TrunkRef>>,
    /// Trunks by wider network, longest prefix first.
    networks: Vec<(Network, TrunkRef)>,
}

impl Directory {
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts stored documents back, in any order. Returns the keys of those whose tenant is not there.
    pub fn restore(documents: impl IntoIterator<Item = (Key, Versioned<Document>)>) -> (Self, Vec<Key>) {
        let mut documents: Vec<(Key, Versioned<Document>)> = documents.into_iter().collect();
        documents.sort_by_cached_key(|(key, _)| {
            let rank = Kind::ALL.iter().position(|kind| *kind == key.kind);
            (key.tenant.clone(), rank, key.id.clone())
        });
        let mut directory = Self::new();
        let mut orphans = Vec::new();
        let mut documents = documents.into_iter().peekable();
        while let Some((key, first)) = documents.next() {
            let Document::Tenant(tenant) = first.document else {
                orphans.push(key);
                continue;
            };
            let mut configuration = Configuration::new(Versioned {
                revision: first.revision,
                document: tenant,
            });
            let mut keys = vec![key.clone()];
            while let Some((next, stored)) = documents.next_if(|(next, _)| next.tenant == key.tenant) {
                configuration.put(stored.revision, stored.document);
                keys.push(next);
            }
            directory.install(configuration, &keys);
        }
        (directory, orphans)
    }

    pub fn tenants(&self) -> impl Iterator<Item = &Arc<TenantView>> {
        self.tenants.values()
    }

    /// The tenant's current picture. Clone the `Arc` to keep it.
    pub fn tenant(&self, id: &str) -> Option<&Arc<TenantView>> {
        self.tenants.get(id)
    }

    /// The tenant that answers for a SIP domain. Case does not matter.
    pub fn tenant_by_domain(&self, domain: &str) -> Option<&Arc<TenantView>> {
        let id = match self.domains.get(domain) {
            Some(id) => id,
            None => self
                .domains
                .get(domain.to_ascii_lowercase().trim_end_matches('.'))?,
        };
        self.tenant(id)
    }

    /// The tenant that has this E.164 number.
    pub fn tenant_by_number(&self, number: &str) -> Option<&Arc<TenantView>> {
        self.tenant(self.owners.get(number)?)
    }

    /// Trunks that this source address belongs to: those that name it exactly, else those whose network is the
    /// narrowest.
    pub fn trunks_by_source(&self, source: IpAddr) -> Vec<&TrunkRef> {
        let source = source.to_canonical();
        if let Some(trunks) = self.hosts.get(&source) {
            return trunks.iter().collect();
        }
        if let Some(trunks) = self.registrars.get(&source) {
            return trunks.iter().collect();
        }
        let mut matching = self
            .networks
            .iter()
            .filter(|(network, _)| network.contains(source))
            .peekable();
        let Some(bits) = matching.peek().map(|(network, _)| network.bits()) else {
            return Vec::new();
        };
        matching
            .take_while(|(network, _)| network.bits() == bits)
            .map(|(_, trunk)| trunk)
            .collect()
    }

    /// Where the registrars are now that trunks give by name.
    pub(crate) fn found_registrars(&mut self, found: FxHashMap<IpAddr, Vec<TrunkRef>>) {
        self.registrars = found;
    }

    /// The tenant and trunk that an INVITE for `called` from this address is for. Among several trunks the one whose
    /// tenant has the E.164 number wins (short numbers are everybody's); without such, a single candidate does.
    pub fn inbound_trunk(&self, source: IpAddr, called: &str) -> Option<(&Arc<TenantView>, &Entry<Trunk>)> {
        let candidates = self.trunks_by_source(source);
        let found = |at: &TrunkRef| {
            let view = self.tenant(&at.tenant)?;
            Some((view, view.trunk(&at.trunk)?))
        };
        let owning = candidates
            .iter()
            .copied()
            .filter_map(found)
            .find(|(view, trunk)| {
                let number = trunk.read_number(called, view.number_plan());
                number.starts_with('+') && view.owns(&number)
            });
        owning.or_else(|| match candidates.as_slice() {
            [only] => found(only),
            _ => None,
        })
    }

    /// A line of a tenant's, by id.
    pub fn line(&self, tenant: &str, line: &str) -> Option<&Entry<Line>> {
        self.tenant(tenant)?.configuration().line(line)
    }

    pub fn document(&self, key: &Key) -> Option<Versioned<Document>> {
        self.tenant(&key.tenant)?.get(key.kind, &key.id)
    }

    /// Says how a line is now. False when there is no such line. Costs O(log n), and pictures taken before keep
    /// what they show.
    pub fn set_line_state(&mut self, tenant: &str, line: &LineId, state: LineState) -> bool {
        let Some(view) = self.tenants.get_mut(tenant) else {
            return false;
        };
        let Some((line, _)) = view.lines().get_key_value(line) else {
            return false;
        };
        // The table's own id, so that the text is kept once.
        let line = line.clone();
        Arc::make_mut(view).set_line_state(line, state);
        true
    }

    /// Puts a tenant's new documents in the place of its old ones. `changed` names every document that is new,
    /// different or gone.
    pub(crate) fn install(&mut self, configuration: Configuration, changed: &[Key]) {
        let id = configuration.id().clone();
        if let Some(old) = self.tenants.get(&id).cloned() {
            changed.iter().for_each(|key| self.unindex(&old, key));
        }
        changed.iter().for_each(|key| self.index(&configuration, key));
        self.networks
            .sort_by(|(a, x), (b, y)| b.bits().cmp(&a.bits()).then_with(|| x.cmp(y)));
        match self.tenants.get_mut(&id) {
            Some(view) => Arc::make_mut(view).reconfigure(configuration),
            None => {
                self.tenants.insert(id, Arc::new(TenantView::new(configuration)));
            }
        }
    }

    /// Takes a tenant out with all it has.
    pub(crate) fn evict(&mut self, id: &TenantId) {
        self.tenants.remove(id);
        self.domains.retain(|_, tenant| tenant != id);
        self.owners.retain(|_, tenant| tenant != id);
        self.hosts.retain(|_, trunks| {
            trunks.retain(|trunk| trunk.tenant != *id);
            !trunks.is_empty()
        });
        self.networks.retain(|(_, trunk)| trunk.tenant != *id);
    }

    fn index(&mut self, configuration: &Configuration, key: &Key) {
        let tenant = configuration.id();
        match key.kind {
            Kind::Tenant => {
                for domain in &configuration.tenant().domains {
                    self.domains.insert(domain.as_str().into(), tenant.clone());
                }
            }
            Kind::Line => {
                if let Some(number) = configuration.line(&key.id).and_then(|line| line.number.clone()) {
                    self.owners.insert(number, tenant.clone());
                }
            }
            Kind::Number if key.id.starts_with('+') && configuration.number(&key.id).is_some() => {
                self.owners.insert(key.id.clone(), tenant.clone());
            }
            Kind::Trunk => {
                if let Some(trunk) = configuration.trunk(&key.id) {
                    self.index_trunk(tenant, trunk);
                }
            }
            Kind::Number
            | Kind::Site
            | Kind::User
            | Kind::Device
            | Kind::DialPlan
            | Kind::Calendar
            | Kind::Behaviour
            | Kind::Announcement
            | Kind::PickupGroup
            | Kind::Contact => {}
        }
    }

    fn index_trunk(&mut self, tenant: &TenantId, trunk: &Trunk) {
        let reference = TrunkRef {
            tenant: tenant.clone(),
            trunk: trunk.id.clone(),
        };
        for network in trunk.access.networks().iter().copied().chain(trunk.registrar()) {
            match network.single() {
                Some(host) => self.hosts.entry(host).or_default().push(reference.clone()),
                None => self.networks.push((network, reference.clone())),
            }
        }
    }

    fn unindex(&mut self, old: &Configuration, key: &Key) {
        match key.kind {
            Kind::Tenant => {
                for domain in &old.tenant().domains {
                    self.domains.remove(domain.as_str());
                }
            }
            Kind::Line => {
                if let Some(number) = old.line(&key.id).and_then(|line| line.number.as_ref()) {
                    self.owners.remove(number);
                }
            }
            Kind::Number => {
                self.owners.remove(&key.id);
            }
            Kind::Trunk => {
                let is_it = |at: &TrunkRef| at.tenant == *old.id() && *at.trunk == *key.id;
                self.hosts.retain(|_, trunks| {
                    trunks.retain(|at| !is_it(at));
                    !trunks.is_empty()
                });
                self.networks.retain(|(_, at)| !is_it(at));
            }
            Kind::Site
            | Kind::User
            | Kind::Device
            | Kind::DialPlan
            | Kind::Calendar
            | Kind::Behaviour
            | Kind::Announcement
            | Kind::PickupGroup
            | Kind::Contact => {}
        }
    }
}
