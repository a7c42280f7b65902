//! Recordings that tenants upload: WAV and MP3.

use std::time::Duration;

use media::{Limits, Prompt, PromptError, decode};

use super::Target;
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "audio",
    about: "a recording that is longer than allowed, or takes too long to be refused",
    case,
};

const MP3: [&[u8]; 2] = [
    include_bytes!("../../../../host/media/tests/fixtures/tone-1000hz.mp3"),
    include_bytes!("../../../../host/media/tests/fixtures/tone-1000hz-vbr-stereo.mp3"),
];

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::WAVE);
    let sample = match mutator.below(4) {
        0 => MP3[0].to_vec(),
        1 => MP3[1].to_vec(),
        _ => wave(&mut mutator),
    };
    let bytes = mutator.damage(&sample);
    let limits = Limits {
        max_bytes: 60_000,
        max_length: Duration::from_secs(2),
    };
    match decode(&bytes, limits) {
        Ok(pcm) => {
            assert!(pcm.length() <= limits.max_length + Duration::from_millis(200));
            assert_eq!(Prompt::new(&pcm).length(), pcm.length());
        }
        Err(PromptError::TooLarge { bytes, max }) => assert!(bytes > max),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    1
}

/// A WAV file of one of the usual kinds: 8 to 32 bits, whole or floating, A-law, µ-law, one or two channels.
fn wave(mutator: &mut Mutator) -> Vec<u8> {
    let (format, bits) = *mutator.pick(&[
        (1u16, 8u16),
        (1, 16),
        (1, 24),
        (1, 32),
        (3, 32),
        (6, 8),
        (7, 8),
        (0xfffe, 16),
    ]);
    let channels = 1 + mutator.below(2) as u16;
    let rate = *mutator.pick(&[8_000u32, 11_025, 16_000, 44_100, 48_000]);
    let block = channels * bits / 8;
    let mut samples = vec![0; usize::from(block) * (100 + mutator.below(400))];
    mutator.random.fill(&mut samples);
    let mut head = Vec::new();
    head.extend(format.to_le_bytes());
    head.extend(channels.to_le_bytes());
    head.extend(rate.to_le_bytes());
    head.extend((rate * u32::from(block)).to_le_bytes());
    head.extend(block.to_le_bytes());
    head.extend(bits.to_le_bytes());
    if format == 0xfffe {
        // WAVE_FORMAT_EXTENSIBLE: valid bits, speakers, and the GUID of plain samples.
        head.extend([
            22, 0, 16, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 16, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71,
        ]);
    }
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let length = (content.len() as u32).to_le_bytes();
        [&name[..], &length, content].concat()
    };
    let inner = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &head),
        chunk(b"LIST", b"INFOISFT\x04\0\0\0none"),
        chunk(b"data", &samples),
    ];
    chunk(b"RIFF", &inner.concat())
}
