//! Calls, their stories, detail records and events over HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use base::{Moment, Pii};
use common::records::talked;
use common::{World, request};
use cordboard_api::exchange::{Call, Leg, LegState};
use cordboard_api::hub::{Keep, clear_old};
use exchange::{CallId, Cdr, Direction, Fact, Report};
use futures_util::StreamExt;
use serde_json::json;
use store::Store;

fn call(id: u64, line: &str) -> Call {
    let leg = Leg {
        id: id * 10,
        state: LegState::Answered,
        hears: None,
        line: Some(line.to_owned()),
        device: None,
        trunk: None,
    };
    Call {
        id,
        started_ms: 1,
        answered_ms: None,
        connected_ms: None,
        direction: "from-inside".to_owned(),
        caller: line.to_owned(),
        called: "300".to_owned(),
        legs: vec![leg],
        behaviours: vec!["menu".to_owned()],
    }
}

fn report(tenant: &str, call: u64, at: u64, fact: Fact) -> Report {
    Report {
        at: Moment::from_secs(at),
        tenant: (!tenant.is_empty()).then(|| tenant.into()),
        call: Some(CallId(call)),
        leg: None,
        session: None,
        fact,
    }
}

fn started() -> Fact {
    Fact::CallStarted {
        caller: Pii("201".to_owned()),
        called: Pii("300".to_owned()),
        direction: Direction::FromInside,
    }
}

fn ended(call: u64, line: &str) -> Fact {
    Fact::CallEnded(Box::new(Cdr {
        call: CallId(call),
        ..talked(1, line, "300", 3)
    }))
}

/// Users `alice` with line 201 and `bob` with line 202.
async fn with_lines() -> World {
    let world = World::new().await;
    for (line, user) in [("201", "alice"), ("202", "bob")] {
        let document = json!({ "name": user, "user": user, "short-number": line });
        world
            .put(
                &world.operator,
                &format!("/v1/tenants/acme/lines/l{line}"),
                document,
            )
            .await
            .expect(201);
    }
    world
}

#[tokio::test]
async fn live_calls_are_listed_shown_and_hung_up() {
    let mut world = with_lines().await;
    *world.exchange.calls.lock().unwrap() = vec![
        ("acme".to_owned(), call(1, "201")),
        ("acme".to_owned(), call(2, "202")),
        ("other".to_owned(), call(3, "1")),
    ];
    let (manager, alice) = (world.manager("acme"), world.user("acme", "alice"));
    let ids = async |token: &str| {
        let page = world.get(token, "/v1/tenants/acme/calls").await.expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["id"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&manager).await, [1, 2]);
    assert_eq!(ids(&alice).await, [1]);
    assert_eq!(world.get(&manager, "/v1/tenants/acme/calls/3").await.status, 404);
    assert_eq!(world.get(&alice, "/v1/tenants/acme/calls/2").await.status, 404);
    assert_eq!(world.delete(&alice, "/v1/tenants/acme/calls/2").await.status, 404);
    world.delete(&alice, "/v1/tenants/acme/calls/1").await.expect(204);
    world
        .delete(&manager, "/v1/tenants/acme/calls/2")
        .await
        .expect(204);
    assert_eq!(*world.exchange.hung_up.lock().unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_click_dials_from_an_own_line() {
    let mut world = with_lines().await;
    let (manager, alice) = (world.manager("acme"), world.user("acme", "alice"));
    let path = "/v1/tenants/acme/calls";
    let click = |line: &str| json!({ "line": line, "number": "300" });
    assert_eq!(
        world.post(&alice, path, click("201")).await.expect(201),
        json!({ "call": 77 })
    );
    assert_eq!(
        world.post(&alice, path, click("202")).await.wrong_fields(),
        ["/line"]
    );
    assert_eq!(world.exchange.dialled.lock().unwrap().len(), 1, "not even asked");
    assert_eq!(
        world.post(&manager, path, click("202")).await.expect(201),
        json!({ "call": 77 })
    );
    assert_eq!(
        world.post(&manager, path, click("999")).await.wrong_fields(),
        ["/line"]
    );
}

#[tokio::test]
async fn registrations_are_paged() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let page = world
        .get(&manager, "/v1/tenants/acme/registrations?limit=2")
        .await
        .expect(200);
    assert_eq!(
        (page["items"].as_array().unwrap().len(), page["next"].as_str()),
        (2, Some("2"))
    );
    let page = world
        .get(&manager, "/v1/tenants/acme/registrations?limit=2&after=2")
        .await
        .expect(200);
    assert_eq!(
        (page["items"][0]["device"].as_str(), page.get("next")),
        (Some("acme-phone-2"), None)
    );
}

#[tokio::test]
async fn lines_that_are_elsewhere_are_listed() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let page = world
        .get(&manager, "/v1/tenants/acme/elsewhere?limit=2")
        .await
        .expect(200);
    assert_eq!(page["next"], "2");
    assert_eq!(
        page["items"][1],
        serde_json::json!({ "line": "acme-1", "trunk": "there", "state": "told", "calls": 1, "since-ms": 1 })
    );
}

