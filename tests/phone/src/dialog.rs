//! One call as the phone keeps it: tags, sequence numbers, routes.

use base::Moment;

use crate::phone::CallState;
use crate::sdp::Description;
use crate::text::tag;

#[derive(Clone, Debug)]
pub struct Dialog {
    pub state: CallState,
    pub we_called: bool,
    pub call_id: String,
    /// The whole From or To value that is ours, tag included.
    pub local: String,
    pub remote: String,
    pub target: String,
    /// The peer is a conference.
    pub is_focus: bool,
    pub routes: Vec<String>,
    pub local_cseq: u32,
    pub remote_cseq: Option<u32>,
    pub session: u64,
    pub version: u64,
    pub ours: Description,
    pub theirs: Option<Description>,
    /// As the callee: the transaction to answer.
    pub invite_branch: String,
    /// As the callee: values to copy into responses.
    pub vias: Vec<String>,
    pub record_routes: Vec<String>,
    pub invite_cseq: u32,
    pub from: String,
    pub to: String,
    /// As the caller: the INVITE, to build CANCEL and ACK from.
    pub request_uri: String,
    pub via: String,
    pub cancelled: bool,
    pub final_status: Option<u16>,
    /// Our 2xx waits for its ACK: what, when again, the gap, until when.
    pub unacknowledged: Option<Unacknowledged>,
    /// As the callee, ringing: when to say 180 again, for the last one may be lost (RFC 3261 §13.3.1.1).
    pub ring_again: Option<Moment>,
    pub last_ack: Option<String>,
    pub with_credentials: bool,
    /// CSeq of a re-INVITE of ours without an offer: its ACK brings the answer.
    pub asks_for_offer: Option<u32>,
    pub headers: Vec<(String, String)>,
    pub early: Early,
    pub timer: Timer,
}

/// How far offer and answer have come before the call is answered (RFC 3262, RFC 3311).
#[derive(Clone, Debug, Default)]
pub struct Early {
    /// As the callee: the caller can take reliable provisional responses.
    pub can_be_reliable: bool,
    /// RSeq of the newest reliable provisional response, of ours or of the peer's.
    pub newest: Option<u32>,
    /// As the callee: our reliable response that waits for its PRACK.
    pub reliable: Option<Reliable>,
    /// As the callee: answered by its user, who waits for that PRACK, too.
    pub answer_waits: bool,
    /// The first offer has its answer in a reliable response.
    pub answered: bool,
    /// As the caller: that answer. No other may follow (RFC 3261 §13.2.1).
    pub answer: Option<Description>,
    /// Both know that of each other: the session may be changed.
    pub agreed: bool,
    /// It was changed since.
    pub updated: bool,
    /// As the caller: we said BYE before there was an answer.
    pub left: bool,
    /// Our side before an UPDATE of ours that is not answered yet.
    pub before: Option<Description>,
}

/// A reliable provisional response that is repeated until its PRACK comes (RFC 3262 §3).
#[derive(Clone, Debug)]
pub struct Reliable {
    pub rseq: u32,
    pub has_body: bool,
    /// None once a final response was sent: only the PRACK is waited for.
    pub repeat: Option<Unacknowledged>,
}

/// The session timer of a call (RFC 4028).
#[derive(Clone, Debug, Default)]
pub struct Timer {
    /// Seconds; none while no timer runs.
    pub interval: Option<u32>,
    pub we_refresh: bool,
    /// When to refresh, or, for whom the peer refreshes, when to give the call up.
    pub due: Option<Moment>,
}

#[derive(Clone, Debug)]
pub struct Unacknowledged {
    /// Of the INVITE.
    pub cseq: u32,
    pub response: String,
    pub again: Moment,
    pub gap: std::time::Duration,
    pub end: Moment,
}

impl Dialog {
    /// The lines of a request of ours inside of the dialog, from the start line to CSeq.
    pub fn head(&self, method: &str, cseq: u32, via: &str) -> String {
        let mut head = format!(
            "{method} {} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n",
            self.target
        );
        for route in &self.routes {
            head.push_str(&format!("Route: {route}\r\n"));
        }
        head.push_str(&format!(
            "From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n",
            self.local, self.remote, self.call_id
        ));
        head
    }

    /// Our tag.
    pub fn tag(&self) -> Option<&str> {
        tag(&self.local)
    }

    pub fn rings_again(&self) -> Option<Moment> {
        self.ring_again.filter(|_| self.state == CallState::Offered)
    }

    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }
}
