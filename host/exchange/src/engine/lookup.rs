//! What the engine asks of the directory and of the registrations, in its own words.

use std::sync::Arc;

use contract::{Interests, ModuleDigest, SessionId, SessionScope, View};
use sip::endpoint::{ConnectionId, Path, Transport};
use sip::uri::Uri;

use super::Exchange;
use super::registration::Registration;
use crate::directory::{Bound, Candidate, Origin, Resolution, TenantView};
use crate::ids::CallId;

/// A behaviour at its place in a number's stack.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub behaviour: Arc<str>,
    /// JSON, complete.
    pub settings: Arc<str>,
}

pub(crate) fn placed(stack: &[Bound]) -> Arc<[Placed]> {
    let placed = |bound: &Bound| Placed {
        behaviour: bound.behaviour.name.text().clone(),
        settings: bound.settings.clone(),
    };
    stack.iter().map(placed).collect()
}

/// A module as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub digest: ModuleDigest,
    pub version: Arc<str>,
    pub scope: SessionScope,
    pub interests: Interests,
}

/// A candidate as it is used.
pub(super) fn version_of(candidate: &Candidate) -> Version {
    Version {
        digest: candidate.digest,
        version: candidate.manifest.version.as_str().into(),
        scope: candidate.manifest.scope,
        interests: candidate.manifest.interests,
    }
}

/// A device to ring.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub name: Arc<str>,
    /// Calls that it can have at once.
    pub quota: usize,
}

/// A place where a device registered from.
#[derive(Clone, Debug)]
pub(crate) struct Contact {
    pub uri: Uri,
    pub path: Path,
    pub routes: Vec<Uri>,
}

impl Exchange {
    pub(super) fn tenant(&self, tenant: &str) -> Option<&Arc<TenantView>> {
        self.directory.tenant(tenant)
    }

    pub(super) fn view_of(&self, tenant: &str) -> Arc<dyn View> {
        match self.tenant(tenant) {
            Some(view) => view.clone(),
            None => Arc::new(contract::EmptyView),
        }
    }

    pub(super) fn resolve(&self, tenant: &str, number: &str, origin: Origin<'_>) -> Resolution {
        match self.tenant(tenant) {
            Some(view) => view.resolve(number, origin, self.now),
            None => Resolution::Unknown,
        }
    }

    /// The line that a call is made from, when it is one of the tenant's.
    pub(super) fn caller_line(&self, call: CallId) -> Option<Arc<str>> {
        self.calls.get(&call).and_then(|call| call.caller_line.clone())
    }

    /// The domain that people of the house see in identities.
    pub(super) fn domain_of(&self, tenant: &str) -> String {
        let domain = self
            .tenant(tenant)
            .and_then(|view| view.tenant().domains.first().cloned());
        domain.unwrap_or_else(|| "invalid".to_owned())
    }

    /// A line's devices, with the line's id.
    pub(super) fn devices_of(&self, tenant: &str, line: &str) -> Option<(Arc<str>, Vec<Device>)> {
        let view = self.tenant(tenant)?;
        let line = view.find_line(line)?;
        let device = |id: &crate::directory::DeviceId| {
            let device = view.device(id)?;
            Some(Device {
                name: device.id.text().clone(),
                quota: usize::from(device.capacity()),
            })
        };
        let devices = view.devices_of_line(line).iter().filter_map(device).collect();
        Some((line.id.text().clone(), devices))
    }

    /// One device by its name, and the line that it calls from.
    pub(super) fn device(&self, tenant: &str, name: &str) -> Option<(Arc<str>, Device)> {
        let view = self.tenant(tenant)?;
        let device = view.device(name)?;
        let line = view.lines_of_device(device).next()?;
        let quota = usize::from(device.capacity());
        Some((
            line.id.text().clone(),
            Device {
                name: device.id.text().clone(),
                quota,
            },
        ))
    }

    /// Where a device can be reached now.
    pub(super) fn contacts_of(&self, tenant: &str, device: &str) -> Vec<Contact> {
        let Some(bindings) = self.bindings_of(tenant, device) else {
            return Vec::new();
        };
        let contact = |binding: &sip::registrar::Binding| {
            let source = &binding.source;
            Contact {
                uri: binding.contact.clone(),
                path: Path {
                    transport: if source.reliable {
                        Transport::Tcp
                    } else {
                        Transport::Udp
                    },
                    local: source.local,
                    remote: source.remote,
                    connection: source.connection.map(ConnectionId),
                },
                routes: binding
                    .path
                    .iter()
                    .filter_map(|hop| Uri::parse(hop.trim_start_matches('<').trim_end_matches('>')).ok())
                    .collect(),
            }
        };
        bindings.live(self.now).into_iter().map(contact).collect()
    }

