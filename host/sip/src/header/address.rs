use std::borrow::Cow;
use std::fmt;

use crate::error::Bad;
use crate::token::{closing_quote, find_byte, find_outside, is_space, split_list, trim};
use crate::uri::{Params, Parts, unquote};

/// `"Name" <uri>;params`, or a bare URI with header parameters (RFC 3261 §20.10): From, To, Route,
/// P-Asserted-Identity, Refer-To, Diversion …
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NameAddr<'a> {
    display: &'a str,
    pub uri: Parts<'a>,
    /// The header's parameters, not the URI's.
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        let bytes = text.as_bytes();
        let start = bytes.iter().take_while(|b| is_space(**b)).count();
        if bytes.get(start) == Some(&b'"') {
            let close = closing_quote(bytes, start).ok_or(Bad::new("a closing quote", start))?;
            let open = close + 1 + bytes[close + 1..].iter().take_while(|b| is_space(**b)).count();
            if bytes.get(open) != Some(&b'<') {
                return Err(Bad::new("`<` after the display name", open));
            }
            return Self::bracketed(text, &text[start..=close], open);
        }
        match find_byte(text, b'<') {
            Some(open) => {
                let display = trim(&text[start..open]);
                if let Some(at) = display.bytes().position(|b| !is_display_byte(b)) {
                    return Err(Bad::new("a display name without `,;:@` or in quotes", start + at));
                }
                Self::bracketed(text, display, open)
            }
            None => Self::bare(text, start),
        }
    }

    fn bracketed(text: &'a str, display: &'a str, open: usize) -> Result<Self, Bad> {
        let close = open + find_byte(&text[open..], b'>').ok_or(Bad::new("`>`", text.len()))?;
        let uri = Parts::parse(&text[open + 1..close]).map_err(|bad| shifted(bad, open + 1))?;
        let params = Params::parse(&text[close + 1..], close + 1)?;
        Ok(Self { display, uri, params })
    }

    /// Without `<>`, what follows the first `;` belongs to the header, and `?` and `,` cannot occur (§20.10).
    fn bare(text: &'a str, start: usize) -> Result<Self, Bad> {
        let end = text[start..]
            .find(';')
            .map_or(text.len(), |length| start + length);
        let address = trim(&text[start..end]);
        if let Some(at) = address.find(['?', ',']) {
            return Err(Bad::new("`<>` around a URI that holds `?` or `,`", start + at));
        }
        let uri = Parts::parse(address).map_err(|bad| shifted(bad, start))?;
        let params = Params::parse(&text[end..], end)?;
        Ok(Self {
            display: "",
            uri,
            params,
        })
    }

    /// The display name without its quotes; `None` when there is none or it is empty.
    pub fn display_name(&self) -> Option<Cow<'a, str>> {
        Some(unquote(self.display)).filter(|name| !name.is_empty())
    }

    /// The display name as it came, with its quotes.
    pub const fn display_text(&self) -> &'a str {
        self.display
    }

    /// The `tag` of a From or To.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

/// The `tag` of a From or To that was read before: the address in front of it is not taken apart once more.
pub(crate) fn tag_of(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let start = bytes.iter().take_while(|b| is_space(**b)).count();
    let display = match bytes.get(start) {
        Some(b'"') => closing_quote(bytes, start)?,
        _ => start,
    };
    let rest = &text[display..];
    let params = match find_byte(rest, b'<') {
        Some(open) => &rest[open + find_byte(&rest[open..], b'>')? + 1..],
        None => &rest[find_byte(rest, b';')?..],
    };
    Params::new(trim(params)).get("tag").filter(|tag| !tag.is_empty())
}

/// Display names without quotes should be tokens and spaces. Gateways send parentheses and other alphabets too;
/// what could end a value or begin another is refused.
fn is_display_byte(byte: u8) -> bool {
    is_space(byte) || (byte > b' ' && byte != 0x7f && !b",;:@\\\"<>".contains(&byte))
}

