#![no_main]

use cordboard_sip::stream::{Frame, Framer};
use libfuzzer_sys::fuzz_target;

// The first bytes say where the reads end; the messages that come out must not depend on it.
fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (cuts, bytes) = input;
    let mut whole = Framer::new();
    whole.push(&bytes);
    let expected = messages(&mut whole);
    let (mut parts, mut got, mut rest) = (Framer::new(), vec![], bytes.as_slice());
    for cut in cuts {
        let (now, later) = rest.split_at(rest.len().min(cut.into()));
        parts.push(now);
        got.extend(messages(&mut parts));
        rest = later;
    }
    parts.push(rest);
    got.extend(messages(&mut parts));
    assert_eq!(got, expected);
});

fn messages(framer: &mut Framer) -> Vec<Vec<u8>> {
    let mut messages = vec![];
    while let Ok(Some(frame)) = framer.poll() {
        if let Frame::Message(bytes) = frame {
            messages.push(bytes.to_vec());
        }
    }
    messages
}
