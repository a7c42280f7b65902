//! Hearing from other exchanges how lines are whose phones they have.

use std::sync::Arc;

use sip::body::DialogInfo;
use sip::endpoint::{Body, Standing as Granted, SubscriptionEnding, SubscriptionId};

use super::watched::{FULL_EVERY, Standing};
use crate::engine::Exchange;

impl Exchange {
    /// A NOTIFY; false when it is about nothing of ours.
    pub(in crate::engine) fn told_of_line(
        &mut self,
        id: SubscriptionId,
        granted: Option<Granted>,
        body: Option<&Body>,
    ) -> bool {
        let Some((tenant, line)) = self.watching.by_subscription.get(&id).cloned() else {
            return false;
        };
        let document = body
            .and_then(|body| std::str::from_utf8(&body.bytes).ok())
            .and_then(|text| DialogInfo::parse(text).ok());
        // The last one may say nothing of the line, or that it has no calls because it has no phone.
        if let (Some(_), Some(document)) = (granted, document) {
            self.take_document(id, &tenant, &line, &document);
        }
        true
    }

    fn take_document(&mut self, id: SubscriptionId, tenant: &Arc<str>, line: &Arc<str>, info: &DialogInfo) {
        let now = self.now;
        let ids = &mut self.ids;
        let Some(watched) = self.watching.get_mut(tenant, line) else {
            return;
        };
        let (was_known, before) = watched.known();
        if !was_known {
            watched.since = now;
            watched.standing = Standing::Told(id);
        }
        let told = watched.told.get_or_insert_default();
        let misses = told.take(info, || ids.next()) && now.since(watched.full_asked) >= FULL_EVERY;
        if misses {
            watched.full_asked = now;
            let _ = self.sip.refresh_subscription(now, id);
        }
        if !was_known {
            self.tell_whether(tenant, line, String::new(), true);
        }
        self.told_anew(tenant, line, before);
    }

    /// A subscription is over; false when it is none of ours.
    pub(in crate::engine) fn told_no_more(
        &mut self,
        id: SubscriptionId,
        ending: &SubscriptionEnding,
    ) -> bool {
        let Some((tenant, line)) = self.watching.by_subscription.remove(&id) else {
            return false;
        };
        let now = self.now;
        if let Some(watched) = self.watching.get_mut(&tenant, &line) {
            let (was_known, before) = watched.known();
            let wait = watched.ended(now, ending, &mut self.random);
            self.not_told(&tenant, &line, wait, was_known, before);
        }
        true
    }

    /// What was told of the line is something else now; there were so many calls before.
    pub(super) fn told_anew(&mut self, tenant: &str, line: &str, before: u16) {
        let Some(view) = self.tenant(tenant) else {
            return;
        };
        let Some(line) = view.line(line).map(|line| line.id.text().clone()) else {
            return;
        };
        let tenant = view.id().text().clone();
        if before > 0 && self.calls_there(&tenant, &line) == 0 {
            let now = self.now;
            self.activity(&tenant, &line).quiet_since(now);
        }
        self.line_changed(&tenant, &line);
        self.watches_fire(&tenant, &line);
        self.dialogs_changed(&tenant, &line);
    }
}
