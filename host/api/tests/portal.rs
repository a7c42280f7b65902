//! What a manager's portal does, over HTTP (R6, R12): lines are searched, renamed and deleted, numbers are pasted, keys are edited, and
//! a page does it in a browser.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use axum::http::{Method, header};
use common::{Answer, World};
use serde_json::{Value, json};

const LINES: &str = "/v1/tenants/acme/lines";
const NUMBERS: &str = "/v1/tenants/acme/lines/l1/settings/menu/numbers";

/// Five lines: the first is `alice`'s, and has the behaviour `menu`.
async fn with_lines() -> (World, String) {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let (path, media) = ("/v1/tenants/acme/modules", "application/wasm");
    let uploaded = world
        .upload(&manager, Method::POST, path, media, b"module menu 1")
        .await;
    let module = json!({ "module": uploaded.expect(201)["digest"], "settings": {} });
    let menu = "/v1/tenants/acme/behaviours/menu";
    world.put(&manager, menu, module).await.expect(201);
    for site in ["paris", "lyon"] {
        let path = format!("/v1/tenants/acme/sites/{site}");
        world
            .put(&manager, &path, json!({ "name": site }))
            .await
            .expect(201);
    }
    for (id, line) in [
        (
            "l1",
            json!({ "name": "Alice Martin", "user": "alice", "short-number": "201", "site": "paris", "kind": "fixed" }),
        ),
        (
            "l2",
            json!({ "name": "Bob Martin", "number": "+33612345678", "site": "lyon", "kind": "mobile" }),
        ),
        (
            "l3",
            json!({ "name": "Carol", "short-number": "203", "site": "paris", "kind": "fixed" }),
        ),
        (
            "l4",
            json!({ "name": "Door", "short-number": "204", "site": "paris", "kind": "ownerless" }),
        ),
        (
            "l5",
            json!({ "name": "Martin", "short-number": "205", "site": "paris", "kind": "fixed" }),
        ),
    ] {
        world
            .put(&manager, &format!("{LINES}/{id}"), line)
            .await
            .expect(201);
    }
    (world, manager)
}

fn ids(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["document"]["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn r12_lines_are_found_by_name_number_site_and_type() {
    let (world, manager) = with_lines().await;
    for (query, found) in [
        ("name=martin", &["l1", "l2", "l5"][..]),
        ("number=06%2012", &["l2"]),
        ("number=20", &["l1", "l3", "l4", "l5"]),
        ("site=paris&kind=fixed", &["l1", "l3", "l5"]),
        ("site=paris&name=martin&number=205", &["l5"]),
        ("kind=analogue", &[]),
    ] {
        let page = world.get(&manager, &format!("{LINES}?{query}")).await.expect(200);
        assert_eq!(ids(&page), found, "{query}");
    }
}

#[tokio::test]
async fn r12_what_is_found_is_paged_without_gaps_or_repetition() {
    let (world, manager) = with_lines().await;
    let first = world
        .get(&manager, &format!("{LINES}?name=martin&limit=2"))
        .await
        .expect(200);
    assert_eq!(
        (ids(&first), first["next"].as_str()),
        (vec!["l1", "l2"], Some("l2"))
    );
    let path = format!("{LINES}?name=martin&limit=2&after=l2");
    let second = world.get(&manager, &path).await.expect(200);
    assert_eq!((ids(&second), second.get("next")), (vec!["l5"], None));
    let exact = world
        .get(&manager, &format!("{LINES}?name=martin&limit=3"))
        .await
        .expect(200);
    assert_eq!(
        (ids(&exact).len(), exact.get("next")),
        (3, None),
        "no page of nothing"
    );
}

#[tokio::test]
async fn r12_a_user_finds_their_own_lines_only() {
    let (mut world, _) = with_lines().await;
    let alice = world.user("acme", "alice");
    let page = world
        .get(&alice, &format!("{LINES}?name=martin"))
        .await
        .expect(200);
    assert_eq!(ids(&page), ["l1"]);
}

async fn paste(world: &World, token: &str, text: &str) -> Answer {
    world
        .post(token, NUMBERS, json!({ "list": "/blocked", "text": text }))
        .await
}

#[tokio::test]
async fn r12_numbers_are_pasted_into_a_list_once_each() {
    let (mut world, manager) = with_lines().await;
    let added = paste(&world, &manager, "06 12 34 56 78; 01.23.45.67.89")
        .await
        .expect(200);
    assert_eq!(added["added"], json!(["+33612345678", "+33123456789"]));
    let alice = world.user("acme", "alice");
    let again = paste(&world, &alice, "0612345678;\n08*").await.expect(200);
    assert_eq!(
        (&again["added"], &again["known"]),
        (&json!(["08*"]), &json!(["+33612345678"]))
    );
    let settings = "/v1/tenants/acme/lines/l1/settings/menu";
    let read = world.get(&alice, settings).await.expect(200);
    assert_eq!(
        read["settings"]["blocked"],
        json!(["+33612345678", "+33123456789", "08*"])
    );
    let replaced = json!({ "list": "/blocked", "text": "201", "replace": true });
    world.post(&manager, NUMBERS, replaced).await.expect(200);
    let read = world.get(&alice, settings).await.expect(200);
    assert_eq!(read["settings"]["blocked"], json!(["201"]));
}

#[tokio::test]
async fn r12_of_pasted_numbers_each_wrong_one_is_named_and_none_is_taken() {
    let (world, manager) = with_lines().await;
    let refused = paste(&world, &manager, "0612345678; Bob; 201; 06-x")
        .await
        .expect(422);
    let details: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["detail"].as_str().unwrap())
        .collect();
    assert_eq!(
        details,
        [
            "number 2, `Bob`, is none that can be dialled",
            "number 4, `06-x`, is none that can be dialled"
        ]
    );
    let many = paste(&world, &manager, "201;202;203;204").await;
    assert_eq!(many.wrong_fields(), ["/blocked"], "the schema's limit holds");
    let settings = "/v1/tenants/acme/lines/l1/settings/menu";
    let read = world.get(&manager, settings).await.expect(200);
    assert_eq!(read["settings"], json!({}));
    let greeting = json!({ "list": "/greeting", "text": "201" });
    assert_eq!(
        world.post(&manager, NUMBERS, greeting).await.wrong_fields(),
        ["/list"]
    );
}

