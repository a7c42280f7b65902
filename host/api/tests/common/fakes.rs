//! Stand-ins that remember what they are told.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::{
    Cause, Command, Decided, Decision, EmptyView, Interests, Invocation, LegId, Limits, Manifest,
    ModuleDigest, Problem, Record, SessionScope, Spent,
};
use cordboard_api::exchange::{
    Address, Answer, Call, Collection, Elsewhere, Exchange, Expect, Figures, Kind, Listing, NewCredentials,
    Refusal, Registration, Stored, Versioned,
};
use cordboard_api::workshop::{Done, Inspected, Workshop};
use exchange::admin::VersionChange;
use exchange::live::{self, Inquiry};
use journal::{Candidate, Recorded, Verdict, play};
use serde_json::{Value, json};

/// An exchange that keeps documents and asks of them only that what they name exists.
#[derive(Default)]
pub struct FakeExchange {
    documents: Mutex<BTreeMap<Address, Versioned>>,
    pub calls: Mutex<Vec<(String, Call)>>,
    pub hung_up: Mutex<Vec<u64>>,
    pub dialled: Mutex<Vec<(String, String)>>,
    /// Messages to behaviours: for whom, and what.
    pub told: Mutex<Vec<(String, String)>>,
    pub passwords: Mutex<Vec<(String, String)>>,
    /// What another exchange asked about, and what it is told about which spellings of a number.
    pub inquired: Mutex<Vec<(String, Inquiry)>>,
    pub verdicts: Mutex<BTreeMap<Vec<String>, live::Verdict>>,
}

fn answer<T: Send + 'static>(result: Result<T, Refusal>) -> Answer<T> {
    Box::pin(ready(result))
}

fn wrong(path: &str, message: &str) -> Refusal {
    Refusal::Invalid(vec![Problem {
        path: path.to_owned(),
        message: message.to_owned(),
    }])
}

impl FakeExchange {
    fn store(&self, address: Address, document: Value, expect: Expect) -> Result<Stored, Refusal> {
        let mut documents = self.documents.lock().unwrap();
        let tenant = Address::new(&address.tenant, Kind::Tenant, &address.tenant);
        if address.kind != Kind::Tenant && !documents.contains_key(&tenant) {
            return Err(Refusal::NotFound);
        }
        if address.kind == Kind::Site && !document["name"].is_string() {
            return Err(wrong("/name", "is missing"));
        }
        let found = documents.get(&address).map(|known| known.revision);
        let holds = match expect {
            Expect::Any => true,
            Expect::Absent => found.is_none(),
            Expect::At(revision) => found == Some(revision),
        };
        if !holds {
            return Err(Refusal::Conflict { found });
        }
        let mut document = document;
        if let (Kind::Behaviour, Some(old)) = (address.kind, documents.get(&address)) {
            document["history"] = history(&old.document, &document);
        }
        let revision = found.unwrap_or(0) + 1;
        documents.insert(address, Versioned { revision, document });
        Ok(Stored {
            revision,
            created: found.is_none(),
            conflicts: Vec::new(),
            lost: Vec::new(),
        })
    }
}

/// As the exchange does it.
fn history(old: &Value, new: &Value) -> Value {
    let mut history = old["history"].as_array().cloned().unwrap_or_default();
    if old["active"] != new["active"] {
        history.insert(
            0,
            json!({ "digest": old["active"], "version": old["manifest"]["version"], "until": 1_000_000 }),
        );
    }
    history.into()
}

impl Exchange for FakeExchange {
    fn list(&self, collection: Collection, after: Option<String>, limit: usize) -> Answer<Listing> {
        let documents = self.documents.lock().unwrap();
        let matching = documents.iter().filter(|(address, _)| {
            address.kind == collection.kind
                && collection
                    .tenant
                    .as_ref()
                    .is_none_or(|tenant| *tenant == address.tenant)
                && after.as_ref().is_none_or(|after| address.id > *after)
        });
        let mut found: Vec<_> = matching.take(limit + 1).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        let next = if more {
            found.last().map(|(address, _)| address.id.clone())
        } else {
            None
        };
        answer(Ok(Listing {
            documents: found.into_iter().map(|(_, document)| document.clone()).collect(),
            next,
        }))
    }

