//! Reading and printing whole messages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use bytes::Bytes;
use cordboard_sip::header::{Contacts, Rport};
use cordboard_sip::{
    Edit, Fault, Message, Method, Name, Place, Request, RequestBuilder, ResponseBuilder, Status,
};

const INVITE: &str = "INVITE sip:201@acme.example SIP/2.0\r\n\
    v: SIP/2.0/UDP 10.0.0.7:5062;rport;branch=z9hG4bKabc, SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bKdef\r\n\
    Max-Forwards: 70\r\n\
    f: \"Doe, Jane\" <sip:101@acme.example>;tag=f1\r\n\
    t: <sip:201@acme.example>\r\n\
    i: c1@10.0.0.7\r\n\
    CSeq: 7 INVITE\r\n\
    Contact: <sip:101@10.0.0.7:5062;transport=udp>;q=0.5;expires=60,\r\n <sip:101@home>\r\n\
    X-Kept:   as it   is \r\n\
    k: 100rel, timer\r\n\
    c: application/sdp\r\n\
    l: 4\r\n\r\nv=0\n";

fn invite() -> Request {
    Request::parse(Bytes::from_static(INVITE.as_bytes())).unwrap()
}

#[test]
fn an_everyday_invite_is_read() {
    let request = invite();
    assert_eq!(request.method, Method::Invite);
    assert_eq!(request.uri().unwrap().user().unwrap(), "201");
    let vias: Vec<_> = request.headers.vias().map(Result::unwrap).collect();
    assert_eq!(
        (vias.len(), vias[0].port, vias[1].transport),
        (2, Some(5062), "TCP")
    );
    assert_eq!(vias[0].rport(), Rport::Asked);
    let from = request.headers.from().unwrap();
    assert_eq!(
        (from.display_name().unwrap().as_ref(), from.tag()),
        ("Doe, Jane", Some("f1"))
    );
    assert_eq!(request.headers.cseq().unwrap().number, 7);
    assert_eq!(request.headers.get("x-kept"), Some("as it   is"));
    assert!(request.headers.lists(Name::Supported, "100REL"));
    let Contacts::List(contacts) = request.headers.contacts().unwrap() else {
        panic!("a list")
    };
    assert_eq!(
        (contacts[0].q(), contacts[0].expires(), contacts[1].q()),
        (500, Some(60), 1_000)
    );
    assert_eq!(request.body.as_ref(), b"v=0\n");
}

#[test]
fn a_response_copies_what_the_request_had_and_goes_back_where_it_came_from() {
    let mut request = invite();
    request.stamp("198.51.100.3:40000".parse().unwrap());
    let bytes = ResponseBuilder::new(&request, Status::RINGING, Some("t1"))
        .header(Name::Contact, "<sip:us>")
        .finish();
    let Message::Response(response) = Message::parse(bytes).unwrap() else {
        panic!("a response")
    };
    assert_eq!((response.status, response.reason()), (Status::RINGING, "Ringing"));
    let via = response.headers.via().unwrap();
    assert_eq!(
        via.response_address(),
        Some("198.51.100.3:40000".parse().unwrap())
    );
    assert_eq!(via.branch(), Some("z9hG4bKabc"));
    assert_eq!(response.headers.vias().count(), 2);
    assert_eq!(response.headers.to().unwrap().tag(), Some("t1"));
    assert_eq!(response.headers.call_id().unwrap(), "c1@10.0.0.7");
    // The rest of the request is where it was before the stamp.
    assert_eq!(request.headers.get("X-Kept"), Some("as it   is"));
    assert_eq!(request.headers.cseq().unwrap().method, "INVITE");
}

