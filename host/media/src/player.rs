//! A play list on its way out, 20 ms at a time.

use crate::g711::FRAME;
use crate::prompt::RATE;
use crate::{Codec, PlayId, Prompt, Sound, tone};

/// The longest single silence: an hour.
const MAX_SILENCE_MS: u128 = 3_600_000;

/// Encoded sound of known length.
#[derive(Clone, Debug)]
enum Clip {
    Prompt(Prompt),
    /// Samples.
    Silence(usize),
}

/// Plays sounds in order, some times or for ever.
#[derive(Clone, Debug)]
pub(crate) struct Player {
    pub play: PlayId,
    pub barge_in: bool,
    clips: Vec<Clip>,
    /// Rounds after this one; none for ever.
    rounds_left: Option<u32>,
    clip: usize,
    /// Samples into the clip.
    position: usize,
}

impl Player {
    /// None when there is nothing to be heard at all, which would play for ever in no time.
    pub fn new(play: PlayId, sounds: Vec<Sound>, times: u32, barge_in: bool) -> Option<Self> {
        let clips: Vec<_> = sounds
            .into_iter()
            .map(clip)
            .filter(|clip| clip.length() > 0)
            .collect();
        if clips.is_empty() {
            return None;
        }
        Some(Self {
            play,
            barge_in,
            clips,
            rounds_left: times.checked_sub(1),
            clip: 0,
            position: 0,
        })
    }

    /// Fills the next 20 ms; what follows the end is silence. None when there is nothing more.
    pub fn fill(&mut self, codec: Codec, frame: &mut [u8; FRAME]) -> Option<()> {
        let mut filled = 0;
        while filled < FRAME {
            let Some(clip) = self.clips.get(self.clip) else {
                if self.start_over() {
                    continue;
                }
                break;
            };
            let length = (clip.length() - self.position).min(FRAME - filled);
            clip.copy(codec, self.position, &mut frame[filled..filled + length]);
            filled += length;
            self.position += length;
            if self.position >= clip.length() {
                self.clip += 1;
                self.position = 0;
            }
        }
        frame[filled..].fill(codec.silence());
        (filled > 0).then_some(())
    }

    /// Nothing more would come.
    pub fn is_over(&self) -> bool {
        self.clip >= self.clips.len() && self.rounds_left == Some(0)
    }

    fn start_over(&mut self) -> bool {
        match &mut self.rounds_left {
            Some(0) => return false,
            Some(rounds) => *rounds -= 1,
            None => {}
        }
        self.clip = 0;
        self.position = 0;
        true
    }
}

impl Clip {
    fn length(&self) -> usize {
        match self {
            Self::Prompt(prompt) => prompt.samples(),
            Self::Silence(samples) => *samples,
        }
    }

    fn copy(&self, codec: Codec, from: usize, to: &mut [u8]) {
        match self {
            Self::Prompt(prompt) => to.copy_from_slice(&prompt.encoded(codec)[from..from + to.len()]),
            Self::Silence(_) => to.fill(codec.silence()),
        }
    }
}

fn clip(sound: Sound) -> Clip {
    match sound {
        Sound::Prompt(prompt) => Clip::Prompt(prompt),
        Sound::Tone(country, kind) => Clip::Prompt(tone::tone(country, kind).clone()),
        Sound::Silence(length) => {
            let millis = length.as_millis().min(MAX_SILENCE_MS) as usize;
            Clip::Silence((millis * RATE / 1_000).next_multiple_of(FRAME))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Pcm;

    fn prompt(samples: usize, value: i16) -> Sound {
        Sound::Prompt(Prompt::new(&Pcm(vec![value; samples])))
    }

    fn frames(mut player: Player) -> Vec<[u8; FRAME]> {
        let mut frames = vec![];
        let mut frame = [0; FRAME];
        while frames.len() < 1_000 && player.fill(Codec::Pcma, &mut frame).is_some() {
            frames.push(frame);
            if player.is_over() {
                break;
            }
        }
        frames
    }

    #[test]
    fn sounds_follow_each_other_without_a_gap() {
        let sounds = vec![prompt(200, 8_000), prompt(200, -8_000)];
        let played = frames(Player::new(PlayId(1), sounds, 1, false).unwrap()).concat();
        let (high, low) = (
            audio_codec_algorithms::encode_alaw(8_000),
            audio_codec_algorithms::encode_alaw(-8_000),
        );
        assert_eq!(played[..200], [high; 200]);
        assert_eq!(played[200..400], [low; 200]);
        assert_eq!(played[400..], [0xd5; 80]);
    }

    #[test]
    fn rounds_are_counted_and_for_ever_is_for_ever() {
        let silence = || vec![Sound::Silence(Duration::from_millis(30))];
        assert_eq!(
            frames(Player::new(PlayId(1), silence(), 3, false).unwrap()).len(),
            6
        );
        assert_eq!(
            frames(Player::new(PlayId(1), silence(), 0, false).unwrap()).len(),
            1_000
        );
    }

    #[test]
    fn nothing_to_be_heard_is_no_player() {
        let empty = vec![prompt(0, 0), Sound::Silence(Duration::ZERO)];
        assert!(Player::new(PlayId(1), empty, 0, false).is_none());
    }
}
