//! Recorded sound, encoded once for each codec and shared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{Codec, Sound};

/// Samples a second of everything here.
pub(crate) const RATE: usize = 8_000;

/// Mono, 8 kHz, 16 bits linear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pcm(pub Vec<i16>);

impl Pcm {
    pub fn length(&self) -> Duration {
        Duration::from_micros(self.0.len() as u64 * 1_000_000 / RATE as u64)
    }
}

/// A recording ready to be played: cheap to clone, about 16 kB a second in all.
#[derive(Clone, Debug)]
pub struct Prompt {
    a_law: Arc<[u8]>,
    mu_law: Arc<[u8]>,
}

impl Prompt {
    /// Encodes once for each codec. Takes milliseconds: not for the media thread.
    pub fn new(pcm: &Pcm) -> Self {
        use audio_codec_algorithms::{encode_alaw, encode_ulaw};
        Self {
            a_law: pcm.0.iter().map(|sample| encode_alaw(*sample)).collect(),
            mu_law: pcm.0.iter().map(|sample| encode_ulaw(*sample)).collect(),
        }
    }

    pub fn length(&self) -> Duration {
        Duration::from_micros(self.a_law.len() as u64 * 1_000_000 / RATE as u64)
    }

    pub(crate) fn samples(&self) -> usize {
        self.a_law.len()
    }

    pub(crate) fn encoded(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcma => &self.a_law,
            Codec::Pcmu => &self.mu_law,
        }
    }
}

/// There is no prompt of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no announcement `{0}`")]
pub struct Missing(pub String);

/// Prompts by name: a tenant's own in front of those shipped. Cloning shares the sound; `default()` has none
/// at all.
#[derive(Clone, Debug, Default)]
pub struct Prompts {
    own: BTreeMap<String, Prompt>,
    shipped: Arc<BTreeMap<String, Prompt>>,
}

impl Prompts {
    /// The prompts shipped with the exchange, and none of a tenant's own yet.
    pub fn shipped() -> Self {
        Self {
            own: BTreeMap::new(),
            shipped: crate::builtin::prompts(),
        }
    }

    /// Adds or replaces one of the tenant's own. What plays already plays on as it was.
    pub fn insert(&mut self, name: impl Into<String>, prompt: Prompt) {
        self.own.insert(name.into(), prompt);
    }

    pub fn remove(&mut self, name: &str) -> Option<Prompt> {
        self.own.remove(name)
    }

    pub fn get(&self, name: &str) -> Option<Prompt> {
        self.own.get(name).or_else(|| self.shipped.get(name)).cloned()
    }

    /// Names of all, a tenant's own and shipped, without repetition.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let shipped = self.shipped.keys().filter(|name| !self.own.contains_key(*name));
        self.own.keys().chain(shipped).map(String::as_str)
    }

    /// Digits spoken one by one, from the prompts `digit-0` … `digit-9`, `digit-star`, `digit-hash`.
    /// Spaces, dots and `+` are skipped.
    ///
    /// # Errors
    ///
    /// [`Missing`] with the name of the first prompt that there is not.
    pub fn digits(&self, digits: &str) -> Result<Vec<Sound>, Missing> {
        digits
            .chars()
            .filter_map(digit_name)
            .map(|name| self.get(&name).map(Sound::Prompt).ok_or(Missing(name)))
            .collect()
    }
}

fn digit_name(digit: char) -> Option<String> {
    match digit {
        '0'..='9' => Some(format!("digit-{digit}")),
        '*' => Some("digit-star".into()),
        '#' => Some("digit-hash".into()),
        _ => None,
    }
}
