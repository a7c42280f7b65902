//! An immutable picture of one tenant.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::configuration::Index;
use super::{Configuration, Line, LineId};
use crate::calendars;
use base::Moment;
use contract::{CalendarState, LocalTime, NumberClass, RouteError, View};

/// How a line is now. The engine says so; nobody else does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineState {
    /// Devices that are registered.
    pub registered: u16,
    /// Calls up or ringing, over all its devices.
    pub calls: u16,
    /// Calls that its registered devices can have.
    pub capacity: u16,
    /// When its last call ended.
    pub idle_since: Option<Moment>,
}

impl LineState {
    /// A line whose phones another exchange has: it can be rung, and how many calls it can have is not known here.
    pub(crate) const ELSEWHERE: Self = Self {
        registered: 1,
        calls: 0,
        capacity: 20,
        idle_since: None,
    };
}

/// A tenant as it was when the picture was taken: its documents and the state of its lines. Clones for a few
/// reference counts; dereferences to its [`Configuration`].
#[derive(Clone)]
pub struct TenantView {
    configuration: Arc<Configuration>,
    states: Index<LineId, LineState>,
}

impl TenantView {
    pub(super) fn new(configuration: Configuration) -> Self {
        Self {
            configuration: Arc::new(configuration),
            states: Index::default(),
        }
    }

    pub fn configuration(&self) -> &Arc<Configuration> {
        &self.configuration
    }

    /// Nothing registered (unless another exchange has its phones) and no call, for a line that the engine never spoke of.
    pub fn line_state(&self, line: &str) -> LineState {
        let known = self.states.get(line).copied();
        known.unwrap_or_else(|| {
            let line = self.configuration.line(line);
            let elsewhere = line.and_then(|line| self.elsewhere(line));
            elsewhere.map_or_else(LineState::default, |_| LineState::ELSEWHERE)
        })
    }

    pub(super) fn set_line_state(&mut self, line: LineId, state: LineState) {
        if state == LineState::default() {
            self.states.remove(&line);
        } else {
            self.states.insert(line, state);
        }
    }

    /// Takes other documents, and drops the state of lines that are no more.
    pub(super) fn reconfigure(&mut self, configuration: Configuration) {
        if configuration.lines().len() < self.configuration.lines().len() {
            self.states.retain(|line, _| configuration.line(line).is_some());
        }
        self.configuration = Arc::new(configuration);
    }

    /// What a behaviour is told of a line.
    fn describe(&self, line: &Line) -> contract::Line {
        let state = self.line_state(&line.id);
        contract::Line {
            name: line.label().to_string(),
            number: line.number.as_deref().map(str::to_owned),
            kind: line.kind,
            site: line.site.as_deref().unwrap_or_default().to_owned(),
            owner: line
                .user
                .as_deref()
                .and_then(|user| self.user(user))
                .map(|user| user.full_name()),
            registered: state.registered > 0,
            calls: u32::from(state.calls),
            capacity: u32::from(state.capacity),
            idle_since: state.idle_since.map(Moment::as_millis),
        }
    }
}

impl Deref for TenantView {
    type Target = Configuration;

    fn deref(&self) -> &Configuration {
        &self.configuration
    }
}

impl fmt::Debug for TenantView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "view of {} with {} lines", self.id(), self.lines().len())
    }
}

impl View for TenantView {
    fn line(&self, name: &str) -> Option<contract::Line> {
        self.find_line(name).map(|line| self.describe(line))
    }

    fn setting(&self, line: &str, behaviour: &str, pointer: &str) -> Option<String> {
        let line = self.find_line(line)?;
        let stack = self.configuration.stack_of_line(line);
        let bound = stack
            .iter()
            .find(|bound| bound.behaviour.name.text().as_ref() == behaviour)?;
        let settings: serde_json::Value = serde_json::from_str(&bound.settings).ok()?;
        Some(settings.pointer(pointer)?.to_string())
    }

    fn normalise(&self, typed: &str) -> Option<String> {
        self.number_plan().normalise(typed)
    }

    fn classify(&self, number: &str) -> NumberClass {
        self.class_of(number)
    }

    fn matches(&self, number: &str, pattern: &str) -> bool {
        self.number_plan().matches(number, pattern)
    }

    fn calendar(&self, name: &str, now: Moment) -> Option<CalendarState> {
        self.calendar_document(name)
            .map(|calendar| calendar.state(now, self.zone()))
    }

    fn local_time(&self, now: Moment) -> LocalTime {
        calendars::local_time(now, self.zone())
    }

    fn route(&self, number: &str) -> Result<NumberClass, RouteError> {
        self.route_for_behaviour(number)
    }
}
