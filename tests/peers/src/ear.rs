//! Which sounds a phone has heard, in which order, and for how long: each is a tone of its own. Voices are tones, too, and several may be
//! heard together.

use std::collections::BTreeMap;

use crate::baresip::Baresip;
use crate::server::Server;
use crate::sound::{self, RATE, holds_tone, share_of, tone};
use crate::until;

/// A recording is looked at in tenths of a second.
const CHUNK: usize = RATE / 10;
/// A sound has at least so many of them; in speech a tone may be there by chance, for a moment.
const LEAST: usize = 2;
/// Of an announcement.
const MILLIS: usize = 600;

/// What the exchange plays to who waits in France.
pub const RINGBACK: (&str, f64) = ("ringback", 440.0);

/// From now on, half a second of this voice and no other.
#[track_caller]
pub fn hears(phone: &Baresip, hertz: f64) {
    let before = phone.heard().len();
    until("the voice is heard", || {
        let heard = phone.heard();
        holds_tone(heard.get(before..).unwrap_or_default(), hertz).then_some(())
    });
}

/// From now on, half a second of all these voices together.
#[track_caller]
pub fn hears_all(phone: &Baresip, voices: &[f64]) {
    let before = phone.heard().len();
    let is_there = |stretch: &[i16]| voices.iter().all(|hertz| share_of(stretch, *hertz) > 0.1);
    until("all voices are heard together", || {
        let heard = phone.heard();
        let mut stretches = heard.get(before..)?.chunks_exact(RATE / 2);
        stretches.any(is_there).then_some(())
    });
}

/// In what was heard last there is nothing of this voice.
#[track_caller]
pub fn does_not_hear(phone: &Baresip, hertz: f64) {
    let heard = phone.heard();
    let last = heard.get(heard.len().saturating_sub(RATE)..).unwrap_or_default();
    let share = share_of(last, hertz);
    assert!(share < 0.02, "the voice of {hertz} Hz is heard: {share}");
}

/// Sounds that it knows, by name.
pub struct Ear(BTreeMap<&'static str, f64>);

impl Ear {
    pub fn of(sounds: &[(&'static str, f64)]) -> Self {
        Self(sounds.iter().copied().collect())
    }

    /// Knows these announcements, too: the tenant's are tones from now on.
    pub fn announcements(mut self, server: &Server, names: &[&'static str]) -> Self {
        for (name, hertz) in names.iter().zip((0..).map(|n| 900.0 + 130.0 * f64::from(n))) {
            let path = format!("/v1/tenants/works/announcements/{name}");
            let recording = sound::wav(&tone(hertz, MILLIS));
            server.client.put_bytes(&path, "audio/wav", &recording).unwrap();
            self.0.insert(name, hertz);
        }
        self
    }

    /// Sounds in the order in which they began, with the tenths of a second that they filled. Silence between two of the same
    /// does not count.
    pub fn heard(&self, samples: &[i16]) -> Vec<(&'static str, usize)> {
        let sounds: Vec<_> = samples
            .chunks_exact(CHUNK)
            .map(|chunk| self.sound(chunk))
            .collect();
        let mut all: Vec<(&'static str, usize)> = Vec::new();
        for run in sounds.chunk_by(|one, next| one == next) {
            let Some(sound) = run[0].filter(|_| run.len() >= LEAST) else {
                continue;
            };
            match all.last_mut() {
                Some((last, chunks)) if *last == sound => *chunks += run.len(),
                _ => all.push((sound, run.len())),
            }
        }
        all
    }

    fn sound(&self, chunk: &[i16]) -> Option<&'static str> {
        let mut sounds = self.0.iter();
        let found = sounds.find(|(_, hertz)| share_of(chunk, **hertz) > 0.8)?;
        Some(found.0)
    }

    /// Waits until the phone has heard these sounds one after the other since it had so many recordings; others may be in
    /// between, as whoever presses a key is a moment too late.
    #[track_caller]
    pub fn expect(&self, phone: &Baresip, recordings: usize, wanted: &[&str]) {
        until(&format!("{wanted:?} is heard"), || {
            self.holds(&phone.heard_since(recordings), wanted).then_some(())
        });
    }

    /// The same, and nothing else was heard before or between; a menu may have begun again since.
    #[track_caller]
    pub fn expect_only(&self, phone: &Baresip, recordings: usize, wanted: &[&str]) {
        self.expect(phone, recordings, wanted);
        let heard = self.names(&phone.heard_since(recordings));
        assert_eq!(heard.get(..wanted.len()), Some(wanted), "{heard:?}");
    }

    /// Whether these sounds are in there, one after the other.
    pub fn holds(&self, samples: &[i16], wanted: &[&str]) -> bool {
        let mut names = self.names(samples).into_iter();
        wanted.iter().all(|name| names.any(|heard| heard == *name))
    }

    fn names(&self, samples: &[i16]) -> Vec<&'static str> {
        let heard = self.heard(samples);
        heard.into_iter().map(|(name, _)| name).collect()
    }
}
