//! Features that people switch at their phones: do-not-disturb and forwards (R13, R20).
//!
//! ```text
//!  SUBSCRIBE as-feature-event, SetDoNotDisturb ─┐
//!  *78, *21*203                                ─┼─▶ the line's settings ─▶ NOTIFY to every phone of the line
//!  the API, a portal                           ─┘
//! ```
//!
//! What a feature does is a behaviour's business: here is only which property of its settings it is (`x-phone` in the schema), and that the line's
//! user may change it. The next call finds the new settings.
//!
//! What is known here of a phone is in tables of its own, by line and by device, as lamps' are. Looking at settings and writing them lies in
//! `settings`, storing subscriptions in `kept`.

mod kept;
mod settings;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sip::Request;
use sip::body::FeatureEvent;
use sip::endpoint::{Notice, Path, Reply, SubscriptionId};

pub(crate) use self::kept::FeatureRecord;
use super::invited::refuse;
use super::requests::Account;
use super::{ByTenant, Exchange};
use crate::admin::Change;
use crate::directory::Kind;

/// The package's name.
pub(super) const PACKAGE: &str = "as-feature-event";

/// Subscriptions of one device.
const PER_DEVICE: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Features {
    watchers: FxHashMap<SubscriptionId, FeatureWatcher>,
    /// Those of each line, and of each device.
    lines: ByTenant<Vec<SubscriptionId>>,
    devices: ByTenant<Vec<SubscriptionId>>,
}

/// A phone that keeps its features like its line's.
#[derive(Debug)]
struct FeatureWatcher {
    tenant: Arc<str>,
    line: Arc<str>,
    device: Arc<str>,
    told: Vec<FeatureEvent>,
}

impl Features {
    pub fn of_line(&self, tenant: &str, line: &str) -> Vec<SubscriptionId> {
        let own = self.lines.get(tenant).and_then(|of| of.get(line));
        own.cloned().unwrap_or_default()
    }

    pub fn of_device(&self, tenant: &str, device: &str) -> Vec<SubscriptionId> {
        let own = self.devices.get(tenant).and_then(|of| of.get(device));
        own.cloned().unwrap_or_default()
    }

    /// In order.
    pub fn of_tenant(&self, tenant: &str) -> Vec<SubscriptionId> {
        let own = self.lines.get(tenant).into_iter().flat_map(|of| of.values());
        let mut own: Vec<SubscriptionId> = own.flatten().copied().collect();
        own.sort_unstable();
        own
    }

    fn insert(&mut self, id: SubscriptionId, watcher: FeatureWatcher) {
        for (table, name) in [
            (&mut self.lines, &watcher.line),
            (&mut self.devices, &watcher.device),
        ] {
            let of_tenant = table.entry(watcher.tenant.clone()).or_default();
            of_tenant.entry(name.clone()).or_default().push(id);
        }
        self.watchers.insert(id, watcher);
    }

    fn remove(&mut self, id: SubscriptionId) -> Option<FeatureWatcher> {
        let watcher = self.watchers.remove(&id)?;
        take(&mut self.lines, &watcher.tenant, &watcher.line, id);
        take(&mut self.devices, &watcher.tenant, &watcher.device, id);
        Some(watcher)
    }
}

/// Takes a subscription out of a table, which keeps nothing empty.
fn take(table: &mut ByTenant<Vec<SubscriptionId>>, tenant: &Arc<str>, name: &Arc<str>, id: SubscriptionId) {
    let Some(of_tenant) = table.get_mut(tenant) else {
        return;
    };
    if let Some(own) = of_tenant.get_mut(name) {
        own.retain(|other| *other != id);
        if own.is_empty() {
            of_tenant.remove(name);
        }
    }
    if of_tenant.is_empty() {
        table.remove(tenant);
    }
}

/// Whether a SUBSCRIBE is for this package.
pub(super) fn is_for(request: &Request) -> bool {
    let event = request.headers.event().ok().flatten();
    event.is_some_and(|event| event.package.eq_ignore_ascii_case(PACKAGE))
}

/// Subscriptions.
impl Exchange {
    pub(super) fn subscribing_features(&mut self, id: SubscriptionId, request: &Request, path: Path) {
        let watcher = match self.feature_watcher(request, path) {
            Ok(watcher) => watcher,
            Err(reply) => {
                let _ = self.sip.reject_subscription(self.now, id, *reply);
                return;
            }
        };
        self.set_by_phone(&watcher.tenant.clone(), &watcher.line.clone(), request);
        let told = self.features_of(&watcher.tenant, &watcher.line);
        let notice = Notice::of(FeatureEvent::to_body(&told));
        self.features.insert(id, FeatureWatcher { told, ..watcher });
        // An error means that the subscriber gave up; its end is on its way.
        let _ = self.sip.accept_subscription(self.now, id, notice);
        self.keep_features(id);
    }

    fn feature_watcher(&mut self, request: &Request, path: Path) -> Result<FeatureWatcher, Box<Reply>> {
        let tenant = self.tenant_of(request).ok_or_else(|| refuse(404))?;
        let Account::Device(device) = self.authenticate(request, path, &tenant)? else {
            return Err(refuse(403));
        };
        let document = tenant.device(&device).ok_or_else(|| refuse(403))?;
        let line = tenant
            .lines_of_device(document)
            .next()
            .ok_or_else(|| refuse(404))?;
        let line = line.id.text().clone();
        let own = self.features.of_device(tenant.id(), &device);
        if own.len() >= PER_DEVICE {
            return Err(Box::new(Reply::new(480).header("Retry-After", "600")));
        }
        Ok(FeatureWatcher {
            tenant: tenant.id().text().clone(),
            line,
            device,
            told: Vec::new(),
        })
    }

    /// A phone refreshes, or sets something. False when the subscription is none of this package.
    pub(super) fn features_resubscribed(&mut self, id: SubscriptionId, request: &Request) -> bool {
        let Some(watcher) = self.features.watchers.get(&id) else {
            return false;
        };
        let (tenant, line) = (watcher.tenant.clone(), watcher.line.clone());
        self.set_by_phone(&tenant, &line, request);
        self.tell_features_to(id);
        self.keep_features(id);
        true
    }

    pub(super) fn features_ended(&mut self, id: SubscriptionId) {
        if let Some(watcher) = self.features.remove(id) {
            self.forget_features(id, &watcher.tenant);
        }
    }

    /// Settings changed, whoever did it: phones that show them are told. A change of lines alone is looked at for these alone.
    pub(super) fn tell_features(&mut self, tenant: &str, changes: &[Change]) {
        let own = changes.iter().filter(|change| *change.key.tenant == *tenant);
        let ids: Vec<SubscriptionId> = match own.clone().all(|change| change.key.kind == Kind::Line) {
            true => own
                .flat_map(|change| self.features.of_line(tenant, &change.key.id))
                .collect(),
            false => self.features.of_tenant(tenant),
        };
        for id in ids {
            let Some(watcher) = self.features.watchers.get(&id) else {
                continue;
            };
            if self.features_of(tenant, &watcher.line) != watcher.told {
                self.tell_features_to(id);
            }
        }
    }

    fn tell_features_to(&mut self, id: SubscriptionId) {
        let Some(watcher) = self.features.watchers.get(&id) else {
            return;
        };
        let told = self.features_of(&watcher.tenant, &watcher.line);
        let notice = Notice::of(FeatureEvent::to_body(&told));
        if let Some(watcher) = self.features.watchers.get_mut(&id) {
            watcher.told = told;
        }
        // An error means that the subscription is ending.
        let _ = self.sip.notify(self.now, id, notice);
    }
}
