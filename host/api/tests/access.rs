//! Who may do what: every role at every endpoint, isolation between tenants, patience with strangers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use common::{World, request};
use cordboard_api::access::Peer;
use serde_json::json;

/// `o`perator, `m`anager and `u`ser of the tenant, another e`x`change of its; `*`: no token needed. Who is not named is refused: with 403 by role,
/// with 404 for another tenant's, with 401 without a token.
const TABLE: &str = "
    GET    /health                                            *
    GET    /openapi.json                                      *
    GET    /metrics                                           *
    GET    /v1/me                                             omux
    GET    /v1/events                                         o
    GET    /v1/tokens                                         o
    POST   /v1/tokens                                         o
    DELETE /v1/tokens/{id}                                    o
    GET    /v1/tenants                                        o
    GET    /v1/tenants/{tenant}                               om
    PUT    /v1/tenants/{tenant}                               o
    DELETE /v1/tenants/{tenant}                               o
    GET    /v1/tenants/{tenant}/tokens                        om
    POST   /v1/tenants/{tenant}/tokens                        om
    DELETE /v1/tenants/{tenant}/tokens/{id}                   om
    GET    /v1/tenants/{tenant}/sites                         om
    GET    /v1/tenants/{tenant}/sites/{id}                    om
    PUT    /v1/tenants/{tenant}/sites/{id}                    om
    DELETE /v1/tenants/{tenant}/sites/{id}                    om
    GET    /v1/tenants/{tenant}/users                         omu
    GET    /v1/tenants/{tenant}/users/{id}                    omu
    PUT    /v1/tenants/{tenant}/users/{id}                    om
    DELETE /v1/tenants/{tenant}/users/{id}                    om
    GET    /v1/tenants/{tenant}/devices                       omu
    GET    /v1/tenants/{tenant}/devices/{id}                  omu
    PUT    /v1/tenants/{tenant}/devices/{id}                  om
    DELETE /v1/tenants/{tenant}/devices/{id}                  om
    PUT    /v1/tenants/{tenant}/devices/{id}/password         omu
    PUT    /v1/tenants/{tenant}/devices/{id}/keys             omu
    GET    /v1/tenants/{tenant}/device-models                 omu
    GET    /v1/tenants/{tenant}/lines                         omu
    GET    /v1/tenants/{tenant}/lines/{id}                    omu
    PUT    /v1/tenants/{tenant}/lines/{id}                    om
    DELETE /v1/tenants/{tenant}/lines/{id}                    om
    GET    /v1/tenants/{tenant}/lines/{id}/settings/{behaviour} omu
    PUT    /v1/tenants/{tenant}/lines/{id}/settings/{behaviour} omu
    GET    /v1/tenants/{tenant}/numbers                       om
    GET    /v1/tenants/{tenant}/numbers/{id}                  om
    PUT    /v1/tenants/{tenant}/numbers/{id}                  om
    DELETE /v1/tenants/{tenant}/numbers/{id}                  om
    PUT    /v1/tenants/{tenant}/numbers/{id}/behaviours       om
    GET    /v1/tenants/{tenant}/trunks                        om
    GET    /v1/tenants/{tenant}/trunks/{id}                   om
    PUT    /v1/tenants/{tenant}/trunks/{id}                   o
    DELETE /v1/tenants/{tenant}/trunks/{id}                   o
    GET    /v1/tenants/{tenant}/calendars                     om
    GET    /v1/tenants/{tenant}/calendars/{id}                om
    PUT    /v1/tenants/{tenant}/calendars/{id}                om
    DELETE /v1/tenants/{tenant}/calendars/{id}                om
    GET    /v1/tenants/{tenant}/pickup-groups                 om
    GET    /v1/tenants/{tenant}/pickup-groups/{id}            om
    PUT    /v1/tenants/{tenant}/pickup-groups/{id}            om
    DELETE /v1/tenants/{tenant}/pickup-groups/{id}            om
    GET    /v1/tenants/{tenant}/contacts                      omu
    GET    /v1/tenants/{tenant}/contacts/{id}                 omu
    PUT    /v1/tenants/{tenant}/contacts/{id}                 om
    DELETE /v1/tenants/{tenant}/contacts/{id}                 om
    GET    /v1/tenants/{tenant}/registrations                 om
    GET    /v1/tenants/{tenant}/elsewhere                     om
    GET    /v1/tenants/{tenant}/figures                       om
    POST   /v1/tenants/{tenant}/calls                         omu
    GET    /v1/tenants/{tenant}/dial-plan                     om
    PUT    /v1/tenants/{tenant}/dial-plan                     om
    GET    /v1/tenants/{tenant}/announcements                 om
    GET    /v1/tenants/{tenant}/announcements/{name}          om
    PUT    /v1/tenants/{tenant}/announcements/{name}          om
    GET    /v1/tenants/{tenant}/announcements/{name}/audio    om
    DELETE /v1/tenants/{tenant}/announcements/{name}          om
    GET    /v1/tenants/{tenant}/modules                       om
    POST   /v1/tenants/{tenant}/modules                       om
    GET    /v1/tenants/{tenant}/modules/{digest}              om
    GET    /v1/tenants/{tenant}/modules/{digest}/component    om
    GET    /v1/tenants/{tenant}/modules/{digest}/permissions  om
    DELETE /v1/tenants/{tenant}/modules/{digest}              om
    PUT    /v1/tenants/{tenant}/modules/{digest}/notes        om
    GET    /v1/tenants/{tenant}/behaviours                    om
    GET    /v1/tenants/{tenant}/behaviours/{name}             om
    PUT    /v1/tenants/{tenant}/behaviours/{name}             om
    DELETE /v1/tenants/{tenant}/behaviours/{name}             om
    POST   /v1/tenants/{tenant}/behaviours/{name}/activate    om
    POST   /v1/tenants/{tenant}/behaviours/{name}/messages    om
    GET    /v1/tenants/{tenant}/behaviours/{name}/history     om
    GET    /v1/tenants/{tenant}/behaviours/{name}/versions    om
    PUT    /v1/tenants/{tenant}/behaviours/{name}/candidate   om
    DELETE /v1/tenants/{tenant}/behaviours/{name}/candidate   om
    POST   /v1/tenants/{tenant}/behaviours/{name}/promote     om
    POST   /v1/tenants/{tenant}/behaviours/{name}/roll-back   om
    GET    /v1/tenants/{tenant}/behaviours/{name}/journal     om
    POST   /v1/tenants/{tenant}/behaviours/{name}/replay      om
    GET    /v1/tenants/{tenant}/behaviours/{name}/settings    om
    PUT    /v1/tenants/{tenant}/behaviours/{name}/settings    om
    GET    /v1/tenants/{tenant}/calls                         omu
    GET    /v1/tenants/{tenant}/calls/{call}                  omu
    DELETE /v1/tenants/{tenant}/calls/{call}                  omu
    GET    /v1/tenants/{tenant}/calls/{call}/why              om
    GET    /v1/tenants/{tenant}/cdrs                          omu
    GET    /v1/tenants/{tenant}/statistics                    omu
    GET    /v1/tenants/{tenant}/audit                         om
    GET    /v1/tenants/{tenant}/events                        om
    GET    /v1/tenants/{tenant}/lines/{id}/screen             omu
    POST   /v1/tenants/{tenant}/lines/{id}/settings/{behaviour}/numbers omu
    GET    /console                                           *
    GET    /console/console.js                                *
    GET    /console/console.css                               *
    GET    /v1/screens/{token}                                *
    GET    /v1/screens/{token}/{choice}                       *
    POST   /v1/screens/{token}/{choice}                       *
    POST   /v1/tenants/{tenant}/interception                  x
    HEAD   /v1/tenants/{tenant}/interception                  x
    POST   /v1/tenants/{tenant}/interception/{token}          x
    HEAD   /v1/tenants/{tenant}/interception/{token}          x
