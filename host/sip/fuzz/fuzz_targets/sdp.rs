#![no_main]

use cordboard_sip::sdp::{Answer, Offer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(offer) = Offer::parse(bytes) {
        let _ = (offer.codecs(), offer.takes_events(), offer.holds());
    }
    let _ = Answer::parse(bytes);
});
