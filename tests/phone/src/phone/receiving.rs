//! What arrives: finds the transaction and the call that it belongs to.

use base::Moment;

use super::answered::ack_for_refusal;
use super::{CallRef, CallState, Event, Phone, with_body};
use crate::dialog::Unacknowledged;
use crate::sdp::Description;
use crate::text::{Incoming, Start};
use crate::transaction::{ClientState, Server, T1};

impl Phone {
    pub fn receive(&mut self, now: Moment, bytes: &[u8]) {
        match Incoming::read(bytes) {
            Ok(message) => match message.start.clone() {
                Start::Request { .. } => self.requested(now, &message),
                Start::Response { status } => self.answered(now, status, &message),
            },
            Err(error) => self.wrong(format!("unreadable: {error}: {}", String::from_utf8_lossy(bytes))),
        }
    }

    fn requested(&mut self, now: Moment, message: &Incoming) {
        if message.method == "ACK" {
            return self.acknowledged(message);
        }
        let seen = self
            .servers
            .iter()
            .find(|s| s.branch == message.branch && s.method == message.method);
        if let Some(server) = seen {
            if let Some(response) = server.response.clone() {
                self.send(response);
            }
            return;
        }
        self.servers
            .push(Server::new(now, &message.branch, &message.method));
        match message.method.as_str() {
            "INVITE" if message.to_tag().is_none() => self.offered(now, message),
            "INVITE" | "UPDATE" => self.changed(now, message),
            "CANCEL" => self.cancelled(now, message),
            "BYE" => self.ended(now, message),
            "OPTIONS" | "INFO" => self.reply(now, message, 200, None),
            "PRACK" => self.provisional_acknowledged(now, message),
            "SUBSCRIBE" => self.subscribed(now, message),
            "NOTIFY" | "MESSAGE" => self.told(now, message),
            _ => self.reply(now, message, 405, None),
        }
    }

    pub(super) fn reply(&mut self, now: Moment, message: &Incoming, status: u16, body: Option<&str>) {
        self.reply_with(now, message, status, "", body);
    }

    /// The same with further lines, each with its end.
    pub(super) fn reply_with(
        &mut self,
        now: Moment,
        message: &Incoming,
        status: u16,
        lines: &str,
        body: Option<&str>,
    ) {
        let mut head = format!("SIP/2.0 {status} {}\r\n", if status == 200 { "OK" } else { "No" });
        for via in &message.vias {
            head.push_str(&format!("Via: {via}\r\n"));
        }
        let tag = if message.to_tag().is_some() {
            String::new()
        } else {
            format!(";tag={}", self.random.token(8))
        };
        head.push_str(&format!(
            "From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {} {}\r\nContact: {}\r\n{lines}",
            message.from,
            message.to,
            message.call_id,
            message.cseq,
            message.method,
            self.contact()
        ));
        let text = with_body(head, body);
        if let Some(server) = self
            .servers
            .iter_mut()
            .find(|s| s.branch == message.branch && s.method == message.method)
        {
            server.respond(
                now,
                text.clone(),
                status >= 200 && (status >= 300 || message.method != "INVITE"),
            );
        }
        self.send(text);
    }

    fn changed(&mut self, now: Moment, message: &Incoming) {
        let live = |call: &CallRef| self.state(*call) != CallState::Over;
        let Some(call) = self.find_for(message).filter(live) else {
            return self.reply(now, message, 481, None);
        };
        // RFC 3261 §14.2, RFC 3311 §5.2: an offer of ours is on its way.
        let offers = message.method == "INVITE" || !message.body.is_empty();
        let changing = self.is_updating(&message.call_id)
            || (self.state(call) == CallState::Up && self.is_changing(&message.call_id));
        if offers && changing {
            return self.reply(now, message, 491, None);
        }
        if !message.body.is_empty() && self.is_before_the_answer(call) {
            self.wrong("an offer before the first one is answered");
            return self.reply(now, message, 500, None);
        }
        if let Some(status) = self.config.refuses_changes.filter(|_| !message.body.is_empty()) {
            return self.reply(now, message, status, None);
        }
        let timer = self.timer_of_change(now, call, message);
        let (rtp, codecs, full) = (self.config.rtp, self.config.codecs.clone(), self.description());
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        if dialog.remote_cseq.is_some_and(|last| message.cseq <= last) {
            self.wrong(format!(
                "CSeq {} of a {} does not grow",
                message.cseq, message.method
            ));
            return;
        }
        dialog.remote_cseq = Some(message.cseq);
        if let Some(contact) = &message.contact {
            dialog.target.clone_from(contact);
            dialog.is_focus = message.is_focus;
        }
        dialog.version += 1;
        let offer = Description::read(&message.body_text());
        let direction = offer
            .as_ref()
            .map_or("sendrecv", |offer| offer.direction.as_str())
            .to_owned();
        dialog.ours = match &offer {
            Some(offer) => offer.answer(rtp, &codecs),
            None => full,
        };
        if offer.is_some() {
            dialog.theirs = offer;
            dialog.early.updated = true;
        }
        let body = (message.method == "INVITE" || !message.body.is_empty())
            .then(|| dialog.ours.print(dialog.session, dialog.version));
        self.reply_with(now, message, 200, &timer, body.as_deref());
        if message.method == "INVITE"
            && let Some(dialog) = self.calls.get_mut(&call)
            && let Some(server) = self
                .servers
                .iter()
                .find(|s| s.branch == message.branch && s.method == message.method)
            && let Some(response) = server.response.clone()
        {
            dialog.unacknowledged = Some(Unacknowledged {
                cseq: message.cseq,
                response,
                again: now + T1,
                gap: T1,
                end: now + T1 * 64,
            });
        }
        self.event(Event::Changed(call, direction));
    }

    fn ended(&mut self, now: Moment, message: &Incoming) {
        let Some(call) = self.find_for(message) else {
            return self.reply(now, message, 481, None);
        };
        self.reply(now, message, 200, None);
        if let Some(dialog) = self.calls.get_mut(&call) {
            dialog.unacknowledged = None;
        }
        self.over(call);
    }

    fn answered(&mut self, now: Moment, status: u16, message: &Incoming) {
        let found = self
            .clients
            .iter()
            .position(|c| c.branch == message.branch && c.method == message.method);
        let Some(index) = found else {
            // A 2xx again, after its transaction: only the ACK again (RFC 3261 §13.2.2.4).
            return self.repeat_ack(message);
        };
        if status < 200 {
            if let Some(client) = self.clients.get_mut(index) {
                client.proceeding(now);
            }
            return self.provisional(now, status, message);
        }
        let Some(client) = self.clients.get_mut(index) else {
            return;
        };
        if let ClientState::Completed { ack } = &client.state {
            match ack.clone() {
                Some(ack) if status >= 300 => self.send(ack),
                // A 2xx after the refusal: nobody here knows of that call any more (RFC 3261 §17.1.1.2).
                Some(_) => {}
                None => self.repeat_ack(message),
            }
            return;
        }
        let ack =
            (message.method == "INVITE" && status >= 300).then(|| ack_for_refusal(&client.request, message));
        client.complete(now, ack.clone());
        if let Some(ack) = ack {
            self.send(ack);
        }
        match message.method.as_str() {
            "REGISTER" => self.register_answered(now, status, message),
            "INVITE" => self.invite_answered(now, status, message),
            "CANCEL" | "BYE" | "PRACK" => {}
            "UPDATE" => self.update_answered(now, status, message),
            _ => self.asked_answered(now, status, message),
        }
    }
}
