use std::fmt;
use std::str::FromStr;

use contract::{Manifest, Millis, ModuleDigest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::secrets::parse_hex;
use super::{Activation, Audit, Candidate, Drain, Settings};
use crate::directory::{AnnouncementName, BehaviourName, LineId, SiteId};

/// A tenant's named use of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Behaviour {
    pub name: BehaviourName,
    /// The module that handles its next events.
    pub active: ModuleDigest,
    /// What the active module says of itself, copied when it was activated.
    pub manifest: Manifest,
    /// Its own settings; bindings may differ from them. What is not set here has the schema's default.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    pub settings: Settings,
    /// Earlier activations, latest first, without the active one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Activation>,
    /// A version on trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Box<Candidate>>,
    /// Until when sessions may stay with earlier versions; absent: until they end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Drain>,
    /// Changes of versions, latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audit: Vec<Audit>,
}

/// A recording of the tenant's (R25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Announcement {
    pub name: AnnouncementName,
    /// What is said, for people who do not want to listen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    pub blob: BlobDigest,
    /// `audio/wav` or `audio/mpeg`.
    pub media_type: String,
    /// Bytes of the file.
    pub size: u64,
    pub length: Millis,
    /// Group and IVR recordings are kept per site and shared within it; absent: the whole tenant's, or a line's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// A user's recording is this line's alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
}

/// What a stored file is named by: the SHA-256 of its bytes, in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobDigest(pub [u8; 32]);

/// Text that is no blob digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a blob digest is 64 hexadecimal digits")]
pub struct NoBlobDigest;

impl FromStr for BlobDigest {
    type Err = NoBlobDigest;

    fn from_str(text: &str) -> Result<Self, NoBlobDigest> {
        parse_hex(text).map(Self).ok_or(NoBlobDigest)
    }
}

impl fmt::Display for BlobDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for BlobDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BlobDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
