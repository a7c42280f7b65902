//! What a line costs in the directory: a test of its own, because it counts every allocation of its process.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod counting;

use base::Moment;
use cordboard_exchange::admin::{self, Expect, Request};
use cordboard_exchange::directory::{Directory, Document, LineState, Secret, Tenant};
use serde_json::{Value, json};

const LINES: usize = 10_000;
/// An idle registered line may take 3 KiB in all; the rest is for its registration.
const BYTES_PER_LINE: usize = 2_048;

fn put(kind: &str, document: Value) -> Request {
    let mut wrapped = serde_json::Map::new();
    wrapped.insert(kind.to_owned(), document);
    Request::Put {
        tenant: "acme".into(),
        document: Box::new(serde_json::from_value::<Document>(Value::Object(wrapped)).unwrap()),
        expect: Expect::Absent,
    }
}

fn phone(n: usize) -> [Request; 4] {
    let id = format!("{}", 100_000 + n);
    let email = format!("{id}@acme.example");
    let number = format!("+331{:08}", n);
    [
        put(
            "user",
            json!({"id": id, "first-name": "Ann", "last-name": id, "email": email}),
        ),
        put("device", json!({"id": id, "owner": id})),
        Request::SetDevicePassword {
            tenant: "acme".into(),
            device: id.as_str().into(),
            username: id.clone(),
            password: Secret::new("swordfish"),
        },
        put(
            "line",
            json!({"id": id, "name": format!("Line {n}"), "short-number": id, "number": number, "user": id,
                "site": "main", "devices": [id]}),
        ),
    ]
}

#[test]
fn a_line_with_its_user_and_device_takes_two_kibibytes_at_most() {
    let mut directory = Directory::new();
    let tenant = Request::CreateTenant(Box::new(Tenant::new("acme", "Acme", "acme.example")));
    admin::handle(&mut directory, Moment::ZERO, tenant).unwrap();
    let before = counting::in_use();
    for hundred in 0..LINES / 100 {
        let batch = (0..100).flat_map(|n| phone(100 * hundred + n)).collect();
        admin::handle(&mut directory, Moment::ZERO, Request::Batch(batch)).unwrap();
    }
    let state = LineState {
        registered: 1,
        calls: 0,
        capacity: 20,
        idle_since: Some(Moment::from_secs(1)),
    };
    for n in 0..LINES {
        assert!(directory.set_line_state("acme", &format!("{}", 100_000 + n).into(), state));
    }
    let per_line = (counting::in_use() - before) / LINES;
    println!("{per_line} bytes a line, user and device");
    assert!(per_line <= BYTES_PER_LINE, "{per_line} bytes a line");
}
