//! Who watches whose line: the event package `dialog` (RFC 4235), for the lamps of phones and consoles.
//!
//! ```text
//!  SUBSCRIBE ─▶ Subscribed: told the full state ──▶ told anew whenever a call of the line changes
//!                  │ expired, unsubscribed, NOTIFY in vain                ─▶ gone
//!                  │ the device has no contact left   ─▶ "deactivated"    ─▶ gone
//!                  └ line or tenant deleted           ─▶ "noresource"     ─▶ gone
//! ```
//!
//! Any device watches any line of its own tenant, and another exchange those whose phones are here, if its trunk allows that
//! (`admission`). It learns that the line rings or talks, and who of both began it, but
//! not with whom: that is nobody else's business. What rings can be taken with Replaces (see `pickup`). A subscription survives a restart; whoever it belongs to
//! is then told the state anew. What a document says lies in `dialogs`, storing in `kept`,
//! lamps of feature codes in `codes`, changes of the configuration in `anew`.
//!
//! Costs nothing while nobody watches, and nothing while nothing happens. All that an input changes about a line is one NOTIFY
//! to each who watches it.

mod admission;
mod anew;
mod codes;
mod dialogs;
mod kept;

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::LegId;
use rustc_hash::FxHashMap;
use sip::Request;
use sip::endpoint::{Notice, Path, SubscriptionId, Termination};

use self::dialogs::Told;
pub(crate) use self::kept::SubscriptionRecord;
use super::lookup::of_trunk;
use super::{ByTenant, Exchange};

/// The package's name, and the type of its bodies.
pub(super) const PACKAGE: &str = "dialog";

/// Subscriptions of one device (a console with all its keys), to one line, and of one tenant.
const PER_DEVICE: usize = 128;
const PER_LINE: usize = 500;
const PER_TENANT: usize = 20_000;

#[derive(Debug, Default)]
pub(crate) struct Notifier {
    watchers: FxHashMap<SubscriptionId, Watcher>,
    /// Lines that are watched.
    lines: ByTenant<Watched>,
    /// Lamps of feature codes among them.
    lamps: codes::Lit,
    /// Subscriptions of each device.
    devices: ByTenant<Vec<SubscriptionId>>,
    /// Lines of which something changed with this input: tenant and line.
    changed: BTreeSet<(Arc<str>, Arc<str>)>,
}

/// One subscription.
#[derive(Debug)]
struct Watcher {
    tenant: Arc<str>,
    line: Arc<str>,
    /// Or trunk.
    device: Arc<str>,
    /// The line's URI as the watcher calls it.
    entity: Box<str>,
    /// The number in it, normalised.
    called: Box<str>,
    /// Of the next document: one more each time (RFC 4235 §4.1).
    version: u32,
}

/// A line that somebody watches.
#[derive(Debug, Default)]
struct Watched {
    watchers: Vec<SubscriptionId>,
    /// What everybody was told last.
    told: Vec<Told>,
}

impl Exchange {
    /// Somebody wants to watch a line.
    pub(super) fn subscribing(&mut self, id: SubscriptionId, request: &Request, path: Path) {
        match self.watcher_for(request, path) {
            Ok(watcher) => {
                let (tenant, line) = (watcher.tenant.clone(), watcher.line.clone());
                self.watch(id, watcher);
                let notice = self.notice(id, &self.dialogs_of(&tenant, &line));
                // An error means that the subscriber gave up; its end is on its way.
                let _ = self.sip.accept_subscription(self.now, id, notice);
                self.keep_subscription(id);
            }
            Err(reply) => {
                let _ = self.sip.reject_subscription(self.now, id, *reply);
            }
        }
    }

    fn watch(&mut self, id: SubscriptionId, watcher: Watcher) {
        let told = self.dialogs_of(&watcher.tenant, &watcher.line);
        let watched = self.notifier.watched_mut(&watcher.tenant, &watcher.line);
        if watched.watchers.is_empty() {
            watched.told = told;
        }
        let (tenant, line) = (watcher.tenant.clone(), watcher.line.clone());
        self.notifier.insert(id, watcher);
        self.follow_lamp(&tenant, &line);
        self.look_elsewhere(&tenant, &line);
    }

    /// A refresh is told the full state (RFC 6665 §4.2.1.2).
    pub(super) fn resubscribed(&mut self, id: SubscriptionId) {
        self.tell_again(id);
        self.keep_subscription(id);
    }

    fn tell_again(&mut self, id: SubscriptionId) {
        let Some((tenant, line)) = self.notifier.line_of(id) else {
            return;
        };
        let notice = self.notice(id, &self.dialogs_of(&tenant, &line));
        let _ = self.sip.notify(self.now, id, notice);
    }

    pub(super) fn subscription_ended(&mut self, id: SubscriptionId) {
        self.features_ended(id);
        if let Some(watcher) = self.notifier.remove(id) {
            self.forget_subscription(id, &watcher.tenant);
            self.look_elsewhere(&watcher.tenant, &watcher.line);
        }
    }

    /// Something of a line's calls changed: whoever watches it is told once the input is done.
    pub(super) fn dialogs_changed(&mut self, tenant: &Arc<str>, line: &Arc<str>) {
        if self.notifier.is_watched(tenant, line) {
            self.notifier.changed.insert((tenant.clone(), line.clone()));
        }
    }

    /// A leg got further.
    pub(super) fn dialog_changed(&mut self, leg: LegId) {
        if self.notifier.watchers.is_empty() {
            return;
        }
        let Some(leg) = self.legs.get(&leg) else {
            return;
        };
        if let Some(line) = leg.party.line().cloned() {
            let tenant = leg.tenant.clone();
            self.dialogs_changed(&tenant, &line);
        }
    }

