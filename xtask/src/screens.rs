//! `cargo xtask screens`: pages of the shipped behaviours as telephones would show them.
//!
//! An exchange of its own pushes them over HTTP to a listening telephone, which fetches what it is told to fetch, as a Cisco or a
//! Yealink does. What came is written down beside a picture of it (SVG), in `target/screens`. A picture that lacks what its reader has
//! to see is an error: `cargo xtask test` runs this, too.

mod draw;
mod telephone;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use client::{Client, Server};
use phone::live::LivePhone;
use phone::{CallRef, Event};
use serde_json::{Value, json};

use crate::demo::scene;
use crate::demo::tenant::password;
use crate::guests;
use crate::run::{cargo, run, target_dir};
use telephone::Telephone;

const PATIENCE: Duration = Duration::from_secs(20);

/// Line, user, and what its display is.
const PEOPLE: [(&str, &str, Option<&str>); 5] = [
    ("201", "alice", Some("cisco")),
    ("202", "bob", Some("yealink")),
    ("203", "carol", None),
    ("204", "dave", None),
    ("205", "erin", None),
];

/// What a caller of the house has to see when 203 is in a call: which line, and each choice with its number (R60).
const CHOICES: [&str; 6] = [
    "203 is in a call",
    "1 Let it ring",
    "2 Voicemail",
    "3 Attendant",
    "4 Call me back",
    "5 Wait on the line",
];

/// R65.
const NO_CALL_BACK: [&str; 2] = ["No call back", "205: All calls are forwarded"];

/// R61, R66.
const IS_FREE: [&str; 3] = ["203 is free", "1 Call 203", "2 Cancel"];