    pub(super) fn registration(&self, tenant: &str, device: &str) -> Option<&Registration> {
        self.registrations.get(tenant)?.get(device)
    }

    pub(super) fn bindings_of(&self, tenant: &str, device: &str) -> Option<sip::registrar::Bindings> {
        self.registration(tenant, device).map(Registration::bindings)
    }

    pub(super) fn is_registered(&self, tenant: &str, device: &str) -> bool {
        self.registration(tenant, device)
            .is_some_and(|registration| registration.is_live(self.now))
    }
}

/// Behaviours and their versions.
impl Exchange {
    pub(super) fn active_version(&self, tenant: &str, behaviour: &str) -> Option<Version> {
        let behaviour = self.tenant(tenant)?.behaviour(behaviour)?;
        Some(Version {
            digest: behaviour.active,
            version: behaviour.manifest.version.as_str().into(),
            scope: behaviour.manifest.scope,
            interests: behaviour.manifest.interests,
        })
    }

    /// A version that is or was active.
    pub(super) fn version(&self, tenant: &str, behaviour: &str, digest: ModuleDigest) -> Option<Version> {
        let active = self.active_version(tenant, behaviour)?;
        if active.digest == digest {
            return Some(active);
        }
        let behaviour = self.tenant(tenant)?.behaviour(behaviour)?;
        if let Some(candidate) = behaviour
            .candidate
            .as_deref()
            .filter(|candidate| candidate.digest == digest)
        {
            return Some(version_of(candidate));
        }
        let earlier = behaviour
            .history
            .iter()
            .find(|activation| activation.digest == digest)?;
        Some(Version {
            digest,
            version: earlier.version.as_str().into(),
            ..active
        })
    }

    /// The version that worked before `failed`: the one that was active before it.
    pub(super) fn last_good(
        &self,
        tenant: &str,
        behaviour: &str,
        failed: ModuleDigest,
    ) -> Option<ModuleDigest> {
        let behaviour = self.tenant(tenant)?.behaviour(behaviour)?;
        let history: Vec<ModuleDigest> = behaviour
            .history
            .iter()
            .map(|activation| activation.digest)
            .collect();
        let after = match history.iter().position(|digest| *digest == failed) {
            Some(position) => history.get(position + 1..)?,
            // A candidate, or one that was: the active version is what works.
            None if failed != behaviour.active => return Some(behaviour.active),
            None => &history,
        };
        after.iter().copied().find(|digest| *digest != failed)
    }

    /// Whether the session's behaviour imports an interface.
    pub(super) fn session_may(&self, session: SessionId, interface: &str) -> bool {
        let Some(session) = self.sessions.get(&session) else {
            return false;
        };
        let behaviour = self
            .tenant(&session.tenant)
            .and_then(|view| view.behaviour(&session.behaviour));
        behaviour.is_some_and(|behaviour| {
            let tried = behaviour.candidate.as_deref();
            let manifest = match tried.filter(|candidate| candidate.digest == session.running.digest) {
                Some(candidate) => &candidate.manifest,
                None => &behaviour.manifest,
            };
            manifest.imports.iter().any(|import| import == interface)
        })
    }

    /// A behaviour with its own settings.
    pub(super) fn placed_by_name(&self, tenant: &str, behaviour: &str) -> Option<Placed> {
        let bound = self.tenant(tenant)?.bound(&behaviour.into())?;
        Some(Placed {
            behaviour: bound.behaviour.name.text().clone(),
            settings: bound.settings,
        })
    }
}

/// Sounds.
impl Exchange {
    pub(super) fn prompts_of(&self, tenant: &str) -> &media::Prompts {
        self.prompts.get(tenant).unwrap_or(&self.shipped_prompts)
    }

    pub(super) fn tones_of(&self, tenant: &str) -> media::Country {
        let country = self
            .tenant(tenant)
            .map(|view| view.tenant().country.clone())
            .unwrap_or_default();
        match country.as_str() {
            "FR" => media::Country::France,
            "GB" | "IE" => media::Country::UnitedKingdom,
            "US" | "CA" => media::Country::UnitedStates,
            _ => media::Country::Europe,
        }
    }
}

/// Trunks that register with us keep their bindings beside those of devices, under a name that no device has.
pub(super) fn trunk_account(trunk: &str) -> String {
    format!("trunk/{trunk}")
}

/// The trunk that an account of this name is of.
pub(super) fn of_trunk(account: &str) -> Option<&str> {
    account.strip_prefix("trunk/")
}
