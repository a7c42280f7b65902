use base::Moment;
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

fn calendar(hours: serde_json::Value, closed: serde_json::Value) -> Calendar {
    serde_json::from_value(json!({"id": "office", "hours": hours, "closed": closed})).unwrap()
}

fn office() -> Calendar {
    calendar(
        json!([
            {"days": ["monday", "tuesday", "wednesday", "thursday"], "from": "09:00", "to": "18:00",
             "break": {"from": "12:30", "to": "14:00"}},
            {"days": ["friday"], "from": "09:00", "to": "16:00"},
        ]),
        json!([{"name": "Noël", "from": "2026-12-24", "to": "2026-12-26"}, {"from": "2027-01-01"}]),
    )
}

fn at(calendar: &Calendar, local: DateTime) -> (bool, Option<String>) {
    let state = calendar.state(instant_of(local, &paris()).unwrap(), &paris());
    let until = state
        .until
        .map(|until| datetime(Moment::from_millis(until), &paris()).to_string());
    (state.open, until)
}

fn says(open: bool, until: &str) -> (bool, Option<String>) {
    (open, Some(format!("{until}:00")))
}

#[test]
fn hours_breaks_and_weekends_r44() {
    let office = office();
    // 23 November 2026 is a Monday.
    assert_eq!(
        at(&office, date(2026, 11, 23).at(8, 59, 0, 0)),
        says(false, "2026-11-23T09:00")
    );
    assert_eq!(
        at(&office, date(2026, 11, 23).at(9, 0, 0, 0)),
        says(true, "2026-11-23T12:30")
    );
    assert_eq!(
        at(&office, date(2026, 11, 23).at(12, 30, 0, 0)),
        says(false, "2026-11-23T14:00")
    );
    assert_eq!(
        at(&office, date(2026, 11, 23).at(14, 0, 0, 0)),
        says(true, "2026-11-23T18:00")
    );
    assert_eq!(
        at(&office, date(2026, 11, 23).at(18, 0, 0, 0)),
        says(false, "2026-11-24T09:00")
    );
    assert_eq!(
        at(&office, date(2026, 11, 27).at(15, 59, 0, 0)),
        says(true, "2026-11-27T16:00")
    );
    assert_eq!(
        at(&office, date(2026, 11, 28).at(12, 0, 0, 0)),
        says(false, "2026-11-30T09:00")
    );
}

#[test]
fn closed_days_are_the_complement_r44() {
    let office = office();
    // Wednesday 23 December; Thursday to Saturday closed; Monday open.
    assert_eq!(
        at(&office, date(2026, 12, 23).at(18, 0, 0, 0)),
        says(false, "2026-12-28T09:00")
    );
    assert_eq!(
        at(&office, date(2026, 12, 24).at(10, 0, 0, 0)),
        says(false, "2026-12-28T09:00")
    );
    assert_eq!(
        at(&office, date(2027, 1, 1).at(10, 0, 0, 0)),
        says(false, "2027-01-04T09:00")
    );
}

#[test]
fn a_long_closure_is_looked_across() {
    let summer = calendar(
        json!([{"days": ["monday"], "from": "09:00", "to": "10:00"}]),
        json!([{"from": "2026-07-01", "to": "2026-09-30"}, {"from": "2026-10-05"}, {"from": "2026-10-12"}]),
    );
    assert_eq!(
        at(&summer, date(2026, 6, 29).at(10, 0, 0, 0)),
        says(false, "2026-10-19T09:00")
    );
}

#[test]
fn what_never_changes_has_no_end() {
    let never = calendar(json!([]), json!([]));
    assert_eq!(at(&never, date(2026, 11, 23).at(9, 0, 0, 0)), (false, None));
    let week = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let always = |closed| calendar(json!([{"days": week, "from": "00:00", "to": "24:00"}]), closed);
    assert_eq!(
        at(&always(json!([])), date(2026, 11, 23).at(9, 0, 0, 0)),
        (true, None)
    );
    // Round the clock until the one closed day, months ahead or tomorrow.
    for closed in ["2027-05-01", "2026-11-24"] {
        let until = format!("{closed}T00:00");
        assert_eq!(
            at(
                &always(json!([{"from": closed}])),
                date(2026, 11, 23).at(9, 0, 0, 0)
            ),
            says(true, &until)
        );
    }
    assert_eq!(
        at(
            &always(json!([{"from": "2026-11-23"}])),
            date(2026, 11, 23).at(9, 0, 0, 0)
        ),
        says(false, "2026-11-24T00:00")
    );
}

