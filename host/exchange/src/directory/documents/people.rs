use serde::{Deserialize, Serialize};

use crate::directory::{SiteId, TrunkId, UserId};

/// A place with an address, which emergency services are sent to (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Site {
    pub id: SiteId,
    pub name: String,
    /// Fixed at creation: emergency routing and number zones hang on it. Move people to a new site instead.
    #[serde(default)]
    pub address: Address,
    /// Takes this site's emergency calls; absent, the tenant's trunks do in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_trunk: Option<TrunkId>,
}

/// A postal address in normalised parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Address {
    /// House number and street.
    pub street: String,
    pub postal_code: String,
    pub city: String,
    /// ISO 3166 alpha-2; empty: the tenant's.
    pub country: String,
}

/// A person (R4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct User {
    pub id: UserId,
    pub first_name: String,
    pub last_name: String,
    /// The login. One person each, whatever the case of its letters.
    pub email: String,
    /// BCP 47; absent: the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl User {
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }
}
