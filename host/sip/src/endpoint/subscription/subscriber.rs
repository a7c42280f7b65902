//! What we subscribe to (RFC 6665 §4.1).

use std::sync::Arc;
use std::time::Duration;

use base::Moment;

use super::super::clients::Edits;
use super::super::screen::body_of;
use super::super::{Body, Credentials, Party, Path, compose};
use super::{
    ClientOwner, CommandError, Done, Endpoint, Event, ExtraHeaders, Failure, Outcome, Purpose, Reply, Side,
    Standing, Subscriber, Subscription, SubscriptionEnding, SubscriptionId,
};
use crate::dialog::{Dialog, Identity};
use crate::header::{SubscriptionState, saturating_seconds};
use crate::transaction::TransactionId;
use crate::{Method, Name, Request, RequestBuilder, Response, Uri};

/// A subscription to make.
#[derive(Clone, Debug)]
pub struct Subscribe {
    /// The Request-URI: whom to watch.
    pub target: Uri,
    pub path: Path,
    pub from: Party,
    pub to: Party,
    pub routes: Vec<Uri>,
    /// The user part of our Contact.
    pub contact_user: Option<String>,
    /// The Event value: a package, perhaps with parameters (`dialog`, `call-completion;id=4`).
    pub event: String,
    /// How long, before each refresh; zero to be told once. Whole seconds.
    pub lasting: Duration,
    /// In every SUBSCRIBE; Accept goes in here.
    pub headers: ExtraHeaders,
    /// In the first one: a filter.
    pub body: Option<Body>,
    pub credentials: Option<Credentials>,
}

impl Subscribe {
    pub fn new(
        target: Uri,
        path: Path,
        from: impl Into<Party>,
        to: impl Into<Party>,
        event: impl Into<String>,
        lasting: Duration,
    ) -> Self {
        Self {
            target,
            path,
            from: from.into(),
            to: to.into(),
            routes: Vec::new(),
            contact_user: None,
            event: event.into(),
            lasting,
            headers: ExtraHeaders::new(),
            body: None,
            credentials: None,
        }
    }

    #[must_use]
    pub fn accept(mut self, kinds: impl Into<String>) -> Self {
        self.headers.push("Accept", kinds);
        self
    }
}

/// Watching others.
impl Endpoint {
    /// Subscribes. [`Event::Notified`] follows each time that something changes, and at last
    /// [`Event::SubscriptionEnded`]. Refreshes happen inside.
    ///
    /// # Errors
    ///
    /// [`CommandError::Full`] at a limit, [`CommandError::BadHeader`], [`CommandError::Refused`] when the request would
    /// not be valid.
    pub fn subscribe(&mut self, now: Moment, subscribe: Subscribe) -> Result<SubscriptionId, CommandError> {
        self.room_for_subscription()?;
        self.room_for_request()?;
        let event = ExtraHeaders::new().with("Event", &subscribe.event);
        if !subscribe.headers.is_well_formed() || !event.is_well_formed() {
            return Err(CommandError::BadHeader);
        }
        let wish = u32::try_from(subscribe.lasting.as_secs()).unwrap_or(u32::MAX);
        let identity = self.watcher_identity(&subscribe);
        let cseq = 1 + (self.random.next_u32() >> 12);
        let (branch, via) = self.via(&subscribe.path, subscribe.target.as_str());
        let builder = self.begin_subscribe(&subscribe, &identity, cseq, wish, &via);
        let bytes = compose::finish_request(builder, &subscribe.headers, subscribe.body.as_ref());
        if !Request::parse(bytes.clone())
            .is_ok_and(|request| request.headers.event().is_ok_and(|e| e.is_some()))
        {
            return Err(CommandError::Refused("the SUBSCRIBE would not be valid"));
        }
        let id = self.subscriptions.next();
        let credentials = subscribe.credentials.map(Arc::new);
        let owner = ClientOwner::new(Purpose::Subscription(id), credentials.clone());
        let client = self.start(now, owner, Method::Subscribe, subscribe.path, &branch, bytes);
        self.keep_subscription(Box::new(Subscription {
            id,
            identity,
            dialog: None,
            event: subscribe.event.into(),
            cseq,
            credentials,
            expires_at: None,
            busy: Some(client),
            side: Side::Subscriber(Box::new(Subscriber {
                headers: subscribe.headers,
                wish,
                refresh_at: None,
                notified_by: None,
                leaving: wish == 0,
                left: wish == 0,
            })),
            over: false,
            wake: None,
        }));
        Ok(id)
    }

