//! What a behaviour can ask: `wit/directory.wit`, `numbers.wit`, `calendars.wit`, `clock.wit`, `trunk.wit`.

use std::fmt;

use base::Moment;
use serde::{Deserialize, Serialize};

use crate::NumberClass;

/// An immutable picture of a tenant, taken when an event is delivered. Shared with worker
/// threads, so answers must neither block nor change.
pub trait View: Send + Sync + fmt::Debug {
    /// The line with this name or number, as it was when the picture was taken.
    fn line(&self, name: &str) -> Option<Line>;
    /// What a behaviour in front of a line is set to, at a JSON Pointer, as JSON.
    fn setting(&self, line: &str, behaviour: &str, pointer: &str) -> Option<String>;
    fn normalise(&self, typed: &str) -> Option<String>;
    fn classify(&self, number: &str) -> NumberClass;
    fn matches(&self, number: &str, pattern: &str) -> bool;
    fn calendar(&self, name: &str, now: Moment) -> Option<CalendarState>;
    fn local_time(&self, now: Moment) -> LocalTime;
    fn route(&self, number: &str) -> Result<NumberClass, RouteError>;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    #[default]
    Fixed,
    Virtual,
    Mobile,
    Analogue,
    Ownerless,
}

/// A line as configured and as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Line {
    pub name: String,
    pub number: Option<String>,
    pub kind: LineKind,
    pub site: String,
    pub owner: Option<String>,
    pub registered: bool,
    pub calls: u32,
    pub capacity: u32,
    /// Milliseconds since the epoch.
    pub idle_since: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CalendarState {
    pub open: bool,
    /// Milliseconds since the epoch; none when it never changes.
    pub until: Option<u64>,
}

/// The wall clock in the tenant's time zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LocalTime {
    pub year: i16,
    pub month: u8,
    pub day: u8,
    /// 1 (Monday) – 7 (Sunday).
    pub weekday: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteError {
    #[error("not a number that can be dialled")]
    Invalid,
    #[error("the tenant's envelope forbids {0:?} numbers")]
    Forbidden(NumberClass),
    #[error("no trunk takes this number")]
    NoTrunk,
}

/// A tenant with nothing in it: what `describe` sees.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyView;

impl View for EmptyView {
    fn line(&self, _: &str) -> Option<Line> {
        None
    }

    fn setting(&self, _: &str, _: &str, _: &str) -> Option<String> {
        None
    }

    fn normalise(&self, _: &str) -> Option<String> {
        None
    }

    fn classify(&self, _: &str) -> NumberClass {
        NumberClass::Invalid
    }

    fn matches(&self, _: &str, _: &str) -> bool {
        false
    }

    fn calendar(&self, _: &str, _: Moment) -> Option<CalendarState> {
        None
    }

    fn local_time(&self, _: Moment) -> LocalTime {
        LocalTime {
            year: 1970,
            month: 1,
            day: 1,
            weekday: 4,
            ..LocalTime::default()
        }
    }

    fn route(&self, _: &str) -> Result<NumberClass, RouteError> {
        Err(RouteError::Invalid)
    }
}
