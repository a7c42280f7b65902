//! Requests that are too large for a datagram (RFC 3261 §18.1.1).
//!
//! One of more than 1 300 bytes would be cut into fragments, which firewalls and address translators drop. So it goes over
//! TCP to the same address instead, Via and all, and back to UDP when no connection can be had. What has refused is
//! remembered for a while, so that it costs the first call only.
//!
//! RFC 3261 wants this of every request. Here its sender says so ([`Large`]), for a phone that registered
//! over UDP is reached through the very flow that it opened: behind an address translator nothing listens for TCP, and
//! on a local network fragments arrive. Requests inside of a dialog stay with the transport that made it: whoever
//! answered an INVITE over TCP goes on over TCP. Responses go back the way that the request came (§18.2.2), whatever
//! their size.

use std::net::SocketAddr;
use std::time::Duration;

use base::Moment;
use rustc_hash::FxHashMap;

use super::purpose::{ClientOwner, Fallback, Large};
use super::{Endpoint, Path, Transport, compose};
use crate::transaction::{Client, ClientMachine, TransactionId};
use crate::{Edit, Name, Request};

/// The path's MTU is not known: §18.1.1's figure for that.
const LARGEST_DATAGRAM: usize = 1_300;
/// How long a peer that takes no TCP is not asked again.
const REMEMBERED: Duration = Duration::from_secs(600);
const MAX_REMEMBERED: usize = 1_024;

/// Peers that take no TCP, and until when that is believed.
#[derive(Debug, Default)]
pub(super) struct Refused(FxHashMap<SocketAddr, Moment>);

impl Refused {
    fn add(&mut self, now: Moment, remote: SocketAddr) {
        if self.0.len() >= MAX_REMEMBERED {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() < MAX_REMEMBERED {
            self.0.insert(remote, now + REMEMBERED);
        }
    }

    fn holds(&self, now: Moment, remote: SocketAddr) -> bool {
        self.0.get(&remote).is_some_and(|until| *until > now)
    }
}

impl Endpoint {
    /// Moves a request that is about to be sent to TCP, if that is called for.
    pub(super) fn enlarge(&self, now: Moment, branch: &str, client: &mut Client<ClientOwner>) {
        let is_large = client.path.transport == Transport::Udp && client.request.len() > LARGEST_DATAGRAM;
        let is_wanted = client.owner.large == Large::Tcp && !self.refused.holds(now, client.path.remote);
        if !is_large || !is_wanted {
            return;
        }
        let Ok(request) = Request::parse(client.request.clone()) else {
            return;
        };
        let path = Path::tcp(client.path.local, client.path.remote);
        let via = compose::via_value(&path, branch);
        let moved = Edit::request(&request).set(Name::Via, &via).finish();
        client.machine = ClientMachine::new(&client.method, now, self.config.timers, true);
        client.owner.fallback = Some(Box::new(Fallback {
            path: client.path,
            request: std::mem::replace(&mut client.request, moved),
        }));
        client.path = path;
    }

    /// No connection could be had for a request that was moved: over UDP after all. False when there is nothing to
    /// fall back to.
    pub(super) fn fall_back(&mut self, now: Moment, id: TransactionId) -> bool {
        let timers = self.config.timers;
        let Some(client) = self.clients.get_mut(id) else {
            return false;
        };
        let Some(fallback) = client.owner.fallback.take() else {
            return false;
        };
        client.machine = ClientMachine::new(&client.method, now, timers, false);
        client.path = fallback.path;
        client.request = fallback.request;
        let (path, bytes) = (client.path, client.request.clone());
        self.refused.add(now, path.remote);
        self.send(path, bytes);
        self.settle_client(id);
        true
    }
}
