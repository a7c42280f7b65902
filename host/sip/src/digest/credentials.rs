use std::borrow::Cow;

use crate::error::Bad;
use crate::token::{find_outside, trim};
use crate::uri::unquote;

/// `name=value` pairs between commas, after the scheme's name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(&'a str);

impl<'a> Fields<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let text = trim(text);
        match text.split_once([' ', '\t']) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("Digest") => Ok(Self(trim(rest))),
            _ => Err(Bad::new("the Digest scheme", 0)),
        }
    }

    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut rest = Some(self.0);
        std::iter::from_fn(move || {
            loop {
                let text = rest?;
                let (one, after) = match find_outside(text, 0, b",", false) {
                    Some(comma) => (&text[..comma], Some(&text[comma + 1..])),
                    None => (text, None),
                };
                rest = after;
                if let Some((name, value)) = one.split_once('=') {
                    return Some((trim(name), trim(value)));
                }
            }
        })
    }

    pub fn get(self, name: &str) -> Option<Cow<'a, str>> {
        self.iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| unquote(value))
    }
}

/// An Authorization or Proxy-Authorization value taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials<'a> {
    pub username: Cow<'a, str>,
    pub realm: Cow<'a, str>,
    pub nonce: Cow<'a, str>,
    pub uri: Cow<'a, str>,
    pub response: Cow<'a, str>,
    /// `MD5` when absent.
    pub algorithm: Cow<'a, str>,
    pub cnonce: Option<Cow<'a, str>>,
    /// Eight hexadecimal digits, as they came.
    pub nc: Option<Cow<'a, str>>,
    pub qop: Option<Cow<'a, str>>,
    pub opaque: Option<Cow<'a, str>>,
}

impl<'a> Credentials<'a> {
    /// # Errors
    ///
    /// When it is no Digest, or one of username, realm, nonce, uri and response is missing.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let fields = Fields::parse(text)?;
        let need = |name, expected| fields.get(name).ok_or(Bad::new(expected, text.len()));
        Ok(Self {
            username: need("username", "a username")?,
            realm: need("realm", "a realm")?,
            nonce: need("nonce", "a nonce")?,
            uri: need("uri", "a digest URI")?,
            response: need("response", "a response")?,
            algorithm: fields.get("algorithm").unwrap_or(Cow::Borrowed("MD5")),
            cnonce: fields.get("cnonce"),
            nc: fields.get("nc"),
            qop: fields.get("qop"),
            opaque: fields.get("opaque"),
        })
    }
}
