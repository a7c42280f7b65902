//! The torture messages of RFC 4475 and RFC 5118 through the whole endpoint: the right answer or the right
//! silence, and an endpoint that goes on answering.
//!
//! They are read from `../shared/peers` beside the repository; without them the test says so and passes.

use std::path::PathBuf;

use cordboard_sip::endpoint::{Event, Reply};

use crate::ladder::{Ladder, secs};

/// What is to become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Refused by the endpoint.
    Answers(u16),
    /// Nothing is sent, and the user of the endpoint decides about a call.
    Rings,
    /// The user of the endpoint decides about a request.
    Asks,
    Silence,
}
use Verdict::{Answers, Asks, Rings, Silence};

/// File, what becomes of it, and why.
type Case = (&'static str, Verdict, &'static str);

const RFC_4475: [Case; 49] = [
    (
        "wsinv.dat",
        Answers(481),
        "valid, but its To has a tag of no dialog here",
    ),
    (
        "intmeth.dat",
        Answers(501),
        "valid, of a method that nobody knows",
    ),
    ("esc01.dat", Rings, "valid"),
    ("escnull.dat", Asks, "valid"),
    (
        "esc02.dat",
        Answers(501),
        "the escapes are part of the method, which is no REGISTER then",
    ),
    ("lwsdisp.dat", Asks, "valid"),
    ("longreq.dat", Rings, "valid, if long"),
    (
        "dblreq.dat",
        Asks,
        "valid; the second request is beyond Content-Length",
    ),
    ("semiuri.dat", Asks, "valid"),
    (
        "transports.dat",
        Asks,
        "valid; transports of other hops are not ours",
    ),
    ("mpart01.dat", Asks, "valid"),
    ("unreason.dat", Silence, "a response to nothing"),
    ("noreason.dat", Silence, "a response to nothing"),
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
    ("scalarlg.dat", Silence, "a response with numbers out of range"),
    ("quotbal.dat", Answers(400), "an open quote in To"),
    ("ltgtruri.dat", Answers(400), "<> around the Request-URI"),
    ("lwsruri.dat", Answers(400), "a space in the Request-URI"),
    ("lwsstart.dat", Answers(400), "two spaces in the start line"),
    ("trws.dat", Answers(400), "spaces at the end of the start line"),
    ("escruri.dat", Answers(400), "headers in the Request-URI"),
    ("baddate.dat", Rings, "the Date is wrong, and nobody needs it"),
    ("regbadct.dat", Asks, "the registrar answers 400"),
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
    ("bigcode.dat", Silence, "a response with a status code of 33 bits"),
    (
        "badbranch.dat",
        Asks,
        "the branch is the cookie only: RFC 2543's rules match it",
    ),
    ("insuf.dat", Answers(400), "no From, To and Call-ID"),
    ("unkscm.dat", Answers(416), "nobody knows the scheme"),
    ("novelsc.dat", Answers(416), "known elsewhere, not a SIP scheme"),
    (
        "unksm2.dat",
        Asks,
        "the schemes of To and From are the registrar's to judge",
    ),
    ("bext01.dat", Answers(420), "Require of the unknown"),
    ("invut.dat", Answers(415), "a body of unknown type"),
    (
        "regaut01.dat",
        Asks,
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
        Silence,
        "a response to no request of ours, which must not be relayed either",
    ),
    ("zeromf.dat", Answers(483), "at the end of its hops"),
    ("cparam01.dat", Asks, "the registrar keeps the unknown parameter"),
    ("cparam02.dat", Asks, "the registrar keeps the unknown parameter"),
    ("regescrt.dat", Asks, "the registrar keeps the escaped headers"),
    (
        "sdp01.dat",
        Answers(406),
        "a caller that would not take a session description",
    ),
    ("inv2543.dat", Rings, "an INVITE as of RFC 2543"),
];

