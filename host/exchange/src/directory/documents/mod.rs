//! What people configure: one JSON document each, in kebab-case, with unknown fields refused.
//!
//! A document says what is wanted and nothing that is happening: registrations, calls and sessions
//! live elsewhere. Documents are plain data; [`admin`](crate::admin) checks them, and
//! [`Configuration`](super::Configuration) holds those that passed.

mod behaviour;
mod contact;
mod device;
mod keys;
mod line;
mod number;
mod people;
mod plan;
mod secrets;
mod settings;
mod sound;
mod tenant;
mod trunk;
mod version;

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use behaviour::{Announcement, Behaviour, BlobDigest, NoBlobDigest};
pub use contact::{Contact, PickupGroup};
pub use device::{Device, DeviceKind, Screen};
pub use keys::{DeviceKey, KeyKind, MODELS, keys_of_model};
pub use line::{Line, LineFeatures, OwnIdentity};
pub use number::{Binding, Number};
pub use people::{Address, Site, User};
pub use plan::{Action, Conference, DialPlan, Direction, Feature, Pattern, Reach, Rule, SetFeature, Tell};
pub use secrets::{Credentials, Ha1, Secret};
pub use settings::Settings;
pub use sound::MediaWay;
pub use tenant::{
    Defaults, DigestOffer, Grants, Interception, InternalDigits, JournalRule, Numbering, Otherwise, Spend,
    Tenant, TenantLimits,
};
pub use trunk::{Access, CallerIdPolicy, DialogWatches, Login, Network, PrefixRule, Scheme, Trunk};
pub use version::{Activation, Audit, CanaryRule, Candidate, Drain, DrainEnd, Guard, VersionStep};

use super::{Kind, TenantId};
use crate::calendars::Calendar;

/// Any document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Document {
    Tenant(Tenant),
    Site(Site),
    User(User),
    Device(Device),
    Line(Line),
    Number(Number),
    DialPlan(DialPlan),
    Trunk(Trunk),
    Calendar(Calendar),
    Behaviour(Behaviour),
    Announcement(Announcement),
    PickupGroup(PickupGroup),
    Contact(Contact),
}

impl Document {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Tenant(_) => Kind::Tenant,
            Self::Site(_) => Kind::Site,
            Self::User(_) => Kind::User,
            Self::Device(_) => Kind::Device,
            Self::Line(_) => Kind::Line,
            Self::Number(_) => Kind::Number,
            Self::DialPlan(_) => Kind::DialPlan,
            Self::Trunk(_) => Kind::Trunk,
            Self::Calendar(_) => Kind::Calendar,
            Self::Behaviour(_) => Kind::Behaviour,
            Self::Announcement(_) => Kind::Announcement,
            Self::PickupGroup(_) => Kind::PickupGroup,
            Self::Contact(_) => Kind::Contact,
        }
    }

    /// Its id within `tenant`; a dial plan has no id of its own and takes the tenant's.
    pub fn id<'a>(&'a self, tenant: &'a TenantId) -> &'a Arc<str> {
        match self {
            Self::Tenant(document) => document.id.text(),
            Self::Site(document) => document.id.text(),
            Self::User(document) => document.id.text(),
            Self::Device(document) => document.id.text(),
            Self::Line(document) => document.id.text(),
            Self::Number(document) => document.id.text(),
            Self::DialPlan(_) => tenant.text(),
            Self::Trunk(document) => document.id.text(),
            Self::Calendar(document) => document.id.text(),
            Self::Behaviour(document) => document.name.text(),
            Self::Announcement(document) => document.name.text(),
            Self::PickupGroup(document) => document.id.text(),
            Self::Contact(document) => document.id.text(),
        }
    }

    /// Without what must not leave the exchange: digest hashes and trunk passwords.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        match &mut self {
            Self::Device(device) => {
                if let Some(credentials) = &mut device.credentials {
                    credentials.redact();
                }
            }
            Self::Trunk(trunk) => trunk.access.redact(),
            Self::Tenant(_)
            | Self::Site(_)
            | Self::User(_)
            | Self::Line(_)
            | Self::Number(_)
            | Self::DialPlan(_)
            | Self::Calendar(_)
            | Self::Behaviour(_)
            | Self::Announcement(_)
            | Self::PickupGroup(_)
            | Self::Contact(_) => {}
        }
        self
    }
}

/// A document with its revision: 1 when created, one more at each change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Versioned<T> {
    pub revision: u64,
    pub document: T,
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.document
    }
}
