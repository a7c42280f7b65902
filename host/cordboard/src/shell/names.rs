//! Finds the servers that trunks give by name, and keeps looking (RFC 3263).
//!
//! Addresses come from the system (`getaddrinfo`: its hosts file, search list and cache count), SRV records from the
//! configured DNS servers, because the system offers none. Not here: NAPTR, DNSSEC.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::Random;
use exchange::{Input, Server};
use sip::endpoint::Transport;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::dns;
use super::inbox::Inbox;

/// Bounds of how long an answer is believed, whatever its TTL; the lower one also says how soon a failure is
/// tried again.
const SOONEST: Duration = Duration::from_secs(30);
const LATEST: Duration = Duration::from_secs(3_600);
/// The system does not tell for how long its addresses are good.
const ADDRESSES: Duration = Duration::from_secs(60);
/// For everything that one name needs.
const PATIENCE: Duration = Duration::from_secs(10);
/// Targets of one name, and addresses, that are kept.
const MOST: usize = 16;

/// What tenants want to know; the exchange's thread only writes it down.
#[derive(Clone, Default)]
pub struct Names(Arc<Inner>);

#[derive(Default)]
struct Inner {
    wanted: Mutex<BTreeMap<Arc<str>, Vec<Server>>>,
    changed: Notify,
}

impl Names {
    /// Replaces what the tenant wants to know. Never blocks.
    pub fn want(&self, tenant: Arc<str>, servers: Vec<Server>) {
        let mut wanted = self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.is_empty() {
            wanted.remove(&tenant);
        } else {
            wanted.insert(tenant, servers);
        }
        self.0.changed.notify_one();
    }

    fn all(&self) -> BTreeSet<Server> {
        let wanted = self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.values().flatten().cloned().collect()
    }

    /// Looks names up until the runtime ends.
    pub fn keep_found(&self, tokio: &Handle, resolver: Resolver, inbox: Inbox<Input>) {
        tokio.spawn(keep_found(self.clone(), resolver, inbox));
    }
}

/// Where DNS is asked.
pub struct Resolver {
    servers: Vec<SocketAddr>,
    random: Random,
}

/// What is known of a name, and until when.
struct Known {
    addresses: Vec<SocketAddr>,
    due: Instant,
}

async fn keep_found(names: Names, mut resolver: Resolver, inbox: Inbox<Input>) {
    let mut known: BTreeMap<Server, Known> = BTreeMap::new();
    loop {
        let wanted = names.all();
        known.retain(|server, _| wanted.contains(server));
        for server in wanted {
            let now = Instant::now();
            if known.get(&server).is_some_and(|known| known.due > now) {
                continue;
            }
            let found = timeout(PATIENCE, resolver.find(&server))
                .await
                .unwrap_or_default();
            let before = known.remove(&server).map(|known| known.addresses);
            let Some((addresses, good_for)) = found else {
                tracing::warn!(server = server.host, "a trunk's server is not found in DNS");
                // What was good until now is better than nothing.
                let (addresses, due) = (before.unwrap_or_default(), now + SOONEST);
                known.insert(server, Known { addresses, due });
                continue;
            };
            if before.as_ref() != Some(&addresses) {
                let (server, addresses) = (server.clone(), addresses.clone());
                // When the exchange has no room, the next look tells it.
                let _ = inbox.send(Input::Name { server, addresses });
            }
            let due = now + good_for.clamp(SOONEST, LATEST);
            known.insert(server, Known { addresses, due });
        }
        let next = known.values().map(|known| known.due).min();
        let nap = next.map_or(LATEST, |due| due.saturating_duration_since(Instant::now()));
        drop(timeout(nap, names.0.changed.notified()).await);
    }
}

impl Resolver {
    /// Asks these servers, or those that the system is configured with.
    pub fn new(servers: &[SocketAddr], random: Random) -> Self {
        let servers = if servers.is_empty() {
            system_servers()
        } else {
            servers.to_vec()
        };
        Self { servers, random }
    }

    /// A server's addresses, best first, and for how long they are good (RFC 3263 §4.2).
    async fn find(&mut self, server: &Server) -> Option<(Vec<SocketAddr>, Duration)> {
        if let Some(port) = server.port {
            return addresses(&server.host, port).await;
        }
        let service = match server.transport {
            Transport::Udp => format!("_sip._udp.{}", server.host),
            Transport::Tcp => format!("_sip._tcp.{}", server.host),
        };
        let records = dns::srv(&self.servers, &service, &mut self.random).await;
        let Some((mut targets, ttl)) = records else {
            return addresses(&server.host, 5060).await;
        };
        order(&mut targets, &mut self.random);
        let (mut all, mut good_for) = (Vec::new(), ttl);
        for target in targets.into_iter().take(MOST) {
            if let Some((found, until)) = addresses(&target.host, target.port).await {
                all.extend(found);
                good_for = good_for.min(until.max(ttl));
            }
        }
        all.truncate(MOST);
        (!all.is_empty()).then_some((all, good_for))
    }
}

async fn addresses(host: &str, port: u16) -> Option<(Vec<SocketAddr>, Duration)> {
    let found = tokio::net::lookup_host((host, port)).await.ok()?;
    let mut all: Vec<SocketAddr> = found.collect();
    all.dedup();
    all.truncate(MOST);
    (!all.is_empty()).then_some((all, ADDRESSES))
}

/// By priority; within one, by lot and weight (RFC 2782).
fn order(targets: &mut [dns::Target], random: &mut Random) {
    targets.sort_by_cached_key(|target| {
        // The smallest of exponentially distributed lots wins with a probability in proportion to its weight.
        let lot = f64::from(random.next_u32().max(1)) / f64::from(u32::MAX);
        let late = -lot.ln() / (f64::from(target.weight) + 0.01);
        (target.priority, (late * 1e6) as u64)
    });
}

/// As resolv.conf(5) says; none where there is no such file.
fn system_servers() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"));
    let parsed = lines.filter_map(|rest| rest.trim().parse::<IpAddr>().ok());
    parsed.take(3).map(|ip| SocketAddr::new(ip, 53)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_tried_by_priority_and_then_by_weight() {
        let target = |host: &str, priority, weight| dns::Target {
            host: host.to_owned(),
            port: 5060,
            priority,
            weight,
        };
        let mut first = BTreeMap::<String, usize>::new();
        let mut random = Random::from_seed(1);
        for _ in 0..1_000 {
            let mut targets = [
                target("last", 20, 99),
                target("seldom", 10, 10),
                target("often", 10, 90),
            ];
            order(&mut targets, &mut random);
            assert_eq!(targets[2].host, "last");
            *first.entry(targets[0].host.clone()).or_default() += 1;
        }
        assert!((850..950).contains(&first["often"]), "{first:?}");
    }
}
