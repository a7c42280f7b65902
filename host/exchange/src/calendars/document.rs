use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::directory::CalendarId;

/// When a company is open (R44): hours for sets of weekdays, less closed days. Closed is the complement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Calendar {
    pub id: CalendarId,
    #[serde(default)]
    pub name: String,
    /// Each weekday is in one set at most; one in none is closed.
    #[serde(default)]
    pub hours: Vec<Hours>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<ClosedDays>,
    /// Closed on the public holidays of this country (ISO 3166 alpha-2), too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays: Option<String>,
    /// IANA name; absent: the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// Daily hours of some weekdays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hours {
    pub days: Vec<Weekday>,
    pub from: TimeOfDay,
    /// Not after `from`: on the next day.
    pub to: TimeOfDay,
    /// Lunch; within the hours of one day.
    #[serde(default, rename = "break", skip_serializing_if = "Option::is_none")]
    pub pause: Option<Break>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Break {
    pub from: TimeOfDay,
    pub to: TimeOfDay,
}

/// A holiday, or holidays: whole days, from midnight to midnight, whatever was open into them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClosedDays {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `2026-12-24`.
    pub from: Day,
    /// The last closed day; absent: the same day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Day>,
}

impl ClosedDays {
    pub(super) fn last(&self) -> Date {
        self.to.unwrap_or(self.from).0
    }

    pub(super) fn contains(&self, date: Date) -> bool {
        (self.from.0..=self.last()).contains(&date)
    }
}

/// A date, as `2026-12-24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| serde::de::Error::custom("expected a date such as `2026-12-24`"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<jiff::civil::Weekday> for Weekday {
    fn from(weekday: jiff::civil::Weekday) -> Self {
        use jiff::civil::Weekday as W;
        match weekday {
            W::Monday => Self::Monday,
            W::Tuesday => Self::Tuesday,
            W::Wednesday => Self::Wednesday,
            W::Thursday => Self::Thursday,
            W::Friday => Self::Friday,
            W::Saturday => Self::Saturday,
            W::Sunday => Self::Sunday,
        }
    }
}

/// Minutes since midnight, as `08:30`; up to `24:00`, the end of the day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    const DAY: u16 = 24 * 60;

    /// None past `24:00`.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        let minutes = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && minutes <= Self::DAY).then_some(Self(minutes))
    }

    pub fn minutes(self) -> u16 {
        self.0
    }
}

/// Text that is no time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as `08:30`, from 00:00 to 24:00")]
pub struct NoTime;

impl FromStr for TimeOfDay {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let (hour, minute) = text.split_once(':').ok_or(NoTime)?;
        let number = |text: &str| match text.len() {
            1 | 2 if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().map_err(|_| NoTime),
            _ => Err(NoTime),
        };
        if minute.len() != 2 {
            return Err(NoTime);
        }
        Self::new(number(hour)?, number(minute)?).ok_or(NoTime)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
