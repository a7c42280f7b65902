//! Where messages go: strict and loose routers, IPv6, odd but legal forms.

use cordboard_sip::endpoint::{Endpoint, Event, Output, Packet, Path, Reply};
use cordboard_sip::{Message, Name};

use crate::ladder::{ANSWER, Ladder, OFFER, Peer, config, response, to_tag};

use base::{Moment, Random};

/// RFC 3261 §12.2.1.1: a strict router finds itself in the Request-URI, the target comes last.
#[test]
fn a_strict_router_gets_its_own_uri_and_the_target_last() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Record-Route: <sip:192.0.2.50>, <sip:192.0.2.51;lr>\r\n",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    let ok = ladder.answers(200);
    ladder.receive(peer.in_dialog("ACK", 1, &to_tag(&ok), "", ""));
    ladder.bye(usage).unwrap();
    let (_, path, Message::Request(bye)) = ladder.sent() else {
        panic!()
    };
    assert_eq!(bye.uri_text(), "sip:192.0.2.50");
    let routes: Vec<_> = bye.headers.values(Name::Route).collect();
    assert_eq!(routes, ["<sip:192.0.2.51;lr>", "<sip:201@192.0.2.9:5060>"]);
    assert_eq!(path.remote.to_string(), "192.0.2.50:5060");
}

/// §12.1.2: as the caller the route set is the other way round, and our Route of the INVITE is not part of it.
#[test]
fn the_caller_follows_record_route_from_the_bottom() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    let headers = "Contact: <sip:201@192.0.2.9>\r\n\
         Record-Route: <sip:192.0.2.61;lr;ftag=1>\r\nRecord-Route: <sip:192.0.2.60;lr>\r\n";
    ladder.receive(response(&invite, 200, "p1", headers, ANSWER));
    let (_, path, Message::Request(ack)) = ladder.sent() else {
        panic!()
    };
    assert_eq!(ack.uri_text(), "sip:201@192.0.2.9");
    let routes: Vec<_> = ack.headers.values(Name::Route).collect();
    assert_eq!(routes, ["<sip:192.0.2.60;lr>", "<sip:192.0.2.61;lr;ftag=1>"]);
    assert_eq!(path.remote.to_string(), "192.0.2.60:5060");
    assert!(matches!(ladder.event(), Event::Accepted { .. }));
    ladder.bye(usage).unwrap();
    assert_eq!(ladder.sends("BYE").headers.values(Name::Route).count(), 2);
}

/// What an endpoint at an IPv6 address sends after it was given `bytes`.
fn at_ipv6(bytes: &str) -> (Endpoint, Vec<Message>) {
    let path = Path::udp(
        "[2001:db8::1]:5060".parse().unwrap(),
        "[2001:db8::9]:5062".parse().unwrap(),
    );
    let mut endpoint = Endpoint::new(config(), Random::from_seed(3));
    let bytes = bytes.to_owned().into();
    endpoint.receive(Moment::from_secs(1), Packet { path, bytes });
    let mut sent = vec![];
    let mut usage = None;
    while let Some(output) = endpoint.poll() {
        match output {
            Output::Send { bytes, path: to } => {
                assert_eq!(to, path);
                sent.push(Message::parse(bytes).unwrap());
            }
            Output::Event(Event::Invited { usage: id, .. }) => usage = Some(id),
            _ => {}
        }
    }
    if let Some(usage) = usage {
        let reply = Reply::new(200).sdp(ANSWER);
        endpoint.accept(Moment::from_secs(1), usage, reply).unwrap();
        while let Some(output) = endpoint.poll() {
            if let Output::Send { bytes, .. } = output {
                sent.push(Message::parse(bytes).unwrap());
            }
        }
    }
    (endpoint, sent)
}

