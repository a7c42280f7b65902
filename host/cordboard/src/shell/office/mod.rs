//! The administration interface's way to the exchange: questions and changes go through its inbox, and changes come
//! back once they are durable. Nothing is kept here.

mod listing;
mod sounds;
mod words;
mod work;

#[cfg(test)]
pub use sounds::loaded;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::exchange::{
    Address, Answer, Call, Collection, Elsewhere, Expect, Figures, Listing, NewCredentials, Refusal,
    Registration, Stored, Versioned,
};
use api::hub::KeepJournal;
use contract::Page;
use exchange::admin::{self, Applied, Request, VersionChange};
use exchange::directory::{DeviceId, Document, Key, Kind, Secret, TenantId, TenantView};
use exchange::{CallId, Input, live};
use serde_json::Value;
use store::Store;
use tokio::runtime::Handle;

use super::clock::Clock;
use super::inbox::Inbox;
use super::speech::Speech;
use super::wiring::Replies;
use super::workshop::Workshop;
use listing::{page, tenants_page};
use words::{expectation, key, kind, plain, read};

/// How long the exchange may take before the asker is told that it does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module. Clones share everything.
#[derive(Clone)]
pub struct Office(Arc<Inner>);

pub struct Inner {
    pub inbox: Inbox<Input>,
    pub replies: Replies,
    pub workshop: Arc<Workshop>,
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    /// Where blocking work waits for the exchange's answers.
    pub tokio: Handle,
    pub speech: Speech,
    /// Held while a tenant's recordings are loaded.
    pub recordings: tokio::sync::Mutex<()>,
}

impl Office {
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    async fn ask(&self, request: Request) -> Result<admin::Answer, Refusal> {
        let (id, reply) = self.0.replies.expect();
        if self.0.inbox.send_urgent(Input::Admin { id, request }).is_err() {
            self.0.replies.forget(id);
            return Err(Refusal::Unavailable);
        }
        let Ok(Ok(response)) = tokio::time::timeout(PATIENCE, reply).await else {
            self.0.replies.forget(id);
            return Err(Refusal::Unavailable);
        };
        response.map_err(words::refusal)
    }

    /// One tenant as it is now; the picture keeps while things change.
    async fn view(&self, tenant: &str) -> Result<Arc<TenantView>, Refusal> {
        match self.ask(Request::View(TenantId::from(tenant))).await? {
            admin::Answer::View(view) => Ok(view),
            _ => Err(Refusal::NotFound),
        }
    }

    /// What each tenant wants to be kept of its sessions; none while the exchange does not answer.
    pub fn journal_rules(&self) -> Option<BTreeMap<String, KeepJournal>> {
        let tenants = self.0.tokio.block_on(self.tenants()).ok()?;
        let rules = tenants.iter().map(|view| {
            let rule = view.tenant().document.journal;
            let keep = KeepJournal {
                longest: Duration::from_secs(u64::from(rule.days) * 86_400),
                bytes: u64::from(rule.mebibytes) << 20,
            };
            (view.id().to_string(), keep)
        });
        Some(rules.collect())
    }

    async fn tenants(&self) -> Result<Vec<Arc<TenantView>>, Refusal> {
        match self.ask(Request::Tenants).await? {
            admin::Answer::Tenants(views) => Ok(views),
            _ => Err(Refusal::NotFound),
        }
    }

    async fn live(&self, request: live::Request) -> Result<live::Answer, Refusal> {
        match self.ask(Request::Live(request)).await? {
            admin::Answer::Live(answer) => Ok(answer),
            _ => Err(Refusal::NotFound),
        }
    }

    async fn change(&self, request: Request) -> Result<Applied, Refusal> {
        match self.ask(request).await? {
            admin::Answer::Changed(applied) => Ok(applied),
            _ => Ok(Applied::default()),
        }
    }

    async fn store(&self, key: Key, request: Request) -> Result<Stored, Refusal> {
        let applied = self.change(request).await?;
        let change = applied
            .changes
            .iter()
            .find(|change| change.key == key)
            .and_then(|change| change.document.as_ref());
        let view = self.view(&key.tenant).await?;
        let conflicts = admin::conflicts(view.configuration(), &key);
        if let Some(written) = change {
            return Ok(Stored {
                revision: written.revision,
                created: written.revision == 1,
                conflicts,
                lost: applied.lost,
            });
        }
        // Written as it was already.
        Ok(Stored {
            revision: view.get(key.kind, &key.id).map_or(0, |known| known.revision),
            created: false,
            conflicts,
            lost: applied.lost,
        })
    }
}

