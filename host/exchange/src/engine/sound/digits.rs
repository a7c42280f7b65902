//! The keys that a party presses, gathered or told one by one.
//!
//! ```text
//!  Prompt ──done, cut──▶ First ──digit──▶ Between ──digit──▶ Between …
//!     └──digit (barge-in)──────────────────▲   │ max, terminator ──▶ digits
//!                            └── time over ────┴── time over ─────▶ timeout
//! ```

use std::time::Duration;

use contract::{Cause, Digit, Event, GatherOutcome, LegId, OutcomeKind};
use media::{Command, PortId};

use crate::engine::leg::{Audio, AudioOwner, Kind};
use crate::engine::{Due, Exchange};

impl Exchange {
    pub(in crate::engine) fn digits_sent(&mut self, play: ::media::PlayId, end: ::media::PlayEnd) {
        let Some((session, tag)) = self.sending.remove(&play) else {
            return;
        };
        let kind = match end {
            ::media::PlayEnd::Finished => contract::OutcomeKind::Done,
            ::media::PlayEnd::Interrupted(_) | ::media::PlayEnd::Stopped | ::media::PlayEnd::Gone => {
                contract::OutcomeKind::Failed(contract::Cause::Cancelled)
            }
        };
        self.outcome(session, tag, kind);
    }

    /// A party pressed a key.
    pub(in crate::engine) fn digit(&mut self, leg_id: LegId, digit: char, held: Duration) {
        let Some(leg) = self.legs.get_mut(&leg_id) else {
            return;
        };
        let Some(Audio {
            play,
            kind: Kind::Gather(gather),
            ..
        }) = leg.audio.as_deref_mut()
        else {
            self.digit_outside(leg_id, digit, held);
            return;
        };
        if play.is_some() {
            if !gather.options.barge_in {
                return;
            }
            *play = None;
            if let Some(port) = self.port_of(leg_id) {
                self.media(Command::Stop { port });
            }
        }
        self.gathered(leg_id, digit);
    }

    fn gathered(&mut self, leg_id: LegId, digit: char) {
        let Some(Kind::Gather(gather)) = self
            .legs
            .get_mut(&leg_id)
            .and_then(|leg| leg.audio.as_mut())
            .map(|audio| &mut audio.kind)
        else {
            return;
        };
        if let Some(timer) = gather.timer.take() {
            self.timers.cancel(timer);
        }
        let ended = gather.options.terminators.contains(digit);
        if !ended {
            gather.digits.push(digit);
        }
        if ended || gather.digits.len() >= gather.options.max_digits as usize {
            self.gather_over(leg_id, GatherOutcome::Digits);
        } else {
            let at = self.now + Duration::from_millis(gather.options.between_digits);
            let timer = self.timers.set(at, Due::DigitOver(leg_id));
            gather.timer = Some(timer);
        }
    }

    /// The prompt is over: the clock for the first digit runs.
    pub(in crate::engine) fn await_digit(&mut self, leg_id: LegId) {
        let Some(Kind::Gather(gather)) = self
            .legs
            .get_mut(&leg_id)
            .and_then(|leg| leg.audio.as_mut())
            .map(|audio| &mut audio.kind)
        else {
            return;
        };
        if gather.timer.is_none() {
            gather.timer = Some(self.timers.set(
                self.now + Duration::from_millis(gather.options.first_digit),
                Due::DigitOver(leg_id),
            ));
        }
    }

    /// No (further) digit came in time.
    pub(in crate::engine) fn digit_over(&mut self, leg: LegId) {
        self.gather_over(leg, GatherOutcome::Timeout);
        // A dial that began meanwhile left it alone.
        self.hear_what_rings(leg);
    }

    fn gather_over(&mut self, leg_id: LegId, outcome: fn(String) -> GatherOutcome) {
        let Some(audio) = self.legs.get_mut(&leg_id).and_then(|leg| leg.audio.take()) else {
            return;
        };
        if let (Kind::Gather(gather), AudioOwner::Session { session, tag, .. }) = (audio.kind, audio.owner) {
            if let Some(timer) = gather.timer {
                self.timers.cancel(timer);
            }
            self.outcome(session, tag, OutcomeKind::Gathered(outcome(gather.digits)));
        }
    }

    fn digit_outside(&mut self, leg: LegId, digit: char, held: Duration) {
        let Some(session) = self.innermost(leg) else {
            return;
        };
        let event = Digit {
            leg,
            digit,
            held: u64::try_from(held.as_millis()).unwrap_or(u64::MAX),
        };
        self.deliver_if(session, |wants| wants.digits, Event::Digit(event));
    }

    /// No sound came for too long: the call is ended on both sides, unless the party is meant to be silent.
    pub(in crate::engine) fn silence(&mut self, port: PortId) {
        let Some(leg_id) = self.by_port.get(&port).copied() else {
            return;
        };
        let talks = self
            .legs
            .get(&leg_id)
            .is_some_and(|leg| leg.is_answered() && !leg.held && !leg.holding);
        if talks {
            self.hang_up(leg_id, Cause::MediaTimeout);
        }
    }
}
