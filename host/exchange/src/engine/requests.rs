//! Requests outside of calls: who may speak to us, REGISTER, OPTIONS.
//!
//! A stranger costs one hash and one 401 (RFC 3261 §22, RFC 8760): nothing is kept until credentials hold.

use std::sync::Arc;

use base::Pii;
use sip::digest::{Algorithm, Ha1, Verdict};
use sip::endpoint::{ConnectionId, Path, Reply, RequestId, Termination, Transport};
use sip::registrar::{Policy, RegisterError, Source};
use sip::{Method, Name, Request};

use super::lookup::{of_trunk, trunk_account};
use super::registration::Registration;
use super::{Exchange, OfTenant};
use crate::directory::{Access, Credentials, Tenant, TenantView};
use crate::io::{AdminId, Output, Ticket, Write};
use crate::report::Fact;

/// An answer that waits for its writes.
#[derive(Debug)]
pub(crate) enum Waiting {
    Sip {
        request: RequestId,
        reply: Reply,
    },
    Admin {
        id: AdminId,
        response: crate::admin::Response,
    },
}

/// Who spoke, once that is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    Device(Arc<str>),
    Trunk(Arc<str>),
}

impl Exchange {
    pub(super) fn request(&mut self, id: RequestId, request: &Request, path: Path) {
        match request.method {
            Method::Register => self.register(id, request, path),
            Method::Options => {
                let reply = Reply::new(200).header("Accept", "application/sdp");
                let _ = self.sip.respond(self.now, id, reply);
            }
            Method::Message => self.text(id, request, path),
            _ => self.respond(id, 405),
        }
    }

    /// The tenant that a request is for: by its domain, else, when it was sent to our bare address, by that of From.
    pub(super) fn tenant_of(&self, request: &Request) -> Option<Arc<TenantView>> {
        let of_uri = request.uri().ok().map(|uri| uri.host().to_string());
        let of_from = request
            .headers
            .from()
            .ok()
            .map(|from| from.uri.host().to_string());
        let by_domain = |domain: String| self.directory.tenant_by_domain(&domain).cloned();
        of_uri.and_then(by_domain).or_else(|| of_from.and_then(by_domain))
    }

    /// Whose credentials a request carries.
    ///
    /// # Errors
    ///
    /// The answer to send instead: 401 with a challenge, 400, 403.
    pub(super) fn authenticate(
        &mut self,
        request: &Request,
        path: Path,
        tenant: &TenantView,
    ) -> Result<Account, Box<Reply>> {
        let document = tenant.tenant();
        let is_taken = |credentials: &sip::digest::Credentials<'_>| {
            let algorithm = Algorithm::parse(&credentials.algorithm);
            credentials.realm == document.realm.as_str()
                && algorithm.is_none_or(|algorithm| document.digest.algorithms().contains(&algorithm))
        };
        let credentials = request
            .headers
            .all(Name::Authorization)
            .filter_map(|field| sip::digest::Credentials::parse(field.value()).ok())
            .find(is_taken);
        let Some(credentials) = credentials else {
            return Err(self.challenge(document, false));
        };
        let found = account(tenant, &credentials.username);
        let secret = match &found {
            Some((_, secret)) => self.ha1(secret),
            None => self.digest.decoy(),
        };
        let verdict = self.digest.verify(self.now, request, &credentials, &secret);
        match (verdict, found) {
            (Verdict::Accepted, Some((account, _))) => Ok(account),
            (Verdict::Stale, Some(_)) => Err(self.challenge(document, true)),
            (Verdict::Malformed, _) => Err(Box::new(Reply::new(400).reason("Bad Credentials"))),
            (Verdict::Denied, _) | (_, None) => {
                let id = tenant.id().text().clone();
                let fact = Fact::Refused {
                    account: Pii(credentials.username.to_string()),
                    from: path.remote,
                    status: 401,
                };
                self.report_for(&id, None, None, None, fact);
                Err(self.challenge(document, false))
            }
        }
    }

    fn challenge(&mut self, tenant: &Tenant, stale: bool) -> Box<Reply> {
        let algorithms = tenant.digest.algorithms();
        let lines = self
            .digest
            .challenge_with(self.now, &tenant.realm, stale, algorithms);
        let reply = lines.into_iter().fold(Reply::new(401), |reply, line| {
            reply.header("WWW-Authenticate", line)
        });
        Box::new(reply)
    }

    /// The stored hashes in the stack's words; one that is missing can match nothing.
    fn ha1(&self, credentials: &Credentials) -> Ha1 {
        match (&credentials.ha1_md5, &credentials.ha1_sha256) {
            (Some(md5), Some(sha256)) => Ha1::from_hashes(md5.0, sha256.0),
            (None, _) | (_, None) => self.digest.decoy(),
        }
    }
}

