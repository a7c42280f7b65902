//! The words of the message layer that the endpoint's interface uses.

use bytes::Bytes;

/// A request as received.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) bytes: Bytes,
}

impl Request {
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// A response as received.
#[derive(Clone, Debug)]
pub struct Response {
    pub(crate) status: u16,
}

impl Response {
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// A SIP or tel URI.
#[derive(Clone, Debug)]
pub struct Uri(pub String);
