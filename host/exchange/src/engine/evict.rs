//! A tenant is deleted while its calls are up: everything of it ends, as if everybody hung up.
//!
//! Callers who wait get a final response, those who talk a BYE, phones that ring a CANCEL. Sessions end without another
//! event: nobody is left to decide for. What was stored is removed.

use std::sync::Arc;

use contract::{Cause, SessionId};

use super::Exchange;
use crate::ids::{CallId, DialId};
use crate::io::{Output, Write};

impl Exchange {
    pub(super) fn evict(&mut self, tenant: &Arc<str>) {
        let calls = |exchange: &Self| -> Vec<CallId> {
            let own = exchange.calls.iter().filter(|(_, call)| call.tenant == *tenant);
            sorted(own.map(|(id, _)| *id))
        };
        let sessions = self
            .sessions
            .iter()
            .filter(|(_, session)| session.tenant == *tenant);
        for id in sorted(sessions.map(|(id, _)| *id)) {
            self.drop_session(id);
        }
        for id in calls(self) {
            let legs = self
                .calls
                .get(&id)
                .map(|call| call.legs.clone())
                .unwrap_or_default();
            for leg in legs {
                self.leg_fails(leg, Cause::Unreachable);
            }
        }
        let dials = self.dials.iter().filter(|(_, dial)| dial.tenant == *tenant);
        for id in sorted::<DialId>(dials.map(|(id, _)| *id)) {
            self.end_dial(id, Cause::Cancelled);
        }
        for id in calls(self) {
            self.end_call(id);
        }
        self.nobody_watches(tenant);
        self.ask_for_nobody(tenant);
        self.forget_registrations(tenant);
        for state in self
            .trunks
            .remove(tenant)
            .into_iter()
            .flat_map(|of| of.into_values())
        {
            if let Some(timer) = state.timer {
                self.timers.cancel(timer);
            }
        }
        self.lines.remove(tenant);
        self.legs_of.remove(tenant);
        self.calls_of_tenant.remove(tenant);
        self.prompts.remove(tenant);
        self.outside.remove(tenant);
        self.forget_figures(tenant);
        self.forget_spent(tenant);
        self.ask_for_servers(tenant);
    }

    /// Its calls end with the tenant, so nothing is handed on.
    fn drop_session(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.custodies.clear();
            session.callees.clear();
            session.dials.clear();
        }
        self.end_session(id, Cause::Unreachable);
    }

    fn forget_registrations(&mut self, tenant: &Arc<str>) {
        let gone = self.registrations.remove(tenant).unwrap_or_default();
        let mut writes = Vec::with_capacity(gone.len());
        for (name, registration) in gone {
            if let Some(timer) = registration.timer {
                self.timers.cancel(timer);
            }
            writes.push(Write::remove(format!("registration/{tenant}/{name}")));
        }
        for who in self.connections.values_mut() {
            who.retain(|(of, _)| of != tenant);
        }
        if !writes.is_empty() {
            writes.sort_by(|a, b| a.key.cmp(&b.key));
            self.outbox.push_back(Output::Persist { writes, ticket: None });
        }
    }
}

/// One order, whatever the tables' is.
fn sorted<T: Ord>(ids: impl Iterator<Item = T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.collect();
    ids.sort_unstable();
    ids
}
