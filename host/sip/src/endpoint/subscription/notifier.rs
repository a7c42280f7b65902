//! What others subscribe to (RFC 6665 §4.2).

use std::sync::Arc;
use std::time::Duration;

use base::Moment;

use super::super::servers::ServerOwner;
use super::super::uas::checked;
use super::super::{Path, compose};
use super::{
    CommandError, Done, Endpoint, Event, ExtraHeaders, Failure, Notice, Notifier, Outcome, Purpose, Reply,
    Side, Standing, Subscription, SubscriptionEnding, SubscriptionId,
};
use crate::dialog::{Dialog, Identity};
use crate::transaction::TransactionId;
use crate::{Method, Name, Request};

/// Why we end a subscription, and what the subscriber should do then (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    /// Subscribe again at once: we move or restart.
    Deactivated,
    /// Try again, after so long if that is given.
    Probation(Option<Duration>),
    /// Not allowed any more: do not try again.
    Rejected,
    /// It has run out.
    Timeout,
    /// Nobody has decided; try again, after so long if that is given.
    GiveUp(Option<Duration>),
    /// What was watched does not exist any more.
    NoResource,
    /// It will never change again.
    Invariant,
}

impl Termination {
    fn header(self) -> String {
        let (reason, retry_after) = match self {
            Self::Deactivated => ("deactivated", None),
            Self::Probation(wait) => ("probation", wait),
            Self::Rejected => ("rejected", None),
            Self::Timeout => ("timeout", None),
            Self::GiveUp(wait) => ("giveup", wait),
            Self::NoResource => ("noresource", None),
            Self::Invariant => ("invariant", None),
        };
        match retry_after {
            Some(wait) => format!("terminated;reason={reason};retry-after={}", wait.as_secs()),
            None => format!("terminated;reason={reason}"),
        }
    }
}

/// Being watched.
impl Endpoint {
    /// Grants [`Event::Subscribing`]: 200, and `notice` in a NOTIFY right behind it. Whoever only asked once (Expires
    /// 0) gets that NOTIFY as its last; [`Event::SubscriptionEnded`] follows.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] when it was decided on already, [`CommandError::BadHeader`].
    pub fn accept_subscription(&mut self, now: Moment, subscription: SubscriptionId, notice: Notice) -> Done {
        well_formed(&notice)?;
        self.with_known(subscription, |endpoint, subscription| {
            let (server, seconds) = asked(subscription)?;
            endpoint.grant(now, subscription, server, seconds);
            if seconds == 0 {
                endpoint.say_goodbye(now, subscription, Termination::Timeout, &notice);
                endpoint.finish_subscription(subscription, SubscriptionEnding::Unsubscribed);
            } else {
                endpoint.send_notice(now, subscription, notice);
            }
            Ok(())
        })
    }

    /// Refuses [`Event::Subscribing`]: 300 to 699. The subscription ends.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] when it was decided on already.
    pub fn reject_subscription(
        &mut self,
        now: Moment,
        subscription: SubscriptionId,
        reply: impl Into<Reply>,
    ) -> Done {
        let reply = checked(reply.into(), 300..=699)?;
        self.with_known(subscription, |endpoint, subscription| {
            let (server, _) = asked(subscription)?;
            endpoint.answer(now, server, reply);
            endpoint.finish_subscription(subscription, SubscriptionEnding::Ours);
            Ok(())
        })
    }

    /// Tells the subscriber how things are: after [`Event::Resubscribed`], and when they change. While a NOTIFY waits
    /// for its answer the newest notice waits too, in the place of older ones.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] before it is granted, or for a subscription of our own.
    pub fn notify(&mut self, now: Moment, subscription: SubscriptionId, notice: Notice) -> Done {
        well_formed(&notice)?;
        self.with_known(subscription, |endpoint, subscription| {
            granted(subscription)?;
            endpoint.send_notice(now, subscription, notice);
            Ok(())
        })
    }

    /// Ends a granted subscription with a last NOTIFY.
    ///
    /// # Errors
    ///
    /// As [`notify`](Self::notify).
    pub fn end_subscription(
        &mut self,
        now: Moment,
        subscription: SubscriptionId,
        why: Termination,
        notice: Notice,
    ) -> Done {
        well_formed(&notice)?;
        self.with_known(subscription, |endpoint, subscription| {
            granted(subscription)?;
            endpoint.say_goodbye(now, subscription, why, &notice);
            endpoint.finish_subscription(subscription, SubscriptionEnding::Ours);
            Ok(())
        })
    }

