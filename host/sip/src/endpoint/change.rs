//! Changing a session: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311) in both directions.
//!
//! One offer at a time (RFC 3264 §4, RFC 6337 §4): while ours is open the peer's gets 491, while the
//! peer's is open another of its own gets 500 with Retry-After. Our own 491 is retried after §14.1's random wait,
//! unless the peer has changed the session meanwhile: then our offer is out of date, and its user
//! is told so.

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;

use super::clients::Edits;
use super::purpose::{Outcome, Purpose};
use super::screen::body_of;
use super::usage::{Change, ChangeKind, Phase, Usage};
use super::{
    Body, CommandError, Done, Ending, Endpoint, Event, ExtraHeaders, Failure, Fork, Renegotiated, Role,
    UsageId,
};
use crate::transaction::TransactionId;
use crate::{Method, Name, Request, Response};

/// How often a change is sent before glare wins.
const MAX_TRIES: u8 = 4;
/// Longest Retry-After that is waited for.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Changing the session.
impl Endpoint {
    /// Changes the session with a re-INVITE: `offer`, or none to ask the peer for its own.
    /// [`Event::Renegotiated`] follows. Glare (491) is retried inside, after the random wait of
    /// RFC 3261 §14.1.
    ///
    /// # Errors
    ///
    /// [`CommandError::OfferPending`] while another offer of either side waits for its answer, or our 2xx for
    /// its ACK: try again after the event that ends it.
    pub fn reinvite(
        &mut self,
        now: Moment,
        usage: UsageId,
        offer: Option<Body>,
        headers: ExtraHeaders,
    ) -> Done {
        self.change(
            now,
            usage,
            Change::new(ChangeKind::Reinvite, Fork(0), offer, headers),
        )
    }

    /// Changes the session with an UPDATE (RFC 3311), which works in early dialogs too: `fork` tells
    /// which. With no body only the Contact and the session timer are refreshed.
    /// [`Event::Renegotiated`] follows.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] when the peer does not allow UPDATE, [`CommandError::WrongState`] in an early dialog whose first
    /// offer has no answer in a reliable response yet, and as for
    /// [`reinvite`](Self::reinvite).
    pub fn update(
        &mut self,
        now: Moment,
        usage: UsageId,
        fork: Fork,
        offer: Option<Body>,
        headers: ExtraHeaders,
    ) -> Done {
        self.change(now, usage, Change::new(ChangeKind::Update, fork, offer, headers))
    }

    fn change(&mut self, now: Moment, usage: UsageId, change: Change) -> Done {
        if !change.headers.is_well_formed() {
            return Err(CommandError::BadHeader);
        }
        self.room_for_request()?;
        self.command(usage, |endpoint, usage| {
            may_change(usage, &change)?;
            endpoint.send_change(now, usage, change);
            Ok(())
        })
    }

    pub(super) fn send_change(&mut self, now: Moment, usage: &mut Usage, mut change: Change) {
        let fork = match usage.phase {
            Phase::Confirmed => usage.dialogs.first().map(|(fork, _)| *fork),
            Phase::Calling(_) | Phase::Offered(_) => Some(change.fork),
        };
        let method = match change.kind {
            ChangeKind::Reinvite => Method::Invite,
            ChangeKind::Update => Method::Update,
        };
        let mut headers = ExtraHeaders::new();
        headers.push("Contact", &*usage.identity.contact);
        headers.push("Allow", &self.words.allow);
        headers.push("Supported", &self.words.supported_plain);
        if let Some(wish) = usage.session.wish(self.config.session_timer) {
            headers.push("Session-Expires", wish);
            headers.push("Min-SE", usage.session.min_se.max(90).to_string());
        }
        change
            .headers
            .iter()
            .for_each(|(name, value)| headers.push(name, value));
        change.tries += 1;
        change.retry_at = None;
        let (purpose, body) = (Purpose::Change(usage.id), change.offer.clone());
        let client = fork.and_then(|fork| {
            self.send_in_dialog(now, usage, fork, &method, purpose, &headers, body.as_ref())
        });
        change.client = client;
        if client.is_some() {
            usage.ours = Some(Box::new(change));
        }
    }

