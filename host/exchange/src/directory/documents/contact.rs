use serde::{Deserialize, Serialize};

use crate::directory::{ContactId, LineId, PickupGroupId, SiteId};

/// Somebody outside, in the company's directory (R8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Contact {
    pub id: ContactId,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub company: String,
    /// In any spelling of the tenant's country.
    pub numbers: Vec<String>,
}

/// Lines that may pick up each other's calls (R46).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PickupGroup {
    pub id: PickupGroupId,
    /// Letters, digits and spaces.
    pub name: String,
    pub site: SiteId,
    /// Fixed lines of the site, each in one group at most.
    #[serde(default)]
    pub lines: Vec<LineId>,
}
