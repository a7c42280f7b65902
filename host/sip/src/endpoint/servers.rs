//! Requests of peers: matched, screened, handed on; and the responses that answer them.

use std::sync::Arc;

use base::Moment;
use bytes::Bytes;

use super::{
    Endpoint, ExtraHeaders, Output, Path, Reply, RequestId, Sleeper, SubscriptionId, UsageId, compose,
};
use crate::transaction::{
    Class, Fingerprint, Report, Server, ServerMachine, Step, TransactionId, Transmit, key,
};
use crate::{Method, Name, Place, Rejected, Request, ResponseBuilder, Status};

/// Who is to answer a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerOwner {
    /// It has been answered; only repeats are to be expected.
    Nobody,
    /// The INVITE of a call.
    Usage(UsageId),
    /// The first SUBSCRIBE of somebody.
    Subscription(SubscriptionId),
    /// The endpoint's user.
    Request(RequestId),
}

impl Endpoint {
    pub(super) fn on_request(&mut self, now: Moment, mut request: Request, source: Path) {
        let Some(key) = key::of_request(&self.fingerprints, &request) else {
            return;
        };
        match (&request.method, self.servers.find(key)) {
            (Method::Ack, known) => self.on_ack(now, &request, known),
            (_, Some(id)) => self.step_server(now, id, |machine| machine.repeat(now)),
            (_, None) => {
                request.stamp(source.remote);
                self.on_new_request(now, key, request, source);
            }
        }
    }

    /// An ACK on the branch of a failure belongs to the transaction; any other one to a dialog.
    fn on_ack(&mut self, now: Moment, request: &Request, known: Option<TransactionId>) {
        let Some(id) = known else {
            return self.on_success_ack(now, request);
        };
        let Some(server) = self.servers.get_mut(id) else {
            return;
        };
        let step = server.machine.ack(now);
        self.carry_out_server(now, id, step);
        if step.report == Some(Report::Ack) {
            self.on_success_ack(now, request);
        }
    }

    fn on_new_request(&mut self, now: Moment, key: Fingerprint, request: Request, source: Path) {
        let limit = self.config.limits.server_transactions;
        if self.servers.len() >= limit {
            // RFC 3261 §21.5.4. Nothing is remembered, so that a flood cannot fill memory.
            self.respond_statelessly(now, &request, source, Status::SERVICE_UNAVAILABLE, "Overloaded");
            return;
        }
        let request = Arc::new(request);
        let merge = key::merge(&self.fingerprints, &request);
        let is_copy = merge.is_some_and(|merge| self.servers.find_merged(merge).is_some());
        let machine = ServerMachine::new(
            &request.method,
            now,
            self.config.timers,
            source.transport.is_reliable(),
        );
        let server = Server {
            machine,
            owner: ServerOwner::Nobody,
            request: Some(request.clone()),
            source,
            path: response_path(&request, source),
            response: Bytes::new(),
        };
        let merge = merge.filter(|_| !is_copy && request.method != Method::Cancel);
        let id = self.servers.insert(key, merge, server);
        if let Err(refusal) = self.screen(&request, is_copy) {
            self.answer(now, id, refusal);
        } else {
            self.hand_on(now, id, request, source);
        }
        self.settle_server(id);
    }

    fn hand_on(&mut self, now: Moment, id: TransactionId, request: Arc<Request>, source: Path) {
        if request.method == Method::Cancel {
            return self.on_cancel(now, id, &request);
        }
        let to_tag = request.headers.to_tag();
        match to_tag {
            Some(tag) => match (self.usage_of(&request, tag), self.subscription_of(&request, tag)) {
                (Some(usage), _) => self.on_request_in_dialog(now, usage, id, request),
                (None, Some(subscription)) => {
                    self.on_request_in_subscription(now, subscription, id, request, source);
                }
                (None, None) => self.on_orphan(now, id, request, source),
            },
            None if request.method == Method::Invite => self.on_invite(now, id, request, source),
            None => self.on_request_outside(now, id, request, source),
        }
    }

    /// A request without a To tag that is no INVITE: for the endpoint's user, unless it makes sense in a dialog
    /// only (RFC 3261 §12.2.2, RFC 6086 §4.2.2).
    fn on_request_outside(&mut self, now: Moment, id: TransactionId, request: Arc<Request>, source: Path) {
        let name = request.method.as_str();
        let handled = self.config.handles.iter().any(|known| known == name);
        match request.method {
            Method::Options => self.ask_user(id, request, source),
            Method::Bye | Method::Prack | Method::Update => self.answer(now, id, Reply::new(481)),
            Method::Subscribe if !self.config.packages.is_empty() => {
                self.on_subscribe(now, id, request, source)
            }
            _ if handled => self.ask_user(id, request, source),
            Method::Info => self.answer(now, id, Reply::new(481)),
            _ => {
                let reply = Reply::new(405).header("Allow", &self.words.allow);
                self.answer(now, id, reply);
            }
        }
    }

