//! G.711 by table: silence, and one law to the other (ITU-T G.711 tables 3 and 4).

use std::sync::LazyLock;

use audio_codec_algorithms::{convert_alaw_to_ulaw, convert_ulaw_to_alaw, decode_alaw, decode_ulaw};

use crate::Codec;

/// Samples, and bytes, of one packet of 20 ms.
pub(crate) const FRAME: usize = 160;

/// One law's byte to the other's.
pub(crate) type Table = [u8; 256];

static A_TO_MU: LazyLock<Table> =
    LazyLock::new(|| std::array::from_fn(|byte| convert_alaw_to_ulaw(byte as u8)));
static MU_TO_A: LazyLock<Table> =
    LazyLock::new(|| std::array::from_fn(|byte| convert_ulaw_to_alaw(byte as u8)));

impl Codec {
    /// The byte of a zero sample.
    pub(crate) fn silence(self) -> u8 {
        match self {
            Self::Pcma => 0xd5,
            Self::Pcmu => 0xff,
        }
    }

    pub(crate) fn decode(self, byte: u8) -> i16 {
        match self {
            Self::Pcma => decode_alaw(byte),
            Self::Pcmu => decode_ulaw(byte),
        }
    }

    /// How to rewrite this codec's bytes for `other`; none when they are the same.
    pub(crate) fn table_to(self, other: Self) -> Option<&'static Table> {
        match (self, other) {
            (Self::Pcma, Self::Pcmu) => Some(&A_TO_MU),
            (Self::Pcmu, Self::Pcma) => Some(&MU_TO_A),
            (Self::Pcma, Self::Pcma) | (Self::Pcmu, Self::Pcmu) => None,
        }
    }
}