    fn get(&self, address: Address) -> Answer<Versioned> {
        answer(
            self.documents
                .lock()
                .unwrap()
                .get(&address)
                .cloned()
                .ok_or(Refusal::NotFound),
        )
    }

    fn put(&self, address: Address, document: Value, expect: Expect) -> Answer<Stored> {
        answer(self.store(address, document, expect))
    }

    fn delete(&self, address: Address, _: Expect) -> Answer<()> {
        let mut documents = self.documents.lock().unwrap();
        let uses = |(other, known): &(&Address, &Versioned)| {
            other.tenant == address.tenant
                && other.kind == Kind::Number
                && known
                    .document
                    .to_string()
                    .contains(&format!("\"behaviour\":\"{}\"", address.id))
        };
        let users: Vec<_> = documents
            .iter()
            .filter(uses)
            .map(|(other, _)| other.id.clone())
            .collect();
        answer(if address.kind == Kind::Behaviour && !users.is_empty() {
            Err(Refusal::InUse(users))
        } else {
            documents.remove(&address).map(drop).ok_or(Refusal::NotFound)
        })
    }

    fn delete_tenant(&self, tenant: String, _: Expect, with_lines: bool) -> Answer<()> {
        let mut documents = self.documents.lock().unwrap();
        let lines: Vec<_> = documents
            .keys()
            .filter(|address| address.tenant == tenant && address.kind == Kind::Line)
            .map(|address| address.id.clone())
            .collect();
        if !lines.is_empty() && !with_lines {
            return answer(Err(Refusal::InUse(lines)));
        }
        let before = documents.len();
        documents.retain(|address, _| address.tenant != tenant);
        answer(if documents.len() < before {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        })
    }

    fn change_version(
        &self,
        tenant: String,
        behaviour: String,
        change: VersionChange,
        by: String,
        why: String,
    ) -> Answer<Stored> {
        let address = Address::new(&tenant, Kind::Behaviour, &behaviour);
        let Some(known) = self.documents.lock().unwrap().get(&address).cloned() else {
            return answer(Err(Refusal::NotFound));
        };
        let mut document = known.document;
        match change {
            VersionChange::Activate {
                digest,
                manifest,
                drain,
            } => {
                document["drain"] = json!(drain);
                document["active"] = digest.to_string().into();
                document["manifest"] = json!(manifest);
            }
            VersionChange::Try(candidate) => document["candidate"] = json!(candidate),
            VersionChange::Withdraw | VersionChange::Promote | VersionChange::RollBack => {
                document["candidate"] = Value::Null;
            }
        }
        document["audit"] = json!([{ "by": by, "why": why }]);
        answer(self.store(address, document, Expect::Any))
    }

    fn versions(&self, _: String, _: String) -> Answer<Vec<Value>> {
        answer(Ok(vec![json!({ "role": "active" })]))
    }

    fn set_password(&self, tenant: String, device: String, credentials: NewCredentials) -> Answer<Stored> {
        let address = Address::new(&tenant, Kind::Device, &device);
        let known = self.documents.lock().unwrap().get(&address).cloned();
        answer(known.ok_or(Refusal::NotFound).map(|known| {
            let username = credentials.username.unwrap_or(device);
            self.passwords
                .lock()
                .unwrap()
                .push((username, credentials.password));
            Stored {
                revision: known.revision + 1,
                created: false,
                conflicts: Vec::new(),
                lost: Vec::new(),
            }
        }))
    }

    fn calls(&self, tenant: String, after: Option<u64>, limit: usize) -> Answer<Vec<Call>> {
        let calls = self.calls.lock().unwrap();
        let own = calls
            .iter()
            .filter(|(owner, call)| *owner == tenant && after.is_none_or(|after| call.id > after));
        answer(Ok(own.map(|(_, call)| call.clone()).take(limit).collect()))
    }

