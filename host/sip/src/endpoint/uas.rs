//! Being called: from an INVITE to our final response and its ACK (RFC 3261 §13.3).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;
use smallvec::smallvec;

use super::reliable::{hundred_rel, queue};
use super::screen::body_of;
use super::servers::{ServerOwner, begin};
use super::session::{Session, TooSmall, seconds};
use super::usage::{Due, HundredRel, Offered, Phase, Queued, Reliable, Repeat, Usage};
use super::{
    CommandError, Done, Ending, Endpoint, Event, ExtraHeaders, Fork, Path, Reason, Reply, Role, UsageId,
    compose,
};
use crate::dialog::{Dialog, Identity};
use crate::transaction::TransactionId;
use crate::{Method, Name, Request};

/// §13.3.1.1: a provisional response every minute keeps proxies from giving up.
pub(super) const REPEAT_PROGRESS: Duration = Duration::from_secs(60);

/// Being called.
impl Endpoint {
    /// Says 100 at once: the call is taken, and deciding about it may take a while. Without this the caller gets it
    /// after 200 ms of silence (RFC 3261 §17.2.1), and not at all when it is refused before.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] after the final response.
    pub fn trying(&mut self, now: Moment, usage: UsageId) -> Done {
        self.command(usage, |endpoint, usage| {
            let server = offered(usage)?.server;
            endpoint.step_server(now, server, |machine| machine.trying());
            Ok(())
        })
    }