";

fn table() -> Vec<(Method, &'static str, &'static str)> {
    let row = |line: &'static str| {
        let [method, path, who] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        (method.parse().unwrap(), path, who)
    };
    TABLE
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(row)
        .collect()
}

#[test]
fn the_table_names_every_endpoint() {
    let stated: BTreeSet<_> = table()
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let offered: BTreeSet<_> = cordboard_api::endpoints()
        .into_iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(stated, offered);
}

/// What the guard decided; `Through` whatever the handler then said.
#[derive(Debug, PartialEq)]
enum Decision {
    Through,
    NoToken,
    Role,
    Elsewhere,
}

async fn decision(world: &World, token: &str, method: &Method, path: &str) -> Decision {
    let path = path
        .replace("{tenant}", "acme")
        .replace("{call}", "1")
        .replace(['{', '}'], "x");
    let request = request(token, method.clone(), &path)
        .body(Body::from("{"))
        .unwrap();
    let response = tower::ServiceExt::oneshot(world.router.clone(), request)
        .await
        .unwrap();
    if response.status().is_success() {
        // A stream of events has no end.
        return Decision::Through;
    }
    let (status, body) = (response.status().as_u16(), response.into_body());
    if *method == Method::HEAD {
        // There is no more to it than the status.
        return match status {
            401 => Decision::NoToken,
            403 => Decision::Role,
            _ => Decision::Elsewhere,
        };
    }
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    match (status, problem["detail"].as_str().unwrap()) {
        (401, _) => Decision::NoToken,
        (403, _) => Decision::Role,
        (404, "there is no such tenant") => Decision::Elsewhere,
        _ => Decision::Through,
    }
}