const RFC_5118: [Case; 12] = [
    ("ipv6-good", Asks, "brackets around IPv6"),
    (
        "ipv6-bad",
        Answers(400),
        "no brackets around IPv6 in the Request-URI",
    ),
    (
        "port-ambiguous",
        Asks,
        "5070 inside of the brackets is part of the address",
    ),
    ("port-unambiguous", Asks, "5070 after the brackets is the port"),
    (
        "via-received-param-with-delim",
        Answers(481),
        "a BYE for no dialog here",
    ),
    (
        "via-received-param-no-delim",
        Asks,
        "received without brackets, as the grammar has it",
    ),
    ("ipv6-in-sdp", Rings, "IPv6 in the body"),
    ("mult-ip-in-header", Answers(481), "a BYE for no dialog here"),
    ("mult-ip-in-sdp", Rings, "both families in the body"),
    ("ipv4-mapped-ipv6", Rings, "IPv4-mapped addresses"),
    (
        "ipv6-bug-abnf-3-colons",
        Asks,
        "a mistake of RFC 3261's grammar, to be borne with",
    ),
    ("ipv6-correct-abnf-2-colons", Asks, "the same as it should be"),
];

#[test]
fn every_torture_message_gets_its_answer_or_its_silence() {
    let folders: [(&str, &[Case]); 2] = [("rfc4475", &RFC_4475), ("rfc5118", &RFC_5118)];
    let mut wrong = vec![];
    // One endpoint for all of them: what one leaves behind must not disturb the next.
    let mut ladder = Ladder::new();
    for (folder, table) in folders {
        for (name, expected, reason) in table {
            let path = peers().join(folder).join(name);
            let Ok(bytes) = std::fs::read(&path) else {
                println!("{} is not there: nothing was tested", path.display());
                return;
            };
            let verdict = judge(&mut ladder, bytes);
            println!("{folder}/{name}: {verdict:?}: {reason}");
            if verdict != *expected {
                wrong.push(format!(
                    "{folder}/{name}: {verdict:?} instead of {expected:?}: {reason}"
                ));
            }
            still_answers(&mut ladder);
            // Several share a branch: let the transaction of one be over before the next.
            ladder.wait(secs(40));
            ladder.forget_sent();
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Once everybody has given up, nothing is left.
    ladder.wait(secs(120));
    ladder.forget_sent();
    ladder.is_at_rest();
}

fn judge(ladder: &mut Ladder, bytes: Vec<u8>) -> Verdict {
    ladder.receive(bytes);
    let line = ladder.try_sent();
    let status = line
        .as_deref()
        .and_then(|line| line.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok());
    let verdict = match (status, line) {
        (Some(status), _) => Answers(status),
        (None, Some(line)) => panic!("nobody asked for {line}"),
        (None, None) => Silence,
    };
    match (verdict, ladder.try_event()) {
        (Silence, Some(Event::Invited { usage, .. })) => {
            ladder
                .tell(|endpoint, now| endpoint.reject(now, usage, 603))
                .unwrap();
            ladder.event();
            ladder.forget_sent();
            Rings
        }
        (Silence, Some(Event::Request { request_id, .. })) => {
            ladder
                .tell(|endpoint, now| endpoint.respond(now, request_id, 403))
                .unwrap();
            ladder.answers(403);
            Asks
        }
        (verdict, None) => verdict,
        (verdict, Some(event)) => panic!("{verdict:?} and {event:?}"),
    }
}

fn still_answers(ladder: &mut Ladder) {
    let number = ladder.now.as_micros();
    ladder.receive(format!(
        "OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKalive{number};rport\r\n\
         From: <sip:probe@192.0.2.9>;tag=p\r\nTo: <sip:192.0.2.1>\r\nCall-ID: alive{number}\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ));
    let Event::Request { request_id, .. } = ladder.event() else {
        panic!()
    };
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request_id, Reply::new(200)))
        .unwrap();
    ladder.answers(200);
    ladder.wait(std::time::Duration::from_micros(1));
}

fn peers() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/peers")
}
