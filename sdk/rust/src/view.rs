//! What a behaviour can ask, and say to people. Answers come at once, from a view of the tenant
//! taken when the event was delivered.

use std::rc::Rc;

use contract::{CalendarState, Line, LocalTime, LogLevel, NumberClass, RouteError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::imports;
use crate::script::tape::{Print, Tape};

/// The tenant, as far as a behaviour may ask about it.
///
/// Every method uses one import; what is not called does not become a permission.
#[derive(Clone)]
pub struct View {
    /// Remembers answers, in a script: it must get the same ones when it runs again.
    tape: Option<Rc<Tape>>,
}

impl View {
    /// For a behaviour that runs once an event: every question goes out.
    pub(crate) fn direct() -> Self {
        Self { tape: None }
    }

    pub(crate) fn taped(tape: Rc<Tape>) -> Self {
        Self { tape: Some(tape) }
    }

    fn ask<T>(&self, print: Print, question: impl FnOnce() -> T) -> T
    where
        T: Serialize + DeserializeOwned + Default,
    {
        match &self.tape {
            None => question(),
            Some(tape) => tape.ask(print, question),
        }
    }

    /// The time in milliseconds since 1970-01-01T00:00:00Z. It stands still while an event is handled.
    pub fn now(&self) -> u64 {
        self.ask(Print::of(b"now"), imports::now)
    }

    /// The wall clock in the tenant's time zone.
    pub fn local_time(&self) -> LocalTime {
        self.ask(Print::of(b"local"), imports::local_time)
    }

    /// A random number, seeded by the host for each event. Not for secrets.
    pub fn random(&self) -> u64 {
        self.ask(Print::of(b"random"), imports::random)
    }

    /// The line with this short or full number, as it is now; none when there is none.
    pub fn line(&self, name: &str) -> Option<Line> {
        self.ask(Print::of(b"line").text(name), || imports::line(name))
    }

    /// What a behaviour in front of a line is set to for it, at this JSON Pointer (RFC 6901), as JSON.
    pub fn setting(&self, line: &str, behaviour: &str, pointer: &str) -> Option<String> {
        let print = Print::of(b"setting").text(line).text(behaviour).text(pointer);
        self.ask(print, || imports::setting(line, behaviour, pointer))
    }

    /// Whether a behaviour in front of a line sends all its calls elsewhere now, at once or outside of opening hours: one with the settings
    /// of the shipped `line`.
    pub fn forwards_all(&self, line: &str, behaviour: &str) -> bool {
        let is_on = |pointer| self.setting(line, behaviour, pointer).as_deref() == Some("true");
        let closed = || {
            let calendar = self.setting(line, behaviour, "/scheduled/calendar");
            calendar.is_some_and(|name| !self.calendar(name.trim_matches('"')).is_open())
        };
        is_on("/immediate/on") || (is_on("/scheduled/on") && closed())
    }

    /// What was typed as E.164, a short number or a feature code; none when it is no number.
    pub fn normalise(&self, typed: &str) -> Option<String> {
        self.ask(Print::of(b"normalise").text(typed), || imports::normalise(typed))
    }

    /// How the tenant's numbering plan sees a number.
    pub fn classify(&self, number: &str) -> NumberClass {
        let answer = self.ask(Print::of(b"classify").text(number), || {
            Some(imports::classify(number))
        });
        answer.unwrap_or(NumberClass::Invalid)
    }

    /// Whether a number falls under a pattern: a number in any spelling, or a prefix ending in `*`.
    pub fn matches(&self, number: &str, pattern: &str) -> bool {
        self.ask(Print::of(b"matches").text(number).text(pattern), || {
            imports::matches(number, pattern)
        })
    }

    /// Opening hours by name. Ask [`Calendar::is_open`] of it.
    pub fn calendar(&self, name: &str) -> Calendar {
        let state = self.ask(Print::of(b"calendar").text(name), || imports::calendar(name));
        Calendar { state }
    }

    /// Whether a number outside could be dialled now. Needs (and is) the permission `trunk`.
    ///
    /// # Errors
    ///
    /// Why it could not.
    pub fn route(&self, number: &str) -> Result<NumberClass, RouteError> {
        let answer = self.ask(Print::of(b"route").text(number), || Some(imports::route(number)));
        answer.unwrap_or(Err(RouteError::Invalid))
    }

    /// One sentence for people who ask why a call went where it went. `rule` names the rule or
    /// the setting (`forward/busy`, `R21`).
    pub fn explain(&self, rule: &str, sentence: &str) {
        if self.is_live() {
            imports::explain(rule, sentence);
        }
    }

    /// A line for the behaviour's developer, in the session's trace.
    pub fn log(&self, line: &str) {
        if self.is_live() {
            imports::log(LogLevel::Info, line);
        }
    }

    /// Whether what happens now has not happened in an earlier run already.
    fn is_live(&self) -> bool {
        self.tape.as_ref().is_none_or(|tape| tape.is_live())
    }
}

/// Opening hours, as they stand now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    state: Option<CalendarState>,
}

impl Calendar {
    /// Whether it is open; a calendar that does not exist is never closed.
    pub fn is_open(&self) -> bool {
        self.state.is_none_or(|state| state.open)
    }

    /// Whether the tenant has a calendar of this name.
    pub fn exists(&self) -> bool {
        self.state.is_some()
    }

    /// When that changes next, in milliseconds since the epoch; none when it never does.
    pub fn changes_at(&self) -> Option<u64> {
        self.state.and_then(|state| state.until)
    }
}
