//! The torture messages of RFC 4475 and RFC 5118, one verdict and one reason each.
//!
//! They are read from `../shared/peers` beside the repository; without them the tests say so and pass.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::path::PathBuf;

use bytes::Bytes;
use cordboard_sip::digest::Credentials;
use cordboard_sip::header::Contacts;
use cordboard_sip::stream::{Frame, Framer};
use cordboard_sip::{Host, Message, Name, Request, ResponseBuilder, Scheme, Status};

/// What the message layer makes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Goes up; whoever is above may still refuse it.
    Reads,
    /// Is refused, and the refusal finds its way back.
    Answers(u16),
    /// Is dropped in silence.
    Drops,
}
use Verdict::{Answers, Drops, Reads};

const RFC_4475: [(&str, Verdict, &str); 49] = [
    (
        "wsinv.dat",
        Reads,
        "valid: white space and folding wherever they may be",
    ),
    (
        "intmeth.dat",
        Reads,
        "valid: every character that a token, a user and a Call-ID may hold",
    ),
    ("esc01.dat", Reads, "valid: escapes in URIs"),
    ("escnull.dat", Reads, "valid: escaped NULs"),
    (
        "esc02.dat",
        Reads,
        "valid: % is no escape outside of URIs; the method is an unknown one",
    ),
    ("lwsdisp.dat", Reads, "valid: no space between display name and <"),
    ("longreq.dat", Reads, "valid: long values"),
    (
        "dblreq.dat",
        Reads,
        "valid: what follows Content-Length is not ours",
    ),
    ("semiuri.dat", Reads, "valid: a semicolon in the user part"),
    ("transports.dat", Reads, "valid: unknown transports in Via"),
    ("mpart01.dat", Reads, "valid: a binary body"),
    ("unreason.dat", Reads, "valid: UTF-8 in the reason phrase"),
    ("noreason.dat", Reads, "valid: an empty reason phrase"),
    (
        "badinv01.dat",
        Answers(400),
        "separators without anything between them in Via",
    ),
    (
        "clerr.dat",
        Answers(400),
        "the body is shorter than Content-Length",
    ),
    ("ncl.dat", Answers(400), "a negative Content-Length"),
    (
        "scalar02.dat",
        Answers(400),
        "CSeq beyond 2^31, Max-Forwards beyond 255",
    ),
    ("scalarlg.dat", Drops, "a response with numbers out of range"),
    ("quotbal.dat", Answers(400), "an open quote in To"),
    ("ltgtruri.dat", Answers(400), "<> around the Request-URI"),
    ("lwsruri.dat", Answers(400), "a space in the Request-URI"),
    ("lwsstart.dat", Answers(400), "two spaces in the start line"),
    ("trws.dat", Answers(400), "spaces at the end of the start line"),
    ("escruri.dat", Answers(400), "headers in the Request-URI"),
    (
        "baddate.dat",
        Reads,
        "the Date is wrong, and nobody here asks for it",
    ),
    (
        "regbadct.dat",
        Reads,
        "the registrar answers 400: a Contact with ? and no <>",
    ),
    ("badaspec.dat", Answers(400), "spaces inside of <>"),
    (
        "baddn.dat",
        Answers(400),
        "a comma in a display name without quotes",
    ),
    ("badvers.dat", Answers(505), "SIP/7.0"),
    ("mismatch01.dat", Answers(400), "CSeq names another method"),
    (
        "mismatch02.dat",
        Answers(400),
        "CSeq names another method; 501 would do too",
    ),
    ("bigcode.dat", Drops, "a response with a status code of 33 bits"),
    (
        "badbranch.dat",
        Reads,
        "the branch is the cookie only: the transaction goes by RFC 2543's rules",
    ),
    ("insuf.dat", Answers(400), "no From, To and Call-ID"),
    (
        "unkscm.dat",
        Reads,
        "the endpoint answers 416: nobody knows the scheme",
    ),
    (
        "novelsc.dat",
        Reads,
        "the endpoint answers 416: known elsewhere, not a SIP scheme",
    ),
    (
        "unksm2.dat",
        Reads,
        "the registrar answers: unknown schemes in To, From and Contact",
    ),
    (
        "bext01.dat",
        Reads,
        "the endpoint answers 420: Require of the unknown",
    ),
    (
        "invut.dat",
        Reads,
        "the endpoint answers 415: a body of unknown type",
    ),
    (
        "regaut01.dat",
        Reads,
        "the registrar challenges: an unknown Authorization scheme",
    ),
    (
        "multi01.dat",
        Answers(400),
        "two of From, To, Call-ID, CSeq, Max-Forwards",
    ),
    ("mcl01.dat", Answers(400), "two Content-Lengths that differ"),
    (
        "bcast.dat",
        Reads,
        "the endpoint drops it: a response to no request of ours",
    ),
    (
        "zeromf.dat",
        Reads,
        "Max-Forwards 0 is for us, or 483 from the exchange",
    ),
    ("cparam01.dat", Reads, "an unknown parameter of the Contact"),
    ("cparam02.dat", Reads, "an unknown parameter of the Contact's URI"),
    ("regescrt.dat", Reads, "escaped headers in a Contact's URI"),
    (
        "sdp01.dat",
        Reads,
        "the endpoint answers 406: Accept of the unknown only",
    ),
    (
        "inv2543.dat",
        Reads,
        "an INVITE as of RFC 2543: no branch, tag, Max-Forwards, Content-Length",
    ),
];