    /// A request for a dialog that is not, or no longer, here (§12.2.2). Some put a tag where there is no dialog.
    fn on_orphan(&mut self, now: Moment, id: TransactionId, request: Arc<Request>, source: Path) {
        match request.method {
            Method::Register | Method::Publish => self.on_request_outside(now, id, request, source),
            _ => self.answer(now, id, Reply::new(481)),
        }
    }

    /// §9.2: the CANCEL is answered itself, then has its effect if there is still something to cancel.
    fn on_cancel(&mut self, now: Moment, id: TransactionId, cancel: &Request) {
        let target = key::cancelled(&self.fingerprints, cancel).and_then(|key| self.servers.find(key));
        let Some((target, server)) = target.and_then(|id| Some((id, self.servers.get(id)?))) else {
            return self.answer(now, id, Reply::new(481));
        };
        let (owner, is_open) = (server.owner, server.machine.is_open());
        self.answer(now, id, Reply::new(200));
        if !is_open {
            return;
        }
        match owner {
            ServerOwner::Usage(usage) => self.on_invite_cancelled(now, usage, cancel),
            ServerOwner::Request(request) => {
                self.withdraw(request);
                self.answer(now, target, Reply::new(487));
            }
            // §9.1: a CANCEL for anything but an INVITE has no effect; theirs is as good as answered.
            ServerOwner::Nobody | ServerOwner::Subscription(_) => {}
        }
    }

    /// Answers a request with a response that needs no dialog.
    pub(super) fn answer(&mut self, now: Moment, id: TransactionId, reply: Reply) {
        let Some(request) = self.servers.get(id).and_then(|server| server.request.as_deref()) else {
            return;
        };
        let tag = self.tag_for(request);
        self.answer_tagged(now, id, &reply, &tag, &ExtraHeaders::new());
    }

    /// Answers with this To tag. `ours` are header fields that the endpoint adds.
    pub(super) fn answer_tagged(
        &mut self,
        now: Moment,
        id: TransactionId,
        reply: &Reply,
        tag: &str,
        ours: &ExtraHeaders,
    ) {
        let Some(server) = self.servers.get(id) else {
            return;
        };
        let Some(mut builder) = begin(server, reply, Some(tag)) else {
            return;
        };
        builder = ours
            .iter()
            .fold(builder, |builder, (name, value)| builder.header(name, value));
        builder = builder.header_if(Name::Server, self.words.product.as_deref());
        let bytes = compose::finish_response(builder, &reply.headers, reply.body.as_ref());
        self.send_response(now, id, reply.status, bytes);
    }

    /// Gives a response to the transaction, which sends it.
    pub(super) fn send_response(&mut self, now: Moment, id: TransactionId, status: u16, bytes: Bytes) {
        let Some(server) = self.servers.get_mut(id) else {
            return;
        };
        server.response = bytes;
        if status >= 200 {
            server.owner = ServerOwner::Nobody;
        }
        self.step_server(now, id, |machine| machine.respond(now, Class::of(status)));
        if let Some(server) = self.servers.get_mut(id) {
            server.let_go();
        }
    }

    /// The To tag of responses outside of dialogs: the same for the same request, so that nothing needs
    /// to be kept (§8.2.7).
    fn tag_for(&self, request: &Request) -> String {
        let headers = &request.headers;
        let call_id = headers.get(Name::CallId).unwrap_or_default();
        let cseq = headers.get(Name::CSeq).unwrap_or_default();
        let from = headers.get(Name::From).unwrap_or_default();
        self.fingerprints.of(&["tag", call_id, cseq, from]).tag()
    }

    /// Refuses without remembering anything (§8.2.7).
    fn respond_statelessly(
        &mut self,
        now: Moment,
        request: &Request,
        source: Path,
        status: Status,
        reason: &str,
    ) {
        if !self.flood.admits(now, self.config.limits.stateless_answers) {
            return;
        }
        let tag = self.tag_for(request);
        let builder = ResponseBuilder::with_reason(request, status, reason, Some(&tag));
        let builder = match status {
            Status::SERVICE_UNAVAILABLE => builder.header(Name::RetryAfter, "5"),
            _ => builder,
        };
        let bytes = builder
            .header_if(Name::Server, self.words.product.as_deref())
            .finish();
        self.send(response_path(request, source), bytes);
    }

