//! Line state: what is registered, which calls are up or ringing, since when it is quiet.
//!
//! Kept as counts, told to the directory for the pictures that behaviours see, and to the sessions that
//! watch a line.

use std::sync::Arc;

use base::Moment;
use contract::{Event, LineChange, SessionId};
use smallvec::SmallVec;

use super::Exchange;
use super::leg::{Leg, Party};
use super::reservations::Reservation;
use super::watches::Waits;
use crate::directory::{LineId, LineState};
use crate::ids::CallId;
use crate::report::Fact;

/// What is going on at one line.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Calls with the number of their legs here: phones that ring together are one call.
    calls: SmallVec<[(CallId, u16); 2]>,
    idle_since: Option<Moment>,
    /// Sessions that want to know.
    pub watchers: SmallVec<[SessionId; 1]>,
    /// Sessions that wait for it to be free, busy or registered; first come first served.
    pub waiting: Vec<Waits>,
    /// A session keeps the line to itself.
    pub reserved: Option<Box<Reservation>>,
}

impl Activity {
    pub(crate) fn calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.calls.iter().map(|(call, _)| *call)
    }

    /// The last call there was elsewhere.
    pub(crate) fn quiet_since(&mut self, now: Moment) {
        if self.calls.is_empty() {
            self.idle_since = Some(now);
        }
    }
}

impl Exchange {
    /// Counts a leg in or out, for its device, its line or its trunk.
    pub(super) fn count_leg(&mut self, tenant: &Arc<str>, party: &Party, call: CallId, starts: bool) {
        let counted = match party {
            Party::Device { device, .. } => device.clone(),
            Party::Trunk(trunk) => super::lookup::trunk_account(trunk).into(),
        };
        let legs = self
            .legs_of
            .entry(tenant.clone())
            .or_default()
            .entry(counted)
            .or_default();
        *legs = if starts { *legs + 1 } else { legs.saturating_sub(1) };
        let Party::Device { line, .. } = party else {
            return;
        };
        let now = self.now;
        let activity = self.activity(tenant, line);
        let position = activity.calls.iter().position(|(other, _)| *other == call);
        match (
            position.and_then(|position| activity.calls.get_mut(position)),
            starts,
        ) {
            (Some((_, legs)), true) => *legs += 1,
            (None, true) => activity.calls.push((call, 1)),
            (Some((_, legs)), false) => *legs = legs.saturating_sub(1),
            (None, false) => {}
        }
        let before = activity.calls.len();
        activity.calls.retain(|(_, legs)| *legs > 0);
        if before > 0 && activity.calls.is_empty() {
            activity.idle_since = Some(now);
        }
        self.line_changed(tenant, line);
        self.dialogs_changed(tenant, line);
    }

    /// A leg belongs to another call from now on; nothing changes for the line unless two of its calls became one.
    pub(super) fn count_for(&mut self, tenant: &Arc<str>, party: &Party, from: CallId, to: CallId) {
        let Party::Device { line, .. } = party else {
            return;
        };
        let activity = self.activity(tenant, line);
        if let Some((_, legs)) = activity.calls.iter_mut().find(|(call, _)| *call == from) {
            *legs = legs.saturating_sub(1);
        }
        match activity.calls.iter_mut().find(|(call, _)| *call == to) {
            Some((_, legs)) => *legs += 1,
            None => activity.calls.push((to, 1)),
        }
        activity.calls.retain(|(_, legs)| *legs > 0);
        self.line_changed(tenant, line);
    }

    /// The legs of a line's devices, in calls that it has.
    pub(super) fn legs_of_line(&self, tenant: &str, line: &str) -> impl Iterator<Item = &Leg> {
        let activity = self.lines.get(tenant).and_then(|lines| lines.get(line));
        let calls = activity.into_iter().flat_map(|activity| activity.calls());
        calls
            .filter_map(|call| self.calls.get(&call))
            .flat_map(|call| call.legs.iter())
            .filter_map(|leg| self.legs.get(leg))
            .filter(move |leg| leg.party.line().is_some_and(|own| **own == *line))
    }

    pub(super) fn activity(&mut self, tenant: &Arc<str>, line: &Arc<str>) -> &mut Activity {
        self.lines
            .entry(tenant.clone())
            .or_default()
            .entry(line.clone())
            .or_default()
    }

    pub(super) fn calls_of_device(&self, tenant: &str, device: &str) -> usize {
        self.legs_of
            .get(tenant)
            .and_then(|of| of.get(device))
            .copied()
            .unwrap_or_default()
    }

