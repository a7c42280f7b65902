//! What an endpoint says: bytes to send and what happened.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Body, ConnectionId, Path, Standing, SubscriptionEnding, SubscriptionId};
use crate::{Request, Response};

/// An INVITE and the dialogs that it makes, from the first INVITE to the end, whichever side
/// sent it (RFC 5057 §2). Numbered from 1, never reused, kept over a restart by its snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UsageId(pub u64);

/// A request that waits for its answer: one of a peer's that [`respond`](super::Endpoint::respond)
/// answers, or one of ours whose result is still to come. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// One of the early dialogs of an INVITE of ours, told apart by their To tags (RFC 3261 §12.1):
/// the `n`th that was seen. 0 as long as nothing forks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fork(pub u16);

/// Everything that the endpoint wants done; [`poll`](super::Endpoint::poll) until there is none.
#[derive(Clone, Debug)]
pub enum Output {
    /// Put these bytes on the wire. Losing them is no error: whatever matters is repeated.
    Send {
        path: Path,
        bytes: Bytes,
    },
    /// Close a connection whose peer does not speak SIP.
    Close {
        connection: ConnectionId,
    },
    Event(Event),
}

/// Something that the endpoint's user has to know, or to decide.
///
/// Of the events about a usage, exactly one is the last: the one for which
/// [`is_last`](Event::is_last) is true. Commands for the usage fail from then on with
/// [`UnknownUsage`](super::CommandError::UnknownUsage).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A call comes in. 100 has been sent; the rest is ours to decide with
    /// [`progress`](super::Endpoint::progress), [`accept`](super::Endpoint::accept) or
    /// [`reject`](super::Endpoint::reject).
    Invited {
        usage: UsageId,
        request: Arc<Request>,
        path: Path,
        /// The offer; none when the caller wants ours (RFC 3264 §5: put it into the 2xx).
        body: Option<Body>,
    },
    /// The caller confirmed our 2xx with its ACK.
    Confirmed {
        usage: UsageId,
        /// The answer, when the 2xx had the offer.
        body: Option<Body>,
    },

    /// A provisional response to our INVITE, 101 to 199; 100 is not reported. Reliable ones
    /// (RFC 3262) have been acknowledged and are reported once and in order.
    Progress {
        usage: UsageId,
        fork: Fork,
        response: Arc<Response>,
        /// Early media's session description, new or repeated.
        body: Option<Body>,
    },
    /// Our INVITE was answered; the ACK has been sent, or waits for
    /// [`acknowledge`](super::Endpoint::acknowledge) when we had sent no offer.
    ///
    /// Other dialogs of the same INVITE that answer later are acknowledged and ended inside.
    Accepted {
        usage: UsageId,
        fork: Fork,
        response: Arc<Response>,
        /// The answer, or the offer when our INVITE had none.
        body: Option<Body>,
    },
    /// Last event: our INVITE came to nothing.
    Failed { usage: UsageId, failure: Failure },

    /// The peer offers to change the session, by re-INVITE or UPDATE. Answer with
    /// [`respond`](super::Endpoint::respond); glare (491), overlap (500) and UPDATE without an
    /// offer are dealt with inside.
    Reinvited {
        usage: UsageId,
        request_id: RequestId,
        request: Arc<Request>,
        /// The offer; none when a re-INVITE asks for ours.
        body: Option<Body>,
    },
    /// What became of our [`reinvite`](super::Endpoint::reinvite) or
    /// [`update`](super::Endpoint::update), exactly once for each; or of the ACK to a 2xx of ours that held an
    /// offer.
    Renegotiated {
        usage: UsageId,
        result: Result<Renegotiated, Failure>,
    },
    /// The peer accepted a change that a process before this one asked for, and goes by a description that is not
    /// known here. It has its ACK; a [`reinvite`](super::Endpoint::reinvite) with an offer makes the session what this
    /// side takes it for.
    Unsettled { usage: UsageId },

    /// A request inside of the dialog that the endpoint does not answer itself: INFO, REFER, NOTIFY,
    /// MESSAGE, SUBSCRIBE. Answer with [`respond`](super::Endpoint::respond).
    InDialog {
        usage: UsageId,
        request_id: RequestId,
        request: Arc<Request>,
    },
    /// What became of a [`request_in_dialog`](super::Endpoint::request_in_dialog).
    InDialogAnswered {
        usage: UsageId,
        request_id: RequestId,
        result: Result<Arc<Response>, Failure>,
    },

    /// Last event: the call is over, answered or not. For a caller that gave up before the
    /// answer the ending is [`Ending::Cancelled`], and 487 has been sent.
    Ended { usage: UsageId, ending: Ending },

    /// A request outside of any dialog. Answer with [`respond`](super::Endpoint::respond); without
    /// an answer the peer gives up by itself after 32 s.
    Request {
        request_id: RequestId,
        request: Arc<Request>,
        path: Path,
    },
    /// The final response to a [`request`](super::Endpoint::request).
    Response {
        request_id: RequestId,
        result: Result<Arc<Response>, Failure>,
    },

    /// Somebody wants to be told about one of [our packages](super::Config::packages). Decide with
    /// [`accept_subscription`](super::Endpoint::accept_subscription) or
    /// [`reject_subscription`](super::Endpoint::reject_subscription).
    Subscribing {
        subscription: SubscriptionId,
        request: Arc<Request>,
        path: Path,
        /// As it will be granted; zero for whoever wants to be told once.
        lasting: Duration,
    },
    /// A subscriber has refreshed, which is answered: [`notify`](super::Endpoint::notify) it of the full state now
    /// (RFC 6665 §4.2.1.2).
    Resubscribed {
        subscription: SubscriptionId,
        request: Arc<Request>,
    },
    /// What we subscribed to has changed, or is told again. It is answered.
    Notified {
        subscription: SubscriptionId,
        /// None in the last one: [`Event::SubscriptionEnded`] follows.
        standing: Option<Standing>,
        request: Arc<Request>,
        body: Option<Body>,
    },
    /// Last event of a subscription, whichever side we are.
    SubscriptionEnded {
        subscription: SubscriptionId,
        ending: SubscriptionEnding,
    },
}

