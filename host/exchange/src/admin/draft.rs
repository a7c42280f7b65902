//! A change on its way, made on copies of the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::Moment;

use super::request::{Expect, Finding, LISTED, Refusal, Request};
use super::{merge, versions};
use crate::directory::{
    Access, Address, Behaviour, BehaviourName, Configuration, Credentials, DialPlan, Directory, Document,
    Key, Kind, Settings, Site, Tenant, TenantId, Versioned,
};

/// Requests in one batch, counted through nested ones.
const BATCH: usize = 10_000;

/// One tenant's part of a change.
pub(super) struct TenantDraft {
    pub before: Option<Arc<Configuration>>,
    /// None once it is deleted.
    pub after: Option<Configuration>,
    /// Documents written or removed.
    pub changed: BTreeSet<Key>,
}

/// Every tenant's part.
pub(super) type Drafts = BTreeMap<TenantId, TenantDraft>;

/// All of it.
pub(super) struct Draft<'a> {
    directory: &'a Directory,
    now: Moment,
    pub tenants: Drafts,
    /// Keys that devices lost with their model, in words.
    pub lost: Vec<String>,
    requests: usize,
}

impl<'a> Draft<'a> {
    pub fn new(directory: &'a Directory, now: Moment) -> Self {
        Self {
            directory,
            now,
            tenants: Drafts::new(),
            lost: Vec::new(),
            requests: 0,
        }
    }

    /// Makes one change more. Whether all hold together is looked at later.
    pub fn change(&mut self, request: Request) -> Result<(), Refusal> {
        self.requests += 1;
        match request {
            Request::CreateTenant(tenant) => self.create_tenant(*tenant),
            Request::DeleteTenant {
                tenant,
                expect,
                with_lines,
            } => self.delete_tenant(&tenant, expect, with_lines),
            Request::Put {
                tenant,
                document,
                expect,
            } => self.put(&tenant, *document, expect),
            Request::Delete { key, expect } => self.delete(&key, expect),
            Request::SetDevicePassword {
                tenant,
                device,
                username,
                password,
            } => {
                let key = Key::new(&tenant, Kind::Device, &device);
                self.edit(&key, |document, realm| {
                    if let Document::Device(device) = document {
                        device.credentials =
                            Some(Credentials::from_password(&username, realm, password.reveal()));
                    }
                })
            }
            Request::SetTrunkPassword {
                tenant,
                trunk,
                username,
                password,
            } => {
                let key = Key::new(&tenant, Kind::Trunk, &trunk);
                self.edit(&key, |document, realm| {
                    if let Document::Trunk(trunk) = document {
                        let credentials = Credentials::from_password(&username, realm, password.reveal());
                        trunk.access = Access::Registered { credentials };
                    }
                })
            }
            Request::Activate {
                tenant,
                behaviour,
                digest,
                manifest,
            } => self.activate(
                &tenant,
                Behaviour {
                    name: behaviour,
                    active: digest,
                    manifest: *manifest,
                    settings: Settings::default(),
                    history: Vec::new(),
                    candidate: None,
                    drain: None,
                    audit: Vec::new(),
                },
            ),
            Request::Version {
                tenant,
                behaviour,
                change,
                by,
                why,
            } => self.change_version(&tenant, &behaviour, |old, now| {
                versions::changed(old, change, by, why, now)
            }),
            Request::Batch(requests) => requests
                .into_iter()
                .try_for_each(|request| self.change_in_batch(request)),
            // Looks change nothing.
            Request::View(_) | Request::Tenants | Request::Live(_) => Ok(()),
        }
    }

    fn change_in_batch(&mut self, request: Request) -> Result<(), Refusal> {
        if self.requests >= BATCH {
            let key = Key::new(&TenantId::from("batch"), Kind::Tenant, "batch");
            return Err(Refusal::Invalid(vec![Finding {
                key,
                path: String::new(),
                message: format!("a batch has at most {BATCH} requests"),
            }]));
        }
        self.change(request)
    }

