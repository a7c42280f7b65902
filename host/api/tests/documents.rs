//! Configuration documents over HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use axum::body::Body;
use axum::http::{Method, header};
use common::{World, request};
use serde_json::json;

const PARIS: &str = "/v1/tenants/acme/sites/paris";

#[tokio::test]
async fn a_document_is_created_read_changed_and_deleted() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let created = world.put(&manager, PARIS, json!({ "name": "Paris" })).await;
    assert_eq!(created.tag(), "\"1\"");
    assert_eq!(created.expect(201), json!({ "revision": 1 }));
    let read = world.get(&manager, PARIS).await;
    assert_eq!(read.tag(), "\"1\"");
    assert_eq!(
        read.expect(200),
        json!({ "revision": 1, "document": { "id": "paris", "name": "Paris" } })
    );
    assert_eq!(
        world
            .put(&manager, PARIS, json!({ "name": "Lutetia" }))
            .await
            .expect(200),
        json!({ "revision": 2 })
    );
    world.delete(&manager, PARIS).await.expect(204);
    world.get(&manager, PARIS).await.expect(404);
}

#[tokio::test]
async fn a_stale_change_is_refused() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    world
        .put(&manager, PARIS, json!({ "name": "Paris" }))
        .await
        .expect(201);
    let put = async |name: &str, value: &str| {
        let request = request(&manager, Method::PUT, PARIS).header(name, value);
        world
            .send(request.body(Body::from(r#"{"name":"x"}"#)).unwrap())
            .await
            .status
            .as_u16()
    };
    assert_eq!(put("if-match", "\"1\"").await, 200);
    assert_eq!(put("if-match", "\"1\"").await, 412);
    assert_eq!(put("if-none-match", "*").await, 412);
    assert_eq!(put("if-match", "2").await, 400);
    assert_eq!(put("if-none-match", "\"2\"").await, 400);
}

#[tokio::test]
async fn what_is_wrong_is_named_by_pointer() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    assert_eq!(
        world.put(&manager, PARIS, json!({})).await.wrong_fields(),
        ["/name"]
    );
    assert_eq!(
        world
            .put(&manager, PARIS, json!({ "id": "lyon", "name": "x" }))
            .await
            .wrong_fields(),
        ["/id"]
    );
    assert_eq!(
        world.put(&manager, PARIS, json!(["Paris"])).await.wrong_fields(),
        [""]
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let put = async |body: Vec<u8>| {
        let request = request(&manager, Method::PUT, PARIS);
        world
            .send(request.body(Body::from(body)).unwrap())
            .await
            .status
            .as_u16()
    };
    assert_eq!(put(b"{".to_vec()).await, 400);
    assert_eq!(put(b"{} {}".to_vec()).await, 400);
    assert_eq!(put(vec![b' '; (1 << 20) + 1]).await, 413);
    assert_eq!(
        put([b"[".repeat(100_000), b"]".repeat(100_000)].concat()).await,
        400,
        "deep nesting"
    );
    let blanks = (0..17).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 16]));
    let chunked = Body::from_stream(tokio_stream::iter(blanks));
    let answer = world
        .send(request(&manager, Method::PUT, PARIS).body(chunked).unwrap())
        .await;
    assert_eq!(answer.status, 413, "without a declared length");
}

#[tokio::test]
async fn lists_are_paged() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    for n in 0..5 {
        world
            .put(
                &manager,
                &format!("/v1/tenants/acme/sites/s{n}"),
                json!({ "name": "x" }),
            )
            .await
            .expect(201);
    }
    let page = world
        .get(&manager, "/v1/tenants/acme/sites?limit=3")
        .await
        .expect(200);
    assert_eq!(
        (page["items"].as_array().unwrap().len(), page["next"].as_str()),
        (3, Some("s2"))
    );
    let page = world
        .get(&manager, "/v1/tenants/acme/sites?limit=3&after=s2")
        .await
        .expect(200);
    assert_eq!(
        (page["items"].as_array().unwrap().len(), page.get("next")),
        (2, None)
    );
    assert_eq!(
        world
            .get(&manager, "/v1/tenants/acme/sites?limit=many")
            .await
            .status,
        400
    );
    assert_eq!(
        world.get(&manager, "/v1/tenants/acme/calls?after=x").await.status,
        400
    );
}