/// Registering (RFC 3261 §10.3).
impl Exchange {
    fn register(&mut self, id: RequestId, request: &Request, path: Path) {
        let Some(tenant) = self.tenant_of(request) else {
            self.respond(id, 404);
            return;
        };
        let account = match self.authenticate(request, path, &tenant) {
            Ok(account) => account,
            Err(reply) => {
                let _ = self.sip.respond(self.now, id, *reply);
                return;
            }
        };
        if !is_own_address(request, &tenant, &account) {
            self.respond(id, 403);
            return;
        }
        let (tenant, name) = (tenant.id().text().clone(), registered_name(&account));
        let reply = match self.change_bindings(&tenant, &name, request, path) {
            Ok(true) => {
                self.answer_once_durable(id, &tenant, &name);
                return;
            }
            Ok(false) => self.registered_reply(&tenant, &name),
            Err(error) => refusal(&error),
        };
        let _ = self.sip.respond(self.now, id, reply);
    }

    /// Whether anything changed, so that it has to be kept.
    fn change_bindings(
        &mut self,
        tenant: &Arc<str>,
        name: &Arc<str>,
        request: &Request,
        path: Path,
    ) -> Result<bool, RegisterError> {
        let seconds = |length: std::time::Duration| u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
        let policy = Policy {
            min_expires: seconds(self.config.registration.min),
            default_expires: seconds(self.config.registration.default),
            max_expires: seconds(self.config.registration.max),
            ..Policy::default()
        };
        let source = Source {
            remote: path.remote,
            local: path.local,
            reliable: path.transport == Transport::Tcp,
            connection: path.connection.map(|connection| connection.0),
        };
        let now = self.now;
        let registration = self
            .registrations
            .entry(tenant.clone())
            .or_default()
            .entry(name.clone())
            .or_default();
        let mut bindings = registration.bindings();
        let done = bindings.register(now, request, &source, &policy)?;
        registration.keep(&bindings);
        if done.bound.is_empty() && done.removed.is_empty() {
            return Ok(false);
        }
        if let Some(connection) = path.connection {
            let over = self.connections.entry(connection).or_default();
            let who = (tenant.clone(), name.clone());
            if !over.contains(&who) {
                over.push(who);
            }
        }
        self.bindings_changed(tenant, name, Some(path));
        Ok(true)
    }

    fn answer_once_durable(&mut self, request: RequestId, tenant: &Arc<str>, name: &Arc<str>) {
        let reply = self.registered_reply(tenant, name);
        let write = self.registration_record(tenant, name);
        let ticket = self.ticket(Waiting::Sip { request, reply });
        self.outbox.push_back(Output::Persist {
            writes: vec![write],
            ticket: Some(ticket),
        });
    }

    fn registered_reply(&self, tenant: &str, name: &str) -> Reply {
        let contacts = self
            .bindings_of(tenant, name)
            .map(|bindings| bindings.contacts(self.now))
            .unwrap_or_default();
        contacts
            .into_iter()
            .fold(Reply::new(200), |reply, contact| reply.header("Contact", contact))
    }

    fn registration_record(&self, tenant: &str, name: &str) -> Write {
        let key = format!("registration/{tenant}/{name}");
        match self.registration(tenant, name).and_then(Registration::packed) {
            Some(packed) => Write::put(key, packed.to_vec()),
            None => Write::remove(key),
        }
    }

    /// Sets the clock for the next expiry, and tells everybody who depends on the device.
    pub(super) fn bindings_changed(&mut self, tenant: &Arc<str>, name: &Arc<str>, path: Option<Path>) {
        let now = self.now;
        let Some(registration) = self.registrations.get_mut(tenant).and_then(|of| of.get_mut(name)) else {
            return;
        };
        let bindings = registration.bindings();
        let (contacts, next) = (bindings.live(now).len(), bindings.next_expiry());
        let old = registration.timer.take();
        if let Some(old) = old {
            self.timers.cancel(old);
        }
        let timer = next.map(|at| {
            let due = OfTenant::Registration {
                tenant: tenant.clone(),
                device: name.clone(),
            };
            self.timers.set(at, due.into())
        });
        if let Some(of) = self.registrations.get_mut(tenant) {
            match (timer, of.get_mut(name)) {
                (Some(timer), Some(registration)) => registration.timer = Some(timer),
                (None, _) => drop(of.remove(name)),
                (Some(_), None) => {}
            }
        }
        let fact = Fact::Registration {
            device: name.clone(),
            contacts,
            from: path.map(|path| path.remote),
        };
        self.report_for(tenant, None, None, None, fact);
        self.device_changed(tenant, name);
        if contacts == 0 {
            self.device_watches_no_more(tenant, name, Termination::Deactivated);
        }
        if let Some(trunk) = of_trunk(name) {
            match contacts {
                0 => self.trunk_is_lost(tenant, trunk),
                _ => self.trunk_is_back(tenant, trunk),
            }
        }
    }