    fn create_tenant(&mut self, mut tenant: Tenant) -> Result<(), Refusal> {
        let key = tenant_key(&tenant.id);
        let before = self
            .directory
            .tenant(&tenant.id)
            .map(|view| view.configuration().clone());
        let draft = self.tenants.get(&tenant.id);
        if draft.map_or(before.is_some(), |draft| draft.after.is_some()) {
            return Err(Refusal::Exists(key));
        }
        if tenant.realm.is_empty() {
            tenant.realm = tenant.domains.first().cloned().unwrap_or_default();
        }
        let id = tenant.id.clone();
        let mut after = Configuration::new(Versioned {
            revision: 1,
            document: tenant,
        });
        let site = Document::Site(first_site());
        let mut changed = BTreeSet::from([key]);
        for document in [site, Document::DialPlan(DialPlan::standard())] {
            changed.insert(Key::new(&id, document.kind(), document.id(&id)));
            after.put(1, document);
        }
        self.tenants.insert(
            id,
            TenantDraft {
                before,
                after: Some(after),
                changed,
            },
        );
        Ok(())
    }

    fn delete_tenant(&mut self, tenant: &TenantId, expect: Expect, with_lines: bool) -> Result<(), Refusal> {
        let key = tenant_key(tenant);
        let draft = self.draft(tenant)?;
        let after = existing(draft, &key)?;
        meets(&key, Some(after.tenant().revision), expect)?;
        if !with_lines && !after.lines().is_empty() {
            let by = after
                .lines()
                .keys()
                .map(|line| Key::new(tenant, Kind::Line, line));
            return Err(Refusal::InUse {
                by: by.take(LISTED).collect(),
                key,
            });
        }
        let all: Vec<Key> = after.documents().map(|(key, _)| key).collect();
        draft.changed.extend(all);
        draft.after = None;
        Ok(())
    }

    fn put(&mut self, tenant: &TenantId, mut document: Document, expect: Expect) -> Result<(), Refusal> {
        let key = Key::new(tenant, document.kind(), document.id(tenant));
        let now = self.now.as_millis();
        let draft = self.draft(tenant)?;
        let after = existing(draft, &tenant_key(tenant))?;
        let old = after.get(key.kind, &key.id);
        meets(&key, old.as_ref().map(|old| old.revision), expect)?;
        if key.kind == Kind::Tenant && key.id != *tenant.text() {
            return Err(Refusal::NotFound(key));
        }
        merge::keep(&mut document, old.as_ref(), now);
        let lost = merge::fit_keys(&mut document, old.as_ref());
        draft.write(key, document);
        self.lost.extend(lost);
        Ok(())
    }

    fn delete(&mut self, key: &Key, expect: Expect) -> Result<(), Refusal> {
        if key.kind == Kind::Tenant {
            return self.delete_tenant(&key.tenant, expect, false);
        }
        let draft = self.draft(&key.tenant)?;
        let after = existing(draft, &tenant_key(&key.tenant))?;
        let revision = after.get(key.kind, &key.id).map(|old| old.revision);
        if revision.is_none() {
            return Err(Refusal::NotFound(key.clone()));
        }
        meets(key, revision, expect)?;
        if key.kind == Kind::DialPlan {
            // Every tenant has one.
            draft.write(key.clone(), Document::DialPlan(DialPlan::standard()));
            return Ok(());
        }
        if let Some(after) = &mut draft.after {
            after.remove(key.kind, &key.id);
        }
        draft.changed.insert(key.clone());
        Ok(())
    }

    /// Changes a document that is there; the edit is told the tenant's realm.
    fn edit(&mut self, key: &Key, edit: impl FnOnce(&mut Document, &str)) -> Result<(), Refusal> {
        let draft = self.draft(&key.tenant)?;
        let after = existing(draft, &tenant_key(&key.tenant))?;
        let old = after
            .get(key.kind, &key.id)
            .ok_or_else(|| Refusal::NotFound(key.clone()))?;
        let mut document = old.document;
        edit(&mut document, &after.tenant().realm);
        draft.write(key.clone(), document);
        Ok(())
    }

