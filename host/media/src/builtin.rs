//! The prompts shipped with the exchange: a short melody for each name that a behaviour may play, so that a
//! tenant without recordings hears that something works, and which.
//!
//! They are not speech; spoken announcements replace them under the same names. Digits are beeps: as many short ones as the digit says,
//! a long one counts five, and 0 is one low tone.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::{Arc, LazyLock};

use crate::prompt::RATE;
use crate::tone::amplitude;
use crate::{Pcm, Prompt};

/// A note in semitones over A4 (440 Hz) and its length in milliseconds; none is a rest.
type Note = (Option<i8>, u16);

const fn note(semitone: i8, millis: u16) -> Note {
    (Some(semitone), millis)
}

const fn rest(millis: u16) -> Note {
    (None, millis)
}

#[rustfmt::skip]
const MELODIES: &[(&str, &[Note])] = &[
    ("welcome", &[note(-9, 180), note(-5, 180), note(-2, 180), note(3, 500), rest(200)]),
    ("menu", &[note(3, 150), rest(60), note(3, 150), rest(60), note(7, 300), rest(300)]),
    ("goodbye", &[note(3, 200), note(-2, 200), note(-5, 200), note(-9, 600)]),
    ("unavailable", &[note(-2, 300), note(-3, 300), note(-4, 300), note(-9, 700)]),
    ("busy-courtesy", &[note(0, 250), rest(80), note(0, 250), rest(80), note(-4, 600)]),
    ("anonymous-refused", &[note(-9, 300), rest(100), note(-9, 300), rest(100), note(-14, 700)]),
    ("closed", &[note(3, 250), note(0, 250), note(-4, 250), note(-9, 250), note(-9, 500)]),
    ("dissuasion", &[note(0, 200), note(-1, 200), note(-2, 200), note(-3, 600), rest(100)]),
    ("courtesy", &[note(-5, 250), note(-2, 250), note(-5, 500)]),
    ("error", &[note(-21, 400), rest(100), note(-21, 400)]),
    ("invalid", &[note(-14, 200), rest(80), note(-14, 200)]),
    ("try-again", &[note(-2, 150), note(0, 150), note(-2, 150), note(0, 300), rest(150)]),
    ("transferring", &[note(-9, 120), note(-5, 120), note(-2, 120), note(3, 120), note(7, 400)]),
    ("greeting", &[note(-2, 200), note(3, 200), note(7, 500), rest(150)]),
    ("hello", &[note(-9, 200), note(-2, 400), rest(150)]),
    ("echo", &[note(0, 200), rest(200), note(0, 200), rest(200), note(0, 200), rest(300)]),
    ("please-wait", &[note(-5, 200), note(-4, 200), note(-2, 400), rest(100), note(-5, 400), rest(1_500)]),
    ("all-busy", &[note(0, 200), note(0, 200), note(-4, 200), note(-4, 200), note(-9, 700)]),
    ("queue-position", &[note(-2, 150), note(3, 150), note(7, 250), rest(250)]),
    ("estimated-wait", &[note(7, 150), note(3, 150), note(-2, 250), rest(250)]),
    ("press-1-to-be-called-back", &[note(3, 120), rest(80), note(3, 120), rest(80), note(10, 400), rest(300)]),
    ("spell-the-name", &[note(3, 150), note(7, 150), note(3, 150), note(10, 300), rest(300)]),
    ("nobody-of-that-name", &[note(3, 150), note(-2, 150), note(-9, 400), rest(150)]),
    ("call-not-allowed", &[note(-9, 250), rest(80), note(-9, 250), rest(80), note(-16, 600)]),
    ("no-calls-now", &[note(-2, 250), note(-9, 250), note(-16, 600)]),
    ("nobody-answers", &[note(-2, 250), rest(80), note(-2, 250), note(-9, 500)]),
    ("to-let-it-ring", &[note(3, 120), note(7, 120), note(3, 120), rest(120)]),
    ("to-leave-a-message", &[note(-2, 150), note(-5, 150), note(-2, 150), rest(120)]),
    ("to-reach-the-attendant", &[note(-9, 120), note(-2, 120), note(3, 120), rest(120)]),
    ("to-be-called-back", &[note(10, 120), note(3, 120), note(10, 120), rest(120)]),
    ("to-wait-on-the-line", &[note(-5, 200), note(-4, 200), rest(120)]),
    ("it-rings-now", &[note(7, 120), note(10, 120), note(15, 300), rest(100)]),
    ("we-will-call-back", &[note(-2, 150), note(3, 150), note(7, 150), note(10, 500)]),
    ("in-a-call", &[note(7, 150), note(3, 150), rest(150), note(7, 150), note(3, 300), rest(1_500)]),
    ("we-are-closed", &[note(3, 250), note(-2, 250), note(-9, 250), note(-14, 600)]),
    ("double-call", &[note(7, 120), note(3, 120), rest(200), note(7, 120), note(3, 120), rest(2_000)]),
    ("hold", WALTZ),
    ("waiting", WALTZ),
    ("waiting-music", WALTZ),
    ("digit-star", &[note(7, 80), note(12, 80), note(7, 80), rest(250)]),
    ("digit-hash", &[note(12, 80), note(7, 80), note(12, 80), rest(250)]),
];

