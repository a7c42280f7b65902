#![no_main]

use cordboard_sip::uri::{Parts, Uri, escape_user, unescape};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (first, second) = text.split_once('\n').unwrap_or((text, ""));
    assert_eq!(unescape(&escape_user(text)), text);
    let Ok(uri) = Parts::parse(first) else { return };
    assert!(uri.is_equivalent(&uri), "{first}");
    let _ = (uri.user(), uri.password(), uri.host().to_string(), uri.port(), uri.header("a"), uri.param("lr"));
    assert_eq!(Uri::parse(first).map(|uri| uri.to_string()).as_deref(), Ok(first));
    if let Ok(other) = Parts::parse(second) {
        assert_eq!(uri.is_equivalent(&other), other.is_equivalent(&uri));
    }
});
