use std::fmt;

use crate::{Name, Status};

/// What is wrong with a message, where, and which status answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub fault: Fault,
    pub place: Place,
    /// Bytes from the start of the message for [`Place::StartLine`] and [`Place::Message`], else from
    /// the start of the header's value.
    pub offset: usize,
}

/// Part of the message that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Message,
    StartLine,
    Header(Name),
    Body,
}

/// The kind of wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Does not follow the grammar; the words say what was expected.
    Syntax(&'static str),
    /// Longer than [`MAX_MESSAGE`](crate::MAX_MESSAGE).
    TooLarge,
    /// More header lines than [`MAX_HEADERS`](crate::MAX_HEADERS), or values than [`MAX_VALUES`](crate::MAX_VALUES).
    TooMany,
    /// The Request-URI is longer than [`MAX_URI`](crate::MAX_URI).
    UriTooLong,
    /// A mandatory header is missing.
    Missing,
    /// A header that may come once came twice.
    Repeated,
    /// A number outside its range.
    OutOfRange,
    /// The method of CSeq is not that of the request.
    MethodMismatch,
    /// SIP, but not 2.0.
    Version,
    /// The body is shorter than Content-Length says.
    BodyTooShort,
}

impl ParseError {
    pub(crate) fn syntax(place: Place, expected: &'static str, offset: usize) -> Self {
        Self {
            fault: Fault::Syntax(expected),
            place,
            offset,
        }
    }

    pub(crate) fn new(fault: Fault, place: Place) -> Self {
        Self {
            fault,
            place,
            offset: 0,
        }
    }

    /// The status that answers a request with this fault.
    pub fn status(&self) -> Status {
        match self.fault {
            Fault::TooLarge | Fault::TooMany => Status::MESSAGE_TOO_LARGE,
            Fault::UriTooLong => Status::REQUEST_URI_TOO_LONG,
            Fault::Version => Status::VERSION_NOT_SUPPORTED,
            Fault::Syntax(_)
            | Fault::Missing
            | Fault::Repeated
            | Fault::OutOfRange
            | Fault::MethodMismatch
            | Fault::BodyTooShort => Status::BAD_REQUEST,
        }
    }
}

impl std::error::Error for ParseError {}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Message => f.write_str("message")?,
            Place::StartLine => f.write_str("start line")?,
            Place::Header(name) => f.write_str(name.as_str())?,
            Place::Body => f.write_str("body")?,
        }
        match self.fault {
            Fault::Syntax(expected) => write!(f, ": expected {expected} at {}", self.offset),
            Fault::TooLarge => f.write_str(" too large"),
            Fault::TooMany => f.write_str(" too many"),
            Fault::UriTooLong => f.write_str(": URI too long"),
            Fault::Missing => f.write_str(" missing"),
            Fault::Repeated => f.write_str(" repeated"),
            Fault::OutOfRange => f.write_str(": number out of range"),
            Fault::MethodMismatch => f.write_str(": not the request's method"),
            Fault::Version => f.write_str(": version not 2.0"),
            Fault::BodyTooShort => f.write_str(" shorter than Content-Length"),
        }
    }
}

/// A fault inside a value, before it is known in which header: what was expected, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at {at}")]
pub struct Bad {
    pub expected: &'static str,
    pub at: usize,
}

impl Bad {
    pub(crate) fn new(expected: &'static str, at: usize) -> Self {
        Self { expected, at }
    }

    pub(crate) fn in_header(self, name: Name) -> ParseError {
        ParseError::syntax(Place::Header(name), self.expected, self.at)
    }
}
