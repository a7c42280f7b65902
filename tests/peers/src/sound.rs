//! Sounds that can be told apart, and how alike two are. 8000 samples a second, one channel.

use std::f64::consts::TAU;
use std::path::Path;

pub const RATE: usize = 8_000;

/// A tone, loud enough to be found.
pub fn tone(hertz: f64, millis: usize) -> Vec<i16> {
    (0..RATE * millis / 1_000)
        .map(|n| (8_000.0 * (TAU * hertz * n as f64 / RATE as f64).sin()) as i16)
        .collect()
}

/// Two seconds that rise from 400 to 2800 Hz: alike with themselves at one shift only.
pub fn song() -> Vec<i16> {
    let length = 2 * RATE;
    (0..length)
        .map(|n| {
            let at = n as f64 / RATE as f64;
            let phase = TAU * (400.0 * at + 600.0 * at * at);
            (8_000.0 * phase.sin()) as i16
        })
        .collect()
}

/// A key as its two tones (ITU-T Q.23) for a fifth of a second, and as long a silence.
pub fn key(key: char) -> Vec<i16> {
    let keys = ["123A", "456B", "789C", "*0#D"];
    let (row, column) = keys
        .iter()
        .enumerate()
        .find_map(|(row, keys)| Some((row, keys.find(key)?)))
        .unwrap();
    let low = [697.0, 770.0, 852.0, 941.0][row];
    let high = [1_209.0, 1_336.0, 1_477.0, 1_633.0][column];
    let both = |n| {
        let at = n as f64 / RATE as f64;
        (5_000.0 * (TAU * low * at).sin() + 5_000.0 * (TAU * high * at).sin()) as i16
    };
    (0..RATE / 5).map(both).chain([0; RATE / 5]).collect()
}

/// The recording as a WAV file.
pub fn wav(samples: &[i16]) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for sample in samples {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// A WAV file that may still be written to: the lengths in its head are not trusted.
pub fn read_growing(file: &Path) -> Vec<i16> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let sound = bytes.get(44..).unwrap_or_default();
    sound
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

/// How much of a stretch's power lies at a frequency (Goertzel): 1 for a pure tone, near 0 without it.
pub fn share_of(samples: &[i16], hertz: f64) -> f64 {
    let factor = 2.0 * (TAU * hertz / RATE as f64).cos();
    let (mut last, mut before, mut power) = (0.0, 0.0, 0.0);
    for sample in samples {
        let sample = f64::from(*sample);
        power += sample * sample;
        (last, before) = (sample + factor * last - before, last);
    }
    if power < 1_000.0 * samples.len() as f64 {
        return 0.0; // Silence, or nearly.
    }
    let found = last * last + before * before - factor * last * before;
    2.0 * found / (samples.len() as f64 * power)
}

/// Whether some half second of what was heard is this tone.
pub fn holds_tone(heard: &[i16], hertz: f64) -> bool {
    heard
        .chunks_exact(RATE / 2)
        .any(|stretch| share_of(stretch, hertz) > 0.8)
}

/// The best correlation of `wanted` with any stretch of `heard`: 1 when it is in there unchanged.
pub fn likeness(heard: &[i16], wanted: &[i16]) -> f64 {
    let norm = |samples: &[i16]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>().sqrt();
    let own = norm(wanted);
    let shifts = heard.len().saturating_sub(wanted.len());
    (0..=shifts)
        .filter_map(|shift| heard.get(shift..shift + wanted.len()))
        .map(|stretch| {
            let dot: f64 = stretch
                .iter()
                .zip(wanted)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum();
            dot / (own * norm(stretch)).max(1.0)
        })
        .fold(0.0, f64::max)
}

#[test]
fn a_sound_is_like_itself_after_any_delay_and_unlike_others() {
    let late: Vec<i16> = std::iter::repeat_n(0, 1_234)
        .chain(song())
        .chain([0; 500])
        .collect();
    assert!(likeness(&late, &song()[..4_000]) > 0.99);
    assert!(likeness(&tone(1_000.0, 2_000), &song()[..4_000]) < 0.5);
    assert!(holds_tone(&tone(1_000.0, 2_000), 1_000.0) && !holds_tone(&tone(1_000.0, 2_000), 700.0));
    assert!(!holds_tone(&[0; RATE], 1_000.0));
    let backwards: Vec<i16> = song().into_iter().rev().collect();
    assert!(likeness(&late, &backwards[..4_000]) < 0.5);
}