/// Without the name: it is personal.
impl fmt::Debug for NameAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?}>{}", self.uri, self.params.as_str())
    }
}

fn shifted(bad: Bad, by: usize) -> Bad {
    Bad {
        at: bad.at + by,
        ..bad
    }
}

/// One Contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact<'a> {
    pub address: NameAddr<'a>,
}

impl<'a> Contact<'a> {
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn parse(text: &'a str) -> Result<Self, Bad> {
        NameAddr::parse(text).map(|address| Self { address })
    }

    /// Seconds; a value that is no number counts as 3600 (RFC 3261 §20.10). `None` when absent.
    pub fn expires(&self) -> Option<u32> {
        let text = self.address.params.get("expires")?;
        Some(saturating_seconds(text).unwrap_or(3_600))
    }

    /// Preference in thousandths, 0 to 1000; 1000 when absent or unreadable.
    pub fn q(&self) -> u16 {
        self.address.params.get("q").and_then(parse_q).unwrap_or(1_000)
    }

    /// `+sip.instance` without quotes and angle brackets (RFC 5626).
    pub fn instance(&self) -> Option<Cow<'a, str>> {
        let text = self.address.params.unquoted("+sip.instance")?;
        Some(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(['<', '>'])),
            Cow::Owned(text) => Cow::Owned(text.trim_matches(['<', '>']).to_owned()),
        })
    }

    /// `reg-id` (RFC 5626); at least 1.
    pub fn reg_id(&self) -> Option<u32> {
        self.address
            .params
            .get("reg-id")
            .and_then(crate::token::parse_u32)
            .filter(|id| *id > 0)
    }
}

/// Digits, with anything too large taken as the largest.
pub(crate) fn saturating_seconds(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}

/// `0`, `1`, `0.5`, `1.000`.
fn parse_q(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u16 = whole.parse().ok().filter(|whole| *whole <= 1)?;
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    Some(whole * 1_000 + thousandths).filter(|q| *q <= 1_000)
}

/// All Contacts of a message, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts<'a> {
    /// `Contact: *`: every binding, only in a REGISTER with Expires: 0.
    Wildcard,
    /// Possibly none.
    List(Vec<Contact<'a>>),
}

impl<'a> Contacts<'a> {
    /// From the values of all Contact lines.
    ///
    /// # Errors
    ///
    /// What was expected, and where; also for `*` among others and for more than
    /// [`MAX_VALUES`](crate::MAX_VALUES).
    pub fn parse(lines: impl Iterator<Item = &'a str>) -> Result<Self, Bad> {
        let mut list = Vec::new();
        let mut wildcard = false;
        for value in lines.flat_map(split_list) {
            if wildcard || list.len() >= crate::MAX_VALUES {
                return Err(Bad::new("fewer contacts", 0));
            }
            if value == "*" && list.is_empty() {
                wildcard = true;
            } else {
                list.push(Contact::parse(value)?);
            }
        }
        Ok(if wildcard {
            Self::Wildcard
        } else {
            Self::List(list)
        })
    }
}

/// `<uri>` of headers such as Alert-Info and Call-Info, whose URI may be of any scheme.
pub(crate) fn in_brackets(text: &str) -> Option<&str> {
    let open = find_outside(text, 0, b"<", false)?;
    let close = text[open..].find('>')? + open;
    Some(&text[open + 1..close])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_found_without_the_address_as_with_it() {
        for text in [
            "<sip:a@b.example>;tag=1",
            "sip:a@b.example;tag=2",
            "\"A \\\" <x;tag=no>\" <sip:a@b.example;tag=no>;x=1 ; TAG=3",
            "Alice <sip:a@b.example;tag=no>",
            "<sip:a@b.example> ; tag=",
            "sip:a@b.example",
            " \"A;tag=no\"<sip:a@b.example>; tag=4",
        ] {
            assert_eq!(tag_of(text), NameAddr::parse(text).unwrap().tag(), "{text}");
        }
    }
}