const RFC_5118: [(&str, Verdict, &str); 12] = [
    ("ipv6-good", Reads, "brackets around IPv6"),
    (
        "ipv6-bad",
        Answers(400),
        "no brackets around IPv6 in the Request-URI",
    ),
    (
        "port-ambiguous",
        Reads,
        "5070 inside of the brackets is part of the address",
    ),
    ("port-unambiguous", Reads, "5070 after the brackets is the port"),
    (
        "via-received-param-with-delim",
        Reads,
        "received in brackets, which some send",
    ),
    (
        "via-received-param-no-delim",
        Reads,
        "received without brackets, as the grammar has it",
    ),
    ("ipv6-in-sdp", Reads, "IPv6 in the body"),
    ("mult-ip-in-header", Reads, "both families in Vias"),
    ("mult-ip-in-sdp", Reads, "both families in the body"),
    ("ipv4-mapped-ipv6", Reads, "IPv4-mapped addresses"),
    (
        "ipv6-bug-abnf-3-colons",
        Reads,
        "a mistake of RFC 3261's grammar, to be borne with",
    ),
    ("ipv6-correct-abnf-2-colons", Reads, "the same as it should be"),
];

#[test]
fn rfc_4475_messages_get_their_verdicts() {
    judge_all("rfc4475", &RFC_4475);
}

#[test]
fn rfc_5118_messages_get_their_verdicts() {
    judge_all("rfc5118", &RFC_5118);
}

