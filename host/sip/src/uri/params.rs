use std::borrow::Cow;

use crate::error::Bad;
use crate::token::{closing_quote, find_byte, find_outside, split_at_byte, trim};

/// A `;name=value;flag` list, borrowed as it came. Of a name given twice the first counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params<'a>(&'a str);

impl<'a> Params<'a> {
    /// `text` is empty or begins with `;` (white space around it is fine).
    pub(crate) fn parse(text: &'a str, offset: usize) -> Result<Self, Bad> {
        let text = trim(text);
        if !text.is_empty() && !text.starts_with(';') {
            return Err(Bad::new("`;` before a parameter", offset));
        }
        if let Some(quote) = find_byte(text, b'"')
            && unbalanced(text.as_bytes(), quote)
        {
            return Err(Bad::new("a closing quote", offset + quote));
        }
        Ok(Self(text))
    }

    pub(crate) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// As it came, with its leading `;`; empty without parameters.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Names and values as they came; `None` for a flag.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + Clone {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let from = usize::from(rest.starts_with(';'));
                let end = find_outside(rest, from, b";", false).unwrap_or(rest.len());
                let one = trim(&rest[from..end]);
                rest = &rest[end..];
                if one.is_empty() {
                    continue;
                }
                return Some(match split_at_byte(one, b'=') {
                    Some((name, value)) => (trim(name), Some(trim(value))),
                    None => (one, None),
                });
            }
            None
        })
    }

    /// The raw value of `name` (any case); `Some("")` for a flag.
    pub fn get(self, name: &str) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        self.iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or(""))
    }

    pub fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// [`get`](Self::get) without quotes and quoted pairs.
    pub fn unquoted(self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(unquote)
    }
}

fn unbalanced(bytes: &[u8], mut at: usize) -> bool {
    loop {
        match closing_quote(bytes, at) {
            None => return true,
            Some(end) => match bytes[end + 1..].iter().position(|&b| b == b'"') {
                Some(next) => at = end + 1 + next,
                None => return false,
            },
        }
    }
}

/// Takes a quoted string apart; anything else is returned as it is.
pub fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            c
        });
    }
    Cow::Owned(plain)
}

/// As a quoted string, with `"` and `\` escaped and line ends turned into spaces.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\r' | '\n' | '\0' => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