/// Twelve bars in three-four time, to be looped.
#[rustfmt::skip]
const WALTZ: &[Note] = &[
    note(-9, 400), note(-2, 400), note(3, 400),
    note(2, 400), note(0, 400), note(-2, 400),
    note(-4, 400), note(0, 400), note(3, 400),
    note(0, 800), note(-2, 400),
    note(-4, 400), note(-2, 400), note(0, 400),
    note(-2, 400), note(-5, 400), note(-9, 400),
    note(-7, 400), note(-5, 400), note(-4, 400),
    note(-2, 800), rest(400),
    note(3, 400), note(7, 400), note(3, 400),
    note(2, 400), note(0, 400), note(-2, 400),
    note(-4, 400), note(-7, 400), note(-2, 400),
    note(-9, 800), rest(400),
];

/// Every shipped prompt by its name. Made once for the process, in some tens of milliseconds.
pub(crate) fn prompts() -> Arc<BTreeMap<String, Prompt>> {
    static MADE: LazyLock<Arc<BTreeMap<String, Prompt>>> = LazyLock::new(|| {
        let melodies = MELODIES
            .iter()
            .map(|(name, notes)| ((*name).to_owned(), sing(notes)));
        let digits = (0..=9).map(|digit| (format!("digit-{digit}"), sing(&count(digit))));
        Arc::new(melodies.chain(digits).collect())
    });
    MADE.clone()
}

/// Beeps that can be counted: a long one for five, short ones for the others.
fn count(digit: u8) -> Vec<Note> {
    let mut notes = Vec::new();
    if digit == 0 {
        notes.push(note(-14, 400));
    }
    if digit >= 5 {
        notes.extend([note(3, 350), rest(100)]);
    }
    (0..digit % 5).for_each(|_| notes.extend([note(7, 100), rest(80)]));
    notes.push(rest(300));
    notes
}

fn sing(notes: &[Note]) -> Prompt {
    Prompt::new(&Pcm(notes.iter().flat_map(|note| play(*note)).collect()))
}

/// One note with a soft edge on both sides and a second harmonic.
fn play((semitone, millis): Note) -> impl Iterator<Item = i16> {
    let length = usize::from(millis) * RATE / 1_000;
    let frequency = semitone.map_or(0.0, |semitone| 440.0 * 2f64.powf(f64::from(semitone) / 12.0));
    // −16 dBm0: speech level, well under the tones.
    let peak = amplitude(-16.0);
    (0..length).map(move |n| {
        let edge = (n.min(length - n) as f64 / 80.0).min(1.0);
        let fading = 1.0 - 0.5 * n as f64 / length as f64;
        let phase = TAU * frequency * n as f64 / RATE as f64;
        (peak * edge * fading * (phase.sin() + 0.3 * (2.0 * phase).sin())) as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, Prompts};

    #[test]
    fn every_shipped_prompt_can_be_heard_and_told_apart() {
        let prompts = prompts();
        let mut seen = std::collections::HashMap::new();
        for (name, prompt) in prompts.iter() {
            assert!(prompt.length().as_millis() >= 300, "{name}");
            let waltz = ["hold", "waiting", "waiting-music"].contains(&name.as_str());
            let other = seen.insert(prompt.encoded(Codec::Pcma).to_vec(), name);
            assert!(waltz || other.is_none(), "{name} sounds like {other:?}");
        }
    }

    /// The defaults of the behaviours in `guests/`.
    #[test]
    fn what_the_shipped_behaviours_play_is_there() {
        let needed = [
            "welcome",
            "hello",
            "goodbye",
            "echo",
            "please-wait",
            "all-busy",
            "in-a-call",
            "anonymous-refused",
            "closed",
            "we-are-closed",
            "unavailable",
            "waiting-music",
        ];
        let prompts = Prompts::shipped();
        assert_eq!(
            needed
                .into_iter()
                .filter(|name| prompts.get(name).is_none())
                .collect::<Vec<_>>(),
            [""; 0]
        );
    }

    #[test]
    fn digits_are_spoken_one_by_one() {
        let prompts = Prompts::shipped();
        assert_eq!(prompts.digits("+33 1.4*#").unwrap().len(), 6);
        assert!(prompts.get("no-such-prompt").is_none());
        assert_eq!(Prompts::default().digits("7").unwrap_err().0, "digit-7");
    }
}
