use super::*;
use crate::calendars::local_time;

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

/// The next `count` runs after a local time in Paris, as UTC.
fn runs(cron: &str, from: DateTime, count: usize) -> Vec<String> {
    let recurrence: Recurrence = cron.parse().unwrap();
    let mut now = instant_of(from, &paris()).unwrap();
    let next = || {
        now = recurrence.next_after(now, &paris())?;
        Some(now.to_string().replace(":00.000Z", ""))
    };
    std::iter::from_fn(next).take(count).collect()
}

fn error(cron: &str) -> String {
    cron.parse::<Recurrence>().unwrap_err().to_string()
}

#[test]
fn five_fields_mean_what_crontab_says() {
    let winter = date(2026, 1, 5).at(12, 0, 0, 0);
    assert_eq!(
        runs("30 8 * * *", winter, 2),
        ["2026-01-06T07:30", "2026-01-07T07:30"]
    );
    assert_eq!(
        runs("*/20 12 * * *", winter, 3),
        ["2026-01-05T11:20", "2026-01-05T11:40", "2026-01-06T11:00"]
    );
    // 5 January 2026 is a Monday; Sunday is 0 and 7.
    assert_eq!(
        runs("0 9 * * 1-5", winter, 5)[3..],
        ["2026-01-09T08:00", "2026-01-12T08:00"]
    );
    assert_eq!(runs("0 9 * * 0", winter, 1), ["2026-01-11T08:00"]);
    assert_eq!(runs("0 9 * * 7", winter, 1), ["2026-01-11T08:00"]);
    assert_eq!(
        runs("0 9 * * 6-7", winter, 2),
        ["2026-01-10T08:00", "2026-01-11T08:00"]
    );
    assert_eq!(
        runs("0 9 * * sun,wed", winter, 2),
        ["2026-01-07T08:00", "2026-01-11T08:00"]
    );
    assert_eq!(runs("0 0 1 jan *", winter, 1), ["2026-12-31T23:00"]);
    assert_eq!(runs("0 0 29 2 *", winter, 1), ["2028-02-28T23:00"]);
    assert_eq!(runs("@daily", winter, 1), ["2026-01-05T23:00"]);
}

#[test]
fn either_day_is_enough_when_both_are_restricted() {
    let winter = date(2026, 1, 5).at(12, 0, 0, 0);
    // Fridays, and the 13th.
    assert_eq!(
        runs("0 9 13 * 5", winter, 3),
        ["2026-01-09T08:00", "2026-01-13T08:00", "2026-01-16T08:00"]
    );
    // `*/2` starts with a star: both are needed, as in Vixie's cron.
    assert_eq!(
        runs("0 9 */2 * 5", winter, 2),
        ["2026-01-09T08:00", "2026-01-23T08:00"]
    );
}

#[test]
fn a_run_in_the_skipped_hour_comes_once_when_clocks_jump() {
    let eve = date(2026, 3, 28).at(12, 0, 0, 0);
    assert_eq!(
        runs("30 2 * * *", eve, 2),
        ["2026-03-29T01:00", "2026-03-30T00:30"]
    );
    // Four local times fall into the jump: one run.
    assert_eq!(
        runs("*/15 2 * * *", eve, 2),
        ["2026-03-29T01:00", "2026-03-30T00:00"]
    );
}

#[test]
fn a_run_in_the_repeated_hour_comes_once() {
    let eve = date(2026, 10, 24).at(12, 0, 0, 0);
    assert_eq!(
        runs("30 2 * * *", eve, 2),
        ["2026-10-25T00:30", "2026-10-26T01:30"]
    );
    let before = date(2026, 10, 25).at(1, 59, 0, 0);
    assert_eq!(
        runs("0,30 * * * *", before, 3),
        ["2026-10-25T00:00", "2026-10-25T00:30", "2026-10-25T02:00"]
    );
    // Asked within the second 02:30.
    let recurrence: Recurrence = "45 2 * * *".parse().unwrap();
    let within = instant_of(date(2026, 10, 25).at(2, 0, 0, 0), &paris()).unwrap()
        + std::time::Duration::from_secs(5_400);
    assert_eq!(local_time(within, &paris()).hour, 2);
    assert_eq!(
        recurrence.next_after(within, &paris()).unwrap().to_string(),
        "2026-10-26T01:45:00.000Z"
    );
}

#[test]
fn errors_say_which_field_and_what_would_be_right() {
    assert_eq!(
        error("0 30 8 * * *"),
        "expected five fields (minute, hour, day of month, month, day of week) such as `30 8 * * 1-5`, found 6; \
         there is no field for seconds"
    );
    assert!(error("").ends_with("found 0"));
    assert_eq!(
        error("60 * * * *"),
        "minute: 60 is out of range, 0–59 is possible"
    );
    assert_eq!(
        error("* * 0 * *"),
        "day of month: 0 is out of range, 1–31 is possible"
    );
    assert_eq!(
        error("* * * * 8"),
        "day of week: 8 is out of range, 0–7 is possible"
    );
    for (cron, field) in [
        ("x * * * *", "minute"),
        ("* 5-2 * * *", "hour"),
        ("* * L * *", "day of month"),
        ("* * * foo *", "month"),
        ("* * * * 5#2", "day of week"),
        ("*/0 * * * *", "minute"),
        ("5/10 * * * *", "minute"),
        ("1,, * * * *", "minute"),
        ("99999999999 * * * *", "minute"),
    ] {
        assert!(
            error(cron).starts_with(&format!("{field}: ")),
            "{cron}: {}",
            error(cron)
        );
    }
    assert_eq!(
        error("0 0 30 2 *"),
        "this never happens: no such day in any of these months"
    );
}
