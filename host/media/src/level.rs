//! Recordings at one loudness (R25–R27), so that callers do not reach for the volume between a greeting that somebody spoke into a telephone, a studio's
//! jingle and a spoken text.
//!
//! Loudness is the active speech level of ITU-T P.56 (method B): the power of the speech without its pauses, since a slow speaker is not a quiet one. What
//! counts as speech is what lies less than 15.9 dB under that level, so that the measure finds its own threshold. It is told in dBm0, as telephony tells levels: a
//! sine at full scale has 3.15 dBm0 (G.711 §4).
//!
//! One gain for the whole recording: pauses stay pauses, and what is loud and soft in it stays so. No dynamics, no spectrum (ITU-R BS.1770 weighs
//! frequencies for music in full bandwidth; of 300 to 3400 Hz little is left to weigh).

use crate::Pcm;
use crate::prompt::RATE;
use crate::tone::FULL_SCALE_DBM0;

/// What recordings are brought to: the nominal level of speech in telephone networks, −26 dB under overload (ITU-T P.800), is −20 dBm0 nearly. Callers hear
/// each other at about the same.
pub const NOMINAL_DBM0: f64 = -20.0;

/// Most that a recording is amplified, in dB. What needs more is noise, or a voice in it.
const MOST_DB: f64 = 20.0;

/// Highest sample of what was amplified or lowered: 1 dB under overload, as encoders and resamplers round up.
const PEAK: f64 = 29_204.0;

/// P.56 table 1: time constant of the envelope's two smoothings, how long speech is thought to go on after its last sound, and how far its threshold is
/// under its level.
const SMOOTHING_SECS: f64 = 0.03;
const HANGOVER: u32 = (RATE / 5) as u32;
const MARGIN_DB: f64 = 15.9;

/// Thresholds, 6 dB apart, from one step of a sample to half of full scale.
const THRESHOLDS: usize = 15;

/// The active speech level of a recording in dBm0; none if there is no sound in it.
pub fn active_level(pcm: &Pcm) -> Option<f64> {
    let activity = Activity::of(pcm);
    let mut before: Option<(f64, f64)> = None;
    for threshold in 0..THRESHOLDS {
        let Some(level) = activity.level_over(threshold) else {
            break;
        };
        let above = level - decibels(Activity::height(threshold));
        if above <= MARGIN_DB {
            // The level lies where it is exactly the margin above its threshold: between this one and the one before.
            let found = before.map_or(level, |(earlier_level, earlier)| {
                let share = (earlier - MARGIN_DB) / (earlier - above).max(f64::MIN_POSITIVE);
                earlier_level + share * (level - earlier_level)
            });
            return Some(dbm0(found));
        }
        before = Some((level, above));
    }
    before.map(|(level, _)| dbm0(level))
}

/// The recording at [`NOMINAL_DBM0`]. It becomes less loud than that rather than clipped, and is amplified by 20 dB at most; silence stays as it is.
pub fn normalised(mut pcm: Pcm) -> Pcm {
    let gain = gain(&pcm);
    if gain != 1.0 {
        for sample in &mut pcm.0 {
            *sample = (f64::from(*sample) * gain).round() as i16;
        }
    }
    pcm
}

fn gain(pcm: &Pcm) -> f64 {
    let Some(level) = active_level(pcm) else {
        return 1.0;
    };
    let wanted = 10f64.powf((NOMINAL_DBM0 - level).min(MOST_DB) / 20.0);
    let loudest = pcm.0.iter().map(|sample| sample.unsigned_abs()).max();
    wanted.min(PEAK / f64::from(loudest.unwrap_or(1).max(1)))
}

/// How long speech was over each threshold.
struct Activity {
    /// Sum of the samples' squares.
    power: f64,
    samples: [u64; THRESHOLDS],
}

impl Activity {
    fn of(pcm: &Pcm) -> Self {
        let keep = (-1.0 / (RATE as f64 * SMOOTHING_SECS)).exp();
        let (mut once, mut envelope, mut power) = (0.0, 0.0, 0.0);
        let mut samples = [0; THRESHOLDS];
        let mut quiet_for = [HANGOVER; THRESHOLDS];
        for sample in &pcm.0 {
            let sample = f64::from(*sample);
            power += sample * sample;
            once = keep * once + (1.0 - keep) * sample.abs();
            envelope = keep * envelope + (1.0 - keep) * once;
            for (threshold, (count, quiet)) in samples.iter_mut().zip(&mut quiet_for).enumerate() {
                if envelope >= Self::height(threshold) {
                    *quiet = 0;
                } else if *quiet < HANGOVER {
                    *quiet += 1;
                } else {
                    continue;
                }
                *count += 1;
            }
        }
        Self { power, samples }
    }

