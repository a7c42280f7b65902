use std::fmt;

use md5::{Digest, Md5};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;

/// A password that must be kept as it is, because somebody else's digest challenge names a realm that
/// cannot be known beforehand. Prints as `···`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value itself. Never hand it to a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("···")
    }
}

/// `H(username:realm:password)` of RFC 7616 §3.4.2: as good as the password within its realm, so it prints as
/// `···`. In JSON it is hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ha1<const N: usize>(pub [u8; N]);

impl<const N: usize> Ha1<N> {
    /// Lower-case hexadecimal, as it enters the digest.
    pub fn to_hex(&self) -> String {
        use fmt::Write;
        self.0
            .iter()
            .fold(String::with_capacity(2 * N), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

impl<const N: usize> fmt::Debug for Ha1<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("···")
    }
}

impl<const N: usize> Serialize for Ha1<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Ha1<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_hex(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format_args!("expected {} hexadecimal digits", 2 * N)))
    }
}

/// Exactly `N` bytes of hexadecimal.
pub(super) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(*pair.first()?).to_digit(16)?;
        let low = char::from(*pair.get(1)?).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(bytes)
}

/// What a peer proves to know. Only hashes: the password is forgotten once they are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Credentials {
    pub username: String,
    /// The realm that the hashes were made for; [`Tenant::realm`](super::Tenant::realm) at that time.
    pub realm: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha1_md5: Option<Ha1<16>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha1_sha256: Option<Ha1<32>>,
}

impl Credentials {
    /// Hashes a password for digest authentication with MD5 and SHA-256 (RFC 7616).
    pub fn from_password(username: &str, realm: &str, password: &str) -> Self {
        let secret = format!("{username}:{realm}:{password}");
        Self {
            username: username.to_owned(),
            realm: realm.to_owned(),
            ha1_md5: Some(Ha1(Md5::digest(secret.as_bytes()).into())),
            ha1_sha256: Some(Ha1(Sha256::digest(secret.as_bytes()).into())),
        }
    }

    /// Drops the hashes and keeps the name.
    pub fn redact(&mut self) {
        self.ha1_md5 = None;
        self.ha1_sha256 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7616 §3.9.1: its password, realm and user name.
    #[test]
    fn hashes_are_those_of_rfc_7616() {
        let credentials = Credentials::from_password("Mufasa", "http-auth@example.org", "Circle of Life");
        assert_eq!(
            credentials.ha1_md5.map(|ha1| ha1.to_hex()).as_deref(),
            Some("3d78807defe7de2157e2b0b6573a855f")
        );
        let json = serde_json::to_string(&credentials).unwrap();
        assert_eq!(serde_json::from_str::<Credentials>(&json).unwrap(), credentials);
        assert!(!json.contains("Circle"));
    }

    #[test]
    fn secrets_and_hashes_print_masked() {
        let credentials = Credentials::from_password("alice", "example.com", "swordfish");
        let hash = credentials.ha1_md5.map(|ha1| ha1.to_hex()).unwrap();
        let printed = format!("{credentials:?} {:?}", Secret::new("swordfish"));
        assert!(!printed.contains(&hash) && !printed.contains("swordfish"));
    }
}