#[tokio::test]
async fn a_user_sees_only_what_is_theirs() {
    let mut world = World::new().await;
    let (operator, alice) = (world.operator.clone(), world.user("acme", "alice"));
    for (path, document) in [
        (
            "lines/201",
            json!({ "name": "Alice", "user": "alice", "short-number": "201" }),
        ),
        ("lines/202", json!({ "name": "Bob", "user": "bob" })),
        ("lines/203", json!({ "name": "Door" })),
        ("devices/a", json!({ "owner": "alice" })),
        ("devices/b", json!({ "owner": "bob" })),
        (
            "users/bob",
            json!({ "first-name": "Bob", "last-name": "B", "email": "bob@example.org" }),
        ),
    ] {
        world
            .put(&operator, &format!("/v1/tenants/acme/{path}"), document)
            .await
            .expect(201);
    }
    for (collection, own) in [("lines", "201"), ("devices", "a"), ("users", "alice")] {
        let page = world
            .get(&alice, &format!("/v1/tenants/acme/{collection}"))
            .await
            .expect(200);
        let ids: Vec<_> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| &item["document"]["id"])
            .collect();
        assert_eq!(ids, [own], "{collection}");
    }
    for (path, status) in [
        ("lines/201", 200),
        ("lines/202", 404),
        ("lines/203", 404),
        ("devices/b", 404),
        ("users/bob", 404),
    ] {
        assert_eq!(
            world
                .get(&alice, &format!("/v1/tenants/acme/{path}"))
                .await
                .status,
            status,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_device_password_goes_in_and_never_out() {
    let mut world = World::new().await;
    let (manager, alice) = (world.manager("acme"), world.user("acme", "alice"));
    world
        .put(
            &manager,
            "/v1/tenants/acme/devices/phone",
            json!({ "owner": "alice" }),
        )
        .await
        .expect(201);
    world
        .put(&manager, "/v1/tenants/acme/devices/door", json!({}))
        .await
        .expect(201);
    let (phone, door) = (
        "/v1/tenants/acme/devices/phone/password",
        "/v1/tenants/acme/devices/door/password",
    );
    let given = world
        .put(&manager, phone, json!({ "password": "correct horse" }))
        .await
        .expect(200);
    assert_eq!(
        (given["username"].as_str(), given.get("password")),
        (Some("phone"), None)
    );
    let chosen = world
        .put(&alice, phone, json!({ "username": "alice" }))
        .await
        .expect(200);
    let password = chosen["password"].as_str().unwrap().to_owned();
    assert_eq!(password.len(), 24);
    let told = world.exchange.passwords.lock().unwrap().clone();
    assert_eq!(
        told,
        [
            ("phone".to_owned(), "correct horse".to_owned()),
            ("alice".to_owned(), password)
        ]
    );
    assert_eq!(world.put(&alice, door, json!({})).await.status, 404);
    assert_eq!(
        world
            .put(&manager, phone, json!({ "password": "short" }))
            .await
            .wrong_fields(),
        ["/password"]
    );
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let world = World::new().await;
    let nowhere = world.get(&world.operator, "/v2/tenants").await;
    assert_eq!(nowhere.headers[header::CONTENT_TYPE], "application/problem+json");
    nowhere.expect(404);
    let method = world.delete(&world.operator, "/v1/tenants").await;
    assert_eq!(method.headers[header::CONTENT_TYPE], "application/problem+json");
    method.expect(405);
}

#[tokio::test]
async fn the_openapi_document_describes_every_endpoint() {
    let world = World::new().await;
    let document = world.get("", "/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let mut ids = std::collections::BTreeSet::new();
    for route in cordboard_api::endpoints() {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{} {}", route.method, route.path));
        assert!(ids.insert(id.to_owned()), "{id} twice");
        assert!(!operation["summary"].as_str().unwrap().is_empty());
    }
    let text = document.to_string();
    let components = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(
            components.contains_key(name),
            "{name} is referred to, not described"
        );
    }
}

#[tokio::test]
async fn changes_are_audited_without_their_bodies() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    world
        .put(&manager, "/v1/tenants/acme/devices/phone", json!({}))
        .await
        .expect(201);
    world
        .put(
            &manager,
            "/v1/tenants/acme/devices/phone/password",
            json!({ "password": "correct horse" }),
        )
        .await
        .expect(200);
    assert!(world.writer.flush());
    let page = world
        .get(&manager, "/v1/tenants/acme/audit?limit=1")
        .await
        .expect(200);
    let last = &page["items"][0]["request"];
    assert_eq!(
        (last["method"].as_str(), last["status"].as_u64()),
        (Some("PUT"), Some(200))
    );
    assert_eq!(last["path"], "/v1/tenants/acme/devices/phone/password");
    assert!(!page.to_string().contains("horse"));
    assert!(page["next"].is_string());
}

#[tokio::test]
async fn metrics_are_text_for_prometheus() {
    let world = World::new().await;
    let answer = world.get(&world.operator, "/metrics").await;
    assert!(
        answer.headers[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    assert_eq!(answer.bytes, b"cordboard_calls 3\n");
}
