//! Being called: ringing, answering, refusing; the caller's CANCEL and ACK (RFC 3261 §9.2, §13.3).

use std::time::Duration;

use base::Moment;

use super::{CallRef, CallState, Event, Phone, with_body};
use crate::dialog::{Dialog, Early, Timer, Unacknowledged};
use crate::sdp::Description;
use crate::text::{Incoming, Start, lists, uri_of, user_of};
use crate::transaction::T1;

/// RFC 3261 §13.3.1.1.
const RING_AGAIN: Duration = Duration::from_secs(60);

impl Phone {
    /// Says 180, and again every minute.
    pub fn ring(&mut self, now: Moment, call: CallRef) {
        if !self.rings_reliably(now, call) {
            self.respond_invite(now, call, 180, "Ringing", None);
        }
        if let Some(dialog) = self.calls.get_mut(&call) {
            dialog.ring_again = Some(now + RING_AGAIN);
        }
    }

    pub(super) fn ring_again(&mut self, now: Moment) {
        let due = |dialog: &Dialog| dialog.rings_again().is_some_and(|at| at <= now);
        let due: Vec<CallRef> = self
            .calls
            .iter()
            .filter_map(|(call, dialog)| due(dialog).then_some(*call))
            .collect();
        due.into_iter().for_each(|call| self.ring(now, call));
    }

    pub fn refuse(&mut self, now: Moment, call: CallRef, status: u16) {
        self.refuse_with(now, call, status, "Refused");
    }

    /// Refuses with a phrase of the test's own, which may hold further header lines.
    pub fn refuse_with(&mut self, now: Moment, call: CallRef, status: u16, phrase: &str) {
        // Whoever forked the call says no only when all have.
        if self.other_forks(call).is_empty() {
            self.respond_invite(now, call, status, phrase, None);
        }
        if let Some(dialog) = self.calls.get_mut(&call) {
            dialog.state = CallState::Over;
        }
    }

    pub fn answer(&mut self, now: Moment, call: CallRef) {
        if self.waits_for_prack(call) {
            return;
        }
        self.answer_alone(now, call);
        for other in self.other_forks(call) {
            self.over(other);
        }
    }

    pub(super) fn answer_alone(&mut self, now: Moment, call: CallRef) {
        if let Some(body) = self.answer_to(call) {
            let body = self.still_to_say(call, body);
            self.respond_invite(now, call, 200, "OK", body);
        }
        if let Some(dialog) = self.calls.get_mut(&call)
            && dialog.state == CallState::Offered
        {
            dialog.state = CallState::Answered;
        }
    }

    /// Sends sound before it answers: 183 with the answer.
    pub fn sounds_early(&mut self, now: Moment, call: CallRef) {
        if self.config.extensions.reliable {
            return self.sounds_early_reliably(now, call);
        }
        if let Some(body) = self.answer_to(call) {
            self.respond_invite(now, call, 183, "Session Progress", Some(body));
        }
    }

    /// Our side, for a caller who waits for it.
    pub(super) fn answer_to(&mut self, call: CallRef) -> Option<String> {
        let description = self.description();
        let dialog = self.calls.get_mut(&call)?;
        if dialog.state != CallState::Offered {
            return None;
        }
        dialog.ours = match &dialog.theirs {
            Some(_) if dialog.early.answered => dialog.ours.clone(),
            Some(offer) => offer
                .answer(self.config.rtp, &self.config.codecs)
                .with_more(&self.config.more),
            None => description,
        };
        Some(dialog.ours.print(dialog.session, dialog.version))
    }

    pub(super) fn respond_invite(
        &mut self,
        now: Moment,
        call: CallRef,
        status: u16,
        phrase: &str,
        body: Option<String>,
    ) -> Option<String> {
        let lines = self.lines_of_response(now, call, status);
        let contact = self.contact();
        let dialog = self.calls.get_mut(&call)?;
        let mut head = format!("SIP/2.0 {status} {phrase}\r\n");
        for via in &dialog.vias {
            head.push_str(&format!("Via: {via}\r\n"));
        }
        for route in &dialog.record_routes {
            head.push_str(&format!("Record-Route: {route}\r\n"));
        }
        head.push_str(&format!(
            "From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} INVITE\r\nContact: {contact}\r\n{lines}",
            dialog.from, dialog.to, dialog.call_id, dialog.invite_cseq
        ));
        let text = with_body(head, body.as_deref());
        let branch = dialog.invite_branch.clone();
        if status >= 200
            && let Some(reliable) = &mut dialog.early.reliable
        {
            reliable.repeat = None;
        }
        if (200..300).contains(&status) {
            // RFC 3261 §13.3.1.4: the core repeats its 2xx, over any transport.
            dialog.unacknowledged = Some(Unacknowledged {
                cseq: dialog.invite_cseq,
                response: text.clone(),
                again: now + T1,
                gap: T1,
                end: now + T1 * 64,
            });
        }
        if let Some(server) = self
            .servers
            .iter_mut()
            .find(|s| s.branch == branch && s.method == "INVITE")
        {
            server.respond(now, text.clone(), status >= 300);
        }
        self.send(text.clone());
        Some(text)
    }

