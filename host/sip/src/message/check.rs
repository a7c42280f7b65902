//! What every message must have (RFC 3261 §8.1.1), looked at once when it is read.

use super::{Headers, Name, Request, Response};
use crate::error::{Fault, ParseError, Place};

/// Headers that may come once.
const SINGLE: [Name; 8] = [
    Name::From,
    Name::To,
    Name::CallId,
    Name::CSeq,
    Name::MaxForwards,
    Name::ContentType,
    Name::Expires,
    Name::ContentDisposition,
];

pub(super) fn request(request: &Request) -> Result<(), ParseError> {
    let headers = &request.headers;
    mandatory(headers)?;
    if headers.cseq()?.method != request.method.as_str() {
        return Err(ParseError::new(Fault::MethodMismatch, Place::Header(Name::CSeq)));
    }
    headers.max_forwards()?;
    request_uri(request)
}

/// A Request-URI carries no headers (RFC 3261 §19.1.1, table 1). That it can be read was seen before.
fn request_uri(request: &Request) -> Result<(), ParseError> {
    match request.uri() {
        Ok(uri) if !uri.headers().is_empty() => {
            let at = uri.as_str().len() - uri.headers().len();
            Err(ParseError::syntax(
                Place::StartLine,
                "a Request-URI without headers",
                at,
            ))
        }
        _ => Ok(()),
    }
}

pub(super) fn response(response: &Response) -> Result<(), ParseError> {
    mandatory(&response.headers)?;
    response.headers.cseq().map(|_| ())
}

fn mandatory(headers: &Headers) -> Result<(), ParseError> {
    let mut seen = 0u32;
    for field in headers.iter() {
        let Some(position) = SINGLE.iter().position(|name| *name == field.name()) else {
            continue;
        };
        if seen & (1 << position) != 0 {
            return Err(ParseError::new(Fault::Repeated, Place::Header(field.name())));
        }
        seen |= 1 << position;
    }
    for via in headers.vias() {
        via?;
    }
    headers.via()?;
    headers.from()?;
    headers.to()?;
    headers.call_id().map(|_| ())
}
