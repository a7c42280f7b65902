//! Calling: from our INVITE to its final response, over forks, challenges and CANCEL (RFC 3261 §13.2, §9.1).

use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use smallvec::SmallVec;

use super::clients::Edits;
use super::command::Invite;
use super::purpose::{ClientOwner, Outcome, Purpose};
use super::screen::body_of;
use super::usage::{Calling, Cancel, Phase, Usage};
use super::{
    Body, CommandError, Done, Endpoint, Event, ExtraHeaders, Failure, Fork, Reason, Role, UsageId, compose,
};
use crate::dialog::{Dialog, Identity};
use crate::transaction::TransactionId;
use crate::{Method, Name, Request, RequestBuilder, Response};

/// Calling.
impl Endpoint {
    /// Calls somebody. `Progress`, `Accepted` or `Failed` follow.
    ///
    /// # Errors
    ///
    /// [`CommandError::Full`] at a limit, [`CommandError::BadHeader`].
    pub fn invite(&mut self, now: Moment, invite: Invite) -> Result<UsageId, CommandError> {
        if self.usages.len() >= self.config.limits.usages {
            return Err(CommandError::Full);
        }
        self.room_for_request()?;
        if !invite.headers.is_well_formed() {
            return Err(CommandError::BadHeader);
        }
        let identity = self.new_identity(&invite);
        let cseq = 1 + (self.random.next_u32() >> 12);
        let (branch, via) = self.via(&invite.path, invite.target.as_str());
        let builder = self.begin_invite(&invite, &identity, cseq, &via);
        let bytes = compose::finish_request(builder, &invite.headers, invite.body.as_ref());
        // Read back what went out: what dialogs, ACK and CANCEL are made from.
        let Ok(request) = Request::parse(bytes.clone()) else {
            return Err(CommandError::Refused("the INVITE would not be valid"));
        };
        let credentials = invite.credentials.map(Arc::new);
        let calling = Calling {
            client: TransactionId::default(),
            request: Arc::new(request),
            provisional: false,
            ring_for: invite.ring_for.unwrap_or(self.config.ring_limit),
            ring_until: None,
            cancel: Cancel::No,
            rseqs: SmallVec::new(),
            left: None,
        };
        let mut usage = self.new_usage(Role::Uac, Phase::Calling(Box::new(calling)), identity);
        let id = usage.id;
        usage.cseq = cseq;
        usage.credentials.clone_from(&credentials);
        usage.local_body = invite.body;
        self.keep_new(usage);
        let owner = ClientOwner::new(Purpose::Invite(id), credentials).with_large(invite.large);
        let client = self.start(now, owner, Method::Invite, invite.path, &branch, bytes);
        if let Some(usage) = self.usages.get_mut(&id) {
            usage.adopt(Purpose::Invite(id), client);
        }
        Ok(id)
    }

    /// Gives up a call that was not answered: CANCEL, as soon as there was a provisional
    /// response (RFC 3261 §9.1). [`Event::Failed`] follows at the latest 64·T1 after that, even
    /// when an answer crosses the CANCEL. Harmless when repeated.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] when the call was answered: use [`bye`](Self::bye).
    pub fn cancel(&mut self, now: Moment, usage: UsageId, reason: Option<Reason>) -> Done {
        self.command(usage, |endpoint, usage| {
            endpoint.give_up(now, usage, reason, false)
        })
    }

    /// Sends the ACK that brings our answer to an offer in the peer's 2xx. Must come within a few
    /// seconds, for the peer repeats its 2xx until then.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] when no ACK is waited for.
    pub fn acknowledge(&mut self, _now: Moment, usage: UsageId, answer: Body) -> Done {
        self.command(usage, |endpoint, usage| {
            let due = usage
                .ack_due
                .take()
                .ok_or(CommandError::WrongState("no ACK is waited for"))?;
            endpoint.send_ack(usage, due.client, due.cseq, Some(&answer));
            usage.local_body = Some(answer);
            Ok(())
        })
    }

