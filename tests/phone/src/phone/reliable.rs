//! Reliable provisional responses (RFC 3262) and UPDATE (RFC 3311), from both ends.
//!
//! ```text
//!  caller ──INVITE, offer──▶ callee
//!  caller ◀──183, answer──── callee    repeated from 500 ms on, given up on after 32 s
//!  caller ──PRACK──────────▶ callee    agreed: from now on either may send UPDATE
//! ```

use base::Moment;

use super::{CallRef, CallState, Event, Phone};
use crate::dialog::{Dialog, Reliable, Unacknowledged};
use crate::sdp::Description;
use crate::text::{Incoming, lists};
use crate::transaction::{ClientState, T1};

/// As the callee.
impl Phone {
    /// [`sounds_early`](Self::sounds_early), in a response that wants its PRACK, if the caller can send one.
    pub fn sounds_early_reliably(&mut self, now: Moment, call: CallRef) {
        if let Some(body) = self.answer_to(call) {
            self.respond_reliably(now, call, 183, "Session Progress", Some(body));
        }
    }

    /// False when it is for a 180 of the common kind.
    pub(super) fn rings_reliably(&mut self, now: Moment, call: CallRef) -> bool {
        let can = self
            .calls
            .get(&call)
            .is_some_and(|dialog| dialog.early.can_be_reliable && dialog.early.reliable.is_none());
        if can && self.config.extensions.rings_reliably {
            self.respond_reliably(now, call, 180, "Ringing", None);
            return true;
        }
        false
    }

    fn respond_reliably(
        &mut self,
        now: Moment,
        call: CallRef,
        status: u16,
        phrase: &str,
        body: Option<String>,
    ) {
        let first = self.random.below(1 << 20) as u32;
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        // RFC 3262 §3: no other while one waits for its PRACK.
        if dialog.early.reliable.is_some() {
            return;
        }
        if !dialog.early.can_be_reliable {
            self.respond_invite(now, call, status, phrase, body);
            return;
        }
        let rseq = dialog.early.newest.map_or(first, |newest| newest) + 1;
        let (has_body, cseq) = (body.is_some(), dialog.invite_cseq);
        dialog.early.newest = Some(rseq);
        dialog.early.answered |= has_body && dialog.theirs.is_some();
        dialog.early.reliable = Some(Reliable {
            rseq,
            has_body,
            repeat: None,
        });
        let phrase = format!("{phrase}\r\nRequire: 100rel\r\nRSeq: {rseq}");
        let response = self.respond_invite(now, call, status, &phrase, body);
        let reliable = self
            .calls
            .get_mut(&call)
            .and_then(|dialog| dialog.early.reliable.as_mut());
        if let (Some(reliable), Some(response)) = (reliable, response) {
            reliable.repeat = Some(Unacknowledged {
                cseq,
                response,
                again: now + T1,
                gap: T1,
                end: now + T1 * 64,
            });
        }
    }

    /// RFC 3262 §3: no 2xx while a description waits for its PRACK; then it follows.
    pub(super) fn waits_for_prack(&mut self, call: CallRef) -> bool {
        let Some(dialog) = self.calls.get_mut(&call) else {
            return false;
        };
        let waits = dialog
            .early
            .reliable
            .as_ref()
            .is_some_and(|reliable| reliable.has_body);
        dialog.early.answer_waits |= waits;
        waits
    }

    /// What the 2xx says of the session: nothing once that was changed by UPDATE (RFC 6337 §3.1.1).
    pub(super) fn still_to_say(&self, call: CallRef, body: String) -> Option<String> {
        let updated = self.calls.get(&call).is_some_and(|dialog| dialog.early.updated);
        (!updated).then_some(body)
    }

    pub(super) fn provisional_acknowledged(&mut self, now: Moment, message: &Incoming) {
        let rack = message.header("RAck").unwrap_or_default();
        let mut words = rack.split_whitespace().map(str::parse::<u32>);
        let (rseq, cseq) = (words.next(), words.next());
        let found = self
            .find_for(message)
            .filter(|call| self.state(*call) != CallState::Over);
        let taken = found.and_then(|call| {
            let dialog = self.calls.get_mut(&call)?;
            let is_for = |reliable: &mut Reliable| {
                rseq == Some(Ok(reliable.rseq)) && cseq == Some(Ok(dialog.invite_cseq))
            };
            let reliable = dialog.early.reliable.take_if(is_for)?;
            dialog.early.agreed |= reliable.has_body && dialog.early.answered;
            Some((call, std::mem::take(&mut dialog.early.answer_waits)))
        });
        self.reply(now, message, if taken.is_some() { 200 } else { 481 }, None);
        if let Some((call, true)) = taken {
            self.answer(now, call);
        }
    }

    /// Reliable responses again, or, after 32 s, the end of the call (RFC 3262 §3).
    pub(super) fn repeat_provisionals(&mut self, now: Moment) {
        let (mut send, mut over) = (Vec::new(), Vec::new());
        for (call, dialog) in &mut self.calls {
            if dialog.provisional_due().is_none_or(|at| at > now) {
                continue;
            }
            let Some(repeat) = dialog.early.reliable.as_mut().and_then(|one| one.repeat.as_mut()) else {
                continue;
            };
            if repeat.end <= now {
                over.push(*call);
            } else {
                repeat.gap *= 2;
                repeat.again = now + repeat.gap;
                send.push(repeat.response.clone());
            }
        }
        for text in send {
            self.send(text);
        }
        for call in over {
            self.wrong(format!("no PRACK for {call:?}"));
            self.refuse_with(now, call, 500, "No PRACK");
        }
    }
}

