//! Modules, behaviours, settings and announcements over HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use axum::http::Method;
use common::World;
use serde_json::{Value, json};

const MENU: &str = "/v1/tenants/acme/behaviours/menu";

async fn upload(world: &World, token: &str, component: &str) -> String {
    let path = "/v1/tenants/acme/modules";
    let answer = world
        .upload(
            token,
            Method::POST,
            path,
            "application/wasm",
            component.as_bytes(),
        )
        .await;
    answer.expect(201)["digest"].as_str().unwrap().to_owned()
}

/// A world with a manager of acme and a behaviour `menu` of version 1.
async fn with_menu() -> (World, String, String) {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let digest = upload(&world, &manager, "module menu 1").await;
    world
        .put(
            &manager,
            MENU,
            json!({ "module": digest, "settings": { "rings": 3 } }),
        )
        .await
        .expect(201);
    (world, manager, digest)
}

#[tokio::test]
async fn an_upload_tells_what_the_module_is_and_may_do() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let digest = upload(&world, &manager, "module menu 1").await;
    let info = world
        .get(&manager, &format!("/v1/tenants/acme/modules/{digest}"))
        .await
        .expect(200);
    assert_eq!(
        (info["manifest"]["name"].as_str(), info["size"].as_u64()),
        (Some("menu"), Some(13))
    );
    assert_eq!(info["manifest"]["imports"], json!(["dialling"]));
    let component = world
        .get(&manager, &format!("/v1/tenants/acme/modules/{digest}/component"))
        .await;
    assert_eq!(component.bytes, b"module menu 1");
    let again = world
        .upload(
            &manager,
            Method::POST,
            "/v1/tenants/acme/modules",
            "application/wasm",
            b"module menu 1",
        )
        .await;
    assert_eq!(again.expect(200), info, "the same bytes are the same module");
    let list = world.get(&manager, "/v1/tenants/acme/modules").await.expect(200);
    assert_eq!(list["items"], json!([info]));
}

