//! Subscriptions to event packages (RFC 6665), as the notifier and as the subscriber.
//!
//! A subscription is a dialog of its own, made by a SUBSCRIBE and its first NOTIFY. As the notifier:
//!
//! ```text
//!  Subscribing ──▶ accept_subscription(notice) ──▶ notify(notice)* ──▶ SubscriptionEnded
//!       │                200 and NOTIFY at once        ▲                 expired, unsubscribed,
//!       └──▶ reject_subscription(403)             Resubscribed           NOTIFY in vain, or
//!                                                 (now notify again)     end_subscription()
//! ```
//!
//! and as the subscriber:
//!
//! ```text
//!  subscribe() ──▶ Notified* ──▶ SubscriptionEnded
//!                  (refreshed in time)   terminated, refused, gone, or after unsubscribe()
//! ```
//!
//! Decided inside: 423, 481 and 489, expiry, refreshes, one NOTIFY at a time (a newer notice takes the place of one that
//! waits, so notices hold the full state), Timer N. What a package's bodies say is its user's matter. The subscription
//! that a REFER makes (RFC 3515) lives in the call's dialog and is the exchange's; several subscriptions in one
//! dialog (RFC 6665 §4.5.2 advises against it) are refused, and of a SUBSCRIBE that forks the first to notify wins.

mod notifier;
mod snapshot;
mod subscriber;

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::purpose::{ClientOwner, Outcome, Purpose};
use super::{
    Body, CommandError, Credentials, Done, Endpoint, Event, ExtraHeaders, Failure, Reply, Sleeper, compose,
};
use crate::dialog::{Dialog, Identity};
use crate::transaction::{Fingerprint, TransactionId};
use crate::{Method, Name, Request};

pub use self::notifier::Termination;
pub use self::snapshot::SubscriptionSnapshot;
pub use self::subscriber::Subscribe;

/// One subscription, whichever side we are. Numbered from 1, never reused, kept over a restart by its snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubscriptionId(pub u64);

/// How a subscription that has not ended stands (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Whether it is granted has not been decided.
    Pending,
    #[default]
    Active,
}

/// What a NOTIFY says: always the full state, for an older one may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    pub standing: Standing,
    pub headers: ExtraHeaders,
    pub body: Option<Body>,
}

impl Notice {
    /// Active, with this state.
    pub fn of(body: Body) -> Self {
        Self {
            body: Some(body),
            ..Self::default()
        }
    }

    /// Active, with nothing to tell.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Not decided yet: RFC 6665 §4.2.1.4 lets such a NOTIFY tell nothing.
    pub fn pending() -> Self {
        Self {
            standing: Standing::Pending,
            ..Self::default()
        }
    }
}

/// Why a subscription is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SubscriptionEnding {
    /// By [`end_subscription`](Endpoint::end_subscription), [`reject_subscription`](Endpoint::reject_subscription) or
    /// [`unsubscribe`](Endpoint::unsubscribe).
    Ours,
    /// Nobody refreshed it in time; as the notifier we have said so in a last NOTIFY.
    Expired,
    /// The subscriber ended it, or only wanted to know once; its last NOTIFY has been sent.
    Unsubscribed,
    /// The notifier ended it: its reason as written (RFC 6665 §4.1.3), and how long to wait before another try.
    Terminated {
        reason: Option<String>,
        retry_after: Option<Duration>,
    },
    /// Our SUBSCRIBE was refused, or never arrived.
    Refused(Failure),
    /// The other side does not know it any more, or does not answer.
    Gone,
    /// Our SUBSCRIBE was accepted, but no NOTIFY came for 64·T1 (Timer N).
    NotNotified,
}

#[derive(Debug)]
pub(super) struct Subscription {
    id: SubscriptionId,
    identity: Identity,
    /// None until the first NOTIFY comes (§4.4.1).
    dialog: Option<Dialog>,
    /// The Event value, as the SUBSCRIBE had it.
    event: Box<str>,
    /// Of our newest request.
    cseq: u32,
    credentials: Option<Arc<Credentials>>,
    expires_at: Option<Moment>,
    /// Our NOTIFY or SUBSCRIBE that waits for its answer.
    busy: Option<TransactionId>,
    side: Side,
    over: bool,
    wake: Option<Moment>,
}

#[derive(Debug)]
enum Side {
    Notifier(Notifier),
    Subscriber(Box<Subscriber>),
}

