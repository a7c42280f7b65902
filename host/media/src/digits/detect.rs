//! Keys as tone pairs in the audio (ITU-T Q.23, Q.24), for parties that negotiated no telephone-event, and for those
//! that did and send none while they speak to us alone.
//!
//! Eight Goertzel filters over windows of 20 ms, one every 5 ms. A window shows a key when its strongest row and
//! column together carry most of its power, are of similar strength (twist), stand out from the other rows and columns,
//! and have no second harmonic as speech has (talk-off). Six such windows in a row press the
//! key, so that 40 ms always suffice and 23 ms never do; five without it release it.
//!
//! With windows of 20 ms a tone 1.5 % beside its frequency still passes; two that are 3.5 % off do not.

use std::f64::consts::TAU;
use std::time::Duration;

use super::{COLUMNS, Happened, PAD, ROWS};
use crate::prompt::RATE;

const WINDOW: usize = 160;
const HOP: usize = 40;
const HOP_LENGTH: Duration = Duration::from_millis(5);

/// Windows that press and release a key.
const PRESS: u32 = 6;
const RELEASE: u32 = 5;

/// The column may be so much stronger than the row, and the row than the column: 4 dB and 8 dB
/// (Q.24, the values of AT&T) plus 2 dB for tones beside their frequency.
const TWIST_UP: f32 = 4.0;
const TWIST_DOWN: f32 = 10.0;
/// Share of the window's power that the pair has at least. Exact tones reach 0.95.
const PAIR_SHARE: f32 = 0.52;
/// How far the strongest of a group stands out from the next: 6 dB.
const STAND_OUT: f32 = 4.0;
/// A second harmonic above −12 dB of its tone is a voice.
const HARMONIC: f32 = 1.0 / 16.0;
/// Weaker tones than −36 dBm0 are crosstalk: the mean square of both, of 16-bit samples.
const QUIET: f32 = 130_000.0;

/// Finds keys in one party's audio.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    window: [f32; WINDOW],
    filled: usize,
    candidate: Option<char>,
    agreeing: u32,
    down: Option<char>,
    missing: u32,
    hops: u32,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            window: [0.0; WINDOW],
            filled: 0,
            candidate: None,
            agreeing: 0,
            down: None,
            missing: 0,
            hops: 0,
        }
    }
}

impl Detector {
    /// Takes samples in, and tells what they show: seldom more than one thing a packet.
    pub fn hear(&mut self, samples: impl Iterator<Item = i16>, mut tell: impl FnMut(Happened)) {
        for sample in samples {
            self.window[self.filled] = f32::from(sample);
            self.filled += 1;
            if self.filled == WINDOW {
                let key = key_in(&self.window);
                self.decide(key, &mut tell);
                self.window.copy_within(HOP.., 0);
                self.filled = WINDOW - HOP;
            }
        }
    }

    fn decide(&mut self, key: Option<char>, tell: &mut impl FnMut(Happened)) {
        self.agreeing = if key.is_some() && key == self.candidate {
            self.agreeing + 1
        } else {
            1
        };
        self.candidate = key;
        if let Some(down) = self.down {
            self.hops += 1;
            self.missing = if key == Some(down) { 0 } else { self.missing + 1 };
            let replaced = key.is_some() && key != Some(down) && self.agreeing >= PRESS;
            if self.missing >= RELEASE || replaced {
                self.down = None;
                // Windows reach over both edges: as many hops as saw the key are its length, nearly.
                let held = HOP_LENGTH * self.hops.saturating_sub(self.missing);
                tell(Happened::Released(down, held));
            }
        }
        if self.down.is_none()
            && self.agreeing >= PRESS
            && let Some(key) = key
        {
            self.down = Some(key);
            self.missing = 0;
            self.hops = PRESS;
            tell(Happened::Pressed(key));
        }
    }
}

/// The key that a window shows, by itself.
fn key_in(window: &[f32; WINDOW]) -> Option<char> {
    let power = window.iter().map(|sample| sample * sample).sum::<f32>() / WINDOW as f32;
    if power < QUIET {
        return None;
    }
    let rows = ROWS.map(|frequency| goertzel(window, frequency));
    let columns = COLUMNS.map(|frequency| goertzel(window, frequency));
    let (row, low) = strongest(&rows)?;
    let (column, high) = strongest(&columns)?;
    let balanced = high <= low * TWIST_UP && low <= high * TWIST_DOWN;
    if !balanced || low + high < power * PAIR_SHARE {
        return None;
    }
    (!is_voiced(window, (ROWS[row], low), (COLUMNS[column], high))).then(|| char::from(PAD[row][column]))
}