/// As the caller.
impl Phone {
    /// The early dialog is there now, and the response gets its PRACK. False if it came before, or out of order
    /// (RFC 3262 §4).
    pub(super) fn acknowledge_provisional(&mut self, now: Moment, call: CallRef, message: &Incoming) -> bool {
        let rseq = message.header("RSeq").and_then(|rseq| rseq.parse::<u32>().ok());
        let (Some(dialog), Some(rseq)) = (self.calls.get_mut(&call), rseq) else {
            return false;
        };
        if !lists(message, "100rel") || dialog.early.newest.is_some_and(|newest| rseq != newest + 1) {
            return false;
        }
        dialog.early.newest = Some(rseq);
        dialog.remote.clone_from(&message.to);
        if let Some(contact) = &message.contact {
            dialog.target.clone_from(contact);
        }
        dialog.routes = message.record_routes.iter().rev().cloned().collect();
        let answer = Description::read(&message.body_text());
        let is_answer = answer.is_some();
        dialog.early.answer = dialog.early.answer.take().or(answer);
        dialog.early.answered |= is_answer;
        dialog.early.agreed |= is_answer;
        let rack = format!("{rseq} {} INVITE", message.cseq);
        self.in_dialog_with(now, call, "PRACK", &[("RAck", &rack)], None);
        true
    }
}

/// From both ends.
impl Phone {
    /// A caller says BYE in the early dialog (RFC 3261 §15): the INVITE gets its 487, or a 2xx that was on its way, or nothing
    /// when that is lost.
    pub fn leave_early(&mut self, now: Moment, call: CallRef) {
        self.in_dialog(now, call, "BYE", None);
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        dialog.early.left = true;
        let branch = dialog.invite_branch.clone();
        self.waits_no_longer(now, &branch);
    }

    /// Whether the session may be changed by UPDATE now, before the answer or after (RFC 3311 §5.1).
    pub fn may_update(&self, call: CallRef) -> bool {
        let Some(dialog) = self.calls.get(&call) else {
            return false;
        };
        let early = &dialog.early;
        let is_over = early.answer_waits || early.left || dialog.cancelled;
        let is_open = self.is_updating(&dialog.call_id) || is_over;
        match dialog.state {
            CallState::Ringing | CallState::Offered => early.agreed && !is_open,
            CallState::Up => {
                !is_open && !self.is_changing(&dialog.call_id) && dialog.unacknowledged.is_none()
            }
            CallState::Calling | CallState::Answered | CallState::Over => false,
        }
    }

    /// Changes the session, before the call is answered too; the answer comes as [`Event::Answer`].
    pub fn update(&mut self, now: Moment, call: CallRef, direction: &str) {
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        dialog.early.before = Some(dialog.ours.clone());
        dialog.version += 1;
        direction.clone_into(&mut dialog.ours.direction);
        let body = dialog.ours.print(dialog.session, dialog.version);
        self.in_dialog(now, call, "UPDATE", Some(("application/sdp", &body)));
    }

    pub(super) fn update_answered(&mut self, now: Moment, status: u16, message: &Incoming) {
        if let Some(call) = self.find_for(message) {
            self.take_update_answer(call, status, message);
            self.refresh_answered(now, call, status, message);
        }
        self.event(Event::Answer(status));
    }

    fn take_update_answer(&mut self, call: CallRef, status: u16, message: &Incoming) {
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        let before = dialog.early.before.take();
        if status >= 300 {
            // RFC 3311 §5.1: as if it had never been asked for.
            if let Some(before) = before {
                dialog.ours = before;
            }
        } else if let Some(theirs) = Description::read(&message.body_text()) {
            dialog.theirs = Some(theirs);
            dialog.early.updated = true;
        }
    }

    /// Whether an UPDATE of ours waits for its answer.
    pub(super) fn is_updating(&self, call_id: &str) -> bool {
        self.clients.iter().any(|client| {
            let waits = !matches!(client.state, ClientState::Completed { .. });
            client.method == "UPDATE" && client.call_id == call_id && waits
        })
    }

    /// Whether the first offer of a call has no answer yet that both know of.
    pub(super) fn is_before_the_answer(&self, call: CallRef) -> bool {
        let early = |dialog: &Dialog| {
            matches!(
                dialog.state,
                CallState::Calling | CallState::Ringing | CallState::Offered
            ) && !dialog.early.answered
        };
        self.calls.get(&call).is_some_and(early)
    }
}

impl Dialog {
    /// When a reliable provisional response is to be repeated, or given up on.
    pub(crate) fn provisional_due(&self) -> Option<Moment> {
        let reliable = self
            .early
            .reliable
            .as_ref()
            .filter(|_| self.state == CallState::Offered)?;
        let repeat = reliable.repeat.as_ref()?;
        Some(repeat.again.min(repeat.end))
    }
}
