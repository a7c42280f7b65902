use std::collections::BTreeMap;
use std::sync::Arc;

use contract::LineKind;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::directory::{BehaviourName, DeviceId, LineId, SiteId, TrunkId, UserId};
use crate::numbers::Restriction;

/// A number, a site and a name (R2), with the devices that ring for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Line {
    pub id: LineId,
    #[serde(default)]
    pub kind: LineKind,
    pub name: Arc<str>,
    /// Every fixed, analogue and ownerless line has one (R1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// R8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_number: Option<Arc<str>>,
    /// E.164 (`+33123456789`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Devices that ring. Empty: all of the user's (R11).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceId>,
    /// The trunk to another exchange that has its phones: it is rung over that as if they were here. For a line without devices;
    /// absent: the trunk of the tenant's interception, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trunk: Option<TrunkId>,
    /// The line this one goes with: a virtual line's mobile, a fixed line's mobile (R7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paired: Option<LineId>,
    #[serde(default)]
    pub features: LineFeatures,
    /// Behaviours in front of it, outermost first. Absent: the tenant's default; empty: it just rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behaviours: Option<Vec<BehaviourName>>,
    /// What this line sets differently from each behaviour's own settings, property by property.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<BehaviourName, Settings>,
}

impl Line {
    /// Whether this is its short or E.164 number.
    pub fn has_number(&self, number: &str) -> bool {
        self.short_number
            .iter()
            .chain(&self.number)
            .any(|own| **own == *number)
    }

    /// What behaviours and people call it: its short number, else its number, else its id.
    pub fn label(&self) -> &Arc<str> {
        self.short_number
            .as_ref()
            .or(self.number.as_ref())
            .unwrap_or(self.id.text())
    }

    /// All that it is called: its id, its short number, its number.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let numbers = [&self.short_number, &self.number];
        let numbers = numbers.into_iter().flatten().map(|number| &**number);
        std::iter::once(self.id.as_str()).chain(numbers)
    }
}

/// What the exchange itself does for a line; everything else is a behaviour's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LineFeatures {
    /// Offer a second call to a line in a call (R16).
    pub call_waiting: bool,
    /// Tell inside and outside callers apart by ring (R17).
    pub distinctive_ring: bool,
    /// Which number outside callees see (R56).
    pub caller_id: OwnIdentity,
    /// Which numbers may be dialled when (R57).
    pub restriction: Restriction,
}

/// R56.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnIdentity {
    #[default]
    Own,
    Hidden,
    /// This E.164 number of the tenant's.
    Number(Arc<str>),
}
