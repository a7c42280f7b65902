//! Our requests: sent, repeated, authenticated, and their outcome handed to whoever asked.

use std::sync::Arc;

use base::Moment;
use bytes::Bytes;

use super::purpose::{ClientOwner, Outcome, Purpose};
use super::usage::Usage;
use super::{CommandError, Endpoint, Event, Failure, Path, Sleeper, compose};
use crate::digest::{self, Challenge, Login};
use crate::transaction::{Class, Client, ClientMachine, Report, Step, TransactionId, Transmit, key};
use crate::{Edit, Method, Name, Request, Response};

/// How often one request is sent anew because of what its answer said.
const MAX_ATTEMPTS: u8 = 3;

impl Endpoint {
    /// # Errors
    ///
    /// [`CommandError::Full`] when another client transaction is not to be had.
    pub(super) fn room_for_request(&self) -> Result<(), CommandError> {
        if self.clients.len() < self.config.limits.client_transactions {
            Ok(())
        } else {
            Err(CommandError::Full)
        }
    }

    /// A new Via for `path`: the branch, then the value.
    pub(super) fn via(&mut self, path: &Path, uri: &str) -> (String, String) {
        compose::via(&mut self.random, &self.fingerprints, path, uri)
    }

    /// Sends a request in a transaction of its own.
    pub(super) fn start(
        &mut self,
        now: Moment,
        owner: ClientOwner,
        method: Method,
        path: Path,
        branch: &str,
        request: Bytes,
    ) -> TransactionId {
        let path = self.connections.current(path);
        let client = Client {
            machine: ClientMachine::new(&method, now, self.config.timers, path.transport.is_reliable()),
            owner,
            path,
            request,
            ack: None,
            success_acks: Vec::new(),
            attempts: 0,
            method,
        };
        self.launch(now, branch, client)
    }

    fn launch(&mut self, now: Moment, branch: &str, mut client: Client<ClientOwner>) -> TransactionId {
        self.enlarge(now, branch, &mut client);
        let (path, bytes) = (client.path, client.request.clone());
        let key = key::of_ours(&self.fingerprints, branch, client.method.as_str());
        let id = self.clients.insert(key, None, client);
        self.connections.wait(&path, id);
        self.send(path, bytes);
        self.settle_client(id);
        id
    }

    /// §18.1.2, §8.1.3: a response belongs to the transaction whose branch it bears, or to one of an earlier process.
    pub(super) fn on_response(&mut self, now: Moment, response: Response, path: Path) {
        if response.headers.values(Name::Via).nth(1).is_some() {
            return; // §8.1.3.3: it was meant for somebody else.
        }
        let key = key::of_response(&self.fingerprints, &response);
        let known = key.and_then(|key| self.clients.find(key).or_else(|| self.wake_late(now, key)));
        let Some(id) = known else {
            return self.on_unknown(&response);
        };
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        if client.path.transport == path.transport && client.path.connection.is_none() {
            // The connection that was opened for the request: what follows goes there, and ends with it.
            client.path.connection = path.connection;
            self.connections.wait(&path, id);
        }
        client.owner.fallback = None;
        let step = client.machine.respond(now, Class::of(response.status.code()));
        if step.transmit == Some(Transmit::Ack) && client.ack.is_none() {
            client.ack = failure_ack(&client.request, &response);
        }
        self.transmit_client(id, step);
        if step.report == Some(Report::Response) {
            self.on_outcome(now, id, Ok(Arc::new(response)));
        }
        self.settle_client(id);
    }

    pub(super) fn timeout_client(&mut self, now: Moment, id: TransactionId) {
        while let Some(step) = self
            .clients
            .get_mut(id)
            .and_then(|client| client.machine.timeout(now))
        {
            self.carry_out_client(now, id, step);
        }
        self.settle_client(id);
    }

    pub(super) fn fail_client(&mut self, now: Moment, id: TransactionId) {
        if self.fall_back(now, id) {
            return;
        }
        let Some(client) = self.clients.get_mut(id) else {
            return;
        };
        let step = client.machine.transport_error(now);
        self.carry_out_client(now, id, step);
        self.settle_client(id);
    }

