//! How much memory a pending call back takes: a session for its callee's line, which watches that line and has a timer for the
//! end of the request. A test of its own, because it counts every allocation of its process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod counting;
mod stored;

use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use contract::{Command, Condition, Decided, Decision, Manifest, ModuleDigest, Record, SessionScope, Spent};
use cordboard_exchange::admin::Request;
use cordboard_exchange::directory::{Behaviour, DialPlan, Document, Settings, Tenant};
use cordboard_exchange::{AdminId, Config, Exchange, Input, Output, live};
use serde_json::json;
use stored::stored;

const PENDING: usize = 50_000;
const MOST: usize = 1_024;
const MINUTE: Duration = Duration::from_secs(60);

/// What `call-back` keeps of one request: about so many bytes.
const STATE: usize = 24;

#[test]
fn a_pending_call_back_takes_at_most_a_kibibyte() {
    let now = Moment::from_secs(1_767_000_000);
    let mut exchange = Exchange::new(Config::default(), Random::from_seed(1));
    exchange.restore(now, documents());
    // What is made once, and what was made for the restore.
    request(&mut exchange, now, PENDING);
    settle(&mut exchange, now + MINUTE);
    let before = counting::in_use();
    for n in 0..PENDING {
        request(&mut exchange, now, n);
    }
    settle(&mut exchange, now + MINUTE);
    let each = (counting::in_use() - before) / PENDING;
    let census = exchange.census();
    assert_eq!((census.sessions, census.timers), (PENDING + 1, 2 * (PENDING + 1)));
    println!("{each} bytes a pending call back");
    assert!(each <= MOST, "{each} bytes a pending call back");
}

/// `request` to the session of line `n`, which decides as `call-back` does.
fn request(exchange: &mut Exchange, now: Moment, n: usize) {
    let request = live::Request::Message {
        tenant: "acme".into(),
        behaviour: "call-back".into(),
        number: line(n),
        body: b"request 201".to_vec(),
    };
    let request = Request::Live(request);
    exchange.handle(
        now,
        Input::Admin {
            id: AdminId(1),
            request,
        },
    );
    while let Some(output) = exchange.poll() {
        let Output::Invoke(invocation) = output else {
            continue;
        };
        let tag = 1 << 61;
        let watch = Command::Watch {
            tag,
            line: line(n),
            condition: Condition::Idle,
            expiry: 24 * 3_600_000,
        };
        let timer = Command::SetTimer {
            tag: 0,
            at: now.as_millis() + 7_200_000,
        };
        let decided = Decided {
            state: vec![1; STATE],
            commands: vec![watch, timer],
        };
        let decision = Decision {
            ask: invocation.ask,
            result: Ok(decided),
            record: Record::default(),
            spent: Spent::default(),
        };
        exchange.handle(now, Input::Decision(decision));
    }
}

/// Lets what waits be written.
fn settle(exchange: &mut Exchange, now: Moment) {
    exchange.handle(now, Input::Timeout);
    while exchange.poll().is_some() {}
}

fn line(n: usize) -> String {
    format!("{}", 100_000 + n)
}

fn documents() -> Vec<(String, Bytes)> {
    let mut tenant = Tenant::new("acme", "Acme", "acme.example");
    tenant.limits.sessions = 2 * PENDING as u32;
    let behaviour = Behaviour {
        name: "call-back".into(),
        active: ModuleDigest([1; 32]),
        manifest: Manifest {
            name: "call-back".into(),
            version: "1.0.0".into(),
            summary: String::new(),
            settings_schema: r#"{"type":"object"}"#.into(),
            scope: SessionScope::PerNumber,
            interests: contract::Interests::default(),
            schedules: vec![],
            imports: vec!["watches".into()],
        },
        settings: Settings::default(),
        history: Vec::new(),
        candidate: None,
        drain: None,
        audit: Vec::new(),
    };
    let lines = (0..=PENDING).map(|n| {
        let document = json!({ "line": { "id": line(n), "name": line(n), "short-number": line(n), "site": "main", "devices": [] } });
        serde_json::from_value(document).unwrap()
    });
    let fixed = [
        Document::Tenant(tenant),
        Document::DialPlan(DialPlan::standard()),
        Document::Behaviour(behaviour),
    ];
    fixed.into_iter().chain(lines).map(stored).collect()
}
