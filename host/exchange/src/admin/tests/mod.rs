//! Configuration as people change it: requests in, documents or refusals out.

mod batches;
mod behaviours;
mod conflicts;
mod keys;
mod lines;
mod people;
mod tenants;

use base::Moment;
use contract::{Manifest, ModuleDigest};
use serde_json::{Value, json};

use super::{Answer, Applied, Expect, Finding, Refusal, Request, handle};
use crate::directory::{Directory, Document, Key, Kind, Secret, Tenant, TenantView};

/// An exchange with one tenant, `acme` at `acme.example` in France.
struct Desk {
    directory: Directory,
    now: Moment,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self {
            directory: Directory::new(),
            now: Moment::from_secs(1_000),
        };
        desk.ask(Request::CreateTenant(Box::new(Tenant::new(
            "acme",
            "Acme",
            "acme.example",
        ))))
        .unwrap();
        desk
    }

    fn ask(&mut self, request: Request) -> Result<Applied, Refusal> {
        match handle(&mut self.directory, self.now, request)? {
            Answer::Changed(applied) => Ok(applied),
            Answer::View(_) | Answer::Tenants(_) | Answer::Live(_) => panic!("a change was asked for"),
        }
    }

    /// Writes a document of `acme` given as JSON.
    fn put(&mut self, kind: &str, document: Value) -> Result<Applied, Refusal> {
        self.ask(put(kind, document))
    }

    fn delete(&mut self, kind: Kind, id: &str) -> Result<Applied, Refusal> {
        self.ask(Request::Delete {
            key: key(kind, id),
            expect: Expect::Any,
        })
    }

    /// What is wrong with a document, as `path: message`.
    fn wrong(&mut self, kind: &str, document: Value) -> Vec<String> {
        findings(self.put(kind, document))
    }

    fn acme(&self) -> &TenantView {
        self.directory.tenant("acme").unwrap()
    }

    /// A user, a device with a password and a line, all called `number`.
    fn phone(&mut self, number: &str) {
        let user = json!({"id": number, "first-name": "User", "last-name": number, "email": format!("u{number}@acme.example")});
        let device = json!({"id": number, "owner": number});
        let line =
            json!({"id": number, "name": number, "short-number": number, "user": number, "site": "main"});
        self.ask(Request::Batch(vec![
            put("user", user),
            put("device", device),
            Request::SetDevicePassword {
                tenant: "acme".into(),
                device: number.into(),
                username: number.to_owned(),
                password: Secret::new("swordfish"),
            },
            put("line", line),
        ]))
        .unwrap();
    }

    fn activate(&mut self, name: &str, digest: u8, schema: Value) -> Result<Applied, Refusal> {
        self.ask(Request::Activate {
            tenant: "acme".into(),
            behaviour: name.into(),
            digest: ModuleDigest([digest; 32]),
            manifest: Box::new(manifest(name, digest, schema)),
        })
    }
}

fn put(kind: &str, document: Value) -> Request {
    let mut wrapped = serde_json::Map::new();
    wrapped.insert(kind.to_owned(), document);
    Request::Put {
        tenant: "acme".into(),
        document: Box::new(serde_json::from_value::<Document>(Value::Object(wrapped)).unwrap()),
        expect: Expect::Any,
    }
}

fn manifest(name: &str, version: u8, schema: Value) -> Manifest {
    Manifest {
        name: name.to_owned(),
        version: format!("{version}.0.0"),
        summary: String::new(),
        settings_schema: schema.to_string(),
        scope: Default::default(),
        interests: Default::default(),
        schedules: Vec::new(),
        imports: Vec::new(),
    }
}

fn key(kind: Kind, id: &str) -> Key {
    Key::new(&"acme".into(), kind, id)
}

fn findings(outcome: Result<Applied, Refusal>) -> Vec<String> {
    match outcome {
        Ok(_) => Vec::new(),
        Err(Refusal::Invalid(findings)) => findings
            .iter()
            .map(|Finding { path, message, .. }| format!("{path}: {message}"))
            .collect(),
        Err(other) => panic!("{other}"),
    }
}