    fn carry_out_client(&mut self, now: Moment, id: TransactionId, step: Step) {
        self.transmit_client(id, step);
        match step.report {
            Some(Report::Timeout) => self.on_outcome(now, id, Err(Failure::Timeout)),
            Some(Report::Transport) => self.on_outcome(now, id, Err(Failure::Transport)),
            Some(Report::Response | Report::Ack) | None => {}
        }
    }

    fn transmit_client(&mut self, id: TransactionId, step: Step) {
        let Some(client) = self.clients.get(id) else {
            return;
        };
        let bytes = match step.transmit {
            Some(Transmit::Request) => Some(client.request.clone()),
            Some(Transmit::Ack) => client.ack.clone(),
            Some(Transmit::Response | Transmit::Trying) | None => None,
        };
        if let Some(bytes) = bytes {
            let path = client.path;
            self.send(path, bytes);
        }
    }

    /// The call that this request was for has ended.
    pub(super) fn abandon(&mut self, now: Moment, id: TransactionId) {
        if let Some(client) = self.clients.get_mut(id) {
            client.machine.abandon(now);
        }
        self.settle_client(id);
    }

    /// Drops the transaction when it is over, else makes sure that it is woken.
    pub(super) fn settle_client(&mut self, id: TransactionId) {
        let Some(client) = self.clients.get(id) else {
            return;
        };
        if client.machine.is_over() {
            return self.drop_client(id);
        }
        let next = client.machine.next_timeout();
        if let Some(wake) = self.clients.wake_mut(id) {
            self.queue.arm(Sleeper::Client(id), wake, next);
        }
    }

    pub(super) fn drop_client(&mut self, id: TransactionId) {
        if let Some((key, client)) = self.clients.take(id) {
            self.connections.done(&client.path, id);
            self.late.remember(key, client);
        }
    }

    fn on_outcome(&mut self, now: Moment, id: TransactionId, outcome: Outcome) {
        let Some(client) = self.clients.get(id) else {
            return;
        };
        let (purpose, method) = (client.owner.purpose, client.method.clone());
        if let Ok(response) = &outcome
            && matches!(response.status.code(), 401 | 407)
            && self.authenticate(now, id, response)
        {
            return;
        }
        let is_final = outcome
            .as_ref()
            .map_or(true, |response| response.status.is_final());
        match purpose {
            Purpose::Invite(usage) => self.on_invite_outcome(now, usage, id, outcome),
            Purpose::Change(usage) => self.on_change_outcome(now, usage, id, outcome),
            Purpose::Nothing => self.on_stray_outcome(now, id, outcome),
            _ if !is_final => {}
            Purpose::Bye => {}
            Purpose::Leave(usage) => self.farewell_over(usage),
            Purpose::Prack(usage) => self.on_prack_outcome(now, usage, outcome),
            Purpose::InDialog(usage, request) => {
                self.on_in_dialog_outcome(now, usage, request, &method, outcome)
            }
            Purpose::Outside(request_id) => {
                self.tell(Event::Response {
                    request_id,
                    result: outcome,
                });
            }
            Purpose::Subscription(subscription) => {
                self.on_subscription_outcome(now, subscription, id, outcome);
            }
        }
    }