    /// The outcome of our re-INVITE or UPDATE.
    pub(super) fn on_change_outcome(
        &mut self,
        now: Moment,
        id: UsageId,
        client: TransactionId,
        outcome: Outcome,
    ) {
        let handled = self.with_usage(id, |endpoint, usage| {
            let is_current = usage
                .ours
                .as_ref()
                .is_some_and(|change| change.client == Some(client));
            match &outcome {
                Ok(response) if response.status.is_provisional() => {}
                Ok(response) if !is_current => {
                    endpoint.on_stray_success(now, client, response, usage.ack_due.is_some());
                }
                Ok(response) if response.status.is_success() => {
                    endpoint.on_changed(now, usage, client, response);
                }
                Ok(response) => endpoint.on_change_refused(now, usage, client, response),
                Err(failure) if is_current => endpoint.on_change_lost(now, usage, failure.clone()),
                Err(_) => {}
            }
        });
        if handled.is_none() {
            self.on_stray_outcome(now, client, outcome);
        }
    }

    fn on_changed(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        client: TransactionId,
        response: &Arc<Response>,
    ) {
        let Some(change) = usage.ours.take() else { return };
        let body = body_of(&response.headers, &response.body);
        usage
            .session
            .take_answer(now, &response.headers, self.config.session_timer);
        if let Some((_, dialog)) = usage.dialogs.iter_mut().find(|(fork, _)| *fork == change.fork) {
            dialog.refresh_target(&response.headers);
        } else if let Some((_, dialog)) = usage.dialogs.first_mut() {
            dialog.refresh_target(&response.headers);
        }
        if change.kind == ChangeKind::Reinvite {
            let has_offer = change.offer.is_none() && body.as_ref().is_some_and(Body::is_sdp);
            self.acknowledge_or_wait(usage, client, response, has_offer);
        }
        let is_same = body
            .as_ref()
            .is_none_or(|body| usage.remote_body.as_ref() == Some(&body.bytes));
        if let Some(body) = &body {
            usage.remote_body = Some(Bytes::copy_from_slice(&body.bytes));
        }
        if change.offer.is_some() {
            usage.local_body = change.offer;
            usage.note_update();
        }
        if change.refresh && is_same && usage.ack_due.is_none() {
            return;
        }
        let id = usage.id;
        let result = Ok(Renegotiated {
            response: Some(response.clone()),
            body,
        });
        self.tell_usage(usage, Event::Renegotiated { usage: id, result });
    }

    fn on_change_refused(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        client: TransactionId,
        response: &Arc<Response>,
    ) {
        let status = response.status.code();
        match status {
            // §12.2.1.2: the peer has no such dialog any more. 408 says that nobody heard of it.
            481 | 408 => {
                self.drop_change(usage, Failure::Response(response.clone()));
                return self.lose_dialog(now, usage, status == 408);
            }
            422 if self.change_with_longer_interval(now, usage, client, response) => return,
            _ => {}
        }
        let Some(change) = &mut usage.ours else { return };
        change.client = None;
        let wait = match status {
            491 => Some(glare_wait(usage.role, &mut self.random)),
            500 | 503 => retry_after(response).filter(|wait| *wait <= MAX_WAIT),
            _ => None,
        };
        if let Some(wait) = wait.filter(|_| change.tries < MAX_TRIES) {
            change.retry_at = Some(now + wait);
            return;
        }
        if change.refresh && change.kind == ChangeKind::Update && matches!(status, 405 | 501) {
            usage.ours = None;
            usage.peer_updates = false;
            return self.refresh_session(now, usage);
        }
        let failure = if status == 491 {
            Failure::Glare
        } else {
            Failure::Response(response.clone())
        };
        self.drop_change(usage, failure);
    }

