//! G.711 by table: silence, and one law to the other (ITU-T G.711 tables 3 and 4).

use std::sync::LazyLock;

use audio_codec_algorithms::{
    convert_alaw_to_ulaw, convert_ulaw_to_alaw, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw,
};

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

    pub(crate) fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcma => encode_alaw(sample),
            Self::Pcmu => encode_ulaw(sample),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(from: Codec, byte: u8) -> u8 {
        let other = match from {
            Codec::Pcma => Codec::Pcmu,
            Codec::Pcmu => Codec::Pcma,
        };
        let map = |from: Codec, to, byte: u8| from.table_to(to).unwrap()[usize::from(byte)];
        map(other, from, map(from, other, byte))
    }

    /// G.711 tables 3 and 4: two conversions in a row leave the sign and the six bits after it alone, so that a call
    /// that is transcoded twice loses no more than one that is transcoded once.
    #[test]
    fn a_double_conversion_keeps_all_but_the_last_bit() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            for byte in 0..=255u8 {
                let back = there_and_back(codec, byte);
                // µ-law has two zeros, and A-law none: they may change places.
                let both_silent = codec.decode(byte).abs() <= 8 && codec.decode(back).abs() <= 8;
                assert!(
                    both_silent || back | 1 == byte | 1,
                    "{codec:?} {byte:#04x} became {back:#04x}"
                );
            }
        }
    }

    /// One conversion moves a sample by less than the coarser law's step there.
    #[test]
    fn one_conversion_is_within_a_step() {
        for (from, to) in [(Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
            let table = from.table_to(to).unwrap();
            for byte in 0..=255u8 {
                let (before, after) = (from.decode(byte), to.decode(table[usize::from(byte)]));
                let step = i32::from(before).abs() / 16 + 16;
                let moved = (i32::from(before) - i32::from(after)).abs();
                assert!(moved <= step, "{from:?} {byte:#04x}: {before} became {after}");
                assert!(
                    before.signum() * after.signum() >= 0,
                    "{from:?} {byte:#04x} changed its sign"
                );
            }
        }
    }

    #[test]
    fn silence_is_silent_in_both_laws() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            assert!(codec.decode(codec.silence()).abs() <= 8);
        }
    }
}
