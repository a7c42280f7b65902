//! What holds for any input: no panic, and what is printed is read back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use bytes::Bytes;
use cordboard_sip::header::{NameAddr, Via};
use cordboard_sip::stream::{Frame, Framer};
use cordboard_sip::uri::{Uri, quote, unquote};
use cordboard_sip::{
    Edit, Message, Method, Name, Parts, Request, RequestBuilder, ResponseBuilder, Status, split_list,
};
use proptest::prelude::*;

/// Bytes that a parser trips over, among others.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "INVITE sip:a@b SIP/2.0\r\n", "SIP/2.0 200 OK\r\n", "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n",
            "From: <sip:a@b>;tag=1\r\n", "To: \"x\" <sip:a@b>\r\n", "Call-ID: 1\r\n", "CSeq: 1 INVITE\r\n",
            "l: 3\r\n", "\r\n", "\r\n ", "\n", "\r", ":", ";", ",", "<", ">", "\"", "\\", "@", "%4", "[::1]", "[", "]",
            "Contact: *\r\n", "é", "\0", "=", "?", "sip:", "tel:", " ", "\t",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Reads every header in every way.
fn read_all(message: &Message) {
    let headers = message.headers();
    for field in headers.iter() {
        let text = field.value();
        let _ = (
            field.name_text(),
            NameAddr::parse(text),
            Via::parse(text),
            Parts::parse(text),
        );
        let _ = (
            unquote(text),
            split_list(text).count(),
            cordboard_sip::digest::Credentials::parse(text),
        );
        let _ = cordboard_sip::digest::Challenge::parse(text, false);
    }
    let _ = (
        headers.contacts(),
        headers.routes(),
        headers.record_routes(),
        headers.content_type(),
        headers.expires(),
    );
    let _ = (
        headers.event(),
        headers.replaces(),
        headers.reasons().count(),
        headers.session_expires(),
    );
    let _ = (
        headers.rack(),
        headers.rseq(),
        headers.min_se(),
        headers.subscription_state(),
    );
    let _ = headers.info_uris(Name::AlertInfo).count();
    if let Message::Request(request) = message {
        let _ = ResponseBuilder::new(request, Status::OK, Some("t")).finish();
        let _ = Edit::request(request)
            .uri("sip:x@y")
            .set(Name::To, "<sip:z>")
            .finish();
        let mut stamped = request.clone();
        stamped.stamp("[2001:db8::1]:1".parse().unwrap());
        assert_eq!(stamped.headers.len(), request.headers.len());
        for (before, after) in request.headers.iter().zip(stamped.headers.iter()).skip(1) {
            assert!(before.name() == Name::Via || before.value() == after.value());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in nasty()) {
        match Message::parse(Bytes::from(bytes)) {
            Ok(message) => read_all(&message),
            Err(rejected) => {
                if let Some(request) = rejected.answerable() {
                    let answer = ResponseBuilder::new(request, rejected.error.status(), Some("t")).finish();
                    prop_assert!(answer.starts_with(b"SIP/2.0 "));
                }
            }
        }
    }

    #[test]
    fn a_stream_gives_the_same_frames_however_it_is_cut(bytes in nasty(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(bytes.len() + 1);
        let (mut whole, mut parts) = (Framer::new(), Framer::new());
        whole.push(&bytes);
        let mut expected = messages(&mut whole);
        expected.sort();
        parts.push(&bytes[..cut]);
        let mut got = messages(&mut parts);
        parts.push(&bytes[cut..]);
        got.extend(messages(&mut parts));
        got.sort();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn a_built_request_is_read_back(
        user in "\\PC{1,20}", tag in "[a-z0-9]{1,10}", call in "[!-~]{1,20}", number in 0u32..0x8000_0000,
        subject in "[ -~é]{0,40}", body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let uri = Uri::sip(Some(&user), "acme.example", Some(5_070)).unwrap();
        let bytes = RequestBuilder::new(&Method::Invite, uri.as_str())
            .header(Name::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
            .header(Name::From, &format!("{} <{uri}>;tag={tag}", quote(&user)))
            .header(Name::To, &format!("<{uri}>"))
            .header(Name::CallId, &call)
            .cseq(number, &Method::Invite)
            .header(Name::Subject, &subject)
            .body("application/octet-stream", &body);
        let request = Request::parse(bytes).unwrap();
        prop_assert_eq!(request.uri_text(), uri.as_str());
        let from = request.headers.from().unwrap();
        prop_assert_eq!(from.display_name().map(String::from), Some(user.clone()));
        prop_assert_eq!(from.uri.user().map(String::from), Some(user.clone()));
        prop_assert_eq!(from.tag(), Some(tag.as_str()));
        prop_assert_eq!(request.headers.call_id().unwrap(), call.as_str());
        prop_assert_eq!(request.headers.cseq().unwrap().number, number);
        prop_assert_eq!(request.headers.get(Name::Subject).unwrap(), subject.trim_matches(' '));
        prop_assert_eq!(request.body.as_ref(), body.as_slice());
        // And an edit that changes nothing keeps every header.
        let edited = Request::parse(Edit::request(&request).finish()).unwrap();
        let values = |request: &Request| -> Vec<(Name, String)> {
            let kept = request.headers.iter().filter(|field| field.name() != Name::ContentLength);
            kept.map(|field| (field.name(), field.value().to_owned())).collect()
        };
        prop_assert_eq!(values(&edited), values(&request));
        prop_assert_eq!(&edited.body, &request.body);
    }

    #[test]
    fn no_value_adds_a_header(value in "\\PC{0,10}[\r\n\0]{0,4}\\PC{0,10}", name in "[A-Za-z-]{3,10}") {
        let bytes = RequestBuilder::new(&Method::Options, "sip:a@b")
            .header(Name::Via, "SIP/2.0/UDP h;branch=z9hG4bK1")
            .header(Name::From, "<sip:a@b>;tag=1")
            .header(Name::To, "<sip:a@b>")
            .header(Name::CallId, "1")
            .cseq(1, &Method::Options)
            .header(format!("X-{name}").as_str(), &value)
            .finish();
        prop_assert_eq!(Request::parse(bytes).unwrap().headers.len(), 7);
    }

    #[test]
    fn quoting_is_undone_by_unquoting(text in "\\PC{0,30}") {
        let quoted = quote(&text);
        prop_assert_eq!(unquote(&quoted).into_owned(), text);
    }

    #[test]
    fn equivalence_is_symmetric_and_reflexive(a in uri(), b in uri()) {
        let (a, b) = (Parts::parse(&a).unwrap(), Parts::parse(&b).unwrap());
        prop_assert!(a.is_equivalent(&a));
        prop_assert_eq!(a.is_equivalent(&b), b.is_equivalent(&a));
    }
}

fn uri() -> impl Strategy<Value = String> {
    (
        "(sip|SIPS|sip)",
        "(|a@|A@|%61@|a:p@)",
        "(h|H|1\\.2\\.3\\.4|\\[::1\\])",
        "(|:5060)",
        "(;(x|lr|user)(|=1|=2)){0,2}",
        "(|\\?a=b|\\?A=b&c=d)",
    )
        .prop_map(|(scheme, user, host, port, params, headers)| {
            format!("{scheme}:{user}{host}{port}{params}{headers}")
        })
}

fn messages(framer: &mut Framer) -> Vec<Bytes> {
    let mut messages = vec![];
    while let Ok(Some(frame)) = framer.poll() {
        if let Frame::Message(bytes) = frame {
            messages.push(bytes);
        }
    }
    messages
}
