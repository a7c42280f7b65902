//! Reading a message: start line, header index, body. One pass, no copies in the usual case.

use bytes::Bytes;

use super::headers::{Headers, Span};
use super::name::Name;
use super::{MAX_HEADERS, MAX_MESSAGE, MAX_URI, Message, Rejected, Request, Response};
use crate::error::{Fault, ParseError, Place};
use crate::token::{is_space, is_token_bytes};
use crate::{Method, Status};

/// Where a message's parts lie, before they are judged.
struct Lines {
    start_line: (usize, usize),
    fields: Vec<Span>,
    body: usize,
}

pub(super) fn parse(bytes: Bytes) -> Result<Message, Rejected> {
    if bytes.len() > MAX_MESSAGE {
        return Err(ParseError::new(Fault::TooLarge, Place::Message).into());
    }
    let bytes = readable(bytes)?;
    let (lines, fault) = index(&bytes)?;
    let (from, to) = lines.start_line;
    let start_line = std::str::from_utf8(&bytes[from..to]).unwrap_or_default();
    if start_line
        .get(..4)
        .is_some_and(|s| s.eq_ignore_ascii_case("SIP/"))
    {
        return match fault {
            Some(fault) => Err(fault.into()),
            None => response(&bytes, lines),
        };
    }
    request(&bytes, lines, fault)
}

fn response(bytes: &Bytes, lines: Lines) -> Result<Message, Rejected> {
    let (from, to) = lines.start_line;
    let line = std::str::from_utf8(&bytes[from..to]).unwrap_or_default();
    let (version, rest) = line.split_once(' ').unwrap_or((line, ""));
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(ParseError::new(Fault::Version, Place::StartLine).into());
    }
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = (code.len() == 3)
        .then(|| code.parse().ok())
        .flatten()
        .and_then(Status::new);
    let Some(status) = status else {
        return Err(ParseError::syntax(Place::StartLine, "a status code", from + version.len() + 1).into());
    };
    let reason = (to - reason.len(), to);
    let headers = Headers {
        bytes: bytes.clone(),
        fields: lines.fields,
    };
    let body = body(bytes, &headers, lines.body)?;
    let response = Response {
        status,
        reason,
        headers,
        body,
    };
    super::check::response(&response)?;
    Ok(Message::Response(response))
}

fn request(bytes: &Bytes, lines: Lines, fault: Option<ParseError>) -> Result<Message, Rejected> {
    let (from, to) = lines.start_line;
    let line = std::str::from_utf8(&bytes[from..to]).unwrap_or_default();
    let (method, uri, fault_of_line) = request_line(line, from)?;
    let headers = Headers {
        bytes: bytes.clone(),
        fields: lines.fields,
    };
    let (body, fault_of_body) = match body(bytes, &headers, lines.body) {
        Ok(body) => (body, None),
        Err(fault) => (Bytes::new(), Some(fault)),
    };
    let request = Request {
        method,
        uri,
        headers,
        body,
    };
    let checked = match fault.or(fault_of_line).or(fault_of_body) {
        Some(fault) => Err(fault),
        None => super::check::request(&request),
    };
    match checked {
        Ok(()) => Ok(Message::Request(request)),
        Err(error) => Err(Rejected {
            error,
            request: Some(Box::new(request)),
        }),
    }
}

type RequestLine = (Method, (usize, usize), Option<ParseError>);

/// Method, where the URI lies, and what is wrong with the line if it can still be answered.
fn request_line(line: &str, from: usize) -> Result<RequestLine, ParseError> {
    let syntax = |what, at| ParseError::syntax(Place::StartLine, what, from + at);
    let (method, _) = line
        .split_once(' ')
        .ok_or(syntax("a request or status line", 0))?;
    let method_end = method.len();
    let method = Method::parse(method).ok_or(syntax("a method", 0))?;
    let version_at = line.rfind(' ').unwrap_or(method_end);
    let version = &line[version_at + 1..];
    let uri = (from + (method_end + 1).min(version_at), from + version_at);
    let uri_text = line.get(method_end + 1..version_at).unwrap_or("");
    let fault = if version_at == method_end {
        Some(syntax("a Request-URI and a version", method_end))
    } else if !version.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("SIP/")) {
        Some(syntax("SIP/2.0", version_at + 1))
    } else if !version.eq_ignore_ascii_case("SIP/2.0") {
        Some(ParseError::new(Fault::Version, Place::StartLine))
    } else if uri_text.len() > MAX_URI {
        Some(ParseError::new(Fault::UriTooLong, Place::StartLine))
    } else {
        crate::uri::Parts::parse(uri_text)
            .err()
            .map(|bad| syntax(bad.expected, method_end + 1 + bad.at))
    };
    Ok((method, uri, fault))
}

/// The body as Content-Length delimits it, else the rest of the datagram.
fn body(bytes: &Bytes, headers: &Headers, start: usize) -> Result<Bytes, ParseError> {
    let available = bytes.len() - start;
    let length = headers
        .content_length()?
        .map_or(available, |length| length as usize);
    if length > MAX_MESSAGE - start {
        return Err(ParseError::new(Fault::TooLarge, Place::Body));
    }
    if length > available {
        return Err(ParseError::new(Fault::BodyTooShort, Place::Body));
    }
    Ok(bytes.slice(start..start + length))
}

