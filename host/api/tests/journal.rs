//! Sessions in the journal: written down, read by those who may, played again, and gone in time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::time::Duration;

use axum::http::Method;
use base::Moment;
use common::World;
use contract::{
    AskId, Cause, Command, Event, Identity, LegEnded, LegId, ModuleDigest, Offer, Query, Record, SessionId,
    Spent, Task,
};
use cordboard_api::access::Role;
use cordboard_api::hub::{KeepJournal, clear_journals};
use exchange::{CallId, Fact, Given, Report};
use serde_json::{Value, json};
use store::Store;

const SESSIONS: &str = "/v1/tenants/acme/behaviours/menu/journal";
const REPLAY: &str = "/v1/tenants/acme/behaviours/menu/replay";

fn report(session: u64, at: u64, fact: Fact) -> Report {
    Report {
        at: Moment::from_secs(at),
        tenant: Some("acme".into()),
        call: Some(CallId(session)),
        leg: None,
        session: Some(SessionId(session)),
        fact,
    }
}

fn asked(event: Event) -> Fact {
    Fact::Asked {
        ask: AskId(1),
        behaviour: "menu".into(),
        module: ModuleDigest([1; 32]),
        version: "1.0.0".into(),
        task: Task::Handle(event),
        given: Some(Box::new(Given {
            number: "300".into(),
            settings: r#"{"rings":4,"gone":true}"#.into(),
            state: None,
            seed: 5,
            held: vec![],
        })),
    }
}

fn decided(commands: Vec<Command>) -> Fact {
    let record = Record {
        queries: vec![Query::Now(7)],
        ..Record::default()
    };
    Fact::Decided {
        ask: AskId(1),
        commands,
        state: 3,
        record,
        spent: Spent::default(),
        took: Duration::from_micros(90),
    }
}

fn offer() -> Event {
    Event::CallOffered(Offer {
        leg: LegId(7),
        caller: Identity {
            number: Some("+33612345678".to_owned()),
            ..Identity::default()
        },
        called: "300".to_owned(),
        number: "300".to_owned(),
        diversions: vec![],
        answered: false,
        sole_holder: true,
        has_next: false,
    })
}

/// A caller who is hung up on, as the fake candidate would, or one who is answered and hangs up.
fn session(world: &World, id: u64, at: u64, hangs_up: bool) {
    let tell = |after, fact| world.hub.report(report(id, at + after, fact));
    let hang_up = Command::HangUp {
        tag: 9,
        leg: LegId(7),
        cause: Cause::Normal,
    };
    let answer = Command::Answer {
        tag: 1,
        leg: LegId(7),
    };
    tell(0, asked(offer()));
    tell(0, decided(vec![if hangs_up { hang_up } else { answer }]));
    if !hangs_up {
        let ended = LegEnded {
            leg: LegId(7),
            cause: Cause::Normal,
        };
        tell(1, asked(Event::LegEnded(ended)));
        tell(1, decided(vec![]));
    }
    tell(2, Fact::SessionEnded);
}

/// A tenant with a behaviour; its module's digest.
async fn office(world: &World) -> String {
    let modules = "/v1/tenants/acme/modules";
    let module = world
        .upload(
            &world.operator,
            Method::POST,
            modules,
            "application/wasm",
            b"module menu 2.0.0",
        )
        .await
        .expect(201);
    let digest = module["digest"].as_str().unwrap().to_owned();
    let behaviour = json!({ "module": digest });
    world
        .put(&world.operator, "/v1/tenants/acme/behaviours/menu", behaviour)
        .await
        .expect(201);
    digest
}

fn stored(world: &World) {
    world.hub.tidy(Moment::MAX);
    assert!(world.writer.flush());
}

