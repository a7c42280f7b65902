//! Who there is and who may be reached: tenants with their documents, and the state of their lines.
//!
//! A [`Directory`] holds all tenants of one exchange. Of each it hands out [`TenantView`]s: immutable pictures
//! that cost a reference count, so that a worker thread can answer a behaviour's questions while calls go on and
//! configuration changes. Everything that a call needs is looked up, never searched.
//!
//! ```text
//!  admin ──documents that passed──▶ Configuration (tables and indexes, persistent)
//!                                        │ shared by
//!  engine ──set_line_state─────────▶ TenantView ──▶ resolve, contract::View, lookups
//! ```
//!
//! Checks nothing and persists nothing: [`admin`](crate::admin) does the first and says what to persist.
//! Knows no registration, call or socket.

mod changes;
mod configuration;
mod documents;
mod ids;
mod phone_features;
mod registry;
mod resolve;
mod trunks;
mod view;

pub(crate) use configuration::Contest;
pub use configuration::{Bound, Configuration, Entry, Place, Table};
pub use documents::{
    Access, Action, Activation, Address, Announcement, Audit, Behaviour, Binding, BlobDigest, CallerIdPolicy,
    CanaryRule, Candidate, Conference, Contact, Credentials, Defaults, Device, DeviceKind, DialPlan,
    DialogWatches, DigestOffer, Direction, Document, Drain, DrainEnd, Feature, Grants, Guard, Ha1,
    Interception, InternalDigits, JournalRule, Line, LineFeatures, Login, MediaWay, Network, NoBlobDigest,
    Number, Numbering, Otherwise, OwnIdentity, Pattern, PickupGroup, PrefixRule, Reach, Rule, Scheme, Screen,
    Secret, SetFeature, Settings, Site, Spend, Tell, Tenant, TenantLimits, Trunk, User, VersionStep,
    Versioned,
};
pub use documents::{DeviceKey, KeyKind, MODELS, keys_of_model};
pub use ids::{
    AnnouncementName, BehaviourName, CalendarId, ContactId, DeviceId, Key, Kind, LineId, NumberId,
    PickupGroupId, SiteId, TenantId, TrunkId, UserId,
};
pub use phone_features::PhoneFeature;
pub use registry::{Directory, TrunkRef};
pub use resolve::{Inside, Origin, Resolution};
pub use view::{LineState, TenantView};