    fn new_identity(&mut self, invite: &Invite) -> Identity {
        let local_tag = self.random.token(16);
        let call_id = invite.call_id.clone().unwrap_or_else(|| self.random.token(26));
        Identity {
            call_id: call_id.into(),
            local: compose::party(&invite.from, Some(&local_tag)).into(),
            local_tag: local_tag.into(),
            contact: compose::contact(invite.contact_user.as_deref(), &invite.path).into(),
        }
    }

    fn begin_invite(&self, invite: &Invite, identity: &Identity, cseq: u32, via: &str) -> RequestBuilder {
        // Without an offer of ours, a reliable response would bring the peer's before we can answer it.
        let supported = if invite.body.is_some() {
            &self.words.supported
        } else {
            &self.words.supported_plain
        };
        let interval = self.config.session_timer.interval.map(super::session::seconds);
        let min_se = super::session::seconds(self.config.session_timer.min_se.max(Duration::from_secs(90)));
        let builder = RequestBuilder::new(&Method::Invite, invite.target.as_str())
            .header(Name::Via, via)
            .number(Name::MaxForwards, u32::from(invite.max_forwards))
            .headers(
                Name::Route,
                invite
                    .routes
                    .iter()
                    .map(|uri| format!("<{uri}>"))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(String::as_str),
            )
            .header(Name::From, &identity.local)
            .header(Name::To, &compose::party(&invite.to, None))
            .header(Name::CallId, &identity.call_id)
            .cseq(cseq, &Method::Invite)
            .header(Name::Contact, &identity.contact)
            .header(Name::Allow, &self.words.allow)
            .header(Name::Supported, supported)
            .header_if(Name::UserAgent, self.words.product.as_deref());
        match interval {
            Some(interval) => builder
                .number(Name::SessionExpires, interval)
                .number(Name::MinSe, min_se),
            None => builder,
        }
    }

    /// Asks for the end of an unanswered call.
    fn give_up(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        reason: Option<Reason>,
        rang_too_long: bool,
    ) -> Done {
        let Phase::Calling(calling) = &mut usage.phase else {
            return Err(CommandError::WrongState("not an unanswered call of ours"));
        };
        if !matches!(calling.cancel, Cancel::No) {
            return Ok(());
        }
        calling.cancel = Cancel::Wanted {
            reason,
            rang_too_long,
        };
        if calling.provisional {
            self.send_cancel(now, usage);
        }
        Ok(())
    }

    fn send_cancel(&mut self, now: Moment, usage: &mut Usage) {
        let Phase::Calling(calling) = &mut usage.phase else {
            return;
        };
        let Cancel::Wanted {
            reason,
            rang_too_long,
        } = &calling.cancel
        else {
            return;
        };
        let (reason, rang_too_long) = (reason.as_ref().map(reason_value), *rang_too_long);
        calling.cancel = Cancel::Sent {
            until: now + self.config.timers.patience(),
            rang_too_long,
        };
        calling.ring_until = None;
        let Some(client) = self.clients.get(calling.client) else {
            return;
        };
        let (path, sent) = (client.path, client.request.clone());
        let Ok(sent) = Request::parse(sent) else { return };
        let to = sent.headers.get(Name::To).unwrap_or_default();
        // §9.1: the INVITE's own branch, so that every hop knows what to cancel.
        let branch = sent
            .headers
            .via()
            .ok()
            .and_then(|via| via.branch())
            .unwrap_or_default()
            .to_owned();
        if let Some(bytes) = compose::companion(&sent, &Method::Cancel, to, reason.as_deref()) {
            let owner = ClientOwner::new(Purpose::Leave(usage.id), None);
            let client = self.start(now, owner, Method::Cancel, path, &branch, bytes);
            self.takes_leave(usage.id, client);
        }
    }

