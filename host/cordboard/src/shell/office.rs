//! The administration interface's way to the exchange: changes go through its inbox and come
//! back confirmed, readers look at mirrors.

use std::sync::Arc;
use std::time::Duration;

use api::exchange::{
    Address, Answer, Call, Collection, Expect, Kind as ApiKind, Listing, NewCredentials, Refusal,
    Registration, Stored, Versioned,
};
use api::workshop::Inspected;
use contract::{EmptyView, ModuleDigest, Problem, View};
use exchange::admin::{self, Change, Request};
use exchange::directory::{DeviceId, Directory, Document, Key, Kind, Secret, TenantId};
use exchange::{CallId, Input, live};
use media::{Limits, Prompt, Prompts};
use serde_json::Value;
use store::Store;

use super::calls::Calls;
use super::clock::Clock;
use super::inbox::Inbox;
use super::server::component;
use super::stored::Mirror;
use super::wiring::Replies;
use super::workshop::Workshop;

/// How long a change may take before the asker is told that the exchange does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module. Clones share everything.
#[derive(Clone)]
pub struct Office(Arc<Inner>);

pub struct Inner {
    pub inbox: Inbox<Input>,
    pub replies: Replies,
    pub mirror: Mirror,
    pub calls: Calls,
    pub workshop: Arc<Workshop>,
    pub store: Arc<dyn Store>,
    pub clock: Clock,
}

impl Office {
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Decodes every tenant's recordings and hands them to the exchange.
    pub fn load_announcements(&self) {
        let mut tenants: Vec<TenantId> = self
            .0
            .mirror
            .read()
            .keys()
            .map(|key| key.tenant.clone())
            .collect();
        tenants.dedup();
        for tenant in tenants {
            self.load_announcements_of(&tenant);
        }
    }

    fn load_announcements_of(&self, tenant: &TenantId) {
        let recordings: Vec<(String, ModuleDigest)> = self
            .0
            .mirror
            .read()
            .iter()
            .filter(|(key, _)| key.tenant == *tenant && key.kind == Kind::Announcement)
            .filter_map(|(key, versioned)| match &versioned.document {
                Document::Announcement(announcement) => {
                    Some((key.id.to_string(), ModuleDigest(announcement.blob.0)))
                }
                _ => None,
            })
            .collect();
        let mut prompts = Prompts::shipped();
        for (name, blob) in recordings {
            let decoded = component(&*self.0.store, blob).and_then(|bytes| {
                media::decode(&bytes, Limits::default()).map_err(|error| error.to_string())
            });
            match decoded {
                Ok(pcm) => prompts.insert(name, Prompt::new(&pcm)),
                Err(error) => tracing::error!(%tenant, name, error, "a recording cannot be loaded"),
            }
        }
        let tenant = Some(tenant.text().clone());
        if self.0.inbox.send(Input::Prompts { tenant, prompts }).is_err() {
            tracing::error!("the exchange did not take a tenant's recordings");
        }
    }

    /// The tenant as its modules may see it when no call is the reason: lines are idle.
    fn view(&self, tenant: &str) -> Arc<dyn View> {
        let documents: Vec<_> = self
            .0
            .mirror
            .read()
            .iter()
            .filter(|(key, _)| key.tenant.as_str() == tenant)
            .map(|(key, versioned)| (key.clone(), versioned.clone()))
            .collect();
        let (directory, _) = Directory::restore(documents);
        match directory.tenant(tenant) {
            Some(view) => Arc::clone(view) as Arc<dyn View>,
            None => Arc::new(EmptyView),
        }
    }

    async fn ask(&self, request: Request) -> Result<admin::Answer, Refusal> {
        let (id, reply) = self.0.replies.expect();
        if self.0.inbox.send(Input::Admin { id, request }).is_err() {
            self.0.replies.forget(id);
            return Err(Refusal::Unavailable);
        }
        let Ok(Ok(response)) = tokio::time::timeout(PATIENCE, reply).await else {
            self.0.replies.forget(id);
            return Err(Refusal::Unavailable);
        };
        response.map_err(refusal)
    }

    async fn change(self, request: Request) -> Result<Vec<Change>, Refusal> {
        let admin::Answer::Changed(applied) = self.ask(request).await? else {
            return Ok(Vec::new());
        };
        self.0.mirror.apply(&applied.changes);
        Ok(applied.changes)
    }

