//! Open or closed, and until when.
//!
//! A calendar is a set of open spans of time. Their ends are local times turned into points in time by
//! [`instant_of`]; everything else is comparison, so summer time cannot make a state flap.

use base::Moment;
use contract::CalendarState;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::document::{Calendar, Hours, TimeOfDay};
use super::holidays::{holiday, next_holiday};
use super::local::{datetime, instant_of};

/// How many days in a row, none of them closed by name, are looked at: hours repeat weekly, so a week with its
/// edges shows every change there is.
const HORIZON_DAYS: u32 = 9;

/// `from ≤ t < to`.
type Span = (Moment, Moment);

impl Calendar {
    /// Whether it is open, and when that changes next.
    ///
    /// `zone` is used where the calendar names none, or one that is unknown.
    pub fn state(&self, now: Moment, zone: &TimeZone) -> CalendarState {
        let own = self
            .time_zone
            .as_deref()
            .and_then(|name| TimeZone::get(name).ok());
        let zone = own.as_ref().unwrap_or(zone);
        let spans = self.spans_from(datetime(now, zone).date(), zone);
        let open = spans.iter().find(|(from, to)| *from <= now && now < *to);
        let until = match open {
            Some((_, to)) => self.open_until(end_of(*to, &spans), &spans, now, zone),
            None => spans.iter().map(|(from, _)| *from).find(|from| *from > now),
        };
        CalendarState {
            open: open.is_some(),
            until: until.map(Moment::as_millis),
        }
    }

    /// Open spans that begin from the day before `today` on, in order, until [`HORIZON_DAYS`] have been seen. Every
    /// closed period is jumped over once, so their number bounds the work.
    fn spans_from(&self, today: Date, zone: &TimeZone) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut date = today.yesterday().unwrap_or(today);
        let mut seen = 0;
        while seen < HORIZON_DAYS {
            if let Some(last) = self.closed_through(date).filter(|_| date > today) {
                date = last;
                seen = 0;
            } else {
                self.add_day(date, zone, &mut spans);
                seen += 1;
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        spans.sort_unstable();
        spans
    }

    /// The last day of the closed days around `date`.
    fn closed_through(&self, date: Date) -> Option<Date> {
        let named = self.closed.iter().filter(|days| days.contains(date));
        let holiday = self.is_holiday(date).then_some(date);
        named.map(|days| days.last()).chain(holiday).max()
    }

    fn is_closed(&self, date: Date) -> bool {
        self.closed.iter().any(|days| days.contains(date)) || self.is_holiday(date)
    }

    fn is_holiday(&self, date: Date) -> bool {
        let country = self.holidays.as_deref();
        country.is_some_and(|country| holiday(country, date).is_some())
    }

    fn add_day(&self, date: Date, zone: &TimeZone, spans: &mut Vec<Span>) {
        let hours = self
            .hours
            .iter()
            .find(|hours| hours.days.contains(&date.weekday().into()));
        let Some(hours) = hours else { return };
        for (from, to) in local_spans(hours, date) {
            self.add_uncovered(from, to, zone, spans);
        }
    }

    /// Adds what of a local span lies on days that are not closed.
    fn add_uncovered(&self, from: DateTime, to: DateTime, zone: &TimeZone, spans: &mut Vec<Span>) {
        let midnight = from.date().tomorrow().map(midnight).unwrap_or(to);
        for (from, to) in [(from, to.min(midnight)), (midnight.max(from), to)] {
            if from >= to || self.is_closed(from.date()) {
                continue;
            }
            if let (Some(from), Some(to)) = (instant_of(from, zone), instant_of(to, zone))
                && from < to
            {
                spans.push((from, to));
            }
        }
    }

    /// `end` is where the spans that were looked at come to an end.
    fn open_until(&self, end: Moment, spans: &[Span], now: Moment, zone: &TimeZone) -> Option<Moment> {
        let looked_at = spans.iter().map(|(_, to)| *to).max()?;
        if end < looked_at {
            return Some(end);
        }
        // Open round the clock for a week and more: only closed days end it.
        let today = datetime(now, zone).date();
        let next = self
            .closed
            .iter()
            .map(|days| days.from.0)
            .filter(|day| *day > today)
            .chain(
                self.holidays
                    .as_deref()
                    .and_then(|country| next_holiday(country, today)),
            )
            .min()?;
        instant_of(midnight(next), zone)
    }
}

/// The spans of one day, the break cut out.
fn local_spans(hours: &Hours, date: Date) -> Vec<(DateTime, DateTime)> {
    let from = at(date, hours.from);
    let to = match hours.to > hours.from {
        true => at(date, hours.to),
        false => date.tomorrow().map(|next| at(next, hours.to)).unwrap_or(from),
    };
    match hours.pause {
        Some(pause) => {
            let (pause_from, pause_to) = (at(date, pause.from), at(date, pause.to));
            vec![(from, pause_from.min(to)), (pause_to.max(from), to)]
        }
        None => vec![(from, to)],
    }
}

fn midnight(date: Date) -> DateTime {
    date.at(0, 0, 0, 0)
}

fn at(date: Date, time: TimeOfDay) -> DateTime {
    let midnight = midnight(date);
    midnight
        .checked_add(i64::from(time.minutes()).minutes())
        .unwrap_or(midnight)
}

/// Where spans that touch or overlap from `end` on come to an end.
fn end_of(end: Moment, spans: &[Span]) -> Moment {
    // Sorted by their beginnings, so one pass is enough.
    spans.iter().fold(
        end,
        |end, (from, to)| if *from <= end { end.max(*to) } else { end },
    )
}

#[cfg(test)]
mod tests;
