use bytes::Bytes;

use super::Printer;
use crate::{HeaderName, Method};

/// Prints a request, header by header in the order of the calls.
///
/// ```
/// use cordboard_sip::{Method, Name, RequestBuilder};
///
/// let bytes = RequestBuilder::new(&Method::Options, "sip:host.example")
///     .header(Name::Via, "SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1")
///     .header(Name::From, "<sip:us@192.0.2.1>;tag=a")
///     .header(Name::To, "<sip:host.example>")
///     .header(Name::CallId, "c1")
///     .cseq(1, &Method::Options)
///     .finish();
/// assert!(cordboard_sip::Request::parse(bytes).is_ok());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequestBuilder(Printer);

prints!(RequestBuilder);

impl RequestBuilder {
    pub fn new(method: &Method, uri: &str) -> Self {
        let mut printer = Printer::new();
        printer.raw(method.as_str());
        printer.raw(" ");
        printer.safe(uri);
        printer.raw(" SIP/2.0\r\n");
        Self(printer)
    }

    pub fn cseq(mut self, number: u32, method: &Method) -> Self {
        self.0.raw("CSeq: ");
        self.0.number(number);
        self.0.raw(" ");
        self.0.raw(method.as_str());
        self.0.raw("\r\n");
        self
    }
}
