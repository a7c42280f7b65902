//! Statistics of calls over HTTP (R9).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::World;
use common::records::{missed, talked};
use contract::Cause;
use exchange::{CallId, Fact, Report};
use serde_json::{Value, json};

const STATISTICS: &str = "/v1/tenants/acme/statistics";
/// 2026-11-20T10:00:00Z, eleven o'clock in Paris.
const FRIDAY: u64 = 1_795_168_800;
const HOUR: u64 = 3_600;

/// Lines 201 of `alice` in Paris and 202 of `bob` in Lyon, and the group 400.
async fn with_calls() -> World {
    let world = World::new().await;
    for (path, document) in [
        ("sites/paris", json!({ "name": "Paris" })),
        (
            "lines/a",
            json!({ "name": "Alice", "user": "alice", "short-number": "201", "site": "paris" }),
        ),
        (
            "lines/b",
            json!({ "name": "Bob", "user": "bob", "short-number": "202", "site": "lyon" }),
        ),
        ("numbers/400", json!({ "name": "Sales" })),
    ] {
        let path = format!("/v1/tenants/acme/{path}");
        world.put(&world.operator, &path, document).await.expect(201);
    }
    for (number, cdr) in (1..).zip([
        talked(FRIDAY, "201", "202", 60),
        talked(FRIDAY + HOUR, "+33600000000", "201", 30),
        missed(FRIDAY + 2 * HOUR, "+33600000000", "201", Cause::Busy),
        missed(FRIDAY + 24 * HOUR, "+33600000000", "201", Cause::NoAnswer),
        missed(FRIDAY + 24 * HOUR, "+33600000000", "400", Cause::Cancelled),
        // Before any period asked for here.
        talked(FRIDAY - 30 * 24 * HOUR, "201", "202", 10),
    ]) {
        world.report(Report {
            at: cdr.ended,
            tenant: Some("acme".into()),
            call: Some(CallId(number)),
            leg: None,
            session: None,
            fact: Fact::CallEnded(Box::new(cdr)),
        });
    }
    assert!(world.writer.flush());
    world
}

/// The last days of November: 20 and 21 have calls.
async fn asked(world: &World, token: &str, query: &str) -> Value {
    let path = format!("{STATISTICS}?from=2026-11-16&to=2026-11-22{query}");
    world.get(token, &path).await.expect(200)
}

fn keys(statistics: &Value) -> Vec<&str> {
    let rows = statistics["rows"].as_array().unwrap().iter();
    rows.map(|row| row["key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn r9_a_manager_sees_every_line_and_group() {
    let mut world = with_calls().await;
    let manager = world.manager("acme");
    let all = asked(&world, &manager, "").await;
    assert_eq!(keys(&all), ["400", "a", "b"]);
    let alice = &all["rows"][1];
    assert_eq!(alice["name"], "Alice");
    assert_eq!(
        alice["inbound"],
        json!({
            "calls": 3, "answered": 1, "forwarded": 0, "missed": 2, "served": 0,
            "missed-by": { "busy": 1, "no-answer": 1 },
            "talk-ms": 30_000, "longest-talk-ms": 30_000, "wait-ms": 5_000,
        })
    );
    assert_eq!(alice["outbound"]["talk-ms"], 60_000);
    assert_eq!(all["rows"][0]["inbound"]["missed-by"], json!({ "cancelled": 1 }));
    assert_eq!(
        (&all["inbound"]["calls"], &all["outbound"]["calls"]),
        (&json!(5), &json!(1))
    );
}

#[tokio::test]
async fn r9_a_user_sees_their_own_lines() {
    let mut world = with_calls().await;
    let alice = world.user("acme", "alice");
    assert_eq!(keys(&asked(&world, &alice, "").await), ["a"]);
    for other in ["line=202", "number=400"] {
        assert_eq!(
            world.get(&alice, &format!("{STATISTICS}?{other}")).await.status,
            404,
            "{other}"
        );
    }
    let stranger = world.user("other", "alice");
    assert_eq!(world.get(&stranger, STATISTICS).await.status, 404);
}

#[tokio::test]
async fn r9_by_day_hour_and_hour_of_the_day() {
    let mut world = with_calls().await;
    let manager = world.manager("acme");
    let days = asked(&world, &manager, "&by=day&line=201").await;
    assert_eq!(keys(&days), ["2026-11-20", "2026-11-21"]);
    assert_eq!(days["rows"][0]["inbound"]["calls"], 2);
    let hours = asked(&world, &manager, "&by=hour&site=paris").await;
    assert_eq!(
        keys(&hours),
        [
            "2026-11-20T11+01:00",
            "2026-11-20T12+01:00",
            "2026-11-20T13+01:00",
            "2026-11-21T11+01:00"
        ]
    );
    let of_day = asked(&world, &manager, "&by=hour-of-day&site=paris").await;
    assert_eq!(keys(&of_day), ["11", "12", "13"]);
}

#[tokio::test]
async fn r9_a_line_without_calls_has_a_row_of_zeros() {
    let mut world = with_calls().await;
    let manager = world.manager("acme");
    let path = format!("{STATISTICS}?from=2026-11-22&to=2026-11-22&line=b");
    let quiet = world.get(&manager, &path).await.expect(200);
    assert_eq!(
        (keys(&quiet), &quiet["rows"][0]["inbound"]["calls"]),
        (vec!["b"], &json!(0))
    );
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_with_a_sentence() {
    let mut world = with_calls().await;
    let manager = world.manager("acme");
    for (query, status) in [
        ("from=tomorrow", 400),
        ("from=2026-11-22&to=2026-11-01", 400),
        ("by=moon", 400),
        ("lines=201", 400),
        ("line=999", 404),
    ] {
        assert_eq!(
            world.get(&manager, &format!("{STATISTICS}?{query}")).await.status,
            status,
            "{query}"
        );
    }
}
