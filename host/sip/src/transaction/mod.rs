//! Transactions (RFC 3261 §17, with the Accepted states of RFC 6026).
//!
//! Four machines, one a file, that know nothing of messages: they are told what kind of thing
//! happened and answer with a [`Step`]. The table beside them keeps the messages, finds the transaction
//! that a message belongs to and bounds how many there are.
//!
//! ```text
//!                 client                     server
//!  INVITE         invite_client  A B D M     invite_server  G H I L
//!  anything else  other_client   E F K       other_server   J
//! ```
//!
//! Not here: dialogs, the repeating of 2xx and of their ACKs (the core's, RFC 3261 §13), Timer C
//! (a proxy's; the endpoint has its ring limit instead).

mod client;
mod deadlines;
mod fingerprint;
pub mod invite_client;
pub mod invite_server;
pub mod key;
pub mod other_client;
pub mod other_server;
mod server;
mod table;
mod timer_queue;

pub use self::client::{Client, ClientMachine};
pub use self::deadlines::Deadlines;
pub use self::fingerprint::{Fingerprint, Fingerprints};
pub use self::invite_client::InviteClient;
pub use self::invite_server::InviteServer;
pub use self::other_client::OtherClient;
pub use self::other_server::OtherServer;
pub use self::server::{Server, ServerMachine};
pub use self::table::{Table, TransactionId};
pub use self::timer_queue::TimerQueue;

/// The kind of a response, which is all that a transaction wants to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 100 to 199.
    Provisional,
    /// 200 to 299.
    Success,
    /// 300 to 699.
    Failure,
}

impl Class {
    pub const fn of(status: u16) -> Self {
        match status {
            ..200 => Self::Provisional,
            200..300 => Self::Success,
            300.. => Self::Failure,
        }
    }
}

/// What to put on the wire after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// The request of a client transaction.
    Request,
    /// The newest response of a server transaction.
    Response,
    /// A 100, made by the owner (§17.2.1).
    Trying,
    /// The ACK of an INVITE client transaction for its failure response (§17.1.1.3).
    Ack,
}

/// What to tell the transaction's user after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The response at hand is new to the user.
    Response,
    /// An ACK for the 2xx came on the INVITE's own branch (RFC 6026 §7.1).
    Ack,
    /// The other side stayed silent: Timers B, F, H.
    Timeout,
    /// The transport says that nothing gets through.
    Transport,
}

/// What a machine asks of its owner after one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Step {
    pub transmit: Option<Transmit>,
    pub report: Option<Report>,
}

impl Step {
    pub(crate) const NOTHING: Self = Self {
        transmit: None,
        report: None,
    };

    pub(crate) const fn transmit(what: Transmit) -> Self {
        Self {
            transmit: Some(what),
            report: None,
        }
    }

    pub(crate) const fn report(what: Report) -> Self {
        Self {
            transmit: None,
            report: Some(what),
        }
    }

    /// The last of a machine.
    pub(crate) const fn over(report: Option<Report>) -> Self {
        Self {
            transmit: None,
            report,
        }
    }

    pub(crate) const fn both(transmit: Transmit, report: Report) -> Self {
        Self {
            transmit: Some(transmit),
            report: Some(report),
        }
    }
}
