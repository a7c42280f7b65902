//! What whoever answers hears before the caller is connected (`whisper` of `wit/dialling.wit`).
//!
//! ```text
//!  200 ──▶ the others stop ringing ──▶ announcement ──its end──▶ the dial is won, and the two are connected
//!                                          └──BYE──▶ declined: the dial goes on without this target
//! ```
//!
//! Until then the dial is as one that rings: the caller goes on hearing what it hears, and may give up.

use contract::{Cause, LegId, Sound};
use smallvec::smallvec;

use super::RunState;
use crate::engine::Exchange;
use crate::engine::leg::{AudioOwner, Kind};
use crate::ids::DialId;

impl Exchange {
    /// Begins the announcement; false when there is nothing to be heard first.
    pub(super) fn whispers(&mut self, id: DialId, target: usize, answerer: LegId) -> bool {
        let Some(dial) = self.dials.get(&id).filter(|dial| dial.caller.is_some()) else {
            return false;
        };
        let Some(announcement) = dial.options.whisper.clone() else {
            return false;
        };
        let Ok(sounds) = self.sounds(answerer, &[Sound::Announcement(announcement)]) else {
            return false;
        };
        if self
            .begin_audio(answerer, sounds, 1, false, AudioOwner::Whisper, Kind::Play(None))
            .is_err()
        {
            return false;
        }
        if let Some(timer) = self.dials.get_mut(&id).and_then(|dial| dial.stage_over.take()) {
            self.timers.cancel(timer);
        }
        self.stop_ringing(id, Cause::AnsweredElsewhere, Some(target));
        if let Some(leg) = self.legs.get_mut(&answerer) {
            leg.dial = Some((id, target));
        }
        if let Some(run) = self.dials.get_mut(&id).and_then(|dial| dial.runs.get_mut(target)) {
            run.state = RunState::Legs {
                live: smallvec![answerer],
                worst: None,
            };
        }
        self.keep_dial(id);
        true
    }

    /// A restart has cut the announcements: who heard one is connected at once.
    pub(in crate::engine) fn cut_whispers(&mut self) {
        let answered = self
            .legs
            .values()
            .filter(|leg| leg.is_answered() && leg.dial.is_some());
        let mut answerers: Vec<LegId> = answered.map(|leg| leg.id).collect();
        answerers.sort_unstable();
        for answerer in answerers {
            self.whispered(answerer);
        }
    }

    /// The announcement is over.
    pub(in crate::engine) fn whispered(&mut self, answerer: LegId) {
        let Some(leg) = self.legs.get_mut(&answerer) else {
            return;
        };
        let media = leg.media.as_ref();
        let agreed = media.and_then(|media| media.negotiation.agreed());
        let codec = agreed.map(|agreed| agreed.codec);
        match (leg.dial.take(), codec) {
            (Some((dial, target)), Some(_)) => self.join_answerer(dial, target, answerer, codec),
            (Some(_), None) => self.hang_up(answerer, Cause::NotAcceptable),
            (None, _) => {}
        }
    }
}