    async fn store(self, key: Key, request: Request) -> Result<Stored, Refusal> {
        let existed = self.0.mirror.read().contains_key(&key);
        let changes = self.clone().change(request).await?;
        let change = changes
            .iter()
            .find(|change| change.key == key)
            .and_then(|change| change.document.as_ref());
        let revision = match change {
            Some(versioned) => versioned.revision,
            // Written as it was already.
            None => self
                .0
                .mirror
                .read()
                .get(&key)
                .map_or(0, |versioned| versioned.revision),
        };
        Ok(Stored {
            revision,
            created: !existed,
        })
    }
}

fn kind(kind: ApiKind) -> Kind {
    match kind {
        ApiKind::Tenant => Kind::Tenant,
        ApiKind::Site => Kind::Site,
        ApiKind::User => Kind::User,
        ApiKind::Device => Kind::Device,
        ApiKind::Line => Kind::Line,
        ApiKind::Number => Kind::Number,
        ApiKind::DialPlan => Kind::DialPlan,
        ApiKind::Trunk => Kind::Trunk,
        ApiKind::Calendar => Kind::Calendar,
        ApiKind::Behaviour => Kind::Behaviour,
        ApiKind::Announcement => Kind::Announcement,
        ApiKind::PickupGroup => Kind::PickupGroup,
        ApiKind::Contact => Kind::Contact,
    }
}

fn key(address: &Address) -> Key {
    Key::new(
        &TenantId::from(address.tenant.as_str()),
        kind(address.kind),
        &address.id,
    )
}

fn expectation(expect: Expect) -> admin::Expect {
    match expect {
        Expect::Any => admin::Expect::Any,
        Expect::Absent => admin::Expect::Absent,
        Expect::At(revision) => admin::Expect::Revision(revision),
    }
}

fn refusal(refusal: admin::Refusal) -> Refusal {
    match refusal {
        admin::Refusal::Invalid(findings) => Refusal::Invalid(
            findings
                .into_iter()
                .map(|finding| Problem {
                    path: finding.path,
                    message: finding.message,
                })
                .collect(),
        ),
        admin::Refusal::NotFound(_) => Refusal::NotFound,
        admin::Refusal::Exists(_) => Refusal::Conflict { found: None },
        admin::Refusal::Stale { actual, .. } => Refusal::Conflict { found: Some(actual) },
        admin::Refusal::InUse { by, .. } => Refusal::InUse(by.iter().map(Key::to_string).collect()),
    }
}

/// The document inside of its kind: what people write and read.
fn plain(document: Document) -> Value {
    match serde_json::to_value(document.redacted()) {
        Ok(Value::Object(tagged)) => tagged.into_iter().next().map_or(Value::Null, |(_, inner)| inner),
        Ok(_) | Err(_) => Value::Null,
    }
}

fn read(kind: Kind, document: Value) -> Result<Document, Refusal> {
    let tagged = Value::Object([(kind.as_str().to_owned(), document)].into_iter().collect());
    serde_path_to_error::deserialize(tagged).map_err(|error| {
        let path = error.path().to_string();
        let below = path.strip_prefix(kind.as_str()).unwrap_or(&path);
        Refusal::unreadable(below, error.inner().to_string())
    })
}

fn registration(known: live::Registration) -> Registration {
    Registration {
        device: known.device.to_string(),
        contact: known.contact.into_inner(),
        from: known.from.to_string(),
        expires_ms: known.expires.as_millis(),
        user_agent: known.user_agent,
    }
}

fn put_request(key: &Key, document: Document, expect: Expect, exists: bool) -> Request {
    match document {
        Document::Tenant(tenant) if !exists && !matches!(expect, Expect::At(_)) => {
            Request::CreateTenant(Box::new(tenant))
        }
        document => Request::Put {
            tenant: key.tenant.clone(),
            document: Box::new(document),
            expect: expectation(expect),
        },
    }
}

impl api::exchange::Exchange for Office {
    fn list(&self, collection: Collection, after: Option<String>, limit: usize) -> Answer<Listing> {
        let office = self.clone();
        Box::pin(async move {
            let documents = office.0.mirror.read();
            let tenant = collection.tenant.as_deref();
            let mut found = documents
                .iter()
                .filter(|(key, _)| key.kind == kind(collection.kind))
                .filter(|(key, _)| tenant.is_none_or(|tenant| key.tenant.as_str() == tenant))
                .filter(|(key, _)| after.as_deref().is_none_or(|after| &*key.id > after));
            let mut listing = Listing::default();
            for (key, versioned) in found.by_ref().take(limit) {
                listing.documents.push(Versioned {
                    revision: versioned.revision,
                    document: plain(versioned.document.clone()),
                });
                listing.next = Some(key.id.to_string());
            }
            if found.next().is_none() {
                listing.next = None;
            }
            Ok(listing)
        })
    }

