//! What watchers watch when the configuration is another: lamps follow the dial plan and the numbers of lines at once, not only when
//! their phones subscribe again.
//!
//! A watcher stays where nothing is called so any more, since what is changed in two steps is called so again a moment later. Lines that
//! are gone end their watchers (see the module above).

use std::collections::BTreeSet;
use std::sync::Arc;

use sip::endpoint::{SubscriptionId, Termination};
use sip::uri::Uri;

use super::{Watcher, admission, codes};
use crate::admin::Change;
use crate::directory::Document;
use crate::engine::Exchange;
use crate::engine::lookup::of_trunk;
use crate::engine::texts::line_called;

impl Exchange {
    /// Codes may tell other sessions now, or none: then their lamps are dark.
    pub(in crate::engine) fn lamps_reviewed(&mut self, tenant: &Arc<str>) {
        let mut lamps: Vec<Arc<str>> = self
            .notifier
            .watched_lines(tenant)
            .filter(codes::is_lamp)
            .collect();
        lamps.sort_unstable();
        self.notifier.lamps.remove(tenant);
        for lamp in lamps {
            self.follow_lamp(tenant, &lamp);
            self.dialogs_changed(tenant, &lamp);
        }
    }

    /// Lines have come, or have other numbers: whoever watches one by a number goes with the number.
    pub(in crate::engine) fn watchers_go_with_numbers(&mut self, tenant: &Arc<str>, changes: &[Change]) {
        let documents = changes
            .iter()
            .filter(|change| *change.key.tenant == **tenant)
            .filter_map(|change| Some(&change.document.as_ref()?.document));
        let names: BTreeSet<&str> = documents
            .flat_map(|document| match document {
                Document::Line(line) => Some(line.names()),
                _ => None,
            })
            .flatten()
            .collect();
        if names.is_empty() || self.notifier.watchers.is_empty() {
            return;
        }
        let watchers = self.notifier.watchers.iter();
        let mut moves: Vec<(SubscriptionId, Arc<str>)> = watchers
            .filter(|(_, watcher)| watcher.tenant == *tenant && names.contains(&*watcher.called))
            .filter_map(|(id, watcher)| Some((*id, self.called_now(watcher)?)))
            .collect();
        moves.sort_unstable();
        for (id, line) in moves {
            self.watch_instead(id, line);
        }
    }

    /// The line that a watcher's number is now, where that is another.
    fn called_now(&self, watcher: &Watcher) -> Option<Arc<str>> {
        let view = self.tenant(&watcher.tenant)?;
        let user = Uri::parse(&watcher.entity).ok()?.parts().user()?.into_owned();
        let line = match of_trunk(&watcher.device) {
            Some(trunk) => admission::line_for(view, trunk, &user),
            None => line_called(view, &user),
        };
        line.filter(|line| *line != watcher.line)
    }

    fn watch_instead(&mut self, id: SubscriptionId, line: Arc<str>) {
        let Some(watcher) = self.notifier.remove(id) else {
            return;
        };
        self.look_elsewhere(&watcher.tenant, &watcher.line);
        self.watch(id, Watcher { line, ..watcher });
        self.tell_again(id);
        self.keep_subscription(id);
    }

    /// Lines or trunks are others now: whoever may not watch a line any more is told so.
    pub(in crate::engine) fn watchers_reviewed(&mut self, tenant: &str) {
        let of_tenant = self.notifier.devices.get(tenant).into_iter().flatten();
        let of_trunks = of_tenant.filter(|(device, _)| of_trunk(device).is_some());
        let mut ids: Vec<SubscriptionId> = of_trunks.flat_map(|(_, own)| own.iter().copied()).collect();
        ids.sort_unstable();
        ids.retain(|id| {
            let watcher = self.notifier.watchers.get(id);
            watcher.is_some_and(|watcher| !self.still_watches(tenant, &watcher.device, &watcher.line))
        });
        self.end_subscriptions(ids, Termination::Rejected);
    }
}
