//! Our INVITE is answered: the dialog that wins, its ACK, and the dialogs that come too late
//! (RFC 3261 §13.2.2.4).

use std::sync::Arc;

use base::Moment;
use bytes::Bytes;

use super::purpose::{ClientOwner, Outcome, Purpose};
use super::screen::body_of;
use super::uac::rang_too_long;
use super::usage::{AckDue, Phase, Usage};
use super::{Body, Ending, Endpoint, Event, ExtraHeaders, Failure, Fork, Path, compose};
use crate::dialog::{Dialog, Identity};
use crate::sdp::declined;
use crate::transaction::TransactionId;
use crate::{Method, Name, Request, Response};

impl Endpoint {
    pub(super) fn on_success(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        client: TransactionId,
        response: &Arc<Response>,
    ) {
        let cancelled = match &usage.phase {
            // Another 2xx after the first: a repeat, or another branch of the fork.
            Phase::Confirmed => {
                return self.on_stray_success(now, client, response, usage.ack_due.is_some());
            }
            Phase::Offered(_) => return,
            Phase::Calling(calling) => rang_too_long(&calling.cancel),
        };
        if let Some(rang_too_long) = cancelled {
            // §9.1: the answer crossed our CANCEL. Its dialog is ended, the call stays cancelled.
            self.on_stray_success(now, client, response, false);
            return self.fail(now, usage, Failure::Cancelled { rang_too_long });
        }
        let Some(fork) = self.confirm_fork(usage, response) else {
            return;
        };
        usage.peer_updates = response.headers.lists(Name::Allow, "UPDATE");
        usage
            .session
            .take_answer(now, &response.headers, self.config.session_timer);
        let offered = matches!(&usage.phase, Phase::Calling(calling) if !calling.request.body.is_empty());
        let left = match &mut usage.phase {
            Phase::Calling(calling) => calling.left.take(),
            Phase::Offered(_) | Phase::Confirmed => None,
        };
        usage.phase = Phase::Confirmed;
        let body = body_of(&response.headers, &response.body);
        usage.remote_body = body.as_ref().map(|body| Bytes::copy_from_slice(&body.bytes));
        let has_offer = !offered && body.as_ref().is_some_and(Body::is_sdp);
        self.acknowledge_or_wait(usage, client, response, has_offer);
        let id = usage.id;
        self.tell_usage(
            usage,
            Event::Accepted {
                usage: id,
                fork,
                response: response.clone(),
                body,
            },
        );
        // Its BYE was quicker.
        let tag = response.headers.to_tag();
        if let Some(left) = left.filter(|left| tag == Some(&*left.tag)) {
            self.finish(now, usage, Ending::Bye { reason: left.reason });
        }
    }

    /// Keeps the dialog that answered and drops the other early ones. Its route set and target are those of
    /// the 2xx (§13.2.2.4); a 2xx without Contact keeps those of its 18x.
    fn confirm_fork(&self, usage: &mut Usage, response: &Response) -> Option<Fork> {
        let tag = response.headers.to_tag();
        let early = usage.find(tag).map(|(fork, early)| (fork, early.clone()));
        let fork = match early {
            Some((fork, early)) => {
                let Phase::Calling(calling) = &usage.phase else {
                    return None;
                };
                let path = self
                    .clients
                    .get(calling.client)
                    .map_or(early.path, |client| client.path);
                let mut dialog = Dialog::as_uac(&calling.request, response, path);
                if !response.headers.has(Name::Contact) {
                    dialog.target.clone_from(&early.target);
                    dialog.path = early.path;
                }
                dialog.remote_cseq = early.remote_cseq;
                usage.dialogs.push((fork, dialog));
                fork
            }
            None => self.add_fork(usage, response)?,
        };
        let confirmed = usage.dialogs.pop()?;
        usage.dialogs.clear();
        usage.dialogs.push(confirmed);
        Some(fork)
    }

    /// ACK at once, unless the 2xx `has_offer`: then it has to bring our answer.
    pub(super) fn acknowledge_or_wait(
        &mut self,
        usage: &mut Usage,
        client: TransactionId,
        response: &Response,
        has_offer: bool,
    ) {
        let Ok(cseq) = response.headers.cseq() else { return };
        if has_offer {
            usage.ack_due = Some(AckDue {
                client,
                cseq: cseq.number,
            });
        } else {
            self.send_ack(usage, client, cseq.number, None);
        }
    }

    /// The ACK for a 2xx (§13.2.2.4): a request of its own in the dialog, kept to be repeated.
    pub(super) fn send_ack(&mut self, usage: &Usage, client: TransactionId, cseq: u32, body: Option<&Body>) {
        let Some(dialog) = usage.confirmed() else { return };
        self.send_ack_in(&usage.identity, dialog, client, cseq, body);
    }

    /// The call ends before its user has answered the peer's offer: the ACK brings an answer that takes nothing of it
    /// (§13.2.2.4).
    pub(super) fn acknowledge_in_vain(&mut self, usage: &mut Usage) {
        let Some((due, path)) = usage
            .ack_due
            .take()
            .zip(usage.confirmed().map(|dialog| dialog.path))
        else {
            return;
        };
        let before = usage.local_body.as_ref().map(|body| &body.bytes[..]);
        let answer = usage
            .remote_body
            .as_ref()
            .and_then(|offer| declined(offer, before, path.local.ip()));
        self.send_ack(usage, due.client, due.cseq, answer.map(Body::sdp).as_ref());
    }

