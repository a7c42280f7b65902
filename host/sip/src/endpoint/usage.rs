//! What the endpoint remembers of one call.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use base::Moment;
use bytes::Bytes;
use smallvec::SmallVec;

use super::purpose::Purpose;
use super::session::Session;
use super::{Body, Credentials, ExtraHeaders, Fork, Path, Reason, Reply, RequestId, Role, State, UsageId};
use crate::Request;
use crate::dialog::{Dialog, Identity};
use crate::transaction::TransactionId;

/// A call, from the first INVITE until nothing is left to do for it. That can be later than the last event:
/// a BYE waits for an ACK, say. Then it is `silent`.
#[derive(Debug)]
pub(super) struct Usage {
    pub id: UsageId,
    pub role: Role,
    pub phase: Phase,
    /// The last event has been given: its user knows it no more.
    pub silent: bool,
    /// Nothing is left to do; dropped when put back.
    pub over: bool,
    pub identity: Identity,
    /// CSeq of our newest request, over all dialogs.
    pub cseq: u32,
    /// As caller: the early dialogs by fork. Once confirmed, and as callee: the one dialog.
    pub dialogs: SmallVec<[(Fork, Dialog); 1]>,
    pub forks_seen: u16,
    pub credentials: Option<Arc<Credentials>>,
    pub session: Session,
    /// Whether the peer's Allow named UPDATE.
    pub peer_updates: bool,
    /// Our 2xx that waits for its ACK.
    pub unacked: Option<Box<Unacked>>,
    /// A 2xx with an offer that waits for our answer in the ACK.
    pub ack_due: Option<AckDue>,
    /// Our change of the session.
    pub ours: Option<Box<Change>>,
    /// The peer's change of the session, waiting for its answer.
    pub theirs: Option<RequestId>,
    /// The peer's other requests that wait for an answer.
    pub pending: SmallVec<[RequestId; 2]>,
    /// A BYE to send as soon as the ACK has come.
    pub leaving: Option<Box<ExtraHeaders>>,
    /// The description that we sent last, for refreshing re-INVITEs.
    pub local_body: Option<Body>,
    /// The peer's last one, for seeing whether a refresh changed it.
    pub remote_body: Option<Bytes>,
    pub wake: Option<Moment>,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Our INVITE waits for its final response.
    Calling(Box<Calling>),
    /// The peer's INVITE waits for ours.
    Offered(Box<Offered>),
    /// A 2xx was sent or received.
    Confirmed,
}

#[derive(Debug)]
pub(super) struct Calling {
    pub client: TransactionId,
    /// The INVITE as parsed from what was sent: what dialogs are made from.
    pub request: Arc<Request>,
    /// Whether a provisional response came, 100 included: only then CANCEL may be sent (§9.1).
    pub provisional: bool,
    pub ring_for: Duration,
    pub ring_until: Option<Moment>,
    pub cancel: Cancel,
    /// RSeq of the newest reliable provisional response, by fork.
    pub rseqs: SmallVec<[(Fork, u32); 1]>,
    /// The callee whose BYE came last; its 2xx may have been overtaken, and still come.
    pub left: Option<Box<Left>>,
}

/// A callee that said BYE before its final response came.
#[derive(Debug)]
pub(super) struct Left {
    pub tag: Box<str>,
    pub reason: Option<Reason>,
}

#[derive(Debug)]
pub(super) enum Cancel {
    No,
    /// As soon as a provisional response comes.
    Wanted {
        reason: Option<Reason>,
        rang_too_long: bool,
    },
    /// Sent; without a final response the call is over at that moment.
    Sent {
        until: Moment,
        rang_too_long: bool,
    },
}

#[derive(Debug)]
pub(super) struct Offered {
    pub server: TransactionId,
    pub request: Arc<Request>,
    pub hundred_rel: HundredRel,
    pub next_rseq: u32,
    /// The reliable provisional response that waits for its PRACK.
    pub reliable: Option<Box<Reliable>>,
    /// What waits for that PRACK to come.
    pub queue: VecDeque<Queued>,
    /// The peer's offer has been answered in a reliable response that it acknowledged.
    pub answered_early: bool,
    /// The session was changed since (RFC 3311): our 2xx brings no description. Not stored: one that comes is passed over by the
    /// caller (RFC 3261 §13.2.1).
    pub updated: bool,
    /// The answer to our offer in a reliable response, out of its PRACK.
    pub early_answer: Option<Body>,
    /// The caller's own limit (Expires, §13.3.1).
    pub expires_at: Option<Moment>,
    /// When it came, or the process started.
    pub since: Moment,
    /// The newest provisional response, repeated every minute.
    pub newest: Option<Reply>,
    pub repeat_at: Option<Moment>,
}

/// What the caller thinks of reliable provisional responses (RFC 3262).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HundredRel {
    Unknown,
    Supported,
    Required,
}

#[derive(Debug)]
pub(super) enum Queued {
    Progress(Reply),
    Accept(Reply),
}

/// A response that is repeated until something acknowledges it.
#[derive(Debug)]
pub(super) struct Repeat {
    pub bytes: Bytes,
    pub path: Path,
    pub gap: Duration,
    pub at: Moment,
    pub until: Moment,
}

#[derive(Debug)]
pub(super) struct Reliable {
    pub rseq: u32,
    pub has_body: bool,
    pub repeat: Repeat,
}

