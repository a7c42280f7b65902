//! The demo's tenant: three people, two machines that play the call, and numbers that behaviours answer.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::client::Client;

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
        let digest = upload(client, &modules.join(format!("{module}.wasm")), None)?;
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

/// Uploads a module; `build` marks it as another build of the same code, which gives it another digest.
pub fn upload(client: &Client, path: &Path, build: Option<&str>) -> Result<String> {
    let mut module = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if let Some(build) = build {
        module.extend(custom_section("build", build));
    }
    let answer = client.upload("/v1/tenants/demo/modules", "application/wasm", &module)?;
    let digest = answer
        .get("digest")
        .and_then(Value::as_str)
        .context("an upload's answer names no digest")?;
    Ok(digest.to_owned())
}

/// A custom section of a Wasm module: a name and bytes that no engine looks at. Both shorter than 64 bytes.
fn custom_section(name: &str, content: &str) -> Vec<u8> {
    let length = 1 + name.len() + content.len();
    let mut section = vec![0, length as u8, name.len() as u8];
    section.extend(name.bytes());
    section.extend(content.bytes());
    section
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
