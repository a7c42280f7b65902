//! A whole SIP user agent without I/O: what an exchange, or a phone in a simulator, talks to.
//!
//! Time and packets go in, packets and [`Event`]s come out:
//!
//! ```text
//!  receive(now, packet) ─┐                       ┌─▶ Output::Send { path, bytes }
//!  timeout(now) ─────────┼─▶  Endpoint  ─ poll ──┤
//!  commands(now, …) ─────┘                       └─▶ Output::Event(…)
//! ```
//!
//! After anything that goes in, take outputs until there is none, then sleep until
//! [`next_timeout`](Endpoint::next_timeout). Nothing happens but inside of a call, and nothing is
//! read from the outside: no clock, no randomness, no name service (paths are addresses).
//!
//! A call is a *usage*: an INVITE and the dialogs that it makes. As the callee:
//!
//! ```text
//!  Invited ──▶ progress(180) ──▶ accept(200) ──▶ Confirmed ──▶ … bye() ──▶ Ended
//!        │             └───────▶ reject(486) ──▶ Ended
//!        └─ the caller gives up ───────────────▶ Ended (Cancelled)
//! ```
//!
//! and as the caller:
//!
//! ```text
//!  invite() ──▶ Progress* ──▶ Accepted ──▶ … Ended (Bye)
//!       └─────────┴───────────────────────▶ Failed
//! ```
//!
//! Once it is up, either side may change the session ([`Event::Reinvited`],
//! [`reinvite`](Endpoint::reinvite), [`update`](Endpoint::update)) and send other requests
//! ([`Event::InDialog`], [`request_in_dialog`](Endpoint::request_in_dialog)).
//!
//! What is decided inside: transactions and their retransmissions (RFC 3261 §17, RFC 6026), 2xx
//! and ACK, CANCEL and its races, forking, PRACK (RFC 3262), glare and its back-off, session
//! timers (RFC 4028), digest answers to challenges (§22), and every refusal that needs no
//! opinion: 400, 405, 415, 420, 481, 482, 483, 491, 500, 501, 503, 505. What is not: where a request goes,
//! who may send one, what a session description means.

mod command;
mod config;
mod content;
mod event;
mod path;
mod snapshot;

use base::{Moment, Random};

pub use self::command::{CommandError, Credentials, Invite, OutOfDialog, Party, Reply, Sequence};
pub use self::config::{Config, Limits, SessionTimer, Timers};
pub use self::content::{Body, ExtraHeaders};
pub use self::event::{
    Ending, Event, Failure, Fork, Output, Reason, Renegotiated, RequestId, Role, State, UsageId, UsageInfo,
};
pub use self::path::{ConnectionId, Packet, Path, Transport};
pub use self::snapshot::UsageSnapshot;

/// See the [module](self).
pub struct Endpoint {
    #[expect(dead_code, reason = "read by the machines that follow")]
    config: Config,
    #[expect(dead_code, reason = "read by the machines that follow")]
    random: Random,
}

type Done = Result<(), CommandError>;

const SOON: CommandError = CommandError::Refused("not there yet");

/// What goes in and out.
impl Endpoint {
    pub fn new(config: Config, random: Random) -> Self {
        Self { config, random }
    }

    /// Takes one message from the network, whatever it is.
    pub fn receive(&mut self, _now: Moment, _packet: Packet) {}

    /// A connection was closed, by whichever side. Transactions on it fail; answers to its
    /// requests open a new one (RFC 3261 §18.2.2).
    pub fn connection_lost(&mut self, _now: Moment, _connection: ConnectionId) {}

    /// What was sent on `path` cannot arrive: the connection was refused, ICMP says
    /// unreachable. Requests that wait there fail with [`Failure::Transport`].
    pub fn unreachable(&mut self, _now: Moment, _path: Path) {}

    /// The wake-up asked for by [`next_timeout`](Self::next_timeout); early ones are harmless.
    pub fn timeout(&mut self, _now: Moment) {}

    /// When to call [`timeout`](Self::timeout) next; none when nothing is waited for.
    pub fn next_timeout(&self) -> Option<Moment> {
        None
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        None
    }
}

/// Being called.
impl Endpoint {
    /// Sends a provisional response, 101 to 199: 180 to ring, 183 with a body for early media.
    ///
    /// Repeat it as often as things change; the endpoint repeats the last one every minute by itself
    /// (RFC 3261 §13.3.1.1), and sends it reliably when the caller requires that, or when
    /// `reply` has a body and the caller supports it (RFC 3262).
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] after the final response.
    pub fn progress(&mut self, _now: Moment, _usage: UsageId, _reply: impl Into<Reply>) -> Done {
        Err(SOON)
    }

    /// Answers the call: 200 to 299, repeated until the ACK comes.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] after another final response.
    pub fn accept(&mut self, _now: Moment, _usage: UsageId, _reply: impl Into<Reply>) -> Done {
        Err(SOON)
    }

    /// Refuses the call: 300 to 699. The usage ends.
    pub fn reject(&mut self, _now: Moment, _usage: UsageId, _reply: impl Into<Reply>) -> Done {
        Err(SOON)
    }
}

/// Calling.
impl Endpoint {
    /// Calls somebody. `Progress`, `Accepted` or `Failed` follow.
    pub fn invite(&mut self, _now: Moment, _invite: Invite) -> Result<UsageId, CommandError> {
        Err(SOON)
    }

