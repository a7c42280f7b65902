//! What every message must have (RFC 3261 §8.1.1), looked at once when it is read.

use super::{Headers, MAX_VALUES, Name, Request, Response};
use crate::Method;
use crate::error::{Bad, Fault, ParseError, Place};
use crate::header::{CSeq, NameAddr, Via};
use crate::token::split_list;

pub(super) fn request(request: &Request) -> Result<(), ParseError> {
    mandatory(&request.headers, Some(&request.method))?;
    request.headers.max_forwards()?;
    request_uri(request)
}

pub(super) fn response(response: &Response) -> Result<(), ParseError> {
    mandatory(&response.headers, None)
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

/// One walk over the lines: each header that must be there is, once, and can be read.
fn mandatory(headers: &Headers, method: Option<&Method>) -> Result<(), ParseError> {
    let mut seen = Seen::default();
    let mut vias = 0;
    for field in headers.iter() {
        let (name, value) = (field.name(), field.value());
        let read = match name {
            Name::Via => {
                vias += check_vias(value)?;
                continue;
            }
            Name::From | Name::To => NameAddr::parse(value).map(|_| ()),
            Name::CallId => check_call_id(value),
            Name::CSeq => check_cseq(value, method)?,
            Name::MaxForwards | Name::ContentType | Name::Expires | Name::ContentDisposition => Ok(()),
            _ => continue,
        };
        seen.once(name)?;
        read.map_err(|bad| bad.in_header(name))?;
    }
    if vias == 0 {
        return Err(ParseError::new(Fault::Missing, Place::Header(Name::Via)));
    }
    if vias > MAX_VALUES {
        return Err(ParseError::new(Fault::TooMany, Place::Header(Name::Via)));
    }
    [Name::From, Name::To, Name::CallId, Name::CSeq]
        .into_iter()
        .try_for_each(|name| seen.must(name))
}

/// The names met so far, of those that may come once; all are among the first 32.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    fn once(&mut self, name: Name) -> Result<(), ParseError> {
        let bit = 1 << (name as u32 & 31);
        if self.0 & bit != 0 {
            return Err(ParseError::new(Fault::Repeated, Place::Header(name)));
        }
        self.0 |= bit;
        Ok(())
    }

    fn must(&self, name: Name) -> Result<(), ParseError> {
        if self.0 & (1 << (name as u32 & 31)) == 0 {
            return Err(ParseError::new(Fault::Missing, Place::Header(name)));
        }
        Ok(())
    }
}

fn check_vias(line: &str) -> Result<usize, ParseError> {
    let mut count = 0;
    for value in split_list(line).take(MAX_VALUES + 1) {
        Via::parse(value).map_err(|bad| bad.in_header(Name::Via))?;
        count += 1;
    }
    Ok(count)
}

fn check_cseq(value: &str, method: Option<&Method>) -> Result<Result<(), Bad>, ParseError> {
    match CSeq::parse(value) {
        Ok(cseq) if method.is_some_and(|method| method.as_str() != cseq.method) => {
            Err(ParseError::new(Fault::MethodMismatch, Place::Header(Name::CSeq)))
        }
        read => Ok(read.map(|_| ())),
    }
}

/// Any printable characters without spaces: phones send what RFC 3261's `word` does not allow.
pub(super) fn check_call_id(text: &str) -> Result<(), Bad> {
    let valid = !text.is_empty() && text.bytes().all(|b| b > b' ' && b != 0x7f);
    if valid {
        Ok(())
    } else {
        Err(Bad::new("a Call-ID", 0))
    }
}
