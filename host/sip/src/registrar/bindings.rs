use std::net::SocketAddr;

use base::Moment;
use serde::{Deserialize, Serialize};

use crate::uri::Uri;

/// The path that a REGISTER really took: requests to a phone behind a NAT go back along it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub remote: SocketAddr,
    /// Our address that it came to.
    pub local: SocketAddr,
    /// A stream: the binding is reachable as long as that connection lives.
    pub reliable: bool,
    /// Which connection, in the shell's counting; it means nothing after a restart.
    pub connection: Option<u64>,
}

/// One contact of an address-of-record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub contact: Uri,
    /// Its other parameters as they came, to be shown in the 200 (`;q=0.5;+sip.instance="…"`), without expires.
    pub params: String,
    /// `+sip.instance` without quotes and brackets.
    pub instance: Option<String>,
    pub reg_id: Option<u32>,
    /// Preference in thousandths.
    pub q: u16,
    pub expires_at: Moment,
    pub call_id: String,
    pub cseq: u32,
    /// Path values, topmost first: the route set towards this contact.
    pub path: Vec<String>,
    pub source: Source,
    pub user_agent: Option<String>,
}

impl Binding {
    pub fn is_live(&self, now: Moment) -> bool {
        self.expires_at > now
    }

    /// Whole seconds left, rounded up; 0 when expired.
    pub fn seconds_left(&self, now: Moment) -> u32 {
        let left = self.expires_at.since(now);
        u32::try_from(left.as_secs() + u64::from(left.subsec_nanos() > 0)).unwrap_or(u32::MAX)
    }

    /// The Contact value that shows this binding in a 200.
    pub fn to_contact(&self, now: Moment) -> String {
        format!(
            "<{}>{};expires={}",
            self.contact,
            self.params,
            self.seconds_left(now)
        )
    }

    /// Whether a contact of a new REGISTER means this binding: by instance and reg-id where both have them
    /// (RFC 5626 §6), else by URI (RFC 3261 §10.3).
    pub(super) fn is_for(&self, uri: &Uri, flow: Option<(&str, u32)>) -> bool {
        match (flow, self.instance.as_deref().zip(self.reg_id)) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => self.contact.is_equivalent(uri),
        }
    }
}

/// All contacts of one address-of-record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bindings {
    pub(super) list: Vec<Binding>,
}

impl Bindings {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Bindings that have not expired, the most preferred first; among equals, the most recently refreshed.
    pub fn live(&self, now: Moment) -> Vec<&Binding> {
        let mut live: Vec<_> = self.list.iter().filter(|binding| binding.is_live(now)).collect();
        live.sort_by(|a, b| b.q.cmp(&a.q).then(b.expires_at.cmp(&a.expires_at)));
        live
    }

    /// Removes and returns what has expired.
    pub fn expire(&mut self, now: Moment) -> Vec<Binding> {
        self.remove_where(|binding| !binding.is_live(now))
    }

    /// When [`expire`](Self::expire) has something to do next.
    pub fn next_expiry(&self) -> Option<Moment> {
        self.list.iter().map(|binding| binding.expires_at).min()
    }

    /// When nothing is left.
    pub fn last_expiry(&self) -> Option<Moment> {
        self.list.iter().map(|binding| binding.expires_at).max()
    }

    /// Removes and returns what came over a connection that is gone.
    pub fn disconnected(&mut self, connection: u64) -> Vec<Binding> {
        self.remove_where(|binding| binding.source.connection == Some(connection))
    }

    /// Contact values for a 200, all live bindings.
    pub fn contacts(&self, now: Moment) -> Vec<String> {
        self.live(now)
            .into_iter()
            .map(|binding| binding.to_contact(now))
            .collect()
    }

    pub(super) fn remove_where(&mut self, gone: impl Fn(&Binding) -> bool) -> Vec<Binding> {
        let (removed, kept) = std::mem::take(&mut self.list)
            .into_iter()
            .partition(|binding| gone(binding));
        self.list = kept;
        removed
    }
}