#[tokio::test]
async fn r6_a_user_edits_shortcuts_and_a_manager_every_key() {
    let (mut world, manager) = with_lines().await;
    let alice = world.user("acme", "alice");
    let device = "/v1/tenants/acme/devices/desk";
    let lamp = json!({ "kind": "lamp", "target": "l2", "label": "Bob" });
    let pick_up = json!({ "kind": "code", "target": "*98", "label": "Interception" });
    let telephone = json!({ "owner": "alice", "kind": "phone", "model": "polycom-vvx-450", "keys": [lamp] });
    world.put(&manager, device, telephone).await.expect(201);
    let keys = format!("{device}/keys");
    world.put(&alice, &keys, json!([lamp, pick_up])).await.expect(200);
    assert_eq!(
        world.put(&alice, &keys, json!([pick_up])).await.wrong_fields(),
        [""]
    );
    let other = json!({ "kind": "lamp", "target": "l3", "label": "Carol" });
    assert_eq!(
        world
            .put(&alice, &keys, json!([lamp, other]))
            .await
            .wrong_fields(),
        [""]
    );
    world
        .put(&manager, &keys, json!([other, pick_up]))
        .await
        .expect(200);
    let read = world.get(&alice, device).await.expect(200);
    assert_eq!(
        read["document"]["keys"],
        json!([
            { "label": "Carol", "kind": "lamp", "target": "l3" },
            { "label": "Interception", "kind": "code", "target": "*98" },
        ])
    );
    let unreadable = json!([lamp, { "kind": "light", "target": "l2" }, { "kind": "code" }]);
    assert_eq!(
        world.put(&manager, &keys, unreadable).await.wrong_fields(),
        ["/1", "/2"]
    );
    let bob = world.user("acme", "bob");
    world.put(&bob, &keys, json!([])).await.expect(404);
    let models = world
        .get(&alice, "/v1/tenants/acme/device-models")
        .await
        .expect(200);
    assert!(
        models
            .as_array()
            .unwrap()
            .contains(&json!({ "model": "polycom-vvx-450", "keys": 47 }))
    );
}

#[tokio::test]
async fn r12_the_page_runs_its_own_script_and_nothing_else() {
    let world = World::empty();
    for (path, media_type) in [
        ("/console", "text/html"),
        ("/console/console.js", "text/javascript"),
        ("/console/console.css", "text/css"),
    ] {
        let answer = world.get("", path).await;
        assert_eq!(answer.status, 200, "{path}");
        let head = |name| answer.headers[name].to_str().unwrap();
        assert_eq!(head(header::CONTENT_TYPE), format!("{media_type}; charset=utf-8"));
        let policy = head(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(head(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
    let page = String::from_utf8(world.get("", "/console").await.bytes).unwrap();
    for inline in [
        "<style",
        "style=",
        " onclick",
        "javascript:",
        "http://",
        "https://",
    ] {
        assert!(!page.contains(inline), "{inline}: the policy would stop it");
    }
    let script = String::from_utf8(world.get("", "/console/console.js").await.bytes).unwrap();
    assert!(!script.contains("innerHTML") && !script.contains("localStorage"));
    // Every element that the script looks for is on the page.
    for id in script
        .split("at(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
}
