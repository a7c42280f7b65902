//! Call progress tones, synthesised (ITU-T E.180 and its Supplement 2, "Various tones used in
//! national networks").
//!
//! A tone is one period of its cadence, made once and then played like a prompt. Continuous tones are a
//! whole second: all frequencies are whole numbers of Hz, so the seam is not heard.

use std::f64::consts::TAU;
use std::sync::OnceLock;

use crate::digits;
use crate::prompt::RATE;
use crate::{Country, Pcm, Prompt, Tone};

/// What sounds for how long; then silence for how long. Milliseconds.
type Cadence = &'static [(u16, u16)];

/// One tone of one country.
struct Definition {
    /// Hz; sounded together.
    frequencies: &'static [u16],
    /// Each frequency's power in dBm0.
    level: i8,
    cadence: Cadence,
}

const fn define(frequencies: &'static [u16], level: i8, cadence: Cadence) -> Definition {
    Definition {
        frequencies,
        level,
        cadence,
    }
}

const CONTINUOUS: Cadence = &[(1_000, 0)];

/// The tables of E.180 Supplement 2; levels where it gives none: −10 dBm0 in all, E.180 §8's nominal value. Those of the US
/// are the precise tone plan's (−13, −19, −24 dBm0 per frequency).
const fn definition(country: Country, tone: Tone) -> Definition {
    use Country::{Europe, France, UnitedKingdom, UnitedStates};
    match (country, tone) {
        (France, Tone::Dial) => define(&[440], -10, CONTINUOUS),
        (France, Tone::Ringback) => define(&[440], -10, &[(1_500, 3_500)]),
        (France, Tone::Busy) => define(&[440], -10, &[(500, 500)]),
        (France, Tone::Congestion) => define(&[440], -10, &[(250, 250)]),
        (France, Tone::Waiting) => define(&[440], -10, &[(300, 10_000)]),

        // E.180 recommends 425 Hz; cadences as in most networks of the CEPT.
        (Europe, Tone::Dial) => define(&[425], -10, CONTINUOUS),
        (Europe, Tone::Ringback) => define(&[425], -10, &[(1_000, 4_000)]),
        (Europe, Tone::Busy) => define(&[425], -10, &[(500, 500)]),
        (Europe, Tone::Congestion) => define(&[425], -10, &[(250, 250)]),
        (Europe, Tone::Waiting) => define(&[425], -10, &[(200, 200), (200, 5_000)]),

        (UnitedKingdom, Tone::Dial) => define(&[350, 440], -13, CONTINUOUS),
        (UnitedKingdom, Tone::Ringback) => define(&[400, 450], -13, &[(400, 200), (400, 2_000)]),
        (UnitedKingdom, Tone::Busy) => define(&[400], -10, &[(375, 375)]),
        (UnitedKingdom, Tone::Congestion) => define(&[400], -10, &[(400, 350), (225, 525)]),
        (UnitedKingdom, Tone::Waiting) => define(&[400], -10, &[(100, 4_000)]),

        (UnitedStates, Tone::Dial) => define(&[350, 440], -13, CONTINUOUS),
        (UnitedStates, Tone::Ringback) => define(&[440, 480], -19, &[(2_000, 4_000)]),
        (UnitedStates, Tone::Busy) => define(&[480, 620], -24, &[(500, 500)]),
        (UnitedStates, Tone::Congestion) => define(&[480, 620], -24, &[(250, 250)]),
        (UnitedStates, Tone::Waiting) => define(&[440], -13, &[(300, 10_000)]),

        (_, Tone::Beep) => define(&[1_000], -10, &[(300, 0)]),
    }
}

const COUNTRIES: usize = 4;
const TONES: usize = 6;

/// One period of a tone. The first call for each tone takes a millisecond or two.
pub(crate) fn tone(country: Country, tone: Tone) -> &'static Prompt {
    static MADE: [[OnceLock<Prompt>; TONES]; COUNTRIES] =
        [const { [const { OnceLock::new() }; TONES] }; COUNTRIES];
    MADE[country as usize][tone as usize].get_or_init(|| Prompt::new(&synthesise(&definition(country, tone))))
}

/// 100 ms of a key's tone pair at −9 dBm0 and −7 dBm0 (Q.23; the column is sent 2 dB stronger). None for what is no key.
pub(crate) fn key(key: char) -> Option<&'static Prompt> {
    static MADE: [OnceLock<Prompt>; 16] = [const { OnceLock::new() }; 16];
    let place = MADE.get(usize::from(digits::code(key)?))?;
    let (row, column) = digits::pair(key.to_ascii_uppercase())?;
    Some(place.get_or_init(|| {
        Prompt::new(&Pcm(wave(
            &[(row, amplitude(-9.0)), (column, amplitude(-7.0))],
            100,
        )
        .collect()))
    }))
}

fn synthesise(definition: &Definition) -> Pcm {
    let amplitude = amplitude(f64::from(definition.level));
    let parts: Vec<_> = definition
        .frequencies
        .iter()
        .map(|frequency| (f64::from(*frequency), amplitude))
        .collect();
    let mut samples = Vec::new();
    for (sounds, silent) in definition.cadence {
        samples.extend(wave(&parts, usize::from(*sounds)));
        samples.extend(std::iter::repeat_n(0, usize::from(*silent) * RATE / 1_000));
    }
    Pcm(samples)
}

