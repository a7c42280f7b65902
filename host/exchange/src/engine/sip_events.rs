//! What the SIP stack says, handed to the part that it is for; and every message reported.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use contract::{Cause, LegId};
use rustc_hash::FxHasher;
use sip::endpoint::{
    Ending, Event, Failure, Output as FromSip, Packet, Path, Reason, RequestId, SubscriptionEnding,
    SubscriptionId, UsageId,
};
use sip::{Method, Request, Response};

use super::{Exchange, features};
use crate::cause;
use crate::ids::CallId;
use crate::io::Output;
use crate::report::{Fact, Report, SipMessage};

impl Exchange {
    pub(super) fn packet(&mut self, packet: Packet) {
        let reported = self.config.report_messages.then(|| {
            let position = self.outbox.len();
            let dialog = dialog_of(&packet.bytes);
            self.report_message(packet.path, packet.bytes.clone(), false, dialog);
            (position, dialog)
        });
        self.sip.receive(self.now, packet);
        self.drain_sip();
        // A first INVITE has made its leg only now.
        if let Some((position, Some(dialog))) = reported {
            self.attribute(position, dialog);
        }
    }

    /// Takes everything out of the stack.
    pub(super) fn drain_sip(&mut self) {
        while let Some(output) = self.sip.poll() {
            match output {
                FromSip::Send { path, bytes } => {
                    if self.config.report_messages {
                        let dialog = dialog_of(&bytes);
                        self.report_message(path, bytes.clone(), true, dialog);
                    }
                    self.outbox.push_back(Output::Transmit { path, bytes });
                }
                FromSip::Close { connection } => self.outbox.push_back(Output::CloseConnection(connection)),
                FromSip::Event(event) => self.sip_event(event),
            }
        }
    }

    fn sip_event(&mut self, event: Event) {
        match event {
            Event::Invited {
                usage,
                request,
                path,
                body,
            } => self.invited(usage, &request, path, body.as_ref()),
            Event::Confirmed { usage, body } => {
                if let Some(leg) = self.leg_of(usage) {
                    self.caller_confirmed(leg, body.as_ref());
                }
            }
            Event::Progress {
                usage,
                fork,
                response,
                body,
            } => {
                if let Some(leg) = self.leg_of(usage) {
                    self.callee_progress(leg, fork, response.status.code(), body.as_ref());
                }
            }
            Event::Accepted { usage, body, .. } => match self.leg_of(usage) {
                Some(leg) => self.callee_answered(leg, body.as_ref()),
                // Given up while the answer was on its way, and the stack could not know.
                None => self.say_goodbye(usage),
            },
            Event::Failed { usage, failure } => {
                if let Some(leg) = self.leg_of(usage) {
                    self.callee_failed(leg, &failure);
                }
            }
            Event::Reinvited {
                usage,
                request_id,
                request,
                body,
            } => match self.leg_of(usage) {
                Some(leg) => {
                    let update = request.method == Method::Update;
                    self.renegotiate(leg, request_id, update, body.as_ref());
                }
                None => self.respond(request_id, 481),
            },
            Event::Renegotiated { usage, result } => {
                if let Some(leg) = self.leg_of(usage) {
                    self.renegotiation_over(leg, result);
                }
            }
            Event::Unsettled { usage } => {
                if let Some(leg) = self.leg_of(usage) {
                    self.settle_media(leg);
                }
            }
            Event::InDialog {
                usage,
                request_id,
                request,
            } => self.in_dialog(usage, request_id, &request),
            Event::Ended { usage, ending } => {
                if let Some(leg) = self.leg_of(usage) {
                    self.leg_gone(leg, cause_of(&ending));
                }
            }
            Event::Request {
                request_id,
                request,
                path,
            } => self.request(request_id, &request, path),
            Event::Response { request_id, result } => self.answered(request_id, result),
            Event::Subscribing {
                subscription,
                request,
                path,
                ..
            } if features::is_for(&request) => self.subscribing_features(subscription, &request, path),
            Event::Subscribing {
                subscription,
                request,
                path,
                ..
            } => self.subscribing(subscription, &request, path),
            Event::Resubscribed {
                subscription,
                request,
            } => self.subscribed_again(subscription, &request),
            Event::Notified {
                subscription,
                standing,
                body,
                ..
            } => {
                self.told_of_line(subscription, standing, body.as_ref());
            }
            Event::SubscriptionEnded { subscription, ending } => {
                self.subscription_over(subscription, &ending)
            }
            // Answers to our NOTIFYs change nothing, and neither does what is not known here.
            Event::InDialogAnswered {
                request_id, result, ..
            } => drop(self.text_answered(request_id, &result)),
            _ => {}
        }
    }

