//! Names of things. Ids are short readable words chosen by people (`paris`, `201`, `alice-phone`),
//! unique within their tenant and kind, and shared rather than copied: an id clones for the price of
//! a reference count.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The shared text.
            pub fn text(&self) -> &Arc<str> {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        // Hash, Eq and Ord are those of the text, so maps can be asked with a `&str`.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// An isolated customer.
    TenantId
    SiteId
    UserId
    DeviceId
    /// Usually the line's short number. Behaviours know a line by its short number or its E.164 number;
    /// see [`Line::label`](super::Line::label).
    LineId
    /// The number itself: E.164 (`+33123456789`), a short number, or a feature code (`*98`).
    NumberId
    TrunkId
    /// What behaviours ask a calendar by.
    CalendarId
    /// A tenant's name for its use of a module.
    BehaviourName
    /// What behaviours ask an announcement by.
    AnnouncementName
    PickupGroupId
    ContactId
}

/// What kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// All of them, in an order in which each refers only to earlier ones, the dial plan excepted.
    pub const ALL: [Self; 13] = [
        Self::Tenant,
        Self::Site,
        Self::User,
        Self::Device,
        Self::Calendar,
        Self::Announcement,
        Self::Behaviour,
        Self::Line,
        Self::Number,
        Self::Trunk,
        Self::DialPlan,
        Self::PickupGroup,
        Self::Contact,
    ];

    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Site => "site",
            Self::User => "user",
            Self::Device => "device",
            Self::Line => "line",
            Self::Number => "number",
            Self::DialPlan => "dial-plan",
            Self::Trunk => "trunk",
            Self::Calendar => "calendar",
            Self::Behaviour => "behaviour",
            Self::Announcement => "announcement",
            Self::PickupGroup => "pickup-group",
            Self::Contact => "contact",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names one document of the whole exchange. A tenant's own document, and its dial plan, have the
/// tenant's id as their `id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Key {
    pub tenant: TenantId,
    pub kind: Kind,
    pub id: Arc<str>,
}

impl Key {
    pub fn new(tenant: &TenantId, kind: Kind, id: &str) -> Self {
        Self {
            tenant: tenant.clone(),
            kind,
            id: id.into(),
        }
    }

    /// What stores keep the document under. Ids contain no slash.
    pub fn path(&self) -> String {
        format!("document/{}/{}/{}", self.tenant, self.kind, self.id)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Tenant | Kind::DialPlan => write!(f, "{}/{}", self.tenant, self.kind),
            _ => write!(f, "{}/{}/{}", self.tenant, self.kind, self.id),
        }
    }
}
