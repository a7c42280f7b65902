//! Calls that were not answered yet when the process died, and answers that somebody waits for in others.
//!
//! What is kept is the INVITE itself, as it came or as it was sent: dialog, transaction key, the way back
//! and what the peer supports are all read from it again. A final response that waits for a PRACK is not kept, and
//! neither is a call that is being cancelled.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::super::purpose::{ClientOwner, Purpose};
use super::super::reliable::hundred_rel;
use super::super::screen::body_of;
use super::super::servers::{ServerOwner, response_path};
use super::super::uas::REPEAT_PROGRESS;
use super::super::usage::{Calling, Cancel, Offered, Phase, Queued, Reliable, Repeat, Unacked, Usage};
use super::super::{Body, Credentials, Endpoint, ExtraHeaders, Fork, Path, Reply, RequestId, UsageId};
use crate::dialog::Identity;
use crate::transaction::{Class, Client, ClientMachine, Server, ServerMachine, TransactionId, key};
use crate::{Method, Name, Request, RequestBuilder, Response};

/// Type and bytes.
type StoredBody = (String, Vec<u8>);

/// A call of the peer's that waits for our final response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OfferedRecord {
    invite: Vec<u8>,
    source: Path,
    /// The newest response, as it was sent; empty when there was none.
    response: Vec<u8>,
    /// Status, headers and body of what is repeated every minute.
    newest: Option<(u16, ExtraHeaders, Option<StoredBody>)>,
    next_rseq: u32,
    /// RSeq of the response that waits for its PRACK, and whether it has a body.
    reliable: Option<(u32, bool)>,
    answered_early: bool,
    expires_at: Option<Moment>,
}

/// A call of ours that waits for the peer's final response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CallingRecord {
    invite: Vec<u8>,
    path: Path,
    attempts: u8,
    provisional: bool,
    ring_for: Duration,
    ring_until: Option<Moment>,
    rseqs: Vec<(Fork, u32)>,
}

/// Our 2xx that waits for its ACK.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UnackedRecord {
    cseq: u32,
    has_offer: bool,
    bytes: Vec<u8>,
    path: Path,
}

/// A re-INVITE of the peer's that waits for our answer, in a call that is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AskedRecord {
    invite: Vec<u8>,
    source: Path,
}

impl UnackedRecord {
    pub fn of(unacked: &Unacked) -> Self {
        Self {
            cseq: unacked.cseq,
            has_offer: unacked.has_offer,
            bytes: unacked.repeat.bytes.to_vec(),
            path: unacked.repeat.path,
        }
    }
}

impl OfferedRecord {
    /// The description that the caller offered.
    pub fn body(&self) -> Option<Body> {
        let invite = Request::parse(Bytes::from(self.invite.clone())).ok()?;
        body_of(&invite.headers, &invite.body)
    }
}

impl Endpoint {
    pub(super) fn offered_record(&self, offered: &Offered) -> Option<OfferedRecord> {
        let accepts = |queued: &Queued| matches!(queued, Queued::Accept(_));
        if offered.queue.iter().any(accepts) {
            return None;
        }
        let server = self.servers.get(offered.server)?;
        let newest = offered.newest.as_ref().map(|reply| {
            let body = reply
                .body
                .as_ref()
                .map(|body| (body.content_type.clone(), body.bytes.to_vec()));
            (reply.status, reply.headers.clone(), body)
        });
        Some(OfferedRecord {
            invite: offered.request.as_bytes().to_vec(),
            source: server.source,
            response: server.response.to_vec(),
            newest,
            next_rseq: offered.next_rseq,
            reliable: offered
                .reliable
                .as_ref()
                .map(|reliable| (reliable.rseq, reliable.has_body)),
            answered_early: offered.answered_early,
            expires_at: offered.expires_at,
        })
    }

