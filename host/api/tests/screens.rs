//! Pages on displays over HTTP: phones fetch and answer them, desks listen.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use base::{Moment, Pii};
use common::{World, request};
use exchange::{Fact, Report};
use futures_util::StreamExt;
use serde_json::json;

/// What a phone reads: the status and the XML.
async fn fetched(world: &World, path: &str) -> (u16, String) {
    let answer = world.get("", path).await;
    (
        answer.status.as_u16(),
        String::from_utf8_lossy(&answer.bytes).into_owned(),
    )
}

#[tokio::test]
async fn a_phone_fetches_its_page_and_its_choice_comes_back_with_the_token_alone() {
    let world = World::new().await;
    let (status, xml) = fetched(&world, "/v1/screens/known").await;
    assert_eq!(status, 200);
    assert!(
        xml.contains("<URL>http://192.0.2.1:8060/v1/screens/known/1</URL>"),
        "{xml}"
    );
    let (status, xml) = fetched(&world, "/v1/screens/known/1").await;
    assert!(status == 200 && xml.contains("Init:Services"), "{xml}");
    let (status, xml) = fetched(&world, "/v1/screens/known/0?as=yealink").await;
    assert!(
        status == 200 && xml.starts_with("<YealinkIPPhoneTextScreen"),
        "{xml}"
    );
    for path in ["/v1/screens/guess", "/v1/screens/guess/1", "/v1/screens/known/2"] {
        assert_eq!(fetched(&world, path).await.0, 404, "{path}");
    }
    let chosen = world.post("", "/v1/screens/known/1", json!(null)).await;
    chosen.expect(204);
}

fn shown(line: &str, page: Option<contract::Page>) -> Report {
    Report {
        at: Moment::from_secs(1),
        tenant: Some("acme".into()),
        call: None,
        leg: None,
        session: None,
        fact: Fact::Screen {
            line: line.into(),
            devices: vec!["desk".into()],
            token: Pii("t0".to_owned()),
            page,
        },
    }
}

#[tokio::test]
async fn a_desk_hears_of_the_pages_of_its_line() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let line = "/v1/tenants/acme/lines/201";
    world.get(&manager, &format!("{line}/screen")).await.expect(404);
    world
        .put(&manager, line, json!({ "name": "201" }))
        .await
        .expect(201);
    let request = request(&manager, Method::GET, "/v1/tenants/acme/lines/201/screen")
        .body(Body::empty())
        .unwrap();
    let response = tower::ServiceExt::oneshot(world.router.clone(), request)
        .await
        .unwrap();
    let mut events = response.into_body().into_data_stream();
    let page = contract::Page {
        title: "203 is in a call".to_owned(),
        ..contract::Page::default()
    };
    world.report(shown("202", Some(page.clone())));
    world.report(shown("201", Some(page)));
    world.report(shown("201", None));
    for (kind, has) in [("page", "203 is in a call"), ("over", "t0")] {
        let event = tokio::time::timeout(Duration::from_secs(10), events.next()).await;
        let event = event.unwrap().unwrap().unwrap();
        let event = String::from_utf8_lossy(&event).into_owned();
        assert!(
            event.starts_with(&format!("event: {kind}\n")) && event.contains(has),
            "{event}"
        );
    }
}

#[tokio::test]
async fn a_user_listens_to_own_lines_only() {
    let mut world = World::new().await;
    let user = world.user("acme", "alice");
    let answer = world.get(&user, "/v1/tenants/acme/lines/201/screen").await;
    answer.expect(404);
}