impl Event {
    /// The usage that this is about.
    pub const fn usage(&self) -> Option<UsageId> {
        match self {
            Self::Invited { usage, .. }
            | Self::Confirmed { usage, .. }
            | Self::Progress { usage, .. }
            | Self::Accepted { usage, .. }
            | Self::Failed { usage, .. }
            | Self::Reinvited { usage, .. }
            | Self::Renegotiated { usage, .. }
            | Self::Unsettled { usage }
            | Self::InDialog { usage, .. }
            | Self::InDialogAnswered { usage, .. }
            | Self::Ended { usage, .. } => Some(*usage),
            Self::Request { .. }
            | Self::Response { .. }
            | Self::Subscribing { .. }
            | Self::Resubscribed { .. }
            | Self::Notified { .. }
            | Self::SubscriptionEnded { .. } => None,
        }
    }

    /// Whether no other event of this usage follows.
    pub const fn is_last(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Ended { .. })
    }
}

/// A successful change of the session.
#[derive(Clone, Debug)]
pub struct Renegotiated {
    /// The 2xx to our request; none when it was an ACK that brought the answer.
    pub response: Option<Arc<Response>>,
    /// The answer; or, after a re-INVITE without an offer, the peer's offer, which
    /// [`acknowledge`](super::Endpoint::acknowledge) has to answer.
    pub body: Option<Body>,
}

/// Why a request of ours failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The final response, 300 to 699. Redirections are left to the endpoint's user.
    Response(Arc<Response>),
    /// No final response in time (RFC 3261 §8.1.3.1 treats it as 408).
    Timeout,
    /// The path does not work: refused, unreachable, connection lost (as 503).
    Transport,
    /// It was [cancelled](super::Endpoint::cancel), or the [ring limit](super::Config::ring_limit)
    /// was reached. If an answer crossed the CANCEL, it has been acknowledged and ended.
    Cancelled { rang_too_long: bool },
    /// The usage ended before the answer came.
    Ended,
    /// The other side is changing the session too, again and again (491 to all attempts).
    Glare,
}

impl Failure {
    /// The status that stands for this failure, for passing on: a local one gets the one that
    /// RFC 3261 gives it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Response(response) => response.status.code(),
            Self::Timeout => 408,
            Self::Transport => 503,
            Self::Cancelled { .. } => 487,
            Self::Ended => 481,
            Self::Glare => 491,
        }
    }

    /// The response, when there was one.
    pub fn response(&self) -> Option<&Arc<Response>> {
        match self {
            Self::Response(response) => Some(response),
            Self::Timeout | Self::Transport | Self::Cancelled { .. } | Self::Ended | Self::Glare => None,
        }
    }
}

/// Why a usage is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// We ended it with [`bye`](super::Endpoint::bye) or refused it with
    /// [`reject`](super::Endpoint::reject).
    Ours,
    /// The peer sent BYE.
    Bye { reason: Option<Reason> },
    /// The caller sent CANCEL before our answer.
    Cancelled { reason: Option<Reason> },
    /// Our 2xx was never acknowledged (64·T1); the endpoint has sent BYE (RFC 3261 §13.3.1.4).
    NotConfirmed,
    /// A reliable provisional response was never acknowledged; the INVITE got 500 (RFC 3262 §3).
    NotAcknowledged,
    /// A request inside of the dialog got 481, or 408 or nothing at all (RFC 3261 §12.2.1.2).
    DialogGone,
    /// The session timer ran out (RFC 4028 §10); the endpoint has sent BYE.
    SessionExpired,
    /// The caller's connection broke, or its address refuses our packets, before the answer.
    Transport,
}

/// Why a peer ended a call, as it told us in a Reason header (RFC 3326).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `SIP`, `Q.850`, …
    pub protocol: String,
    pub cause: Option<u16>,
    pub text: Option<String>,
}

impl Reason {
    /// `SIP;cause=200`: this call was answered by somebody else (RFC 3326 §3.1).
    pub fn answered_elsewhere() -> Self {
        Self {
            protocol: "SIP".into(),
            cause: Some(200),
            text: Some("Call completed elsewhere".into()),
        }
    }

    /// Whether the call was taken by somebody else, so that a phone need not show it as missed.
    pub fn is_answered_elsewhere(&self) -> bool {
        self.protocol.eq_ignore_ascii_case("SIP") && self.cause == Some(200)
    }
}

/// How a usage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Our INVITE is out, without an early dialog.
    Calling,
    /// Our INVITE has an early dialog at least.
    Ringing,
    /// Our CANCEL waits for its effect.
    Cancelling,
    /// A caller waits for our answer.
    Offered,
    /// Our 2xx waits for its ACK.
    Accepted,
    /// Up.
    Confirmed,
}

/// Which side sent the first INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// We called.
    Uac,
    /// We were called.
    Uas,
}

/// What can be asked about a usage at any time.
#[derive(Clone, Debug)]
pub struct UsageInfo<'a> {
    pub role: Role,
    pub state: State,
    pub call_id: &'a str,
    pub local_tag: &'a str,
    /// None before the first dialog.
    pub remote_tag: Option<&'a str>,
    /// Where in-dialog requests go.
    pub path: Path,
    /// The session interval in force (RFC 4028), and whether we are the one to refresh it.
    pub session_timer: Option<(Duration, bool)>,
}