/// A head that every part of can be borrowed as `&str`, on one line each.
///
/// Folded lines are joined by overwriting their CRLF with spaces, which RFC 3261 §7.3.1 calls the
/// same. A head that is no UTF-8 is read as Latin-1 where it is not, as every phone that sends such
/// a display name means it. Both are rare, and only then is the message copied.
fn readable(bytes: Bytes) -> Result<Bytes, ParseError> {
    let (head, folded) = survey(&bytes);
    let is_utf8 = std::str::from_utf8(&bytes[..head]).is_ok();
    if !folded && is_utf8 {
        return Ok(bytes);
    }
    let mut copy = Vec::with_capacity(bytes.len() + 16);
    for chunk in bytes[..head].utf8_chunks() {
        copy.extend_from_slice(chunk.valid().as_bytes());
        for byte in chunk.invalid() {
            copy.extend_from_slice(char::from(*byte).encode_utf8(&mut [0; 2]).as_bytes());
        }
    }
    if folded {
        unfold(&mut copy);
    }
    copy.extend_from_slice(&bytes[head..]);
    if copy.len() > MAX_MESSAGE {
        return Err(ParseError::new(Fault::TooLarge, Place::Message));
    }
    Ok(copy.into())
}

/// The length of the head with its empty line (everything when there is none), and whether a line is folded.
fn survey(bytes: &[u8]) -> (usize, bool) {
    let start = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let mut folded = false;
    for at in memchr::memchr_iter(b'\n', &bytes[start..]) {
        match bytes[start + at + 1..] {
            [b'\n', ..] => return (start + at + 2, folded),
            [b'\r', b'\n', ..] => return (start + at + 3, folded),
            [b' ' | b'\t', ..] => folded = true,
            _ => {}
        }
    }
    (bytes.len(), folded)
}

fn unfold(head: &mut [u8]) {
    // A start line cannot be folded: white space after it stays, and is then a bad header line.
    let first = memchr::memchr(b'\n', head).map_or(head.len(), |at| at + 1);
    for at in first..head.len() {
        if head[at] == b'\n' && matches!(head.get(at + 1), Some(b' ' | b'\t')) {
            head[at] = b' ';
            if head[at - 1] == b'\r' {
                head[at - 1] = b' ';
            }
        }
    }
}

/// Finds the lines. An unanswerable message is an `Err`; a fault in an answerable one is returned beside them.
fn index(bytes: &[u8]) -> Result<(Lines, Option<ParseError>), ParseError> {
    // RFC 3261 §7.5: line ends before the start line do not count.
    let from = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let (to, mut next) = line_end(bytes, from).unwrap_or((bytes.len(), bytes.len()));
    if from == to {
        return Err(ParseError::syntax(Place::StartLine, "a start line", from));
    }
    let mut fields = Vec::with_capacity(24);
    let mut fault = None;
    loop {
        let Some((end, after)) = line_end(bytes, next) else {
            let error = ParseError::syntax(Place::Message, "an empty line after the headers", bytes.len());
            fault = fault.or(Some(error));
            next = bytes.len();
            break;
        };
        if end == next {
            next = after;
            break;
        }
        match field(bytes, next, end) {
            Some(span) if fields.len() < MAX_HEADERS => fields.push(span),
            Some(_) => {
                fault = fault.or(Some(ParseError::new(Fault::TooMany, Place::Message)));
                next = survey(bytes).0;
                break;
            }
            None => fault = fault.or(Some(ParseError::syntax(Place::Message, "`name: value`", next))),
        }
        next = after;
    }
    Ok((
        Lines {
            start_line: (from, to),
            fields,
            body: next,
        },
        fault,
    ))
}

/// Where the line that begins at `start` ends, and where the next begins. A bare LF ends a line too.
fn line_end(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let newline = start + memchr::memchr(b'\n', bytes.get(start..)?)?;
    let end = if newline > start && bytes[newline - 1] == b'\r' {
        newline - 1
    } else {
        newline
    };
    Some((end, newline + 1))
}

fn field(bytes: &[u8], start: usize, end: usize) -> Option<Span> {
    let colon = start + memchr::memchr(b':', &bytes[start..end])?;
    let name_end = colon - spaces(bytes[start..colon].iter().rev());
    let name = &bytes[start..name_end];
    if !is_token_bytes(name) {
        return None;
    }
    let value_start = colon + 1 + spaces(bytes[colon + 1..end].iter());
    let value_end = end - spaces(bytes[value_start..end].iter().rev());
    let short = |at: usize| u16::try_from(at).ok();
    Some(Span {
        name: Name::of_bytes(name),
        start: short(start)?,
        name_end: short(name_end)?,
        value_start: short(value_start)?,
        value_end: short(value_end)?,
    })
}

/// How many of the first are white space.
fn spaces<'a>(bytes: impl Iterator<Item = &'a u8>) -> usize {
    bytes.take_while(|byte| is_space(**byte)).count()
}