#[derive(Debug)]
pub(super) struct Unacked {
    pub cseq: u32,
    /// Of the INVITE that made the call, not of a re-INVITE.
    pub first: bool,
    /// The ACK has to bring the answer.
    pub has_offer: bool,
    /// It came earlier, in a PRACK.
    pub early_answer: Option<Body>,
    pub repeat: Repeat,
}

#[derive(Clone, Debug)]
pub(super) struct AckDue {
    pub client: TransactionId,
    pub cseq: u32,
}

/// A re-INVITE or UPDATE of ours.
#[derive(Debug)]
pub(super) struct Change {
    pub kind: ChangeKind,
    pub fork: Fork,
    pub offer: Option<Body>,
    pub headers: ExtraHeaders,
    /// For the session timer only; its success is nobody's news.
    pub refresh: bool,
    /// None while it waits to be sent again.
    pub client: Option<TransactionId>,
    pub retry_at: Option<Moment>,
    pub tries: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Reinvite,
    Update,
}

impl Usage {
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Calling(calling) => match calling.cancel {
                Cancel::No if self.dialogs.is_empty() => State::Calling,
                Cancel::No => State::Ringing,
                Cancel::Wanted { .. } | Cancel::Sent { .. } => State::Cancelling,
            },
            Phase::Offered(_) => State::Offered,
            Phase::Confirmed if self.unacked.as_ref().is_some_and(|unacked| unacked.first) => State::Accepted,
            Phase::Confirmed => State::Confirmed,
        }
    }

    pub fn dialog(&self, fork: Fork) -> Option<&Dialog> {
        self.dialogs
            .iter()
            .find(|(known, _)| *known == fork)
            .map(|(_, dialog)| dialog)
    }

    /// The dialog of the confirmed call.
    pub fn confirmed(&self) -> Option<&Dialog> {
        self.dialogs.first().map(|(_, dialog)| dialog)
    }

    /// The dialog with that tag of the peer's.
    pub fn find(&mut self, remote_tag: Option<&str>) -> Option<(Fork, &mut Dialog)> {
        let found = self
            .dialogs
            .iter_mut()
            .find(|(_, dialog)| dialog.is_with(remote_tag));
        found.map(|(fork, dialog)| (*fork, dialog))
    }

    pub fn next_cseq(&mut self) -> u32 {
        self.cseq = self.cseq.wrapping_add(1) & (u32::MAX >> 1);
        self.cseq
    }

    /// A request of this call has been sent anew.
    pub fn adopt(&mut self, purpose: Purpose, client: TransactionId) {
        match (purpose, &mut self.phase, &mut self.ours) {
            (Purpose::Invite(_), Phase::Calling(calling), _) => calling.client = client,
            (Purpose::Change(_), _, Some(change)) => change.client = Some(client),
            _ => {}
        }
    }

    /// What the early dialog had agreed on before holds no longer.
    pub fn note_update(&mut self) {
        if let Phase::Offered(offered) = &mut self.phase {
            offered.updated = true;
        }
    }

    /// Whether an offer of ours has not been answered.
    pub fn our_offer_is_open(&self) -> bool {
        self.ours.as_ref().is_some_and(|change| change.client.is_some())
            || self.unacked.as_ref().is_some_and(|unacked| unacked.has_offer)
    }

    /// The first deadline of all that this call waits for.
    pub fn next_timeout(&self) -> Option<Moment> {
        let (one, other) = match &self.phase {
            Phase::Calling(calling) => (
                calling.ring_until,
                match calling.cancel {
                    Cancel::Sent { until, .. } => Some(until),
                    Cancel::No | Cancel::Wanted { .. } => None,
                },
            ),
            Phase::Offered(offered) => {
                let reliable = offered.reliable.as_ref().map(|reliable| reliable.repeat.next());
                (
                    offered.repeat_at,
                    [reliable, offered.expires_at].into_iter().flatten().min(),
                )
            }
            Phase::Confirmed => (None, None),
        };
        let unacked = self.unacked.as_ref().map(|unacked| unacked.repeat.next());
        let retry = self.ours.as_ref().and_then(|change| change.retry_at);
        [one, other, unacked, retry, self.session.next_timeout()]
            .into_iter()
            .flatten()
            .min()
    }
}

impl Calling {
    /// Our offer has its answer in this early dialog: a reliable response has come (RFC 6337 §2.2).
    pub fn is_answered(&self, fork: Fork) -> bool {
        self.rseqs.iter().any(|(known, _)| *known == fork)
    }
}

impl Repeat {
    pub fn new(now: Moment, bytes: Bytes, path: Path, timers: super::Timers) -> Self {
        Self {
            bytes,
            path,
            gap: timers.t1,
            at: now + timers.t1,
            until: now + timers.patience(),
        }
    }

    pub fn next(&self) -> Moment {
        self.at.min(self.until)
    }

    /// What is due: to send again, to give up, or nothing. Gaps double up to `longest`.
    pub fn poll(&mut self, now: Moment, longest: Duration) -> Due {
        if now >= self.until {
            return Due::GiveUp;
        }
        if now < self.at {
            return Due::Nothing;
        }
        self.gap = (self.gap * 2).min(longest);
        self.at = now + self.gap;
        Due::Send
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Send,
    GiveUp,
}
