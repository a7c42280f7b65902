//! Recorded sound, encoded once for each codec and shared.

use std::sync::Arc;
use std::time::Duration;

use crate::Codec;

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