    fn device_changed(&mut self, tenant: &Arc<str>, device: &str) {
        let lines: Vec<Arc<str>> = match self.tenant(tenant) {
            Some(view) => match view.device(device) {
                Some(device) => view
                    .lines_of_device(device)
                    .map(|line| line.id.text().clone())
                    .collect(),
                None => return,
            },
            None => return,
        };
        for line in lines {
            self.line_changed(tenant, &line);
        }
    }

    pub(super) fn registration_expires(&mut self, tenant: &Arc<str>, name: &Arc<str>) {
        let now = self.now;
        let Some(registration) = self.registrations.get_mut(tenant).and_then(|of| of.get_mut(name)) else {
            return;
        };
        registration.timer = None;
        let mut bindings = registration.bindings();
        bindings.expire(now);
        registration.keep(&bindings);
        self.keep_bindings(tenant, name);
    }

    /// Contacts that were reached over a connection cannot be reached any more (RFC 5626 §5.3).
    pub(super) fn connection_lost(&mut self, connection: ConnectionId) {
        for (tenant, name) in self.connections.remove(&connection).unwrap_or_default() {
            let Some(registration) = self
                .registrations
                .get_mut(&tenant)
                .and_then(|of| of.get_mut(&name))
            else {
                continue;
            };
            let mut bindings = registration.bindings();
            if !bindings.disconnected(connection.0).is_empty() {
                registration.keep(&bindings);
                self.keep_bindings(&tenant, &name);
            }
        }
    }

    fn keep_bindings(&mut self, tenant: &Arc<str>, name: &Arc<str>) {
        let write = self.registration_record(tenant, name);
        self.bindings_changed(tenant, name, None);
        self.outbox.push_back(Output::Persist {
            writes: vec![write],
            ticket: None,
        });
    }
}

/// Writes that somebody waits for.
impl Exchange {
    pub(super) fn ticket(&mut self, waiting: Waiting) -> Ticket {
        let ticket = Ticket(self.ids.next());
        self.waiting.insert(ticket, waiting);
        ticket
    }

    pub(super) fn durable(&mut self, ticket: Ticket) {
        match self.waiting.remove(&ticket) {
            Some(Waiting::Sip { request, reply }) => {
                let _ = self.sip.respond(self.now, request, reply);
            }
            Some(Waiting::Admin { id, response }) => self.outbox.push_back(Output::Reply { id, response }),
            None => {}
        }
    }
}

/// The device or trunk with a digest user name.
fn account(tenant: &TenantView, username: &str) -> Option<(Account, Credentials)> {
    if let Some(device) = tenant.device_by_username(username) {
        let credentials = device.credentials.clone()?;
        return Some((Account::Device(device.id.text().clone()), credentials));
    }
    let trunk = tenant.trunk_by_username(username)?;
    match &trunk.access {
        Access::Registered { credentials } => {
            Some((Account::Trunk(trunk.id.text().clone()), credentials.clone()))
        }
        Access::Address { .. } | Access::Register { .. } => None,
    }
}

/// What a registration is kept under.
fn registered_name(account: &Account) -> Arc<str> {
    match account {
        Account::Device(device) => device.clone(),
        Account::Trunk(trunk) => trunk_account(trunk).into(),
    }
}

/// Whether the address-of-record in To is the account's own (RFC 3261 §10.3 step 4): its user name, its id, or
/// a number of its lines.
fn is_own_address(request: &Request, tenant: &TenantView, account: &Account) -> bool {
    let Ok(to) = request.headers.to() else {
        return false;
    };
    let Some(user) = to.uri.user() else {
        return false;
    };
    match account {
        Account::Device(id) => tenant.device(id).is_some_and(|device| {
            let username = device
                .credentials
                .as_ref()
                .is_some_and(|own| own.username == user);
            let number = || {
                tenant
                    .find_line(&user)
                    .is_some_and(|line| tenant.lines_of_device(device).any(|own| own.id == line.id))
            };
            username || **id == *user || number()
        }),
        Account::Trunk(id) => tenant
            .trunk(id)
            .is_some_and(|trunk| trunk.registering_username() == Some(&*user)),
    }
}

fn refusal(error: &RegisterError) -> Reply {
    let reply = Reply::new(error.status().code());
    match error {
        RegisterError::TooBrief { min } => reply.header("Min-Expires", min.to_string()),
        RegisterError::Malformed(_)
        | RegisterError::Wildcard
        | RegisterError::OutOfOrder
        | RegisterError::TooMany { .. }
        | RegisterError::TooLong => reply,
    }
}