#[derive(Debug, Default)]
struct Notifier {
    /// The first SUBSCRIBE, as long as nobody has decided on it, and the seconds it is to last.
    asked: Option<(TransactionId, u32)>,
    /// The newest notice that waits for the answer to the one before.
    queued: Option<Box<Notice>>,
    standing: Standing,
}

#[derive(Debug)]
struct Subscriber {
    /// Accept and whatever its user adds to every SUBSCRIBE.
    headers: ExtraHeaders,
    /// How long it is to last each time; seconds.
    wish: u32,
    refresh_at: Option<Moment>,
    /// Timer N: a NOTIFY has to come by then.
    notified_by: Option<Moment>,
    /// Its user wants no more of it.
    leaving: bool,
    /// And the notifier has been asked to stop.
    left: bool,
}

/// All subscriptions of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_id: FxHashMap<SubscriptionId, Box<Subscription>>,
    /// By Call-ID and our tag.
    by_dialog: FxHashMap<Fingerprint, SubscriptionId>,
    last: u64,
}

impl Subscriptions {
    fn next(&mut self) -> SubscriptionId {
        self.last += 1;
        SubscriptionId(self.last)
    }

    pub fn wake_mut(&mut self, id: SubscriptionId) -> Option<&mut Option<Moment>> {
        self.by_id.get_mut(&id).map(|subscription| &mut subscription.wake)
    }

    /// The next CSeq, for a request that is sent anew.
    pub fn next_cseq(&mut self, id: SubscriptionId) -> Option<u32> {
        self.by_id
            .get_mut(&id)
            .map(|subscription| subscription.next_cseq())
    }

    /// A request has been sent anew.
    pub fn adopt(&mut self, id: SubscriptionId, client: TransactionId) {
        if let Some(subscription) = self.by_id.get_mut(&id) {
            subscription.busy = Some(client);
        }
    }
}

impl Subscription {
    fn next_cseq(&mut self) -> u32 {
        self.cseq = self.cseq.wrapping_add(1) & (u32::MAX >> 1);
        self.cseq
    }

    fn next_timeout(&self) -> Option<Moment> {
        let (one, other) = match &self.side {
            Side::Notifier(_) => (None, None),
            Side::Subscriber(ours) => (ours.refresh_at, ours.notified_by),
        };
        [one, other, self.expires_at].into_iter().flatten().min()
    }

    fn seconds_left(&self, now: Moment) -> u64 {
        self.expires_at.map_or(0, |at| at.since(now).as_secs())
    }

    /// Whether a request speaks of this subscription's event: package and `id` (§4.5.2, §8.2.1).
    fn is_about(&self, request: &Request) -> bool {
        let Ok(ours) = crate::header::Event::parse(&self.event) else {
            return false;
        };
        request.headers.event().ok().flatten().is_some_and(|theirs| {
            theirs.package.eq_ignore_ascii_case(ours.package) && theirs.id() == ours.id()
        })
    }
}

/// What both sides share.
impl Endpoint {
    /// Subscriptions that are not over.
    pub fn live_subscriptions(&self) -> usize {
        self.subscriptions.by_id.len()
    }

    fn room_for_subscription(&self) -> Result<(), CommandError> {
        if self.subscriptions.by_id.len() < self.config.limits.subscriptions {
            Ok(())
        } else {
            Err(CommandError::Full)
        }
    }

    /// Runs a command of the user's on a subscription that it knows.
    fn with_known(
        &mut self,
        id: SubscriptionId,
        act: impl FnOnce(&mut Self, &mut Subscription) -> Done,
    ) -> Done {
        self.with_subscription(id, act)
            .unwrap_or(Err(CommandError::UnknownSubscription))
    }

    fn with_subscription<R>(
        &mut self,
        id: SubscriptionId,
        act: impl FnOnce(&mut Self, &mut Subscription) -> R,
    ) -> Option<R> {
        let mut subscription = self.subscriptions.by_id.remove(&id)?;
        let result = act(self, &mut subscription);
        self.keep_subscription(subscription);
        Some(result)
    }

