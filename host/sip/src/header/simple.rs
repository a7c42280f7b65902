use std::borrow::Cow;

use super::address::saturating_seconds;
use crate::error::Bad;
use crate::token::{find_outside, is_token, parse_u32, trim};
use crate::uri::Params;

/// CSeq (RFC 3261 §20.16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Below 2³¹ (§8.1.1.5).
    pub number: u32,
    pub method: &'a str,
}

impl<'a> CSeq<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let (number, method) = words(text).ok_or(Bad::new("a number and a method", 0))?;
        let number = parse_u32(number)
            .filter(|n| *n < 1 << 31)
            .ok_or(Bad::new("a number below 2^31", 0))?;
        if !is_token(method) {
            return Err(Bad::new("a method", text.len() - method.len()));
        }
        Ok(Self { number, method })
    }
}

/// RAck (RFC 3262 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RAck<'a> {
    pub rseq: u32,
    pub cseq: CSeq<'a>,
}

impl<'a> RAck<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let (rseq, rest) = words(text).ok_or(Bad::new("two numbers and a method", 0))?;
        let rseq = parse_u32(rseq).ok_or(Bad::new("a number", 0))?;
        Ok(Self {
            rseq,
            cseq: CSeq::parse(rest)?,
        })
    }
}

/// The first word and the rest.
fn words(text: &str) -> Option<(&str, &str)> {
    let text = trim(text);
    let end = text.find([' ', '\t'])?;
    Some((&text[..end], trim(&text[end..])))
}

/// A word and parameters: the shape of Content-Type, Event, Replaces, Reason and others.
fn worded<'a>(text: &'a str, expected: &'static str) -> Result<(&'a str, Params<'a>), Bad> {
    let end = find_outside(text, 0, b";", false).unwrap_or(text.len());
    let word = trim(&text[..end]);
    if word.is_empty() {
        return Err(Bad::new(expected, 0));
    }
    Ok((word, Params::parse(&text[end..], end)?))
}

/// Content-Type (RFC 3261 §20.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// `application/sdp`, as it came.
    pub essence: &'a str,
    pub params: Params<'a>,
}

impl<'a> MediaType<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let (essence, params) = worded(text, "a media type")?;
        let (kind, subtype) = essence
            .split_once('/')
            .ok_or(Bad::new("`/` in the media type", 0))?;
        if !is_token(trim(kind)) || !is_token(trim(subtype)) {
            return Err(Bad::new("a media type", 0));
        }
        Ok(Self { essence, params })
    }

    /// Compares with a lower-case `type/subtype`, in any case.
    pub fn is(&self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }
}

/// Event of a subscription (RFC 6665 §8.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    pub package: &'a str,
    pub params: Params<'a>,
}

impl<'a> Event<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let (package, params) = worded(text, "an event package")?;
        if !is_token(package) {
            return Err(Bad::new("an event package", 0));
        }
        Ok(Self { package, params })
    }

    pub fn id(&self) -> Option<&'a str> {
        self.params.get("id")
    }
}

/// Subscription-State (RFC 6665 §8.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionState<'a> {
    /// `active`, `pending`, `terminated` or an extension.
    pub state: &'a str,
    pub params: Params<'a>,
}

impl<'a> SubscriptionState<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let (state, params) = worded(text, "a subscription state")?;
        Ok(Self { state, params })
    }
}

/// Reason of a request that ends something (RFC 3326).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    /// `SIP`, `Q.850` …
    pub protocol: &'a str,
    pub params: Params<'a>,
}

impl<'a> Reason<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let (protocol, params) = worded(text, "a protocol")?;
        Ok(Self { protocol, params })
    }

    pub fn cause(&self) -> Option<u32> {
        self.params.get("cause").and_then(parse_u32)
    }

    pub fn text(&self) -> Option<Cow<'a, str>> {
        self.params.unquoted("text")
    }
}

/// A dialog as somebody else names it: whose side `to_tag` is, is the reader's (RFC 3891 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialogName<'a> {
    pub call_id: &'a str,
    pub to_tag: &'a str,
    pub from_tag: &'a str,
}

impl<'a> DialogName<'a> {
    /// Join (RFC 3911 §7.1) says nothing else.
    ///
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        Replaces::parse(text).map(|replaces| replaces.dialog)
    }
}

/// Replaces (RFC 3891 §6.1): the dialog that the new call takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaces<'a> {
    pub dialog: DialogName<'a>,
    /// Only if that dialog is not confirmed yet.
    pub early_only: bool,
}

impl<'a> Replaces<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let (call_id, params) = worded(text, "a Call-ID")?;
        let tag = |name, expected| {
            params
                .get(name)
                .filter(|t| !t.is_empty())
                .ok_or(Bad::new(expected, text.len()))
        };
        Ok(Self {
            dialog: DialogName {
                call_id,
                to_tag: tag("to-tag", "a to-tag")?,
                from_tag: tag("from-tag", "a from-tag")?,
            },
            early_only: params.has("early-only"),
        })
    }
}

/// Session-Expires (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires<'a> {
    pub seconds: u32,
    /// `uac` or `uas`: who refreshes.
    pub refresher: Option<&'a str>,
}

impl<'a> SessionExpires<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let (seconds, params) = worded(text, "seconds")?;
        let seconds = saturating_seconds(seconds).ok_or(Bad::new("seconds", 0))?;
        Ok(Self {
            seconds,
            refresher: params.get("refresher"),
        })
    }
}