#[tokio::test]
async fn permissions_are_told_in_words_and_against_another_module() {
    let (world, manager, first) = with_menu().await;
    let second = upload(&world, &manager, "module menu 2").await;
    let path = format!("/v1/tenants/acme/modules/{second}/permissions");
    let sheet = world.get(&manager, &path).await.expect(200);
    let dialling = json!({
        "interface": "dialling", "reach": "acts", "allows": "ring lines, devices and numbers of the tenant"
    });
    assert_eq!(sheet, json!({ "permissions": [dialling] }));
    let change = world
        .get(&manager, &format!("{path}?since={first}"))
        .await
        .expect(200);
    assert_eq!(change["change"], json!({ "added": [], "dropped": [] }));
    let unknown = "0".repeat(64);
    world
        .get(&manager, &format!("{path}?since={unknown}"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_bad_component_is_refused_with_all_that_is_wrong() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let path = "/v1/tenants/acme/modules";
    let answer = world
        .upload(&manager, Method::POST, path, "application/wasm", b"\0asm")
        .await;
    assert_eq!(answer.wrong_fields(), ["", "wasi:sockets/tcp"]);
    let answer = world
        .upload(&manager, Method::POST, path, "application/json", b"{}")
        .await;
    assert_eq!(answer.status, 415);
    assert_eq!(world.get(&manager, path).await.expect(200)["items"], json!([]));
    let nowhere = world.upload(
        &world.operator,
        Method::POST,
        "/v1/tenants/none/modules",
        "application/wasm",
        b"module m 1",
    );
    assert_eq!(
        nowhere.await.status,
        404,
        "a tenant that does not exist collects no modules"
    );
}

#[tokio::test]
async fn a_module_in_use_stays() {
    let (world, manager, digest) = with_menu().await;
    let path = format!("/v1/tenants/acme/modules/{digest}");
    let refused = world.delete(&manager, &path).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("menu"));
    world.delete(&manager, MENU).await.expect(204);
    world.delete(&manager, &path).await.expect(204);
    world.get(&manager, &path).await.expect(404);
}

#[tokio::test]
async fn a_message_goes_to_the_session_for_a_number() {
    let (world, manager, _) = with_menu().await;
    let path = format!("{MENU}/messages");
    let message = |text: &str| json!({ "number": "300", "message": text });
    let taken = world.post(&manager, &path, message("open")).await.expect(202);
    assert_eq!(taken, json!({ "session": 9 }));
    let told = world.exchange.told.lock().unwrap().clone();
    assert_eq!(told, [("300".to_owned(), "open".to_owned())]);
    let long = "x".repeat((16 << 10) + 1);
    assert_eq!(
        world.post(&manager, &path, message(&long)).await.wrong_fields(),
        ["/message"]
    );
    let unknown = "/v1/tenants/acme/behaviours/none/messages";
    let answer = world.post(&manager, unknown, message("open")).await.expect(404);
    assert_eq!(answer["detail"], "there is no behaviour `none`, only menu");
}

#[tokio::test]
async fn activating_a_version_swaps_it_and_keeps_the_history() {
    let (world, manager, first) = with_menu().await;
    let second = upload(&world, &manager, "module menu 2").await;
    let answer = world
        .post(&manager, &format!("{MENU}/activate"), json!({ "module": second }))
        .await;
    assert_eq!(answer.expect(200), json!({ "revision": 2 }));
    let history = world.get(&manager, &format!("{MENU}/history")).await.expect(200);
    assert_eq!(
        (history["active"].as_str(), history["version"].as_str()),
        (Some(second.as_str()), Some("2"))
    );
    assert_eq!(
        history["earlier"],
        json!([{ "digest": first, "version": "1", "until": 1_000_000 }])
    );
    let behaviour = world.get(&manager, MENU).await.expect(200);
    assert_eq!(
        behaviour["document"]["settings"],
        json!({ "rings": 3 }),
        "settings stay"
    );
    let unknown = world
        .post(
            &manager,
            &format!("{MENU}/activate"),
            json!({ "module": "ab".repeat(32) }),
        )
        .await;
    assert_eq!(unknown.wrong_fields(), ["/module"]);
    let absent = world
        .post(
            &manager,
            "/v1/tenants/acme/behaviours/none/activate",
            json!({ "module": second }),
        )
        .await;
    assert_eq!(absent.status, 404);
}

#[tokio::test]
async fn settings_are_checked_by_the_module_with_defaults_filled_in() {
    let (world, manager, _) = with_menu().await;
    let path = format!("{MENU}/settings");
    let settings = world.get(&manager, &path).await.expect(200);
    assert_eq!(settings["settings"], json!({ "rings": 3 }));
    assert_eq!(settings["effective"], json!({ "rings": 3, "greeting": "hello" }));
    assert_eq!(settings["schema"]["properties"]["rings"]["maximum"], 10);
    world
        .put(&manager, &path, json!({ "rings": 9 }))
        .await
        .expect(200);
    assert_eq!(
        world.workshop.checked.lock().unwrap().last(),
        Some(&json!({ "rings": 9, "greeting": "hello" }))
    );
    assert_eq!(
        world
            .put(&manager, &path, json!({ "rings": 11 }))
            .await
            .wrong_fields(),
        ["/rings"]
    );
    assert_eq!(
        world.get(&manager, &path).await.expect(200)["settings"],
        json!({ "rings": 9 })
    );
}

#[tokio::test]
async fn a_number_gets_behaviours_in_front() {
    let (world, manager, _) = with_menu().await;
    let number = "/v1/tenants/acme/numbers/%2B33123456789";
    world
        .put(&manager, number, json!({ "name": "reception" }))
        .await
        .expect(201);
    let path = format!("{number}/behaviours");
    world
        .put(
            &manager,
            &path,
            json!([{ "behaviour": "menu", "settings": { "rings": 4 } }]),
        )
        .await
        .expect(200);
    let document = world.get(&manager, number).await.expect(200)["document"].clone();
    assert_eq!(
        document["behaviours"],
        json!([{ "behaviour": "menu", "settings": { "rings": 4 } }])
    );
    assert_eq!(
        (document["id"].as_str(), document["name"].as_str()),
        (Some("+33123456789"), Some("reception"))
    );
    let wrong = json!([{ "behaviour": "menu" }, { "behaviour": "menu", "settings": { "rings": 99 } }]);
    assert_eq!(
        world.put(&manager, &path, wrong).await.wrong_fields(),
        ["/1/settings/rings"]
    );
    assert_eq!(
        world
            .put(&manager, &path, json!([{ "behaviour": "none" }]))
            .await
            .wrong_fields(),
        ["/0/behaviour"]
    );
    let in_use = world.delete(&manager, MENU).await.expect(409);
    assert!(in_use["detail"].as_str().unwrap().contains("+33123456789"));
}

#[tokio::test]
async fn a_user_edits_what_is_left_to_users_on_an_own_line() {
    let (mut world, manager, _) = with_menu().await;
    let alice = world.user("acme", "alice");
    world
        .put(
            &manager,
            "/v1/tenants/acme/lines/201",
            json!({ "name": "A", "user": "alice" }),
        )
        .await
        .expect(201);
    world
        .put(
            &manager,
            "/v1/tenants/acme/lines/202",
            json!({ "name": "B", "user": "bob" }),
        )
        .await
        .expect(201);
    let own = "/v1/tenants/acme/lines/201/settings/menu";
    world.put(&alice, own, json!({ "rings": 7 })).await.expect(200);
    let settings = world.get(&alice, own).await.expect(200);
    assert_eq!(settings["settings"], json!({ "rings": 7 }));
    assert_eq!(settings["effective"], json!({ "rings": 7, "greeting": "hello" }));
    assert_eq!(
        world
            .put(&alice, own, json!({ "rings": 7, "greeting": "yo" }))
            .await
            .wrong_fields(),
        ["/greeting"]
    );
    assert_eq!(
        world
            .put(&alice, own, json!({ "rings": 70 }))
            .await
            .wrong_fields(),
        ["/rings"]
    );
    let foreign = "/v1/tenants/acme/lines/202/settings/menu";
    assert_eq!(
        world.put(&alice, foreign, json!({ "rings": 7 })).await.status,
        404
    );
    assert_eq!(world.get(&alice, foreign).await.status, 404);
    world
        .put(&manager, own, json!({ "greeting": "bonjour" }))
        .await
        .expect(200);
    // What the manager set stays as long as the user does not touch it.
    world
        .put(&alice, own, json!({ "greeting": "bonjour", "rings": 2 }))
        .await
        .expect(200);
    assert_eq!(
        world.put(&alice, own, json!({ "rings": 2 })).await.wrong_fields(),
        ["/greeting"]
    );
}

#[tokio::test]
async fn an_announcement_is_uploaded_measured_and_heard() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let path = "/v1/tenants/acme/announcements/welcome";
    let about = format!("{path}?text=Bonjour&site=paris");
    world
        .upload(&manager, Method::PUT, &about, "audio/x-wav", b"sound 12")
        .await
        .expect(201);
    let document: Value = world.get(&manager, path).await.expect(200)["document"].clone();
    assert_eq!(document["media-type"], "audio/wav");
    assert_eq!(
        (document["length"].as_u64(), document["size"].as_u64()),
        (Some(12_000), Some(8))
    );
    assert_eq!(
        (document["text"].as_str(), document["site"].as_str()),
        (Some("Bonjour"), Some("paris"))
    );
    let audio = world.get(&manager, &format!("{path}/audio")).await;
    assert_eq!(
        (audio.headers["content-type"].to_str().unwrap(), &*audio.bytes),
        ("audio/wav", &b"sound 12"[..])
    );
    assert_eq!(*world.workshop.told.lock().unwrap(), ["acme"]);
    world.delete(&manager, path).await.expect(204);
    assert_eq!(world.workshop.told.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_recording_that_is_too_long_too_large_or_silent_is_refused() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let path = "/v1/tenants/acme/announcements/welcome";
    let put = async |media_type: &str, body: &[u8]| {
        world
            .upload(&manager, Method::PUT, path, media_type, body)
            .await
            .status
            .as_u16()
    };
    assert_eq!(put("audio/wav", b"sound 121").await, 422);
    assert_eq!(put("audio/wav", b"noise").await, 422);
    assert_eq!(put("video/mp4", b"sound 1").await, 415);
    assert_eq!(put("audio/mpeg", &vec![0; 3_000_001]).await, 413);
    assert_eq!(put("audio/mpeg", b"sound 120").await, 201);
}

/// Labels and a note are the people's; the module stays what it is.
#[tokio::test]
async fn modules_carry_labels_and_a_note() {
    let (world, manager, digest) = with_menu().await;
    let path = format!("/v1/tenants/acme/modules/{digest}");
    let notes = json!({ "labels": ["stable", "for-north", "stable"], "note": "asked for by Ada" });
    let module = world
        .put(&manager, &format!("{path}/notes"), notes)
        .await
        .expect(200);
    assert_eq!(module["labels"], json!(["for-north", "stable"]));
    let module = world
        .put(&manager, &format!("{path}/notes"), json!({ "labels": [] }))
        .await
        .expect(200);
    assert_eq!(
        (module.get("labels"), &module["note"]),
        (None, &json!("asked for by Ada"))
    );
    let module = world.get(&manager, &path).await.expect(200);
    assert_eq!(module["note"], "asked for by Ada");
    let wrong = json!({ "labels": ["fine", "not fine"] });
    assert_eq!(
        world
            .put(&manager, &format!("{path}/notes"), wrong)
            .await
            .wrong_fields(),
        ["/labels/1"]
    );
    let long = json!({ "note": "x".repeat(5_000) });
    assert_eq!(
        world
            .put(&manager, &format!("{path}/notes"), long)
            .await
            .wrong_fields(),
        ["/note"]
    );
    let other = format!("/v1/tenants/acme/modules/{}/notes", "ab".repeat(32));
    world.put(&manager, &other, json!({})).await.expect(404);
}

/// An operator lets a tenant's modules do less than the exchange offers.
#[tokio::test]
async fn an_upload_that_asks_for_more_than_granted_is_refused() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let tenant = |imports: Value| json!({ "name": "acme", "domains": ["acme.example"], "grants": { "imports": imports } });
    let operator = world.operator.clone();
    world
        .put(&operator, "/v1/tenants/acme", tenant(json!(["legs"])))
        .await
        .expect(200);
    let path = "/v1/tenants/acme/modules";
    let refused = world
        .upload(&manager, Method::POST, path, "application/wasm", b"module menu 1")
        .await
        .expect(422);
    let text = refused.to_string();
    assert!(
        text.contains("may not ring lines") && text.contains("--allow dialling"),
        "{text}"
    );
    world
        .put(&operator, "/v1/tenants/acme", tenant(json!(["dialling", "legs"])))
        .await
        .expect(200);
    upload(&world, &manager, "module menu 1").await;
}