    fn get(&self, address: Address) -> Answer<Versioned> {
        let office = self.clone();
        Box::pin(async move {
            let found = office
                .0
                .mirror
                .read()
                .get(&key(&address))
                .cloned()
                .ok_or(Refusal::NotFound)?;
            Ok(Versioned {
                revision: found.revision,
                document: plain(found.document),
            })
        })
    }

    fn put(&self, address: Address, document: Value, expect: Expect) -> Answer<Stored> {
        let office = self.clone();
        Box::pin(async move {
            let key = key(&address);
            let document = read(key.kind, document)?;
            let exists = office.0.mirror.read().contains_key(&key);
            let request = put_request(&key, document, expect, exists);
            office.store(key, request).await
        })
    }

    fn delete(&self, address: Address, expect: Expect) -> Answer<()> {
        let office = self.clone();
        Box::pin(async move {
            let key = key(&address);
            let expect = expectation(expect);
            let request = match key.kind {
                Kind::Tenant => Request::DeleteTenant {
                    tenant: key.tenant,
                    expect,
                    with_lines: false,
                },
                _ => Request::Delete { key, expect },
            };
            office.change(request).await.map(drop)
        })
    }

    fn set_password(&self, tenant: String, device: String, credentials: NewCredentials) -> Answer<Stored> {
        let office = self.clone();
        Box::pin(async move {
            let tenant = TenantId::from(tenant.as_str());
            let key = Key::new(&tenant, Kind::Device, &device);
            let request = Request::SetDevicePassword {
                tenant,
                username: credentials.username.unwrap_or_else(|| device.clone()),
                device: DeviceId::from(device.as_str()),
                password: Secret::new(credentials.password),
            };
            office.store(key, request).await
        })
    }

    fn calls(&self, tenant: String, after: Option<u64>, limit: usize) -> Answer<Vec<Call>> {
        let office = self.clone();
        Box::pin(async move { Ok(office.0.calls.list(&tenant, after, limit)) })
    }

    fn call(&self, tenant: String, call: u64) -> Answer<Call> {
        let office = self.clone();
        Box::pin(async move { office.0.calls.get(&tenant, call).ok_or(Refusal::NotFound) })
    }

    fn hang_up(&self, tenant: String, call: u64) -> Answer<()> {
        let office = self.clone();
        Box::pin(async move {
            office.0.calls.get(&tenant, call).ok_or(Refusal::NotFound)?;
            office
                .0
                .inbox
                .send(Input::HangUp(CallId(call)))
                .map_err(|_| Refusal::Unavailable)
        })
    }

    fn originate(&self, tenant: String, line: String, number: String) -> Answer<u64> {
        let office = self.clone();
        let tenant = TenantId::from(tenant.as_str());
        let request = Request::Live(live::Request::Originate { tenant, line, number });
        Box::pin(async move {
            match office.ask(request).await? {
                admin::Answer::Live(live::Answer::Call(Some(call))) => Ok(call.id.0),
                _ => Err(Refusal::NotFound),
            }
        })
    }

    fn registrations(&self, tenant: String) -> Answer<Vec<Registration>> {
        let office = self.clone();
        let tenant = TenantId::from(tenant.as_str());
        Box::pin(async move {
            match office
                .ask(Request::Live(live::Request::Registrations { tenant }))
                .await?
            {
                admin::Answer::Live(live::Answer::Registrations(all)) => {
                    Ok(all.into_iter().map(registration).collect())
                }
                _ => Err(Refusal::NotFound),
            }
        })
    }
}

impl api::workshop::Workshop for Office {
    fn inspect(&self, upload: &[u8]) -> Result<Inspected, Vec<Problem>> {
        let admitted = self.0.workshop.admit(upload)?;
        Ok(Inspected {
            manifest: admitted.manifest,
            component: admitted.component,
        })
    }

    fn check(
        &self,
        tenant: &str,
        module: ModuleDigest,
        component: &[u8],
        settings: &str,
    ) -> Result<Vec<Problem>, String> {
        self.0.workshop.ready(module, || Ok(component.to_vec()))?;
        self.0
            .workshop
            .check(module, settings, self.view(tenant), self.0.clock.now())
    }

    fn measure(&self, _media_type: &str, recording: &[u8]) -> Result<Duration, String> {
        media::decode(recording, Limits::default())
            .map(|pcm| pcm.length())
            .map_err(|error| error.to_string())
    }

    fn announcements_changed(&self, tenant: &str) {
        self.load_announcements_of(&TenantId::from(tenant));
    }
}
