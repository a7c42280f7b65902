//! A small tenant in France to test with.

use std::collections::BTreeMap;

use base::Moment;
use contract::{CalendarState, EmptyView, Line, LocalTime, NumberClass, RouteError, View};

/// Lines, calendars and a numbering plan: as much of a tenant as a behaviour can see.
///
/// Numbers are read as in France: `01`–`05` and `09` fixed, `06`/`07` mobile, `080` free, other
/// `08` premium, `00` abroad, with Belgium, Luxembourg, Germany, Switzerland, Italy, Spain, Monaco and
/// the Netherlands near.
#[derive(Clone, Debug, Default)]
pub struct Tenant {
    lines: BTreeMap<String, Line>,
    calendars: BTreeMap<String, bool>,
    settings: BTreeMap<(String, String, String), String>,
    numbers: Vec<String>,
    no_trunk: bool,
    weekday: Option<u8>,
}

impl Tenant {
    /// Adds a line with this name, registered and idle, that can take two calls.
    pub fn line(&mut self, name: &str) -> &mut Line {
        let line = Line {
            name: name.to_owned(),
            registered: true,
            capacity: 2,
            idle_since: Some(0),
            ..Line::default()
        };
        self.lines.entry(name.to_owned()).or_insert(line)
    }

    /// Adds lines as [`line`](Self::line) does.
    pub fn lines(&mut self, names: &[&str]) -> &mut Self {
        for name in names {
            self.line(name);
        }
        self
    }

    /// Adds a short number that is no line: a group, a menu.
    pub fn number(&mut self, number: &str) -> &mut Self {
        self.numbers.push(number.to_owned());
        self
    }

    /// What a behaviour in front of a line is set to, at a JSON Pointer, as JSON.
    pub fn setting(&mut self, line: &str, behaviour: &str, pointer: &str, json: &str) -> &mut Self {
        let key = (line.to_owned(), behaviour.to_owned(), pointer.to_owned());
        self.settings.insert(key, json.to_owned());
        self
    }

    /// Opens or closes a calendar, and adds it if need be.
    pub fn calendar(&mut self, name: &str, open: bool) -> &mut Self {
        self.calendars.insert(name.to_owned(), open);
        self
    }

    /// Lets it be this day: 1 (Monday) – 7 (Sunday).
    pub fn weekday(&mut self, day: u8) -> &mut Self {
        self.weekday = Some(day);
        self
    }

    /// Takes all trunks away.
    pub fn without_trunk(&mut self) -> &mut Self {
        self.no_trunk = true;
        self
    }
}

/// Calling codes next to France, near enough for a test.
const NEAR: [&str; 8] = ["32", "352", "49", "41", "39", "34", "377", "31"];

impl View for Tenant {
    fn line(&self, name: &str) -> Option<Line> {
        let by_number = || {
            self.lines
                .values()
                .find(|line| line.number.as_deref() == Some(name))
        };
        self.lines.get(name).or_else(by_number).cloned()
    }

    fn setting(&self, line: &str, behaviour: &str, pointer: &str) -> Option<String> {
        let key = (line.to_owned(), behaviour.to_owned(), pointer.to_owned());
        self.settings.get(&key).cloned()
    }

    fn normalise(&self, typed: &str) -> Option<String> {
        let kept: String = typed
            .chars()
            .filter(|letter| !" .-()".contains(*letter))
            .collect();
        let digits = kept.strip_prefix('+').unwrap_or(&kept);
        if digits.is_empty()
            || !digits
                .chars()
                .all(|letter| letter.is_ascii_digit() || "*#".contains(letter))
        {
            return None;
        }
        Some(match (kept.strip_prefix("00"), kept.strip_prefix('0')) {
            (Some(abroad), _) => format!("+{abroad}"),
            (None, Some(national)) if kept.len() == 10 => format!("+33{national}"),
            _ => kept,
        })
    }

    fn classify(&self, number: &str) -> NumberClass {
        let Some(number) = self.normalise(number) else {
            return NumberClass::Invalid;
        };
        if self.lines.contains_key(&number) || self.numbers.contains(&number) {
            return NumberClass::Internal;
        }
        match (number.strip_prefix("+33"), number.strip_prefix('+')) {
            (Some(french), _) => french_class(french),
            (None, Some(abroad)) if NEAR.iter().any(|code| abroad.starts_with(code)) => {
                NumberClass::NearAbroad
            }
            (None, Some(_)) => NumberClass::World,
            (None, None) => short_class(&number),
        }
    }

    fn matches(&self, number: &str, pattern: &str) -> bool {
        let Some(number) = self.normalise(number) else {
            return false;
        };
        match pattern.strip_suffix('*') {
            Some(prefix) => {
                let national = prefix.strip_prefix('0').map(|rest| format!("+33{rest}"));
                number.starts_with(prefix) || national.is_some_and(|prefix| number.starts_with(&prefix))
            }
            None => self.normalise(pattern) == Some(number),
        }
    }

    fn calendar(&self, name: &str, _: Moment) -> Option<CalendarState> {
        self.calendars.get(name).map(|open| CalendarState {
            open: *open,
            until: None,
        })
    }

    fn local_time(&self, now: Moment) -> LocalTime {
        let local = EmptyView.local_time(now);
        LocalTime {
            weekday: self.weekday.unwrap_or(local.weekday),
            ..local
        }
    }

    fn route(&self, number: &str) -> Result<NumberClass, RouteError> {
        match self.classify(number) {
            NumberClass::Invalid => Err(RouteError::Invalid),
            _ if self.no_trunk => Err(RouteError::NoTrunk),
            class => Ok(class),
        }
    }
}

fn french_class(national: &str) -> NumberClass {
    match national.as_bytes() {
        [b'1'..=b'5' | b'9', rest @ ..] if rest.len() == 8 => NumberClass::Fixed,
        [b'6' | b'7', rest @ ..] if rest.len() == 8 => NumberClass::Mobile,
        [b'8', b'0', ..] => NumberClass::Free,
        [b'8', ..] => NumberClass::Premium,
        _ => NumberClass::Invalid,
    }
}

fn short_class(number: &str) -> NumberClass {
    match number.as_bytes() {
        [b'*' | b'#', ..] => NumberClass::Feature,
        b"15" | b"17" | b"18" | b"112" => NumberClass::Emergency,
        [b'1', _, _, _] | [b'1', b'1', b'8', ..] => NumberClass::Premium,
        [b'3', _, _, _] => NumberClass::Free,
        _ => NumberClass::Invalid,
    }
}
