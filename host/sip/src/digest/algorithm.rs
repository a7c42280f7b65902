use std::fmt;

use md5::Md5;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The hash of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    /// As it stands in `algorithm=`. `-sess` is left to the caller.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("MD5") {
            Some(Self::Md5)
        } else if text.eq_ignore_ascii_case("SHA-256") {
            Some(Self::Sha256)
        } else {
            None
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// Lower-case hexadecimal hash of the parts joined by colons.
    pub(super) fn hash(self, parts: &[&str]) -> String {
        match self {
            Self::Md5 => hex::encode(joined::<Md5>(parts)),
            Self::Sha256 => hex::encode(joined::<Sha256>(parts)),
        }
    }

    pub(super) fn hash_bytes(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(bytes)),
            Self::Sha256 => hex::encode(Sha256::digest(bytes)),
        }
    }
}

fn joined<D: sha2::Digest>(parts: &[&str]) -> sha2::digest::Output<D> {
    let mut hash = D::new();
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            hash.update(b":");
        }
        hash.update(part.as_bytes());
    }
    hash.finalize()
}

/// What is stored of a password: H(user:realm:password) for each algorithm.
///
/// Whoever has it can answer challenges of that realm, so it is a secret; it prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    md5: [u8; 16],
    sha256: [u8; 32],
}

impl Ha1 {
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        let parts = [user, realm, password];
        Self {
            md5: joined::<Md5>(&parts).into(),
            sha256: joined::<Sha256>(&parts).into(),
        }
    }

    /// From hashes that were made elsewhere, with the same user, realm and password.
    pub const fn from_hashes(md5: [u8; 16], sha256: [u8; 32]) -> Self {
        Self { md5, sha256 }
    }

    pub(super) fn hex(&self, algorithm: Algorithm) -> String {
        match algorithm {
            Algorithm::Md5 => hex::encode(self.md5),
            Algorithm::Sha256 => hex::encode(self.sha256),
        }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(···)")
    }
}

/// Both hashes in hexadecimal, with a colon between.
impl Serialize for Ha1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!(
            "{}:{}",
            hex::encode(self.md5),
            hex::encode(self.sha256)
        ))
    }
}

impl<'de> Deserialize<'de> for Ha1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (left, right) = text
            .split_once(':')
            .ok_or(serde::de::Error::custom("no colon in an HA1"))?;
        let mut secret = Self {
            md5: [0; 16],
            sha256: [0; 32],
        };
        hex::decode_to_slice(left, &mut secret.md5).map_err(serde::de::Error::custom)?;
        hex::decode_to_slice(right, &mut secret.sha256).map_err(serde::de::Error::custom)?;
        Ok(secret)
    }
}

/// HMAC-SHA-256 (RFC 2104).
pub(super) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut inner = Sha256::new();
    inner.update(block.map(|byte| byte ^ 0x36));
    for part in parts {
        inner.update(part);
    }
    let mut outer = Sha256::new();
    outer.update(block.map(|byte| byte ^ 0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_a_known_vector() {
        // RFC 4231 test case 1 with its 20-byte key filled up with zeros, which HMAC does anyway.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex::encode(hmac(&key, &[b"Hi ", b"There"])), expected);
    }

    #[test]
    fn a_stored_secret_survives_storage_and_does_not_print() {
        let secret = Ha1::new("101", "acme.example", "secret");
        let stored = serde_json::to_string(&secret).unwrap();
        assert_eq!(serde_json::from_str::<Ha1>(&stored).unwrap(), secret);
        assert_eq!(format!("{secret:?}"), "Ha1(···)");
        assert!(serde_json::from_str::<Ha1>("\"ab:cd\"").is_err());
    }
}