    fn keep_subscription(&mut self, mut subscription: Box<Subscription>) {
        let key = self.dialog_key(&subscription.identity);
        if subscription.over {
            self.subscriptions.by_dialog.remove(&key);
            return;
        }
        let next = subscription.next_timeout();
        let sleeper = Sleeper::Subscription(subscription.id);
        self.queue.arm(sleeper, &mut subscription.wake, next);
        self.subscriptions.by_dialog.insert(key, subscription.id);
        self.subscriptions.by_id.insert(subscription.id, subscription);
    }

    /// The subscription that a request with this To tag belongs to.
    pub(super) fn subscription_of(&self, request: &Request, to_tag: &str) -> Option<SubscriptionId> {
        let call_id = request.headers.call_id().ok()?;
        let key = self.fingerprints.of(&[call_id, to_tag]);
        self.subscriptions.by_dialog.get(&key).copied()
    }

    /// A request in the dialog of a subscription.
    pub(super) fn on_request_in_subscription(
        &mut self,
        now: Moment,
        id: SubscriptionId,
        server: TransactionId,
        request: Arc<Request>,
        source: super::Path,
    ) {
        self.with_subscription(id, |endpoint, subscription| {
            if let Some(dialog) = &mut subscription.dialog {
                let from = request.headers.from_tag();
                if !dialog.is_with(from) {
                    return endpoint.answer(now, server, Reply::new(481));
                }
                let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
                if dialog.take_cseq(cseq).is_err() {
                    return endpoint.answer(now, server, Reply::new(500).reason("CSeq Out Of Order"));
                }
            }
            match (&request.method, &subscription.side) {
                (Method::Notify, Side::Subscriber(_)) => {
                    endpoint.on_notify(now, subscription, server, request, source);
                }
                (Method::Subscribe, Side::Notifier(_)) => {
                    endpoint.on_resubscribe(now, subscription, server, request);
                }
                (Method::Notify | Method::Subscribe | Method::Bye, _) => {
                    endpoint.answer(now, server, Reply::new(481));
                }
                _ => {
                    let reply = Reply::new(405).header("Allow", "SUBSCRIBE, NOTIFY");
                    endpoint.answer(now, server, reply);
                }
            }
        });
    }

    /// The outcome of our SUBSCRIBE or NOTIFY.
    pub(super) fn on_subscription_outcome(
        &mut self,
        now: Moment,
        id: SubscriptionId,
        client: TransactionId,
        outcome: Outcome,
    ) {
        self.with_subscription(id, |endpoint, subscription| {
            if subscription.busy != Some(client) {
                return;
            }
            subscription.busy = None;
            match &subscription.side {
                Side::Notifier(_) => endpoint.on_notify_outcome(now, subscription, outcome),
                Side::Subscriber(_) => endpoint.on_subscribe_outcome(now, subscription, client, outcome),
            }
        });
    }

    /// Whatever of a subscription is due.
    pub(super) fn timeout_subscription(&mut self, now: Moment, id: SubscriptionId) {
        self.with_subscription(id, |endpoint, subscription| match &subscription.side {
            Side::Notifier(_) => endpoint.timeout_notifier(now, subscription),
            Side::Subscriber(_) => endpoint.timeout_subscriber(now, subscription),
        });
    }

    /// Gives the last event.
    fn finish_subscription(&mut self, subscription: &mut Subscription, ending: SubscriptionEnding) {
        if std::mem::replace(&mut subscription.over, true) {
            return;
        }
        self.tell(Event::SubscriptionEnded {
            subscription: subscription.id,
            ending,
        });
    }

    /// A request in the subscription's dialog. None before there is one, or without room.
    fn send_in_subscription(
        &mut self,
        now: Moment,
        subscription: &mut Subscription,
        method: &Method,
        purpose: Purpose,
        headers: &ExtraHeaders,
        body: Option<&Body>,
    ) -> Option<TransactionId> {
        self.room_for_request().ok()?;
        let cseq = subscription.next_cseq();
        let dialog = subscription.dialog.as_ref()?;
        let (branch, via) = self.via(&dialog.path, &dialog.target);
        let builder = compose::in_dialog(&subscription.identity, dialog, method, cseq, &via)
            .header(Name::Contact, &subscription.identity.contact)
            .header(Name::Event, &subscription.event)
            .header_if(Name::UserAgent, self.words.product.as_deref());
        let bytes = compose::finish_request(builder, headers, body);
        let owner = ClientOwner::new(purpose, subscription.credentials.clone());
        Some(self.start(now, owner, method.clone(), dialog.path, &branch, bytes))
    }
}