    /// A SUBSCRIBE outside of any dialog.
    pub(in super::super) fn on_subscribe(
        &mut self,
        now: Moment,
        server: TransactionId,
        request: Arc<Request>,
        source: Path,
    ) {
        let seconds = match self.screen_subscribe(&request) {
            Ok(seconds) => seconds,
            Err(reply) => return self.answer(now, server, reply),
        };
        let Some(subscription) = self.new_watcher(&request, source, server, seconds) else {
            let reply = Reply::new(400).reason("Bad Request (Contact missing or unusable)");
            return self.answer(now, server, reply);
        };
        if let Some(server) = self.servers.get_mut(server) {
            server.owner = ServerOwner::Subscription(subscription.id);
        }
        let id = subscription.id;
        self.keep_subscription(Box::new(subscription));
        self.tell(Event::Subscribing {
            subscription: id,
            request,
            path: source,
            lasting: Duration::from_secs(u64::from(seconds)),
        });
    }

    /// The seconds that a SUBSCRIBE is to last.
    ///
    /// # Errors
    ///
    /// The answer that refuses it.
    fn screen_subscribe(&self, request: &Request) -> Result<u32, Reply> {
        let package = request.headers.event().ok().flatten().map(|event| event.package);
        let known = |package: &str| {
            self.config
                .packages
                .iter()
                .any(|ours| ours.eq_ignore_ascii_case(package))
        };
        // §8.3.2: an unknown package, and no Event at all.
        if !package.is_some_and(known) {
            return Err(self.bad_event());
        }
        if self.room_for_subscription().is_err() {
            return Err(Reply::new(503).header("Retry-After", "5"));
        }
        self.lasting(request)
    }

    pub(in super::super) fn bad_event(&self) -> Reply {
        let reply = Reply::new(489);
        if self.config.packages.is_empty() {
            reply
        } else {
            reply.header("Allow-Events", self.config.packages.join(", "))
        }
    }

    /// §4.2.1.1: what the subscriber wishes, within our bounds; too little gets 423, except nothing at all.
    fn lasting(&self, request: &Request) -> Result<u32, Reply> {
        let policy = &self.config.subscription;
        let seconds = |length: Duration| u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
        let wish = request
            .headers
            .expires()
            .unwrap_or(seconds(policy.default_expires));
        let floor = seconds(policy.min_expires);
        if wish > 0 && wish < floor {
            return Err(Reply::new(423).header("Min-Expires", floor.to_string()));
        }
        Ok(wish.min(seconds(policy.max_expires).max(floor)))
    }

    fn new_watcher(
        &mut self,
        request: &Request,
        source: Path,
        server: TransactionId,
        seconds: u32,
    ) -> Option<Subscription> {
        let headers = &request.headers;
        let dialog = Dialog::as_uas(request, source)?;
        let local_tag = self.random.token(16);
        let user = request.uri().ok().and_then(|uri| uri.user());
        let identity = Identity {
            call_id: headers.call_id().ok()?.into(),
            local: format!("{};tag={local_tag}", headers.get(Name::To)?).into(),
            local_tag: local_tag.into(),
            contact: compose::contact(user.as_deref(), &source).into(),
        };
        Some(Subscription {
            id: self.subscriptions.next(),
            identity,
            dialog: Some(dialog),
            event: headers.get(Name::Event)?.into(),
            cseq: self.random.next_u32() >> 8,
            credentials: None,
            expires_at: None,
            busy: None,
            side: Side::Notifier(Notifier {
                asked: Some((server, seconds)),
                ..Notifier::default()
            }),
            over: false,
            wake: None,
        })
    }

    /// 200 to a SUBSCRIBE, and the time from now on.
    fn grant(&mut self, now: Moment, subscription: &mut Subscription, server: TransactionId, seconds: u32) {
        subscription.expires_at = Some(now + Duration::from_secs(u64::from(seconds)));
        let mut ours = ExtraHeaders::new()
            .with("Contact", &*subscription.identity.contact)
            .with("Expires", seconds.to_string());
        let request = self
            .servers
            .get(server)
            .and_then(|server| server.request.as_ref());
        if let Some(request) = request {
            for route in request.headers.values(Name::RecordRoute) {
                ours.push("Record-Route", route);
            }
        }
        let tag = subscription.identity.local_tag.to_string();
        self.answer_tagged(now, server, &Reply::new(200), &tag, &ours);
    }

