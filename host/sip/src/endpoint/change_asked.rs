//! A re-INVITE or UPDATE of the peer's (RFC 3261 §14.2, RFC 3311 §5.2).

use std::sync::Arc;

use base::Moment;
use bytes::Bytes;

use super::respond::{Kind, Pending};
use super::screen::body_of;
use super::servers::ServerOwner;
use super::session::{Session, TooSmall};
use super::uas::checked;
use super::usage::{Phase, Usage};
use super::{CommandError, Done, Endpoint, Event, ExtraHeaders, Failure, Reply, RequestId};
use crate::transaction::TransactionId;
use crate::{Method, Request};

impl Endpoint {
    /// A re-INVITE, or an UPDATE, of the peer's.
    pub(super) fn on_change_asked(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        server: TransactionId,
        request: &Arc<Request>,
    ) {
        if let Err(refusal) = self.may_be_changed(now, usage, request) {
            return self.answer(now, server, refusal);
        }
        let body = body_of(&request.headers, &request.body);
        let is_update = request.method == Method::Update;
        if is_update && body.is_none() {
            return self.accept_refresh(now, usage, server, request);
        }
        // Theirs came first: what we were about to offer again is out of date.
        if usage.ours.as_ref().is_some_and(|change| change.client.is_none()) {
            self.drop_change(usage, Failure::Glare);
        }
        let kind = if is_update { Kind::Update } else { Kind::Reinvite };
        let request_id = self.new_request(Pending {
            server,
            usage: Some(usage.id),
            kind,
        });
        if let Some(server) = self.servers.get_mut(server) {
            server.owner = ServerOwner::Request(request_id);
        }
        usage.theirs = Some(request_id);
        let event = Event::Reinvited {
            usage: usage.id,
            request_id,
            request: request.clone(),
            body,
        };
        self.tell_usage(usage, event);
    }

    /// §14.2, RFC 3311 §5.2.
    fn may_be_changed(&mut self, now: Moment, usage: &mut Usage, request: &Request) -> Result<(), Reply> {
        let is_invite = request.method == Method::Invite;
        let has_offer = !request.body.is_empty();
        match &usage.phase {
            Phase::Offered(_) if is_invite => return Err(self.overlapping()),
            Phase::Calling(_) if is_invite => return Err(Reply::new(491)),
            // RFC 3311 §5.2: the offer of the INVITE has to be answered first, by us or by the peer.
            Phase::Offered(offered) if has_offer && !offered.answered_early => return Err(self.overlapping()),
            Phase::Calling(calling) if has_offer && calling.rseqs.is_empty() => return Err(Reply::new(491)),
            Phase::Offered(_) | Phase::Calling(_) | Phase::Confirmed => {}
        }
        if usage.theirs.is_some() && (is_invite || has_offer) {
            return Err(self.overlapping());
        }
        if usage.ack_due.is_some() || (usage.our_offer_is_open() && (is_invite || has_offer)) {
            return Err(Reply::new(491));
        }
        if let Err(TooSmall) = Session::grant(&request.headers, self.config.session_timer) {
            return Err(self.too_small());
        }
        // RFC 5407 §3.1.4: the ACK was overtaken, but the peer must have our 2xx.
        if is_invite && let Some(unacked) = usage.unacked.take() {
            self.on_confirmed(now, usage, &unacked, None);
        }
        Ok(())
    }

    /// §14.2: a second change while the first is being decided.
    fn overlapping(&mut self) -> Reply {
        Reply::new(500).header("Retry-After", self.random.below(11).to_string())
    }

    /// An UPDATE that only refreshes is answered here.
    fn accept_refresh(&mut self, now: Moment, usage: &mut Usage, server: TransactionId, request: &Request) {
        refresh_target(usage, request);
        let ours = self.grant_session(now, usage, request);
        if let Some(bytes) = self.dialog_response(usage, server, &Reply::new(200), &ours) {
            self.send_response(now, server, 200, bytes);
        }
    }

    /// Our answer to the peer's change.
    pub(super) fn answer_change(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        pending: Pending,
        reply: Reply,
    ) -> Done {
        let reply = checked(reply, 200..=699)?;
        let server = self.servers.get(pending.server);
        let Some(request) = server.and_then(|server| server.request.clone()) else {
            return Err(CommandError::UnknownRequest);
        };
        usage.theirs = None;
        if reply.status >= 300 {
            let tag = usage.identity.local_tag.to_string();
            self.answer_tagged(now, pending.server, &reply, &tag, &ExtraHeaders::new());
            return Ok(());
        }
        refresh_target(usage, &request);
        let ours = self.grant_session(now, usage, &request);
        let Some(bytes) = self.dialog_response(usage, pending.server, &reply, &ours) else {
            return Err(CommandError::UnknownRequest);
        };
        if request.method == Method::Invite {
            self.wait_for_ack(now, usage, pending.server, &request, &bytes, false);
        }
        if let Some(body) = body_of(&request.headers, &request.body) {
            usage.remote_body = Some(Bytes::copy_from_slice(&body.bytes));
            usage.note_update();
        }
        if reply.body.is_some() {
            usage.local_body = reply.body;
        }
        self.send_response(now, pending.server, reply.status, bytes);
        Ok(())
    }

    /// The request that waits for an answer, if it is about this call.
    pub(super) fn withdraw_theirs(usage: &mut Usage, request: RequestId) {
        if usage.theirs == Some(request) {
            usage.theirs = None;
        }
        usage.pending.retain(|pending| *pending != request);
    }
}

/// §12.2.2: the Contact of an accepted re-INVITE or UPDATE is the new target.
fn refresh_target(usage: &mut Usage, request: &Request) {
    let tag = request.headers.from_tag();
    if let Some((_, dialog)) = usage.find(tag) {
        dialog.refresh_target(&request.headers);
    }
}
