//! Trunks that we register with (RFC 3261 §10.2), so that they send their calls here.

use std::sync::Arc;
use std::time::Duration;

use sip::Response;
use sip::endpoint::{Credentials, Failure, OutOfDialog, RequestId, Sequence};
use sip::header::Contacts;
use sip::uri::Uri;

use super::timers::TimerKey;
use super::{Exchange, OfTenant};
use crate::directory::Access;
use crate::report::Fact;

/// Between attempts while a trunk cannot be reached, doubled up to `LONGEST_WAIT`.
const SHORTEST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How a registration with a trunk stands.
#[derive(Debug, Default)]
pub(crate) struct TrunkState {
    call_id: String,
    cseq: u32,
    up: bool,
    failures: u32,
    /// It refused the account, or did not answer.
    down: bool,
    pub timer: Option<TimerKey>,
}

impl Exchange {
    /// Whether the last attempt to register with a trunk was refused or not answered: then it takes no calls either. One
    /// that registers nobody (405, 501) may.
    pub(super) fn is_trunk_down(&self, tenant: &str, trunk: &str) -> bool {
        let state = self.trunks.get(tenant).and_then(|of| of.get(trunk));
        state.is_some_and(|state| state.down)
    }

    /// Registers with a trunk now.
    pub(super) fn register_trunk(&mut self, tenant: &Arc<str>, trunk: &Arc<str>) {
        let Some(request) = self.trunk_request(tenant, trunk) else {
            self.trunk_settled(tenant, trunk, Err("it has no address to register with".into()));
            return;
        };
        match self.sip.request(self.now, request) {
            Ok(id) => {
                self.requests.insert(id, (tenant.clone(), trunk.clone()));
            }
            Err(error) => self.trunk_settled(tenant, trunk, Err(error.to_string())),
        }
    }

    fn trunk_request(&mut self, tenant: &Arc<str>, trunk: &Arc<str>) -> Option<OutOfDialog> {
        let document = self.tenant(tenant)?.trunk(trunk)?.clone();
        let Access::Register {
            registrar,
            username,
            password,
            auth_username,
            expires,
            ..
        } = &document.access
        else {
            return None;
        };
        let (path, ..) = self.next_hop(tenant, &document)?;
        let registrar = Uri::parse(registrar).ok()?;
        let account = Uri::sip(Some(username), &registrar.parts().host().to_string(), None).ok()?;
        let contact = Uri::sip(
            Some(username),
            &bracketed(path.local.ip()),
            Some(path.local.port()),
        )
        .ok()?;
        let token = self.random.token(20);
        let state = self
            .trunks
            .entry(tenant.clone())
            .or_default()
            .entry(trunk.clone())
            .or_default();
        if state.call_id.is_empty() {
            state.call_id = token;
        }
        // Room for the retry with credentials.
        state.cseq += 2;
        let mut request = OutOfDialog::new("REGISTER", registrar, path, account.clone(), account)
            .header("Contact", format!("<{contact}>"))
            .header("Expires", expires.to_string());
        request.sequence = Some(Sequence {
            call_id: state.call_id.clone(),
            cseq: state.cseq,
        });
        request.credentials = Some(Credentials {
            user: auth_username.as_ref().unwrap_or(username).clone(),
            password: password.reveal().to_owned(),
        });
        Some(request)
    }

    /// The registrar's answer.
    pub(super) fn trunk_answered(&mut self, id: RequestId, result: Result<Arc<Response>, Failure>) {
        let Some((tenant, trunk)) = self.requests.remove(&id) else {
            return;
        };
        let down = match &result {
            Ok(response) => !matches!(response.status.code(), 200..=299 | 405 | 501),
            Err(_) => true,
        };
        if let Some(state) = self.trunks.get_mut(&tenant).and_then(|of| of.get_mut(&trunk)) {
            state.down = down;
        }
        let outcome = match result {
            Ok(response) if response.status.code() < 300 => Ok(granted(&response)),
            Ok(response) => Err(response.status.to_string()),
            Err(failure) => {
                let document = self.tenant(&tenant).and_then(|view| view.trunk(&trunk)).cloned();
                if let Some(document) = document {
                    self.try_next_address(&document);
                }
                Err(failure.status().to_string())
            }
        };
        self.trunk_settled(&tenant, &trunk, outcome);
    }

