//! An exchange of the test's own, on free ports, with a small company and its phones.

#![allow(dead_code, reason = "not every test uses everything")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use base::Random;
use client::Server;
use phone::live::LivePhone;
use phone::{CallRef, Event};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const PATIENCE: Duration = Duration::from_secs(30);

pub const BINARY: &str = env!("CARGO_BIN_EXE_cordboard");

/// A server with its folder; the folder goes with it.
pub struct House {
    pub server: Server,
    pub folder: TempDir,
}

impl House {
    pub fn new() -> Self {
        Self::with("", "")
    }

    /// With another line in the section `sip`.
    pub fn with_sip(line: &str) -> Self {
        Self::with(line, "")
    }

    /// With more lines in the sections `sip` and `api`.
    pub fn with(sip: &str, api: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(Path::new(BINARY), folder.path(), &configuration(sip, api)).unwrap();
        Self { server, folder }
    }

    /// A tenant with lines, each with a device of the line's name.
    pub fn with_lines(lines: &[&str]) -> Self {
        let house = Self::new();
        house.put(
            "",
            json!({ "name": "Acme", "domains": ["acme.test", "127.0.0.1"], "realm": "acme.test" }),
        );
        for line in lines {
            house.put(&format!("/devices/{line}"), json!({ "name": line }));
            house.put(
                &format!("/devices/{line}/password"),
                json!({ "password": password(line) }),
            );
            house.put(
                &format!("/lines/{line}"),
                json!({ "name": line, "site": "main", "short-number": line, "devices": [line] }),
            );
        }
        house
    }

    pub fn put(&self, path: &str, body: Value) -> Value {
        self.server
            .client
            .put(&format!("/v1/tenants/acme{path}"), &body)
            .unwrap()
    }

    pub fn get(&self, path: &str) -> Value {
        self.server
            .client
            .get(&format!("/v1/tenants/acme{path}"))
            .unwrap()
    }

    pub fn items(&self, path: &str) -> Vec<Value> {
        self.get(path)["items"].as_array().unwrap().clone()
    }

    pub fn sip(&self) -> SocketAddr {
        self.server.sip[0]
    }

    /// A registered phone of a line's.
    pub fn phone(&self, line: &str) -> LivePhone {
        let seed = Random::from_seed(line.parse().unwrap());
        let mut phone = LivePhone::new(line, &password(line), "acme.test", self.sip(), seed).unwrap();
        let now = phone.now();
        phone.phone.register(now, 600);
        phone
            .wait(PATIENCE, |event| {
                matches!(event, Event::Registered { .. }).then_some(())
            })
            .unwrap();
        phone
    }

    /// The command line, as operator of this exchange.
    pub fn cordboard(&self, words: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(words)
            .env("CORDBOARD_URL", format!("http://{}", self.server.api))
            .env(
                "CORDBOARD_TOKEN_FILE",
                self.folder.path().join("data").join("operator.token"),
            )
            .env("CORDBOARD_TENANT", "acme")
            .env_remove("CORDBOARD_TOKEN");
        command
    }
}

/// Ports of its own, so that tests side by side do not get in each other's way, and that are still free after a restart.
fn configuration(sip: &str, api: &str) -> String {
    const MEDIA: u16 = 20;
    let first = client::ports::free(MEDIA + 2).unwrap();
    let (port, http, last) = (first + MEDIA, first + MEDIA + 1, first + MEDIA - 1);
    format!(
        "[sip]\nudp = [\"127.0.0.1:{port}\"]\ntcp = [\"127.0.0.1:{port}\"]\n{sip}\n\
         [media]\nports = \"{first}-{last}\"\n[api]\nlisten = \"127.0.0.1:{http}\"\n{api}\n"
    )
}

pub fn password(line: &str) -> String {
    format!("a long password of {line}")
}

/// The callee's end of a call that was just offered.
pub fn offered(phone: &mut LivePhone) -> CallRef {
    phone
        .wait(PATIENCE, |event| match event {
            Event::Offered { call, .. } => Some(*call),
            _ => None,
        })
        .unwrap()
}

/// A call from one to the other, answered; both ends.
pub fn talk(caller: &mut LivePhone, callee: &mut LivePhone, number: &str) -> (CallRef, CallRef) {
    let now = caller.now();
    let call = caller.phone.call(now, number);
    let mut seen = caller.pump(Duration::from_millis(50)).unwrap();
    let mut taken = None;
    let end = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < end, "the call does not come up: {seen:?}");
        for event in callee.pump(Duration::from_millis(20)).unwrap() {
            if let Event::Offered { call, .. } = event {
                let now = callee.now();
                callee.phone.answer(now, call);
                taken = Some(call);
            }
        }
        for event in caller.pump(Duration::from_millis(20)).unwrap() {
            seen.push(event.clone());
            if let (Event::Answered(answered), Some(taken)) = (event, taken)
                && answered == call
            {
                drop(caller.pump(Duration::from_millis(50)).unwrap());
                drop(callee.pump(Duration::from_millis(50)).unwrap());
                return (call, taken);
            }
        }
    }
}

/// Waits for the end of a call.
pub fn ends(phone: &mut LivePhone, call: CallRef) {
    phone
        .wait(PATIENCE, |event| (*event == Event::Ended(call)).then_some(()))
        .unwrap();
}

/// Asks the server until it is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    client::until(what, PATIENCE, || is_so().then_some(()));
}

/// A shipped behaviour, as cargo built it.
pub fn built(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = std::env::var_os("CORDBOARD_GUESTS")
        .map_or_else(|| target.join("wasm32-unknown-unknown/guest"), PathBuf::from);
    let path = folder.join(name).with_extension("wasm");
    assert!(
        path.exists(),
        "{}: `cargo xtask guests` builds it",
        path.display()
    );
    path
}

/// The command line's status, output and messages.
pub fn run(house: &House, words: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = house.cordboard(words).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// 300 plays `welcome`. Its module's digest.
pub fn greeter(house: &House) -> Value {
    let path = built("announcement");
    let (status, _, said) = run(house, &["module", "upload", path.to_str().unwrap()]);
    assert_eq!(status, 0, "{said}");
    let digest = house.items("/modules")[0]["digest"].clone();
    house.put(
        "/behaviours/hello",
        json!({ "module": digest, "settings": { "announcement": "welcome" } }),
    );
    house.put(
        "/numbers/300",
        json!({ "name": "Hello", "behaviours": [{ "behaviour": "hello" }] }),
    );
    digest
}

/// 201 calls 300, is answered and hangs up.
pub fn greeted(house: &House) {
    let mut alice = house.phone("201");
    let now = alice.now();
    let call = alice.phone.call(now, "300");
    alice
        .wait(PATIENCE, |event| (*event == Event::Answered(call)).then_some(()))
        .unwrap();
    let now = alice.now();
    alice.phone.hang_up(now, call);
    drop(alice.pump(PATIENCE / 100).unwrap());
}
