//! Calling: INVITE, CANCEL, BYE, requests inside of the call (RFC 3261 §12, §13, §14, §15).

use base::Moment;

use super::{CallRef, CallState, Event, Phone, PhoneConfig, with_body};
use crate::dialog::{Dialog, Early, Timer};
use crate::transaction::{Client, ClientState};

impl Phone {
    /// Calls a number of the phone's domain.
    pub fn call(&mut self, now: Moment, number: &str) -> CallRef {
        self.call_with(now, number, &[])
    }

    /// The same with header lines of the test's own (without line ends).
    pub fn call_with(&mut self, now: Moment, number: &str, headers: &[(&str, &str)]) -> CallRef {
        let (call, dialog) = self.new_call(number, headers);
        self.calls.insert(call, dialog);
        self.send_invite(now, call, None);
        call
    }

    fn new_call(&mut self, number: &str, headers: &[(&str, &str)]) -> (CallRef, Dialog) {
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
            early: Early::default(),
            timer: Timer::default(),
        };
        (call, dialog)
    }

    /// Calls a number without an offer: the 2xx brings one, our ACK the answer (RFC 3261 §13.2.1).
    pub fn call_for_offer(&mut self, now: Moment, number: &str) -> CallRef {
        let (call, dialog) = self.new_call(number, &[]);
        self.calls.insert(
            call,
            Dialog {
                asks_for_offer: Some(0),
                ..dialog
            },
        );
        self.send_invite(now, call, None);
        call
    }

    pub(super) fn send_invite(&mut self, now: Moment, call: CallRef, authorization: Option<String>) {
        let (via, branch) = self.via();
        let contact = self.contact();
        let (allow, extensions) = (self.allow(), self.extension_lines());
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let cseq = dialog.next_cseq();
        dialog.invite_cseq = cseq;
        dialog.invite_branch = branch.clone();
        dialog.via = via.clone();
        let mut head = dialog.head("INVITE", cseq, &via);
        head.push_str(&format!("Contact: {contact}\r\nAllow: {allow}\r\n{extensions}"));
        for (name, value) in &dialog.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(authorization.as_deref().unwrap_or_default());
        let body = match &mut dialog.asks_for_offer {
            Some(asked) => {
                *asked = cseq;
                None
            }
            None => Some(dialog.ours.print(dialog.session, dialog.version)),
        };
        let call_id = dialog.call_id.clone();
        self.request(now, "INVITE", &branch, &call_id, with_body(head, body.as_deref()));
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

    /// The INVITE of this branch has been given up: its final response may be lost.
    pub(super) fn waits_no_longer(&mut self, now: Moment, branch: &str) {
        let invite = |client: &&mut Client| client.branch == branch && client.method == "INVITE";
        if let Some(client) = self.clients.iter_mut().find(invite) {
            client.given_up(now);
        }
    }

    pub(super) fn send_cancel(&mut self, now: Moment, call: CallRef) {
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
        self.waits_no_longer(now, &branch);
        self.request(now, "CANCEL", &branch, &call_id, with_body(head, None));
    }

    pub(super) fn bye(&mut self, now: Moment, call: CallRef) {
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
        if method == "UPDATE" {
            head.push_str(&dialog.timer.lines());
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

    /// Whether a re-INVITE may be sent now: no other offer of ours is under way (RFC 3261 §14.1).
    fn may_change(&self, call: CallRef) -> bool {
        self.calls.get(&call).is_some_and(|dialog| {
            let updates = dialog.early.before.is_some() && self.is_updating(&dialog.call_id);
            !updates && !self.is_changing(&dialog.call_id)
        })
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
        head.push_str(&format!("Contact: {contact}\r\n{}", dialog.timer.lines()));
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
        head.push_str(&format!("Contact: {contact}\r\n{}", dialog.timer.lines()));
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
