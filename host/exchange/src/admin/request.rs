//! What can be asked, and what comes back.

use std::fmt;
use std::sync::Arc;

use contract::{Manifest, ModuleDigest};
use serde::{Deserialize, Serialize};

use super::versions::VersionChange;
use crate::directory::{
    BehaviourName, DeviceId, Document, Key, Secret, Tenant, TenantId, TenantView, TrunkId, Versioned,
};

/// Documents in the way that a refusal names at most.
pub(super) const LISTED: usize = 50;

/// A change of configuration, or a look at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// A new tenant, with what makes it work at once: a site `main` and the [standard dial plan](crate::directory::DialPlan::standard).
    CreateTenant(Box<Tenant>),
    /// With everything it has. Refused while it has lines, unless `with_lines` says that they go too.
    #[serde(rename_all = "kebab-case")]
    DeleteTenant {
        tenant: TenantId,
        expect: Expect,
        #[serde(default)]
        with_lines: bool,
    },
    /// Writes a document: a new one, or in the place of an old one. A device or trunk without password hashes keeps
    /// those it has; so does a behaviour its history.
    #[serde(rename_all = "kebab-case")]
    Put {
        tenant: TenantId,
        document: Box<Document>,
        expect: Expect,
    },
    /// Refused while other documents refer to it.
    #[serde(rename_all = "kebab-case")]
    Delete { key: Key, expect: Expect },
    /// The user name and password that a device registers with; the password is hashed and forgotten.
    #[serde(rename_all = "kebab-case")]
    SetDevicePassword {
        tenant: TenantId,
        device: DeviceId,
        username: String,
        password: Secret,
    },
    /// The same for a trunk that registers with us.
    #[serde(rename_all = "kebab-case")]
    SetTrunkPassword {
        tenant: TenantId,
        trunk: TrunkId,
        username: String,
        password: Secret,
    },
    /// Lets another module handle the behaviour's next events, everywhere it is used. Refused when settings somewhere do not
    /// fit the module's schema. Creates the behaviour where there is none.
    #[serde(rename_all = "kebab-case")]
    Activate {
        tenant: TenantId,
        behaviour: BehaviourName,
        digest: ModuleDigest,
        manifest: Box<Manifest>,
    },
    /// One change of a behaviour's versions, written down with who made it and why.
    #[serde(rename_all = "kebab-case")]
    Version {
        tenant: TenantId,
        behaviour: BehaviourName,
        change: VersionChange,
        #[serde(default)]
        by: String,
        #[serde(default)]
        why: String,
    },
    /// Several changes at once: all of them or none. References between them may go in any order.
    Batch(Vec<Request>),
    /// A picture of one tenant: everything in it, and the state of its lines. Costs nothing, and keeps while
    /// calls go on.
    View(TenantId),
    /// Pictures of all tenants.
    Tenants,
    /// About what is running. Answered by the engine, and never part of a batch.
    Live(crate::live::Request),
}

/// What the document must be like for the change to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// Whatever it is like.
    #[default]
    Any,
    /// Not there.
    Absent,
    /// There, at whatever revision.
    Present,
    /// At exactly this revision, so that nobody's change is lost.
    Revision(u64),
}

/// A document as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    pub key: Key,
    /// None: it is gone.
    pub document: Option<Versioned<Document>>,
}

/// A change that was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// What to persist, in this order, before it is reported as done.
    pub changes: Vec<Change>,
    /// Keys that devices lost with their model, in words (R6).
    pub lost: Vec<String>,
}

/// What a request that was not refused comes back with.
#[derive(Clone, Debug)]
pub enum Answer {
    Changed(Applied),
    View(Arc<TenantView>),
    Tenants(Vec<Arc<TenantView>>),
    Live(crate::live::Answer),
}

/// The answer to a [`Request`].
pub type Response = Result<Answer, Refusal>;

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Everything that is wrong, not only the first.
    #[error("{}", list(.0))]
    Invalid(Vec<Finding>),
    #[error("there is no {0}")]
    NotFound(Key),
    #[error("{0} exists already")]
    Exists(Key),
    /// Somebody changed it meanwhile: read it again.
    #[error("{key} is at revision {actual}, not {expected}")]
    #[serde(rename_all = "kebab-case")]
    Stale { key: Key, expected: u64, actual: u64 },
    /// Others refer to it.
    #[error("{key} is used by {}", join(.by))]
    #[serde(rename_all = "kebab-case")]
    InUse { key: Key, by: Vec<Key> },
}

/// One thing wrong with one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    pub key: Key,
    /// JSON Pointer (RFC 6901) into the document; empty for the whole.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}: {}", self.key, self.path, self.message)
    }
}

fn list(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    lines.join("; ")
}

fn join(keys: &[Key]) -> String {
    let names: Vec<String> = keys.iter().map(Key::to_string).collect();
    names.join(", ")
}