    /// A response to an INVITE that makes or made a call, or none.
    pub(super) fn on_invite_outcome(
        &mut self,
        now: Moment,
        id: UsageId,
        client: TransactionId,
        outcome: Outcome,
    ) {
        let handled = self.with_usage(id, |endpoint, usage| match &outcome {
            Ok(response) if response.status.is_success() => {
                endpoint.on_success(now, usage, client, response);
            }
            Ok(response) if response.status.is_provisional() => endpoint.on_progress(now, usage, response),
            Ok(response) => endpoint.on_refusal(now, usage, client, response),
            Err(failure) => endpoint.on_no_answer(now, usage, failure.clone()),
        });
        if handled.is_none() {
            self.on_stray_outcome(now, client, outcome);
        }
    }

    fn on_progress(&mut self, now: Moment, usage: &mut Usage, response: &Arc<Response>) {
        let Phase::Calling(calling) = &mut usage.phase else {
            return;
        };
        let first = !calling.provisional;
        calling.provisional = true;
        if first && matches!(calling.cancel, Cancel::No) {
            calling.ring_until = Some(now + calling.ring_for);
        }
        if matches!(calling.cancel, Cancel::Wanted { .. }) {
            self.send_cancel(now, usage);
        }
        if response.status.code() == 100 {
            return;
        }
        let Some(fork) = self.early_fork(usage, response) else {
            return;
        };
        if !self.is_news(now, usage, fork, response) {
            return;
        }
        usage.peer_updates |= response.headers.lists(Name::Allow, "UPDATE");
        let id = usage.id;
        let body = body_of(&response.headers, &response.body);
        self.tell_usage(
            usage,
            Event::Progress {
                usage: id,
                fork,
                response: response.clone(),
                body,
            },
        );
    }

    /// The early dialog of a provisional response, made if it is new (§13.2.2.1). Without a To tag there is none,
    /// but the first fork stands in for it. None when there are too many.
    fn early_fork(&self, usage: &mut Usage, response: &Response) -> Option<Fork> {
        let Some(tag) = response.headers.to_tag() else {
            return Some(Fork(0));
        };
        if let Some((fork, _)) = usage.find(Some(tag)) {
            return Some(fork);
        }
        if usage.dialogs.len() >= self.config.limits.forks {
            return None;
        }
        self.add_fork(usage, response)
    }

    pub(super) fn add_fork(&self, usage: &mut Usage, response: &Response) -> Option<Fork> {
        let Phase::Calling(calling) = &usage.phase else {
            return None;
        };
        let path = self.clients.get(calling.client)?.path;
        let dialog = Dialog::as_uac(&calling.request, response, path);
        let fork = Fork(usage.forks_seen);
        usage.forks_seen = usage.forks_seen.saturating_add(1);
        usage.dialogs.push((fork, dialog));
        Some(fork)
    }

    /// Acknowledges a reliable provisional response (RFC 3262 §4); false for one that was seen already or that came
    /// out of order.
    fn is_news(&mut self, now: Moment, usage: &mut Usage, fork: Fork, response: &Response) -> bool {
        let reliable = response.headers.lists(Name::Require, "100rel");
        let Some(rseq) = response.headers.rseq().ok().flatten().filter(|_| reliable) else {
            return true;
        };
        let Phase::Calling(calling) = &mut usage.phase else {
            return false;
        };
        match calling.rseqs.iter_mut().find(|(known, _)| *known == fork) {
            Some((_, newest)) if rseq == newest.wrapping_add(1) => *newest = rseq,
            Some(_) => return false,
            None => calling.rseqs.push((fork, rseq)),
        }
        let Ok(invite) = response.headers.cseq() else {
            return false;
        };
        let rack = format!("{rseq} {} INVITE", invite.number);
        let headers = ExtraHeaders::new().with("RAck", rack);
        let purpose = Purpose::Prack(usage.id);
        self.send_in_dialog(now, usage, fork, &Method::Prack, purpose, &headers, None);
        true
    }

