//! What a tenant's sessions use together: how many there are, and the state that they keep.
//!
//! A session that is refused leaves its call to the host's default. State is refused where it comes back: the event fails, with the
//! bytes that were left as its limit, and the ladder goes on. Events that are out at once may each use what was left when they
//! left, so a tenant can be over its quota by what it is asked at one moment; then only smaller states come back.

use std::sync::Arc;

use contract::{Failure, SessionId};

use super::Exchange;
use crate::ids::CallId;
use crate::report::Fact;

/// Of one tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    sessions: usize,
    /// Bytes.
    state: usize,
}

fn length(state: Option<&Arc<[u8]>>) -> usize {
    state.map_or(0, |state| state.len())
}

impl Exchange {
    /// Whether a tenant may have one more session. The call's story says why not.
    pub(super) fn may_start_session(&mut self, tenant: &Arc<str>, call: Option<CallId>) -> bool {
        let allowed = self
            .tenant(tenant)
            .map_or(0, |view| view.tenant().limits.sessions);
        let used = self.used(tenant).sessions;
        if used < allowed as usize {
            return true;
        }
        let fact = Fact::Because {
            rule: "limits.sessions".into(),
            sentence: format!("the tenant has {used} sessions already, and may have {allowed}"),
        };
        self.report_for(tenant, call, None, None, fact);
        false
    }

    /// A session has just been put into the table.
    pub(super) fn session_counts(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get(&id) {
            let (tenant, state) = (session.tenant.clone(), length(session.state.as_ref()));
            let usage = self.usage.entry(tenant).or_default();
            usage.sessions += 1;
            usage.state += state;
        }
    }

    /// A session has just been taken from the table.
    pub(super) fn session_counted(&mut self, tenant: &Arc<str>, state: Option<&Arc<[u8]>>) {
        if let Some(usage) = self.usage.get_mut(tenant) {
            usage.sessions = usage.sessions.saturating_sub(1);
            usage.state = usage.state.saturating_sub(length(state));
            if *usage == Usage::default() {
                self.usage.remove(tenant);
            }
        }
    }

    /// What a session keeps from now on.
    pub(super) fn set_state(&mut self, id: SessionId, state: Option<Arc<[u8]>>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let after = length(state.as_ref());
        let before = length(std::mem::replace(&mut session.state, state).as_ref());
        if let Some(usage) = self.usage.get_mut(&session.tenant) {
            usage.state = usage.state.saturating_sub(before) + after;
        }
    }

    /// Bytes of state that a session may come back with.
    pub(super) fn state_limit(&self, id: SessionId) -> usize {
        self.state_limits(id)
            .into_iter()
            .map(|(_, bytes)| bytes)
            .min()
            .unwrap_or_default()
    }

    /// The limits of a session's state, each with its name.
    fn state_limits(&self, id: SessionId) -> Vec<(&'static str, usize)> {
        let Some(session) = self.sessions.get(&id) else {
            return Vec::new();
        };
        let mut limits = vec![("the exchange's own limit", self.config.limits.state)];
        if let Some(view) = self.tenant(&session.tenant) {
            let allowed = view.tenant().limits;
            let others = self
                .used(&session.tenant)
                .state
                .saturating_sub(length(session.state.as_ref()));
            let left = usize::try_from(allowed.total_state)
                .unwrap_or(usize::MAX)
                .saturating_sub(others);
            limits.push(("limits.state", allowed.state as usize));
            limits.push(("limits.total-state", left));
        }
        limits
    }

    /// Where a state was too large: which limit that was.
    pub(super) fn explain_state(&mut self, id: SessionId, failure: &Failure) {
        let Failure::StateTooLarge { size, .. } = failure else {
            return;
        };
        let tightest = self.state_limits(id).into_iter().min_by_key(|(_, bytes)| *bytes);
        let Some((name, bytes)) = tightest else {
            return;
        };
        let fact = Fact::Because {
            rule: name.into(),
            sentence: format!("a state of {size} bytes was to be kept where there is room for {bytes}"),
        };
        self.report_session(id, fact);
    }

    fn used(&self, tenant: &str) -> Usage {
        self.usage.get(tenant).copied().unwrap_or_default()
    }
}