    /// Gives up a call that was not answered: CANCEL, as soon as there was a provisional
    /// response (RFC 3261 §9.1). [`Event::Failed`] follows at the latest 64·T1 after that, even
    /// when an answer crosses the CANCEL. Harmless when repeated.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] when the call was answered: use [`bye`](Self::bye).
    pub fn cancel(&mut self, _now: Moment, _usage: UsageId, _reason: Option<Reason>) -> Done {
        Err(SOON)
    }

    /// Sends the ACK that brings our answer to an offer in the peer's 2xx. Must come within a few
    /// seconds, for the peer repeats its 2xx until then.
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] when no ACK is waited for.
    pub fn acknowledge(&mut self, _now: Moment, _usage: UsageId, _answer: Body) -> Done {
        Err(SOON)
    }
}

/// Once a call is up.
impl Endpoint {
    /// Ends an established call. [`Event::Ended`] follows at once; the BYE is repeated,
    /// and authenticated if need be, in the background. Before the ACK to our 2xx it is held
    /// back until that comes (RFC 3261 §15).
    ///
    /// # Errors
    ///
    /// [`CommandError::WrongState`] before the answer: use [`cancel`](Self::cancel) or
    /// [`reject`](Self::reject), or [`hang_up`](Self::hang_up) for whichever is right.
    pub fn bye(&mut self, _now: Moment, _usage: UsageId, _headers: ExtraHeaders) -> Done {
        Err(SOON)
    }

    /// Ends a call in the way that its state asks for: BYE, CANCEL, or `refusal` (300 to 699) to a
    /// caller who was not answered. `reason` goes into BYE or CANCEL.
    pub fn hang_up(
        &mut self,
        _now: Moment,
        _usage: UsageId,
        _refusal: impl Into<Reply>,
        _reason: Option<Reason>,
    ) -> Done {
        Err(SOON)
    }

    /// Changes the session with a re-INVITE: `offer`, or none to ask the peer for its own.
    /// [`Event::Renegotiated`] follows. Glare (491) is retried inside, after the random wait of
    /// RFC 3261 §14.1.
    ///
    /// # Errors
    ///
    /// [`CommandError::OfferPending`] while another offer of either side waits for its answer: try
    /// again after the event that ends it.
    pub fn reinvite(
        &mut self,
        _now: Moment,
        _usage: UsageId,
        _offer: Option<Body>,
        _headers: ExtraHeaders,
    ) -> Done {
        Err(SOON)
    }

    /// Changes the session with an UPDATE (RFC 3311), which works in early dialogs too: `fork` tells
    /// which. With no body only the Contact and the session timer are refreshed.
    /// [`Event::Renegotiated`] follows.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] when the peer does not allow UPDATE, and as for
    /// [`reinvite`](Self::reinvite).
    pub fn update(
        &mut self,
        _now: Moment,
        _usage: UsageId,
        _fork: Fork,
        _offer: Option<Body>,
        _headers: ExtraHeaders,
    ) -> Done {
        Err(SOON)
    }

    /// Sends INFO, REFER, NOTIFY, MESSAGE or OPTIONS inside of the dialog.
    /// [`Event::InDialogAnswered`] follows with the same number.
    pub fn request_in_dialog(
        &mut self,
        _now: Moment,
        _usage: UsageId,
        _method: &str,
        _headers: ExtraHeaders,
        _body: Option<Body>,
    ) -> Result<RequestId, CommandError> {
        Err(SOON)
    }
}

/// Requests that stand alone, and answers.
impl Endpoint {
    /// Answers [`Event::Reinvited`], [`Event::InDialog`] or [`Event::Request`] with 200 to 699.
    ///
    /// # Errors
    ///
    /// [`CommandError::UnknownRequest`] when it was answered already, or its transaction is over.
    pub fn respond(&mut self, _now: Moment, _request: RequestId, _reply: impl Into<Reply>) -> Done {
        Err(SOON)
    }

    /// Sends a request outside of any dialog. [`Event::Response`] follows with the same number.
    pub fn request(&mut self, _now: Moment, _request: OutOfDialog) -> Result<RequestId, CommandError> {
        Err(SOON)
    }
}

/// Looking, keeping, restoring.
impl Endpoint {
    /// How a call stands.
    pub fn usage(&self, _usage: UsageId) -> Option<UsageInfo<'_>> {
        None
    }

    /// The usage that a Replaces header (RFC 3891) or a Join names, by the dialog's parts as *we*
    /// see them. Early ones are found too.
    pub fn find_dialog(&self, _call_id: &str, _local_tag: &str, _remote_tag: &str) -> Option<UsageId> {
        None
    }

    /// Usages that are not over.
    pub fn live_usages(&self) -> usize {
        0
    }

    /// What [`restore`](Self::restore) needs; none unless the call is confirmed.
    pub fn snapshot(&self, _usage: UsageId) -> Option<UsageSnapshot> {
        None
    }

    /// Takes up a call that another process had. Its session timer goes on from `now`.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] when a usage or dialog of the same identity exists,
    /// [`CommandError::Full`] beyond the limit.
    pub fn restore(&mut self, _now: Moment, _snapshot: UsageSnapshot) -> Result<UsageId, CommandError> {
        Err(SOON)
    }
}