    fn on_refusal(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        client: TransactionId,
        response: &Arc<Response>,
    ) {
        let Phase::Calling(calling) = &usage.phase else {
            return;
        };
        let cancelled = rang_too_long(&calling.cancel);
        if response.status.code() == 422
            && cancelled.is_none()
            && self.ask_longer(now, usage, client, response)
        {
            return;
        }
        let failure = match cancelled {
            // 401, 407 and 422 only ask to try again, which nobody wants any more.
            Some(rang_too_long) if matches!(response.status.code(), 401 | 407 | 422 | 487) => {
                Failure::Cancelled { rang_too_long }
            }
            Some(_) | None => Failure::Response(response.clone()),
        };
        self.fail(now, usage, failure);
    }

    /// 422 (RFC 4028 §7.3): again, with the interval that the peer can live with.
    fn ask_longer(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        client: TransactionId,
        response: &Response,
    ) -> bool {
        let Some(floor) = response.headers.min_se().ok().flatten() else {
            return false;
        };
        let Phase::Calling(calling) = &usage.phase else {
            return false;
        };
        let request = calling.request.clone();
        usage.session.min_se = usage.session.min_se.max(floor);
        let wish = self
            .config
            .session_timer
            .interval
            .map_or(0, super::session::seconds)
            .max(floor);
        let edits: Edits = [
            (Name::SessionExpires, wish.to_string()),
            (Name::MinSe, floor.to_string()),
        ]
        .into_iter()
        .collect();
        self.send_again_for(now, usage, client, &request, edits)
    }

    fn on_no_answer(&mut self, now: Moment, usage: &mut Usage, failure: Failure) {
        let Phase::Calling(calling) = &usage.phase else {
            return;
        };
        let failure = match rang_too_long(&calling.cancel) {
            Some(rang_too_long) => Failure::Cancelled { rang_too_long },
            None => failure,
        };
        self.fail(now, usage, failure);
    }

    /// Whether a call of ours is being cancelled.
    pub(super) fn is_given_up(&self, usage: UsageId) -> bool {
        let usage = self.usages.get(&usage);
        usage.is_some_and(
            |usage| matches!(&usage.phase, Phase::Calling(calling) if !matches!(calling.cancel, Cancel::No)),
        )
    }

    /// The last event of a call that was never answered. What the callee asked in its early dialog is answered.
    pub(super) fn fail(&mut self, now: Moment, usage: &mut Usage, failure: Failure) {
        self.answer_open(now, usage);
        let id = usage.id;
        usage.over = true;
        self.tell_usage(usage, Event::Failed { usage: id, failure });
    }

    /// The ring limit, and the wait for what a CANCEL brings.
    pub(super) fn timeout_calling(&mut self, now: Moment, usage: &mut Usage) {
        let Phase::Calling(calling) = &mut usage.phase else {
            return;
        };
        if calling.ring_until.is_some_and(|until| until <= now) {
            calling.ring_until = None;
            // It cannot fail: the call is ours and unanswered.
            let _ = self.give_up(now, usage, None, true);
        }
        let Phase::Calling(calling) = &usage.phase else {
            return;
        };
        if let Cancel::Sent { until, rang_too_long } = calling.cancel
            && until <= now
        {
            // §9.1: the INVITE is considered cancelled and its transaction is destroyed.
            let client = calling.client;
            self.drop_client(client);
            self.fail(now, usage, Failure::Cancelled { rang_too_long });
        }
    }

    pub(super) fn on_prack_outcome(&mut self, _now: Moment, _usage: UsageId, _outcome: Outcome) {
        // Whatever becomes of a PRACK, the INVITE's own final response tells how the call fares.
    }
}

/// Whether it was given up, and if so whether by the ring limit.
pub(super) fn rang_too_long(cancel: &Cancel) -> Option<bool> {
    match cancel {
        Cancel::No => None,
        Cancel::Wanted { rang_too_long, .. } | Cancel::Sent { rang_too_long, .. } => Some(*rang_too_long),
    }
}

/// A Reason header's value (RFC 3326).
pub(super) fn reason_value(reason: &Reason) -> String {
    let mut value = reason.protocol.clone();
    if let Some(cause) = reason.cause {
        value.push_str(&format!(";cause={cause}"));
    }
    if let Some(text) = &reason.text {
        value.push_str(&format!(";text={}", crate::uri::quote(text)));
    }
    value
}
