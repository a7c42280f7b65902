//! Reliable provisional responses (RFC 3262) and UPDATE (RFC 3311), as far as tests need them on a network that loses nothing.

use base::Moment;

use super::{CallRef, Event, Phone};
use crate::sdp::Description;
use crate::text::Incoming;
use crate::transaction::ClientState;

/// What stands behind the status of a reliable 183: its phrase, and further lines.
const RELIABLE: &str =
    "Session Progress\r\nRequire: 100rel\r\nRSeq: 1\r\nAllow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE";

impl Phone {
    /// [`sounds_early`](Self::sounds_early), in a response that wants its PRACK.
    pub fn sounds_early_reliably(&mut self, now: Moment, call: CallRef) {
        if let Some(body) = self.answer_to(call) {
            self.respond_invite(now, call, 183, RELIABLE, Some(body));
        }
    }

    /// Changes the session, before the call is answered too; the answer comes as [`Event::Answer`].
    pub fn update(&mut self, now: Moment, call: CallRef, direction: &str) {
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        dialog.version += 1;
        direction.clone_into(&mut dialog.ours.direction);
        let body = dialog.ours.print(dialog.session, dialog.version);
        self.in_dialog(now, call, "UPDATE", Some(("application/sdp", &body)));
    }

    pub(super) fn update_answered(&mut self, status: u16, message: &Incoming) {
        let found = self
            .find(&message.call_id)
            .and_then(|call| self.calls.get_mut(&call));
        if let Some(dialog) = found
            && let Some(theirs) = Description::read(&message.body_text())
        {
            dialog.theirs = Some(theirs);
        }
        self.event(Event::Answer(status));
    }

    /// Whether an UPDATE of ours waits for its answer.
    pub(super) fn is_updating(&self, call_id: &str) -> bool {
        self.clients.iter().any(|client| {
            let waits = !matches!(client.state, ClientState::Completed { .. });
            client.method == "UPDATE" && client.call_id == call_id && waits
        })
    }

    /// The early dialog is there now, and the response gets its PRACK.
    pub(super) fn acknowledge_provisional(&mut self, now: Moment, call: CallRef, message: &Incoming) {
        let Some(dialog) = self.calls.get_mut(&call) else {
            return;
        };
        dialog.remote.clone_from(&message.to);
        if let Some(contact) = &message.contact {
            dialog.target.clone_from(contact);
        }
        dialog.routes = message.record_routes.iter().rev().cloned().collect();
        let rack = format!(
            "{} {} INVITE",
            message.header("RSeq").unwrap_or_default(),
            message.cseq
        );
        self.in_dialog_with(now, call, "PRACK", &[("RAck", &rack)], None);
    }
}
