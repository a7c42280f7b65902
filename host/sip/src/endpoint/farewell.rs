//! The BYE or CANCEL of a call that has ended: it may have to be said by the next process.
//!
//! A call that its user has ended is gone at once, while its BYE is repeated in the background. Should the process die
//! meanwhile, the peer would never hear of the end. So the request itself can be kept, and said again as it was.

use std::sync::Arc;

use base::Moment;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::purpose::{ClientOwner, Purpose};
use super::usage::Usage;
use super::{Credentials, Endpoint, Path, UsageId, compose};
use crate::transaction::TransactionId;
use crate::{Method, Request};

/// What is still to be said to the peer of a call that has ended: a BYE or CANCEL. Opaque but for serialising it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    request: Vec<u8>,
    path: Path,
    /// User and password.
    credentials: Option<(String, String)>,
}

impl Farewell {
    fn new(request: &Bytes, path: Path, credentials: Option<&Credentials>) -> Self {
        Self {
            request: request.to_vec(),
            path,
            credentials: credentials.map(|own| (own.user.clone(), own.password.clone())),
        }
    }
}

/// Calls that have ended for their user, but not for the peer yet.
impl Endpoint {
    /// The BYE or CANCEL that still waits for its answer, or to be sent; none when the peer knows.
    pub fn farewell(&mut self, usage: UsageId) -> Option<Farewell> {
        if let Some(client) = self.farewells.get(&usage).and_then(|id| self.clients.get(*id)) {
            let credentials = client.owner.credentials.as_deref();
            return Some(Farewell::new(&client.request, client.path, credentials));
        }
        self.with_usage(usage, |endpoint, usage| endpoint.held_back(usage))?
    }

    /// Says what another process had left to say.
    pub fn take_leave(&mut self, now: Moment, farewell: Farewell) {
        let bytes = Bytes::from(farewell.request);
        let Ok(request) = Request::parse(bytes.clone()) else {
            return;
        };
        let Some(branch) = request.headers.via().ok().and_then(|via| via.branch()) else {
            return;
        };
        let own = farewell
            .credentials
            .map(|(user, password)| Arc::new(Credentials { user, password }));
        let path = Path {
            connection: None,
            ..farewell.path
        };
        let owner = ClientOwner::new(Purpose::Bye, own);
        self.start(now, owner, request.method.clone(), path, branch, bytes);
    }

    pub(super) fn takes_leave(&mut self, usage: UsageId, client: TransactionId) {
        self.farewells.insert(usage, client);
    }

    pub(super) fn farewell_over(&mut self, usage: UsageId) {
        self.farewells.remove(&usage);
    }

    /// A BYE that waits for the ACK to our 2xx (RFC 3261 §15). The next process will not wait: it has no 2xx to repeat.
    fn held_back(&mut self, usage: &mut Usage) -> Option<Farewell> {
        let headers = usage.leaving.as_deref()?.clone();
        let cseq = usage.next_cseq();
        let dialog = usage.confirmed()?;
        let (_, via) = self.via(&dialog.path, &dialog.target);
        let builder = compose::in_dialog(&usage.identity, dialog, &Method::Bye, cseq, &via);
        let bytes = compose::finish_request(builder, &headers, None);
        Some(Farewell::new(&bytes, dialog.path, usage.credentials.as_deref()))
    }
}