    /// A request that cannot be read gets its answer if that can find its way, else silence. What is no
    /// message at all ends the connection that it came on.
    pub(super) fn on_rejected(&mut self, now: Moment, rejected: &Rejected, source: Path) {
        let Some(request) = rejected.answerable() else {
            let is_noise = matches!(rejected.error.place, Place::StartLine | Place::Message);
            if let Some(connection) = source.connection.filter(|_| is_noise) {
                self.outputs.push_back(Output::Close { connection });
            }
            return;
        };
        let reason = match rejected.error.status() {
            Status::BAD_REQUEST => format!("Bad Request ({})", rejected.error),
            status => status.reason().to_owned(),
        };
        let mut request = request.clone();
        request.stamp(source.remote);
        self.respond_statelessly(now, &request, source, rejected.error.status(), &reason);
    }

    pub(super) fn step_server(
        &mut self,
        now: Moment,
        id: TransactionId,
        step: impl FnOnce(&mut ServerMachine) -> Step,
    ) {
        let Some(server) = self.servers.get_mut(id) else {
            return;
        };
        let step = step(&mut server.machine);
        self.carry_out_server(now, id, step);
        self.settle_server(id);
    }

    fn carry_out_server(&mut self, now: Moment, id: TransactionId, step: Step) {
        let Some(server) = self.servers.get_mut(id) else {
            return;
        };
        let owner = server.owner;
        if step.transmit == Some(Transmit::Trying)
            && let Some(builder) = begin(server, &Reply::new(100), None)
        {
            server.response = builder.finish();
        }
        let Some(server) = self.servers.get(id) else {
            return;
        };
        let answers = matches!(step.transmit, Some(Transmit::Response | Transmit::Trying));
        if answers && !server.response.is_empty() {
            let path = self.way_back(server);
            let bytes = server.response.clone();
            self.send(path, bytes);
        }
        match (step.report, owner) {
            (Some(Report::Timeout | Report::Transport), ServerOwner::Request(request)) => {
                self.withdraw(request);
            }
            (Some(Report::Timeout | Report::Transport), ServerOwner::Subscription(subscription)) => {
                self.on_subscribe_abandoned(subscription);
            }
            (Some(Report::Transport), ServerOwner::Usage(usage)) => self.on_caller_lost(now, usage),
            (Some(Report::Timeout), ServerOwner::Usage(_)) => {}
            (Some(Report::Ack | Report::Response) | None, _) => {}
            (Some(Report::Timeout | Report::Transport), ServerOwner::Nobody) => {}
        }
    }

    /// §18.2.2: once the connection of a request is gone, the address in its Via is to be tried.
    pub(super) fn way_back(&self, server: &Server<ServerOwner>) -> Path {
        if !self.connections.is_gone(&server.path) {
            return server.path;
        }
        let via = server
            .request
            .as_ref()
            .and_then(|request| request.headers.via().ok());
        let port = via.and_then(|via| via.port).unwrap_or(5060);
        let mut path = server.path;
        path.connection = None;
        path.remote.set_port(port);
        path
    }

    pub(super) fn timeout_server(&mut self, now: Moment, id: TransactionId) {
        while let Some(step) = self
            .servers
            .get_mut(id)
            .and_then(|server| server.machine.timeout(now))
        {
            self.carry_out_server(now, id, step);
        }
        self.settle_server(id);
    }

    /// Drops the transaction when it is over, else makes sure that it is woken.
    pub(super) fn settle_server(&mut self, id: TransactionId) {
        let Some(server) = self.servers.get(id) else {
            return;
        };
        if server.machine.is_over() {
            self.servers.remove(id);
            return;
        }
        let next = server.machine.next_timeout();
        if let Some(wake) = self.servers.wake_mut(id) {
            self.queue.arm(Sleeper::Server(id), wake, next);
        }
    }
}

/// Status line and the headers that every response copies.
pub(super) fn begin(
    server: &Server<ServerOwner>,
    reply: &Reply,
    tag: Option<&str>,
) -> Option<ResponseBuilder> {
    let status = Status::new(reply.status)?;
    let reason = reply.reason.as_deref().unwrap_or(status.reason());
    let request = server.request.as_deref()?;
    Some(ResponseBuilder::with_reason(request, status, reason, tag))
}

/// Where a response goes (RFC 3261 §18.2.2, RFC 3581 §4): back on the connection; over UDP to the address that the
/// packet came from, at the port that it came from if the peer asks for that, else at the one in its Via.
/// `maddr` is not honoured: it would let anybody point us at a third party.
pub(super) fn response_path(request: &Request, source: Path) -> Path {
    if source.transport.is_reliable() {
        return source;
    }
    let Ok(via) = request.headers.via() else {
        return source;
    };
    match via.rport() {
        crate::header::Rport::Absent => {
            let mut path = source;
            path.remote.set_port(via.port.unwrap_or(5060));
            path
        }
        crate::header::Rport::Asked | crate::header::Rport::Port(_) => source,
    }
}
