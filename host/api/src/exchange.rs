//! What the administration interface asks of the exchange, as a trait, so that neither waits for the other's types.
//!
//! The exchange is the authority on documents: it checks them, and says which fields are wrong.

use std::pin::Pin;

use ::exchange::admin::VersionChange;
use ::exchange::live::{Inquiry, Verdict};
use contract::Page;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// An answer to wait for.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send>>;

/// The exchange's thread, as seen from here. Calls return at once; answers come later.
pub trait Exchange: Send + Sync {
    /// Documents of a kind in the order of their ids, beginning behind `after`. Without what must not leave the
    /// exchange: password hashes, trunk passwords.
    fn list(&self, collection: Collection, after: Option<String>, limit: usize) -> Answer<Listing>;

    fn get(&self, address: Address) -> Answer<Versioned>;

    /// Creates or replaces. Answered when it is durable.
    fn put(&self, address: Address, document: Value, expect: Expect) -> Answer<Stored>;

    fn delete(&self, address: Address, expect: Expect) -> Answer<()>;

    /// With everything that it has. Refused while it has lines, unless these are to go too.
    fn delete_tenant(&self, tenant: String, expect: Expect, with_lines: bool) -> Answer<()>;

    /// One change of a behaviour's versions, made by `by`; answered when it is durable.
    fn change_version(
        &self,
        tenant: String,
        behaviour: String,
        change: VersionChange,
        by: String,
        why: String,
    ) -> Answer<Stored>;

    /// A behaviour's versions with their sessions and counters: the active one, the candidate, then earlier ones.
    fn versions(&self, tenant: String, behaviour: String) -> Answer<Vec<Value>>;

    /// Hashes the password for digest authentication; the password itself is forgotten.
    fn set_password(&self, tenant: String, device: String, credentials: NewCredentials) -> Answer<Stored>;

    /// Calls that are up or being set up, the oldest first, beginning behind `after`.
    fn calls(&self, tenant: String, after: Option<u64>, limit: usize) -> Answer<Vec<Call>>;

    fn call(&self, tenant: String, call: u64) -> Answer<Call>;

    /// Ends every leg of a call.
    fn hang_up(&self, tenant: String, call: u64) -> Answer<()>;

    /// Click to dial (R68): the line's phones ring, and whoever takes one off the hook is connected with the number.
    /// The call's id; [`Refusal::Invalid`] names the field, `/line` or `/number`, that leads nowhere.
    fn originate(&self, tenant: String, line: String, number: String) -> Answer<u64>;

    /// A message to a behaviour's session for a number, begun if need be. The session's id; [`Refusal::NotFound`] when there
    /// is no such behaviour.
    fn tell(&self, tenant: String, behaviour: String, number: String, message: String) -> Answer<u64>;

    /// Where the tenant's devices and registering trunks are reached now.
    fn registrations(&self, tenant: String) -> Answer<Vec<Registration>>;

    /// Lines that other exchanges are asked about.
    fn elsewhere(&self, tenant: String) -> Answer<Vec<Elsewhere>>;

    /// What a tenant's sessions published last, by behaviour and number.
    fn figures(&self, tenant: String) -> Answer<Vec<Figures>>;

    /// The page that this token names, as long as it is shown.
    fn page(&self, token: String) -> Answer<Page>;

    /// Somebody chose on a display, or dismissed the page with 0; [`Refusal::NotFound`] when there is no such page, or choice.
    fn choose(&self, token: String, choice: u32) -> Answer<()>;

    /// What shall become of a call at another exchange; [`Refusal::NotFound`] when the tenant's calls are not intercepted.
    fn intercept(&self, tenant: String, inquiry: Inquiry) -> Answer<Verdict>;
}

/// Kinds of documents that have a place under a tenant, and tenants themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Tenant,
    Site,
    User,
    Device,
    Line,
    Number,
    DialPlan,
    Trunk,
    Calendar,
    Behaviour,
    Announcement,
    PickupGroup,
    Contact,
}

impl Kind {
    /// As one says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Site => "site",
            Self::User => "user",
            Self::Device => "device",
            Self::Line => "line",
            Self::Number => "number",
            Self::DialPlan => "dial plan",
            Self::Trunk => "trunk",
            Self::Calendar => "calendar",
            Self::Behaviour => "behaviour",
            Self::Announcement => "announcement",
            Self::PickupGroup => "pickup group",
            Self::Contact => "contact",
        }
    }
}

/// All documents of a kind: a tenant's, or all tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// `None` for the kind `Tenant` only.
    pub tenant: Option<String>,
    pub kind: Kind,
}

