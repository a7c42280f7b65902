//! What a request of ours is for, and what its transaction keeps for that.

use std::sync::Arc;

use bytes::Bytes;

use super::{Credentials, Failure, Path, RequestId, SubscriptionId, UsageId};
use crate::Response;

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Nobody waits for the outcome: CANCEL, or a call that is gone.
    Nothing,
    /// To end a dialog, by BYE or a last NOTIFY; its call may be gone already.
    Bye,
    /// The BYE or CANCEL of a call that has ended for its user; see [`farewell`](super::farewell).
    Leave(UsageId),
    /// The INVITE of a call.
    Invite(UsageId),
    /// A re-INVITE or UPDATE.
    Change(UsageId),
    Prack(UsageId),
    InDialog(UsageId, RequestId),
    Outside(RequestId),
    /// SUBSCRIBE or NOTIFY.
    Subscription(SubscriptionId),
}

impl Purpose {
    pub const fn usage(self) -> Option<UsageId> {
        match self {
            Self::Invite(usage) | Self::Change(usage) | Self::Prack(usage) | Self::InDialog(usage, _) => {
                Some(usage)
            }
            Self::Nothing | Self::Bye | Self::Leave(_) | Self::Outside(_) | Self::Subscription(_) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct ClientOwner {
    pub purpose: Purpose,
    pub credentials: Option<Arc<Credentials>>,
    pub large: Large,
    /// Of a request that went over TCP for its size, until something comes back.
    pub fallback: Option<Box<Fallback>>,
}

impl ClientOwner {
    /// For a request that keeps to its path, however large it is.
    pub const fn new(purpose: Purpose, credentials: Option<Arc<Credentials>>) -> Self {
        Self {
            purpose,
            credentials,
            large: Large::Udp,
            fallback: None,
        }
    }

    pub fn with_large(self, large: Large) -> Self {
        Self { large, ..self }
    }
}

/// The result of a request of ours.
pub(super) type Outcome = Result<Arc<Response>, Failure>;

/// What becomes of a request that is too large for one datagram, when its path is UDP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Large {
    /// TCP to the same address and port; UDP all the same when that is refused.
    #[default]
    Tcp,
    /// UDP in fragments: the way to a phone that registered over UDP.
    Udp,
}

/// The request as it would have gone over UDP.
#[derive(Clone, Debug)]
pub(super) struct Fallback {
    pub path: Path,
    pub request: Bytes,
}