    fn send_ack_in(
        &mut self,
        identity: &Identity,
        dialog: &Dialog,
        client: TransactionId,
        cseq: u32,
        body: Option<&Body>,
    ) {
        let (_, via) = self.via(&dialog.path, &dialog.target);
        let mut builder = compose::in_dialog(identity, dialog, &Method::Ack, cseq, &via);
        // §22.2: an ACK repeats the credentials of its INVITE, which was then not the first attempt.
        let sent = self.clients.get(client).filter(|client| client.attempts > 0);
        if let Some(sent) = sent.and_then(|client| Request::parse(client.request.clone()).ok()) {
            for name in [Name::Authorization, Name::ProxyAuthorization] {
                builder = builder.headers(name, sent.headers.all(name).map(|field| field.value()));
            }
        }
        let bytes = compose::finish_request(builder, &ExtraHeaders::new(), body);
        self.send(dialog.path, bytes.clone());
        if let Some(client) = self.clients.get_mut(client) {
            let tag = dialog.remote_tag.as_deref().unwrap_or_default().to_owned();
            client.keep_ack(tag, dialog.path, bytes);
        }
    }

    /// A response to an INVITE whose call is gone or has another dialog already.
    pub(super) fn on_stray_outcome(&mut self, now: Moment, client: TransactionId, outcome: Outcome) {
        let Ok(response) = outcome else { return };
        if response.headers.cseq().is_ok_and(|cseq| cseq.method != "INVITE") {
            return;
        }
        if response.status.is_success() {
            self.on_stray_success(now, client, &response, false);
        } else if response.status.is_provisional() {
            self.cancel_stray(now, client);
        }
    }

    /// The callee has heard of a call that was given up already (§9.1).
    fn cancel_stray(&mut self, now: Moment, client: TransactionId) {
        let Some(client) = self.clients.get(client) else {
            return;
        };
        let (path, sent) = (client.path, Request::parse(client.request.clone()));
        let Some(sent) = sent.ok().filter(|sent| !is_in_dialog(sent)) else {
            return;
        };
        let via = sent.headers.via().ok();
        let to = sent.headers.get(Name::To).unwrap_or_default();
        let cancel = compose::companion(&sent, &Method::Cancel, to, None);
        if let (Some(branch), Some(bytes)) = (via.and_then(|via| via.branch()), cancel) {
            let owner = ClientOwner::new(Purpose::Nothing, None);
            self.start(now, owner, Method::Cancel, path, branch, bytes);
        }
    }

    /// A 2xx that makes no call of ours: the same ACK again if it is a repeat, else ACK and BYE
    /// (§13.2.2.4). While the call's own ACK `waits` for its body, nothing. The 2xx to a re-INVITE of a call that
    /// has ended gets its ACK alone: the BYE is on its way.
    pub(super) fn on_stray_success(
        &mut self,
        now: Moment,
        client_id: TransactionId,
        response: &Response,
        waits: bool,
    ) {
        let Some(client) = self.clients.get(client_id) else {
            return;
        };
        let tag = response.headers.to_tag().unwrap_or_default();
        if let Some((_, path, ack)) = client.success_acks.iter().find(|(known, _, _)| known == tag) {
            let (path, ack) = (*path, ack.clone());
            return self.send(path, ack);
        }
        let Ok(sent) = Request::parse(client.request.clone()) else {
            return;
        };
        if waits || client.success_acks.len() >= self.config.limits.forks {
            return;
        }
        if is_in_dialog(&sent) {
            return self.acknowledge_too_late(client_id, &sent, response);
        }
        let (path, owner) = (client.path, client.owner.clone());
        let (Some(identity), Ok(cseq)) = (Identity::of_sent(&sent), response.headers.cseq()) else {
            return;
        };
        let dialog = Dialog::as_uac(&sent, response, path);
        let answer = answer_in_vain(&sent, response, path);
        self.send_ack_in(&identity, &dialog, client_id, cseq.number, answer.as_ref());
        let (branch, via) = self.via(&dialog.path, &dialog.target);
        let builder = compose::in_dialog(&identity, &dialog, &Method::Bye, cseq.number + 1, &via);
        let bytes = builder
            .header_if(Name::UserAgent, self.words.product.as_deref())
            .finish();
        let owner = ClientOwner::new(Purpose::Bye, owner.credentials);
        self.start(now, owner, Method::Bye, dialog.path, &branch, bytes);
    }

    fn acknowledge_too_late(&mut self, client: TransactionId, sent: &Request, response: &Response) {
        let Some(path) = self.clients.get(client).map(|client| client.path) else {
            return;
        };
        if sent.method != Method::Invite {
            return;
        }
        let (_, via) = self.via(&path, sent.uri_text());
        let to = response.headers.get(Name::To).unwrap_or_default();
        let answer = answer_in_vain(sent, response, path);
        let Some(bytes) = compose::success_ack(sent, &via, to, answer.as_ref()) else {
            return;
        };
        self.send(path, bytes.clone());
        let tag = response.headers.to_tag();
        if let Some(client) = self.clients.get_mut(client) {
            let tag = tag.unwrap_or_default().to_owned();
            client.keep_ack(tag, path, bytes);
        }
    }
}

/// The answer to an offer that a 2xx brought to an INVITE without one, when there is no call for it.
fn answer_in_vain(sent: &Request, response: &Response, path: Path) -> Option<Body> {
    let offer =
        body_of(&response.headers, &response.body).filter(|body| sent.body.is_empty() && body.is_sdp());
    declined(&offer?.bytes, None, path.local.ip()).map(Body::sdp)
}

fn is_in_dialog(request: &Request) -> bool {
    request.headers.to_tag().is_some()
}
