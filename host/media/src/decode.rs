//! An uploaded recording becomes [`Pcm`]: WAV or MP3 of any rate and channels to mono at 8 kHz.
//!
//! Slow (milliseconds to a second): for a worker, never for a media thread. What comes in is a tenant's and may be
//! anything, so size and length are bounded before memory is.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Fft, FixedSync, Resampler};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use crate::Pcm;
use crate::prompt::RATE;

/// How large and how long a recording may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub max_bytes: usize,
    pub max_length: Duration,
}

impl Default for Limits {
    /// R25: 3 MB and two minutes.
    fn default() -> Self {
        Self {
            max_bytes: 3_000_000,
            max_length: Duration::from_secs(120),
        }
    }
}

/// Why a recording was not taken. All are the uploader's to mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    #[error("the file has {bytes} bytes, at most {max} are allowed")]
    TooLarge { bytes: usize, max: usize },

    #[error("the recording is longer than {} s", .max.as_secs())]
    TooLong { max: Duration },

    /// Neither WAV nor MP3.
    #[error("the file is neither WAV nor MP3")]
    UnknownFormat,

    /// Known, but broken or of a kind that is not supported.
    #[error("the recording cannot be read: {0}")]
    Unreadable(String),

    #[error("a sample rate of {0} Hz is not supported, 8000 to 96000 Hz are")]
    SampleRate(u32),

    #[error("the recording is empty")]
    Empty,
}

/// Decodes a WAV or MP3 file.
///
/// # Errors
///
/// [`PromptError`], with a sentence for the uploader. Broken frames inside of an MP3 are skipped, as players do.
pub fn decode(bytes: &[u8], limits: Limits) -> Result<Pcm, PromptError> {
    if bytes.len() > limits.max_bytes {
        return Err(PromptError::TooLarge {
            bytes: bytes.len(),
            max: limits.max_bytes,
        });
    }
    // The decoders are somebody else's and their input anybody's: a bug in them costs this upload only.
    catch_unwind(AssertUnwindSafe(|| decode_all(bytes, limits)))
        .unwrap_or_else(|_| Err(PromptError::Unreadable("its data are inconsistent".into())))
}

fn decode_all(bytes: &[u8], limits: Limits) -> Result<Pcm, PromptError> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes.to_vec())), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(
            &Hint::new(),
            source,
            FormatOptions::default(),
            MetadataOptions::default(),
        )
        .map_err(|_| PromptError::UnknownFormat)?;
    let track = format.default_track(TrackType::Audio).ok_or(PromptError::Empty)?;
    let track_id = track.id;
    let parameters = track
        .codec_params
        .as_ref()
        .and_then(|parameters| parameters.audio())
        .ok_or(PromptError::UnknownFormat)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(unreadable)?;
    let (mono, rate) = read_mono(format.as_mut(), decoder.as_mut(), track_id, limits)?;
    let samples = if rate as usize == RATE {
        mono
    } else {
        resample(mono, rate)?
    };
    Ok(Pcm(samples.into_iter().map(to_i16).collect()))
}

/// Reads to the end or the limit, and mixes channels down. Samples from −1 to 1, and their rate.
fn read_mono(
    format: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track: u32,
    limits: Limits,
) -> Result<(Vec<f32>, u32), PromptError> {
    let (mut mono, mut interleaved, mut rate) = (Vec::new(), Vec::<f32>::new(), None);
    while let Some(packet) = next_packet(format)? {
        if packet.track_id != track {
            continue;
        }
        let audio = match decoder.decode(&packet) {
            Ok(audio) => audio,
            Err(Error::DecodeError(_)) => continue,
            Err(error) => return Err(unreadable(error)),
        };
        let (channels, this_rate) = (audio.spec().channels().count().max(1), audio.spec().rate());
        if !(RATE as u32..=96_000).contains(&this_rate) {
            return Err(PromptError::SampleRate(this_rate));
        }
        if *rate.get_or_insert(this_rate) != this_rate {
            return Err(PromptError::Unreadable("its sample rate changes".into()));
        }
        audio.copy_to_vec_interleaved(&mut interleaved);
        mono.extend(
            interleaved
                .chunks_exact(channels)
                .map(|frame| frame.iter().sum::<f32>() / channels as f32),
        );
        if mono.len() as f64 > limits.max_length.as_secs_f64() * f64::from(this_rate) {
            return Err(PromptError::TooLong {
                max: limits.max_length,
            });
        }
    }
    match rate {
        Some(rate) if !mono.is_empty() => Ok((mono, rate)),
        Some(_) | None => Err(PromptError::Empty),
    }
}

fn next_packet(
    format: &mut dyn FormatReader,
) -> Result<Option<symphonia::core::packet::Packet>, PromptError> {
    match format.next_packet() {
        Ok(packet) => Ok(packet),
        // A file cut short plays as far as it goes.
        Err(Error::IoError(_)) => Ok(None),
        Err(error) => Err(unreadable(error)),
    }
}

fn resample(mono: Vec<f32>, rate: u32) -> Result<Vec<f32>, PromptError> {
    let failed = |_| PromptError::SampleRate(rate);
    let frames = mono.len();
    let mut resampler = Fft::<f32>::new(rate as usize, RATE, 1_024, 1, FixedSync::Input)
        .map_err(|_| PromptError::SampleRate(rate))?;
    let input = InterleavedOwned::new_from(mono, 1, frames).map_err(|_| PromptError::SampleRate(rate))?;
    Ok(resampler
        .process_all(&input, frames, None)
        .map_err(failed)?
        .take_data())
}

