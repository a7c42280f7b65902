//! Requests inside of a call's dialog other than those that change its session, and its end.

use std::sync::Arc;

use base::Moment;

use super::purpose::{ClientOwner, Outcome, Purpose};
use super::respond::{Kind, Pending};
use super::servers::ServerOwner;
use super::uac::reason_value;
use super::uas::reason_of;
use super::usage::{Left, Phase, Usage};
use super::{
    Body, CommandError, Done, Ending, Endpoint, Event, ExtraHeaders, Failure, Fork, Reason, Reply, RequestId,
    UsageId, compose,
};
use crate::transaction::TransactionId;
use crate::{Method, Name, Request};

/// Once a call is up.
impl Endpoint {
    /// Ends an established call. [`Event::Ended`] follows at once; the BYE is repeated,
    /// and authenticated if need be, in the background. Before the ACK to our 2xx it is held
    /// back until that comes (RFC 3261 §15).
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] before the answer: use [`cancel`](Self::cancel) or
    /// [`reject`](Self::reject), or [`hang_up`](Self::hang_up) for whichever is right.
    pub fn bye(&mut self, now: Moment, usage: UsageId, headers: ExtraHeaders) -> Done {
        if !headers.is_well_formed() {
            return Err(CommandError::BadHeader);
        }
        self.command(usage, |endpoint, usage| {
            if !matches!(usage.phase, Phase::Confirmed) {
                return Err(CommandError::WrongState("not answered yet"));
            }
            if usage.unacked.as_ref().is_some_and(|unacked| unacked.first) {
                usage.leaving = Some(Box::new(headers));
            } else {
                endpoint.send_bye(now, usage, &headers);
            }
            endpoint.finish(now, usage, Ending::Ours);
            Ok(())
        })
    }

    /// Ends a call in the way that its state asks for: BYE, CANCEL, or `refusal` (300 to 699) to a
    /// caller who was not answered. `reason` goes into BYE or CANCEL.
    ///
    /// # Errors
    ///
    /// [`CommandError::UnknownUsage`] when it has ended.
    pub fn hang_up(
        &mut self,
        now: Moment,
        usage: UsageId,
        refusal: impl Into<Reply>,
        reason: Option<Reason>,
    ) -> Done {
        let found = self.usages.get(&usage).ok_or(CommandError::UnknownUsage)?;
        match found.phase {
            Phase::Calling(_) => self.cancel(now, usage, reason),
            Phase::Offered(_) => self.reject(now, usage, refusal),
            Phase::Confirmed => {
                let value = reason.as_ref().map(|reason| ("Reason", reason_value(reason)));
                self.bye(now, usage, value.into_iter().collect())
            }
        }
    }

    /// Sends INFO, REFER, NOTIFY, MESSAGE or OPTIONS inside of the dialog.
    /// [`Event::InDialogAnswered`] follows with the same number.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] before the answer, [`CommandError::Refused`] for methods that have a command of
    /// their own.
    pub fn request_in_dialog(
        &mut self,
        now: Moment,
        usage: UsageId,
        method: &str,
        headers: ExtraHeaders,
        body: Option<Body>,
    ) -> Result<RequestId, CommandError> {
        let method = user_method(method)?;
        if !headers.is_well_formed() {
            return Err(CommandError::BadHeader);
        }
        self.room_for_request()?;
        let request_id = self.next_request();
        self.command(usage, |endpoint, usage| {
            if !matches!(usage.phase, Phase::Confirmed) {
                return Err(CommandError::WrongState("not answered yet"));
            }
            let Some(fork) = usage.dialogs.first().map(|(fork, _)| *fork) else {
                return Err(CommandError::UnknownUsage);
            };
            let mut all = ExtraHeaders::new().with("Contact", &*usage.identity.contact);
            headers.iter().for_each(|(name, value)| all.push(name, value));
            let purpose = Purpose::InDialog(usage.id, request_id);
            let sent = endpoint.send_in_dialog(now, usage, fork, &method, purpose, &all, body.as_ref());
            sent.map(|_| ()).ok_or(CommandError::Full)
        })?;
        Ok(request_id)
    }

    pub(super) fn on_in_dialog_outcome(
        &mut self,
        now: Moment,
        id: UsageId,
        request_id: RequestId,
        method: &Method,
        outcome: Outcome,
    ) {
        // RFC 5057 §5.1, §5.3: these have usages of their own in the dialog; the call goes on without them.
        let apart = matches!(method, Method::Notify | Method::Subscribe | Method::Refer);
        self.with_usage(id, |endpoint, usage| {
            let lost = match &outcome {
                Ok(response) => match response.status.code() {
                    481 => Some(false),
                    408 => Some(true),
                    _ => None,
                },
                Err(Failure::Timeout) => Some(true),
                Err(_) => None,
            };
            let event = Event::InDialogAnswered {
                usage: id,
                request_id,
                result: outcome,
            };
            endpoint.tell_usage(usage, event);
            if let Some(say_bye) = lost.filter(|_| !apart) {
                endpoint.lose_dialog(now, usage, say_bye);
            }
        });
    }

    pub(super) fn send_bye(&mut self, now: Moment, usage: &mut Usage, headers: &ExtraHeaders) {
        self.acknowledge_in_vain(usage);
        let Some(fork) = usage.dialogs.first().map(|(fork, _)| *fork) else {
            return;
        };
        let purpose = Purpose::Leave(usage.id);
        if let Some(client) = self.send_in_dialog(now, usage, fork, &Method::Bye, purpose, headers, None) {
            self.takes_leave(usage.id, client);
        }
    }

    /// Gives the last event and leaves nothing unanswered. A usage whose BYE waits for an ACK lives on silently.
    pub(super) fn finish(&mut self, now: Moment, usage: &mut Usage, ending: Ending) {
        self.acknowledge_in_vain(usage);
        self.answer_open(now, usage);
        if let Some(change) = usage.ours.take() {
            if let Some(client) = change.client {
                self.abandon(now, client);
            }
            if !change.refresh {
                let event = Event::Renegotiated {
                    usage: usage.id,
                    result: Err(Failure::Ended),
                };
                self.tell_usage(usage, event);
            }
        }
        usage.over = usage.leaving.is_none();
        usage.session.stop();
        let event = Event::Ended {
            usage: usage.id,
            ending,
        };
        self.tell_usage(usage, event);
    }

    /// The call is over: what the peer has asked gets its answer (§15.1.2).
    pub(super) fn answer_open(&mut self, now: Moment, usage: &mut Usage) {
        let change = usage.theirs.take().into_iter();
        let open: Vec<RequestId> = change.chain(usage.pending.drain(..)).collect();
        for request in open {
            if let Some(pending) = self.requests.remove(&request) {
                self.answer(now, pending.server, Reply::new(487));
            }
        }
    }

    /// A request whose To tag, From tag and Call-ID may be those of this call.
    pub(super) fn on_request_in_dialog(
        &mut self,
        now: Moment,
        id: UsageId,
        server: TransactionId,
        request: Arc<Request>,
    ) {
        self.with_usage(id, |endpoint, usage| {
            let from = request.headers.from_tag();
            let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
            let Some((_, dialog)) = usage.find(from) else {
                if request.method == Method::Bye {
                    remember_bye(usage, &request);
                }
                return endpoint.answer(now, server, Reply::new(481));
            };
            if dialog.take_cseq(cseq).is_err() {
                // §12.2.2.
                return endpoint.answer(now, server, Reply::new(500).reason("CSeq Out Of Order"));
            }
            if usage.silent {
                return endpoint.answer_silent(now, usage, server, &request);
            }
            endpoint.dispatch_in_dialog(now, usage, server, &request);
        });
    }

    /// The call has ended, but for an ACK that is waited for: the peer may say BYE, too.
    fn answer_silent(&mut self, now: Moment, usage: &mut Usage, server: TransactionId, request: &Request) {
        if request.method == Method::Bye {
            usage.over = true;
            self.answer(now, server, Reply::new(200));
        } else {
            self.answer(now, server, Reply::new(481));
        }
    }

    fn dispatch_in_dialog(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        server: TransactionId,
        request: &Arc<Request>,
    ) {
        match &request.method {
            Method::Bye => self.on_bye(now, usage, server, request),
            Method::Invite | Method::Update => self.on_change_asked(now, usage, server, request),
            Method::Prack => {
                let status = Self::take_prack(usage, request);
                self.answer(now, server, Reply::new(status));
                self.send_queued(now, usage);
            }
            Method::Options => self.answer_options(now, usage, server),
            method
                if self
                    .config
                    .handles_in_dialog
                    .iter()
                    .any(|known| known == method.as_str()) =>
            {
                self.pass_up(now, usage, server, request);
            }
            _ => {
                let reply = Reply::new(405).header("Allow", &self.words.allow);
                self.answer(now, server, reply);
            }
        }
    }

    /// §15.1.2. A BYE in an early dialog ends a caller's call as a CANCEL would; a callee's ends its branch only: the 2xx
    /// that it overtook ends the call.
    fn on_bye(&mut self, now: Moment, usage: &mut Usage, server: TransactionId, request: &Request) {
        self.answer(now, server, Reply::new(200));
        match &usage.phase {
            Phase::Calling(_) => {
                let tag = request.headers.from_tag();
                usage.dialogs.retain(|(_, dialog)| !dialog.is_with(tag));
                remember_bye(usage, request);
            }
            Phase::Offered(offered) => {
                let invite = offered.server;
                let tag = usage.identity.local_tag.to_string();
                self.answer_tagged(now, invite, &Reply::new(487), &tag, &ExtraHeaders::new());
                self.finish(
                    now,
                    usage,
                    Ending::Bye {
                        reason: reason_of(request),
                    },
                );
            }
            Phase::Confirmed => self.finish(
                now,
                usage,
                Ending::Bye {
                    reason: reason_of(request),
                },
            ),
        }
    }

    /// §11.2: as an INVITE would be answered now, without asking anybody.
    fn answer_options(&mut self, now: Moment, usage: &Usage, server: TransactionId) {
        let ours = ExtraHeaders::new().with("Accept", &self.words.accept);
        if let Some(bytes) = self.dialog_response(usage, server, &Reply::new(200), &ours) {
            self.send_response(now, server, 200, bytes);
        }
    }

    fn pass_up(&mut self, now: Moment, usage: &mut Usage, server: TransactionId, request: &Arc<Request>) {
        if usage.pending.len() >= self.config.limits.pending_in_dialog {
            return self.answer(now, server, Reply::new(500).header("Retry-After", "2"));
        }
        let request_id = self.new_request(Pending {
            server,
            usage: Some(usage.id),
            kind: Kind::InDialog,
        });
        if let Some(server) = self.servers.get_mut(server) {
            server.owner = ServerOwner::Request(request_id);
        }
        usage.pending.push(request_id);
        let event = Event::InDialog {
            usage: usage.id,
            request_id,
            request: request.clone(),
        };
        self.tell_usage(usage, event);
    }
}