    /// The answer to a request of ours outside of calls: a text, or one to a trunk.
    fn answered(&mut self, id: RequestId, result: Result<Arc<Response>, Failure>) {
        if !self.text_answered(id, &result) && !self.page_answered(id, &result) {
            self.trunk_answered(id, result);
        }
    }

    /// A phone asks once more for the state of its features, or for a lamp.
    fn subscribed_again(&mut self, id: SubscriptionId, request: &Request) {
        if !self.features_resubscribed(id, request) {
            self.resubscribed(id);
        }
    }

    /// A subscription of ours is over, or one of a phone's.
    fn subscription_over(&mut self, id: SubscriptionId, ending: &SubscriptionEnding) {
        if !self.told_no_more(id, ending) {
            self.subscription_ended(id);
        }
    }

    fn leg_of(&self, usage: UsageId) -> Option<LegId> {
        self.by_usage.get(&usage).copied()
    }

    fn in_dialog(&mut self, usage: UsageId, request_id: RequestId, request: &Arc<Request>) {
        let Some(leg) = self.leg_of(usage) else {
            self.respond(request_id, 481);
            return;
        };
        match request.method {
            Method::Info => {
                let digit = info_digit(request);
                self.respond(
                    request_id,
                    if digit.is_some() || request.body.is_empty() {
                        200
                    } else {
                        415
                    },
                );
                match (digit, self.port_of(leg)) {
                    (Some((digit, held)), Some(port)) => {
                        self.media(::media::Command::InjectDigit { port, digit, held });
                    }
                    (Some(_), None) => self.pass_digit(leg, request),
                    (None, _) => {}
                }
            }
            Method::Refer => self.referred(leg, request_id, request),
            Method::Message => self.text_in_call(leg, request_id, request),
            // RFC 6665 §4.1.3: nothing is subscribed to in calls.
            Method::Notify => self.respond(request_id, 481),
            _ => self.respond(request_id, 405),
        }
    }

    pub(super) fn respond(&mut self, request_id: RequestId, status: u16) {
        // An error means that the peer gave up waiting.
        let _ = self.sip.respond(self.now, request_id, status);
    }

    /// Ends a dialog that no leg stands for.
    fn say_goodbye(&mut self, usage: UsageId) {
        let _ = self
            .sip
            .hang_up(self.now, usage, 487, Some(Reason::answered_elsewhere()));
    }
}

/// Reports of messages.
impl Exchange {
    fn report_message(&mut self, path: Path, text: Bytes, sent: bool, dialog: Option<u64>) {
        let spoken = dialog.and_then(|dialog| self.spoken.get(&dialog));
        let message = SipMessage { sent, path, text };
        self.outbox.push_back(Output::Report(Box::new(Report {
            at: self.now,
            tenant: spoken.map(|spoken| spoken.tenant.clone()),
            call: spoken.map(|spoken| spoken.call),
            leg: spoken.map(|spoken| spoken.leg),
            session: None,
            fact: Fact::Sip(message),
        })));
    }

    /// Says whose the message was that is reported at this place of the outbox.
    fn attribute(&mut self, position: usize, dialog: u64) {
        let Some(spoken) = self.spoken.get(&dialog) else {
            return;
        };
        if let Some(Output::Report(report)) = self.outbox.get_mut(position)
            && report.leg.is_none()
        {
            report.tenant = Some(spoken.tenant.clone());
            report.call = Some(spoken.call);
            report.leg = Some(spoken.leg);
        }
    }

