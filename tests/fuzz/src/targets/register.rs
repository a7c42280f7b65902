//! REGISTER requests at the registrar's table, and their credentials at the digest server.

use base::{Moment, Random};
use bytes::Bytes;
use sip::digest::{Credentials, Ha1, Server, Settings, Verdict};
use sip::registrar::{Bindings, Policy, Source};
use sip::{Name, Request};

use super::Target;
use super::samples::MESSAGES;
use crate::{Mutator, words};

pub const TARGET: Target = Target {
    name: "register",
    about: "panics; more bindings than the policy allows; a forged nonce that is believed",
    case,
};

const REQUESTS: u64 = 12;

fn case(seed: u64) -> u64 {
    let mut mutator = Mutator::new(seed, words::SIP);
    let samples: Vec<&Vec<u8>> = MESSAGES
        .iter()
        .filter(|bytes| bytes.starts_with(b"REGISTER"))
        .collect();
    let mut bindings = Bindings::new();
    let mut server = Server::new(Settings::default(), [7; 32], Random::from_seed(seed));
    let policy = Policy::default();
    let mut now = Moment::from_secs(1_000);
    for number in 0..REQUESTS {
        now += std::time::Duration::from_secs(mutator.random.below(3_000));
        let sample = (*mutator.pick(&samples)).clone();
        let Ok(request) = Request::parse(Bytes::from(mutator.damage(&sample))) else {
            continue;
        };
        let source = Source {
            remote: ([192, 0, 2, 9], 5_060).into(),
            local: ([192, 0, 2, 1], 5_060).into(),
            reliable: number % 2 == 0,
            connection: Some(number),
        };
        if let Err(error) = bindings.register(now, &request, &source, &policy) {
            assert!(error.status().code() >= 400);
        }
        assert!(bindings.live(now).len() <= policy.max_contacts);
        let _ = (
            bindings.contacts(now),
            bindings.next_expiry(),
            bindings.disconnected(number),
        );
        authenticate(&mut server, now, &request);
    }
    REQUESTS
}

fn authenticate(server: &mut Server, now: Moment, request: &Request) {
    for field in request.headers.all(Name::Authorization) {
        let Ok(credentials) = Credentials::parse(field.value()) else {
            continue;
        };
        let secret = Ha1::new(&credentials.username, &credentials.realm, "wrong");
        let verdict = server.verify(now, request, &credentials, &secret);
        assert!(verdict != Verdict::Accepted, "nobody has issued that nonce");
    }
}