    fn call(&self, tenant: String, call: u64) -> Answer<Call> {
        let calls = self.calls.lock().unwrap();
        let found = calls
            .iter()
            .find(|(owner, one)| *owner == tenant && one.id == call);
        answer(found.map(|(_, call)| call.clone()).ok_or(Refusal::NotFound))
    }

    fn intercept(&self, tenant: String, inquiry: Inquiry) -> Answer<live::Verdict> {
        let verdict = self.verdicts.lock().unwrap().get(&inquiry.called).cloned();
        self.inquired.lock().unwrap().push((tenant, inquiry));
        answer(verdict.ok_or(Refusal::NotFound))
    }

    fn originate(&self, tenant: String, line: String, number: String) -> Answer<u64> {
        let documents = self.documents.lock().unwrap();
        let lines = documents
            .iter()
            .filter(|(address, _)| address.tenant == tenant && address.kind == Kind::Line);
        let known = lines
            .into_iter()
            .any(|(_, known)| known.document["short-number"] == line.as_str());
        self.dialled.lock().unwrap().push((line, number));
        answer(if known {
            Ok(77)
        } else {
            Err(wrong("/line", "no such line"))
        })
    }

    fn tell(&self, tenant: String, behaviour: String, number: String, message: String) -> Answer<u64> {
        let address = Address::new(&tenant, Kind::Behaviour, &behaviour);
        let known = self.documents.lock().unwrap().contains_key(&address);
        if known {
            self.told.lock().unwrap().push((number, message));
        }
        answer(if known { Ok(9) } else { Err(Refusal::NotFound) })
    }

    fn figures(&self, tenant: String) -> Answer<Vec<Figures>> {
        let figures = |n: usize| Figures {
            behaviour: "sales".to_owned(),
            number: format!("30{n}"),
            at_ms: 1_000,
            figures: serde_json::json!({ "waiting": n }),
        };
        answer(Ok(match tenant.as_str() {
            "acme" => (0..3).map(figures).collect(),
            _ => Vec::new(),
        }))
    }

    fn registrations(&self, tenant: String) -> Answer<Vec<Registration>> {
        let registration = |n: usize| Registration {
            device: format!("{tenant}-phone-{n}"),
            contact: "sip:a@192.0.2.1".to_owned(),
            from: "192.0.2.1:5060".to_owned(),
            expires_ms: 1,
            user_agent: None,
        };
        answer(Ok((0..3).map(registration).collect()))
    }

    fn elsewhere(&self, tenant: String) -> Answer<Vec<Elsewhere>> {
        let line = |n: u16| Elsewhere {
            line: format!("{tenant}-{n}"),
            trunk: "there".to_owned(),
            state: "told".to_owned(),
            calls: Some(n),
            since_ms: 1,
            why: None,
            again_ms: None,
        };
        answer(Ok((0..3).map(line).collect()))
    }

    fn page(&self, token: String) -> Answer<contract::Page> {
        let page = contract::Page {
            title: "203 is in a call".to_owned(),
            choices: vec!["Voicemail".to_owned()],
            expiry: 30_000,
            ..contract::Page::default()
        };
        answer((token == "known").then_some(page).ok_or(Refusal::NotFound))
    }

    fn choose(&self, token: String, choice: u32) -> Answer<()> {
        let known = token == "known" && choice <= 1;
        answer(known.then_some(()).ok_or(Refusal::NotFound))
    }

    fn hang_up(&self, _: String, call: u64) -> Answer<()> {
        self.hung_up.lock().unwrap().push(call);
        answer(Ok(()))
    }
}

/// A runtime for which a component is the text `module NAME VERSION`. Its settings have a number `rings` up to 10, which
/// users may edit, and a text `greeting`, which they may not.
#[derive(Default)]
pub struct FakeWorkshop {
    /// Tenants whose announcements changed.
    pub told: Mutex<Vec<String>>,
    /// Settings that were checked.
    pub checked: Mutex<Vec<Value>>,
    /// Settings that recorded sessions were played with.
    pub played_with: Mutex<Vec<String>>,
}