/// A request in a dialog of this call, with everything that such requests share.
impl Endpoint {
    /// None when there is no such dialog, or no room.
    #[expect(clippy::too_many_arguments, reason = "every one is a part of the request")]
    pub(super) fn send_in_dialog(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        fork: Fork,
        method: &Method,
        purpose: Purpose,
        headers: &ExtraHeaders,
        body: Option<&Body>,
    ) -> Option<TransactionId> {
        self.room_for_request().ok()?;
        let cseq = usage.next_cseq();
        let dialog = usage.dialog(fork)?;
        let (branch, via) = self.via(&dialog.path, &dialog.target);
        let builder = compose::in_dialog(&usage.identity, dialog, method, cseq, &via)
            .header_if(Name::UserAgent, self.words.product.as_deref());
        let bytes = compose::finish_request(builder, headers, body);
        let owner = ClientOwner::new(purpose, usage.credentials.clone());
        Some(self.start(now, owner, method.clone(), dialog.path, &branch, bytes))
    }
}

/// # Errors
///
/// When the method is no token, or the endpoint's own.
pub(super) fn user_method(name: &str) -> Result<Method, CommandError> {
    match Method::parse(name) {
        None => Err(CommandError::Refused("that is no method")),
        Some(
            Method::Invite | Method::Ack | Method::Bye | Method::Cancel | Method::Prack | Method::Update,
        ) => Err(CommandError::Refused("that method has a command of its own")),
        Some(method) => Ok(method),
    }
}

/// A callee that may not even have been heard of says BYE to a call of ours that is not answered yet.
fn remember_bye(usage: &mut Usage, request: &Request) {
    let tag = request.headers.from_tag();
    if let (Phase::Calling(calling), Some(tag)) = (&mut usage.phase, tag) {
        calling.left = Some(Box::new(Left {
            tag: tag.into(),
            reason: reason_of(request),
        }));
    }
}
