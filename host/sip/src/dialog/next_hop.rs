use std::net::{IpAddr, SocketAddr};

use super::Routes;
use crate::path::{Path, Transport};
use crate::{Parts, Request};

/// What is known of the peer that a dialog was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It sits behind an address translator, or is the device that we sent to: keep to the flow that works.
    Keep,
    /// Its Contact is where it says it is.
    Follow,
}

impl Flow {
    /// Of a caller: the translator shows where a single Via names another address than the packet's.
    pub fn of_request(request: &Request, source: Path) -> Self {
        let headers = &request.headers;
        let direct = headers.values(crate::Name::Via).nth(1).is_none();
        let claimed = headers.via().ok().and_then(|via| via.host.ip());
        let translated = claimed.is_none_or(|ip| ip != source.remote.ip());
        if direct && translated {
            Self::Keep
        } else {
            Self::Follow
        }
    }

    /// Of a callee: it is what we sent to, when its Contact names the host and port that we sent to.
    pub fn of_target(sent_to: &str, contact: &str) -> Self {
        match (Parts::parse(sent_to), Parts::parse(contact)) {
            (Ok(a), Ok(b)) if a.host().is_same(b.host()) && a.port() == b.port() => Self::Keep,
            _ => Self::Follow,
        }
    }
}

/// Where requests of a dialog go: to the nearest proxy of the route set, else to the remote target
/// (RFC 3261 §12.2.1.1, §8.1.2).
///
/// `path` is the way that the dialog was made on. It is kept where names would have to be resolved, where
/// the flow says so (RFC 5626 in spirit), and where the target cannot be reached from here: a private
/// address behind a public one.
pub fn next_hop(path: Path, routes: &Routes, target: &str, flow: Flow) -> Path {
    let uri = match routes.first_uri() {
        Some(uri) => uri,
        None if flow == Flow::Keep => return path,
        None => target,
    };
    let Ok(uri) = Parts::parse(uri) else { return path };
    let Some(ip) = uri.host().ip() else { return path };
    let transport = match uri.param("transport") {
        Some(name) if name.eq_ignore_ascii_case("tcp") => Transport::Tcp,
        Some(name) if name.eq_ignore_ascii_case("udp") => Transport::Udp,
        Some(_) => return path,
        None if ip == path.remote.ip() => path.transport,
        None => Transport::Udp,
    };
    let remote = SocketAddr::new(ip, uri.port().unwrap_or(5060));
    let same_host = ip == path.remote.ip() && transport == path.transport;
    // A connection is named by the peer's ephemeral port, never by the one in its Contact.
    let on_connection = same_host && transport.is_reliable();
    // Another transport would need another local address, which only the shell knows.
    let elsewhere = transport != path.transport || ip.is_ipv4() != path.local.is_ipv4();
    if on_connection || elsewhere || (is_private(ip) && !is_private(path.remote.ip())) {
        return path;
    }
    Path {
        remote,
        connection: None,
        ..path
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unicast_link_local() || ip.is_unique_local()
        }
    }
}
