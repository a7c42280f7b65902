//! URIs: sip and sips (RFC 3261 §19.1), tel (RFC 3966), and any other scheme kept whole.
//!
//! [`Parts`] borrows and is taken apart once; [`Uri`] owns a text known to be valid. Resolving
//! names (RFC 3263) is not done here.

mod equal;
mod escape;
mod params;
mod parse;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use escape::{escape_user, unescape};
pub use params::{Params, quote, unquote};
pub(crate) use parse::parse_host_port;

pub use crate::error::Bad;

/// What stands before the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    Sip,
    Sips,
    Tel,
    /// See [`Parts::scheme_text`].
    Other,
}

impl Scheme {
    fn of(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("sip") {
            return Some(Self::Sip);
        }
        if text.eq_ignore_ascii_case("sips") {
            return Some(Self::Sips);
        }
        if text.eq_ignore_ascii_case("tel") {
            return Some(Self::Tel);
        }
        let mut bytes = text.bytes();
        let valid = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
            && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        valid.then_some(Self::Other)
    }
}

/// Host of a URI or of a Via.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    /// A domain name as it came; empty in URIs without a host (tel and unknown schemes).
    Name(&'a str),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host<'_> {
    pub const fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some(IpAddr::V4(address)),
            Self::V6(address) => Some(IpAddr::V6(address)),
        }
    }

    /// Same address, or same name in any case.
    pub fn is_same(self, other: Host<'_>) -> bool {
        match (self, other) {
            (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a.ip().is_some() && a.ip() == b.ip(),
        }
    }
}

/// With brackets around IPv6.
impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// A URI taken apart, borrowed from its text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    text: &'a str,
    scheme: Scheme,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: Host<'a>,
    port: Option<u16>,
    params: Params<'a>,
    headers: &'a str,
}

impl<'a> Parts<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        parse::parse(text)
    }

    const fn opaque(text: &'a str, scheme: Scheme, rest: &'a str) -> Self {
        Self {
            text,
            scheme,
            user: None,
            password: None,
            host: Host::Name(""),
            port: None,
            params: Params::new(""),
            headers: rest,
        }
    }

    /// The whole URI as it came.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The scheme as it came.
    pub fn scheme_text(&self) -> &'a str {
        self.text.split(':').next().unwrap_or("")
    }

    pub const fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user as it came, escapes included, without password; the number of a tel URI.
    pub const fn user_text(&self) -> Option<&'a str> {
        self.user
    }

    /// The user, unescaped; the number of a tel URI.
    pub fn user(&self) -> Option<std::borrow::Cow<'a, str>> {
        self.user.map(unescape)
    }

    pub const fn password(&self) -> Option<&'a str> {
        self.password
    }

    pub const fn host(&self) -> Host<'a> {
        self.host
    }

    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    pub const fn params(&self) -> Params<'a> {
        self.params
    }

    /// The raw value of a parameter; `Some("")` for a flag such as `lr`. Names may hold escapes (`%6C%72`).
    pub fn param(&self, name: &str) -> Option<&'a str> {
        let is_it = |(key, _): &(&str, Option<&str>)| unescape(key).eq_ignore_ascii_case(name);
        self.params
            .iter()
            .find(is_it)
            .map(|(_, value)| value.unwrap_or(""))
    }

    /// What follows the `?` of a SIP URI (`Replaces=…&…`), escaped as it came.
    pub const fn headers(&self) -> &'a str {
        if self.is_sip() { self.headers } else { "" }
    }

    /// The unescaped value of a header carried in the URI.
    pub fn header(&self, name: &str) -> Option<std::borrow::Cow<'a, str>> {
        self.headers()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| unescape(value))
    }

    /// What follows the colon of an unknown scheme.
    pub const fn opaque_text(&self) -> &'a str {
        if matches!(self.scheme, Scheme::Other) {
            self.headers
        } else {
            ""
        }
    }

    /// RFC 3261 §19.1.4 for sip and sips. Not transitive, so it is no `==`.
    pub fn is_equivalent(&self, other: &Parts<'_>) -> bool {
        equal::is_equivalent(self, other)
    }

    pub fn to_uri(&self) -> Uri {
        Uri(self.text.into())
    }
}

/// An owned URI whose text is known to be valid. `==` compares the text; see [`Uri::is_equivalent`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uri(Box<str>);

impl Uri {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &str) -> Result<Self, Bad> {
        Parts::parse(text).map(|parts| parts.to_uri())
    }

    /// `sip:user@host:port`, escaping the user. `host` is a name, an IPv4 address or a bracketed IPv6 address.
    ///
    /// # Errors
    ///
    /// When `host` is none of these.
    pub fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Result<Self, Bad> {
        let mut text = String::from("sip:");
        if let Some(user) = user {
            text.push_str(&escape_user(user));
            text.push('@');
        }
        text.push_str(host);
        if let Some(port) = port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        Self::parse(&text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI taken apart.
    pub fn parts(&self) -> Parts<'_> {
        // The text was parsed when this was made; the fallback is never taken.
        parse::parse(&self.0).unwrap_or(Parts::opaque(&self.0, Scheme::Other, ""))
    }

    /// [`Parts::is_equivalent`].
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.parts().is_equivalent(&other.parts())
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Users are telephone numbers: personal data stays out of logs.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.parts(), f)
    }
}

/// As that of [`Uri`].
impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.user.is_some() { "···@" } else { "" };
        write!(f, "{}:{user}{}", self.scheme_text(), self.host)
    }
}

impl std::str::FromStr for Uri {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        Self::parse(text)
    }
}

impl Serialize for Uri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Uri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