/// The names and data of server-sent events.
fn events(text: &[u8]) -> Vec<(String, Value)> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let blocks = text.split("\n\n").filter(|block| block.starts_with("event"));
    blocks
        .map(|block| {
            let line = |name: &str| {
                block
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap()
                    .trim()
            };
            (
                line("event:").to_owned(),
                serde_json::from_str(line("data:")).unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_session_is_written_down_with_all_that_its_answers_came_from() {
    let mut world = World::new().await;
    office(&world).await;
    session(&world, 7, 100, false);
    stored(&world);
    let manager = world.manager("acme");
    let page = world.get(&manager, SESSIONS).await.expect(200);
    let session = &page["items"][0];
    assert_eq!(
        (&session["version"], &session["ended"], &session["calls"]),
        (&json!("1.0.0"), &json!(true), &json!([7]))
    );
    let steps = session["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0]["event"], "a call from +33612345678 to 300");
    assert_eq!(steps[0]["decided"], "answer leg 7");
    assert_eq!(steps[0]["queries"], json!([{ "now": 7 }]));
    assert_eq!(steps[1]["decided"], "does nothing");
}

#[tokio::test]
async fn numbers_are_the_tenants_and_operators_see_them_if_it_lets_them() {
    let mut world = World::new().await;
    office(&world).await;
    session(&world, 7, 100, false);
    stored(&world);
    let (manager, stranger, user) = (
        world.manager("acme"),
        world.manager("other"),
        world.user("acme", "alice"),
    );
    let operator = world.operator.clone();
    assert!(
        world
            .get(&operator, SESSIONS)
            .await
            .expect(200)
            .to_string()
            .contains("+33612345678")
    );
    let tenant =
        json!({ "name": "acme", "domains": ["acme.example"], "journal": { "numbers-for-operators": false } });
    world.put(&operator, "/v1/tenants/acme", tenant).await.expect(200);
    let seen = world.get(&operator, SESSIONS).await.expect(200).to_string();
    assert!(
        !seen.contains("612345678") && seen.contains("+•••••••••78"),
        "{seen}"
    );
    assert!(
        world
            .get(&manager, SESSIONS)
            .await
            .expect(200)
            .to_string()
            .contains("+33612345678")
    );
    let why = "/v1/tenants/acme/calls/7/why";
    let told = world.get(&operator, why).await.expect(200).to_string();
    assert!(
        !told.contains("612345678") && told.contains("•78"),
        "the call's story neither: {told}"
    );
    assert!(
        world
            .get(&manager, why)
            .await
            .expect(200)
            .to_string()
            .contains("612345678")
    );
    world.get(&user, SESSIONS).await.expect(403);
    world.get(&stranger, SESSIONS).await.expect(404);
}

#[tokio::test]
async fn a_replay_tells_which_calls_would_go_otherwise_and_from_which_step_on() {
    let mut world = World::new().await;
    let digest = office(&world).await;
    session(&world, 7, 100, false);
    session(&world, 8, 200, true);
    stored(&world);
    let manager = world.manager("acme");
    let answer = world.post(&manager, REPLAY, json!({ "module": digest })).await;
    assert_eq!(answer.status, 200);
    let told = events(&answer.bytes);
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["begun", "differs", "progress", "done"]);
    assert_eq!(told[0].1["of"], 2);
    let differs = &told[1].1;
    assert_eq!(
        (&differs["call"], &differs["step"], &differs["steps"]),
        (&json!(7), &json!(1), &json!(2))
    );
    assert_eq!(differs["did"], "answer leg 7");
    assert_eq!(differs["would"], "hang up leg 7: normal");
    let done = &told[3].1;
    assert_eq!(
        (&done["played"], &done["same"], &done["differ"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let with = world.workshop.played_with.lock().unwrap().clone();
    assert_eq!(
        with[0], r#"{"greeting":"hello","rings":4}"#,
        "its own default, and nothing that it does not know"
    );
}

#[tokio::test]
async fn a_replay_is_of_a_time_and_with_settings_of_ones_own() {
    let world = World::new().await;
    let digest = office(&world).await;
    session(&world, 7, 100, true);
    session(&world, 8, 200, true);
    session(&world, 9, 300, true);
    stored(&world);
    let body =
        json!({ "module": digest, "since-ms": 150_000, "until-ms": 250_000, "settings": { "rings": 9 } });
    let told = events(&world.post(&world.operator, REPLAY, body).await.bytes);
    assert_eq!(told.last().unwrap().1["played"], 1);
    assert_eq!(
        *world.workshop.played_with.lock().unwrap(),
        [r#"{"greeting":"hello","rings":9}"#]
    );
}

#[tokio::test]
async fn nobody_replays_what_is_not_theirs() {
    let mut world = World::new().await;
    let digest = office(&world).await;
    let (user, stranger) = (
        world.user("acme", "alice"),
        world.token(Role::Manager, Some("other"), None),
    );
    let body = || json!({ "module": digest });
    world.post(&user, REPLAY, body()).await.expect(403);
    world.post(&stranger, REPLAY, body()).await.expect(404);
    let unknown = json!({ "module": "ab".repeat(32) });
    let wrong = world.post(&world.operator, REPLAY, unknown).await.wrong_fields();
    assert_eq!(wrong, ["/module"]);
}

#[tokio::test]
async fn sessions_are_kept_as_long_as_their_tenant_wants() {
    let world = World::new().await;
    office(&world).await;
    session(&world, 7, 100, true);
    stored(&world);
    session(&world, 8, 200, true);
    stored(&world);
    let count = || world.store.read("journal/acme/menu", 0, 100).unwrap().len();
    assert_eq!(count(), 2);
    let rule = |longest, bytes| {
        move |tenant: &str| {
            (tenant == "acme").then_some(KeepJournal {
                longest: Duration::from_secs(longest),
                bytes,
            })
        }
    };
    let now = Moment::from_secs(260);
    clear_journals(&*world.store, &rule(100, 1 << 20), now).unwrap();
    assert_eq!(count(), 1, "the older one is too old");
    clear_journals(&*world.store, &rule(1_000, 10), now).unwrap();
    assert_eq!(count(), 0, "ten bytes hold none");
    session(&world, 9, 300, true);
    stored(&world);
    world
        .delete(&world.operator, "/v1/tenants/acme")
        .await
        .expect(204);
    assert!(
        world.store.streams("journal/", None, 10).unwrap().is_empty(),
        "nor stay they without their tenant"
    );
}

#[tokio::test]
async fn sessions_that_only_wait_are_stored_soon_once_many_do() {
    const MANY: u64 = 50_000;
    let world = World::new().await;
    office(&world).await;
    let answer = Command::Answer {
        tag: 1,
        leg: LegId(7),
    };
    let waits = |id, at| {
        world.hub.report(report(id, at, asked(offer())));
        world.hub.report(report(id, at, decided(vec![answer.clone()])));
    };
    let count = || {
        assert!(world.writer.flush());
        let streams = world.store.streams("journal/", None, 10).unwrap();
        streams.first().map_or(0, |(_, info)| info.next - info.first)
    };
    waits(1, 100);
    world.hub.tidy(Moment::from_secs(160));
    assert_eq!(count(), 0, "one may wait");
    for id in 2..=MANY {
        waits(id, 170);
    }
    world.hub.tidy(Moment::from_secs(171));
    let before = count();
    assert!(before < 2, "{before}: something may still come");
    world.hub.tidy(Moment::from_secs(173));
    assert_eq!(count(), MANY);
}
