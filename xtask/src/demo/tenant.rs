//! The demo's tenant: three people, two machines that play the call, and numbers that behaviours answer.

use std::path::Path;

use anyhow::Result;
use client::Client;
use serde_json::{Value, json};

/// Line, user name, who.
pub const PEOPLE: [(&str, &str, &str); 5] = [
    ("201", "alice", "Alice"),
    ("202", "bob", "Bob"),
    ("203", "carol", "Carol"),
    ("290", "robot-caller", "Scripted caller"),
    ("291", "robot-callee", "Scripted callee"),
];

pub fn password(user: &str) -> String {
    format!("demo-{user}-2025")
}

/// Number, behaviour, what it does.
const NUMBERS: [(&str, &str, &str); 4] = [
    (
        "300",
        "reception",
        "a menu: 1 rings 201, 2 rings 202, 3 the team, 9 the scripted callee",
    ),
    ("301", "echo", "says the keys that you press"),
    ("302", "team", "a hunt group of 202 and 203, with a queue"),
    ("303", "news", "an announcement"),
];

pub fn create(client: &Client, modules: &Path) -> Result<()> {
    client.put(
        "/v1/tenants/demo",
        &json!({ "name": "Demo", "domains": ["127.0.0.1", "localhost", "demo.test"], "realm": "demo.test" }),
    )?;
    for (line, user, name) in PEOPLE {
        client.put(
            &format!("/v1/tenants/demo/devices/{user}"),
            &json!({ "name": name }),
        )?;
        client.put(
            &format!("/v1/tenants/demo/devices/{user}/password"),
            &json!({ "username": user, "password": password(user) }),
        )?;
        client.put(
            &format!("/v1/tenants/demo/lines/{line}"),
            &json!({ "name": name, "site": "main", "short-number": line, "devices": [user] }),
        )?;
    }
    // The menu last: the numbers that its keys lead to must be there.
    let behaviours = [
        ("echo", "echo", json!({})),
        ("team", "group", json!({ "members": ["202", "203"] })),
        ("news", "announcement", json!({ "announcement": "welcome" })),
        ("reception", "menu", reception()),
    ];
    for (behaviour, module, settings) in behaviours {
        let digest = client.upload_module("demo", &modules.join(format!("{module}.wasm")), None)?;
        client.put(
            &format!("/v1/tenants/demo/behaviours/{behaviour}"),
            &json!({ "module": digest, "settings": settings }),
        )?;
        for (number, _, name) in NUMBERS.iter().filter(|(_, used, _)| *used == behaviour) {
            client.put(
                &format!("/v1/tenants/demo/numbers/{number}"),
                &json!({ "name": name, "behaviours": [{ "behaviour": behaviour }] }),
            )?;
        }
    }
    Ok(())
}

fn reception() -> Value {
    let key = |key: &str, number: &str| json!({ "key": key, "number": number });
    json!({
        "open": {
            "greeting": "welcome",
            "keys": [key("1", "201"), key("2", "202"), key("3", "302"), key("9", "291")],
        },
    })
}

/// What to type into a softphone.
pub fn accounts(port: u16) -> String {
    let mut text = format!("\nSoftphones: domain 127.0.0.1, port {port}, UDP or TCP\n\n");
    text.push_str("  line  user           password\n");
    for (line, user, _) in PEOPLE.iter().filter(|(line, ..)| !line.starts_with("29")) {
        text.push_str(&format!("  {line}   {user:<14} {}\n", password(user)));
    }
    text.push_str("\n  dial  to reach\n");
    for (number, _, name) in NUMBERS {
        text.push_str(&format!("  {number}   {name}\n"));
    }
    text
}
