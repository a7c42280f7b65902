//! Digest: published vectors, then the two sides against each other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use base::{Moment, Random};
use cordboard_sip::digest::{
    Algorithm, Challenge, Credentials, Ha1, Login, Qop, Server, Settings, Verdict, answer,
};
use cordboard_sip::{Method, Name, Request, RequestBuilder, ResponseBuilder, Status};

const REALM: &str = "acme.example";
const NOW: Moment = Moment::from_secs(1_000_000);
const LOGIN: Login<'_> = Login {
    user: "101",
    password: "s3cret",
};

fn field(value: &str, name: &str) -> String {
    let start = value.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
    value[start..].split('"').next().unwrap().to_owned()
}

#[test]
fn the_published_examples_give_the_published_answers() {
    let get = Method::parse("GET").unwrap();
    let rfc2617 = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let challenge = Challenge::parse(rfc2617, false).unwrap();
    let login = Login {
        user: "Mufasa",
        password: "Circle Of Life",
    };
    let value = answer(&challenge, &login, &get, "/dir/index.html", b"", 1, "0a4f113b");
    assert_eq!(field(&value, "response"), "6629fae49393a05397450978507c4ef1");
    assert_eq!(field(&value, "opaque"), "5ccc069c403ebaf9f0171e9517f40e41");

    let login = Login {
        user: "Mufasa",
        password: "Circle of Life",
    };
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let rfc7616 = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""
        );
        let challenge = Challenge::parse(&rfc7616, false).unwrap();
        let value = answer(&challenge, &login, &get, "/dir/index.html", b"", 1, cnonce);
        assert_eq!(field(&value, "response"), response);
    }
}

fn server() -> Server {
    Server::new(Settings::default(), [3; 32], Random::from_seed(1))
}

fn register(authorization: Option<&str>) -> Request {
    let bytes = RequestBuilder::new(&Method::Register, "sip:acme.example")
        .header(Name::Via, "SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK1")
        .header(Name::From, "<sip:101@acme.example>;tag=a")
        .header(Name::To, "<sip:101@acme.example>")
        .header(Name::CallId, "c1")
        .cseq(1, &Method::Register)
        .header_if(Name::Authorization, authorization)
        .finish();
    Request::parse(bytes).unwrap()
}

/// What the server thinks of an Authorization value.
fn verdict(server: &mut Server, now: Moment, value: &str, password: &str) -> Verdict {
    let request = register(Some(value));
    let credentials = Credentials::parse(request.headers.get(Name::Authorization).unwrap()).unwrap();
    assert_eq!(credentials.username, "101");
    server.verify(now, &request, &credentials, &Ha1::new("101", REALM, password))
}

/// The challenge that a phone picks out of the server's 401.
fn challenged(server: &mut Server, now: Moment, stale: bool) -> Challenge {
    let lines = server.challenge(now, REALM, stale);
    let bytes = ResponseBuilder::new(&register(None), Status::UNAUTHORIZED, Some("t"))
        .headers(Name::WwwAuthenticate, lines.iter().map(String::as_str))
        .finish();
    let response = cordboard_sip::Response::parse(bytes).unwrap();
    let mut all = Challenge::all(&response);
    assert_eq!(all.len(), 1, "one realm");
    all.remove(0)
}

fn reply(challenge: &Challenge, count: u32) -> String {
    answer(
        challenge,
        &LOGIN,
        &Method::Register,
        "sip:acme.example",
        b"",
        count,
        "cn",
    )
}

#[test]
fn a_phone_that_knows_the_password_is_let_in_with_the_strongest_hash() {
    let mut server = server();
    let challenge = challenged(&mut server, NOW, false);
    assert_eq!(
        (challenge.algorithm, challenge.qop, challenge.stale),
        (Algorithm::Sha256, Qop::Auth, false)
    );
    assert_eq!(
        verdict(&mut server, NOW, &reply(&challenge, 1), "s3cret"),
        Verdict::Accepted
    );
}

#[test]
fn a_phone_that_knows_only_md5_or_no_qop_is_let_in_too() {
    let mut server = server();
    let mut challenge = challenged(&mut server, NOW, false);
    challenge.algorithm = Algorithm::Md5;
    assert_eq!(
        verdict(&mut server, NOW, &reply(&challenge, 1), "s3cret"),
        Verdict::Accepted
    );
    let mut challenge = challenged(&mut server, NOW, false);
    challenge.qop = Qop::Absent;
    assert_eq!(
        verdict(&mut server, NOW, &reply(&challenge, 1), "s3cret"),
        Verdict::Accepted
    );
    assert_eq!(
        verdict(&mut server, NOW, &reply(&challenge, 1), "s3cret"),
        Verdict::Stale,
        "a replay"
    );
}

#[test]
fn a_wrong_password_is_denied_whatever_the_nonce() {
    let mut server = server();
    let challenge = challenged(&mut server, NOW, false);
    assert_eq!(
        verdict(&mut server, NOW, &reply(&challenge, 1), "other"),
        Verdict::Denied
    );
    let much_later = NOW + Duration::from_secs(10_000);
    assert_eq!(
        verdict(&mut server, much_later, &reply(&challenge, 1), "other"),
        Verdict::Denied
    );
    // Somebody who failed has used nothing up.
    assert_eq!(
        verdict(&mut server, NOW, &reply(&challenge, 1), "s3cret"),
        Verdict::Accepted
    );
}

#[test]
fn an_old_nonce_is_stale_and_the_next_challenge_says_so() {
    let mut server = server();
    let challenge = challenged(&mut server, NOW, false);
    let later = NOW + Duration::from_secs(301);
    assert_eq!(
        verdict(&mut server, later, &reply(&challenge, 1), "s3cret"),
        Verdict::Stale
    );
    let challenge = challenged(&mut server, later, true);
    assert!(challenge.stale);
    assert_eq!(
        verdict(&mut server, later, &reply(&challenge, 1), "s3cret"),
        Verdict::Accepted
    );
}

