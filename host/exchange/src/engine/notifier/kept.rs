//! Subscriptions that outlive the process: stored when granted and when refreshed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sip::endpoint::{SubscriptionId, SubscriptionSnapshot, Termination};
use sip::uri::Uri;

use super::Watcher;
use super::admission::called;
use crate::engine::Exchange;
use crate::io::{Output, Write};

/// Documents after a restart are newer than any that the process before may have sent.
const VERSION_GAP: u32 = 10_000;

/// What is stored of one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SubscriptionRecord {
    snapshot: SubscriptionSnapshot,
    line: Arc<str>,
    device: Arc<str>,
    entity: Box<str>,
    version: u32,
}

impl Exchange {
    pub(super) fn keep_subscription(&mut self, id: SubscriptionId) {
        let Some(watcher) = self.notifier.watchers.get(&id) else {
            return;
        };
        let Some(snapshot) = self.sip.snapshot_subscription(id) else {
            return;
        };
        let record = SubscriptionRecord {
            snapshot,
            line: watcher.line.clone(),
            device: watcher.device.clone(),
            entity: watcher.entity.clone(),
            version: watcher.version,
        };
        if let Ok(bytes) = postcard::to_allocvec(&record) {
            let write = Write::put(key(&watcher.tenant, id), bytes);
            self.persist_soon(write);
        }
    }

    pub(super) fn forget_subscription(&mut self, id: SubscriptionId, tenant: &str) {
        self.persist_soon(Write::remove(key(tenant, id)));
    }

    fn persist_soon(&mut self, write: Write) {
        self.outbox.push_back(Output::Persist {
            writes: vec![write],
            ticket: None,
        });
    }

    /// Goes on with a subscription of an earlier run: its watcher is told how the line is now.
    pub(in crate::engine) fn restore_subscription(&mut self, tenant: Arc<str>, record: SubscriptionRecord) {
        let known = self.still_watches(&tenant, &record.device, &record.line);
        let stored = record.snapshot.subscription();
        let Ok(id) = self.sip.restore_subscription(self.now, record.snapshot) else {
            self.forget_subscription(stored, &tenant);
            return;
        };
        let user = Uri::parse(&record.entity).ok();
        let user = user.and_then(|uri| Some(uri.parts().user()?.into_owned()));
        let called = match (self.tenant(&tenant), user) {
            (Some(view), Some(user)) => called(view, &user),
            _ => "".into(),
        };
        let watcher = Watcher {
            tenant,
            called,
            line: record.line,
            device: record.device,
            entity: record.entity,
            version: record.version.wrapping_add(VERSION_GAP),
        };
        self.watch(id, watcher);
        if known {
            self.tell_again(id);
        } else {
            self.end_subscriptions(vec![id], Termination::NoResource);
        }
    }
}

fn key(tenant: &str, id: SubscriptionId) -> String {
    format!("subscription/{tenant}/{}", id.0)
}
