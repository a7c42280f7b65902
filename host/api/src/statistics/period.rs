use base::Moment;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::problem::Problem;

/// Unless asked otherwise: the day that runs, and the six before it.
const DAYS: i64 = 6;
/// Longest period, in milliseconds: what is kept at all, unless the operator keeps more.
const LONGEST_MS: u64 = 366 * 86_400_000;

/// Times of a period, `from..to`, in a tenant's time zone.
#[derive(Clone, Debug)]
pub(crate) struct Period {
    pub from_ms: u64,
    pub to_ms: u64,
    zone: TimeZone,
}

/// What rows stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum By {
    /// Lines and numbers.
    #[default]
    Party,
    Day,
    Hour,
    HourOfDay,
}

impl Period {
    /// Each end is an instant in milliseconds, or a day (`2026-11-22`), which is in the period from its first to its last hour.
    ///
    /// # Errors
    ///
    /// A [`Problem`] that names what cannot be read, and an empty or too long period.
    pub fn new(zone: &str, from: Option<&str>, to: Option<&str>, now: Moment) -> Result<Self, Problem> {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let to_ms = match to {
            Some(text) => end(text, 1, &zone).ok_or_else(|| unreadable("to"))?,
            None => now.as_millis(),
        };
        let from_ms = match from {
            Some(text) => end(text, 0, &zone).ok_or_else(|| unreadable("from"))?,
            None => week_before(to_ms, &zone).unwrap_or_default(),
        };
        if from_ms >= to_ms {
            return Err(Problem::malformed("`from` must be before `to`"));
        }
        if to_ms - from_ms > LONGEST_MS {
            return Err(Problem::malformed("a period has at most 366 days"));
        }
        Ok(Self { from_ms, to_ms, zone })
    }

    pub fn has(&self, at: Moment) -> bool {
        (self.from_ms..self.to_ms).contains(&at.as_millis())
    }

    /// The row of a call that began at `at`: its place among the rows, and its key. None by party.
    pub fn row(&self, by: By, at: Moment) -> Option<(u64, String)> {
        let local = timestamp(at.as_millis())?.to_zoned(self.zone.clone());
        let since = |start: jiff::Zoned| u64::try_from(start.timestamp().as_millisecond()).ok();
        Some(match by {
            By::Party => return None,
            By::Day => (
                since(local.start_of_day().ok()?)?,
                local.strftime("%Y-%m-%d").to_string(),
            ),
            By::Hour => {
                let hour = local.round(
                    jiff::ZonedRound::new()
                        .smallest(jiff::Unit::Hour)
                        .mode(jiff::RoundMode::Trunc),
                );
                // With its offset: one hour of the year comes twice.
                let key = local.strftime("%Y-%m-%dT%H%:z").to_string();
                (since(hour.ok()?)?, key)
            }
            By::HourOfDay => (
                u64::try_from(local.hour()).ok()?,
                local.strftime("%H").to_string(),
            ),
        })
    }
}

fn unreadable(name: &str) -> Problem {
    Problem::malformed(format!(
        "`{name}` must be a day such as 2026-11-22, or an instant in milliseconds since 1970-01-01T00:00:00Z"
    ))
}

fn timestamp(millis: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()
}

fn end(text: &str, days: i64, zone: &TimeZone) -> Option<u64> {
    if let Ok(millis) = text.parse::<u64>() {
        return timestamp(millis).map(|_| millis);
    }
    let day: Date = text.parse().ok()?;
    let start = day.checked_add(days.days()).ok()?.to_zoned(zone.clone()).ok()?;
    u64::try_from(start.timestamp().as_millisecond()).ok()
}

/// The beginning of the day six days before the one that `to` ends.
fn week_before(to_ms: u64, zone: &TimeZone) -> Option<u64> {
    let last = timestamp(to_ms.saturating_sub(1))?.to_zoned(zone.clone());
    let first = last.checked_sub(DAYS.days()).ok()?.start_of_day().ok()?;
    u64::try_from(first.timestamp().as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARIS: &str = "Europe/Paris";

    fn at(text: &str) -> Moment {
        let at: Timestamp = text.parse().unwrap();
        Moment::from_millis(u64::try_from(at.as_millisecond()).unwrap())
    }

    #[test]
    fn days_are_those_of_the_tenant_and_whole() {
        let now = at("2026-11-22T12:00:00Z");
        let day = Period::new(PARIS, Some("2026-11-21"), Some("2026-11-21"), now).unwrap();
        assert!(day.has(at("2026-11-20T23:00:00Z")) && day.has(at("2026-11-21T22:59:59Z")));
        assert!(!day.has(at("2026-11-20T22:59:59Z")) && !day.has(at("2026-11-21T23:00:00Z")));
        let week = Period::new(PARIS, None, None, now).unwrap();
        assert!(week.has(at("2026-11-15T23:00:00Z")) && !week.has(at("2026-11-15T22:59:59Z")));
        assert!(week.has(at("2026-11-22T11:59:59Z")) && !week.has(now));
    }

    #[test]
    fn the_hour_that_comes_twice_has_two_rows_in_their_order() {
        let period = Period::new(PARIS, None, None, at("2026-10-26T00:00:00Z")).unwrap();
        let first = period.row(By::Hour, at("2026-10-25T00:30:00Z")).unwrap();
        let second = period.row(By::Hour, at("2026-10-25T01:30:00Z")).unwrap();
        assert_eq!(
            (first.1.as_str(), second.1.as_str()),
            ("2026-10-25T02+02:00", "2026-10-25T02+01:00")
        );
        assert!(first.0 < second.0);
        let hour = period.row(By::HourOfDay, at("2026-10-25T01:30:00Z")).unwrap();
        assert_eq!(hour, (2, "02".to_owned()));
    }

    #[test]
    fn what_is_no_period_is_refused() {
        let now = at("2026-11-22T12:00:00Z");
        for (from, to) in [
            ("yesterday", "2026-11-22"),
            ("2026-11-22", "2026-11-20"),
            ("2024-01-01", "2026-11-22"),
            ("99999999999999999", "2026-11-22"),
        ] {
            assert!(
                Period::new(PARIS, Some(from), Some(to), now).is_err(),
                "{from} {to}"
            );
        }
    }
}