pub fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "rings": { "type": "integer", "default": 5, "maximum": 10, "x-edit": "user" },
            "greeting": { "type": "string", "default": "hello", "x-edit": "manager" },
            "blocked": { "type": "array", "items": { "type": "string" }, "maxItems": 3, "x-edit": "user" },
        },
    })
}

impl Workshop for FakeWorkshop {
    fn speak(&self, text: &str, language: &str) -> Result<Vec<u8>, String> {
        match language {
            "fr" => Ok(format!("sound {}", text.len()).into_bytes()),
            _ => Err("text-to-speech is not available here".to_owned()),
        }
    }

    fn inspect(&self, component: &[u8], granted: &contract::Granted) -> Result<Inspected, Vec<Problem>> {
        let text = String::from_utf8_lossy(component).into_owned();
        let ["module", name, version] = text.split(' ').collect::<Vec<_>>()[..] else {
            let problem = |path: &str, message: &str| Problem {
                path: path.to_owned(),
                message: message.to_owned(),
            };
            return Err(vec![
                problem("", "not a component"),
                problem("wasi:sockets/tcp", "is not offered by this host"),
            ]);
        };
        let manifest = Manifest {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: String::new(),
            settings_schema: schema().to_string(),
            scope: SessionScope::PerCall,
            interests: Interests::default(),
            schedules: Vec::new(),
            imports: vec!["dialling".to_owned()],
        };
        let beyond = contract::not_granted(&manifest.imports, granted.imports.as_deref());
        if !beyond.is_empty() {
            let problem = |beyond: &contract::Permission| Problem {
                path: String::new(),
                message: beyond.refusal(),
            };
            return Err(beyond.iter().map(problem).collect());
        }
        Ok(Inspected {
            manifest,
            component: component.to_vec(),
        })
    }

    fn check(
        &self,
        _: &str,
        _: ModuleDigest,
        component: &dyn Fn() -> Result<Vec<u8>, String>,
        settings: &str,
    ) -> Result<Vec<Problem>, String> {
        assert!(component()?.starts_with(b"module "));
        let settings: Value = serde_json::from_str(settings).unwrap();
        let rings = settings["rings"].as_u64().filter(|rings| *rings <= 10);
        self.checked.lock().unwrap().push(settings);
        let problem = || Problem {
            path: "/rings".to_owned(),
            message: "at most 10".to_owned(),
        };
        Ok(rings.is_none().then(problem).into_iter().collect())
    }

    /// It hangs up at once, whatever the event.
    fn replay(
        &self,
        _: &str,
        module: ModuleDigest,
        component: &dyn Fn() -> Result<Vec<u8>, String>,
        sessions: &[Arc<Recorded>],
        settings: &(dyn Fn(&Arc<str>) -> Arc<str> + Sync),
    ) -> Result<Vec<Verdict>, String> {
        assert!(component()?.starts_with(b"module "));
        let candidate = Candidate {
            module,
            limits: Limits::default(),
            view: Arc::new(EmptyView),
        };
        let invoke = |invocation: Invocation| {
            self.played_with
                .lock()
                .unwrap()
                .push(invocation.session.settings.to_string());
            let hang_up = Command::HangUp {
                tag: 1,
                leg: LegId(7),
                cause: Cause::Normal,
            };
            Decision {
                ask: invocation.ask,
                result: Ok(Decided {
                    state: vec![],
                    commands: vec![hang_up],
                }),
                record: Record::default(),
                spent: Spent::default(),
            }
        };
        Ok(sessions
            .iter()
            .map(|recorded| play(recorded, &candidate, settings, &invoke))
            .collect())
    }

    fn forget(&self, _: ModuleDigest) {}

    fn measure(&self, _: &str, recording: &[u8]) -> Result<Duration, String> {
        let text = String::from_utf8_lossy(recording);
        let secs = text
            .strip_prefix("sound ")
            .and_then(|secs| secs.trim().parse().ok());
        secs.map(Duration::from_secs)
            .ok_or_else(|| "it has no sound".to_owned())
    }

    fn announcements_changed(&self, tenant: &str) -> Done {
        self.told.lock().unwrap().push(tenant.to_owned());
        Box::pin(ready(()))
    }
}
