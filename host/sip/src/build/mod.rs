//! Printing: new requests and responses, and edits of a received message that copy what did not change.
//!
//! Values are written as given; a line break in one becomes a space, so that no value can add a header
//! or end the head. Content-Length is always written, last.

/// What requests and responses are printed with alike, by whoever holds a [`Printer`].
macro_rules! prints {
    ($builder:ty) => {
        impl $builder {
            pub fn header<'a>(mut self, name: impl Into<HeaderName<'a>>, value: &str) -> Self {
                self.0.header(name.into(), value);
                self
            }

            /// The header if there is a value.
            pub fn header_if<'a>(self, name: impl Into<HeaderName<'a>>, value: Option<&str>) -> Self {
                match value {
                    Some(value) => self.header(name, value),
                    None => self,
                }
            }

            /// One line for each value.
            pub fn headers<'a, 'v>(
                mut self,
                name: impl Into<HeaderName<'a>>,
                values: impl IntoIterator<Item = &'v str>,
            ) -> Self {
                let name = name.into();
                for value in values {
                    self.0.header(name, value);
                }
                self
            }

            pub fn number<'a>(mut self, name: impl Into<HeaderName<'a>>, number: u32) -> Self {
                self.0.safe(name.into().text);
                self.0.raw(": ");
                self.0.number(number);
                self.0.raw("\r\n");
                self
            }

            /// The message, without a body.
            pub fn finish(self) -> Bytes {
                self.0.finish(None, b"")
            }

            /// The message with a body of that type.
            pub fn body(self, content_type: &str, body: &[u8]) -> Bytes {
                self.0.finish(Some(content_type), body)
            }
        }
    };
}

mod edit;
mod request;
mod response;

use bytes::{BufMut, Bytes, BytesMut};

pub use edit::Edit;
pub use request::RequestBuilder;
pub use response::{ResponseBuilder, stamped_via};

use crate::HeaderName;

/// The message being printed: what every builder shares.
#[derive(Clone, Debug)]
struct Printer(BytesMut);

impl Printer {
    fn new() -> Self {
        Self::with_room(1_024)
    }

    /// For a message of about that many bytes.
    fn with_room(bytes: usize) -> Self {
        Self(BytesMut::with_capacity(bytes))
    }

    fn raw(&mut self, text: &str) {
        self.0.put_slice(text.as_bytes());
    }

    fn number(&mut self, number: u32) {
        let mut digits = [0; 10];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.0.put_slice(&digits[at..]);
    }

    fn line(&mut self, line: &[u8]) {
        self.0.put_slice(line);
        self.0.put_slice(b"\r\n");
    }

    fn header(&mut self, name: HeaderName<'_>, value: &str) {
        self.safe(name.text);
        self.raw(": ");
        self.safe(value);
        self.raw("\r\n");
    }

    /// A line break or a NUL outside of what came from the network becomes a space.
    fn safe(&mut self, text: &str) {
        if text.bytes().any(|b| matches!(b, b'\r' | b'\n' | b'\0')) {
            let cleaned = text.bytes().map(|b| {
                if matches!(b, b'\r' | b'\n' | b'\0') {
                    b' '
                } else {
                    b
                }
            });
            self.0.extend(cleaned);
        } else {
            self.raw(text);
        }
    }

    /// Content-Type, Content-Length, the empty line and the body.
    fn finish(mut self, content_type: Option<&str>, body: &[u8]) -> Bytes {
        if let Some(content_type) = content_type {
            self.header(crate::Name::ContentType.into(), content_type);
        }
        self.raw("Content-Length: ");
        self.number(u32::try_from(body.len()).unwrap_or(u32::MAX));
        self.raw("\r\n\r\n");
        self.0.put_slice(body);
        // Its transaction and its trace keep it for long: in no more room than it takes.
        Bytes::copy_from_slice(&self.0)
    }
}