#[test]
fn an_edit_keeps_what_it_does_not_name() {
    let request = invite();
    let bytes = Edit::request(&request)
        .uri("sip:201@10.0.0.9")
        .prepend(Name::Via, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKnew")
        .set(Name::MaxForwards, "69")
        .remove("x-kept")
        .append("X-New", "1\r\nEvil: 2")
        .finish();
    let edited = Request::parse(bytes).unwrap();
    assert_eq!(edited.uri_text(), "sip:201@10.0.0.9");
    assert_eq!(edited.headers.vias().count(), 3);
    assert_eq!(edited.headers.max_forwards().unwrap(), Some(69));
    assert!(!edited.headers.has("X-Kept") && !edited.headers.has("Evil"));
    assert_eq!(edited.headers.get("X-New"), Some("1  Evil: 2"));
    assert_eq!(edited.headers.get(Name::From), request.headers.get(Name::From));
    assert_eq!(edited.body, request.body);
}

#[test]
fn a_broken_request_with_a_sound_via_can_be_answered() {
    let broken = INVITE.replace("f: \"Doe, Jane\" <sip:101", "f: \"Doe <sip:101");
    let rejected = Message::parse(Bytes::from(broken)).unwrap_err();
    assert_eq!(rejected.error.place, Place::Header(Name::From));
    assert!(matches!(rejected.error.fault, Fault::Syntax(_)));
    let request = rejected.answerable().unwrap();
    let bytes = ResponseBuilder::new(request, rejected.error.status(), Some("t")).finish();
    assert!(bytes.starts_with(b"SIP/2.0 400 Bad Request\r\nv: SIP/2.0/UDP 10.0.0.7:5062"));
}

#[test]
fn a_built_request_is_read_back() {
    let bytes = RequestBuilder::new(&Method::Bye, "sip:101@[2001:db8::1]:5062")
        .header(Name::Via, "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1")
        .number(Name::MaxForwards, 70)
        .header(Name::From, "<sip:201@acme.example>;tag=a")
        .header(Name::To, "<sip:101@acme.example>;tag=b")
        .header(Name::CallId, "c2")
        .cseq(2_147_483_647, &Method::Bye)
        .body("text/plain", b"\x00\xff");
    let request = Request::parse(bytes).unwrap();
    assert_eq!(request.headers.cseq().unwrap().number, 2_147_483_647);
    assert!(request.headers.content_type().unwrap().unwrap().is("text/plain"));
    assert_eq!(request.body.as_ref(), b"\x00\xff");
}

#[test]
fn a_display_name_in_latin_1_is_read_as_what_was_meant() {
    let mut bytes = INVITE.replace("Doe, Jane", "Ren@").into_bytes();
    let at = bytes.windows(4).position(|four| four == b"Ren@").unwrap() + 3;
    bytes[at] = 0xe9;
    let request = Request::parse(Bytes::from(bytes)).unwrap();
    assert_eq!(request.headers.from().unwrap().display_name().unwrap(), "René");
    assert_eq!(request.body.as_ref(), b"v=0\n");
}

#[test]
fn bounds_are_kept_and_answered() {
    let status = |bytes: Vec<u8>| Message::parse(Bytes::from(bytes)).unwrap_err().error.status();
    assert_eq!(status(vec![b'x'; 65_536]), Status::MESSAGE_TOO_LARGE);
    assert_eq!(
        status([INVITE.as_bytes(), &[0xff; 60_000]].concat()[..400].to_vec()),
        Status::BAD_REQUEST
    );
    assert_eq!(
        status(vec![0xff; 65_535]),
        Status::MESSAGE_TOO_LARGE,
        "it grows when read as Latin-1"
    );
    let with =
        |line: &str, times: usize| INVITE.replace("l: 4\r\n", &format!("{}l: 4\r\n", line.repeat(times)));
    assert_eq!(
        status(with("X: 1\r\n", 250).into_bytes()),
        Status::MESSAGE_TOO_LARGE
    );
    assert_eq!(
        status(with("v: SIP/2.0/UDP a\r\n", 63).into_bytes()),
        Status::MESSAGE_TOO_LARGE
    );
    assert_eq!(
        status(with("v: SIP/2.0/UDP a,SIP/2.0/UDP a\r\n", 32).into_bytes()),
        Status::MESSAGE_TOO_LARGE
    );
    assert!(Message::parse(Bytes::from(with("v: SIP/2.0/UDP a\r\n", 62))).is_ok());
    let long = INVITE.replace(
        "sip:201@acme.example SIP",
        &format!("sip:{}@acme.example SIP", "2".repeat(8_192)),
    );
    assert_eq!(status(long.into_bytes()), Status::REQUEST_URI_TOO_LONG);
    assert_eq!(
        status(INVITE.replace("l: 4", "l: 5").into_bytes()),
        Status::BAD_REQUEST
    );
    assert_eq!(
        status(INVITE.replace("l: 4", "l: 65535").into_bytes()),
        Status::MESSAGE_TOO_LARGE
    );
    let version = INVITE.replace("SIP/2.0\r\nv: SIP/2.0", "SIP/3.0\r\nv: SIP/3.0");
    assert_eq!(status(version.into_bytes()), Status::VERSION_NOT_SUPPORTED);
}

#[test]
fn an_ack_and_a_request_without_a_way_back_are_never_answered() {
    let ack = INVITE.replace("INVITE", "ACK").replace("tag=f1", "tag=\"");
    assert!(
        Message::parse(Bytes::from(ack))
            .unwrap_err()
            .answerable()
            .is_none()
    );
    let lost = INVITE.replace("SIP/2.0/UDP 10.0.0.7:5062", "SIP/2.0/UDP :5062");
    assert!(
        Message::parse(Bytes::from(lost))
            .unwrap_err()
            .answerable()
            .is_none()
    );
}

#[test]
fn what_is_logged_of_a_message_is_not_personal() {
    let request = invite();
    let logged = format!(
        "{request:?} {:?} {:?}",
        request.uri().unwrap(),
        request.headers.from().unwrap()
    );
    assert!(logged.contains("Call-ID c1@10.0.0.7"), "{logged}");
    assert!(
        !logged.contains("201") && !logged.contains("101") && !logged.contains("Jane"),
        "{logged}"
    );
}
