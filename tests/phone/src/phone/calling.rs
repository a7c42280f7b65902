//! Calling: INVITE and its answers, CANCEL, BYE, requests inside of the call (RFC 3261 §12, §13, §14, §15).

use base::Moment;

use super::{CallRef, CallState, Event, Output, Phone, PhoneConfig, with_body};
use crate::dialog::Dialog;
use crate::sdp::Description;
use crate::text::Incoming;
use crate::transaction::ClientState;

impl Phone {
    /// Calls a number of the phone's domain.
    pub fn call(&mut self, now: Moment, number: &str) -> CallRef {
        self.call_with(now, number, &[])
    }

    /// The same with header lines of the test's own (without line ends).
    pub fn call_with(&mut self, now: Moment, number: &str, headers: &[(&str, &str)]) -> CallRef {
        let call = CallRef(self.next_call);
        self.next_call += 1;
        let PhoneConfig { user, domain, .. } = &self.config;
        let local = format!("<sip:{user}@{domain}>;tag={}", self.random.token(8));
        let uri = format!("sip:{number}@{domain}");
        let dialog = Dialog {
            state: CallState::Calling,
            we_called: true,
            call_id: format!("{}@{user}", self.random.token(20)),
            remote: format!("<{uri}>"),
            local,
            target: uri.clone(),
            is_focus: false,
            routes: Vec::new(),
            local_cseq: 0,
            remote_cseq: None,
            session: self.random.next_u64() >> 33,
            version: 1,
            ours: self.description(),
            theirs: None,
            invite_branch: String::new(),
            vias: Vec::new(),
            record_routes: Vec::new(),
            invite_cseq: 0,
            from: String::new(),
            to: String::new(),
            request_uri: uri,
            via: String::new(),
            cancelled: false,
            final_status: None,
            unacknowledged: None,
            ring_again: None,
            last_ack: None,
            with_credentials: false,
            asks_for_offer: None,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        self.calls.insert(call, dialog);
        self.send_invite(now, call, None);
        call
    }

    fn send_invite(&mut self, now: Moment, call: CallRef, authorization: Option<String>) {
        let (via, branch) = self.via();
        let contact = self.contact();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let cseq = dialog.next_cseq();
        dialog.invite_cseq = cseq;
        dialog.invite_branch = branch.clone();
        dialog.via = via.clone();
        let mut head = dialog.head("INVITE", cseq, &via);
        head.push_str(&format!(
            "Contact: {contact}\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO\r\n"
        ));
        for (name, value) in &dialog.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(authorization.as_deref().unwrap_or_default());
        let body = dialog.ours.print(dialog.session, dialog.version);
        let call_id = dialog.call_id.clone();
        self.request(now, "INVITE", &branch, &call_id, with_body(head, Some(&body)));
    }

    /// Ends a call in whichever way its state asks for: CANCEL, BYE, or refusing it.
    pub fn hang_up(&mut self, now: Moment, call: CallRef) {
        match self.state(call) {
            CallState::Calling | CallState::Ringing => self.cancel(now, call),
            CallState::Offered => self.refuse(now, call, 603),
            CallState::Answered | CallState::Up => self.bye(now, call),
            CallState::Over => {}
        }
    }

    fn cancel(&mut self, now: Moment, call: CallRef) {
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        dialog.cancelled = true;
        let branch = dialog.invite_branch.clone();
        let heard = self
            .clients
            .iter()
            .any(|c| c.branch == branch && c.state == ClientState::Proceeding);
        if heard {
            self.send_cancel(now, call);
        }
    }

    fn send_cancel(&mut self, now: Moment, call: CallRef) {
        let Some(dialog) = self.calls.get(&call) else {
            return;
        };
        let head = format!(
            "CANCEL {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: <{}>\r\nCall-ID: {}\r\nCSeq: {} CANCEL\r\n",
            dialog.request_uri,
            dialog.via,
            dialog.local,
            dialog.request_uri,
            dialog.call_id,
            dialog.invite_cseq
        );
        let (branch, call_id) = (dialog.invite_branch.clone(), dialog.call_id.clone());
        self.request(now, "CANCEL", &branch, &call_id, with_body(head, None));
    }

    fn bye(&mut self, now: Moment, call: CallRef) {
        self.in_dialog(now, call, "BYE", None);
        if let Some(dialog) = self.calls.get_mut(&call) {
            dialog.unacknowledged = None;
        }
        self.over(call);
    }

    /// Sends a request inside of the call's dialog; the answer comes as [`Event::Answer`].
    pub fn in_dialog(&mut self, now: Moment, call: CallRef, method: &str, body: Option<(&str, &str)>) {
        self.in_dialog_with(now, call, method, &[], body);
    }

    /// The same with header lines of the test's own.
    pub fn in_dialog_with(
        &mut self,
        now: Moment,
        call: CallRef,
        method: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, &str)>,
    ) {
        let (via, branch) = self.via();
        let contact = self.contact();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let cseq = dialog.next_cseq();
        let mut head = dialog.head(method, cseq, &via);
        if method != "BYE" {
            head.push_str(&format!("Contact: {contact}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let call_id = dialog.call_id.clone();
        let text = match body {
            Some((kind, body)) => {
                head.push_str(&format!(
                    "Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                ));
                head
            }
            None => with_body(head, None),
        };
        self.request(now, method, &branch, &call_id, text);
    }

    /// Whether an INVITE of ours waits for its final response.
    pub(super) fn is_changing(&self, call_id: &str) -> bool {
        self.clients.iter().any(|client| {
            let waits = !matches!(client.state, ClientState::Completed { .. });
            client.method == "INVITE" && client.call_id == call_id && waits
        })
    }

    /// Whether a re-INVITE may be sent now: no other one of ours is under way (RFC 3261 §14.1).
    fn may_change(&self, call: CallRef) -> bool {
        let dialog = self.calls.get(&call);
        dialog.is_some_and(|dialog| !self.is_changing(&dialog.call_id))
    }

    /// Asks for an offer: a re-INVITE without one (RFC 3261 §14.1). The ACK brings the answer.
    pub fn ask_for_offer(&mut self, now: Moment, call: CallRef) {
        if !self.may_change(call) {
            return;
        }
        let (via, branch) = self.via();
        let contact = self.contact();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let cseq = dialog.next_cseq();
        dialog.asks_for_offer = Some(cseq);
        dialog.invite_branch = branch.clone();
        let mut head = dialog.head("INVITE", cseq, &via);
        head.push_str(&format!("Contact: {contact}\r\n"));
        let call_id = dialog.call_id.clone();
        self.request(now, "INVITE", &branch, &call_id, with_body(head, None));
    }

    /// Changes the session: `sendonly` holds, `sendrecv` takes the call back.
    pub fn change(&mut self, now: Moment, call: CallRef, direction: &str) {
        if !self.may_change(call) {
            return;
        }
        if let Some(dialog) = self.calls.get_mut(&call) {
            dialog.version += 1;
            direction.clone_into(&mut dialog.ours.direction);
        }
        self.refresh(now, call);
    }

    /// A re-INVITE with our description as it is (RFC 4028 §7.4).
    pub fn refresh(&mut self, now: Moment, call: CallRef) {
        if !self.may_change(call) {
            return;
        }
        let (via, branch) = self.via();
        let contact = self.contact();
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let cseq = dialog.next_cseq();
        dialog.invite_branch = branch.clone();
        let mut head = dialog.head("INVITE", cseq, &via);
        head.push_str(&format!("Contact: {contact}\r\n"));
        let body = dialog.ours.print(dialog.session, dialog.version);
        let call_id = dialog.call_id.clone();
        self.request(now, "INVITE", &branch, &call_id, with_body(head, Some(&body)));
    }

    pub(super) fn over(&mut self, call: CallRef) {
        if let Some(dialog) = self.calls.get_mut(&call)
            && dialog.state != CallState::Over
        {
            dialog.state = CallState::Over;
            self.event(Event::Ended(call));
        }
    }
}

/// Answers to our INVITEs.
impl Phone {
    pub(super) fn provisional(&mut self, now: Moment, status: u16, message: &Incoming) {
        let Some(call) = self.find(&message.call_id).filter(|_| message.method == "INVITE") else {
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
        if message.header("RSeq").is_some() {
            self.acknowledge_provisional(now, call, message);
        }
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let media = Description::read(&message.body_text());
        let early = media.is_some();
        if early {
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
        let Some(call) = self.find(&message.call_id) else {
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
            _ => self.event(Event::Answer(status)),
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
        match Description::read(&message.body_text()) {
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
        let gave_up = dialog.cancelled;
        if is_first {
            dialog.state = CallState::Up;
        }
        self.send(ack);
        if is_first && gave_up {
            // The answer crossed our CANCEL (RFC 3261 §15).
            self.bye(now, call);
        } else if is_first {
            self.event(Event::Answered(call));
        } else {
            self.event(Event::Answer(200));
        }
    }

    pub(super) fn repeat_ack(&mut self, message: &Incoming) {
        if message.method == "INVITE"
            && let Some(call) = self.find(&message.call_id)
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