    /// Tells what changed. False when there was nothing to tell.
    pub(super) fn notify_watchers(&mut self) -> bool {
        if self.notifier.changed.is_empty() {
            return false;
        }
        for (tenant, line) in std::mem::take(&mut self.notifier.changed) {
            if !self.notifier.is_watched(&tenant, &line) {
                continue;
            }
            let now = self.dialogs_of(&tenant, &line);
            let watched = self.notifier.watched_mut(&tenant, &line);
            if watched.told == now {
                continue;
            }
            let before = std::mem::replace(&mut watched.told, now.clone());
            let watchers = watched.watchers.clone();
            let told = dialogs::with_ended(now, before);
            for id in watchers {
                let notice = self.notice(id, &told);
                // An error means that the subscription is ending.
                let _ = self.sip.notify(self.now, id, notice);
            }
        }
        true
    }

    /// The next document for a watcher.
    fn notice(&mut self, id: SubscriptionId, told: &[Told]) -> Notice {
        match self.notifier.watchers.get_mut(&id) {
            Some(watcher) => {
                let version = watcher.version;
                watcher.version = version.wrapping_add(1);
                Notice::of(dialogs::document(&watcher.entity, version, told))
            }
            None => Notice::empty(),
        }
    }

    /// The device has no contact left.
    pub(super) fn device_watches_no_more(&mut self, tenant: &str, device: &str, why: Termination) {
        let of_device = self.notifier.devices.get(tenant).and_then(|of| of.get(device));
        let mut ids = of_device.cloned().unwrap_or_default();
        ids.extend(self.features.of_device(tenant, device));
        self.end_subscriptions(ids, why);
    }

    /// The line is gone.
    pub(super) fn line_is_watched_no_more(&mut self, tenant: &str, line: &str) {
        let of_line = self.notifier.lines.get(tenant).and_then(|of| of.get(line));
        let watchers = of_line.map(|watched| watched.watchers.clone());
        let mut ids = watchers.unwrap_or_default();
        ids.extend(self.features.of_line(tenant, line));
        self.end_subscriptions(ids, Termination::NoResource);
    }

    /// The tenant is gone.
    pub(super) fn nobody_watches(&mut self, tenant: &str) {
        let devices = self.notifier.devices.get(tenant);
        let all = devices.into_iter().flat_map(|of| of.values().flatten());
        let mut all: Vec<SubscriptionId> = all.copied().collect();
        all.extend(self.features.of_tenant(tenant));
        all.sort_unstable();
        self.end_subscriptions(all, Termination::NoResource);
    }

    fn end_subscriptions(&mut self, ids: Vec<SubscriptionId>, why: Termination) {
        for id in ids {
            // What is not granted yet ends by itself.
            let _ = self.sip.end_subscription(self.now, id, why, Notice::empty());
            self.subscription_ended(id);
        }
    }
}

impl Notifier {
    fn has_room_for(&self, watcher: &Watcher) -> bool {
        let devices = self.devices.get(&watcher.tenant);
        let own = devices.and_then(|of| of.get(&watcher.device)).map_or(0, Vec::len);
        let of_tenant: usize = devices.map_or(0, |of| of.values().map(Vec::len).sum());
        let lines = self.lines.get(&watcher.tenant);
        let of_line = lines
            .and_then(|of| of.get(&watcher.line))
            .map_or(0, |watched| watched.watchers.len());
        let most = match of_trunk(&watcher.device) {
            Some(_) => PER_TENANT,
            None => PER_DEVICE,
        };
        own < most && of_line < PER_LINE && of_tenant < PER_TENANT
    }

    pub(super) fn is_watched(&self, tenant: &str, line: &str) -> bool {
        !self.watchers.is_empty() && self.lines.get(tenant).is_some_and(|of| of.contains_key(line))
    }

    /// All lines of a tenant that are watched.
    pub(super) fn watched_lines(&self, tenant: &str) -> impl Iterator<Item = Arc<str>> {
        let lines = self.lines.get(tenant).into_iter().flat_map(FxHashMap::keys);
        lines.cloned()
    }

    fn watched_mut(&mut self, tenant: &Arc<str>, line: &Arc<str>) -> &mut Watched {
        let of_tenant = self.lines.entry(tenant.clone()).or_default();
        of_tenant.entry(line.clone()).or_default()
    }

    fn line_of(&self, id: SubscriptionId) -> Option<(Arc<str>, Arc<str>)> {
        let watcher = self.watchers.get(&id)?;
        Some((watcher.tenant.clone(), watcher.line.clone()))
    }

    fn insert(&mut self, id: SubscriptionId, watcher: Watcher) {
        self.watched_mut(&watcher.tenant, &watcher.line).watchers.push(id);
        let devices = self.devices.entry(watcher.tenant.clone()).or_default();
        devices.entry(watcher.device.clone()).or_default().push(id);
        self.watchers.insert(id, watcher);
    }

    fn remove(&mut self, id: SubscriptionId) -> Option<Watcher> {
        let watcher = self.watchers.remove(&id)?;
        if let Some(of_tenant) = self.lines.get_mut(&watcher.tenant)
            && let Some(watched) = of_tenant.get_mut(&watcher.line)
        {
            watched.watchers.retain(|other| *other != id);
            if watched.watchers.is_empty() {
                codes::forget(&mut self.lamps, &watcher.tenant, &watcher.line);
                of_tenant.remove(&watcher.line);
            }
        }
        if let Some(of_tenant) = self.devices.get_mut(&watcher.tenant)
            && let Some(own) = of_tenant.get_mut(&watcher.device)
        {
            own.retain(|other| *other != id);
            if own.is_empty() {
                of_tenant.remove(&watcher.device);
            }
        }
        Some(watcher)
    }
}
