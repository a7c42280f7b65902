//! Servers that trunks give by name (RFC 3263): asked of the shell, which keeps the answers fresh.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use sip::endpoint::Transport;
use sip::uri::Uri;

use super::Exchange;
use crate::directory::{Access, Trunk, TrunkRef};
use crate::io::{Output, Server};

/// What was asked and what was found.
#[derive(Default)]
pub(crate) struct Names {
    wanted: FxHashMap<Arc<str>, BTreeSet<Server>>,
    /// Best first; one that did not answer goes to the end.
    found: FxHashMap<Server, Vec<SocketAddr>>,
}

impl Names {
    pub fn addresses(&self, server: &Server) -> &[SocketAddr] {
        self.found.get(server).map_or(&[], Vec::as_slice)
    }
}

impl Exchange {
    /// Asks for the servers that a tenant's trunks name, when these are others now.
    pub(super) fn ask_for_servers(&mut self, tenant: &Arc<str>) {
        let wanted: BTreeSet<Server> = match self.tenant(tenant) {
            Some(view) => view.trunks().values().flat_map(|trunk| servers(trunk)).collect(),
            None => BTreeSet::new(),
        };
        let known = self.names.wanted.get(tenant);
        if known.map_or(wanted.is_empty(), |known| *known == wanted) {
            return;
        }
        self.outbox.push_back(Output::Resolve {
            tenant: tenant.clone(),
            servers: wanted.iter().cloned().collect(),
        });
        if wanted.is_empty() {
            self.names.wanted.remove(tenant);
        } else {
            self.names.wanted.insert(tenant.clone(), wanted);
        }
        let all: BTreeSet<&Server> = self.names.wanted.values().flatten().collect();
        self.names.found.retain(|server, _| all.contains(server));
        self.know_registrars();
    }

    /// A server is there now, or somewhere else than before.
    pub(super) fn name_found(&mut self, server: Server, addresses: Vec<SocketAddr>) {
        if !self.names.wanted.values().any(|wanted| wanted.contains(&server)) {
            return;
        }
        self.names.found.insert(server.clone(), addresses);
        self.know_registrars();
        for at in self.registering_at(&server) {
            if !self.trunk_is_up(at.tenant.text(), &at.trunk) {
                self.register_trunk(at.tenant.text(), at.trunk.text());
            }
        }
        self.servers_found();
    }

    /// The address in use did not answer: the next one has its turn (RFC 3263 §4.3).
    pub(super) fn try_next_address(&mut self, trunk: &Trunk) {
        let Access::Register { registrar, .. } = &trunk.access else {
            return;
        };
        if let Some(found) = server(registrar).and_then(|server| self.names.found.get_mut(&server))
            && found.len() > 1
        {
            found.rotate_left(1);
        }
    }

    /// Calls from where a registrar was found are its trunk's.
    fn know_registrars(&mut self) {
        let mut sources: FxHashMap<IpAddr, Vec<TrunkRef>> = FxHashMap::default();
        for (server, addresses) in &self.names.found {
            let trunks = self.registering_at(server);
            for address in addresses {
                sources
                    .entry(address.ip().to_canonical())
                    .or_default()
                    .extend(trunks.iter().cloned());
            }
        }
        for trunks in sources.values_mut() {
            trunks.sort_unstable();
            trunks.dedup();
        }
        self.directory.found_registrars(sources);
    }

    fn registering_at(&self, server: &Server) -> Vec<TrunkRef> {
        let of = |tenant: &Arc<str>| {
            let view = self.tenant(tenant)?;
            let here = view.trunks().values().filter(|trunk| match &trunk.access {
                Access::Register { registrar, .. } => self::server(registrar).as_ref() == Some(server),
                Access::Address { .. } | Access::Registered { .. } => false,
            });
            let trunks = here.map(|trunk| TrunkRef {
                tenant: view.id().clone(),
                trunk: trunk.id.clone(),
            });
            Some(trunks.collect::<Vec<_>>())
        };
        let naming = self
            .names
            .wanted
            .iter()
            .filter(|(_, wanted)| wanted.contains(server));
        naming.filter_map(|(tenant, _)| of(tenant)).flatten().collect()
    }
}

fn servers(trunk: &Trunk) -> impl Iterator<Item = Server> {
    let registrar = match &trunk.access {
        Access::Register { registrar, .. } => Some(registrar),
        Access::Address { .. } | Access::Registered { .. } => None,
    };
    trunk
        .outbound
        .iter()
        .chain(registrar)
        .filter_map(|uri| server(uri))
}

fn server(uri: &str) -> Option<Server> {
    server_of(&Uri::parse(uri).ok()?.parts())
}

/// The server of a URI that gives a name.
pub(super) fn server_of(parts: &sip::Parts<'_>) -> Option<Server> {
    match parts.host() {
        sip::Host::Name(name) => Some(Server {
            host: name.to_ascii_lowercase(),
            port: parts.port(),
            transport: transport_of(parts),
        }),
        _ => None,
    }
}

pub(super) fn transport_of(parts: &sip::Parts<'_>) -> Transport {
    match parts.param("transport") {
        Some(name) if name.eq_ignore_ascii_case("tcp") => Transport::Tcp,
        _ => Transport::Udp,
    }
}
