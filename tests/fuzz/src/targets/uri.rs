//! URIs: what is read is printed back, and equals itself.

use sip::uri::{Parts, Uri, escape_user, unescape};

use super::Target;
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "uri",
    about: "panics; a URI that is not equivalent to itself; escapes that do not come back",
    case,
};

const SAMPLES: [&str; 10] = [
    "sip:alice:secret@atlanta.example:5070;transport=tcp;method=REGISTER?to=a%40b&x=",
    "sips:1212@gateway.example",
    "sip:+1-212-555-1212:1234@gateway.example;user=phone;isub=1;ttl=15;maddr=239.255.255.1",
    "sip:[2001:db8::9:1]:6050;lr",
    "sip:%61lice@atlanta.example;transport=TCP",
    "sip:a;b=c?d@e.example",
    "tel:+1-201-555-0123;phone-context=example.com;ext=1",
    "sip:*72@[::ffff:192.0.2.1]",
    "urn:service:sos.police",
    "sip:user@host?Subject=foo&Call-Info=<http://www.foo.com>",
];

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::SIP);
    let text = |mutator: &mut Mutator| {
        let sample = *mutator.pick(&SAMPLES);
        String::from_utf8_lossy(&mutator.damage(sample.as_bytes())).into_owned()
    };
    let (first, second) = (text(&mut mutator), text(&mut mutator));
    assert_eq!(unescape(&escape_user(&first)), first);
    let Ok(uri) = Parts::parse(&first) else { return 1 };
    assert!(uri.is_equivalent(&uri), "not equivalent to itself: {first}");
    let _ = (
        uri.user(),
        uri.password(),
        uri.host().to_string(),
        uri.port(),
        uri.header("a"),
        uri.param("lr"),
    );
    assert_eq!(
        Uri::parse(&first).map(|uri| uri.to_string()).as_deref(),
        Ok(first.as_str())
    );
    if let Ok(other) = Parts::parse(&second) {
        assert_eq!(
            uri.is_equivalent(&other),
            other.is_equivalent(&uri),
            "{first} and {second}"
        );
    }
    1
}