    /// Sends a provisional response, 101 to 199: 180 to ring, 183 with a body for early media.
    ///
    /// Repeat it as often as things change; the endpoint repeats the last one every minute by itself
    /// (RFC 3261 §13.3.1.1), and sends it reliably when the caller requires that, or when
    /// `reply` has a body and the caller supports it (RFC 3262).
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] after the final response.
    pub fn progress(&mut self, now: Moment, usage: UsageId, reply: impl Into<Reply>) -> Done {
        let reply = checked(reply.into(), 101..=199)?;
        self.command(usage, |endpoint, usage| {
            let offered = offered(usage)?;
            if offered.reliable.is_some() {
                return queue(offered, Queued::Progress(reply));
            }
            endpoint.send_progress(now, usage, reply);
            Ok(())
        })
    }

    /// Answers the call: 200 to 299, repeated until the ACK comes.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] after another final response.
    pub fn accept(&mut self, now: Moment, usage: UsageId, reply: impl Into<Reply>) -> Done {
        let reply = checked(reply.into(), 200..=299)?;
        self.command(usage, |endpoint, usage| {
            let offered = offered(usage)?;
            if offered
                .queue
                .iter()
                .any(|queued| matches!(queued, Queued::Accept(_)))
            {
                return Err(CommandError::WrongState("answered already"));
            }
            // RFC 3262 §3: not before the PRACK for a description that the 2xx relies on.
            if offered
                .reliable
                .as_ref()
                .is_some_and(|reliable| reliable.has_body)
            {
                return queue(offered, Queued::Accept(reply));
            }
            endpoint.send_accept(now, usage, reply);
            Ok(())
        })
    }

    /// Refuses the call: 300 to 699. The usage ends.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] after another final response.
    pub fn reject(&mut self, now: Moment, usage: UsageId, reply: impl Into<Reply>) -> Done {
        let reply = checked(reply.into(), 300..=699)?;
        self.command(usage, |endpoint, usage| {
            offered(usage)?;
            endpoint.send_reject(now, usage, &reply);
            endpoint.finish(now, usage, Ending::Ours);
            Ok(())
        })
    }

    pub(super) fn on_invite(
        &mut self,
        now: Moment,
        server: TransactionId,
        request: Arc<Request>,
        source: Path,
    ) {
        if self.usages.len() >= self.config.limits.usages {
            return self.answer(now, server, Reply::new(503).header("Retry-After", "5"));
        }
        let Some(dialog) = Dialog::as_uas(&request, source) else {
            return self.answer(
                now,
                server,
                Reply::new(400).reason("Bad Request (Contact missing or unusable)"),
            );
        };
        if let Err(TooSmall) = Session::grant(&request.headers, self.config.session_timer) {
            return self.answer(now, server, self.too_small());
        }
        let Some(usage) = self.new_callee(now, server, request.clone(), dialog, source) else {
            return;
        };
        let id = usage.id;
        if let Some(server) = self.servers.get_mut(server) {
            server.owner = ServerOwner::Usage(id);
        }
        let body = body_of(&request.headers, &request.body);
        self.keep_new(usage);
        self.tell(Event::Invited {
            usage: id,
            request,
            path: source,
            body,
        });
    }

    /// 422, with the least that would do (RFC 4028 §6).
    pub(super) fn too_small(&self) -> Reply {
        let floor = seconds(self.config.session_timer.min_se.max(Duration::from_secs(90)));
        Reply::new(422).header("Min-SE", floor.to_string())
    }

    fn new_callee(
        &mut self,
        now: Moment,
        server: TransactionId,
        request: Arc<Request>,
        dialog: Dialog,
        source: Path,
    ) -> Option<Box<Usage>> {
        let headers = &request.headers;
        let local_tag = self.random.token(16);
        let user = request.uri().ok().and_then(|uri| uri.user());
        let identity = Identity {
            call_id: headers.call_id().ok()?.into(),
            local: format!("{};tag={local_tag}", headers.get(Name::To)?).into(),
            local_tag: local_tag.into(),
            contact: compose::contact(user.as_deref(), &source).into(),
        };
        let offered = Offered {
            server,
            hundred_rel: hundred_rel(&request),
            next_rseq: 1 + (self.random.next_u32() >> 2),
            reliable: None,
            queue: VecDeque::new(),
            answered_early: false,
            updated: false,
            early_answer: None,
            expires_at: headers
                .expires()
                .filter(|seconds| *seconds > 0)
                .map(|seconds| now + Duration::from_secs(u64::from(seconds))),
            since: now,
            newest: None,
            repeat_at: None,
            request: request.clone(),
        };
        let mut usage = self.new_usage(Role::Uas, Phase::Offered(Box::new(offered)), identity);
        usage.dialogs = smallvec![(Fork(0), dialog)];
        usage.peer_updates = headers.lists(Name::Allow, "UPDATE");
        usage.cseq = self.random.next_u32() >> 8;
        Some(usage)
    }

    pub(super) fn send_progress(&mut self, now: Moment, usage: &mut Usage, reply: Reply) {
        let Phase::Offered(offered) = &mut usage.phase else {
            return;
        };
        let reliable = match offered.hundred_rel {
            HundredRel::Required => true,
            HundredRel::Supported => reply.body.is_some(),
            HundredRel::Unknown => false,
        };
        let server = offered.server;
        let mut ours = ExtraHeaders::new();
        let rseq = offered.next_rseq;
        if reliable {
            offered.next_rseq += 1;
            ours.push("Require", "100rel");
            ours.push("RSeq", rseq.to_string());
        }
        let Some(bytes) = self.dialog_response(usage, server, &reply, &ours) else {
            return;
        };
        let Phase::Offered(offered) = &mut usage.phase else {
            return;
        };
        if reliable && let Some(server) = self.servers.get(server) {
            let repeat = Repeat::new(now, bytes.clone(), self.way_back(server), self.config.timers);
            let has_body = reply.body.is_some();
            offered.reliable = Some(Box::new(Reliable {
                rseq,
                has_body,
                repeat,
            }));
        }
        offered.repeat_at = Some(now + REPEAT_PROGRESS);
        offered.newest = Some(Reply {
            body: if reliable { None } else { reply.body.clone() },
            ..reply.clone()
        });
        if reply.body.is_some() {
            usage.local_body.clone_from(&reply.body);
        }
        self.send_response(now, server, reply.status, bytes);
    }

    pub(super) fn send_accept(&mut self, now: Moment, usage: &mut Usage, mut reply: Reply) {
        let Phase::Offered(offered) = &mut usage.phase else {
            return;
        };
        let (server, request) = (offered.server, offered.request.clone());
        let early_answer = offered.early_answer.take();
        if offered.updated {
            // What was agreed last came in an UPDATE.
            reply.body = None;
        }
        if early_answer.is_some() {
            // RFC 6337 §3.1.1: our offer has been answered; the 2xx must not hold another.
            reply.body = None;
        }
        let ours = self.grant_session(now, usage, &request);
        let Some(bytes) = self.dialog_response(usage, server, &reply, &ours) else {
            return;
        };
        self.wait_for_ack(now, usage, server, &request, &bytes, true);
        if let Some(unacked) = usage.unacked.as_mut().filter(|_| early_answer.is_some()) {
            unacked.has_offer = false;
            unacked.early_answer = early_answer;
        }
        usage.phase = Phase::Confirmed;
        usage.remote_body =
            body_of(&request.headers, &request.body).map(|body| Bytes::copy_from_slice(&body.bytes));
        if reply.body.is_some() {
            usage.local_body = reply.body;
        }
        self.send_response(now, server, reply.status, bytes);
    }

    /// Starts the session timer that our 2xx to this INVITE or UPDATE grants, and says so.
    pub(super) fn grant_session(&self, now: Moment, usage: &mut Usage, request: &Request) -> ExtraHeaders {
        let mut ours = ExtraHeaders::new();
        match Session::grant(&request.headers, self.config.session_timer) {
            Ok(Some(granted)) => {
                usage.session.start(now, granted.interval(), granted.we_refresh);
                ours.push("Session-Expires", granted.header());
                if granted.peer_knows && !granted.we_refresh {
                    ours.push("Require", "timer");
                }
            }
            Ok(None) | Err(TooSmall) => usage.session.stop(),
        }
        ours
    }

    fn send_reject(&mut self, now: Moment, usage: &Usage, reply: &Reply) {
        let Phase::Offered(offered) = &usage.phase else {
            return;
        };
        let tag = usage.identity.local_tag.to_string();
        self.answer_tagged(now, offered.server, reply, &tag, &ExtraHeaders::new());
    }

    /// A response inside of the dialog, or one that makes it: Contact, Allow and, in the latter, Record-Route.
    pub(super) fn dialog_response(
        &self,
        usage: &Usage,
        server: TransactionId,
        reply: &Reply,
        ours: &ExtraHeaders,
    ) -> Option<Bytes> {
        let server = self.servers.get(server)?;
        let mut builder = begin(server, reply, Some(&usage.identity.local_tag))?
            .copy(server.request.as_deref()?, Name::RecordRoute)
            .header(Name::Contact, &usage.identity.contact)
            .header(Name::Allow, &self.words.allow)
            .header(Name::Supported, &self.words.supported)
            .header_if(Name::Server, self.words.product.as_deref());
        builder = ours
            .iter()
            .fold(builder, |builder, (name, value)| builder.header(name, value));
        Some(compose::finish_response(
            builder,
            &reply.headers,
            reply.body.as_ref(),
        ))
    }

    pub(super) fn on_invite_cancelled(&mut self, now: Moment, id: UsageId, cancel: &Request) {
        let reason = reason_of(cancel);
        self.with_usage(id, |endpoint, usage| {
            endpoint.send_reject(now, usage, &Reply::new(487));
            endpoint.finish(now, usage, Ending::Cancelled { reason });
        });
    }

    pub(super) fn on_caller_lost(&mut self, now: Moment, id: UsageId) {
        self.with_usage(id, |endpoint, usage| {
            endpoint.finish(now, usage, Ending::Transport)
        });
    }

    /// What is due while the caller waits.
    pub(super) fn timeout_offered(&mut self, now: Moment, usage: &mut Usage) {
        let Phase::Offered(offered) = &mut usage.phase else {
            return;
        };
        if offered.expires_at.is_some_and(|at| at <= now) {
            self.send_reject(now, usage, &Reply::new(487));
            return self.finish(now, usage, Ending::Cancelled { reason: None });
        }
        let Phase::Offered(offered) = &mut usage.phase else {
            return;
        };
        if let Some(reliable) = &mut offered.reliable {
            // RFC 3262 §3: doubling without a ceiling, 64·T1 in all, then the call is refused.
            match reliable.repeat.poll(now, Duration::MAX) {
                Due::Nothing => {}
                Due::Send => {
                    let (path, bytes) = (reliable.repeat.path, reliable.repeat.bytes.clone());
                    self.send(path, bytes);
                }
                Due::GiveUp => {
                    self.send_reject(now, usage, &Reply::new(500));
                    return self.finish(now, usage, Ending::NotAcknowledged);
                }
            }
        }
        let Phase::Offered(offered) = &mut usage.phase else {
            return;
        };
        if offered.repeat_at.is_some_and(|at| at <= now) {
            if now.since(offered.since) >= self.config.wait_limit {
                self.send_reject(now, usage, &Reply::new(480));
                return self.finish(now, usage, Ending::Cancelled { reason: None });
            }
            offered.repeat_at = Some(now + REPEAT_PROGRESS);
            if offered.reliable.is_none()
                && let Some(newest) = offered.newest.clone()
            {
                self.send_progress(now, usage, newest);
            }
        }
    }
}