/// A new tenant comes with what makes it work; whether it is new must be asked first.
async fn put_request(
    office: &Office,
    key: &Key,
    document: Document,
    expect: Expect,
) -> Result<Request, Refusal> {
    if let Document::Tenant(tenant) = &document
        && !matches!(expect, Expect::At(_))
    {
        match office.view(&key.tenant).await {
            Err(Refusal::NotFound) => return Ok(Request::CreateTenant(Box::new(tenant.clone()))),
            Err(refusal) => return Err(refusal),
            Ok(_) => {}
        }
    }
    Ok(Request::Put {
        tenant: key.tenant.clone(),
        document: Box::new(document),
        expect: expectation(expect),
    })
}

impl api::exchange::Exchange for Office {
    fn list(&self, collection: Collection, after: Option<String>, limit: usize) -> Answer<Listing> {
        let office = self.clone();
        Box::pin(async move {
            match &collection.tenant {
                Some(tenant) => {
                    let view = office.view(tenant).await?;
                    Ok(page(&view, kind(collection.kind), after.as_deref(), limit))
                }
                None => Ok(tenants_page(&office.tenants().await?, after.as_deref(), limit)),
            }
        })
    }

    fn get(&self, address: Address) -> Answer<Versioned> {
        let office = self.clone();
        Box::pin(async move {
            let view = office.view(&address.tenant).await?;
            let found = view.get(kind(address.kind), &address.id);
            found.map_or(Err(Refusal::NotFound), |found| {
                Ok(Versioned {
                    revision: found.revision,
                    document: plain(found.document),
                })
            })
        })
    }

    fn put(&self, address: Address, document: Value, expect: Expect) -> Answer<Stored> {
        let office = self.clone();
        Box::pin(async move {
            let key = key(&address);
            let document = read(key.kind, document)?;
            let request = put_request(&office, &key, document, expect).await?;
            office.store(key, request).await
        })
    }

    fn delete(&self, address: Address, expect: Expect) -> Answer<()> {
        let office = self.clone();
        Box::pin(async move {
            let request = Request::Delete {
                key: key(&address),
                expect: expectation(expect),
            };
            office.change(request).await.map(drop)
        })
    }

    fn delete_tenant(&self, tenant: String, expect: Expect, with_lines: bool) -> Answer<()> {
        let office = self.clone();
        let request = Request::DeleteTenant {
            tenant: TenantId::from(tenant.as_str()),
            expect: expectation(expect),
            with_lines,
        };
        Box::pin(async move { office.change(request).await.map(drop) })
    }

    fn change_version(
        &self,
        tenant: String,
        behaviour: String,
        change: VersionChange,
        by: String,
        why: String,
    ) -> Answer<Stored> {
        let office = self.clone();
        Box::pin(async move {
            let tenant = TenantId::from(tenant.as_str());
            let key = Key::new(&tenant, Kind::Behaviour, &behaviour);
            let request = Request::Version {
                tenant,
                behaviour: behaviour.as_str().into(),
                change,
                by,
                why,
            };
            office.store(key, request).await
        })
    }

