use std::collections::BTreeMap;
use std::sync::Arc;

use contract::NumberClass;
use serde::{Deserialize, Serialize};
use sip::digest::Algorithm;

use super::MediaWay;
use crate::directory::{BehaviourName, TenantId, TrunkId};

/// An isolated customer: the unit of isolation, of quota and of sharding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// SIP domains, lower-case; a request's domain tells its tenant. At least one, each in one tenant only.
    pub domains: Vec<String>,
    /// Digest realm. Fixed at creation (the first domain unless given), since passwords are hashed with it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub realm: String,
    /// What phones are challenged with.
    #[serde(default)]
    pub digest: DigestOffer,
    /// ISO 3166 alpha-2: numbering plan, tones, emergency numbers.
    #[serde(default = "default_country")]
    pub country: String,
    /// IANA name: calendars, schedules, `clock.local`.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// BCP 47: shipped announcements.
    #[serde(default = "default_language")]
    pub language: String,
    #[serde(default)]
    pub numbering: Numbering,
    #[serde(default)]
    pub limits: TenantLimits,
    #[serde(default)]
    pub defaults: Defaults,
    #[serde(default)]
    pub grants: Grants,
    #[serde(default)]
    pub journal: JournalRule,
    /// Which way sound goes for devices and trunks that say nothing.
    #[serde(default, skip_serializing_if = "MediaWay::is_anchored")]
    pub media: MediaWay,
    /// What calls outside cost, and how much of it may come together; absent: nobody counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spend: Option<Spend>,
    /// What another exchange may ask about its calls; absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interception: Option<Interception>,
}

fn default_country() -> String {
    "FR".to_owned()
}

fn default_time_zone() -> String {
    "Europe/Paris".to_owned()
}

fn default_language() -> String {
    "fr".to_owned()
}

impl Tenant {
    /// A tenant with everything left at its default.
    pub fn new(id: &str, name: &str, domain: &str) -> Self {
        Self {
            id: id.into(),
            name: name.to_owned(),
            domains: vec![domain.to_owned()],
            realm: String::new(),
            digest: DigestOffer::default(),
            country: default_country(),
            time_zone: default_time_zone(),
            language: default_language(),
            numbering: Numbering::default(),
            limits: TenantLimits::default(),
            defaults: Defaults::default(),
            grants: Grants::default(),
            journal: JournalRule::default(),
            media: MediaWay::default(),
            spend: None,
            interception: None,
        }
    }
}

/// Hashes of digest challenges (RFC 3261 §22.4, RFC 8760).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestOffer {
    /// What every phone knows. Some give up when there is another challenge beside it, so it is alone.
    #[default]
    Md5,
    /// For phones that all know it; answers with MD5 are not taken.
    #[serde(rename = "sha-256")]
    Sha256,
    /// Two challenges, the phone chooses.
    Both,
}

impl DigestOffer {
    pub(crate) const fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::Md5 => &[Algorithm::Md5],
            Self::Sha256 => &[Algorithm::Sha256],
            // RFC 8760 §2.4: the preferred one first.
            Self::Both => &[Algorithm::Sha256, Algorithm::Md5],
        }
    }
}

/// How this tenant's people dial (R8, R72).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Numbering {
    /// Digits dialled for an outside line, such as `0` or `9`; outside numbers are understood without it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_prefix: Option<String>,
    /// Area code (without trunk prefix) for local dialling, where the country has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_code: Option<String>,
    #[serde(default)]
    pub internal_digits: InternalDigits,
}

/// Lengths of short numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InternalDigits {
    pub min: u8,
    pub max: u8,
}

impl Default for InternalDigits {
    /// R8 has 4–9; three digits are so common in small companies that they are allowed unless forbidden.
    fn default() -> Self {
        Self { min: 3, max: 9 }
    }
}