    pub(super) fn remember_dialog(&mut self, usage: UsageId, id: LegId) {
        if !self.config.report_messages {
            return;
        }
        let Some(dialog) = self.sip.usage(usage).map(|usage| hash(usage.call_id.as_bytes())) else {
            return;
        };
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.dialog = dialog;
        let spoken = Spoken {
            tenant: leg.tenant.clone(),
            call: leg.call,
            leg: id,
        };
        self.spoken.insert(dialog, spoken);
    }

    /// The leg is gone; its last messages are still on their way (RFC 3261 §17: 64·T1 at most).
    pub(super) fn forget_dialog(&mut self, dialog: u64) {
        if !self.config.report_messages {
            return;
        }
        self.fading.push_back((self.now + TRAIL, dialog));
        while let Some((_, dialog)) = self.fading.pop_front_if(|(until, _)| *until <= self.now) {
            self.spoken.remove(&dialog);
        }
    }
}

/// How long after a leg's end its messages are still told apart.
const TRAIL: std::time::Duration = std::time::Duration::from_secs(33);

/// Whose messages carry a Call-ID.
#[derive(Debug)]
pub(crate) struct Spoken {
    tenant: Arc<str>,
    call: CallId,
    leg: LegId,
}

/// A hash of the message's Call-ID, found without taking the message apart.
fn dialog_of(message: &[u8]) -> Option<u64> {
    let mut rest = message;
    loop {
        let line_end = memchr::memchr(b'\n', rest)?;
        rest = rest.get(line_end + 1..)?;
        if !matches!(rest.first()?, b'c' | b'C' | b'i' | b'I') {
            continue;
        }
        let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
        let (name, value) = line.split_at_checked(memchr::memchr(b':', line)?)?;
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
            return Some(hash(value.get(1..)?.trim_ascii()));
        }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// Why a leg ended, as its peer or the stack tells.
fn cause_of(ending: &Ending) -> Cause {
    match ending {
        Ending::Bye { reason: Some(reason) } if reason.protocol.eq_ignore_ascii_case("SIP") => reason
            .cause
            .filter(|status| *status >= 300)
            .map_or(Cause::Normal, |status| cause::of_status(status, true)),
        Ending::Ours | Ending::Bye { .. } => Cause::Normal,
        Ending::Cancelled { .. } => Cause::Cancelled,
        Ending::NotConfirmed | Ending::NotAcknowledged | Ending::DialogGone | Ending::SessionExpired => {
            Cause::Failed
        }
        Ending::Transport => Cause::Unreachable,
        _ => Cause::Failed,
    }
}

/// A digit in an INFO: `application/dtmf-relay` (`Signal=5`, `Duration=160`) or `application/dtmf` (`5`).
fn info_digit(request: &Request) -> Option<(char, std::time::Duration)> {
    let body = std::str::from_utf8(&request.body).ok()?;
    let field = |name: &str| {
        body.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let signal = field("Signal").unwrap_or(body.trim());
    let digit = match signal {
        "10" => '*',
        "11" => '#',
        text => text.chars().next().filter(|_| text.chars().count() == 1)?,
    };
    let held = field("Duration")
        .and_then(|millis| millis.parse().ok())
        .unwrap_or(160);
    let digit = digit.to_ascii_uppercase();
    "0123456789*#ABCD"
        .contains(digit)
        .then(|| (digit, std::time::Duration::from_millis(held)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_id_is_found_in_either_spelling() {
        let long = b"INVITE sip:1@a SIP/2.0\r\nCALL-ID : x@y\r\n\r\n";
        let short = b"SIP/2.0 200 OK\r\nVia: v\r\ni: x@y\r\n\r\n";
        assert!(dialog_of(long).is_some());
        assert_eq!(dialog_of(long), dialog_of(short));
        assert_eq!(dialog_of(b"INVITE sip:1@a SIP/2.0\r\n\r\n"), None);
    }
}
