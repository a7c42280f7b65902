//! What an endpoint is told to do.

use std::time::Duration;

use super::{Body, ExtraHeaders, Large, Path};
use crate::Uri;

/// A call to make.
///
/// ```text
/// endpoint.invite(now, Invite::new(target, path, from, to).offer(sdp).header("Alert-Info", "<…>"))?
/// ```
#[derive(Clone, Debug)]
pub struct Invite {
    /// The Request-URI.
    pub target: Uri,
    /// How to reach the next hop: the device's flow, the trunk's address.
    pub path: Path,
    pub from: Party,
    pub to: Party,
    /// Route headers: an outbound proxy, a registration's Path (RFC 3327).
    pub routes: Vec<Uri>,
    /// The user part of our Contact; none for a bare `sip:host:port`.
    pub contact_user: Option<String>,
    /// None to let the endpoint choose.
    pub call_id: Option<String>,
    /// Our offer; none for an INVITE that asks for the peer's.
    pub body: Option<Body>,
    pub headers: ExtraHeaders,
    /// What to answer to 401 and 407 with; none to have them reported as failures.
    pub credentials: Option<Credentials>,
    /// How far it may still travel: pass on what the caller's said, less one.
    pub max_forwards: u8,
    /// When it has more than 1 300 bytes and its path is UDP.
    pub large: Large,
    /// Instead of [`Config::ring_limit`](super::Config::ring_limit), from now on.
    pub ring_for: Option<Duration>,
}

impl Invite {
    pub fn new(target: Uri, path: Path, from: impl Into<Party>, to: impl Into<Party>) -> Self {
        Self {
            target,
            path,
            from: from.into(),
            to: to.into(),
            routes: Vec::new(),
            contact_user: None,
            call_id: None,
            body: None,
            headers: ExtraHeaders::new(),
            credentials: None,
            max_forwards: 70,
            large: Large::default(),
            ring_for: None,
        }
    }

    /// Offers this session description.
    #[must_use]
    pub fn offer(mut self, sdp: impl Into<bytes::Bytes>) -> Self {
        self.body = Some(Body::sdp(sdp));
        self
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }
}

/// A request outside of any dialog: REGISTER to a trunk, OPTIONS, NOTIFY of message-waiting.
#[derive(Clone, Debug)]
pub struct OutOfDialog {
    pub method: String,
    /// The Request-URI.
    pub target: Uri,
    pub path: Path,
    pub from: Party,
    pub to: Party,
    pub routes: Vec<Uri>,
    /// Keep both from one REGISTER to the next (RFC 3261 §10.2): the registrar drops refreshes
    /// that look older.
    pub sequence: Option<Sequence>,
    pub body: Option<Body>,
    /// Contact and Expires of a REGISTER go in here.
    pub headers: ExtraHeaders,
    pub credentials: Option<Credentials>,
    pub max_forwards: u8,
    /// When it has more than 1 300 bytes and its path is UDP.
    pub large: Large,
}

impl OutOfDialog {
    pub fn new(
        method: impl Into<String>,
        target: Uri,
        path: Path,
        from: impl Into<Party>,
        to: impl Into<Party>,
    ) -> Self {
        Self {
            method: method.into(),
            target,
            path,
            from: from.into(),
            to: to.into(),
            routes: Vec::new(),
            sequence: None,
            body: None,
            headers: ExtraHeaders::new(),
            credentials: None,
            max_forwards: 70,
            large: Large::default(),
        }
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }
}

/// Call-ID and CSeq of requests that belong together without a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    pub call_id: String,
    /// Below 2³¹; a retry with credentials uses the next one, so leave a gap of two.
    pub cseq: u32,
}

/// Who is named in From or To.
#[derive(Clone, Debug)]
pub struct Party {
    /// Shown to people; quoted as needed.
    pub name: Option<String>,
    pub uri: Uri,
}

impl Party {
    pub fn named(name: impl Into<String>, uri: Uri) -> Self {
        Self {
            name: Some(name.into()),
            uri,
        }
    }
}

impl From<Uri> for Party {
    fn from(uri: Uri) -> Self {
        Self { name: None, uri }
    }
}

/// Name and password for digest authentication of our own requests (RFC 3261 §22.2, RFC 8760).
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

/// Never prints the password.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A response to compose: status, extra headers, body.
///
/// ```text
/// Reply::new(180)
/// Reply::new(183).sdp(early_media)
/// Reply::new(486).reason("On The Phone").header("Retry-After", "60")
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    /// 101 to 699.
    pub status: u16,
    /// None for the phrase that the standard gives the status.
    pub reason: Option<String>,
    pub headers: ExtraHeaders,
    pub body: Option<Body>,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self {
            status,
            reason: None,
            headers: ExtraHeaders::new(),
            body: None,
        }
    }

    #[must_use]
    pub fn reason(mut self, phrase: impl Into<String>) -> Self {
        self.reason = Some(phrase.into());
        self
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    #[must_use]
    pub fn sdp(mut self, sdp: impl Into<bytes::Bytes>) -> Self {
        self.body = Some(Body::sdp(sdp));
        self
    }

    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }
}

impl From<u16> for Reply {
    fn from(status: u16) -> Self {
        Self::new(status)
    }
}

/// Why a command was not carried out. Nothing was sent and nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// It ended; its last event is waiting in [`poll`](super::Endpoint::poll), or was taken.
    #[error("no such call, or it has ended")]
    UnknownUsage,
    /// It ended, or never was.
    #[error("no such subscription, or it has ended")]
    UnknownSubscription,
    /// It was answered already, or its sender gave up.
    #[error("no such request, or it has been answered")]
    UnknownRequest,
    /// The caller's mistake: what the state is, see [`usage`](super::Endpoint::usage).
    #[error("not possible in this state of the call: {0}")]
    WrongState(&'static str),
    /// Another offer, ours or the peer's, has not been answered yet (RFC 3264 §4).
    #[error("another change of the session is under way")]
    OfferPending,
    #[error("status {0} does not belong here")]
    BadStatus(u16),
    /// A header name that is no token, or a value with a line break.
    #[error("a header is malformed")]
    BadHeader,
    /// One that the endpoint writes itself.
    #[error("not possible: {0}")]
    Refused(&'static str),
    /// A table is full; see [`Limits`](super::Limits).
    #[error("too many transactions or calls")]
    Full,
}
