//! Changes of configuration, and what they mean to what is running.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::{Cause, Event, LegId, Message, SessionId, SessionScope};
use sip::endpoint::Termination;

use super::Exchange;
use super::requests::Waiting;
use super::session::Session;
use crate::admin;
use crate::directory::{Document, Kind, Tell};
use crate::io::{AdminId, Output, Write};
use crate::live::NotTold;

impl Exchange {
    /// Applies a change; it is answered once it is durable.
    pub(super) fn admin(&mut self, id: AdminId, request: admin::Request) {
        if let admin::Request::Live(request) = request {
            if let Some(answer) = self.live(id, request) {
                let response = Ok(admin::Answer::Live(answer));
                self.outbox.push_back(Output::Reply { id, response });
            }
            return;
        }
        let response = admin::handle(&mut self.directory, self.now, request);
        let Ok(admin::Answer::Changed(applied)) = &response else {
            self.outbox.push_back(Output::Reply { id, response });
            return;
        };
        if applied.changes.is_empty() {
            self.outbox.push_back(Output::Reply { id, response });
            return;
        }
        let changes = applied.changes.clone();
        let ticket = self.ticket(Waiting::Admin { id, response });
        self.put_in_force(&changes, Some(ticket));
    }

    /// What runs goes on under the new configuration.
    pub(super) fn adapt(&mut self, changes: &[admin::Change]) {
        let mut tenants: Vec<Arc<str>> = changes
            .iter()
            .map(|change| change.key.tenant.text().clone())
            .collect();
        tenants.dedup();
        for tenant in tenants {
            if self.tenant(&tenant).is_none() {
                self.evict(&tenant);
                continue;
            }
            let touched = |kinds: &[Kind]| {
                changes
                    .iter()
                    .any(|change| *change.key.tenant == *tenant && kinds.contains(&change.key.kind))
            };
            if touched(&[Kind::Trunk, Kind::Tenant]) {
                self.trunks_changed(&tenant);
                let own = changes.iter().filter(|change| *change.key.tenant == *tenant);
                let trunks: Vec<&str> = own
                    .filter(|change| change.key.kind == Kind::Trunk)
                    .map(|change| &*change.key.id)
                    .collect();
                self.tellers_changed(&tenant, &trunks);
            }
            self.lines_reconfigured(&tenant, changes);
            if touched(&[Kind::Trunk, Kind::Tenant, Kind::Line]) {
                self.watchers_reviewed(&tenant);
            }
            self.watchers_go_with_numbers(&tenant, changes);
            for change in changes.iter().filter(|change| *change.key.tenant == *tenant) {
                if let Some(Document::Behaviour(behaviour)) =
                    change.document.as_ref().map(|stored| &stored.document)
                {
                    self.versions_changed(&tenant, behaviour);
                }
            }
            if touched(&[
                Kind::Behaviour,
                Kind::Number,
                Kind::Line,
                Kind::DialPlan,
                Kind::Tenant,
            ]) {
                self.settings_changed(&tenant);
                self.tell_features(&tenant, changes);
            }
            if touched(&[Kind::DialPlan, Kind::Number, Kind::Tenant]) {
                self.lamps_reviewed(&tenant);
            }
        }
    }

    /// Devices may have come, gone or moved: registrations of those that are no more end, and the lines that
    /// they ring for are looked at anew.
    fn lines_reconfigured(&mut self, tenant: &Arc<str>, changes: &[admin::Change]) {
        let Some(view) = self.tenant(tenant).cloned() else {
            return;
        };
        let mut lines: BTreeSet<Arc<str>> = BTreeSet::new();
        for change in changes.iter().filter(|change| *change.key.tenant == **tenant) {
            match (change.key.kind, &change.document) {
                (Kind::Line, Some(_)) => {
                    lines.insert(change.key.id.clone());
                }
                (Kind::Line, None) => {
                    self.line_is_watched_no_more(tenant, &change.key.id);
                    self.watches_of_line_end(tenant, &change.key.id, Cause::UnknownNumber);
                    self.look_elsewhere(tenant, &change.key.id);
                }
                (Kind::Device, Some(_)) => {
                    let device = view.device(&change.key.id);
                    let of_device = device.into_iter().flat_map(|device| view.lines_of_device(device));
                    lines.extend(of_device.map(|line| line.id.text().clone()));
                }
                (Kind::Device, None) => self.device_gone(tenant, &change.key.id),
                // A user's lines follow his devices; a site and the rest change nothing here.
                (Kind::User, _) => lines.extend(view.lines().values().filter_map(|line| {
                    line.user
                        .as_ref()
                        .filter(|user| ***user == *change.key.id)
                        .map(|_| line.id.text().clone())
                })),
                _ => {}
            }
        }
        for line in lines {
            self.look_elsewhere(tenant, &line);
            self.line_changed(tenant, &line);
        }
    }