#[test]
fn ipv6_addresses_stand_in_brackets_everywhere() {
    let invite = "INVITE sip:300@[2001:db8::1] SIP/2.0\r\n\
         Via: SIP/2.0/UDP [2001:db8::9]:5062;branch=z9hG4bK6;rport\r\n\
         From: <sip:201@[2001:db8::9]>;tag=p1\r\nTo: <sip:300@[2001:db8::1]>\r\nCall-ID: six\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:201@[2001:db8::9]:5062>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    let (mut endpoint, sent) = at_ipv6(invite);
    let Some(Message::Response(ok)) = sent.last() else {
        panic!("{sent:?}")
    };
    assert_eq!(ok.status.code(), 200);
    assert_eq!(
        ok.headers.get(Name::Contact),
        Some("<sip:300@[2001:db8::1]:5060>")
    );
    let ack = format!(
        "ACK sip:300@[2001:db8::1]:5060 SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::9]:5062;branch=z9hG4bKack;rport\r\n\
         From: <sip:201@[2001:db8::9]>;tag=p1\r\nTo: <sip:300@[2001:db8::1]>;tag={}\r\nCall-ID: six\r\nCSeq: 1 ACK\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        to_tag(ok)
    );
    let path = Path::udp(
        "[2001:db8::1]:5060".parse().unwrap(),
        "[2001:db8::9]:5062".parse().unwrap(),
    );
    let now = Moment::from_secs(2);
    endpoint.receive(
        now,
        Packet {
            path,
            bytes: ack.into(),
        },
    );
    let confirmed = std::iter::from_fn(|| endpoint.poll()).find_map(|output| match output {
        Output::Event(Event::Confirmed { usage, .. }) => Some(usage),
        _ => None,
    });
    endpoint.bye(now, confirmed.unwrap(), Default::default()).unwrap();
    let sent = std::iter::from_fn(|| endpoint.poll()).find_map(|output| match output {
        Output::Send { bytes, path } => Some((Message::parse(bytes).unwrap(), path)),
        _ => None,
    });
    let Some((Message::Request(bye), to)) = sent else {
        panic!()
    };
    assert_eq!(bye.uri_text(), "sip:201@[2001:db8::9]:5062");
    assert_eq!(to, path);
    assert!(
        bye.headers
            .get(Name::Via)
            .unwrap()
            .starts_with("SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK")
    );
}

/// §7.3.1, §7.3.3: compact names, folded lines, several values on a line and on several, in one call.
#[test]
fn compact_and_folded_headers_make_the_same_call() {
    let mut ladder = Ladder::new();
    let invite = format!(
        "INVITE sip:300@192.0.2.1 SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.9:5060\r\n ;branch=z9hG4bKc\r\n\t;rport\r\n\
         f: \"A, B\"\r\n <sip:201@peer.example>;tag=p1\r\nt: <sip:300@us.example>\r\ni: c1\r\ncseq:   1\r\n  INVITE\r\n\
         m: <sip:201@192.0.2.9:5060>\r\nMAX-FORWARDS: 70\r\nk: timer,\r\n 100rel\r\nk: replaces\r\nx: 600\r\n\
         c: application/sdp\r\nl: {}\r\n\r\n{OFFER}",
        OFFER.len()
    );
    let usage = ladder.invited(&invite);
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, Reply::new(183).sdp(ANSWER)))
        .unwrap();
    let early = ladder.answers(183);
    assert!(early.headers.lists(Name::Require, "100rel"));
    assert_eq!(early.headers.from().unwrap().tag(), Some("p1"));
    let prack = Peer::default().in_dialog(
        "PRACK",
        2,
        &to_tag(&early),
        &format!("RAck: {} 1 INVITE\r\n", early.headers.rseq().unwrap().unwrap()),
        "",
    );
    ladder.receive(prack);
    ladder.answers(200);
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, 200))
        .unwrap();
    let ok = ladder.answers(200);
    assert_eq!(ok.headers.get(Name::SessionExpires), Some("600;refresher=uac"));
}

/// §8.1.1 lists what every request has.
#[test]
fn a_missing_header_is_named_in_the_400() {
    let whole = Peer::default().invite(OFFER);
    for (line, name) in [
        ("From: ", "From"),
        ("Call-ID: ", "Call-ID"),
        ("CSeq: ", "CSeq"),
        ("To: ", "To"),
    ] {
        let mut ladder = Ladder::new();
        let without: String = whole
            .split_inclusive("\r\n")
            .filter(|text| !text.starts_with(line))
            .collect();
        ladder.receive(without);
        let Some(answer) = ladder.try_sent() else {
            panic!("{name} missing: no answer")
        };
        assert_eq!(answer, format!("SIP/2.0 400 Bad Request ({name} missing)"));
        ladder.no_event();
    }
}
