//! SIP without I/O (RFC 3261): messages, transactions, dialogs, and the user agent stack
//! that an exchange talks to.
//!
//! From the wire up: [`Message`] and its [`Headers`] (read), [`build`] (print), [`uri`], [`header`]
//! (typed headers), [`body`] (of event packages), then [`endpoint`], which is all that an exchange needs.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

pub mod body;
pub mod build;
mod dialog;
pub mod digest;
pub mod endpoint;
mod error;
pub mod header;
mod message;
mod method;
mod path;
pub mod registrar;
pub mod sdp;
mod status;
pub mod stream;
mod token;
pub mod transaction;
pub mod uri;

pub use build::{Edit, RequestBuilder, ResponseBuilder};
pub use error::{Bad, Fault, ParseError, Place};
pub use message::{
    Field, HeaderName, Headers, MAX_HEADERS, MAX_MESSAGE, MAX_URI, MAX_VALUES, Message, Name, Rejected,
    Request, Response,
};
pub use method::Method;
pub use status::Status;
pub use token::{is_token, split_list};
pub use uri::{Host, Params, Parts, Scheme, Uri};