    pub(super) fn calling_record(&self, calling: &Calling) -> Option<CallingRecord> {
        if !matches!(calling.cancel, Cancel::No) {
            return None;
        }
        let client = self.clients.get(calling.client)?;
        Some(CallingRecord {
            invite: client.request.to_vec(),
            path: client.path,
            attempts: client.attempts,
            provisional: calling.provisional,
            ring_for: calling.ring_for,
            ring_until: calling.ring_until,
            rseqs: calling.rseqs.to_vec(),
        })
    }

    /// The INVITE's transaction goes on where it was: repeats and CANCEL find it.
    pub(super) fn restore_offered(
        &mut self,
        now: Moment,
        id: UsageId,
        record: OfferedRecord,
    ) -> Option<Phase> {
        let request = Arc::new(Request::parse(Bytes::from(record.invite)).ok()?);
        let response = Bytes::from(record.response);
        let owner = ServerOwner::Usage(id);
        let server = self.adopt_server(now, &request, record.source, response.clone(), owner)?;
        let path = self.servers.get(server)?.path;
        let waits = record.reliable.map(|(rseq, has_body)| {
            let repeat = Repeat::new(now, response, path, self.config.timers);
            Box::new(Reliable {
                rseq,
                has_body,
                repeat,
            })
        });
        let newest = record.newest.map(|(status, headers, body)| Reply {
            headers,
            body: body.map(|(kind, bytes)| Body::new(kind, bytes)),
            ..Reply::new(status)
        });
        Some(Phase::Offered(Box::new(Offered {
            server,
            hundred_rel: hundred_rel(&request),
            next_rseq: record.next_rseq,
            reliable: waits,
            queue: VecDeque::new(),
            answered_early: record.answered_early,
            updated: false,
            early_answer: None,
            expires_at: record.expires_at,
            since: now,
            repeat_at: newest.is_some().then(|| now + REPEAT_PROGRESS),
            newest,
            request,
        })))
    }

    pub(super) fn asked_record(&self, request: RequestId) -> Option<AskedRecord> {
        let pending = self.requests.get(&request)?;
        let server = self.servers.get(pending.server)?;
        // An UPDATE is repeated until its final response, and so heard by the next process.
        let invite = server
            .request
            .as_ref()
            .filter(|request| request.method == Method::Invite);
        invite.map(|invite| AskedRecord {
            invite: invite.as_bytes().to_vec(),
            source: server.source,
        })
    }

    /// What the peer asked for is not known here any more. It heard 100, and would wait for ever: it tries again.
    pub(super) fn refuse_asked(&mut self, now: Moment, usage: &Usage, record: AskedRecord) {
        let Ok(request) = Request::parse(Bytes::from(record.invite)) else {
            return;
        };
        let owner = ServerOwner::Nobody;
        let server = self.adopt_server(now, &Arc::new(request), record.source, Bytes::new(), owner);
        if let Some(server) = server {
            let tag = &usage.identity.local_tag;
            self.answer_tagged(now, server, &Reply::new(491), tag, &ExtraHeaders::new());
        }
    }

    /// A transaction of the peer's, with our newest response.
    fn adopt_server(
        &mut self,
        now: Moment,
        request: &Arc<Request>,
        source: Path,
        response: Bytes,
        owner: ServerOwner,
    ) -> Option<TransactionId> {
        let key = key::of_request(&self.fingerprints, request)?;
        let merge = key::merge(&self.fingerprints, request);
        let reliable = source.transport.is_reliable();
        let source = Path {
            connection: None,
            ..source
        };
        let mut machine = ServerMachine::new(&request.method, now, self.config.timers, reliable);
        if !response.is_empty() {
            machine.resume(now);
        }
        let mut path = response_path(request, source);
        if reliable && let Ok(via) = request.headers.via() {
            // §18.2.2: its connection is gone.
            path.remote.set_port(via.port.unwrap_or(5060));
        }
        let server = Server {
            machine,
            owner,
            request: Some(request.clone()),
            source,
            path,
            response,
        };
        let server = self.servers.insert(key, merge, server);
        self.settle_server(server);
        Some(server)
    }

