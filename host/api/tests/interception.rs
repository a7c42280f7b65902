//! Another exchange asks what shall become of its calls, over HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Answer, World, request};
use exchange::live::{Inquiry, Verdict};
use serde_json::json;

const PATH: &str = "/v1/tenants/acme/interception";

fn routing_request(called: &str) -> String {
    let attribute = |name: &str, value: &str| {
        format!(
            "<Attribute AttributeId=\"urn:Cisco:uc:1.0:{name}\"><AttributeValue>{value}</AttributeValue></Attribute>"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Request xmlns=\"urn:oasis:names:tc:xacml:2.0:context:schema:os\"><Subject>{}{}</Subject></Request>",
        attribute("callingnumber", "203"),
        attribute("callednumber", called)
    )
}

async fn ask(world: &World, path: &str, body: String) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "text/xml; charset=ISO-8859-1");
    world.send(request.body(Body::from(body)).unwrap()).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.bytes).into_owned()
}

async fn world() -> World {
    let world = World::new().await;
    let divert = Verdict::Divert {
        to: "5999".to_owned(),
        shown: None,
    };
    world
        .exchange
        .verdicts
        .lock()
        .unwrap()
        .insert(vec!["201".to_owned()], divert);
    world
}

#[tokio::test]
async fn the_token_may_be_in_the_path_or_a_password() {
    let mut world = world().await;
    let token = world.exchange_of("acme");
    let by_path = ask(&world, &format!("{PATH}/{token}"), routing_request("201")).await;
    assert_eq!(by_path.status, 200);
    assert_eq!(by_path.headers[header::CONTENT_TYPE], "text/xml; charset=utf-8");
    let told = text(&by_path);
    assert!(
        told.contains("<Decision>Permit</Decision>")
            && told.contains("&lt;divert&gt;&lt;destination&gt;5999&lt;/destination&gt;"),
        "{told}"
    );
    let basic = STANDARD.encode(format!("cucm:{token}"));
    let request = Request::builder()
        .method(Method::POST)
        .uri(PATH)
        .header(header::AUTHORIZATION, format!("Basic {basic}"));
    let by_password = world
        .send(request.body(Body::from(routing_request("201"))).unwrap())
        .await;
    assert_eq!(text(&by_password), told);
    let inquiry = Inquiry {
        calling: vec!["203".to_owned()],
        called: vec!["201".to_owned()],
    };
    let asked = ("acme".to_owned(), inquiry);
    assert_eq!(*world.exchange.inquired.lock().unwrap(), [asked.clone(), asked]);
}

#[tokio::test]
async fn whoever_has_no_such_token_is_refused_and_guesses_are_few() {
    let mut world = world().await;
    let (manager, other) = (world.manager("acme"), world.exchange_of("other"));
    for (token, status) in [(&manager, 403), (&other, 404)] {
        let answer = ask(&world, &format!("{PATH}/{token}"), routing_request("201")).await;
        assert_eq!(answer.status, status);
    }
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let answer = ask(&world, &format!("{PATH}/guess"), routing_request("201")).await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!((statuses[0], statuses[11]), (401, 429));
    assert!(world.exchange.inquired.lock().unwrap().is_empty());
}

/// Of a working exchange there are many requests from one address.
#[tokio::test]
async fn it_may_ask_as_often_as_it_has_calls_and_see_that_somebody_is_there() {
    let mut world = world().await;
    let token = world.exchange_of("acme");
    let path = format!("{PATH}/{token}");
    for _ in 0..100 {
        let head = world
            .send(request("", Method::HEAD, &path).body(Body::empty()).unwrap())
            .await;
        assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0));
        assert_eq!(ask(&world, &path, routing_request("201")).await.status, 200);
    }
    let empty = ask(&world, &path, String::new()).await;
    assert_eq!((empty.status.as_u16(), text(&empty)), (200, String::new()));
    // The token is part of the path: it must not be written down with it.
    let audit = world
        .get(&world.operator, "/v1/tenants/acme/audit")
        .await
        .expect(200);
    assert!(!audit.to_string().contains("interception"), "{audit}");
}

#[tokio::test]
async fn what_cannot_be_decided_is_said_in_its_own_words() {
    let mut world = world().await;
    let token = world.exchange_of("acme");
    let path = format!("{PATH}/{token}");
    for (body, decision, code) in [
        (routing_request("299"), "NotApplicable", "status:ok"),
        (routing_request(""), "Indeterminate", "status:missing-attribute"),
        ("no XML".to_owned(), "Indeterminate", "status:syntax-error"),
    ] {
        let answer = ask(&world, &path, body).await;
        assert_eq!(answer.status, 200);
        let told = text(&answer);
        assert!(
            told.contains(&format!("<Decision>{decision}</Decision>")) && told.contains(code),
            "{told}"
        );
    }
    assert_eq!(ask(&world, &path, "x".repeat(70_000)).await.status, 413);
}

#[tokio::test]
async fn a_manager_makes_the_token_and_it_opens_nothing_else() {
    let mut world = world().await;
    let manager = world.manager("acme");
    let tokens = "/v1/tenants/acme/tokens";
    let new = json!({ "label": "cucm", "exchange": true });
    let made = world.post(&manager, tokens, new).await.expect(201);
    assert_eq!(made["role"], "exchange");
    let token = made["token"].as_str().unwrap();
    assert_eq!(
        ask(&world, &format!("{PATH}/{token}"), routing_request("201"))
            .await
            .status,
        200
    );
    for path in [
        "/v1/tenants/acme/lines",
        "/v1/tenants/acme/calls",
        "/v1/tenants/acme",
    ] {
        assert_eq!(world.get(token, path).await.status, 403, "{path}");
    }
    let wrong = json!({ "label": "x", "exchange": true, "user": "alice" });
    assert_eq!(
        world.post(&manager, tokens, wrong).await.wrong_fields(),
        ["/exchange"]
    );
}