    /// A SUBSCRIBE in the dialog: more time, or the end (§4.2.1.2, §4.2.1.3).
    pub(super) fn on_resubscribe(
        &mut self,
        now: Moment,
        subscription: &mut Subscription,
        server: TransactionId,
        request: Arc<Request>,
    ) {
        if !subscription.is_about(&request) {
            return self.answer(now, server, self.bad_event());
        }
        if granted(subscription).is_err() {
            // The first one has not been answered: a subscriber in such a hurry has to wait.
            return self.answer(now, server, Reply::new(500).header("Retry-After", "2"));
        }
        let seconds = match self.lasting(&request) {
            Ok(seconds) => seconds,
            Err(reply) => return self.answer(now, server, reply),
        };
        if let Some(dialog) = &mut subscription.dialog {
            dialog.refresh_target(&request.headers);
        }
        self.grant(now, subscription, server, seconds);
        if seconds == 0 {
            self.say_goodbye(now, subscription, Termination::Timeout, &Notice::empty());
            return self.finish_subscription(subscription, SubscriptionEnding::Unsubscribed);
        }
        self.tell(Event::Resubscribed {
            subscription: subscription.id,
            request,
        });
    }

    /// A NOTIFY now, or after the one that waits for its answer (§4.2.2).
    fn send_notice(&mut self, now: Moment, subscription: &mut Subscription, notice: Notice) {
        let state = match notice.standing {
            Standing::Pending => "pending",
            Standing::Active => "active",
        };
        let left = subscription.seconds_left(now);
        let Side::Notifier(ours) = &mut subscription.side else {
            return;
        };
        ours.standing = notice.standing;
        if subscription.busy.is_some() {
            ours.queued = Some(Box::new(notice));
            return;
        }
        let state = format!("{state};expires={left}");
        let headers = with_state(&state, &notice);
        let purpose = Purpose::Subscription(subscription.id);
        let body = notice.body.as_ref();
        subscription.busy =
            self.send_in_subscription(now, subscription, &Method::Notify, purpose, &headers, body);
    }

    /// The last NOTIFY. What waited before it is out of date.
    fn say_goodbye(
        &mut self,
        now: Moment,
        subscription: &mut Subscription,
        why: Termination,
        notice: &Notice,
    ) {
        if let Some(client) = subscription.busy.take() {
            self.drop_client(client);
        }
        let headers = with_state(&why.header(), notice);
        let body = notice.body.as_ref();
        self.send_in_subscription(now, subscription, &Method::Notify, Purpose::Bye, &headers, body);
    }

    /// §4.2.2: a subscriber that refuses a NOTIFY for good, or does not answer, is not told any more.
    pub(super) fn on_notify_outcome(
        &mut self,
        now: Moment,
        subscription: &mut Subscription,
        outcome: Outcome,
    ) {
        let is_lost = match &outcome {
            Ok(response) => matches!(
                response.status.code(),
                404 | 405 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604
            ),
            // Whatever moved its connection brings a new SUBSCRIBE, or the time runs out.
            Err(Failure::Transport) => false,
            Err(_) => true,
        };
        if is_lost {
            return self.finish_subscription(subscription, SubscriptionEnding::Gone);
        }
        let Side::Notifier(ours) = &mut subscription.side else {
            return;
        };
        if let Some(notice) = ours.queued.take() {
            self.send_notice(now, subscription, *notice);
        }
    }

    /// Nobody decided before the subscriber gave up waiting.
    pub(in super::super) fn on_subscribe_abandoned(&mut self, id: SubscriptionId) {
        self.with_subscription(id, |endpoint, subscription| {
            endpoint.finish_subscription(subscription, SubscriptionEnding::Gone);
        });
    }

    pub(super) fn timeout_notifier(&mut self, now: Moment, subscription: &mut Subscription) {
        if subscription.expires_at.is_some_and(|at| at <= now) {
            self.say_goodbye(now, subscription, Termination::Timeout, &Notice::empty());
            self.finish_subscription(subscription, SubscriptionEnding::Expired);
        }
    }
}

/// The SUBSCRIBE that waits for a decision, which is now taken.
fn asked(subscription: &mut Subscription) -> Result<(TransactionId, u32), CommandError> {
    match &mut subscription.side {
        Side::Notifier(ours) => ours
            .asked
            .take()
            .ok_or(CommandError::WrongState("decided already")),
        Side::Subscriber(_) => Err(CommandError::WrongState("it is a subscription of ours")),
    }
}

fn granted(subscription: &Subscription) -> Done {
    match &subscription.side {
        Side::Notifier(ours) if ours.asked.is_none() => Ok(()),
        Side::Notifier(_) => Err(CommandError::WrongState("not granted yet")),
        Side::Subscriber(_) => Err(CommandError::WrongState("it is a subscription of ours")),
    }
}

fn well_formed(notice: &Notice) -> Done {
    if notice.headers.is_well_formed() {
        Ok(())
    } else {
        Err(CommandError::BadHeader)
    }
}

fn with_state(state: &str, notice: &Notice) -> ExtraHeaders {
    let mut headers = ExtraHeaders::new().with("Subscription-State", state);
    for (name, value) in notice.headers.iter() {
        headers.push(name, value);
    }
    headers
}
