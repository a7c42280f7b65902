//! Taking up what another run had stored.

use std::sync::Arc;

use base::Moment;
use contract::{LegId, SessionId};
use sip::registrar::Bindings;

use super::records::{CallRecord, CallWays, SessionRecord, SessionWaits};
use crate::directory::{Directory, Document, Key, Kind, TenantId, Versioned};
use crate::engine::administer::read_record;
use crate::engine::features::FeatureRecord;
use crate::engine::notifier::SubscriptionRecord;
use crate::engine::registration::Registration;
use crate::engine::{Exchange, Ids};
use crate::ids::CallId;
use crate::io::Entry;

/// Trunks have a moment to be there, before other exchanges are asked how lines are.
const SOON: std::time::Duration = std::time::Duration::from_millis(500);

impl Exchange {
    /// Takes up what another run had stored: directory, registrations, sessions, timers, calls, subscriptions. Once,
    /// before the first input. Entries that cannot be read are left out, and logged.
    pub fn restore(&mut self, now: Moment, entries: Vec<Entry>) {
        self.now = now;
        // Later than every number that an earlier run gave out, and exact in JSON.
        self.ids = Ids(now.as_millis() << 12);
        // Stored subscriptions keep their numbers, so new ones are made after them.
        self.watching.not_before(now + SOON);
        let (mut calls, mut sessions) = (Vec::new(), Vec::new());
        let mut documents = Vec::new();
        let mut registrations = Vec::new();
        let (mut subscriptions, mut features) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            let mut words = key.splitn(3, '/');
            let read = match (words.next(), words.next(), words.next()) {
                (Some("document"), Some(tenant), Some(rest)) => {
                    document(tenant, rest, &value).map(|document| documents.push(document))
                }
                (Some("registration"), Some(tenant), Some(name)) => postcard::from_bytes::<Bindings>(&value)
                    .ok()
                    .map(|bindings| registrations.push((Arc::from(tenant), Arc::from(name), bindings))),
                (Some("call"), Some(tenant), Some(id)) => {
                    call(id, &value).map(|(id, call)| calls.push((Arc::from(tenant), id, call)))
                }
                (Some("session"), Some(tenant), Some(id)) => {
                    session(id, &value).map(|(id, session)| sessions.push((Arc::from(tenant), id, session)))
                }
                (Some("spent"), Some(tenant), Some(_)) => postcard::from_bytes(&value)
                    .ok()
                    .map(|spent| self.restore_spent(Arc::from(tenant), spent)),
                (Some("subscription"), Some(tenant), Some(_)) => {
                    postcard::from_bytes::<SubscriptionRecord>(&value)
                        .ok()
                        .map(|record| subscriptions.push((Arc::from(tenant), record)))
                }
                (Some("features"), Some(tenant), Some(_)) => postcard::from_bytes::<FeatureRecord>(&value)
                    .ok()
                    .map(|record| features.push((Arc::from(tenant), record))),
                (Some("farewell"), Some(tenant), Some(id)) => record(id, &value)
                    .map(|(id, farewell)| self.say_again(Arc::from(tenant), LegId(id), farewell)),
                _ => None,
            };
            if read.is_none() {
                tracing::error!(key, "a stored entry cannot be read; it is left out");
            }
        }
        let (directory, orphans) = Directory::restore(documents);
        for key in orphans {
            tracing::error!(%key, "a stored document belongs to no tenant; it is left out");
        }
        self.directory = directory;
        for (tenant, name, bindings) in registrations {
            self.restore_registration(tenant, name, bindings);
        }
        for (tenant, id, (session, waits)) in sessions {
            self.restore_session(tenant, id, session, waits);
        }
        for (tenant, id, (call, ways)) in calls {
            self.restore_call(tenant, id, call, ways);
        }
        self.after_restore();
        for (tenant, subscription) in subscriptions {
            self.restore_subscription(tenant, subscription);
        }
        for (tenant, watcher) in features {
            self.restore_features(tenant, watcher);
        }
        let tenants: Vec<Arc<str>> = self
            .directory
            .tenants()
            .map(|view| view.id().text().clone())
            .collect();
        for tenant in tenants {
            let trials: Vec<Arc<str>> = self.tenant(&tenant).map_or_else(Vec::new, |view| {
                let tried = view
                    .behaviours()
                    .values()
                    .filter(|behaviour| behaviour.candidate.is_some() || behaviour.drain.is_some());
                tried.map(|behaviour| behaviour.name.text().clone()).collect()
            });
            for behaviour in trials {
                self.await_promotion(&tenant, &behaviour);
                self.await_drain(&tenant, &behaviour);
            }
            self.trunks_changed(&tenant);
        }
        self.settle_all();
    }

    fn restore_registration(&mut self, tenant: Arc<str>, name: Arc<str>, bindings: Bindings) {
        // The directory's own text, where there is one.
        let device = self
            .tenant(&tenant)
            .and_then(|view| Some(view.device(&name)?.id.text().clone()));
        let name = device.unwrap_or(name);
        let mut registration = Registration::default();
        registration.keep(&bindings);
        self.registrations
            .entry(tenant.clone())
            .or_default()
            .insert(name.clone(), registration);
        self.bindings_changed(&tenant, &name, None);
    }
}

fn record<T: serde::de::DeserializeOwned>(id: &str, value: &[u8]) -> Option<(u64, T)> {
    Some((id.parse().ok()?, postcard::from_bytes(value).ok()?))
}

fn call(id: &str, value: &[u8]) -> Option<(CallId, (CallRecord, CallWays))> {
    Some((CallId(id.parse().ok()?), CallRecord::from_bytes(value)?))
}

fn session(id: &str, value: &[u8]) -> Option<(SessionId, (SessionRecord, SessionWaits))> {
    Some((SessionId(id.parse().ok()?), SessionRecord::from_bytes(value)?))
}

fn document(tenant: &str, rest: &str, value: &[u8]) -> Option<(Key, Versioned<Document>)> {
    let document = read_record(value)?;
    let tenant = TenantId::from(tenant);
    let kind: Kind = document.document.kind();
    let key = Key::new(&tenant, kind, document.document.id(&tenant));
    rest.starts_with(kind.as_str()).then_some((key, document))
}
