//! Ringback, and sound that a callee sends before it answers.

use contract::{Hears, LegId};
use media::Command;
use sip::sdp::Answer;

use crate::engine::Exchange;
use crate::engine::leg::{AudioOwner, LegState};
use crate::ids::DialId;
use crate::report::Fact;

impl Exchange {
    /// A callee sends sound before it answers. The caller hears it when this is the only one who rings.
    pub(in crate::engine) fn early_media(&mut self, callee: LegId, dial: DialId, answer: &Answer) -> bool {
        let Some(media) = self.legs.get_mut(&callee).and_then(|leg| leg.media.as_mut()) else {
            return false;
        };
        let Ok(agreed) = media.negotiation.accept_answer(answer) else {
            return false;
        };
        let from = media.port;
        self.update_stream(from, &agreed);
        let Some(caller) = self.hears_early(dial) else {
            return false;
        };
        if self.open_early(caller).is_err() {
            return false;
        }
        self.listen(caller, callee);
        true
    }

    /// The caller, if it may hear the only one who rings, and talks to nobody else meanwhile.
    pub(in crate::engine) fn hears_early(&self, dial: DialId) -> Option<LegId> {
        let dial = self.dials.get(&dial)?;
        let alone = dial.rings_alone() && dial.custody.is_none_or(|custody| self.is_sole(custody));
        let talks = |caller: &LegId| {
            let leg = self.legs.get(caller);
            leg.is_some_and(|leg| leg.bridged.is_some() || leg.room.is_some())
        };
        dial.caller
            .filter(|caller| alone && dial.options.hears == Hears::Ringback && !talks(caller))
    }

    /// The callee answered our offer before it answered the call.
    pub(in crate::engine) fn has_early_media(&self, callee: LegId) -> bool {
        let media = self.legs.get(&callee).and_then(|leg| leg.media.as_ref());
        media.is_some_and(|media| media.negotiation.agreed().is_some())
    }

    /// The caller hears the callee, and not the other way round.
    pub(in crate::engine) fn listen(&mut self, caller: LegId, callee: LegId) {
        if let (Some(to), Some(from)) = (self.port_of(caller), self.port_of(callee)) {
            self.stop_audio(caller);
            self.media(Command::Listen { to, from });
        }
    }

    /// The caller is told that it rings: by its own phone (180), or with a tone where sound flows already.
    pub(in crate::engine) fn caller_hears_ringing(&mut self, caller: LegId, dial: DialId, hears: Hears) {
        let Some(leg) = self.legs.get_mut(&caller) else {
            return;
        };
        if !leg.sound_flows() {
            if self.lost_direct_early(caller) {
                self.ring_caller_again(caller);
            }
            self.ring_caller(caller);
            return;
        }
        if hears == Hears::Unchanged && leg.audio.is_some() {
            return;
        }
        let rings = leg
            .audio
            .as_ref()
            .is_some_and(|audio| matches!(audio.owner, AudioOwner::Ringback(_)));
        if !rings {
            self.play_tone(caller, contract::Tone::Ringback, AudioOwner::Ringback(dial));
        }
    }

    /// 180, once.
    pub(in crate::engine) fn ring_caller(&mut self, caller: LegId) {
        let Some(leg) = self.legs.get_mut(&caller) else {
            return;
        };
        if leg.state == LegState::Offered && !std::mem::replace(&mut leg.rung, true) {
            let usage = leg.usage;
            self.keep_leg(caller);
            // The caller may have given up this very moment.
            let _ = self.sip.progress(self.now, usage, 180);
            self.report_leg(caller, Fact::LegRinging);
        }
    }

    /// The phone whose sound went straight to the caller has left, and another one rings: a 180 without a description lets
    /// the caller's phone ring by itself (RFC 3960 §3.2).
    fn ring_caller_again(&mut self, caller: LegId) {
        if let Some(leg) = self.legs.get_mut(&caller) {
            leg.rung = false;
        }
    }

    /// The dial is over: its ringback stops.
    pub(in crate::engine) fn stop_ringback(&mut self, caller: LegId, dial: DialId) {
        let audio = self.legs.get(&caller).and_then(|leg| leg.audio.as_ref());
        if audio.is_some_and(|audio| audio.owner == AudioOwner::Ringback(dial)) {
            self.stop_audio(caller);
        }
    }
}
