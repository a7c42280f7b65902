use bytes::{Bytes, BytesMut};

use super::name::{HeaderName, Name};
use crate::token::split_list;

/// The header lines of a message: an index over its bytes.
#[derive(Clone)]
pub struct Headers {
    pub(super) bytes: Bytes,
    pub(super) fields: Vec<Span>,
}

/// Where one header line lies in the message. Messages are below 64 KiB, so 16 bits do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub name: Name,
    pub start: u16,
    pub name_end: u16,
    pub value_start: u16,
    pub value_end: u16,
}

/// One header line.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    headers: &'a Headers,
    span: Span,
}

impl<'a> Field<'a> {
    pub fn name(&self) -> Name {
        self.span.name
    }

    /// The name as it came (`v`, `Via`, `X-Thing`).
    pub fn name_text(&self) -> &'a str {
        self.headers.text(self.span.start, self.span.name_end)
    }

    /// The value as it came, without the white space around it; folded lines have been joined.
    pub fn value(&self) -> &'a str {
        self.headers.text(self.span.value_start, self.span.value_end)
    }

    /// Whether this is the header of that name.
    pub fn is(&self, name: HeaderName<'_>) -> bool {
        match name.name {
            Name::Other => self.span.name == Name::Other && self.name_text().eq_ignore_ascii_case(name.text),
            known => self.span.name == known,
        }
    }
}

impl Headers {
    fn text(&self, start: u16, end: u16) -> &str {
        let bytes = self
            .bytes
            .get(usize::from(start)..usize::from(end))
            .unwrap_or_default();
        // Reading the message made sure of UTF-8.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// All header lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> + Clone {
        self.fields.iter().map(|span| Field {
            headers: self,
            span: *span,
        })
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Header lines of that name, in order.
    pub fn all<'a>(&'a self, name: impl Into<HeaderName<'a>>) -> impl Iterator<Item = Field<'a>> + Clone {
        let name = name.into();
        self.iter().filter(move |field| field.is(name))
    }

    /// The value of the first line of that name.
    pub fn get<'a>(&'a self, name: impl Into<HeaderName<'a>>) -> Option<&'a str> {
        self.all(name).next().map(|field| field.value())
    }

    pub fn has<'a>(&'a self, name: impl Into<HeaderName<'a>>) -> bool {
        self.all(name).next().is_some()
    }

    /// The values of all lines of that name, taken apart at their commas, in order.
    pub fn values<'a>(&'a self, name: impl Into<HeaderName<'a>>) -> impl Iterator<Item = &'a str> + Clone {
        self.all(name).flat_map(|field| split_list(field.value()))
    }

    /// Whether a list header (Supported, Require, Allow …) names `token`. Option tags compare in any case.
    pub fn lists(&self, name: Name, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// The bytes of one line, name and value, without its CRLF.
    pub(crate) fn line(&self, field: &Field<'_>) -> &[u8] {
        let (start, end) = (usize::from(field.span.start), usize::from(field.span.value_end));
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Bytes that a message with these headers and a few more takes, without its body.
    pub(crate) fn head_room(&self) -> usize {
        self.fields.last().map_or(0, |last| usize::from(last.value_end)) + 512
    }

    /// Another value for one line. Does nothing when the message would grow beyond its bound.
    pub(super) fn replace(&mut self, position: usize, value: &str) {
        let Some(span) = self.fields.get(position).copied() else {
            return;
        };
        let (from, to) = (usize::from(span.value_start), usize::from(span.value_end));
        let size = self.bytes.len() - (to - from) + value.len();
        if size > super::MAX_MESSAGE {
            return;
        }
        let mut bytes = BytesMut::with_capacity(size);
        bytes.extend_from_slice(&self.bytes[..from]);
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(&self.bytes[to..]);
        self.bytes = bytes.freeze();
        // All ends stay below MAX_MESSAGE, which 16 bits hold.
        let moved = |at: u16| (usize::from(at) + value.len() - (to - from)) as u16;
        for later in &mut self.fields[position + 1..] {
            later.start = moved(later.start);
            later.name_end = moved(later.name_end);
            later.value_start = moved(later.value_start);
            later.value_end = moved(later.value_end);
        }
        self.fields[position].value_end = moved(span.value_end);
    }
}
