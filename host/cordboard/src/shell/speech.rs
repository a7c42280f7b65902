//! Text-to-speech with espeak-ng, where that is installed (R25, R64).
//!
//! A program of its own, given text on its standard input and nothing else, with an end in time and size; never on a call's way:
//! what it says becomes a recording like an uploaded one. The last texts are kept, so that the same one is not spoken twice.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use media::{Limits, Pcm};

/// Of R64, by the code that announcements are in; espeak-ng calls them the same.
const LANGUAGES: [&str; 7] = ["fr", "en", "de", "es", "it", "nl", "pl"];

/// Two minutes are spoken in a second or two.
const PATIENCE: Duration = Duration::from_secs(20);

/// Two minutes at the voice's 22 050 Hz, and some.
const SPOKEN_BYTES: usize = 6_000_000;

/// Samples a second of what is decoded.
const RATE: u32 = 8_000;

/// Texts kept.
const KEPT: usize = 32;

type Spoken = (String, String, Arc<[u8]>);

/// Speaks, and remembers what it said last.
#[derive(Debug, Default)]
pub struct Speech {
    kept: Mutex<VecDeque<Spoken>>,
}

impl Speech {
    /// A WAV recording of the text, as loud as it was spoken: recordings are brought to one loudness when they are loaded.
    /// Takes seconds; from a thread that may wait.
    ///
    /// # Errors
    ///
    /// Why there is none, for people.
    pub fn speak(&self, text: &str, language: &str) -> Result<Arc<[u8]>, String> {
        if !LANGUAGES.contains(&language) {
            return Err(format!(
                "`{language}` is not spoken here; languages: {}",
                LANGUAGES.join(", ")
            ));
        }
        if let Some(known) = self.known(text, language) {
            return Ok(known);
        }
        let spoken = sized(run("espeak-ng", text, language)?);
        let limits = Limits {
            max_bytes: SPOKEN_BYTES,
            ..Limits::default()
        };
        let pcm = media::decode(&spoken, limits).map_err(|error| error.to_string())?;
        let recording: Arc<[u8]> = wav(&pcm).into();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((text.to_owned(), language.to_owned(), Arc::clone(&recording)));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        Ok(recording)
    }

    fn known(&self, text: &str, language: &str) -> Option<Arc<[u8]>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().find(|(of, by, _)| of == text && by == language);
        known.map(|(.., recording)| Arc::clone(recording))
    }
}

/// A program that writes as it speaks cannot know how long its recording becomes: says so now (RIFF and `data`).
fn sized(mut wav: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(wav.len()).unwrap_or(u32::MAX);
    for (at, before) in [(4, 8), (40, 44)] {
        if let Some(field) = wav.get_mut(at..at + 4) {
            field.copy_from_slice(&length.saturating_sub(before).to_le_bytes());
        }
    }
    wav
}

fn run(program: &str, text: &str, language: &str) -> Result<Vec<u8>, String> {
    let child = Command::new(program)
        .args(["-v", language, "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            format!("text-to-speech is not available here: install {program}, or upload a recording")
        }
        _ => format!("{program} cannot be started: {error}"),
    })?;
    let spoken = converse(&mut child, text);
    // Whatever it is doing, nobody waits for it any more.
    let _ = child.kill();
    let _ = child.wait();
    spoken.map_err(|why| format!("{program}: {why}"))
}

/// Both ways at once: a pipe that nobody reads would keep it waiting.
fn converse(child: &mut Child, text: &str) -> Result<Vec<u8>, String> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else {
        return Err("it has no pipes".to_owned());
    };
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let reader = std::thread::spawn(move || {
        let mut spoken = Vec::new();
        let read = stdout.take(SPOKEN_BYTES as u64 + 1).read_to_end(&mut spoken);
        read.map(|_| spoken)
    });
    let until = Instant::now() + PATIENCE;
    while !reader.is_finished() {
        if Instant::now() >= until {
            return Err(format!("it took longer than {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(writer);
    match reader.join() {
        Ok(Ok(spoken)) if spoken.len() > SPOKEN_BYTES => Err("the text is too long".to_owned()),
        Ok(Ok(spoken)) if spoken.is_empty() => Err("it said nothing".to_owned()),
        Ok(Ok(spoken)) => Ok(spoken),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it cannot be read".to_owned()),
    }
}

/// One channel of 16 bits.
fn wav(Pcm(samples): &Pcm) -> Vec<u8> {
    let bytes = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX);
    let rate = RATE;
    let mut wav = Vec::with_capacity(44 + samples.len() * 2);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&bytes.saturating_add(36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        wav.extend_from_slice(&half.to_le_bytes());
    }
    for word in [rate, rate * 2] {
        wav.extend_from_slice(&word.to_le_bytes());
    }
    for half in [2_u16, 16] {
        wav.extend_from_slice(&half.to_le_bytes());
    }
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&bytes.to_le_bytes());
    for sample in samples {
        wav.extend_from_slice(&sample.to_le_bytes());
    }
    wav
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::office::loaded;

    #[test]
    fn a_recording_reads_back_what_was_said() {
        let said = Pcm(vec![0, 8_000, -4_000]);
        assert_eq!(media::decode(&wav(&said), Limits::default()), Ok(said));
    }

    #[test]
    fn what_cannot_be_said_is_told() {
        let unknown = Speech::default().speak("hej", "sv").unwrap_err();
        assert!(unknown.contains("languages: fr, en"), "{unknown}");
        let missing = run("no-such-program", "hello", "en").unwrap_err();
        assert!(missing.contains("install no-such-program"), "{missing}");
    }

    /// Where it is installed: every language of R64 is spoken, once, and loaded at one level.
    #[test]
    fn r64_every_language_is_spoken_where_espeak_ng_is_installed() {
        if Command::new("espeak-ng").arg("--version").output().is_err() {
            eprintln!("espeak-ng is not installed: not tested");
            return;
        }
        let speech = Speech::default();
        for language in LANGUAGES {
            let spoken = speech.speak("1, 2, 3.", language).unwrap();
            let pcm = loaded(&spoken).unwrap();
            assert!(pcm.0.len() > 4_000, "{language}: {}", pcm.0.len());
            let level = media::active_level(&pcm).unwrap();
            assert!(
                (level - media::NOMINAL_DBM0).abs() < 0.5,
                "{language}: {level} dBm0"
            );
            let again = speech.speak("1, 2, 3.", language).unwrap();
            assert!(Arc::ptr_eq(&spoken, &again), "spoken once");
        }
    }
}