    /// Whether a line is in a call other than this one.
    pub(super) fn has_another_call(&self, tenant: &str, line: &str, call: CallId) -> bool {
        let activity = self.lines.get(tenant).and_then(|lines| lines.get(line));
        activity.is_some_and(|activity| activity.calls.iter().any(|(other, _)| *other != call))
    }

    pub(super) fn calls_of_trunk(&self, tenant: &str, trunk: &str) -> usize {
        self.calls_of_device(tenant, &super::lookup::trunk_account(trunk))
    }

    /// The state of a line as it is now, told to whoever asks or watches.
    pub(super) fn line_changed(&mut self, tenant: &Arc<str>, line: &Arc<str>) {
        let Some((_, devices)) = self.devices_of(tenant, line) else {
            return;
        };
        let registered = devices
            .iter()
            .filter(|device| self.is_registered(tenant, &device.name));
        let (registered, capacity) = registered.fold((0_u16, 0_usize), |(count, sum), device| {
            (count.saturating_add(1), sum + device.quota)
        });
        let (registered, capacity) = match self.elsewhere(tenant, line) {
            Some(_) => (
                LineState::ELSEWHERE.registered,
                usize::from(LineState::ELSEWHERE.capacity),
            ),
            None => (registered, capacity),
        };
        let activity = self.lines.get(tenant).and_then(|lines| lines.get(line));
        let calls = activity.map_or(0, |activity| activity.calls.len());
        let state = LineState {
            registered,
            // A call of ours is one of those that its exchange tells of.
            calls: u16::try_from(calls)
                .unwrap_or(u16::MAX)
                .max(self.calls_there(tenant, line)),
            capacity: u16::try_from(capacity).unwrap_or(u16::MAX),
            idle_since: activity.and_then(|activity| activity.idle_since),
        };
        let watchers = activity
            .map(|activity| activity.watchers.clone())
            .unwrap_or_default();
        let before = self
            .tenant(tenant)
            .map(|view| view.line_state(line))
            .unwrap_or_default();
        if before == state {
            return;
        }
        self.directory
            .set_line_state(tenant, &LineId::new(line.clone()), state);
        let visible = (before.registered > 0, before.calls) != (registered > 0, state.calls);
        if !visible {
            return;
        }
        let fact = Fact::Line {
            line: line.clone(),
            registered: registered > 0,
            calls: u32::from(state.calls),
        };
        self.report_for(tenant, None, None, None, fact);
        self.watches_fire(tenant, line);
        if watchers.is_empty() {
            return;
        }
        let label = self
            .tenant(tenant)
            .and_then(|view| view.line(line))
            .map(|line| line.label().to_string());
        let change = LineChange {
            line: label.unwrap_or_else(|| line.to_string()),
            registered: registered > 0,
            calls: u32::from(state.calls),
        };
        for session in watchers {
            self.deliver(session, Event::LineChanged(change.clone()));
        }
    }

    /// A session per number hears of changes to the lines that its settings name and to the line that it is for, if it
    /// asked for that.
    pub(super) fn watch_lines(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.call.is_some() || !session.running.interests.line_changes {
            return;
        }
        let (tenant, settings) = (session.tenant.clone(), session.settings.clone());
        let number = session.number.clone();
        for line in self.lines_named_in(&tenant, &number, &settings) {
            let watchers = &mut self.activity(&tenant, &line).watchers;
            if !watchers.contains(&id) {
                watchers.push(id);
                self.look_elsewhere(&tenant, &line);
            }
        }
    }

    pub(super) fn unwatch_lines(&mut self, id: SessionId, tenant: &Arc<str>, number: &str, settings: &str) {
        for line in self.lines_named_in(tenant, number, settings) {
            self.activity(tenant, &line).watchers.retain(|other| *other != id);
            self.look_elsewhere(tenant, &line);
        }
    }

    /// The line of this number, and every text in the settings that is the name of a line.
    fn lines_named_in(&self, tenant: &str, number: &str, settings: &str) -> Vec<Arc<str>> {
        let Some(view) = self.tenant(tenant) else {
            return Vec::new();
        };
        let Ok(settings) = serde_json::from_str(settings) else {
            return Vec::new();
        };
        let mut names = vec![number];
        texts(&settings, &mut names);
        names
            .into_iter()
            .filter_map(|name| Some(view.find_line(name)?.id.text().clone()))
            .collect()
    }
}

fn texts<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::String(text) => found.push(text),
        serde_json::Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
        serde_json::Value::Object(map) => map.values().for_each(|value| texts(value, found)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}