/// What the tenant may use at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TenantLimits {
    /// Calls up at once; emergency calls are not counted.
    pub calls: u32,
    /// Behaviours that one call may pass through, inside each other or one after the other (R74).
    pub hops: u8,
    pub lines: u32,
    /// Sessions of behaviours at once; a call beyond them goes to the host's default.
    pub sessions: u32,
    /// Calls begun outside within a minute; 0: as many as may be. Emergency calls are not counted.
    pub outside_per_minute: u32,
    /// Events that one call's session may be woken with within a minute, and a hundred times as many for the session of a
    /// number. Beyond that it may set no timers for the rest of the minute; twice as many end it. 0: as many as may be.
    pub events_per_minute: u32,
    /// Bytes of state that a session may keep; the exchange's own limit holds too.
    pub state: u32,
    /// Bytes of state that all its sessions may keep together.
    pub total_state: u64,
    /// Bytes of the modules and recordings that it may have stored.
    pub storage: u64,
}

impl Default for TenantLimits {
    fn default() -> Self {
        Self {
            calls: 1_000,
            hops: 20,
            lines: 100_000,
            sessions: 10_000,
            outside_per_minute: 0,
            events_per_minute: 6_000,
            state: 64 << 10,
            total_state: 256 << 20,
            storage: 1 << 30,
        }
    }
}

/// What applies where a document says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Defaults {
    /// Behaviours in front of a line that names none, outermost first. Empty: the line just rings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub line: Vec<BehaviourName>,
}

/// The envelope around everything that this tenant's behaviours and lines do. Emergency calls are outside of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Grants {
    /// Outside classes that people may dial from their lines.
    pub lines: Vec<NumberClass>,
    /// Outside classes that behaviours may dial (R24 unless widened).
    pub behaviours: Vec<NumberClass>,
    /// Interfaces that modules may import; absent: all that the exchange offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imports: Option<Vec<String>>,
    /// Modules may bring an interpreter along, such as Python's: they take long to compile.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub large_modules: bool,
}

impl Default for Grants {
    fn default() -> Self {
        use NumberClass::{Fixed, Free, Mobile, NearAbroad, Premium, World};
        Self {
            lines: vec![Fixed, Mobile, Free, Premium, NearAbroad, World],
            behaviours: vec![Fixed, Mobile, Free, NearAbroad],
            imports: None,
            large_modules: false,
        }
    }
}

/// A cap on what calls outside may cost. Emergency calls are outside of it.
///
/// Amounts are thousandths of whatever currency the tenant is billed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Spend {
    /// For each minute that begins; a class that is not named costs nothing.
    pub per_minute: BTreeMap<NumberClass, u32>,
    /// Once so much was spent within 24 hours, no further call goes outside; those that are up go on.
    pub per_day: u64,
}

/// External call control: another exchange, which has the tenant's phones, asks before it routes a call, and the behaviours in front of
/// the called number answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Interception {
    /// Where that exchange sends a call that a behaviour has to have itself, in its own dialling. A call that comes to it over `trunk`,
    /// diverted, is taken for one to the number that diverted it (RFC 5806). Absent: such calls get what `otherwise` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pilot: Option<Arc<str>>,
    /// The trunk to that exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trunk: Option<TrunkId>,
    /// What becomes of a call that no behaviour decides about in time.
    pub otherwise: Otherwise,
    /// In milliseconds, for all behaviours of a number together; less than that exchange waits itself.
    pub patience: u16,
    /// What that exchange plays to callers who are refused, as it calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announcement: Option<Arc<str>>,
}

impl Default for Interception {
    fn default() -> Self {
        Self {
            pilot: None,
            trunk: None,
            otherwise: Otherwise::default(),
            patience: 1_500,
            announcement: None,
        }
    }
}

/// See [`Interception::otherwise`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    #[default]
    Continue,
    Reject,
}

/// What is kept of what the tenant's sessions were told and decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct JournalRule {
    /// How long; 0: nothing is written down.
    pub days: u16,
    /// How much of each behaviour; the oldest goes first.
    pub mebibytes: u16,
    /// Whether operators see the numbers in it and in calls' stories, or only that there are some. Managers of the tenant
    /// always see them.
    pub numbers_for_operators: bool,
}

impl Default for JournalRule {
    fn default() -> Self {
        Self {
            days: 7,
            mebibytes: 64,
            numbers_for_operators: true,
        }
    }
}
