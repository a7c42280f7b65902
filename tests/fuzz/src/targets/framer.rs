//! Byte streams: what comes out must not depend on where the reads end.

use sip::stream::{Frame, Framer};

use super::Target;
use super::samples::MESSAGES;
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "framer",
    about: "frames that depend on where the reads end; a stream that is kept without bound",
    case,
};

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::SIP);
    let mut bytes = Vec::new();
    for _ in 0..=mutator.below(4) {
        bytes.extend(mutator.pick(&MESSAGES));
    }
    let bytes = mutator.damage(&bytes);
    let mut whole = Framer::new();
    whole.push(&bytes);
    let expected = messages(&mut whole);
    let (mut parts, mut got) = (Framer::new(), vec![]);
    for piece in mutator.cut(&bytes) {
        parts.push(piece);
        got.extend(messages(&mut parts));
    }
    assert_eq!(got, expected);
    1
}

fn messages(framer: &mut Framer) -> Vec<Vec<u8>> {
    let mut messages = vec![];
    while let Ok(Some(frame)) = framer.poll() {
        if let Frame::Message(bytes) = frame {
            messages.push(bytes.to_vec());
        }
    }
    messages
}