    fn versions(&self, tenant: String, behaviour: String) -> Answer<Vec<Value>> {
        let office = self.clone();
        let tenant = TenantId::from(tenant.as_str());
        Box::pin(async move {
            match office.live(live::Request::Versions { tenant, behaviour }).await? {
                live::Answer::Versions(versions) => Ok(versions
                    .into_iter()
                    .filter_map(|version| serde_json::to_value(version).ok())
                    .collect()),
                _ => Err(Refusal::NotFound),
            }
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
        let after = after.map(CallId);
        let request = |tenant| live::Request::Calls { tenant, after, limit };
        self.listed(tenant, request, |answer| match answer {
            live::Answer::Calls(calls) => Some(calls.into_iter().map(words::call).collect()),
            _ => None,
        })
    }

    fn call(&self, tenant: String, call: u64) -> Answer<Call> {
        let request = live::Request::Call {
            tenant: TenantId::from(tenant.as_str()),
            call: CallId(call),
        };
        self.one_call(request)
    }

    fn hang_up(&self, tenant: String, call: u64) -> Answer<()> {
        let request = live::Request::HangUp {
            tenant: TenantId::from(tenant.as_str()),
            call: CallId(call),
        };
        let ended = self.one_call(request);
        Box::pin(async move { ended.await.map(drop) })
    }

    fn originate(&self, tenant: String, line: String, number: String) -> Answer<u64> {
        let tenant = TenantId::from(tenant.as_str());
        let office = self.clone();
        Box::pin(async move {
            match office
                .live(live::Request::Originate { tenant, line, number })
                .await?
            {
                live::Answer::Originated(begun) => begun.map(|call| call.0).map_err(words::not_dialled),
                _ => Err(Refusal::Unavailable),
            }
        })
    }

    fn tell(&self, tenant: String, behaviour: String, number: String, message: String) -> Answer<u64> {
        let office = self.clone();
        let request = live::Request::Message {
            tenant: TenantId::from(tenant.as_str()),
            behaviour,
            number,
            body: message.into_bytes(),
        };
        Box::pin(async move {
            match office.live(request).await? {
                live::Answer::Session(told) => told.map(|session| session.0).map_err(words::not_told),
                _ => Err(Refusal::Unavailable),
            }
        })
    }

    fn registrations(&self, tenant: String) -> Answer<Vec<Registration>> {
        let request = |tenant| live::Request::Registrations { tenant };
        self.listed(tenant, request, |answer| match answer {
            live::Answer::Registrations(all) => Some(all.into_iter().map(words::registration).collect()),
            _ => None,
        })
    }

    fn elsewhere(&self, tenant: String) -> Answer<Vec<Elsewhere>> {
        let request = |tenant| live::Request::Elsewhere { tenant };
        self.listed(tenant, request, |answer| match answer {
            live::Answer::Elsewhere(all) => Some(all.into_iter().map(words::elsewhere).collect()),
            _ => None,
        })
    }

    fn figures(&self, tenant: String) -> Answer<Vec<Figures>> {
        let request = |tenant| live::Request::Figures { tenant };
        self.listed(tenant, request, |answer| match answer {
            live::Answer::Figures(all) => Some(all.into_iter().map(words::figures).collect()),
            _ => None,
        })
    }

    fn page(&self, token: String) -> Answer<Page> {
        self.one_page(live::Request::Page { token })
    }

    fn choose(&self, token: String, choice: u32) -> Answer<()> {
        let chosen = self.one_page(live::Request::Choose { token, choice });
        Box::pin(async move { chosen.await.map(drop) })
    }

    fn intercept(&self, tenant: String, inquiry: live::Inquiry) -> Answer<live::Verdict> {
        let office = self.clone();
        let tenant = TenantId::from(tenant.as_str());
        Box::pin(async move {
            match office.live(live::Request::Intercept { tenant, inquiry }).await? {
                live::Answer::Verdict(Some(verdict)) => Ok(verdict),
                _ => Err(Refusal::NotFound),
            }
        })
    }
}

impl Office {
    /// A request about one page, if there is such a one.
    fn one_page(&self, request: live::Request) -> Answer<Page> {
        let office = self.clone();
        Box::pin(async move {
            match office.live(request).await? {
                live::Answer::Page(Some(page)) => Ok(page),
                _ => Err(Refusal::NotFound),
            }
        })
    }

    /// A request that a list answers. The tenant has to be there: nobody's list would be an empty one.
    fn listed<T: Send + 'static>(
        &self,
        tenant: String,
        request: impl FnOnce(TenantId) -> live::Request,
        list: fn(live::Answer) -> Option<Vec<T>>,
    ) -> Answer<Vec<T>> {
        let office = self.clone();
        let request = request(TenantId::from(tenant.as_str()));
        Box::pin(async move {
            office.view(&tenant).await?;
            list(office.live(request).await?).ok_or(Refusal::NotFound)
        })
    }

    /// A request that one call answers, if there is such a one.
    fn one_call(&self, request: live::Request) -> Answer<Call> {
        let office = self.clone();
        Box::pin(async move {
            match office.live(request).await? {
                live::Answer::Call(Some(call)) => Ok(words::call(call)),
                _ => Err(Refusal::NotFound),
            }
        })
    }
}
