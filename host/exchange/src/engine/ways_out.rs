//! How calls leave: which trunks take a number, where their requests go, and which number is shown outside.
//!
//! Registering with trunks lies in `trunks`, ringing over them in `dial`.

use std::net::SocketAddr;
use std::sync::Arc;

use contract::{Cause, Identity, View};
use sip::endpoint::{Credentials, Path, Transport};
use sip::uri::Uri;

use super::Exchange;
use super::lookup::trunk_account;
use super::names::{server_of, transport_of};
use crate::directory::{Access, Entry, Trunk, TrunkId};

/// How a call leaves over a trunk.
#[derive(Clone, Debug)]
pub(crate) struct WayOut {
    pub target: Uri,
    pub path: Path,
    pub credentials: Option<Credentials>,
    /// As the trunk wants it written.
    pub number: String,
    pub domain: String,
}

/// A number outside.
#[derive(Clone, Debug)]
pub(crate) struct OutsideNumber {
    pub text: Arc<str>,
    pub is_emergency: bool,
}

impl Exchange {
    /// Number and trunks of an `outside` target.
    pub(super) fn outside_trunks(
        &self,
        tenant: &str,
        number: &str,
    ) -> Result<(OutsideNumber, Vec<TrunkId>), Cause> {
        let view = self.tenant(tenant).ok_or(Cause::Failed)?;
        if let Some(number) = view.number_plan().emergency(number) {
            let number = OutsideNumber {
                text: number.into(),
                is_emergency: true,
            };
            return Ok((number, view.emergency_trunks(None)));
        }
        let class = match view.route(number) {
            Ok(class) => class,
            Err(contract::RouteError::Invalid) => return Err(Cause::UnknownNumber),
            Err(contract::RouteError::Forbidden(_)) => return Err(Cause::Forbidden),
            Err(contract::RouteError::NoTrunk) => return Err(Cause::Congestion),
        };
        let text = view.normalise(number).ok_or(Cause::UnknownNumber)?;
        let number = OutsideNumber {
            text: text.into(),
            is_emergency: false,
        };
        Ok((number, view.trunks_for(class)))
    }

    /// How a number is reached over a trunk; none when the trunk is full, down, or has no address.
    pub(super) fn way_out(&self, tenant: &str, trunk: &str, number: &str) -> Option<WayOut> {
        let view = self.tenant(tenant)?;
        let trunk = view.trunk(trunk)?;
        if trunk.max_calls > 0 && self.calls_of_trunk(tenant, &trunk.id) >= trunk.max_calls as usize {
            return None;
        }
        if self.is_trunk_down(tenant, &trunk.id) {
            return None;
        }
        self.way_over(tenant, &trunk.id, number)
    }

    /// The same, whatever it carries already.
    pub(super) fn way_over(&self, tenant: &str, trunk: &str, number: &str) -> Option<WayOut> {
        let view = self.tenant(tenant)?;
        let trunk = view.trunk(trunk)?;
        let number = trunk.write_number(number, view.number_plan());
        let (path, host, port) = self.next_hop(tenant, trunk)?;
        let target = Uri::sip(Some(&number), &host, port).ok()?;
        let credentials = match &trunk.access {
            Access::Register {
                username,
                password,
                auth_username,
                ..
            } => Some(Credentials {
                user: auth_username.as_ref().unwrap_or(username).clone(),
                password: password.reveal().to_owned(),
            }),
            Access::Address { login, .. } => login.as_ref().map(|login| Credentials {
                user: login.username.clone(),
                password: login.password.reveal().to_owned(),
            }),
            Access::Registered { .. } => None,
        };
        Some(WayOut {
            target,
            path,
            credentials,
            number,
            domain: host,
        })
    }

    /// Where a trunk's requests go: its outbound address, else its registrar's, else where it registered from.
    pub(super) fn next_hop(&self, tenant: &str, trunk: &Entry<Trunk>) -> Option<(Path, String, Option<u16>)> {
        let text = match (&trunk.outbound, &trunk.access) {
            (Some(uri), _) => uri.clone(),
            (None, Access::Register { registrar, .. }) => registrar.clone(),
            (None, Access::Registered { .. }) => {
                let contact = self
                    .contacts_of(tenant, &trunk_account(&trunk.id))
                    .into_iter()
                    .next()?;
                let parts = contact.uri.parts();
                return Some((contact.path, parts.host().to_string(), parts.port()));
            }
            (None, Access::Address { .. }) => return None,
        };
        let uri = Uri::parse(&text).ok()?;
        let parts = uri.parts();
        let transport = transport_of(&parts);
        let path = match parts.host() {
            sip::Host::Name(_) => {
                let found = self.names.addresses(&server_of(&parts)?).iter();
                found
                    .copied()
                    .find_map(|remote| self.path_to(transport, remote))?
            }
            host => {
                let remote = SocketAddr::new(host.ip()?, parts.port().unwrap_or(5060));
                self.path_to(transport, remote)?
            }
        };
        Some((path, parts.host().to_string(), parts.port()))
    }

    /// From the first of our addresses that fits.
    fn path_to(&self, transport: Transport, remote: SocketAddr) -> Option<Path> {
        let fits = |path: &&Path| path.transport == transport && path.local.is_ipv4() == remote.is_ipv4();
        let source = self.config.sources.iter().find(fits)?;
        Some(Path {
            remote,
            connection: None,
            ..*source
        })
    }

    /// The number shown outside: the wanted one if the tenant may use it on this trunk, else its own (R56).
    pub(super) fn number_outside(
        &self,
        tenant: &str,
        trunk: &str,
        wanted: Option<&str>,
        caller: &Identity,
    ) -> Option<String> {
        let view = self.tenant(tenant)?;
        let trunk = view.trunk(trunk)?;
        let of_line = |name: &str| {
            view.find_line(name)
                .and_then(|line| line.number.as_deref().map(str::to_owned))
        };
        let owned = wanted.and_then(|wanted| {
            let number = view.normalise(wanted)?;
            if number.starts_with('+') && view.owns(&number) {
                return Some(number);
            }
            of_line(&number).or_else(|| {
                trunk
                    .caller_id
                    .foreign
                    .then_some(number)
                    .filter(|n| n.starts_with('+'))
            })
        });
        owned
            .or_else(|| caller.line.as_deref().and_then(of_line))
            .or_else(|| trunk.caller_id.fallback.clone())
            .map(|number| trunk.write_number(&number, view.number_plan()))
    }
}