/// A sine at full scale (G.711 §4: 3.14 dBm0 in A-law, 3.17 in µ-law).
pub(crate) const FULL_SCALE_DBM0: f64 = 3.15;

/// Peak of a sine of so many dBm0.
pub(crate) fn amplitude(level: f64) -> f64 {
    32_768.0 * 10f64.powf((level - FULL_SCALE_DBM0) / 20.0)
}

/// Samples of some frequencies (Hz, peak) together.
pub(crate) fn wave(parts: &[(f64, f64)], millis: usize) -> impl Iterator<Item = i16> {
    (0..millis * RATE / 1_000).map(move |n| {
        let time = n as f64 / RATE as f64;
        parts
            .iter()
            .map(|(frequency, peak)| peak * (TAU * frequency * time).sin())
            .sum::<f64>() as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codec;

    fn decoded(country: Country, kind: Tone) -> Vec<i16> {
        tone(country, kind)
            .encoded(Codec::Pcma)
            .iter()
            .map(|byte| Codec::Pcma.decode(*byte))
            .collect()
    }

    /// Power of one frequency in dBm0.
    fn at(samples: &[i16], frequency: f64) -> f64 {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let angle = TAU * frequency * n as f64 / RATE as f64;
            real += f64::from(*sample) * angle.cos();
            imaginary += f64::from(*sample) * angle.sin();
        }
        let peak = 2.0 * real.hypot(imaginary) / samples.len() as f64;
        20.0 * (peak / 32_768.0).log10() + FULL_SCALE_DBM0
    }

    #[test]
    fn french_ringback_is_440_hz_for_1500_of_5000_ms() {
        let samples = decoded(Country::France, Tone::Ringback);
        assert_eq!(samples.len(), 5_000 * 8);
        let (sounds, silent) = samples.split_at(1_500 * 8);
        assert!((at(sounds, 440.0) + 10.0).abs() < 0.3, "{}", at(sounds, 440.0));
        assert!(at(sounds, 425.0) < -40.0);
        assert!(silent.iter().all(|sample| sample.abs() <= 8));
    }

    /// Lengths in ms of what sounds and what is silent, as heard.
    fn cadence(samples: &[i16]) -> Vec<usize> {
        // 5 ms at a time: all published times are multiples of it.
        let loud: Vec<bool> = samples
            .chunks(40)
            .map(|piece| piece.iter().any(|sample| sample.unsigned_abs() > 200))
            .collect();
        loud.chunk_by(|a, b| a == b).map(|run| run.len() * 5).collect()
    }

    /// E.180 Supplement 2, and ETSI TR 101 041 for the continent; the precise tone plan for the US.
    #[test]
    fn ringback_and_busy_keep_the_published_time() {
        let cases: [(Country, Tone, &[usize]); 10] = [
            (Country::France, Tone::Ringback, &[1_500, 3_500]),
            (Country::France, Tone::Busy, &[500, 500]),
            (Country::Europe, Tone::Ringback, &[1_000, 4_000]),
            (Country::Europe, Tone::Busy, &[500, 500]),
            (Country::UnitedKingdom, Tone::Ringback, &[400, 200, 400, 2_000]),
            (Country::UnitedKingdom, Tone::Busy, &[375, 375]),
            (Country::UnitedKingdom, Tone::Congestion, &[400, 350, 225, 525]),
            (Country::UnitedStates, Tone::Ringback, &[2_000, 4_000]),
            (Country::UnitedStates, Tone::Busy, &[500, 500]),
            (Country::UnitedStates, Tone::Congestion, &[250, 250]),
        ];
        for (country, kind, published) in cases {
            assert_eq!(
                cadence(&decoded(country, kind)),
                published,
                "{country:?} {kind:?}"
            );
        }
    }

    #[test]
    fn tones_have_their_countries_frequencies() {
        let cases: [(Country, Tone, &[f64], f64); 6] = [
            (Country::Europe, Tone::Busy, &[425.0], -10.0),
            (Country::UnitedKingdom, Tone::Dial, &[350.0, 440.0], -13.0),
            (Country::UnitedKingdom, Tone::Ringback, &[400.0, 450.0], -13.0),
            (Country::UnitedStates, Tone::Ringback, &[440.0, 480.0], -19.0),
            (Country::UnitedStates, Tone::Congestion, &[480.0, 620.0], -24.0),
            (Country::France, Tone::Dial, &[440.0], -10.0),
        ];
        for (country, kind, frequencies, level) in cases {
            // 200 ms: every frequency here has whole cycles in it.
            let samples = &decoded(country, kind)[..1_600];
            for frequency in frequencies {
                let heard = at(samples, *frequency);
                assert!(
                    (heard - level).abs() < 0.5,
                    "{country:?} {kind:?} {frequency} Hz: {heard} dBm0"
                );
            }
        }
    }

    #[test]
    fn a_continuous_tone_has_no_seam() {
        let once = decoded(Country::UnitedKingdom, Tone::Dial);
        let twice = [&once[..], &once[..]].concat();
        let step = |n: usize| (i32::from(twice[n]) - i32::from(twice[n - 1])).abs();
        let usual = (1..once.len()).map(step).max().unwrap();
        assert!(step(once.len()) <= usual);
    }
}
