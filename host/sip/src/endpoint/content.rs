//! What the user of the endpoint adds to messages: extra headers and a body.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Header fields to add to a message, in order.
///
/// The endpoint writes Via, From, To, Call-ID, CSeq, Max-Forwards, Contact, Route, Record-Route,
/// Allow, Supported, Require of its own extensions, RSeq, RAck, Session-Expires, Min-SE,
/// Content-Type and Content-Length itself; what is added here comes after them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraHeaders(Vec<(String, String)>);

impl ExtraHeaders {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one field.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.push(name, value);
        self
    }

    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every field can go on the wire: names are tokens, values hold no line break, so
    /// that what a tenant configures cannot add headers or end a message.
    pub fn is_well_formed(&self) -> bool {
        self.iter().all(|(name, value)| {
            !name.is_empty()
                && name.bytes().all(is_token)
                && !value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t')
        })
    }
}

/// RFC 3261 §25.1, `token`.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for ExtraHeaders {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// A message body with its type.
///
/// In events, the session description of a `multipart/mixed` body has been taken out of it; the
/// message beside it has the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub content_type: String,
    pub bytes: Bytes,
}

impl Body {
    /// A session description (RFC 4566).
    pub fn sdp(bytes: impl Into<Bytes>) -> Self {
        Self {
            content_type: "application/sdp".to_owned(),
            bytes: bytes.into(),
        }
    }

    pub fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self {
            content_type: content_type.into(),
            bytes: bytes.into(),
        }
    }

    pub fn is_sdp(&self) -> bool {
        let kind = self.content_type.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/sdp")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_cannot_smuggle_a_line_break() {
        assert!(
            ExtraHeaders::new()
                .with("Alert-Info", "<urn:alert:internal>")
                .is_well_formed()
        );
        assert!(!ExtraHeaders::new().with("X", "a\r\nBad: b").is_well_formed());
        assert!(!ExtraHeaders::new().with("X: y", "a").is_well_formed());
        assert!(!ExtraHeaders::new().with("", "a").is_well_formed());
    }

    #[test]
    fn sdp_is_known_by_its_type_in_any_case_and_with_parameters() {
        assert!(Body::sdp("v=0\r\n").is_sdp());
        assert!(Body::new("Application/SDP ; charset=utf-8", "v=0\r\n").is_sdp());
        assert!(!Body::new("application/dtmf-relay", "Signal=1").is_sdp());
    }
}