fn to_i16(sample: f32) -> i16 {
    // `as` saturates, and makes 0 of what is not a number.
    (sample * 32_768.0).round() as i16
}

fn unreadable(error: Error) -> PromptError {
    PromptError::Unreadable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(rate: u32, channels: u16, seconds: f64) -> Vec<u8> {
        let mut bytes = Cursor::new(vec![]);
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for n in 0..(f64::from(rate) * seconds) as u32 {
            let value = 10_000.0 * (TAU * 1_000.0 * f64::from(n) / f64::from(rate)).sin();
            (0..channels).for_each(|_| writer.write_sample(value as i16).unwrap());
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    /// Signal to noise in dB against a 1 kHz sine of the best amplitude and phase.
    fn purity(pcm: &Pcm) -> f64 {
        // The edges ring after resampling.
        let samples = &pcm.0[800..pcm.0.len() - 800];
        let angle = |n: usize| TAU * 1_000.0 * n as f64 / 8_000.0;
        let part = |f: fn(f64) -> f64| {
            2.0 * samples
                .iter()
                .enumerate()
                .map(|(n, s)| f64::from(*s) * f(angle(n)))
                .sum::<f64>()
                / samples.len() as f64
        };
        let (a, b) = (part(f64::sin), part(f64::cos));
        let noise: f64 = samples
            .iter()
            .enumerate()
            .map(|(n, s)| (f64::from(*s) - a * angle(n).sin() - b * angle(n).cos()).powi(2))
            .sum();
        10.0 * (samples.len() as f64 * (a * a + b * b) / 2.0 / noise).log10()
    }

    #[test]
    fn wav_of_every_usual_rate_becomes_8_khz_mono() {
        for (rate, channels) in [
            (8_000, 1),
            (16_000, 1),
            (44_100, 2),
            (48_000, 2),
            (22_050, 1),
            (11_025, 1),
        ] {
            let pcm = decode(&tone(rate, channels, 1.0), Limits::default()).unwrap();
            assert!(
                pcm.0.len().abs_diff(8_000) <= 1,
                "{rate} Hz: {} samples",
                pcm.0.len()
            );
            assert!(purity(&pcm) > 50.0, "{rate} Hz: {} dB", purity(&pcm));
        }
    }

    /// See `tests/fixtures/README.md` for how they were made.
    const MP3: &[u8] = include_bytes!("../tests/fixtures/tone-1000hz.mp3");
    const MP3_VARIABLE: &[u8] = include_bytes!("../tests/fixtures/tone-1000hz-vbr-stereo.mp3");

    #[test]
    fn mp3_of_constant_and_variable_rate_becomes_8_khz_mono() {
        for bytes in [MP3, MP3_VARIABLE] {
            let pcm = decode(bytes, Limits::default()).unwrap();
            // The encoder's delay and padding may remain: less than three frames.
            let millis = pcm.length().as_millis();
            assert!((995..1_150).contains(&millis), "{millis} ms");
            // Lossy, at 32 kbit/s.
            assert!(purity(&pcm) > 25.0, "{} dB", purity(&pcm));
        }
    }

    #[test]
    fn a_broken_frame_inside_of_an_mp3_costs_that_frame_only() {
        let mut bytes = MP3.to_vec();
        bytes[900..904].fill(0);
        let (whole, broken) = (decode(MP3, Limits::default()), decode(&bytes, Limits::default()));
        let (whole, broken) = (whole.unwrap().0.len(), broken.unwrap().0.len());
        assert!(
            whole.abs_diff(broken) <= 3 * 1_152 * 8_000 / 22_050,
            "{whole} and {broken} samples"
        );
    }

    #[test]
    fn too_large_too_long_and_empty_are_refused() {
        let long = tone(8_000, 1, 1.5);
        let limits = Limits {
            max_length: Duration::from_secs(1),
            ..Limits::default()
        };
        assert_eq!(
            decode(&long, limits),
            Err(PromptError::TooLong {
                max: limits.max_length
            })
        );
        let small = Limits {
            max_bytes: 100,
            ..Limits::default()
        };
        assert_eq!(
            decode(&long, small),
            Err(PromptError::TooLarge {
                bytes: long.len(),
                max: 100
            })
        );
        assert_eq!(
            decode(&tone(8_000, 1, 0.0), Limits::default()),
            Err(PromptError::Empty)
        );
    }

    #[test]
    fn what_is_no_recording_is_refused_with_a_sentence() {
        assert_eq!(
            decode(b"hello", Limits::default()),
            Err(PromptError::UnknownFormat)
        );
        assert_eq!(
            decode(&[0; 5_000], Limits::default()),
            Err(PromptError::UnknownFormat)
        );
        let error = decode(&tone(4_000, 1, 1.0), Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a sample rate of 4000 Hz is not supported, 8000 to 96000 Hz are"
        );
    }

    #[test]
    fn damaged_files_never_panic() {
        let whole = tone(16_000, 1, 0.2);
        let mut random = base::Random::from_seed(5);
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..4 {
                let place = random.below(80) as usize;
                bytes[place] = random.next_u32() as u8;
            }
            bytes.truncate(1 + random.below(whole.len() as u64) as usize);
            let _ = decode(&bytes, Limits::default());
        }
    }
}