#[tokio::test]
async fn every_role_gets_exactly_as_far_as_the_table_says() {
    for (method, path, who) in table() {
        // Deleting the tenant would take the tokens along.
        let mut world = World::new().await;
        let manager = world.manager("acme");
        let user = world.user("acme", "alice");
        let in_tenant = path.contains("{tenant}");
        let allowed = |role: char| {
            if who.contains(role) || who == "*" {
                Decision::Through
            } else {
                Decision::Role
            }
        };
        let elsewhere = |role: char| {
            if in_tenant {
                Decision::Elsewhere
            } else {
                allowed(role)
            }
        };
        let callers = [
            (
                "nobody",
                String::new(),
                if who == "*" {
                    Decision::Through
                } else {
                    Decision::NoToken
                },
            ),
            ("another tenant's manager", world.manager("other"), elsewhere('m')),
            (
                "another tenant's user",
                world.user("other", "alice"),
                elsewhere('u'),
            ),
            (
                "another tenant's exchange",
                world.exchange_of("other"),
                elsewhere('x'),
            ),
            ("exchange", world.exchange_of("acme"), allowed('x')),
            ("user", user, allowed('u')),
            ("manager", manager, allowed('m')),
            ("operator", world.operator.clone(), allowed('o')),
        ];
        for (caller, token, expected) in callers {
            let decided = decision(&world, &token, &method, path).await;
            assert_eq!(decided, expected, "{caller}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn what_a_tenant_that_is_not_there_has_is_not_told_as_nothing() {
    let world = World::new().await;
    for (method, path, _) in table().into_iter().filter(|(_, _, who)| who.contains('o')) {
        let within = path.starts_with("/v1/tenants/{tenant}/");
        let path = path.replace("{tenant}", "nobody").replace(['{', '}'], "x");
        if within {
            let answer = world.ask(&world.operator, method.clone(), &path, None).await;
            let detail = answer.expect(404)["detail"].clone();
            assert_eq!(
                detail, "there is no tenant `nobody`, but acme and other",
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_name_that_is_not_there_is_told_with_those_that_are() {
    let mut world = World::new().await;
    let manager = world.manager("acme");
    for name in ["north", "south"] {
        let path = format!("/v1/tenants/acme/sites/{name}");
        world.put(&manager, &path, json!({ "name": name })).await;
    }
    for path in ["sites/west", "lines?site=west", "statistics?site=west"] {
        let answer = world.get(&manager, &format!("/v1/tenants/acme/{path}")).await;
        let detail = answer.expect(404)["detail"].clone();
        assert_eq!(detail, "there is no site `west`, but north and south", "{path}");
    }
    for path in ["behaviours/x/journal", "behaviours/x/versions", "behaviours/x"] {
        let answer = world.get(&manager, &format!("/v1/tenants/acme/{path}")).await;
        let detail = answer.expect(404)["detail"].clone();
        assert_eq!(detail, "there is no behaviour `x`, and none at all", "{path}");
    }
    let kind = world.get(&manager, "/v1/tenants/acme/lines?kind=square").await;
    let detail = kind.expect(400)["detail"].to_string();
    assert!(detail.contains("square") && detail.contains("mobile"), "{detail}");
    let user = world.user("acme", "alice");
    let answer = world.get(&user, "/v1/tenants/acme/lines/x").await;
    let detail = answer.expect(404)["detail"].clone();
    assert_eq!(
        detail, "no line of yours is known by this name",
        "nobody else's are told"
    );
}

#[tokio::test]
async fn a_tenant_cannot_be_reached_by_spelling_it_otherwise() {
    let mut world = World::new().await;
    let other = world.manager("other");
    world
        .put(
            &world.operator,
            "/v1/tenants/acme/sites/paris",
            json!({ "name": "Paris" }),
        )
        .await
        .expect(201);
    for path in [
        "/v1/tenants/acme/sites/paris",
        "/v1/tenants/%61cme/sites/paris",
        "/v1/tenants/other%2F..%2Facme/sites/paris",
        "/v1/tenants/other/../acme/sites/paris",
        "/v1/tenants//acme/sites/paris",
        "/v1/tenants/ACME/sites/paris",
    ] {
        assert_eq!(world.get(&other, path).await.status, 404, "{path}");
    }
    assert_eq!(
        world
            .get(&other, "/v1/tenants/other/sites/..%2F..%2Facme%2Fsites%2Fparis")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn one_tenants_modules_tokens_and_calls_are_nothing_to_another() {
    let mut world = World::new().await;
    let (acme, other) = (world.manager("acme"), world.manager("other"));
    let module = world
        .upload(
            &acme,
            Method::POST,
            "/v1/tenants/acme/modules",
            "application/wasm",
            b"module menu 1",
        )
        .await;
    let digest = module.expect(201)["digest"].as_str().unwrap().to_owned();
    for path in ["", "/component"] {
        assert_eq!(
            world
                .get(&other, &format!("/v1/tenants/other/modules/{digest}{path}"))
                .await
                .status,
            404
        );
    }
    let stolen = world
        .put(
            &other,
            "/v1/tenants/other/behaviours/menu",
            json!({ "module": digest }),
        )
        .await;
    assert_eq!(stolen.wrong_fields(), ["/module"]);
    let made = world
        .post(&acme, "/v1/tenants/acme/tokens", json!({ "label": "console" }))
        .await
        .expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        world
            .delete(&other, &format!("/v1/tenants/other/tokens/{id}"))
            .await
            .status,
        404
    );
    assert_eq!(
        world
            .get(made["token"].as_str().unwrap(), "/v1/tenants/acme")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_manager_cannot_make_an_operators_token() {
    let mut world = World::new().await;
    let acme = world.manager("acme");
    let wish = json!({ "label": "x", "role": "operator" });
    assert_eq!(
        world.post(&acme, "/v1/tenants/acme/tokens", wish).await.status,
        422
    );
    let made = world
        .post(&acme, "/v1/tenants/acme/tokens", json!({ "label": "x" }))
        .await
        .expect(201);
    assert_eq!(
        (made["role"].as_str(), made["tenant"].as_str()),
        (Some("manager"), Some("acme"))
    );
    let made = world
        .post(
            &acme,
            "/v1/tenants/acme/tokens",
            json!({ "label": "x", "user": "alice" }),
        )
        .await
        .expect(201);
    assert_eq!(made["role"], "user");
    let unknown = world
        .post(
            &acme,
            "/v1/tenants/acme/tokens",
            json!({ "label": "x", "user": "bob" }),
        )
        .await;
    assert_eq!(unknown.wrong_fields(), ["/user"]);
}

#[tokio::test]
async fn tokens_go_with_their_user_and_tenant() {
    let mut world = World::new().await;
    let (manager, user, other) = (
        world.manager("acme"),
        world.user("acme", "alice"),
        world.user("other", "alice"),
    );
    world
        .delete(&manager, "/v1/tenants/acme/users/alice")
        .await
        .expect(204);
    assert_eq!(world.get(&user, "/v1/me").await.status, 401);
    assert_eq!(world.get(&other, "/v1/me").await.status, 200);
    world
        .delete(&world.operator, "/v1/tenants/acme")
        .await
        .expect(204);
    assert_eq!(world.get(&manager, "/v1/me").await.status, 401);
}

async fn from(world: &World, peer: &str, token: &str, path: &str) -> u16 {
    let peer: IpAddr = peer.parse().unwrap();
    let request = request(token, Method::GET, path)
        .extension(Peer(peer))
        .body(Body::empty())
        .unwrap();
    world.send(request).await.status.as_u16()
}

#[tokio::test]
async fn whoever_guesses_tokens_is_slowed_down_and_nobody_else() {
    let world = World::new().await;
    let mut seen = Vec::new();
    for _ in 0..12 {
        seen.push(from(&world, "192.0.2.1", "cordboard_00000000_guess", "/v1/me").await);
    }
    assert_eq!(seen, [[401; 10].as_slice(), &[429; 2]].concat());
    assert_eq!(from(&world, "192.0.2.2", "wrong", "/v1/me").await, 401);
    assert_eq!(
        from(&world, "192.0.2.1", &world.operator, "/v1/me").await,
        200,
        "a good token is good from there"
    );
    world.pass(Duration::from_secs(2));
    assert_eq!(from(&world, "192.0.2.1", "wrong", "/v1/me").await, 401);
}

#[tokio::test]
async fn strangers_may_look_but_not_without_end() {
    let world = World::new().await;
    let mut refused = 0;
    for _ in 0..70 {
        refused += usize::from(from(&world, "192.0.2.1", "", "/health").await == 429);
    }
    assert_eq!(refused, 10);
}

#[tokio::test]
async fn a_refusal_says_how_to_do_better() {
    let world = World::new().await;
    let answer = world.get("", "/v1/me").await;
    assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"cordboard\"");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let problem = answer.expect(401);
    assert_eq!(problem["type"], "urn:cordboard:problem:unauthenticated");
    assert_eq!(problem["status"], 401);
}
