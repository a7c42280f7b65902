//! Subscriptions that outlive the process: stored when granted and when refreshed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sip::endpoint::{Notice, SubscriptionId, SubscriptionSnapshot, Termination};

use super::FeatureWatcher;
use crate::engine::Exchange;
use crate::io::{Output, Write};

/// What is stored of one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FeatureRecord {
    snapshot: SubscriptionSnapshot,
    line: Arc<str>,
    device: Arc<str>,
}

impl Exchange {
    pub(super) fn keep_features(&mut self, id: SubscriptionId) {
        let Some(watcher) = self.features.watchers.get(&id) else {
            return;
        };
        let Some(snapshot) = self.sip.snapshot_subscription(id) else {
            return;
        };
        let record = FeatureRecord {
            snapshot,
            line: watcher.line.clone(),
            device: watcher.device.clone(),
        };
        if let Ok(bytes) = postcard::to_allocvec(&record) {
            let write = Write::put(key(&watcher.tenant, id), bytes);
            self.persist_features(write);
        }
    }

    pub(super) fn forget_features(&mut self, id: SubscriptionId, tenant: &str) {
        self.persist_features(Write::remove(key(tenant, id)));
    }

    fn persist_features(&mut self, write: Write) {
        self.outbox.push_back(Output::Persist {
            writes: vec![write],
            ticket: None,
        });
    }

    /// Goes on with a subscription of an earlier run: its phone is told how the features are now.
    pub(in crate::engine) fn restore_features(&mut self, tenant: Arc<str>, record: FeatureRecord) {
        let known = self
            .tenant(&tenant)
            .is_some_and(|view| view.line(&record.line).is_some() && view.device(&record.device).is_some());
        let stored = record.snapshot.subscription();
        let Ok(id) = self.sip.restore_subscription(self.now, record.snapshot) else {
            self.forget_features(stored, &tenant);
            return;
        };
        let watcher = FeatureWatcher {
            tenant,
            line: record.line,
            device: record.device,
            told: Vec::new(),
        };
        self.features.insert(id, watcher);
        if known {
            self.tell_features_to(id);
        } else {
            let _ = self
                .sip
                .end_subscription(self.now, id, Termination::NoResource, Notice::empty());
            self.features_ended(id);
        }
    }
}

fn key(tenant: &str, id: SubscriptionId) -> String {
    format!("features/{tenant}/{}", id.0)
}
