//! How much memory an idle registered line takes: its documents with those of its user and phone, the registration, its
//! timer, the line's state. A test of its own, because it counts every allocation of its process.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod counting;
mod stored;

use std::time::Duration;

use base::{Moment, Random};
use bytes::Bytes;
use cordboard_exchange::directory::{DialPlan, Document, Tenant};
use cordboard_exchange::{Config, Exchange};
use serde_json::{Value, json};
use sip::registrar::Bindings;
use stored::stored;

const LINES: usize = 10_000;
const MOST_PER_LINE: usize = 3 * 1_024;

#[test]
fn an_idle_registered_line_takes_at_most_three_kibibytes() {
    let now = Moment::from_secs(1_767_000_000);
    let mut exchange = Exchange::new(Config::default(), Random::from_seed(1));
    let before = counting::in_use();
    exchange.restore(now, entries(now));
    while exchange.poll().is_some() {}
    let view = exchange.directory().tenant("acme").unwrap();
    let registered = |n: usize| view.line_state(&id(n)).registered;
    assert!((0..LINES).all(|n| registered(n) == 1));
    let per_line = (counting::in_use() - before) / LINES;
    println!("{per_line} bytes an idle registered line");
    assert!(per_line <= MOST_PER_LINE, "{per_line} bytes a line");
}

/// What a store would hold of a tenant with registered lines.
fn entries(now: Moment) -> Vec<(String, Bytes)> {
    let tenant = Document::Tenant(Tenant::new("acme", "Acme", "acme.example"));
    let documents = [tenant, Document::DialPlan(DialPlan::standard())];
    let lines = (0..LINES).flat_map(line);
    let registrations = (0..LINES).map(|n| registration(n, now));
    documents
        .into_iter()
        .chain(lines)
        .map(stored)
        .chain(registrations)
        .collect()
}

fn id(n: usize) -> String {
    format!("{}", 100_000 + n)
}

fn line(n: usize) -> [Document; 3] {
    let id = id(n);
    let number = format!("+331{n:08}");
    let digest = "0123456789abcdef".repeat(2);
    let credentials =
        json!({ "username": id, "realm": "acme.example", "ha1-md5": digest, "ha1-sha256": digest.repeat(2) });
    [
        json!({ "user": { "id": id, "first-name": "Ann", "last-name": id, "email": format!("{id}@acme.example") } }),
        json!({ "device": { "id": id, "owner": id, "credentials": credentials } }),
        json!({ "line": { "id": id, "name": format!("Line {n}"), "short-number": id, "number": number, "user": id,
            "site": "main", "devices": [id] } }),
    ]
    .map(|document: Value| serde_json::from_value(document).unwrap())
}

/// As a phone of the usual kind registers.
fn registration(n: usize, now: Moment) -> (String, Bytes) {
    let id = id(n);
    let port = 10_000 + n;
    let bindings = json!({ "list": [{
        "contact": format!("sip:{id}@192.0.2.9:{port};transport=udp"),
        "params": "",
        "instance": "urn:uuid:00000000-0000-1000-8000-00000000beef",
        "reg_id": null,
        "q": 1_000,
        "expires_at": now + Duration::from_secs(3_600),
        "call_id": "Zm9yIGEgcGhvbmUncyByZWdpc3Rlcg@192.0.2.9",
        "cseq": 2,
        "path": [],
        "source": { "remote": format!("192.0.2.9:{port}"), "local": "192.0.2.1:5060", "reliable": false,
            "connection": null },
        "user_agent": "Phone T54W 96.86.0.100",
    }] });
    let bindings: Bindings = serde_json::from_value(bindings).unwrap();
    let value = postcard::to_allocvec(&bindings).unwrap();
    (format!("registration/acme/{id}"), value.into())
}
