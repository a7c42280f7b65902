//! Local time and points in time.
//!
//! The rule for the days on which clocks change: **what is written once happens once.** A local time that is
//! skipped (02:30 when clocks go from 02:00 to 03:00) is the moment at which they jump; one that comes
//! twice is the first of the two. So a shop that opens at 02:30 opens once, and a job at 02:30 runs once.

use base::Moment;
use contract::LocalTime;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::Weekday;

/// When it is this local time. None outside of the years 1970–9999.
pub fn instant_of(local: DateTime, zone: &TimeZone) -> Option<Moment> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let timestamp = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous.compatible().ok()?,
        AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok()?,
        AmbiguousOffset::Gap { .. } => {
            // With the offset from before the jump it lies at or after the jump; the jump is the last
            // transition until then.
            let after = ambiguous.later().ok()?;
            zone.preceding(after.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?)
                .next()?
                .timestamp()
        }
    };
    moment_of(timestamp)
}

/// What the clock on the wall shows.
pub fn local_time(now: Moment, zone: &TimeZone) -> LocalTime {
    let local = datetime(now, zone);
    LocalTime {
        year: local.year(),
        month: local.month().unsigned_abs(),
        day: local.day().unsigned_abs(),
        weekday: local.weekday().to_monday_one_offset().unsigned_abs(),
        hour: local.hour().unsigned_abs(),
        minute: local.minute().unsigned_abs(),
        second: local.second().unsigned_abs(),
    }
}

/// Which day of the week it is.
pub fn weekday(now: Moment, zone: &TimeZone) -> Weekday {
    datetime(now, zone).weekday().into()
}

/// What the clock on the wall shows, for arithmetic.
pub(crate) fn datetime(now: Moment, zone: &TimeZone) -> DateTime {
    let micros = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    zone.to_datetime(timestamp)
}

fn moment_of(timestamp: Timestamp) -> Option<Moment> {
    u64::try_from(timestamp.as_microsecond())
        .ok()
        .map(Moment::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    fn shown(local: DateTime) -> String {
        instant_of(local, &paris()).unwrap().to_string()
    }

    #[test]
    fn a_skipped_local_time_is_the_moment_of_the_jump() {
        // 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
        for minute in [0, 1, 30, 59] {
            assert_eq!(
                shown(date(2026, 3, 29).at(2, minute, 0, 0)),
                "2026-03-29T01:00:00.000Z"
            );
        }
        assert_eq!(
            shown(date(2026, 3, 29).at(1, 59, 0, 0)),
            "2026-03-29T00:59:00.000Z"
        );
        assert_eq!(
            shown(date(2026, 3, 29).at(3, 1, 0, 0)),
            "2026-03-29T01:01:00.000Z"
        );
    }

    #[test]
    fn a_local_time_that_comes_twice_is_the_first() {
        // 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
        assert_eq!(
            shown(date(2026, 10, 25).at(2, 30, 0, 0)),
            "2026-10-25T00:30:00.000Z"
        );
        assert_eq!(
            shown(date(2026, 10, 25).at(3, 0, 0, 0)),
            "2026-10-25T02:00:00.000Z"
        );
    }

    #[test]
    fn the_wall_shows_local_time_with_monday_as_one() {
        let now = instant_of(date(2026, 11, 22).at(8, 5, 9, 0), &paris()).unwrap();
        let local = local_time(now, &paris());
        assert_eq!((local.year, local.month, local.day), (2026, 11, 22));
        assert_eq!(
            (local.weekday, local.hour, local.minute, local.second),
            (7, 8, 5, 9)
        );
        assert_eq!(now.to_string(), "2026-11-22T07:05:09.000Z");
    }
}
