use std::fmt::Write as _;
use std::net::SocketAddr;

use bytes::Bytes;

use super::Printer;
use crate::header::{Rport, Via};
use crate::token::{find_outside, trim};
use crate::{Field, HeaderName, Name, Request, Status};

/// Prints a response to a request: Via, From, To, Call-ID and CSeq are copied from it (RFC 3261 §8.2.6.2).
#[derive(Debug)]
#[must_use]
pub struct ResponseBuilder(Printer);

prints!(ResponseBuilder);

impl ResponseBuilder {
    /// `to_tag` is added to a To that has no tag; pass `None` in a 100 (§8.2.6.2).
    pub fn new(request: &Request, status: Status, to_tag: Option<&str>) -> Self {
        Self::with_reason(request, status, status.reason(), to_tag)
    }

    pub fn with_reason(request: &Request, status: Status, reason: &str, to_tag: Option<&str>) -> Self {
        let mut printer = Printer::new();
        printer.raw("SIP/2.0 ");
        printer.number(u32::from(status.code()));
        printer.raw(" ");
        printer.safe(reason);
        printer.raw("\r\n");
        for field in request.headers.iter() {
            match field.name() {
                Name::To => copy_to(&mut printer, request, &field, to_tag),
                Name::Via | Name::From | Name::CallId | Name::CSeq => {
                    printer.line(request.headers.line(&field));
                }
                // §8.2.6.1: a 100 repeats it.
                Name::Timestamp if status == Status::TRYING => printer.line(request.headers.line(&field)),
                _ => {}
            }
        }
        Self(printer)
    }

    /// Copies every line of that name from the request: Record-Route into what makes a dialog (§12.1.1).
    pub fn copy<'a>(mut self, request: &'a Request, name: impl Into<HeaderName<'a>>) -> Self {
        for field in request.headers.all(name) {
            self.0.line(request.headers.line(&field));
        }
        self
    }
}

fn copy_to(printer: &mut Printer, request: &Request, field: &Field<'_>, tag: Option<&str>) {
    // A To that cannot be read goes back as it came: the response is then a 400.
    let has_tag = request.headers.to().map_or(true, |to| to.params.has("tag"));
    match tag {
        Some(tag) if !has_tag => {
            printer.raw("To: ");
            printer.raw(field.value());
            printer.raw(";tag=");
            printer.safe(tag);
            printer.raw("\r\n");
        }
        _ => printer.line(request.headers.line(field)),
    }
}

/// The value of the topmost Via line with `received` and `rport` filled in, or `None` when nothing is to be added.
///
/// RFC 3261 §18.2.1: `received` when the sender's host is a name or another address. RFC 3581 §4: both when
/// it asks for `rport`.
pub fn stamped_via(line: &str, source: SocketAddr) -> Option<String> {
    let end = find_outside(line, 0, b",", false).unwrap_or(line.len());
    let (top, others) = line.split_at(end);
    let via = Via::parse(trim(top)).ok()?;
    let asked = via.rport() == Rport::Asked;
    let needs_received = asked || via.host.ip() != Some(source.ip());
    if !needs_received {
        return None;
    }
    let params = via.params.as_str();
    let mut stamped = String::with_capacity(line.len() + 48);
    // The parameters are the tail of the value.
    stamped.push_str(trim(&trim(top)[..trim(top).len() - params.len()]));
    for (name, value) in via.params.iter() {
        if name.eq_ignore_ascii_case("received") {
            continue;
        }
        stamped.push(';');
        stamped.push_str(name);
        if asked && name.eq_ignore_ascii_case("rport") {
            // Writing to a String does not fail.
            let _ = write!(stamped, "={}", source.port());
        } else if let Some(value) = value {
            stamped.push('=');
            stamped.push_str(value);
        }
    }
    let _ = write!(stamped, ";received={}", source.ip());
    stamped.push_str(others);
    Some(stamped)
}