    /// Sets the clock for the next attempt: well before the expiry, or after a while.
    fn trunk_settled(&mut self, tenant: &Arc<str>, trunk: &Arc<str>, outcome: Result<Duration, String>) {
        let registers = self
            .tenant(tenant)
            .and_then(|view| view.trunk(trunk))
            .is_some_and(|trunk| matches!(trunk.access, Access::Register { .. }));
        let state = self
            .trunks
            .entry(tenant.clone())
            .or_default()
            .entry(trunk.clone())
            .or_default();
        let was_up = state.up;
        let (wait, why) = match outcome {
            Ok(granted) => {
                state.up = true;
                state.failures = 0;
                (granted.mul_f64(0.8).max(SHORTEST_WAIT), String::new())
            }
            Err(why) => {
                state.up = false;
                state.failures = state.failures.saturating_add(1);
                let doubled = SHORTEST_WAIT.saturating_mul(1 << state.failures.min(7).saturating_sub(1));
                (doubled.min(LONGEST_WAIT), why)
            }
        };
        let up = state.up;
        let old = state.timer.take();
        if let Some(old) = old {
            self.timers.cancel(old);
        }
        if registers {
            let due = OfTenant::Trunk {
                tenant: tenant.clone(),
                trunk: trunk.clone(),
            };
            let key = self.timers.set(self.now + wait, due.into());
            if let Some(state) = self.trunks.get_mut(tenant).and_then(|of| of.get_mut(trunk)) {
                state.timer = Some(key);
            }
        }
        if up != was_up || !why.is_empty() {
            let trunk = trunk.clone();
            self.report_for(tenant, None, None, None, Fact::Trunk { trunk, up, why });
        }
        match (was_up, up) {
            (false, true) => self.trunk_is_back(tenant, trunk),
            (true, false) => self.trunk_is_lost(tenant, trunk),
            (true, true) | (false, false) => {}
        }
    }

    /// Whether we are registered with it.
    pub(super) fn trunk_is_up(&self, tenant: &str, trunk: &str) -> bool {
        let state = self.trunks.get(tenant).and_then(|of| of.get(trunk));
        state.is_some_and(|state| state.up)
    }

    /// Registers with trunks that are new, and forgets those that are gone.
    pub(super) fn trunks_changed(&mut self, tenant: &Arc<str>) {
        self.ask_for_servers(tenant);
        let wanted: Vec<Arc<str>> = match self.tenant(tenant) {
            Some(view) => {
                let registering = view
                    .trunks()
                    .values()
                    .filter(|trunk| matches!(trunk.access, Access::Register { .. }));
                registering.map(|trunk| trunk.id.text().clone()).collect()
            }
            None => Vec::new(),
        };
        if let Some(states) = self.trunks.get_mut(tenant) {
            let timers = &mut self.timers;
            states.retain(|trunk, state| {
                let stays = wanted.contains(trunk);
                if let (false, Some(timer)) = (stays, state.timer) {
                    timers.cancel(timer);
                }
                stays
            });
        }
        for trunk in wanted {
            self.register_trunk(tenant, &trunk);
        }
    }
}

/// How long the registrar lets us stay: what it says of our contact, else the whole answer's Expires.
fn granted(response: &Response) -> Duration {
    let of_contact = match response.headers.contacts() {
        Ok(Contacts::List(contacts)) => contacts.iter().filter_map(sip::header::Contact::expires).min(),
        Ok(Contacts::Wildcard) | Err(_) => None,
    };
    let seconds = of_contact.or_else(|| response.headers.expires()).unwrap_or(3_600);
    Duration::from_secs(u64::from(seconds))
}

fn bracketed(ip: std::net::IpAddr) -> String {
    match ip {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    }
}