#[test]
fn hours_may_go_past_midnight_but_not_into_a_closed_day() {
    let bar = calendar(
        json!([{"days": ["friday", "saturday"], "from": "20:00", "to": "02:00"}]),
        json!([]),
    );
    assert_eq!(
        at(&bar, date(2026, 11, 28).at(1, 0, 0, 0)),
        says(true, "2026-11-28T02:00")
    );
    assert_eq!(
        at(&bar, date(2026, 11, 28).at(21, 0, 0, 0)),
        says(true, "2026-11-29T02:00")
    );
    let closed = Calendar {
        closed: calendar(json!([]), json!([{"from": "2026-11-29"}])).closed,
        ..bar
    };
    assert_eq!(
        at(&closed, date(2026, 11, 28).at(21, 0, 0, 0)),
        says(true, "2026-11-29T00:00")
    );
    assert!(!at(&closed, date(2026, 11, 29).at(1, 0, 0, 0)).0);
}

#[test]
fn opening_in_the_skipped_hour_happens_at_the_jump() {
    let night = calendar(
        json!([{"days": ["sunday"], "from": "02:30", "to": "05:00"}]),
        json!([]),
    );
    // 29 March 2026: 02:00 becomes 03:00.
    assert_eq!(
        at(&night, date(2026, 3, 29).at(1, 59, 0, 0)),
        says(false, "2026-03-29T03:00")
    );
    assert_eq!(
        at(&night, date(2026, 3, 29).at(3, 0, 0, 0)),
        says(true, "2026-03-29T05:00")
    );
}

#[test]
fn the_repeated_hour_opens_once() {
    let night = calendar(
        json!([{"days": ["sunday"], "from": "02:15", "to": "02:45"}]),
        json!([]),
    );
    // 25 October 2026: 03:00 becomes 02:00; the first 02:15–02:45 is 00:15–00:45 UTC.
    let state = |utc: &str| {
        let at: jiff::Timestamp = utc.parse().unwrap();
        let state = night.state(
            Moment::from_micros(u64::try_from(at.as_microsecond()).unwrap()),
            &paris(),
        );
        (
            state.open,
            state.until.map(|until| Moment::from_millis(until).to_string()),
        )
    };
    assert_eq!(
        state("2026-10-25T00:20:00Z"),
        (true, Some("2026-10-25T00:45:00.000Z".into()))
    );
    assert_eq!(
        state("2026-10-25T01:20:00Z"),
        (false, Some("2026-11-01T01:15:00.000Z".into()))
    );
}

#[test]
fn a_calendar_may_have_a_time_zone_of_its_own() {
    let mut office = office();
    office.time_zone = Some("America/New_York".into());
    // 14:30 in Paris is 08:30 in New York.
    assert_eq!(
        at(&office, date(2026, 11, 23).at(14, 30, 0, 0)),
        says(false, "2026-11-23T15:00")
    );
}

proptest! {
    /// The announced change is one, and nothing changes before it: minute by minute, over two years with their
    /// clock changes and holidays.
    #[test]
    fn the_state_changes_exactly_when_it_says(minute in 0u64..2 * 365 * 24 * 60, step in 1u64..600) {
        let office = office();
        let start = instant_of(date(2026, 1, 1).at(0, 0, 0, 0), &paris()).unwrap().as_secs();
        let now = Moment::from_secs(start + 60 * minute);
        let state = office.state(now, &paris());
        let until = Moment::from_millis(state.until.unwrap());
        prop_assert!(until > now);
        prop_assert_eq!(office.state(until, &paris()).open, !state.open);
        let between = Moment::from_secs((now.as_secs() + 60 * step).min(until.as_secs() - 1));
        prop_assert_eq!(office.state(between, &paris()), state);
    }
}

/// R44: the next change that guests are told comes from the country's holidays, too.
#[test]
fn r44_a_calendar_is_closed_on_the_public_holidays_of_its_country() {
    let calendar: Calendar = serde_json::from_value(json!({
        "id": "office", "holidays": "FR",
        "hours": [{"days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "09:00", "to": "18:00"}]
    }))
    .unwrap();
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let at = |day: i8, hour: i8| {
        let local = jiff::civil::date(2026, 7, day).at(hour, 0, 0, 0);
        crate::calendars::instant_of(local, &zone).unwrap()
    };
    let monday = calendar.state(at(13, 10), &zone);
    assert_eq!((monday.open, monday.until), (true, Some(at(13, 18).as_millis())));
    let evening = calendar.state(at(13, 19), &zone);
    assert_eq!(
        (evening.open, evening.until),
        (false, Some(at(15, 9).as_millis())),
        "the 14th is a holiday"
    );
    assert!(!calendar.state(at(14, 10), &zone).open);

    let always: Calendar = serde_json::from_value(json!({
        "id": "always", "holidays": "FR",
        "hours": [{"days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
                   "from": "00:00", "to": "24:00"}]
    }))
    .unwrap();
    let state = always.state(at(1, 12), &zone);
    assert_eq!((state.open, state.until), (true, Some(at(14, 0).as_millis())));
}
