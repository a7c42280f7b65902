//! One call as the phone keeps it: tags, sequence numbers, routes.

use base::Moment;

use crate::phone::CallState;
use crate::sdp::Description;

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

    pub fn rings_again(&self) -> Option<Moment> {
        self.ring_again.filter(|_| self.state == CallState::Offered)
    }

    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }
}