#[tokio::test]
async fn why_tells_a_calls_story_while_it_lasts_and_afterwards() {
    let mut world = World::new().await;
    let (manager, other) = (world.manager("acme"), world.manager("other"));
    let because = Fact::Because {
        rule: "dial-plan".into(),
        sentence: "300 is the menu's number".to_owned(),
    };
    world.report(report("", 7, 1, started()));
    world.report(report("acme", 7, 2, because));
    let story = world
        .get(&manager, "/v1/tenants/acme/calls/7/why")
        .await
        .expect(200);
    assert_eq!(story["live"], true);
    let texts = |story: &serde_json::Value| {
        story["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(&story), ["201 calls 300", "300 is the menu's number"]);
    assert_eq!(
        world.get(&other, "/v1/tenants/other/calls/7/why").await.status,
        404
    );
    world.report(report("acme", 7, 9, ended(7, "201")));
    assert!(world.writer.flush());
    let story = world
        .get(&manager, "/v1/tenants/acme/calls/7/why")
        .await
        .expect(200);
    assert_eq!((story["live"].as_bool(), texts(&story).len()), (Some(false), 3));
    assert_eq!(texts(&story)[2], "the call ended: normal");
    assert_eq!(
        world.get(&other, "/v1/tenants/other/calls/7/why").await.status,
        404
    );
}

#[tokio::test]
async fn a_trace_without_end_is_cut_and_says_so() {
    let world = World::new().await;
    world.report(report("acme", 7, 1, started()));
    (0..5_000).for_each(|n| world.report(report("acme", 7, 2 + n, Fact::LegRinging)));
    world.report(report("acme", 7, 9_000, ended(7, "201")));
    assert!(world.writer.flush());
    let story = world
        .get(&world.operator, "/v1/tenants/acme/calls/7/why")
        .await
        .expect(200);
    let steps = story["steps"].as_array().unwrap();
    assert_eq!(steps.len() as u64 + story["missing"].as_u64().unwrap(), 5_002);
    assert_eq!(steps.last().unwrap()["kind"], "call-ended");
}

#[tokio::test]
async fn detail_records_are_paged_from_the_latest() {
    let mut world = with_lines().await;
    let (manager, alice) = (world.manager("acme"), world.user("acme", "alice"));
    for id in 0..7 {
        world.report(report(
            "acme",
            id,
            9,
            ended(id, if id % 2 == 0 { "201" } else { "202" }),
        ));
    }
    world.report(report("other", 99, 9, ended(99, "201")));
    assert!(world.writer.flush());
    let page = async |token: &str, query: &str| {
        let page = world
            .get(token, &format!("/v1/tenants/acme/cdrs?{query}"))
            .await
            .expect(200);
        let calls: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cdr| cdr["call"].as_u64().unwrap())
            .collect();
        (calls, page["next"].as_str().map(ToOwned::to_owned))
    };
    assert_eq!(
        page(&manager, "limit=3").await,
        (vec![6, 5, 4], Some("4".to_owned()))
    );
    assert_eq!(
        page(&manager, "limit=3&after=4").await,
        (vec![3, 2, 1], Some("1".to_owned()))
    );
    assert_eq!(page(&manager, "limit=3&after=1").await, (vec![0], None));
    assert_eq!(page(&alice, "limit=9").await, (vec![6, 4, 2, 0], None));
    assert_eq!(page(&alice, "limit=2").await, (vec![6, 4], Some("4".to_owned())));
}

/// The text of the next event.
async fn next(stream: &mut axum::body::BodyDataStream) -> String {
    let chunk = tokio::time::timeout(Duration::from_secs(10), stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    String::from_utf8(chunk.to_vec()).unwrap()
}

#[tokio::test]
async fn events_of_the_tenant_arrive_as_they_happen() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let request = request(&manager, Method::GET, "/v1/tenants/acme/events")
        .body(Body::empty())
        .unwrap();
    let response = tower::ServiceExt::oneshot(world.router.clone(), request)
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = response.into_body().into_data_stream();
    world.report(report("other", 1, 1, started()));
    world.report(report("acme", 2, 1, started()));
    let event = next(&mut events).await;
    assert!(event.starts_with("event: call-started\ndata: {"), "{event}");
    assert!(
        event.contains("\"call\":2") && event.contains("201 calls 300"),
        "{event}"
    );
    // More than a watcher may lag behind: it is told how many it missed.
    (0..5_000).for_each(|n| world.report(report("acme", 2, 2 + n, Fact::LegRinging)));
    assert!(next(&mut events).await.starts_with("event: missed\ndata: 9"));
    // A revoked token ends the stream.
    let id = manager.split('_').nth(1).unwrap();
    world.tokens.revoke(id).unwrap();
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(10), events.next()).await {}
    assert!(
        tokio::time::timeout(Duration::from_secs(10), events.next())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn old_records_are_cleared_away() {
    let world = World::new().await;
    world.report(report("acme", 1, 100, ended(1, "201")));
    world.report(report("acme", 2, 200, ended(2, "201")));
    world.hub.tidy(Moment::MAX);
    assert!(world.writer.flush());
    let secs = Duration::from_secs;
    let keep = Keep {
        traces: secs(50),
        cdrs: secs(50),
        audit: secs(50),
    };
    clear_old(&*world.store, &keep, Moment::from_secs(210)).unwrap();
    let extent = world.store.stream("cdr/acme").unwrap().unwrap();
    assert_eq!((extent.first, extent.next), (1, 2));
    assert_eq!(
        world.store.list("trace/acme/", None, 10).unwrap().documents.len(),
        1
    );
}

#[tokio::test]
async fn figures_are_the_behaviours_own_and_paged() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let page = world
        .get(&manager, "/v1/tenants/acme/figures?limit=2")
        .await
        .expect(200);
    assert_eq!(page["items"][1]["figures"]["waiting"], 1);
    assert_eq!(page["next"].as_str(), Some("2"));
    let page = world
        .get(&manager, "/v1/tenants/acme/figures?limit=2&after=2")
        .await
        .expect(200);
    assert_eq!(page["items"][0]["number"].as_str(), Some("302"));
}
