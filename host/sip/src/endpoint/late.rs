//! INVITEs that were given up with no final response at all: nobody answered within 64·T1 twice over, or our CANCEL found
//! no hearing (RFC 3261 §9.1, §17.1.1.2).
//!
//! The peer may have heard the INVITE all the same, and only what it said was lost. Then its phone rings on, and somebody picks
//! it up minutes later. RFC 3261 lets a user agent drop what it then hears (§18.1.2); whoever picked up would listen to
//! nothing until the phone gives up. So the newest of these INVITEs are remembered, and a response wakes the transaction: 1xx
//! are cancelled, a 2xx gets its ACK and BYE, a refusal its ACK.

use std::collections::VecDeque;
use std::sync::Arc;

use base::Moment;
use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::purpose::{ClientOwner, Purpose};
use super::{Credentials, Endpoint, Path};
use crate::Method;
use crate::transaction::{Client, ClientMachine, Fingerprint, TransactionId};

/// How many are remembered; each is as large as its INVITE, 1 to 2 KiB.
const REMEMBERED: usize = 2_048;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Late {
    given_up: FxHashMap<Fingerprint, Box<GivenUp>>,
    /// The oldest first. A transaction that was woken and given up again stands here twice.
    order: VecDeque<Fingerprint>,
}

#[derive(Debug)]
struct GivenUp {
    path: Path,
    request: Bytes,
    credentials: Option<Arc<Credentials>>,
    attempts: u8,
}

impl Late {
    /// The transaction is over; keeps what it takes to wake it, if it is an INVITE that nobody answered.
    pub fn remember(&mut self, key: Fingerprint, client: Client<ClientOwner>) {
        if !client.machine.is_unanswered_invite() {
            return;
        }
        let given_up = GivenUp {
            path: client.path,
            request: client.request,
            credentials: client.owner.credentials,
            attempts: client.attempts,
        };
        self.given_up.insert(key, Box::new(given_up));
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.given_up.remove(&oldest);
        }
    }
}

impl Endpoint {
    /// Wakes the transaction that a response is for.
    pub(super) fn wake_late(&mut self, now: Moment, key: Fingerprint) -> Option<TransactionId> {
        let late = self.late.given_up.remove(&key)?;
        let reliable = late.path.transport.is_reliable();
        let client = Client {
            machine: ClientMachine::given_up(now, self.config.timers, reliable),
            owner: ClientOwner::new(Purpose::Nothing, late.credentials),
            method: Method::Invite,
            path: late.path,
            request: late.request,
            ack: None,
            success_acks: Vec::new(),
            attempts: late.attempts,
        };
        Some(self.clients.insert(key, None, client))
    }
}
