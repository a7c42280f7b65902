//! Recurring local times, as crontab(5) writes them.
//!
//! Five fields: minute, hour, day of the month, month, day of the week. Each is `*`, or a list of values, ranges (`1-5`)
//! and steps (`*/15`, `8-18/2`); months and days of the week may be named (`jan`, `mon`), and Sunday is 0 or 7. When
//! both days are restricted, either of them is enough, as crontab has it.
//!
//! The `cron` crate finds the times, told each field as a plain list in its own dialect (seconds first, Sunday is 1, both
//! days needed). It only ever sees local time without a zone; [`instant_of`] makes points in time of what it
//! finds. So each local time comes once, also when clocks change.

use std::str::FromStr;

use base::Moment;
use chrono::{DateTime as ChronoTime, Datelike, NaiveDate, Timelike, Utc};
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

use super::local::{datetime, instant_of};

/// Local times that are looked at: each minute of a day, should a zone skip one.
const SKIPS: usize = 1_500;

/// A recurring local time.
#[derive(Clone, Debug)]
pub struct Recurrence {
    /// The days' fields joined with "and".
    schedules: Vec<cron::Schedule>,
}

/// Why a text is no recurrence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    #[error(
        "expected five fields (minute, hour, day of month, month, day of week) such as `30 8 * * 1-5`, found {0}{hint}",
        hint = if *.0 == 6 { "; there is no field for seconds" } else { "" }
    )]
    Fields(usize),
    #[error(
        "{field}: `{text}` is not understood; expected `*`, a value, a range `a-b`, a step `*/n`, or a list of these"
    )]
    Syntax { field: &'static str, text: String },
    #[error("{field}: {value} is out of range, {min}–{max} is possible")]
    Range {
        field: &'static str,
        value: u32,
        min: u32,
        max: u32,
    },
    #[error("this never happens: no such day in any of these months")]
    Never,
}

struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    field("minute", 0, 59, &[]),
    field("hour", 0, 23, &[]),
    field("day of month", 1, 31, &[]),
    field(
        "month",
        1,
        12,
        &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    ),
    field(
        "day of week",
        0,
        7,
        &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    ),
];

const fn field(name: &'static str, min: u32, max: u32, names: &'static [&'static str]) -> Field {
    Field {
        name,
        min,
        max,
        names,
    }
}

impl Recurrence {
    /// The first time after `now`; none when there is none before the year 2100.
    pub fn next_after(&self, now: Moment, zone: &TimeZone) -> Option<Moment> {
        // From some hours before, so that times which a clock change moves past `now` are seen.
        let from = datetime(now, zone)
            .checked_sub(jiff::SignedDuration::from_hours(3))
            .ok()?;
        let from = naive(from)?;
        let next_of = |schedule: &cron::Schedule| {
            let instants = schedule
                .after(&from)
                .take(SKIPS)
                .filter_map(|at| instant_of(civil(&at), zone));
            instants.into_iter().find(|at| *at > now)
        };
        self.schedules.iter().filter_map(next_of).min()
    }
}

impl FromStr for Recurrence {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let text = expand_macro(text.trim());
        let parts: Vec<&str> = text.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err(CronError::Fields(parts.len()));
        };
        let [minutes, hours, days, months, weekdays] = &FIELDS;
        let time = format!("0 {} {}", minutes.read(minute)?, hours.read(hour)?);
        let (days, months) = (days.read(day)?, months.read(month)?);
        let weekdays = weekdays.read(weekday)?;
        // crontab(5): a field that starts with a star does not restrict.
        let lines = match (day.starts_with('*'), weekday.starts_with('*')) {
            (false, false) => vec![
                format!("{time} {days} {months} *"),
                format!("{time} * {months} {weekdays}"),
            ],
            _ => vec![format!("{time} {days} {months} {weekdays}")],
        };
        let schedules: Result<Vec<_>, _> = lines.iter().map(|line| cron::Schedule::from_str(line)).collect();
        let schedules = schedules.map_err(|_| CronError::Syntax {
            field: "all",
            text: text.to_owned(),
        })?;
        let recurrence = Self { schedules };
        let start = naive(date(2000, 1, 1).at(0, 0, 0, 0)).ok_or(CronError::Never)?;
        if recurrence
            .schedules
            .iter()
            .all(|schedule| schedule.after(&start).next().is_none())
        {
            return Err(CronError::Never);
        }
        Ok(recurrence)
    }
}

fn expand_macro(text: &str) -> &str {
    match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    }
}

impl Field {
    /// The field as a list of values in the crate's dialect.
    fn read(&self, text: &str) -> Result<String, CronError> {
        if text == "*" {
            return Ok("*".to_owned());
        }
        let mut values = Vec::new();
        for part in text.split(',') {
            values.extend(self.part(part)?);
        }
        // Days of the week count from Sunday as 0 or 7 here, and from Sunday as 1 there.
        let is_weekday = self.max == 7;
        let mut values: Vec<u32> = values
            .into_iter()
            .map(|v| if is_weekday { v % 7 + 1 } else { v })
            .collect();
        values.sort_unstable();
        values.dedup();
        let values: Vec<String> = values.iter().map(u32::to_string).collect();
        Ok(values.join(","))
    }

    fn part(&self, part: &str) -> Result<Vec<u32>, CronError> {
        let wrong = || CronError::Syntax {
            field: self.name,
            text: part.to_owned(),
        };
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (
                range,
                Some(
                    step.parse::<u32>()
                        .ok()
                        .filter(|step| *step > 0)
                        .ok_or_else(wrong)?,
                ),
            ),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.max.min(if self.max == 7 { 6 } else { self.max })),
            Some((from, to)) => (
                self.value(from).ok_or_else(wrong)?,
                self.value(to).ok_or_else(wrong)?,
            ),
            // A step needs something to step through.
            None if step.is_some() => return Err(wrong()),
            None => {
                let value = self.value(range).ok_or_else(wrong)?;
                (value, value)
            }
        };
        for value in [from, to] {
            if !(self.min..=self.max).contains(&value) {
                return Err(CronError::Range {
                    field: self.name,
                    value,
                    min: self.min,
                    max: self.max,
                });
            }
        }
        if from > to {
            return Err(wrong());
        }
        let step = usize::try_from(step.unwrap_or(1)).map_err(|_| wrong())?;
        Ok((from..=to).step_by(step).collect())
    }

    fn value(&self, text: &str) -> Option<u32> {
        if text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().ok();
        }
        let position = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))?;
        // Months count from 1, days of the week from 0: as the field does.
        u32::try_from(position).ok().map(|position| position + self.min)
    }
}

/// Local time in the clothes of UTC: the crate knows no time without a zone.
fn naive(local: DateTime) -> Option<ChronoTime<Utc>> {
    let day = NaiveDate::from_ymd_opt(
        i32::from(local.year()),
        u32::from(local.month().unsigned_abs()),
        u32::from(local.day().unsigned_abs()),
    )?;
    let time = day.and_hms_opt(
        u32::from(local.hour().unsigned_abs()),
        u32::from(local.minute().unsigned_abs()),
        u32::from(local.second().unsigned_abs()),
    )?;
    Some(time.and_utc())
}

fn civil(naive: &ChronoTime<Utc>) -> DateTime {
    let part = |value: u32| i8::try_from(value).unwrap_or(1);
    let year = i16::try_from(naive.year()).unwrap_or(i16::MAX).min(9_999);
    date(year, part(naive.month()), part(naive.day())).at(
        part(naive.hour()),
        part(naive.minute()),
        part(naive.second()),
        0,
    )
}

#[cfg(test)]
mod tests;