    /// Ends a subscription of ours: SUBSCRIBE with Expires 0. The notifier's last NOTIFY, or Timer N, brings
    /// [`Event::SubscriptionEnded`].
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] for somebody else's subscription.
    pub fn unsubscribe(&mut self, now: Moment, subscription: SubscriptionId) -> Done {
        self.with_known(subscription, |endpoint, subscription| {
            let Side::Subscriber(ours) = &mut subscription.side else {
                return Err(CommandError::WrongState("it is not a subscription of ours"));
            };
            if ours.leaving {
                return Ok(());
            }
            ours.leaving = true;
            ours.wish = 0;
            ours.refresh_at = None;
            if subscription.busy.is_none() {
                endpoint.send_subscribe(now, subscription);
            }
            Ok(())
        })
    }

    /// Asks for the whole state: a refresh before its time. Harmless while one is out.
    ///
    /// # Errors
    ///
    /// As [`unsubscribe`](Self::unsubscribe).
    pub fn refresh_subscription(&mut self, now: Moment, subscription: SubscriptionId) -> Done {
        self.with_known(subscription, |endpoint, subscription| {
            let Side::Subscriber(ours) = &subscription.side else {
                return Err(CommandError::WrongState("it is not a subscription of ours"));
            };
            if !ours.leaving && subscription.busy.is_none() {
                endpoint.send_subscribe(now, subscription);
            }
            Ok(())
        })
    }

    fn watcher_identity(&mut self, subscribe: &Subscribe) -> Identity {
        let local_tag = self.random.token(16);
        Identity {
            call_id: self.random.token(26).into(),
            local: compose::party(&subscribe.from, Some(&local_tag)).into(),
            local_tag: local_tag.into(),
            contact: compose::contact(subscribe.contact_user.as_deref(), &subscribe.path).into(),
        }
    }

    fn begin_subscribe(
        &self,
        subscribe: &Subscribe,
        identity: &Identity,
        cseq: u32,
        wish: u32,
        via: &str,
    ) -> RequestBuilder {
        let routes: Vec<String> = subscribe.routes.iter().map(|uri| format!("<{uri}>")).collect();
        RequestBuilder::new(&Method::Subscribe, subscribe.target.as_str())
            .header(Name::Via, via)
            .header(Name::MaxForwards, "70")
            .headers(Name::Route, routes.iter().map(String::as_str))
            .header(Name::From, &identity.local)
            .header(Name::To, &compose::party(&subscribe.to, None))
            .header(Name::CallId, &identity.call_id)
            .cseq(cseq, &Method::Subscribe)
            .header(Name::Contact, &identity.contact)
            .header(Name::Event, &subscribe.event)
            .number(Name::Expires, wish)
            .header_if(Name::UserAgent, self.words.product.as_deref())
    }

    /// A SUBSCRIBE in the dialog: a refresh, or the end. Without a dialog the first NOTIFY is waited for.
    fn send_subscribe(&mut self, now: Moment, subscription: &mut Subscription) {
        let Side::Subscriber(ours) = &mut subscription.side else {
            return;
        };
        ours.refresh_at = None;
        let mut headers = ExtraHeaders::new().with("Expires", ours.wish.to_string());
        ours.headers
            .iter()
            .for_each(|(name, value)| headers.push(name, value));
        let purpose = Purpose::Subscription(subscription.id);
        subscription.busy =
            self.send_in_subscription(now, subscription, &Method::Subscribe, purpose, &headers, None);
        let (is_sent, patience) = (subscription.busy.is_some(), self.config.timers.patience());
        if let Side::Subscriber(ours) = &mut subscription.side
            && ours.leaving
            && is_sent
        {
            ours.left = true;
            ours.notified_by = Some(now + patience * 2);
        }
    }

    pub(super) fn on_subscribe_outcome(
        &mut self,
        now: Moment,
        subscription: &mut Subscription,
        client: TransactionId,
        outcome: Outcome,
    ) {
        let failure = match outcome {
            Ok(response) if response.status.is_success() => {
                return self.on_subscribed(now, subscription, &response);
            }
            Ok(response)
                if response.status.code() == 423
                    && self.ask_longer_watch(now, subscription, client, &response) =>
            {
                return;
            }
            Ok(response) => Failure::Response(response),
            Err(failure) => failure,
        };
        let Side::Subscriber(ours) = &mut subscription.side else {
            return;
        };
        if ours.leaving {
            return self.finish_subscription(subscription, SubscriptionEnding::Ours);
        }
        if subscription.dialog.is_none() {
            return self.finish_subscription(subscription, SubscriptionEnding::Refused(failure));
        }
        // §4.1.2.2: 481 ends it, and so does silence; anything else leaves it alone until it runs out.
        if matches!(failure.status(), 481 | 408) {
            return self.finish_subscription(subscription, SubscriptionEnding::Gone);
        }
        let left = subscription.expires_at.map_or(Duration::ZERO, |at| at.since(now));
        ours.refresh_at = (left > Duration::from_secs(20)).then(|| now + left / 2);
    }

    /// 2xx: how long it lasts. The dialog is the NOTIFY's to make (§4.4.1).
    fn on_subscribed(&mut self, now: Moment, subscription: &mut Subscription, response: &Response) {
        let patience = self.config.timers.patience();
        let Side::Subscriber(ours) = &mut subscription.side else {
            return;
        };
        if subscription.dialog.is_none() || ours.leaving {
            ours.notified_by = Some(now + patience);
        }
        if let Some(dialog) = &mut subscription.dialog {
            dialog.refresh_target(&response.headers);
        }
        let granted = response.headers.expires().unwrap_or(ours.wish);
        if !ours.leaving {
            subscription.lasts(now, granted);
        } else if !ours.left && subscription.dialog.is_some() {
            self.send_subscribe(now, subscription);
        }
    }

    /// 423 (§4.1.2.1): again, for as long as the notifier wants.
    fn ask_longer_watch(
        &mut self,
        now: Moment,
        subscription: &mut Subscription,
        client: TransactionId,
        response: &Response,
    ) -> bool {
        let Some(floor) = response.headers.get("Min-Expires").and_then(saturating_seconds) else {
            return false;
        };
        let sent = self.clients.get(client).map(|client| client.request.clone());
        let Some(sent) = sent.and_then(|sent| Request::parse(sent).ok()) else {
            return false;
        };
        let Side::Subscriber(ours) = &mut subscription.side else {
            return false;
        };
        if floor <= ours.wish || ours.leaving {
            return false;
        }
        ours.wish = floor;
        let edits: Edits = [(Name::Expires, floor.to_string())].into_iter().collect();
        let cseq = subscription.next_cseq();
        subscription.busy = self.send_again(now, client, &sent, cseq, edits);
        subscription.busy.is_some()
    }

    /// A NOTIFY for a subscription of ours (§4.1.3).
    pub(super) fn on_notify(
        &mut self,
        now: Moment,
        subscription: &mut Subscription,
        server: TransactionId,
        request: Arc<Request>,
        source: Path,
    ) {
        if !subscription.is_about(&request) {
            return self.answer(now, server, Reply::new(489));
        }
        let Ok(Some(state)) = request.headers.subscription_state() else {
            let reply = Reply::new(400).reason("Bad Request (Subscription-State missing)");
            return self.answer(now, server, reply);
        };
        if subscription.dialog.is_none() {
            subscription.dialog = Dialog::as_uas(&request, source);
            if subscription.dialog.is_none() {
                let reply = Reply::new(400).reason("Bad Request (Contact missing or unusable)");
                return self.answer(now, server, reply);
            }
        } else if let Some(dialog) = &mut subscription.dialog {
            dialog.refresh_target(&request.headers);
        }
        self.answer(now, server, Reply::new(200));
        self.take_state(now, subscription, &request, state);
    }

    fn take_state(
        &mut self,
        now: Moment,
        subscription: &mut Subscription,
        request: &Arc<Request>,
        state: SubscriptionState<'_>,
    ) {
        let standing = match state.state {
            text if text.eq_ignore_ascii_case("terminated") => None,
            text if text.eq_ignore_ascii_case("pending") => Some(Standing::Pending),
            // Extensions count as active (§4.1.3).
            _ => Some(Standing::Active),
        };
        self.tell(Event::Notified {
            subscription: subscription.id,
            standing,
            request: request.clone(),
            body: body_of(&request.headers, &request.body),
        });
        let seconds = |name| state.params.get(name).and_then(saturating_seconds);
        if standing.is_none() {
            let ending = match &subscription.side {
                Side::Subscriber(ours) if ours.leaving => SubscriptionEnding::Ours,
                _ => SubscriptionEnding::Terminated {
                    reason: state.params.get("reason").map(str::to_owned),
                    retry_after: seconds("retry-after").map(|wait| Duration::from_secs(u64::from(wait))),
                },
            };
            if let Some(client) = subscription.busy.take() {
                self.drop_client(client);
            }
            return self.finish_subscription(subscription, ending);
        }
        let Side::Subscriber(ours) = &mut subscription.side else {
            return;
        };
        if !ours.leaving {
            ours.notified_by = None;
            if let Some(left) = seconds("expires") {
                subscription.lasts(now, left);
            }
        } else if !ours.left && subscription.busy.is_none() {
            // It was given up before there was a dialog to say so in.
            self.send_subscribe(now, subscription);
        }
    }

    pub(super) fn timeout_subscriber(&mut self, now: Moment, subscription: &mut Subscription) {
        let Side::Subscriber(ours) = &subscription.side else {
            return;
        };
        let is_due = |at: Option<Moment>| at.is_some_and(|at| at <= now);
        if is_due(ours.notified_by) {
            let ending = if ours.leaving {
                SubscriptionEnding::Ours
            } else {
                SubscriptionEnding::NotNotified
            };
            self.finish_subscription(subscription, ending);
        } else if is_due(subscription.expires_at) {
            self.finish_subscription(subscription, SubscriptionEnding::Expired);
        } else if is_due(ours.refresh_at) {
            if subscription.busy.is_some() || subscription.dialog.is_none() {
                if let Side::Subscriber(ours) = &mut subscription.side {
                    ours.refresh_at = None;
                }
                return;
            }
            self.send_subscribe(now, subscription);
        }
    }
}

impl Subscription {
    /// So many seconds from now on. It is refreshed 64·T1 before the end, the time that a refresh may take; of a short
    /// one, at half of it.
    fn lasts(&mut self, now: Moment, seconds: u32) {
        let length = Duration::from_secs(u64::from(seconds));
        self.expires_at = Some(now + length);
        if let Side::Subscriber(ours) = &mut self.side {
            let early = Duration::from_secs(32).min(length / 2);
            ours.refresh_at = Some(now + (length - early));
        }
    }
}