    pub(super) fn offered(&mut self, now: Moment, message: &Incoming) {
        let Start::Request { uri } = &message.start else {
            return;
        };
        let call = CallRef(self.next_call);
        self.next_call += 1;
        let to = format!("{};tag={}", message.to, self.random.token(8));
        let dialog = Dialog {
            state: CallState::Offered,
            we_called: false,
            call_id: message.call_id.clone(),
            local: to.clone(),
            remote: message.from.clone(),
            target: message.contact.clone().unwrap_or_else(|| uri_of(&message.from)),
            is_focus: message.is_focus,
            routes: message.record_routes.clone(),
            local_cseq: 0,
            remote_cseq: Some(message.cseq),
            session: self.random.next_u64() >> 33,
            version: 1,
            ours: self.description(),
            theirs: Description::read(&message.body_text()),
            invite_branch: message.branch.clone(),
            vias: message.vias.clone(),
            record_routes: message.record_routes.clone(),
            invite_cseq: message.cseq,
            from: message.from.clone(),
            to,
            request_uri: uri.clone(),
            via: String::new(),
            cancelled: false,
            final_status: None,
            unacknowledged: None,
            ring_again: None,
            last_ack: None,
            with_credentials: false,
            asks_for_offer: None,
            headers: message.others.clone(),
            early: Early {
                can_be_reliable: lists(message, "100rel"),
                ..Early::default()
            },
            timer: Timer::default(),
        };
        self.calls.insert(call, dialog);
        self.respond_invite(now, call, 100, "Trying", None);
        let from_uri = uri_of(&message.from);
        let name = message
            .from
            .split_once('<')
            .map_or("", |(name, _)| name)
            .trim()
            .trim_matches('"')
            .to_owned();
        self.event(Event::Offered {
            call,
            caller: user_of(&from_uri).to_owned(),
            caller_name: name,
            called: user_of(uri).to_owned(),
            alert: message.header("Alert-Info").map(str::to_owned),
        });
    }

    pub(super) fn cancelled(&mut self, now: Moment, message: &Incoming) {
        self.reply(now, message, 200, None);
        let found = self
            .calls
            .iter()
            .find(|(_, d)| !d.we_called && d.invite_branch == message.branch);
        let Some((call, dialog)) = found.map(|(call, dialog)| (*call, dialog)) else {
            return;
        };
        let others = self.other_forks(call);
        if dialog.state == CallState::Offered || !others.is_empty() {
            self.respond_invite(now, call, 487, "Request Terminated", None);
            for call in others.into_iter().chain([call]) {
                if let Some(dialog) = self.calls.get_mut(&call) {
                    dialog.state = CallState::Over;
                }
            }
            self.event(Event::Cancelled(
                call,
                message.header("Reason").map(str::to_owned),
            ));
        }
    }

    pub(super) fn acknowledged(&mut self, message: &Incoming) {
        let invite = self
            .servers
            .iter_mut()
            .find(|s| s.branch == message.branch && s.method == "INVITE");
        if let Some(server) = invite {
            server.acknowledged();
        }
        let Some(call) = self.find_for(message) else {
            return;
        };
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        // One for an INVITE before, refused or not, says nothing of this one.
        let waiting = dialog
            .unacknowledged
            .take_if(|waiting| waiting.cseq == message.cseq);
        if waiting.is_none() {
            return;
        }
        // An ACK that a later offer overtook says nothing any more.
        let is_late = dialog.remote_cseq.is_some_and(|last| message.cseq < last);
        if let Some(theirs) = Description::read(&message.body_text()).filter(|_| !is_late) {
            dialog.theirs = Some(theirs);
        }
        if dialog.state == CallState::Answered {
            dialog.state = CallState::Up;
            self.event(Event::Up(call));
        }
    }
}