/// Whether a tone has a second harmonic. The rows' harmonics lie among the columns: next to the column
/// of this very key they cannot be told from it.
fn is_voiced(window: &[f32; WINDOW], row: (f64, f32), column: (f64, f32)) -> bool {
    let row_is_clear = (2.0 * row.0 - column.0).abs() > 150.0;
    (row_is_clear && goertzel(window, 2.0 * row.0) > row.1 * HARMONIC)
        || goertzel(window, 2.0 * column.0) > column.1 * HARMONIC
}

/// The strongest of four, if it stands out.
fn strongest(powers: &[f32; 4]) -> Option<(usize, f32)> {
    let (index, power) = powers
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let stands_out = powers
        .iter()
        .enumerate()
        .all(|(other, value)| other == index || value * STAND_OUT <= power);
    stands_out.then_some((index, power))
}

/// Mean square of the part of a window at one frequency.
fn goertzel(window: &[f32; WINDOW], frequency: f64) -> f32 {
    let turn = 2.0 * (TAU * frequency / RATE as f64).cos() as f32;
    let (mut last, mut before) = (0.0f32, 0.0f32);
    for sample in window {
        (last, before) = (sample + turn * last - before, last);
    }
    let power = last * last + before * before - turn * last * before;
    // A sine of amplitude A gives (A·N/2)² and has a mean square of A²/2.
    2.0 * power / (WINDOW * WINDOW) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits::pair;

    /// A tone pair: amplitudes of row and column, both frequencies off by a factor.
    fn tones(key: char, millis: usize, low: f64, high: f64, off: f64) -> Vec<i16> {
        let (row, column) = pair(key).unwrap();
        (0..millis * 8)
            .map(|n| {
                let t = n as f64 / 8_000.0;
                (low * (TAU * row * off * t).sin() + high * (TAU * column * off * t).sin()) as i16
            })
            .collect()
    }

    fn silence(millis: usize) -> Vec<i16> {
        vec![0; millis * 8]
    }

    fn heard(parts: &[Vec<i16>]) -> String {
        let mut keys = String::new();
        let mut detector = Detector::default();
        for frame in parts.concat().chunks(160) {
            detector.hear(frame.iter().copied(), |happened| {
                if let Happened::Pressed(key) = happened {
                    keys.push(key);
                }
            });
        }
        keys
    }

    #[test]
    fn every_key_is_heard_once_with_its_length() {
        for key in "0123456789*#ABCD".chars() {
            let mut happened = vec![];
            let audio = [silence(33), tones(key, 80, 4_000.0, 4_000.0, 1.0), silence(60)].concat();
            Detector::default().hear(audio.into_iter(), |event| happened.push(event));
            let [Happened::Pressed(pressed), Happened::Released(released, held)] = happened[..] else {
                panic!("{key}: {happened:?}");
            };
            assert_eq!((pressed, released), (key, key));
            assert!((60..=100).contains(&held.as_millis()), "{key}: {held:?}");
        }
    }

    #[test]
    fn forty_milliseconds_suffice_and_twenty_three_do_not() {
        for shift in 0..20 {
            let long = [
                silence(100 + shift),
                tones('5', 40, 4_000.0, 4_000.0, 1.0),
                silence(100),
            ];
            assert_eq!(heard(&long), "5", "shift {shift}");
            let short = [
                silence(100 + shift),
                tones('5', 23, 4_000.0, 4_000.0, 1.0),
                silence(100),
            ];
            assert_eq!(heard(&short), "", "shift {shift}");
        }
    }

    #[test]
    fn the_same_key_twice_with_40_ms_between_is_two_and_with_10_ms_one() {
        let tone = || tones('8', 60, 4_000.0, 4_000.0, 1.0);
        assert_eq!(heard(&[tone(), silence(40), tone(), silence(60)]), "88");
        assert_eq!(heard(&[tone(), silence(10), tone(), silence(60)]), "8");
    }

    #[test]
    fn tones_one_and_a_half_percent_off_are_heard_and_three_and_a_half_are_not() {
        for key in "0123456789*#ABCD".chars() {
            for off in [0.985, 1.015] {
                let audio = [tones(key, 60, 4_000.0, 4_000.0, off), silence(60)];
                assert_eq!(heard(&audio), key.to_string(), "{key} at {off}");
            }
            for off in [0.965, 1.035] {
                assert_eq!(
                    heard(&[tones(key, 200, 4_000.0, 4_000.0, off), silence(60)]),
                    "",
                    "{key} at {off}"
                );
            }
        }
    }

    #[test]
    fn twist_is_accepted_within_bounds_only() {
        let twist = |low: f64, high: f64| heard(&[tones('6', 60, low, high, 1.0), silence(60)]);
        assert_eq!(twist(4_000.0, 4_000.0 * 10f64.powf(4.0 / 20.0)), "6");
        assert_eq!(twist(4_000.0, 4_000.0 * 10f64.powf(-8.0 / 20.0)), "6");
        assert_eq!(twist(4_000.0, 4_000.0 * 10f64.powf(9.0 / 20.0)), "");
        assert_eq!(twist(4_000.0, 4_000.0 * 10f64.powf(-13.0 / 20.0)), "");
    }

    #[test]
    fn quiet_tones_and_lone_tones_are_not_keys() {
        assert_eq!(heard(&[tones('1', 200, 150.0, 150.0, 1.0)]), "");
        assert_eq!(heard(&[tones('1', 200, 4_000.0, 0.0, 1.0)]), "");
        assert_eq!(heard(&[tones('1', 200, 0.0, 4_000.0, 1.0)]), "");
    }

    #[test]
    fn keys_are_heard_through_noise_of_minus_18_db() {
        let mut random = base::Random::from_seed(3);
        let noisy: Vec<i16> = [tones('9', 100, 4_000.0, 4_000.0, 1.0), silence(60)]
            .concat()
            .into_iter()
            .map(|sample| sample + (random.below(1_700) as i16 - 850))
            .collect();
        assert_eq!(heard(&[noisy]), "9");
    }

    /// Q.24 asks for keys to be heard at a signal-to-noise ratio of 15 dB; every key, at several levels of both.
    #[test]
    fn every_key_is_heard_once_through_noise_of_15_db() {
        let mut random = base::Random::from_seed(11);
        for (count, key) in "0123456789*#ABCD".chars().enumerate() {
            let peak = [1_500.0, 4_000.0, 9_000.0][count % 3];
            // Two sines have a power of peak² together; even noise of ±a one of a²/3.
            let span = peak * (3.0f64 / 10f64.powf(1.5)).sqrt();
            let noisy: Vec<i16> = [silence(80), tones(key, 70, peak, peak, 1.0), silence(80)]
                .concat()
                .into_iter()
                .map(|sample| sample + ((random.below(2_001) as f64 / 1_000.0 - 1.0) * span) as i16)
                .collect();
            assert_eq!(heard(&[noisy]), key.to_string());
        }
    }

    /// Something like a voice: a gliding pitch with falling harmonics and formants near the keys' frequencies.
    #[test]
    fn two_minutes_of_gliding_voiced_sound_press_no_key() {
        let mut phase = 0.0f64;
        let voice: Vec<i16> = (0..120 * 8_000)
            .map(|n| {
                let t = n as f64 / 8_000.0;
                let pitch = 160.0 + 70.0 * (TAU * 0.37 * t).sin() + 25.0 * (TAU * 1.9 * t).sin();
                phase += TAU * pitch / 8_000.0;
                let value: f64 = (1..16)
                    .map(|harmonic| {
                        let frequency = pitch * f64::from(harmonic);
                        let gain = 1.0 / (1.0 + ((frequency - 770.0) / 150.0).powi(2))
                            + 1.0 / (1.0 + ((frequency - 1_300.0) / 180.0).powi(2));
                        gain * (phase * f64::from(harmonic)).sin()
                    })
                    .sum();
                (value * 4_000.0) as i16
            })
            .collect();
        assert_eq!(heard(&[voice]), "");
    }

    #[test]
    fn white_noise_presses_no_key() {
        let mut random = base::Random::from_seed(9);
        let noise = (0..60 * 8_000)
            .map(|_| random.below(20_000) as i16 - 10_000)
            .collect();
        assert_eq!(heard(&[noise]), "");
    }
}