#[test]
fn a_captured_answer_cannot_be_sent_again() {
    let mut server = server();
    let challenge = challenged(&mut server, NOW, false);
    let captured = reply(&challenge, 1);
    assert_eq!(verdict(&mut server, NOW, &captured, "s3cret"), Verdict::Accepted);
    assert_eq!(verdict(&mut server, NOW, &captured, "s3cret"), Verdict::Stale);
    assert_eq!(
        verdict(&mut server, NOW, &reply(&challenge, 2), "s3cret"),
        Verdict::Accepted
    );
}

#[test]
fn credentials_for_something_else_are_malformed_and_foreign_nonces_denied() {
    let settings = Settings {
        match_uri: true,
        ..Settings::default()
    };
    let mut server = Server::new(settings, [7; 32], Random::from_seed(1));
    let challenge = challenged(&mut server, NOW, false);
    let elsewhere = answer(
        &challenge,
        &LOGIN,
        &Method::Register,
        "sip:other.example",
        b"",
        1,
        "cn",
    );
    assert_eq!(
        verdict(&mut server, NOW, &elsewhere, "s3cret"),
        Verdict::Malformed
    );
    let zero = reply(&challenge, 0);
    assert_eq!(verdict(&mut server, NOW, &zero, "s3cret"), Verdict::Malformed);
    let forged = Challenge {
        nonce: "0".repeat(56),
        ..challenge
    };
    assert_eq!(
        verdict(&mut server, NOW, &reply(&forged, 1), "other"),
        Verdict::Denied
    );
}

/// What a phone sent before a restart cannot be sent again by somebody else, and the phone itself need not ask its user.
#[test]
fn a_nonce_of_before_a_restart_is_stale() {
    let mut before = server();
    let challenge = challenged(&mut before, NOW, false);
    let request = reply(&challenge, 1);
    assert_eq!(verdict(&mut before, NOW, &request, "s3cret"), Verdict::Accepted);
    let mut after = Server::new(Settings::default(), [8; 32], Random::from_seed(8));
    assert_eq!(verdict(&mut after, NOW, &request, "s3cret"), Verdict::Stale);
    assert_eq!(
        verdict(&mut after, NOW, &reply(&challenge, 2), "s3cret"),
        Verdict::Stale
    );
}

/// RFC 3261 §22.4, rule 5: many clients write the registrar's address and port, whatever they call.
#[test]
fn credentials_for_another_uri_do_unless_told_otherwise() {
    let mut server = server();
    let challenge = challenged(&mut server, NOW, false);
    let by_address = answer(
        &challenge,
        &LOGIN,
        &Method::Register,
        "sip:192.0.2.1:5060",
        b"",
        1,
        "cn",
    );
    assert_eq!(
        verdict(&mut server, NOW, &by_address, "s3cret"),
        Verdict::Accepted
    );
}

/// RFC 7616 §3.4.3: what covers the body is used by whoever insists, and only then.
#[test]
fn the_body_is_covered_where_a_peer_insists() {
    let text = "Digest realm=\"acme.example\", nonce=\"b\", qop=\"auth-int\"";
    let insists = Challenge::parse(text, false).unwrap();
    assert_eq!(insists.qop, Qop::AuthInt);
    let answer_for = |body: &[u8]| {
        answer(
            &insists,
            &LOGIN,
            &Method::Register,
            "sip:acme.example",
            body,
            1,
            "cn",
        )
    };
    assert!(answer_for(b"v=0").contains("qop=auth-int"));
    assert_ne!(
        field(&answer_for(b"v=0"), "response"),
        field(&answer_for(b"v=1"), "response")
    );
    let either = Challenge::parse("Digest realm=\"a\", nonce=\"b\", qop=\"auth-int, auth\"", false).unwrap();
    assert_eq!(either.qop, Qop::Auth);

    // A phone may do so unasked.
    let mut server = server();
    let mut challenge = challenged(&mut server, NOW, false);
    challenge.qop = Qop::AuthInt;
    assert_eq!(
        verdict(&mut server, NOW, &reply(&challenge, 1), "s3cret"),
        Verdict::Accepted
    );
    let forged = answer(
        &challenge,
        &LOGIN,
        &Method::Register,
        "sip:acme.example",
        b"x",
        2,
        "cn",
    );
    assert_eq!(verdict(&mut server, NOW, &forged, "s3cret"), Verdict::Denied);
}

#[test]
fn what_we_cannot_answer_is_no_challenge() {
    for text in [
        "Basic realm=\"a\"",
        "Digest realm=\"a\"",
        "Digest realm=\"a\", nonce=\"b\", qop=\"auth-conf\"",
        "Digest realm=\"a\", nonce=\"b\", algorithm=SHA-512-256",
        "",
    ] {
        assert!(Challenge::parse(text, false).is_err(), "{text}");
    }
    let session = Challenge::parse(
        "Digest realm=\"a\", nonce=\"b\", algorithm=MD5-sess, qop=auth",
        true,
    )
    .unwrap();
    assert!(session.session && session.proxy);
    assert_eq!(session.answer_name(), Name::ProxyAuthorization);
}

#[test]
fn unreadable_credentials_do_not_get_far() {
    for text in [
        "Digest",
        "Digest username=\"a",
        "Basic abc",
        "Digest username=a, realm=b, nonce=c, uri=d",
    ] {
        assert!(Credentials::parse(text).is_err(), "{text}");
    }
}