    fn change_with_longer_interval(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        client: TransactionId,
        response: &Response,
    ) -> bool {
        let Some(floor) = response.headers.min_se().ok().flatten() else {
            return false;
        };
        let sent = self.clients.get(client).map(|client| client.request.clone());
        let Some(sent) = sent.and_then(|sent| Request::parse(sent).ok()) else {
            return false;
        };
        usage.session.min_se = usage.session.min_se.max(floor);
        let edits: Edits = [
            (Name::SessionExpires, floor.to_string()),
            (Name::MinSe, floor.to_string()),
        ]
        .into_iter()
        .collect();
        self.send_again_for(now, usage, client, &sent, edits)
    }

    /// No response at all ends the dialog (§12.2.1.2, §14.1); a path that fails does not.
    fn on_change_lost(&mut self, now: Moment, usage: &mut Usage, failure: Failure) {
        match failure {
            Failure::Timeout => {
                self.drop_change(usage, Failure::Timeout);
                self.lose_dialog(now, usage, true);
            }
            other => self.drop_change(usage, other),
        }
    }

    pub(super) fn drop_change(&mut self, usage: &mut Usage, failure: Failure) {
        let Some(change) = usage.ours.take() else { return };
        if !change.refresh {
            let id = usage.id;
            self.tell_usage(
                usage,
                Event::Renegotiated {
                    usage: id,
                    result: Err(failure),
                },
            );
        }
    }

    /// Our change that waited for its turn after glare.
    pub(super) fn timeout_change(&mut self, now: Moment, usage: &mut Usage) {
        let is_due = |change: &mut Box<Change>| change.retry_at.is_some_and(|at| at <= now);
        let Some(mut change) = usage.ours.take_if(is_due) else {
            return;
        };
        if usage.theirs.is_some() || usage.unacked.is_some() {
            change.retry_at = Some(now + glare_wait(usage.role, &mut self.random));
            usage.ours = Some(change);
        } else {
            self.send_change(now, usage, *change);
        }
    }

    /// A dialog that the peer does not know, or that nothing comes through any more.
    pub(super) fn lose_dialog(&mut self, now: Moment, usage: &mut Usage, say_bye: bool) {
        if say_bye {
            self.send_bye(now, usage, &ExtraHeaders::new());
        }
        self.finish(now, usage, Ending::DialogGone);
    }
}

impl Change {
    pub(super) fn new(kind: ChangeKind, fork: Fork, offer: Option<Body>, headers: ExtraHeaders) -> Self {
        Self {
            kind,
            fork,
            offer,
            headers,
            refresh: false,
            client: None,
            retry_at: None,
            tries: 0,
        }
    }
}

fn may_change(usage: &Usage, change: &Change) -> Done {
    const OPEN: CommandError = CommandError::WrongState("the first offer has no answer yet");
    match &usage.phase {
        Phase::Confirmed => {}
        // RFC 3311 §5.1: an answer that nobody has acknowledged may be followed by another.
        Phase::Calling(calling) if change.offer.is_some() && !calling.is_answered(change.fork) => {
            return Err(OPEN);
        }
        Phase::Offered(offered) if change.offer.is_some() && !offered.answered_early => return Err(OPEN),
        Phase::Calling(_) | Phase::Offered(_) if change.kind == ChangeKind::Reinvite => {
            return Err(CommandError::WrongState("not answered yet"));
        }
        Phase::Calling(_) | Phase::Offered(_) => {
            if usage.dialog(change.fork).is_none() {
                return Err(CommandError::WrongState("no such early dialog"));
            }
        }
    }
    if change.kind == ChangeKind::Update && !usage.peer_updates {
        return Err(CommandError::Refused("the peer does not allow UPDATE"));
    }
    let busy = usage.ours.is_some() || usage.theirs.is_some() || usage.ack_due.is_some();
    if busy || usage.unacked.is_some() {
        return Err(CommandError::OfferPending);
    }
    Ok(())
}

/// §14.1: who made the Call-ID waits 2.1 to 4 s, the other side up to 2 s, in steps of 10 ms.
fn glare_wait(role: Role, random: &mut base::Random) -> Duration {
    let steps = match role {
        Role::Uac => 210 + random.below(191),
        Role::Uas => random.below(201),
    };
    Duration::from_millis(10 * steps)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers.get(Name::RetryAfter)?;
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(Duration::from_secs)
}
