//! Lamps of feature codes: a key that logs its line in and out shows which (R31).
//!
//! A code that tells a session something about the caller's line (`tell` in the dial plan) can be watched like a line. The
//! lamp is lit while the session names the watcher's line in `lamps` of what it published last (`wit/figures.wit`).
//!
//! Kept among the lines that are watched, as `CODE/LINE`, which is no line's id.

use std::sync::Arc;

use contract::{Event, LegId, SessionId};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use sip::body::DialogState;

use super::dialogs::Told;
use crate::directory::{Line, Origin, Resolution, TenantView};
use crate::engine::{ByTenant, Exchange};

/// Lamps by the session that lights them.
pub(super) type Lit = ByTenant<Vec<Arc<str>>>;

/// What the lamp is told as; there is one.
const DIALOG: LegId = LegId(1);

/// The lines that a session lights lamps for.
#[derive(Deserialize)]
struct Lamps {
    #[serde(default)]
    lamps: Vec<String>,
}

pub(super) fn is_lamp(watched: &Arc<str>) -> bool {
    parts(watched).is_some()
}

/// The code and the line of a lamp.
fn parts(watched: &str) -> Option<(&str, &str)> {
    watched.split_once('/')
}

impl Exchange {
    /// The lamp that this device's key for a code is, when the code tells a session something.
    pub(super) fn lamp_called(&self, tenant: &TenantView, called: &str, device: &str) -> Option<Arc<str>> {
        let line = tenant.lines_of_device(tenant.device(device)?).next()?;
        let code = contract::View::normalise(tenant, called)?;
        match tenant.resolve(&code, Origin::Line(line.id.as_str()), self.now) {
            Resolution::Tell { .. } => Some(format!("{code}/{}", line.id).into()),
            _ => None,
        }
    }

    /// Whether the line or the code of a stored subscription is still there.
    pub(super) fn can_be_watched(&self, tenant: &TenantView, watched: &str) -> bool {
        let line = parts(watched).map_or(watched, |(_, line)| line);
        tenant.line(line).is_some()
    }

    /// What is told of a lamp; none when it is a line that is watched.
    pub(super) fn lamp(&self, tenant: &str, watched: &str) -> Option<Vec<Told>> {
        let (code, line) = parts(watched)?;
        let is_lit = self.lights(tenant, code, line).unwrap_or_default();
        Some(
            is_lit
                .then(|| Told::lamp(DIALOG, DialogState::Confirmed))
                .into_iter()
                .collect(),
        )
    }

    fn lights(&self, tenant: &str, code: &str, line: &str) -> Option<bool> {
        let view = self.tenant(tenant)?;
        let line = view.line(line)?;
        let session = self.lighter(view, code, line)?;
        let session = self
            .sessions
            .get(&self.keyed_session(tenant, &session.0, &session.1)?)?;
        let lamps: Lamps = serde_json::from_str(&session.published.as_ref()?.json).ok()?;
        Some(lamps.lamps.iter().any(|lit| line.names().any(|name| name == lit)))
    }

    /// The behaviour and the number of the session that a code tells something.
    fn lighter(&self, view: &TenantView, code: &str, line: &Line) -> Option<(Arc<str>, String)> {
        let Resolution::Tell { tell, .. } = view.resolve(code, Origin::Line(line.id.as_str()), self.now)
        else {
            return None;
        };
        let number = contract::View::normalise(view, &tell.number)?;
        Some((tell.behaviour.text().clone(), number))
    }

    /// Begins to follow the session behind a lamp. One that has published nothing since the process began is woken.
    pub(super) fn follow_lamp(&mut self, tenant: &Arc<str>, watched: &Arc<str>) {
        let found = parts(watched).and_then(|(code, line)| {
            let view = self.tenant(tenant)?;
            self.lighter(view, code, view.line(line)?)
        });
        let Some((behaviour, number)) = found else {
            return;
        };
        let of_tenant = self.notifier.lamps.entry(tenant.clone()).or_default();
        let lamps = of_tenant.entry(key(&behaviour, &number)).or_default();
        if !lamps.contains(watched) {
            lamps.push(watched.clone());
        }
        let session = self.keyed_session_or_new(tenant, &behaviour, &number);
        let silent = |id: &SessionId| {
            let session = self.sessions.get(id);
            session.is_some_and(|session| session.published.is_none())
        };
        if let Some(session) = session.ok().filter(silent) {
            self.deliver(session, Event::SettingsChanged);
        }
    }

    /// A session has published something: its lamps may have changed.
    pub(in crate::engine) fn lamps_changed(&mut self, tenant: &Arc<str>, behaviour: &str, number: &str) {
        if self.notifier.lamps.is_empty() {
            return;
        }
        let of_tenant = self.notifier.lamps.get(tenant);
        let lamps = of_tenant.and_then(|of| of.get(&key(behaviour, number)));
        for lamp in lamps.cloned().unwrap_or_default() {
            self.dialogs_changed(tenant, &lamp);
        }
    }
}

/// Nobody watches the lamp any more.
pub(super) fn forget(lamps: &mut Lit, tenant: &str, watched: &str) {
    let Some(of_tenant) = lamps.get_mut(tenant).filter(|_| parts(watched).is_some()) else {
        return;
    };
    of_tenant
        .values_mut()
        .for_each(|own| own.retain(|lamp| **lamp != *watched));
    of_tenant.retain(|_, own: &mut Vec<Arc<str>>| !own.is_empty());
    let nothing = FxHashMap::is_empty(of_tenant);
    if nothing {
        lamps.remove(tenant);
    }
}

fn key(behaviour: &str, number: &str) -> Arc<str> {
    format!("{behaviour}/{number}").into()
}