    /// Answers a challenge (§22.2, §22.3), unless there is nothing to answer it with, or the answer was
    /// refused already: a second challenge is only worth another try when it says `stale`. Nor for an INVITE that nobody
    /// waits for any more.
    fn authenticate(&mut self, now: Moment, id: TransactionId, response: &Response) -> bool {
        let Some(client) = self.clients.get(id) else {
            return false;
        };
        let is_given_up = match client.owner.purpose {
            Purpose::Nothing => client.method == Method::Invite,
            purpose => purpose.usage().is_some_and(|usage| self.is_given_up(usage)),
        };
        if is_given_up {
            return false;
        }
        let Some(credentials) = client.owner.credentials.clone() else {
            return false;
        };
        let Ok(request) = Request::parse(client.request.clone()) else {
            return false;
        };
        let challenges = Challenge::all(response);
        let tried = |challenge: &Challenge| request.headers.has(challenge.answer_name());
        if challenges.is_empty() || challenges.iter().any(|one| tried(one) && !one.stale) {
            return false;
        }
        let login = Login {
            user: &credentials.user,
            password: &credentials.password,
        };
        let mut edits = Edits::default();
        for challenge in &challenges {
            let cnonce = self.random.token(16);
            let uri = request.uri_text();
            let answer = digest::answer(challenge, &login, &request.method, uri, &request.body, 1, &cnonce);
            edits.push((challenge.answer_name(), answer));
        }
        let Some(purpose) = self.clients.get(id).map(|client| client.owner.purpose) else {
            return false;
        };
        let cseq = self.next_cseq(purpose, &request);
        let Some(again) = self.send_again(now, id, &request, cseq, edits) else {
            return false;
        };
        if let Some(usage) = purpose.usage().and_then(|usage| self.usages.get_mut(&usage)) {
            usage.adopt(purpose, again);
        }
        match purpose {
            Purpose::Subscription(subscription) => self.subscriptions.adopt(subscription, again),
            Purpose::Leave(usage) => self.takes_leave(usage, again),
            _ => {}
        }
        true
    }

    /// [`send_again`](Self::send_again) for a request of this call.
    pub(super) fn send_again_for(
        &mut self,
        now: Moment,
        usage: &mut Usage,
        id: TransactionId,
        request: &Request,
        edits: Edits,
    ) -> bool {
        let Some(purpose) = self.clients.get(id).map(|client| client.owner.purpose) else {
            return false;
        };
        let cseq = usage.next_cseq();
        let again = self.send_again(now, id, request, cseq, edits);
        if let Some(again) = again {
            usage.adopt(purpose, again);
        }
        again.is_some()
    }

    /// Sends a request anew, changed, as its next attempt: a new branch and the next CSeq (§8.1.3.5). None when
    /// there have been too many attempts; then nothing is sent.
    pub(super) fn send_again(
        &mut self,
        now: Moment,
        id: TransactionId,
        request: &Request,
        cseq: u32,
        edits: Edits,
    ) -> Option<TransactionId> {
        let client = self.clients.get_mut(id)?;
        if client.attempts >= MAX_ATTEMPTS {
            return None;
        }
        let owner = client.owner.clone();
        client.owner = ClientOwner::new(Purpose::Nothing, None);
        let (path, method, attempts) = (client.path, client.method.clone(), client.attempts + 1);
        let (branch, via) = self.via(&path, request.uri_text());
        let cseq_line = format!("{cseq} {method}");
        let mut edit = Edit::request(request)
            .set(Name::Via, &via)
            .set(Name::CSeq, &cseq_line);
        for (name, value) in &edits {
            edit = edit.set(*name, value);
        }
        let bytes = edit.finish();
        let machine = ClientMachine::new(&method, now, self.config.timers, path.transport.is_reliable());
        let again = Client {
            machine,
            owner,
            path,
            request: bytes,
            ack: None,
            success_acks: Vec::new(),
            attempts,
            method,
        };
        Some(self.launch(now, &branch, again))
    }

    fn next_cseq(&mut self, purpose: Purpose, request: &Request) -> u32 {
        if let Purpose::Subscription(subscription) = purpose
            && let Some(cseq) = self.subscriptions.next_cseq(subscription)
        {
            return cseq;
        }
        let usage = purpose.usage().and_then(|usage| self.usages.get_mut(&usage));
        match usage {
            Some(usage) => usage.next_cseq(),
            None => request
                .headers
                .cseq()
                .map_or(1, |cseq| cseq.number.saturating_add(1) & (u32::MAX >> 1)),
        }
    }
}

/// Headers to replace when a request is sent anew.
pub(super) type Edits = smallvec::SmallVec<[(Name, String); 2]>;

/// §17.1.1.3: the ACK for a failure, with the response's To.
fn failure_ack(request: &Bytes, response: &Response) -> Option<Bytes> {
    let sent = Request::parse(request.clone()).ok()?;
    compose::companion(&sent, &Method::Ack, response.headers.get(Name::To)?, None)
}