/// Builds what it shows, then draws it; returns the pictures.
pub fn run_screens() -> Result<Vec<PathBuf>> {
    guests::build()?;
    run(cargo().args(["build", "--quiet", "--package", "cordboard", "--bins"]))?;
    let folder = std::env::temp_dir().join(format!("cordboard-screens-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = draw_all(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn draw_all(folder: &Path) -> Result<Vec<PathBuf>> {
    let telephone = Telephone::listen()?;
    let first = client::ports::free(2)?;
    let configuration = format!(
        "[sip]\nudp = [\"127.0.0.1:{first}\"]\ntcp = []\n[api]\nlisten = \"127.0.0.1:{api}\"\n\
         [screens]\nurl = \"http://127.0.0.1:{api}\"\nuser = \"cordboard\"\npassword = \"secret\"\nport = {port}\n",
        api = first + 1,
        port = telephone.port(),
    );
    let server = Server::start(
        &target_dir().join("debug").join("cordboard"),
        folder,
        &configuration,
    )?;
    create(&server.client)?;
    let sip = SocketAddr::from(([127, 0, 0, 1], first));
    let mut phones = Vec::new();
    for (seed, (_, user, _)) in (1..).zip(PEOPLE) {
        phones.push(scene::register(user, sip, seed)?);
    }
    let [alice, bob, carol, dave, _] = phones.as_mut_slice() else {
        bail!("five phones");
    };
    let talk = talk(carol, dave, "204")?;
    let pictures = target_dir().join("screens");
    std::fs::create_dir_all(&pictures)?;
    let mut drawn = Vec::new();
    let mut draw = |name: &str, xml: String, words: &[&str]| -> Result<()> {
        let file = pictures.join(format!("{name}.svg"));
        std::fs::write(pictures.join(format!("{name}.xml")), &xml)?;
        let picture = draw::picture(&xml).with_context(|| xml.clone())?;
        std::fs::write(&file, &picture)?;
        for word in words {
            anyhow::ensure!(
                picture.contains(&format!(">{word}<")),
                "{name} lacks `{word}`: {xml}"
            );
        }
        drawn.push(file);
        Ok(())
    };
    // R60: the menu of a caller, and what came of a choice.
    let call = dial(alice, "203");
    let (menu, after) = telephone.shows(alice, |phone| phone.cisco(Some("Call me back")))?;
    draw("busy-alerter-cisco", menu, &CHOICES)?;
    anyhow::ensure!(after.contains("CiscoIPPhoneExecute"), "the page goes: {after}");
    hang_up(alice, call)?;
    let call = dial(bob, "203");
    let menu = telephone.shows(bob, Telephone::yealink)?;
    draw("busy-alerter-yealink", menu, &CHOICES)?;
    hang_up(bob, call)?;
    // R65: why there is no call back.
    let request = json!({ "number": "205", "message": "request 201" });
    server
        .client
        .post("/v1/tenants/demo/behaviours/call-back/messages", &request)?;
    let (reason, _) = telephone.shows(alice, |phone| phone.cisco(None))?;
    draw("no-call-back-cisco", reason, &NO_CALL_BACK)?;
    // R66: the line is free, and who chose the call back is asked.
    hang_up(carol, talk)?;
    let (notice, _) = telephone.shows(alice, |phone| phone.cisco(None))?;
    draw("call-back-cisco", notice, &IS_FREE)?;
    Ok(drawn)
}

fn create(client: &Client) -> Result<()> {
    client.put(
        "/v1/tenants/demo",
        &json!({ "name": "Demo", "domains": ["127.0.0.1", "demo.test"], "realm": "demo.test" }),
    )?;
    for (line, user, screen) in PEOPLE {
        let mut device = json!({ "name": user });
        if let (Some(screen), Some(device)) = (screen, device.as_object_mut()) {
            device.insert("screen".to_owned(), Value::from(screen));
        }
        client.put(&format!("/v1/tenants/demo/devices/{user}"), &device)?;
        client.put(
            &format!("/v1/tenants/demo/devices/{user}/password"),
            &json!({ "username": user, "password": password(user) }),
        )?;
        client.put(
            &format!("/v1/tenants/demo/lines/{line}"),
            &json!({ "name": user, "site": "main", "short-number": line, "devices": [user] }),
        )?;
    }
    let alerter = json!({
        "voicemail": "205", "attendant": "204", "call-back": "call-back", "busy-announcement": "",
        "keys": {
            "ring-announcement": "", "voicemail-announcement": "", "attendant-announcement": "",
            "call-back-announcement": "", "wait-announcement": ""
        },
    });
    let display = json!({ "notice": "display" });
    let forwards = json!({ "immediate": { "on": true, "to": "204" } });
    for (behaviour, settings) in [
        ("call-back", display),
        ("busy-alerter", alerter),
        ("line", forwards),
    ] {
        let module = guests::folder().join(format!("{}.wasm", behaviour.replace('-', "_")));
        let digest = client.upload_module("demo", &module, None)?;
        client.put(
            &format!("/v1/tenants/demo/behaviours/{behaviour}"),
            &json!({ "module": digest, "settings": settings }),
        )?;
    }
    for (line, user, behaviour) in [("203", "carol", "busy-alerter"), ("205", "erin", "line")] {
        client.put(
            &format!("/v1/tenants/demo/lines/{line}"),
            &json!({ "name": user, "site": "main", "short-number": line, "devices": [user], "behaviours": [behaviour] }),
        )?;
    }
    Ok(())
}

fn dial(phone: &mut LivePhone, number: &str) -> CallRef {
    let now = phone.now();
    phone.phone.call(now, number)
}

fn hang_up(phone: &mut LivePhone, call: CallRef) -> Result<()> {
    let now = phone.now();
    phone.phone.hang_up(now, call);
    Ok(phone.wait(PATIENCE, |event| (*event == Event::Ended(call)).then_some(()))?)
}

/// Two phones talk.
fn talk(caller: &mut LivePhone, callee: &mut LivePhone, number: &str) -> Result<CallRef> {
    let call = dial(caller, number);
    let offered = of_both(callee, caller, |event| match event {
        Event::Offered { call, .. } => Some(*call),
        _ => None,
    })?;
    let now = callee.now();
    callee.phone.answer(now, offered);
    of_both(caller, callee, |event| {
        (*event == Event::Answered(call)).then_some(())
    })?;
    Ok(call)
}

/// Both phones live until this one has what is wanted.
fn of_both<T>(
    phone: &mut LivePhone,
    other: &mut LivePhone,
    wanted: impl Fn(&Event) -> Option<T>,
) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        other.pump(Duration::from_millis(20))?;
        let happened = phone.pump(Duration::from_millis(20))?;
        if let Some(found) = happened.iter().find_map(&wanted) {
            return Ok(found);
        }
    }
    bail!("the phones do not get to talk");
}