    /// Our INVITE's transaction goes on where it was: whatever the peer answers finds it.
    pub(super) fn restore_calling(
        &mut self,
        now: Moment,
        id: UsageId,
        record: CallingRecord,
        credentials: Option<Arc<Credentials>>,
    ) -> Option<Phase> {
        let bytes = Bytes::from(record.invite);
        let request = Request::parse(bytes.clone()).ok()?;
        let branch = request.headers.via().ok()?.branch()?.to_owned();
        let path = Path {
            connection: None,
            ..record.path
        };
        let mut machine = ClientMachine::new(
            &Method::Invite,
            now,
            self.config.timers,
            path.transport.is_reliable(),
        );
        if record.provisional {
            machine.resume(now);
        }
        let client = Client {
            machine,
            owner: ClientOwner::new(Purpose::Invite(id), credentials),
            method: Method::Invite,
            path,
            request: bytes,
            ack: None,
            success_acks: Vec::new(),
            attempts: record.attempts,
        };
        let client = self.adopt_client(&branch, client);
        Some(Phase::Calling(Box::new(Calling {
            client,
            request: Arc::new(request),
            provisional: record.provisional,
            ring_for: record.ring_for,
            ring_until: record.ring_until,
            cancel: Cancel::No,
            rseqs: SmallVec::from_vec(record.rseqs),
            left: None,
        })))
    }

    pub(super) fn restore_unacked(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        record: UnackedRecord,
        first: bool,
    ) {
        let path = Path {
            connection: None,
            ..record.path
        };
        if let Some(invite) = answered_invite(&usage.identity, &record.bytes) {
            self.absorb(now, invite, path);
        }
        usage.unacked = Some(Box::new(Unacked {
            cseq: record.cseq,
            first,
            has_offer: record.has_offer,
            early_answer: None,
            repeat: Repeat::new(now, Bytes::from(record.bytes), path, self.config.timers),
        }));
    }

    /// The transaction of an INVITE that another process said 2xx to: its repeats are no new calls (RFC 6026 §7.1).
    fn absorb(&mut self, now: Moment, invite: Request, path: Path) {
        let Some(key) = key::of_request(&self.fingerprints, &invite) else {
            return;
        };
        let merge = key::merge(&self.fingerprints, &invite);
        let reliable = path.transport.is_reliable();
        let mut machine = ServerMachine::new(&Method::Invite, now, self.config.timers, reliable);
        // It has been sent, and its owner repeats it.
        let _ = machine.respond(now, Class::Success);
        let mut server = Server {
            machine,
            owner: ServerOwner::Nobody,
            request: Some(Arc::new(invite)),
            source: path,
            path,
            response: Bytes::new(),
        };
        server.let_go();
        let server = self.servers.insert(key, merge, server);
        self.settle_server(server);
    }

    fn adopt_client(&mut self, branch: &str, client: Client<ClientOwner>) -> TransactionId {
        let path = client.path;
        let key = key::of_ours(&self.fingerprints, branch, client.method.as_str());
        let id = self.clients.insert(key, None, client);
        self.connections.wait(&path, id);
        self.settle_client(id);
        id
    }
}

/// The INVITE that this 2xx answers, as far as it tells one from another: a response repeats all of that (RFC 3261
/// §8.2.6.2). A peer without the magic cookie is told by its Request-URI, too, which is not known any more.
fn answered_invite(identity: &Identity, response: &[u8]) -> Option<Request> {
    let response = Response::parse(Bytes::copy_from_slice(response)).ok()?;
    let headers = &response.headers;
    let tag = format!(";tag={}", identity.local_tag);
    let vias = headers.all(Name::Via).map(|field| field.value());
    let invite = RequestBuilder::new(&Method::Invite, headers.to().ok()?.uri.as_str())
        .headers(Name::Via, vias)
        .header(Name::From, headers.get(Name::From)?)
        .header(Name::To, identity.local.strip_suffix(&tag)?)
        .header(Name::CallId, headers.get(Name::CallId)?)
        .cseq(headers.cseq().ok()?.number, &Method::Invite)
        .finish();
    Request::parse(invite).ok()
}