    fn height(threshold: usize) -> f64 {
        f64::from(1_u32 << threshold)
    }

    /// Decibels over a sample of one, of all power taken together, over the time in which the envelope was above the threshold.
    fn level_over(&self, threshold: usize) -> Option<f64> {
        let samples = self.samples.get(threshold).copied().filter(|count| *count > 0)?;
        Some(10.0 * (self.power / samples as f64).log10())
    }
}

fn decibels(amplitude: f64) -> f64 {
    20.0 * amplitude.log10()
}

/// From decibels over a sample of one: a sine at full scale is 3 dB under its peak.
fn dbm0(level: f64) -> f64 {
    level - decibels(32_768.0) + decibels(2f64.sqrt()) + FULL_SCALE_DBM0
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::tone::amplitude;

    fn sine(level: f64, millis: usize) -> Vec<i16> {
        let peak = amplitude(level);
        (0..RATE * millis / 1_000)
            .map(|n| (peak * (TAU * 1_000.0 * n as f64 / RATE as f64).sin()).round() as i16)
            .collect()
    }

    fn silence(millis: usize) -> Vec<i16> {
        vec![0; RATE * millis / 1_000]
    }

    /// Words of 600 ms, whose loudness rises and falls, with pauses between them.
    fn speech(level: f64, pause: usize) -> Pcm {
        let word = |mut word: Vec<i16>| {
            let length = word.len() as f64;
            for (n, sample) in word.iter_mut().enumerate() {
                *sample = (f64::from(*sample) * (TAU / 2.0 * n as f64 / length).sin()) as i16;
            }
            word
        };
        let words = (0..5).flat_map(|_| [word(sine(level, 600)), silence(pause)]);
        Pcm(words.flatten().collect())
    }

    fn level(pcm: &Pcm) -> f64 {
        active_level(pcm).unwrap()
    }

    #[track_caller]
    fn near(found: f64, wanted: f64, by: f64) {
        assert!((found - wanted).abs() <= by, "{found} dBm0, not {wanted}");
    }

    #[test]
    fn a_steady_tone_has_its_own_level() {
        for wanted in [-45.0, -30.0, -20.0, -10.0, 0.0] {
            near(level(&Pcm(sine(wanted, 2_000))), wanted, 0.3);
        }
    }

    #[test]
    fn r25_a_slow_speaker_is_as_loud_as_a_fast_one() {
        let (fast, slow) = (speech(-15.0, 250), speech(-15.0, 3_000));
        near(level(&slow), level(&fast), 1.0);
        let mean = |pcm: &Pcm| pcm.0.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.0.len() as f64;
        assert!(mean(&fast) > 3.0 * mean(&slow), "by plain power it would not be");
    }

    #[test]
    fn r25_quiet_and_loud_recordings_become_one_loudness() {
        for before in [-34.0, -30.0, -20.0, -10.0, -2.0] {
            let after = normalised(speech(before, 400));
            near(level(&after), NOMINAL_DBM0, 0.3);
        }
    }

    #[test]
    fn pauses_stay_pauses_and_silence_stays_as_it_is() {
        let quiet = speech(-35.0, 400);
        let after = normalised(quiet.clone());
        let still = |pcm: &Pcm| pcm.0.iter().filter(|sample| **sample == 0).count();
        assert!(still(&after) >= 5 * RATE * 400 / 1_000 && still(&after) <= still(&quiet));
        for nothing in [Pcm::default(), Pcm(silence(500)), Pcm(vec![1, 0, -1, 0])] {
            assert_eq!(normalised(nothing.clone()), nothing);
        }
    }

    #[test]
    fn a_bang_is_not_clipped() {
        let mut banged = speech(-35.0, 400);
        banged.0[2_000] = 20_000;
        let after = normalised(banged.clone());
        assert_eq!(after.0[2_000], 29_204, "1 dB under overload");
        let (before, after) = (level(&banged), level(&after));
        near(after - before, 20.0 * (29_204.0_f64 / 20_000.0).log10(), 0.2);
        let square = Pcm((0..8_000)
            .map(|n| if n / 8 % 2 == 0 { i16::MAX } else { i16::MIN })
            .collect());
        near(level(&normalised(square)), NOMINAL_DBM0, 0.3);
    }

    #[test]
    fn noise_is_not_made_into_speech() {
        let hiss = Pcm(sine(-60.0, 2_000));
        near(level(&normalised(hiss)), -40.0, 1.0);
    }
}