impl Collection {
    pub const TENANTS: Self = Self {
        tenant: None,
        kind: Kind::Tenant,
    };

    /// Of a tenant's.
    pub fn of(tenant: &str, kind: Kind) -> Self {
        Self {
            tenant: Some(tenant.to_owned()),
            kind,
        }
    }
}

/// One document. A tenant's own document and its dial plan have the tenant's id as `id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub tenant: String,
    pub kind: Kind,
    pub id: String,
}

impl Address {
    pub fn new(tenant: &str, kind: Kind, id: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            kind,
            id: id.to_owned(),
        }
    }
}

/// A document and its revision: 1 when created, one more at each change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Versioned {
    pub revision: u64,
    pub document: Value,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    pub documents: Vec<Versioned>,
    /// The id to go on behind; `None` on the last page.
    pub next: Option<String>,
}

/// What was stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    pub revision: u64,
    pub created: bool,
    /// What gets in the way of what, in words: behaviours that never get a call, calls that may go round.
    pub conflicts: Vec<String>,
    /// Keys that a device lost because it became a model with fewer (R6), in words.
    pub lost: Vec<String>,
}

/// What a change expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Any,
    Absent,
    At(u64),
}

/// For a device's digest authentication.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCredentials {
    /// `None`: the device's id.
    pub username: Option<String>,
    pub password: String,
}

/// A call that is up or being set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Call {
    pub id: u64,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub started_ms: u64,
    /// Since when the caller is answered; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<u64>,
    /// Since when the caller talks to somebody; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_ms: Option<u64>,
    pub direction: String,
    pub caller: String,
    pub called: String,
    pub legs: Vec<Leg>,
    /// Behaviours that hold custody, outermost first.
    pub behaviours: Vec<String>,
}

/// A place where a device or trunk registered from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Registration {
    /// The device's id, or `trunk/` and the trunk's.
    pub device: String,
    pub contact: String,
    /// Address and port.
    pub from: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub expires_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// A line that somebody watches and whose phones another exchange has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Elsewhere {
    pub line: String,
    pub trunk: String,
    /// `asked`, `told` or `unknown`.
    pub state: String,
    /// Calls that it has there; absent while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u16>,
    /// Since when it is in this state, in milliseconds since 1970-01-01T00:00:00Z.
    pub since_ms: u64,
    /// Why it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When it is asked about again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_ms: Option<u64>,
}

/// How a behaviour is doing for a number, in its own words: the figures of a call group, for example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Figures {
    pub behaviour: String,
    pub number: String,
    /// When they were published, in milliseconds since 1970-01-01T00:00:00Z.
    pub at_ms: u64,
    /// A JSON object of the behaviour's own.
    #[schema(value_type = Object)]
    pub figures: serde_json::Value,
}

/// One party of a [`Call`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Leg {
    pub id: u64,
    pub state: LegState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trunk: Option<String>,
    /// The leg that it hears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hears: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LegState {
    Trying,
    Ringing,
    Answered,
    Held,
}

/// Why the exchange did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("there is no such thing")]
    NotFound,
    /// Expected another revision; `found` is the present one.
    #[error("it was changed meanwhile")]
    Conflict { found: Option<u64> },
    /// Every field that is wrong.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<contract::Problem>),
    /// These refer to it.
    #[error("it is in use")]
    InUse(Vec<String>),
    /// There are as many as may be; says of what, and which limit that is.
    #[error("{0}")]
    Full(String),
    /// The exchange is stopping, or has too much to do.
    #[error("the exchange does not answer")]
    Unavailable,
}

impl Refusal {
    /// A document that does not read as its kind: the field at `path`, whose segments are as
    /// `serde_path_to_error` prints them (`rules[2].action`).
    pub fn unreadable(path: &str, message: String) -> Self {
        let mut pointer = String::new();
        for segment in path
            .split(['.', '['])
            .map(|segment| segment.trim_end_matches(']'))
        {
            if !matches!(segment, "" | "?") {
                pointer.push('/');
                pointer.push_str(segment);
            }
        }
        Self::Invalid(vec![contract::Problem {
            path: pointer,
            message,
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_field_is_named_by_pointer() {
        let pointer = |path: &str| match Refusal::unreadable(path, String::new()) {
            Refusal::Invalid(problems) => problems.into_iter().next().map(|problem| problem.path),
            _ => None,
        };
        assert_eq!(
            pointer("rules[2].action.line").as_deref(),
            Some("/rules/2/action/line")
        );
        assert_eq!(pointer(".").as_deref(), Some(""));
        assert_eq!(pointer("access.?.networks").as_deref(), Some("/access/networks"));
    }
}