#[tokio::test]
async fn an_activation_may_have_a_deadline() {
    let (world, manager, _) = with_menu().await;
    let second = upload(&world, &manager, "module menu 2").await;
    let body = json!({ "module": second, "drain-after-ms": 60_000, "drain-then": "end" });
    world
        .post(&manager, &format!("{MENU}/activate"), body)
        .await
        .expect(200);
    let versions = world.get(&manager, &format!("{MENU}/versions")).await.expect(200);
    assert_eq!(versions["drain"], json!({ "at": 1_060_000, "then": "end" }));
    let wrong = json!({ "module": second, "drain-then": "explode" });
    assert_eq!(
        world
            .post(&manager, &format!("{MENU}/activate"), wrong)
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn a_tenant_stores_no_more_than_it_may() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    let operator = world.operator.clone();
    let acme = json!({ "name": "Acme", "domains": ["acme.test"], "limits": { "storage": 20 } });
    world.put(&operator, "/v1/tenants/acme", acme).await;
    upload(&world, &manager, "module menu 1").await;
    let path = "/v1/tenants/acme/modules";
    let refused = world
        .upload(&manager, Method::POST, path, "application/wasm", b"module menu 2")
        .await
        .expect(413);
    assert_eq!(refused["type"], "urn:cordboard:problem:storage-full");
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("stores 13 bytes") && detail.contains("20 of `limits.storage`"),
        "{detail}"
    );
    assert!(world.writer.flush());
    let audit = world
        .get(&manager, "/v1/tenants/acme/audit?limit=1")
        .await
        .expect(200);
    let breach = &audit["items"][0]["request"]["breach"];
    assert_eq!(
        (&breach["rule"], &breach["sentence"]),
        (&json!("limits.storage"), &json!(detail))
    );
}
