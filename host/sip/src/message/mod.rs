//! Messages (RFC 3261 §7): read by indexing the header lines once over the bytes they came in.
//!
//! Nothing is copied or interpreted that nobody asks for: [`Headers`] finds lines by [`Name`], and its
//! typed readers (`from`, `via`, `contacts` …) take one apart when called. What this crate does not
//! know stays byte for byte. Printing is next door, in [`build`](crate::build).
//!
//! [`Message::parse`] also checks what every request and response must have (RFC 3261 §8.1.1), so that
//! those readers cannot fail later on Via, From, To, Call-ID and CSeq. A bad request that could still
//! be answered comes back inside its [`Rejected`].

mod check;
mod headers;
mod index;
mod name;
mod typed;

use std::fmt;

use bytes::Bytes;

pub use headers::{Field, Headers};
pub use name::{HeaderName, Name};

use crate::error::{Bad, ParseError};
use crate::uri::Parts;
use crate::{Method, Status};

/// Bytes of a whole message; also what one UDP datagram can hold.
pub const MAX_MESSAGE: usize = 65_535;
/// Header lines of a message.
pub const MAX_HEADERS: usize = 256;
/// Values of one list header that is walked (Via, Route, Contact …).
pub const MAX_VALUES: usize = 64;
/// Bytes of a Request-URI.
pub const MAX_URI: usize = 8_192;

/// What came out of one datagram or one frame of a stream.
#[derive(Clone, Debug)]
pub enum Message {
    Request(Request),
    Response(Response),
}

impl Message {
    /// Reads a whole message.
    ///
    /// # Errors
    ///
    /// [`Rejected`], with the request inside if it can be answered. A bad response is to be dropped.
    pub fn parse(bytes: Bytes) -> Result<Self, Rejected> {
        index::parse(bytes)
    }

    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    pub fn body(&self) -> &Bytes {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }
}

/// A message that is not to be processed, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct Rejected {
    pub error: ParseError,
    /// The request as far as it could be read. Answer it with [`ParseError::status`] when
    /// [`Rejected::answerable`] gives it; otherwise stay silent.
    pub request: Option<Box<Request>>,
}

impl Rejected {
    /// The request if a response to it can find its way: it is no ACK and its topmost Via is sound.
    pub fn answerable(&self) -> Option<&Request> {
        let request = self.request.as_deref()?;
        let can = request.method != Method::Ack && request.headers.via().is_ok();
        can.then_some(request)
    }
}

impl From<ParseError> for Rejected {
    fn from(error: ParseError) -> Self {
        Self { error, request: None }
    }
}

/// A request.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    uri: (usize, usize),
    pub headers: Headers,
    pub body: Bytes,
}

impl Request {
    /// [`Message::parse`] for what must be a request (tests, stored requests).
    ///
    /// # Errors
    ///
    /// As [`Message::parse`]; a response is an error.
    pub fn parse(bytes: Bytes) -> Result<Self, Rejected> {
        match Message::parse(bytes)? {
            Message::Request(request) => Ok(request),
            Message::Response(_) => Err(ParseError::syntax(crate::Place::StartLine, "a request", 0).into()),
        }
    }

    /// The Request-URI as it came.
    pub fn uri_text(&self) -> &str {
        let bytes = self.headers.bytes.get(self.uri.0..self.uri.1).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The Request-URI taken apart. It was checked when the request was read, so a request out of
    /// [`Message::parse`] never fails here.
    ///
    /// # Errors
    ///
    /// What was expected, and where.
    pub fn uri(&self) -> Result<Parts<'_>, Bad> {
        Parts::parse(self.uri_text())
    }

    /// Notes in the topmost Via where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4): `received`
    /// when the sender's own word differs or it asks for `rport`, and then `rport` too. Responses copy that Via.
    pub fn stamp(&mut self, source: std::net::SocketAddr) {
        let Some(position) = self.headers.fields.iter().position(|span| span.name == Name::Via) else {
            return;
        };
        let Some(line) = self.headers.get(Name::Via) else {
            return;
        };
        if let Some(stamped) = crate::build::stamped_via(line, source) {
            self.headers.replace(position, &stamped);
        }
    }

    /// The whole message as it came (folded lines joined, the topmost Via stamped).
    pub fn as_bytes(&self) -> &Bytes {
        &self.headers.bytes
    }
}

/// A response.
#[derive(Clone)]
pub struct Response {
    pub status: Status,
    reason: (usize, usize),
    pub headers: Headers,
    pub body: Bytes,
}

impl Response {
    /// [`Message::parse`] for what must be a response (tests).
    ///
    /// # Errors
    ///
    /// As [`Message::parse`]; a request is an error.
    pub fn parse(bytes: Bytes) -> Result<Self, Rejected> {
        match Message::parse(bytes)? {
            Message::Response(response) => Ok(response),
            Message::Request(_) => Err(ParseError::syntax(crate::Place::StartLine, "a response", 0).into()),
        }
    }

    /// The reason phrase as it came.
    pub fn reason(&self) -> &str {
        let bytes = self
            .headers
            .bytes
            .get(self.reason.0..self.reason.1)
            .unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The whole message as it came (folded lines joined).
    pub fn as_bytes(&self) -> &Bytes {
        &self.headers.bytes
    }
}

/// What tells messages apart, without what is personal in them.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Request({}, {:?}, {} body bytes)",
            self.method,
            self.headers,
            self.body.len()
        )
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Response({}, {:?}, {} body bytes)",
            self.status,
            self.headers,
            self.body.len()
        )
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name| self.get(name).unwrap_or("none");
        write!(
            f,
            "Call-ID {}, CSeq {}, {} lines",
            text(Name::CallId),
            text(Name::CSeq),
            self.len()
        )
    }
}
