//! Picking up: a phone takes a call that rings at another one (R45; RFC 5359 §2.15).
//!
//! ```text
//!  *95201, *98                  ─▶ the line, or those of the own group ─┐
//!  INVITE with Replaces, early  ─▶ the dialog that a lamp was told of  ─┴─▶ the leg that has rung longest
//!       ─▶ 200 to whoever picks up ─▶ the caller is answered, both are connected; every other phone: answered elsewhere
//! ```
//!
//! Whoever picks up has answered the dial in the place of the phone that rang: behaviours hear `answered` with the line
//! that did.

use contract::{Cause, LegId};
use sip::header::Replaces;

use super::Exchange;
use super::leg::{Leg, LegState};
use crate::directory::LineId;

/// What the Call-ID of a ringing call begins with as watchers of its line are told it. The dialog's own would let
/// them take the call away later, when people talk.
const RINGING: &str = "ringing-";
/// The tags of such a dialog.
pub(super) const TAGS: (&str, &str) = ("rings", "waits");

/// What watchers are told as Call-ID of a leg that rings.
pub(super) fn ringing_call_id(leg: LegId) -> String {
    format!("{RINGING}{}", leg.0)
}

/// The leg that [`ringing_call_id`] names.
pub(super) fn ringing_leg(replaces: &Replaces<'_>) -> Option<LegId> {
    replaces
        .dialog
        .call_id
        .strip_prefix(RINGING)?
        .parse()
        .ok()
        .map(LegId)
}

impl Exchange {
    /// A caller asked with a feature code for whatever rings at these lines.
    pub(super) fn pick_up(&mut self, taker: LegId, lines: &[LineId]) {
        let ringing = match self.legs.get(&taker) {
            Some(leg) => self.rings_longest(&leg.tenant.clone(), lines),
            None => return,
        };
        match ringing {
            Some(ringing) => self.take_ringing(taker, ringing),
            // Nothing rings there.
            None => self.hang_up(taker, Cause::Unreachable),
        }
    }

    fn rings_longest(&self, tenant: &str, lines: &[LineId]) -> Option<LegId> {
        let lines = lines.iter().map(LineId::as_str);
        lines
            .flat_map(|line| self.legs_of_line(tenant, line))
            .filter(|leg| self.can_be_picked_up(leg))
            .map(|leg| leg.id)
            .min()
    }

    /// It rings, for a caller.
    pub(super) fn can_be_picked_up(&self, leg: &Leg) -> bool {
        let rings = matches!(leg.state, LegState::Calling | LegState::Ringing);
        let dial = leg.dial.and_then(|(dial, _)| self.dials.get(&dial));
        rings && dial.is_some_and(|dial| dial.caller.is_some())
    }

    /// `taker` answers in the place of `ringing`.
    pub(super) fn take_ringing(&mut self, taker: LegId, ringing: LegId) {
        let found = self
            .legs
            .get(&ringing)
            .and_then(|leg| leg.dial)
            .and_then(|(id, target)| {
                let dial = self.dials.get(&id)?;
                Some((id, target, dial.caller?, dial.custody))
            });
        let Some((dial, target, caller, custody)) = found.filter(|(_, _, caller, _)| *caller != taker) else {
            self.hang_up(taker, Cause::Unreachable);
            return;
        };
        if let Err(why) = self.answer_caller(taker, None, None) {
            self.hang_up(taker, why);
            return;
        }
        self.answered_in_place(dial, target, taker);
        self.stop_ringback(caller, dial);
        let media = self.legs.get(&taker).and_then(|leg| leg.media.as_ref());
        let codec = media
            .and_then(|media| media.negotiation.agreed())
            .map(|agreed| agreed.codec);
        if let Err(why) = self.answer_caller(caller, codec, None) {
            self.target_done(dial, target, why);
            self.hang_up(taker, why);
            return;
        }
        self.connect(caller, taker);
        self.dial_won(dial, target, taker);
        if let Some(custody) = custody {
            self.win(custody, taker);
        }
    }
}
