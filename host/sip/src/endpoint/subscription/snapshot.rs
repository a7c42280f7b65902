//! Subscriptions that outlive the process.

use std::sync::Arc;

use base::Moment;
use serde::{Deserialize, Serialize};

use super::{
    CommandError, Credentials, Endpoint, ExtraHeaders, Notifier, Side, Standing, Subscriber, Subscription,
    SubscriptionId,
};
use crate::dialog::{Dialog, Identity};

/// All that is needed to go on with a subscription after a restart. Opaque but for serialising it; take it
/// when a subscription is granted, refreshed or notified for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionSnapshot {
    subscription: SubscriptionId,
    identity: Identity,
    dialog: Dialog,
    event: Box<str>,
    cseq: u32,
    /// User and password.
    credentials: Option<(String, String)>,
    expires_at: Moment,
    side: Kept,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kept {
    Notifier { standing: Standing },
    Subscriber { headers: ExtraHeaders, wish: u32 },
}

impl SubscriptionSnapshot {
    pub const fn subscription(&self) -> SubscriptionId {
        self.subscription
    }

    /// When it runs out unless it is refreshed.
    pub const fn expires_at(&self) -> Moment {
        self.expires_at
    }
}

/// Our CSeq after a restart is beyond whatever the process that died may have sent since the snapshot.
const CSEQ_GAP: u32 = 10_000;

impl Endpoint {
    /// What [`restore_subscription`](Self::restore_subscription) needs; none before it is granted or notified, and
    /// while it is being ended.
    pub fn snapshot_subscription(&self, subscription: SubscriptionId) -> Option<SubscriptionSnapshot> {
        let found = self.subscriptions.by_id.get(&subscription)?;
        let side = match &found.side {
            Side::Notifier(ours) if ours.asked.is_none() => Kept::Notifier {
                standing: ours.standing,
            },
            Side::Subscriber(ours) if !ours.leaving => Kept::Subscriber {
                headers: ours.headers.clone(),
                wish: ours.wish,
            },
            Side::Notifier(_) | Side::Subscriber(_) => return None,
        };
        Some(SubscriptionSnapshot {
            subscription,
            identity: found.identity.clone(),
            dialog: found.dialog.clone()?,
            event: found.event.clone(),
            cseq: found.cseq,
            credentials: found
                .credentials
                .as_ref()
                .map(|own| (own.user.clone(), own.password.clone())),
            expires_at: found.expires_at?,
            side,
        })
    }

    /// Takes up a subscription that another process had. One that ran out meanwhile ends at the next
    /// [`timeout`](Self::timeout). As the notifier, [`notify`](Self::notify) what may have changed.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] when a subscription of the same identity exists, [`CommandError::Full`] beyond the
    /// limit.
    pub fn restore_subscription(
        &mut self,
        now: Moment,
        snapshot: SubscriptionSnapshot,
    ) -> Result<SubscriptionId, CommandError> {
        self.room_for_subscription()?;
        let id = snapshot.subscription;
        let key = self.dialog_key(&snapshot.identity);
        let known = &self.subscriptions;
        if known.by_id.contains_key(&id) || known.by_dialog.contains_key(&key) {
            return Err(CommandError::Refused("that subscription is here already"));
        }
        self.subscriptions.last = self.subscriptions.last.max(id.0);
        let mut dialog = snapshot.dialog;
        dialog.path.connection = None;
        let side = match snapshot.side {
            Kept::Notifier { standing } => Side::Notifier(Notifier {
                standing,
                ..Notifier::default()
            }),
            Kept::Subscriber { headers, wish } => Side::Subscriber(Box::new(Subscriber {
                headers,
                wish,
                // At once: only so is it known whether the notifier still has it.
                refresh_at: Some(now),
                notified_by: None,
                leaving: false,
                left: false,
            })),
        };
        let own = snapshot
            .credentials
            .map(|(user, password)| Arc::new(Credentials { user, password }));
        self.keep_subscription(Box::new(Subscription {
            id,
            identity: snapshot.identity,
            dialog: Some(dialog),
            event: snapshot.event,
            cseq: snapshot.cseq.saturating_add(CSEQ_GAP) & (u32::MAX >> 1),
            credentials: own,
            expires_at: Some(snapshot.expires_at),
            busy: None,
            side,
            over: false,
            wake: None,
        }));
        Ok(id)
    }
}