fn offered(usage: &mut Usage) -> Result<&mut Offered, CommandError> {
    match &mut usage.phase {
        Phase::Offered(offered) => Ok(offered),
        Phase::Calling(_) => Err(CommandError::WrongState("it is a call of ours")),
        Phase::Confirmed => Err(CommandError::WrongState("answered already")),
    }
}

/// # Errors
///
/// When the status is not one of `range`, or a header cannot go on the wire.
pub(super) fn checked(reply: Reply, range: std::ops::RangeInclusive<u16>) -> Result<Reply, CommandError> {
    if !range.contains(&reply.status) {
        return Err(CommandError::BadStatus(reply.status));
    }
    if !reply.headers.is_well_formed() {
        return Err(CommandError::BadHeader);
    }
    Ok(reply)
}

/// Why a BYE or CANCEL was sent: the reason of SIP if there is one, else the first.
pub(super) fn reason_of(request: &Request) -> Option<Reason> {
    debug_assert!(matches!(request.method, Method::Bye | Method::Cancel));
    let reasons = &request.headers;
    let sip = reasons
        .reasons()
        .find(|reason| reason.protocol.eq_ignore_ascii_case("SIP"));
    let reason = sip.or_else(|| reasons.reasons().next())?;
    Some(Reason {
        protocol: reason.protocol.to_owned(),
        cause: reason.cause().and_then(|cause| u16::try_from(cause).ok()),
        text: reason.text().map(|text| text.into_owned()),
    })
}
