//! What the exchange plays by itself: ringback, music on hold, courtesy, farewell.

use contract::{Cause, LegId, Sound, Tone};

use crate::engine::Exchange;
use crate::engine::leg::{AudioOwner, Kind};
use crate::ids::CustodyId;

/// Announcement that plays to a party on hold, where there is one.
const HOLD_MUSIC: &str = "hold";
/// Announcement for callers whom nothing else can be done for.
const COURTESY: &str = "courtesy";

impl Exchange {
    pub(in crate::engine) fn play_tone(&mut self, leg: LegId, tone_kind: Tone, owner: AudioOwner) {
        let Ok(sounds) = self.sounds(leg, &[Sound::Tone(tone_kind)]) else {
            return;
        };
        // A caller without a way for sound hears nothing; there is nobody to tell.
        let _ = self.begin_audio(leg, sounds, 0, false, owner, Kind::Play(None));
    }

    /// Music, or where the tenant has none two quiet beeps every few seconds: the line is not dead.
    pub(in crate::engine) fn play_hold_music(&mut self, leg: LegId) {
        let music = self.sounds(leg, &[Sound::Announcement(HOLD_MUSIC.into())]);
        let Ok(sounds) = music.or_else(|_| self.sounds(leg, &[Sound::Tone(Tone::Waiting)])) else {
            return;
        };
        // A party without a way for sound hears nothing; there is nobody to tell.
        let _ = self.begin_audio(leg, sounds, 0, false, AudioOwner::HoldMusic, Kind::Play(None));
    }

    /// "The number cannot be reached at the moment", else a tone that says the same.
    pub(in crate::engine) fn play_courtesy(&mut self, leg: LegId, custody: CustodyId) -> Result<(), Cause> {
        let owner = AudioOwner::Courtesy(custody);
        match self.sounds(leg, &[Sound::Announcement(COURTESY.into())]) {
            Ok(sounds) => self.begin_audio(leg, sounds, 1, false, owner, Kind::Play(None)),
            Err(_) => {
                let sounds = self
                    .sounds(leg, &[Sound::Tone(Tone::Congestion)])
                    .unwrap_or_default();
                self.begin_audio(leg, sounds, 8, false, owner, Kind::Play(None))
            }
        }
    }

    /// Two beeps, then the end: what was asked for is done.
    pub(in crate::engine) fn play_confirmation(&mut self, leg: LegId) {
        let sounds = self.sounds(leg, &[Sound::Tone(Tone::Beep)]).unwrap_or_default();
        let owner = AudioOwner::Farewell(Cause::Normal);
        if self
            .begin_audio(leg, sounds, 2, false, owner, Kind::Play(None))
            .is_err()
        {
            self.hang_up(leg, Cause::Normal);
        }
    }

    /// The tone of a cause, then the end.
    pub(in crate::engine) fn play_farewell(&mut self, leg: LegId, why: Cause) {
        let kind = match why {
            Cause::Busy | Cause::Declined | Cause::NoAnswer => Tone::Busy,
            _ => Tone::Congestion,
        };
        let sounds = self.sounds(leg, &[Sound::Tone(kind)]).unwrap_or_default();
        if self
            .begin_audio(leg, sounds, 8, false, AudioOwner::Farewell(why), Kind::Play(None))
            .is_err()
        {
            self.hang_up(leg, why);
        }
    }
}