    fn activate(&mut self, tenant: &TenantId, behaviour: Behaviour) -> Result<(), Refusal> {
        let now = self.now.as_millis();
        let draft = self.draft(tenant)?;
        let after = existing(draft, &tenant_key(tenant))?;
        let behaviour = match after.behaviour(&behaviour.name) {
            Some(old) => merge::activated(old, behaviour, now),
            None => behaviour,
        };
        let key = Key::new(tenant, Kind::Behaviour, &behaviour.name);
        draft.write(key, Document::Behaviour(behaviour));
        Ok(())
    }

    fn change_version(
        &mut self,
        tenant: &TenantId,
        behaviour: &BehaviourName,
        change: impl FnOnce(&Behaviour, u64) -> Result<Behaviour, (&'static str, &'static str)>,
    ) -> Result<(), Refusal> {
        let key = Key::new(tenant, Kind::Behaviour, behaviour);
        let now = self.now.as_millis();
        let draft = self.draft(tenant)?;
        let after = existing(draft, &tenant_key(tenant))?;
        let old = after
            .behaviour(behaviour)
            .ok_or_else(|| Refusal::NotFound(key.clone()))?;
        match change(old, now) {
            Ok(new) => {
                draft.write(key, Document::Behaviour(new));
                Ok(())
            }
            Err((path, message)) => Err(Refusal::Invalid(vec![Finding {
                key,
                path: path.to_owned(),
                message: message.to_owned(),
            }])),
        }
    }

    fn draft(&mut self, tenant: &TenantId) -> Result<&mut TenantDraft, Refusal> {
        if !self.tenants.contains_key(tenant) {
            let view = self.directory.tenant(tenant);
            let before = view
                .ok_or_else(|| Refusal::NotFound(tenant_key(tenant)))?
                .configuration();
            let draft = TenantDraft {
                before: Some(before.clone()),
                after: Some(Configuration::clone(before)),
                changed: BTreeSet::new(),
            };
            self.tenants.insert(tenant.clone(), draft);
        }
        self.tenants
            .get_mut(tenant)
            .ok_or_else(|| Refusal::NotFound(tenant_key(tenant)))
    }
}

impl TenantDraft {
    fn write(&mut self, key: Key, document: Document) {
        let before = self
            .before
            .as_ref()
            .and_then(|before| before.get(key.kind, &key.id));
        let revision = before.map_or(1, |before| before.revision + 1);
        if let Some(after) = &mut self.after {
            after.put(revision, document);
        }
        self.changed.insert(key);
    }
}

fn existing<'d>(draft: &'d TenantDraft, key: &Key) -> Result<&'d Configuration, Refusal> {
    draft.after.as_ref().ok_or_else(|| Refusal::NotFound(key.clone()))
}

fn meets(key: &Key, actual: Option<u64>, expect: Expect) -> Result<(), Refusal> {
    match (expect, actual) {
        (Expect::Any, _) | (Expect::Absent, None) | (Expect::Present, Some(_)) => Ok(()),
        (Expect::Absent, Some(_)) => Err(Refusal::Exists(key.clone())),
        (Expect::Present | Expect::Revision(_), None) => Err(Refusal::NotFound(key.clone())),
        (Expect::Revision(expected), Some(actual)) if expected == actual => Ok(()),
        (Expect::Revision(expected), Some(actual)) => Err(Refusal::Stale {
            key: key.clone(),
            expected,
            actual,
        }),
    }
}

pub(super) fn tenant_key(tenant: &TenantId) -> Key {
    Key::new(tenant, Kind::Tenant, tenant)
}

/// So that the first fixed line has a site to be at.
fn first_site() -> Site {
    Site {
        id: "main".into(),
        name: "Main".to_owned(),
        address: Address::default(),
        emergency_trunk: None,
    }
}