    fn device_gone(&mut self, tenant: &Arc<str>, device: &str) {
        self.device_watches_no_more(tenant, device, Termination::Rejected);
        let gone = self
            .registrations
            .get_mut(tenant)
            .and_then(|of| of.remove(device));
        let Some(registration) = gone else {
            return;
        };
        if let Some(timer) = registration.timer {
            self.timers.cancel(timer);
        }
        let key = format!("registration/{tenant}/{device}");
        self.outbox.push_back(Output::Persist {
            writes: vec![Write::remove(key)],
            ticket: None,
        });
    }

    /// Sessions per number whose settings are others now are told; what they get is complete.
    fn settings_changed(&mut self, tenant: &Arc<str>) {
        let changed: Vec<(SessionId, Arc<str>)> = self
            .keyed
            .of_tenant(tenant)
            .filter_map(|id| {
                let session = self.sessions.get(&id)?;
                let settings = self.settings_of(session)?;
                (settings != session.settings).then_some((id, settings))
            })
            .collect();
        for (id, settings) in changed {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            let old = std::mem::replace(&mut session.settings, settings);
            let number = session.number.clone();
            self.unwatch_lines(id, tenant, &number, &old);
            self.watch_lines(id);
            self.deliver(id, Event::SettingsChanged);
        }
    }

    /// Settings of a session's behaviour at the place that it is bound to.
    fn settings_of(&self, session: &Session) -> Option<Arc<str>> {
        let view = self.tenant(&session.tenant)?;
        let stack = match view.number(&session.number) {
            Some(number) => view.stack_of_number(number),
            None => view
                .find_line(&session.number)
                .map(|line| view.stack_of_line(line))
                .unwrap_or_default(),
        };
        let at_place = stack
            .into_iter()
            .find(|bound| *bound.behaviour.name == *session.behaviour);
        let bound = at_place.or_else(|| view.bound(&(&*session.behaviour).into()))?;
        Some(bound.settings)
    }

    /// A feature code: the session hears what the rule says about the caller's line, the caller that it was heard.
    pub(super) fn tell_for(&mut self, leg: LegId, tell: &Tell) {
        let Some(tenant) = self.legs.get(&leg).map(|leg| leg.tenant.clone()) else {
            return;
        };
        let line = self
            .call_of(leg)
            .and_then(|call| self.caller_line(call))
            .and_then(|line| Some(self.tenant(&tenant)?.line(&line)?.label().to_string()));
        let session = self.keyed_session_or_new(&tenant, &tell.behaviour, &tell.number);
        let (Some(line), Ok(session)) = (line, session) else {
            self.hang_up(leg, Cause::UnknownNumber);
            return;
        };
        let body = tell.message.replace("{line}", &line).into_bytes();
        self.deliver(session, Event::Message(Message { sender: None, body }));
        match self.answer_caller(leg, None, None) {
            Ok(()) => self.play_confirmation(leg),
            Err(why) => self.hang_up(leg, why),
        }
    }

    /// The session per number of a behaviour, started if need be.
    pub(super) fn keyed_session_or_new(
        &mut self,
        tenant: &Arc<str>,
        behaviour: &str,
        number: &str,
    ) -> Result<SessionId, NotTold> {
        let no_number = || NotTold::NoNumber(number.to_owned());
        let no_behaviour = || NotTold::NoBehaviour(behaviour.to_owned());
        let view = self.tenant(tenant).ok_or_else(no_behaviour)?;
        let number: Arc<str> = match view.number(number) {
            Some(document) => document.id.text().clone(),
            None => match view.find_line(number) {
                Some(line) => line.label().clone(),
                None => contract::View::normalise(&**view, number)
                    .ok_or_else(no_number)?
                    .into(),
            },
        };
        if let Some(session) = self.keyed_session(tenant, behaviour, &number) {
            return Ok(session);
        }
        let version = self.active_version(tenant, behaviour).ok_or_else(no_behaviour)?;
        if version.scope != SessionScope::PerNumber {
            return Err(NotTold::PerCall(behaviour.to_owned()));
        }
        let placed = self.placed_by_name(tenant, behaviour).ok_or_else(no_behaviour)?;
        let id = self
            .start_session(tenant, &placed, &number, None)
            .ok_or(NotTold::Full)?;
        let settings = self
            .sessions
            .get(&id)
            .and_then(|session| self.settings_of(session));
        if let (Some(session), Some(settings)) = (self.sessions.get_mut(&id), settings) {
            session.settings = settings;
        }
        Ok(id)
    }
}

/// A document as it is stored: JSON, so that people can read and mend it.
pub(super) fn record(change: &admin::Change) -> Write {
    let key = change.key.path();
    let value = change
        .document
        .as_ref()
        .and_then(|document| serde_json::to_vec(document).ok());
    match value {
        Some(value) => Write::put(key, value),
        None => Write::remove(key),
    }
}

/// What [`record`] wrote.
pub(super) fn read_record(value: &[u8]) -> Option<crate::directory::Versioned<Document>> {
    serde_json::from_slice(value).ok()
}