#[test]
fn a_short_tortuous_invite_is_understood_to_the_last_header() {
    let Some(request) = request("rfc4475", "wsinv.dat") else {
        return;
    };
    let headers = &request.headers;
    let vias: Vec<_> = headers.vias().map(Result::unwrap).collect();
    let branches: Vec<_> = vias.iter().map(|via| via.branch().unwrap()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert_eq!(vias[1].transport, "TCP");
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!(
        (from.display_name().unwrap().as_ref(), from.tag()),
        ("J Rosenberg \\\"", Some("98asjd8"))
    );
    assert_eq!(headers.max_forwards().unwrap(), Some(68));
    assert_eq!(headers.cseq().unwrap().number, 9);
    assert_eq!(headers.get(Name::Subject), Some(""));
    assert_eq!(headers.get("UnknownHeaderWithUnusualValue"), Some(";;,,;;,;"));
    assert!(headers.routes().unwrap()[0].uri.param("lr").is_some());
    let Contacts::List(contacts) = headers.contacts().unwrap() else {
        panic!("a list")
    };
    assert_eq!(
        (contacts[0].q(), contacts[0].address.params.get("newparam")),
        (330, Some("newvalue"))
    );
}

#[test]
fn unusual_characters_come_through_unharmed() {
    let Some(request) = request("rfc4475", "intmeth.dat") else {
        return;
    };
    assert_eq!(
        request.method.as_str(),
        "!interesting-Method0123456789_*+`.%indeed'~"
    );
    let uri = request.uri().unwrap();
    assert_eq!(
        uri.user_text(),
        Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    );
    assert_eq!(uri.password(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    let to = request.headers.to().unwrap();
    assert_eq!(to.display_name().unwrap(), "BEL:\u{7} NUL:\0 DEL:\u{7f}");
    assert_eq!(request.headers.from().unwrap().tag(), Some("_token~1'+`*%!-."));
    assert_eq!(
        request.headers.get("extensionHeader-!.%*+_`'~"),
        Some("\u{feff}大停電")
    );
}

#[test]
fn escapes_are_undone_where_they_are_escapes() {
    let Some(invite) = request("rfc4475", "esc01.dat") else {
        return;
    };
    assert_eq!(invite.uri().unwrap().user().unwrap(), "sips:user@example.com");
    assert_eq!(invite.headers.to().unwrap().uri.user().unwrap(), "user");
    let Contacts::List(contacts) = invite.headers.contacts().unwrap() else {
        panic!("a list")
    };
    assert!(contacts[0].address.uri.param("lr").is_some());
    let Some(register) = request("rfc4475", "esc02.dat") else {
        return;
    };
    assert_eq!(register.method.as_str(), "RE%47IST%45R");
    assert_eq!(register.headers.all(Name::Contact).count(), 2);
    let Some(semicolon) = request("rfc4475", "semiuri.dat") else {
        return;
    };
    assert_eq!(semicolon.uri().unwrap().user().unwrap(), "user;par=u@example.net");
    assert_eq!(semicolon.headers.values(Name::Accept).count(), 6);
}

#[test]
fn a_binary_body_is_kept_to_the_byte() {
    let Some(request) = request("rfc4475", "mpart01.dat") else {
        return;
    };
    let file = read("rfc4475", "mpart01.dat").unwrap();
    assert_eq!(request.body.len(), 553);
    assert!(file.ends_with(&request.body));
}

#[test]
fn what_the_message_layer_lets_through_is_refused_by_who_asks_for_it() {
    let Some(register) = request("rfc4475", "regbadct.dat") else {
        return;
    };
    assert_eq!(
        register.headers.contacts().unwrap_err().status(),
        Status::BAD_REQUEST
    );
    let Some(register) = request("rfc4475", "regaut01.dat") else {
        return;
    };
    assert!(Credentials::parse(register.headers.get(Name::Authorization).unwrap()).is_err());
    let Some(options) = request("rfc4475", "unkscm.dat") else {
        return;
    };
    assert_eq!(options.uri().unwrap().scheme(), Scheme::Other);
    let Some(options) = request("rfc4475", "bext01.dat") else {
        return;
    };
    assert_eq!(
        options
            .headers
            .unknown_required(Name::Require, &["100rel"])
            .count(),
        2
    );
}

#[test]
fn ipv6_hosts_and_ports_are_told_apart() {
    let Some(ambiguous) = request("rfc5118", "port-ambiguous") else {
        return;
    };
    assert_eq!(ambiguous.uri().unwrap().port(), None);
    let Some(clear) = request("rfc5118", "port-unambiguous") else {
        return;
    };
    let uri = clear.uri().unwrap();
    assert_eq!(
        (uri.host(), uri.port()),
        (Host::V6("2001:db8::10".parse().unwrap()), Some(5_070))
    );
    for name in ["via-received-param-with-delim", "via-received-param-no-delim"] {
        let Some(request) = request("rfc5118", name) else {
            return;
        };
        assert_eq!(
            request.headers.via().unwrap().received(),
            Some("2001:db8::9:255".parse().unwrap())
        );
    }
    let three = request("rfc5118", "ipv6-bug-abnf-3-colons").unwrap();
    let two = request("rfc5118", "ipv6-correct-abnf-2-colons").unwrap();
    assert!(three.uri().unwrap().is_equivalent(&two.uri().unwrap()));
}

#[test]
fn over_a_stream_each_message_is_framed_or_ends_the_connection() {
    for (folder, names) in [("rfc4475", names(&RFC_4475)), ("rfc5118", names(&RFC_5118))] {
        for name in names {
            let Some(bytes) = read(folder, name) else { return };
            let mut framer = Framer::new();
            framer.push(&bytes);
            let mut rest = bytes.len();
            while let Ok(Some(frame)) = framer.poll() {
                let Frame::Message(message) = frame else { continue };
                assert!(message.len() <= rest, "{name}: more came out than went in");
                rest -= message.len();
                let _ = Message::parse(message);
            }
        }
    }
}

fn names<const N: usize>(table: &[(&'static str, Verdict, &str); N]) -> Vec<&'static str> {
    table.iter().map(|(name, _, _)| *name).collect()
}

fn judge_all(folder: &str, table: &[(&str, Verdict, &str)]) {
    let mut wrong = vec![];
    for (name, expected, reason) in table {
        let Some(bytes) = read(folder, name) else { return };
        let verdict = judge(bytes);
        println!("{folder}/{name}: {verdict:?}: {reason}");
        if verdict != *expected {
            wrong.push(format!("{name}: {verdict:?} instead of {expected:?}: {reason}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let present = std::fs::read_dir(peers().join(folder)).unwrap().flatten();
    let unlisted: Vec<_> = present
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name != "LICENSE" && !table.iter().any(|(known, _, _)| known == name))
        .collect();
    assert!(unlisted.is_empty(), "no verdict for {unlisted:?}");
}

fn judge(bytes: Vec<u8>) -> Verdict {
    let rejected = match Message::parse(Bytes::from(bytes)) {
        Ok(_) => return Reads,
        Err(rejected) => rejected,
    };
    let Some(request) = rejected.answerable() else {
        return Drops;
    };
    let status = rejected.error.status();
    let answer = ResponseBuilder::new(request, status, Some("t")).finish();
    assert!(answer.starts_with(format!("SIP/2.0 {status} ").as_bytes()));
    Answers(status.code())
}

fn request(folder: &str, name: &str) -> Option<Request> {
    Some(Request::parse(Bytes::from(read(folder, name)?)).unwrap())
}

fn read(folder: &str, name: &str) -> Option<Vec<u8>> {
    let path = peers().join(folder).join(name);
    if !peers().is_dir() {
        println!("not run: {} is not there", peers().display());
        return None;
    }
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn peers() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/peers")
}
