//! Answers to our INVITEs, those that begin a call and those that change one: provisional ones, challenges, refusals, the 2xx
//! and its ACK (RFC 3261 §13.2.2).

use base::Moment;

use super::{CallRef, CallState, Event, Output, Phone, with_body};
use crate::sdp::Description;
use crate::text::Incoming;

impl Phone {
    pub(super) fn provisional(&mut self, now: Moment, status: u16, message: &Incoming) {
        let Some(call) = self.find_for(message).filter(|_| message.method == "INVITE") else {
            return;
        };
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        if dialog.state == CallState::Calling && status > 100 {
            dialog.state = CallState::Ringing;
        }
        if dialog.cancelled
            && !self
                .clients
                .iter()
                .any(|c| c.method == "CANCEL" && c.call_id == message.call_id)
        {
            return self.send_cancel(now, call);
        }
        if message.header("RSeq").is_some() && !self.acknowledge_provisional(now, call, message) {
            return;
        }
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let media = Description::read(&message.body_text());
        let early = media.is_some();
        // What was agreed on reliably is not changed by another answer.
        if early && (message.header("RSeq").is_some() || !dialog.early.answered) {
            dialog.theirs = media;
        }
        if status > 100 {
            self.event(Event::Ringing(call, status));
        }
        if early {
            self.event(Event::EarlyMedia(call));
        }
    }

    pub(super) fn invite_answered(&mut self, now: Moment, status: u16, message: &Incoming) {
        let Some(call) = self.find_for(message) else {
            return;
        };
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let is_first = matches!(dialog.state, CallState::Calling | CallState::Ringing);
        match status {
            200..=299 => self.accepted(now, call, message),
            401 | 407 if is_first && !dialog.with_credentials => {
                dialog.with_credentials = true;
                let uri = dialog.request_uri.clone();
                match self.authorization(message, "INVITE", &uri) {
                    Some(line) => self.send_invite(now, call, Some(line)),
                    None => self.wrong("a challenge that cannot be read"),
                }
            }
            _ if is_first => {
                dialog.state = CallState::Over;
                dialog.final_status = Some(status);
                self.event(Event::Failed(call, status));
            }
            _ => {
                self.refresh_answered(now, call, status, message);
                self.event(Event::Answer(status));
            }
        }
    }

    fn accepted(&mut self, now: Moment, call: CallRef, message: &Incoming) {
        let (via, _) = self.via();
        let (rtp, codecs) = (self.config.rtp, self.config.codecs.clone());
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let is_first = matches!(dialog.state, CallState::Calling | CallState::Ringing);
        if is_first {
            if dialog.final_status.is_some() {
                return self.wrong("a second final response to an INVITE");
            }
            dialog.final_status = Some(200);
            dialog.remote.clone_from(&message.to);
            dialog.routes = message.record_routes.iter().rev().cloned().collect();
        }
        match &message.contact {
            Some(contact) => {
                dialog.target.clone_from(contact);
                dialog.is_focus = message.is_focus;
            }
            None => self
                .outputs
                .push_back(Output::Event(Event::Wrong("a 2xx without Contact".to_owned()))),
        }
        let agreed = is_first && dialog.early.answered;
        match Description::read(&message.body_text()) {
            Some(theirs) if agreed && dialog.early.answer.as_ref() != Some(&theirs) => {
                let wrong = "a 2xx with another description than was agreed on".to_owned();
                self.outputs.push_back(Output::Event(Event::Wrong(wrong)));
            }
            Some(_) if agreed => {}
            Some(theirs) => dialog.theirs = Some(theirs),
            None if is_first && dialog.theirs.is_none() => {
                self.outputs
                    .push_back(Output::Event(Event::Wrong("a 2xx without SDP".to_owned())));
            }
            None => {}
        }
        let mut answer = None;
        if dialog
            .asks_for_offer
            .take_if(|cseq| *cseq == message.cseq)
            .is_some()
            && let Some(offer) = &dialog.theirs
        {
            dialog.ours = offer.answer(rtp, &codecs);
            dialog.version += 1;
            answer = Some(dialog.ours.print(dialog.session, dialog.version));
        }
        let ack = with_body(dialog.head("ACK", message.cseq, &via), answer.as_deref());
        dialog.last_ack = Some(ack.clone());
        let (gave_up, left) = (dialog.cancelled, dialog.early.left);
        if is_first {
            dialog.state = CallState::Up;
        }
        self.send(ack);
        self.refresh_answered(now, call, 200, message);
        if is_first && gave_up {
            // The answer crossed our CANCEL (RFC 3261 §15).
            self.bye(now, call);
        } else if is_first && left {
            self.over(call);
        } else if is_first {
            self.event(Event::Answered(call));
        } else {
            self.event(Event::Answer(200));
        }
    }

    pub(super) fn repeat_ack(&mut self, message: &Incoming) {
        if message.method == "INVITE"
            && let Some(call) = self.find_for(message)
            && let Some(ack) = self.calls.get(&call).and_then(|dialog| dialog.last_ack.clone())
        {
            self.send(ack);
        }
    }
}

/// The ACK of a refusal repeats the INVITE's own first lines (RFC 3261 §17.1.1.3).
pub(super) fn ack_for_refusal(invite: &str, message: &Incoming) -> String {
    let uri = invite.split_whitespace().nth(1).unwrap_or_default();
    let line = |name: &str| {
        invite
            .lines()
            .find(|line| line.starts_with(name))
            .map(|line| format!("{line}\r\n"))
            .unwrap_or_default()
    };
    format!(
        "ACK {uri} SIP/2.0\r\n{}Max-Forwards: 70\r\n{}{}To: {}\r\nCall-ID: {}\r\nCSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
        line("Via:"),
        line("Route:"),
        line("From:"),
        message.to,
        message.call_id,
        message.cseq
    )
}
