use serde::{Deserialize, Serialize};

use super::{Credentials, DeviceKey, MediaWay, keys_of_model};
use crate::directory::{DeviceId, UserId};

/// Something that registers and rings (R5). It needs no owner: a doorbell has none (R11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Device {
    pub id: DeviceId,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub kind: DeviceKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// MAC address of a phone, DECT base or adapter, ICCID of a SIM; a softphone has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// Which telephone it is, as in [`MODELS`](super::MODELS) or `name/keys`; says how many programmable keys it has (R6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Box<str>>,
    /// Its programmable keys, in the order of R50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<DeviceKey>,
    /// Calls at once; absent: what its kind can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<u8>,
    /// How pages come to its display; absent: it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<Screen>,
    /// Which way its sound goes; absent: the tenant's. Both ends of a call have to allow `direct`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<MediaWay>,
    /// Absent until a password is set: the device cannot register before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
}

impl Device {
    /// Whether this is its digest user name.
    pub fn is_named(&self, username: &str) -> bool {
        self.credentials
            .as_ref()
            .is_some_and(|own| own.username == username)
    }

    /// Calls that it can have at once.
    pub fn capacity(&self) -> u8 {
        self.max_calls.unwrap_or(self.kind.calls_at_most())
    }

    /// Keys in their order: lines, then supervision, then shortcuts (R50).
    pub fn arrange_keys(&mut self) {
        self.keys.sort_by_key(|key| key.rank());
    }

    /// Takes away keys that its model has no room for, the last ones (R6). Their numbers, from 1, with what was on them.
    pub fn lose_surplus_keys(&mut self) -> Vec<(usize, DeviceKey)> {
        let room = self.model.as_deref().and_then(keys_of_model).map(usize::from);
        match room {
            Some(room) if room < self.keys.len() => (room + 1..).zip(self.keys.split_off(room)).collect(),
            _ => Vec::new(),
        }
    }
}

/// How a device shows pages of behaviours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Screen {
    /// Text messages with numbered choices (RFC 3428), answered with a number.
    Text,
    /// Pushed to the phone's XML services over HTTP, at the address from which it registered.
    Cisco,
    /// Pushed to the phone's XML browser over HTTP, likewise.
    Yealink,
    /// Whoever listens to the line's pages over the API.
    Desk,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// On a computer, phone or tablet.
    #[default]
    Softphone,
    /// An IP phone.
    Phone,
    Dect,
    /// A conference unit.
    Conference,
    /// A SIM in a mobile phone.
    Sim,
    /// An adapter for analogue equipment: fax, door entry.
    Ata,
}

impl DeviceKind {
    /// The most calls at once that this kind has (R5).
    pub fn calls_at_most(self) -> u8 {
        match self {
            Self::Softphone | Self::Phone => 20,
            Self::Conference => 6,
            Self::Dect | Self::Sim | Self::Ata => 2,
        }
    }
}
