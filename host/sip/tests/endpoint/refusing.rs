//! What is refused without asking anybody, and what gets silence (RFC 3261 §8.2, §16.3, §18); requests outside of
//! dialogs.

use cordboard_sip::Name;
use cordboard_sip::endpoint::{CommandError, Credentials, Event, Failure, OutOfDialog, Reply, Sequence};

use crate::ladder::{ANSWER, CONTACT, Ladder, OFFER, Peer, ms, response, secs, uri};

fn request(method: &str, headers: &str) -> String {
    format!(
        "{method} sip:300@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{method}\r\n\
         From: <sip:201@peer.example>;tag=p1\r\nTo: <sip:300@us.example>\r\nCall-ID: o1\r\n\
         CSeq: 1 {method}\r\n{headers}Content-Length: 0\r\n\r\n"
    )
}

/// §8.2.1: 405 for what is known and not done here, 501 for what was never heard of; both say what is.
#[test]
fn methods_that_are_not_ours_are_refused() {
    let mut ladder = Ladder::new();
    for (method, status) in [
        ("INFO", 481),
        ("REFER", 405),
        ("FROBNICATE", 501),
        ("invite", 501),
    ] {
        ladder.receive(request(method, "Max-Forwards: 70\r\n"));
        match status {
            // RFC 6086 §4.2.2.
            481 => assert!(!ladder.answers(481).headers.has(Name::Allow)),
            _ => assert!(
                ladder.answers(status).headers.lists(Name::Allow, "INVITE"),
                "{method}"
            ),
        }
    }
}

/// §16.3 step 3.
#[test]
fn a_request_at_the_end_of_its_hops_gets_483() {
    let mut ladder = Ladder::new();
    ladder.receive(request("OPTIONS", "Max-Forwards: 0\r\n"));
    ladder.answers(483);
    ladder.receive(
        Peer::default()
            .invite(OFFER)
            .replace("Max-Forwards: 70", "Max-Forwards: 0"),
    );
    ladder.answers(483);
    ladder.no_event();
}

/// A request in a dialog has arrived, however many hops it took.
#[test]
fn the_last_hop_of_a_bye_may_be_its_last() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    ladder.receive(
        peer.in_dialog("BYE", 2, &tag, "", "")
            .replace("Max-Forwards: 70", "Max-Forwards: 0"),
    );
    ladder.answers(200);
}

/// §16.3 step 4: our own request came back with the same Request-URI; with another one it spirals.
#[test]
fn a_loop_gets_482_and_a_spiral_does_not() {
    let mut ladder = Ladder::new();
    let (_, ours) = ladder.calling();
    let via = ours.headers.get(Name::Via).unwrap();
    let via = format!("Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKloop\r\nVia: {via}\r\n");
    let back = |uri: &str, call_id: &str| {
        format!(
            "INVITE {uri} SIP/2.0\r\n{via}From: <sip:201@peer.example>;tag=p1\r\nTo: <sip:300@us.example>\r\n\
             Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\nMax-Forwards: 60\r\n{CONTACT}Content-Length: 0\r\n\r\n"
        )
    };
    ladder.receive(back(ours.uri_text(), "l1"));
    ladder.answers(482);
    let spiral = back("sip:other@192.0.2.1", "l2").replace("z9hG4bKloop", "z9hG4bKspiral");
    ladder.receive(spiral);
    ladder.wait(ms(200)).answers(100);
}

/// §8.2.2.3.
#[test]
fn an_extension_that_we_do_not_know_gets_420() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Require: 100rel, sparkle, glitter\r\n",
        ..Peer::default()
    };
    ladder.receive(peer.invite(OFFER));
    assert_eq!(
        ladder.answers(420).headers.get(Name::Unsupported),
        Some("sparkle, glitter")
    );
    ladder.no_event();
}

/// §8.2.3.
#[test]
fn a_body_that_we_cannot_read_gets_415() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Content-Type: application/isup\r\n",
        ..Peer::default()
    };
    ladder.receive(peer.invite("\x01\x02"));
    assert!(ladder.answers(415).headers.lists(Name::Accept, "application/sdp"));

    let encoded = Peer {
        headers: "Content-Encoding: gzip\r\n",
        branch: "z9hG4bK2",
        ..Peer::default()
    };
    ladder.receive(
        Peer {
            call_id: "c2",
            ..encoded
        }
        .invite(OFFER),
    );
    assert!(ladder.answers(415).headers.has(Name::AcceptEncoding));

    let optional = "Content-Type: application/isup\r\nContent-Disposition: signal;handling=optional\r\n";
    ladder.invited(
        &Peer {
            call_id: "c3",
            branch: "z9hG4bK3",
            headers: optional,
            ..Peer::default()
        }
        .invite("x"),
    );
}

/// RFC 5621 §8.
#[test]
fn the_offer_is_taken_out_of_a_multipart_body() {
    let mut ladder = Ladder::new();
    let body = format!(
        "--b\r\nContent-Type: application/sdp\r\n\r\n{OFFER}\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--\r\n"
    );
    let peer = Peer {
        headers: "Content-Type: multipart/mixed;boundary=b\r\n",
        ..Peer::default()
    };
    ladder.receive(peer.invite(&body));
    let Event::Invited {
        body: Some(offer), ..
    } = ladder.event()
    else {
        panic!()
    };
    assert_eq!(offer.bytes, OFFER);
}

/// §8.2.2.1.
#[test]
fn a_scheme_that_is_no_telephone_gets_416() {
    let mut ladder = Ladder::new();
    ladder.receive(
        Peer::default()
            .invite(OFFER)
            .replace("INVITE sip:300@192.0.2.1", "INVITE mailto:a@b.example"),
    );
    ladder.answers(416);
    let tel = Peer {
        call_id: "c2",
        branch: "z9hG4bK2",
        ..Peer::default()
    }
    .invite(OFFER);
    ladder.receive(tel.replace("INVITE sip:300@192.0.2.1", "INVITE tel:+33123456789"));
    ladder.wait(ms(200)).answers(100);
}

#[test]
fn what_cannot_be_read_gets_400_where_it_can_be_answered() {
    let mut ladder = Ladder::new();
    ladder.receive(request("OPTIONS", "Max-Forwards: many\r\n"));
    ladder.answers(400);
    ladder.receive(request("OPTIONS", "").replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"));
    ladder.answers(505);
    ladder.receive(request("OPTIONS", "").replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"));
    ladder.answers(400);
    ladder.is_silent().no_event();
}

#[test]
fn noise_and_keep_alives_get_silence() {
    let mut ladder = Ladder::new();
    for noise in [
        "",
        "\r\n\r\n",
        "\0\0\0\0",
        "hello",
        "GET / HTTP/1.1\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n",
    ] {
        ladder.receive(noise);
    }
    ladder.receive(request("ACK", "Max-Forwards: 70\r\n"));
    ladder.receive(request("ACK", "Max-Forwards: many\r\n"));
    ladder.wait(secs(60)).is_at_rest();
}

#[test]
fn a_connection_that_does_not_speak_sip_is_closed() {
    let mut ladder = Ladder::over_tcp();
    ladder
        .receive("SIP/2.0 nonsense\r\n\r\n")
        .receive(request("ACK", "Max-Forwards: many\r\n"));
    assert!(ladder.closed.is_empty(), "a bad message is no reason");
    ladder.receive("GET / HTTP/1.1\r\nHost: us\r\n\r\n");
    assert_eq!(ladder.closed, [ladder.path.connection.unwrap()]);
}

#[test]
fn a_flood_of_unreadable_requests_is_not_sent_back() {
    let mut ladder = Ladder::new();
    for _ in 0..2_000 {
        ladder.receive(request("OPTIONS", "Max-Forwards: many\r\n"));
    }
    let start = ladder.now;
    assert_eq!(ladder.sent_times(start, "400 to OPTIONS").len(), 1_000);
    ladder
        .wait(secs(1))
        .receive(request("OPTIONS", "Max-Forwards: many\r\n"));
    ladder.answers(400);
}

/// §8.2.7, §12.2.2: nothing to end, to acknowledge, to update.
#[test]
fn requests_that_need_a_dialog_get_481_without_one() {
    let mut ladder = Ladder::new();
    for method in ["BYE", "PRACK", "UPDATE"] {
        ladder.receive(request(method, "Max-Forwards: 70\r\n"));
        ladder.answers(481);
    }
    ladder.no_event();
}

// ---- outside of dialogs ------------------------------------------------------------------------

#[test]
fn options_and_register_are_passed_up_and_answered() {
    let mut ladder = Ladder::new();
    for method in ["OPTIONS", "REGISTER", "MESSAGE", "PUBLISH"] {
        ladder.receive(request(method, "Max-Forwards: 70\r\n"));
        let Event::Request { request_id, path, .. } = ladder.event() else {
            panic!()
        };
        assert_eq!(path, ladder.path);
        let reply = Reply::new(200).header("Date", "Sat, 13 Nov 2010 23:29:00 GMT");
        ladder
            .tell(|endpoint, now| endpoint.respond(now, request_id, reply))
            .unwrap();
        let ok = ladder.answers(200);
        assert!(ok.headers.to().unwrap().tag().is_some() && ok.headers.has(Name::Date));
        assert_eq!(ok.headers.has(Name::Allow), method == "OPTIONS");
        ladder.receive(request(method, "Max-Forwards: 70\r\n"));
        assert_eq!(
            ladder.answers(200).as_bytes(),
            ok.as_bytes(),
            "§17.2.2: a repeat gets the same"
        );
    }
    ladder.no_event().wait(secs(60)).is_at_rest();
}

#[test]
fn a_request_that_nobody_answers_is_forgotten() {
    let mut ladder = Ladder::new();
    ladder.receive(request("REGISTER", "Max-Forwards: 70\r\n"));
    let Event::Request { request_id, .. } = ladder.event() else {
        panic!()
    };
    ladder.wait(secs(33));
    let late = ladder.tell(|endpoint, now| endpoint.respond(now, request_id, 200));
    assert_eq!(late, Err(CommandError::UnknownRequest));
}

fn register(ladder: &Ladder) -> OutOfDialog {
    let me = uri("sip:acme@trunk.example");
    OutOfDialog {
        sequence: Some(Sequence {
            call_id: "r1".into(),
            cseq: 10,
        }),
        credentials: Some(Credentials {
            user: "acme".into(),
            password: "secret".into(),
        }),
        ..OutOfDialog::new("REGISTER", uri("sip:trunk.example"), ladder.path, me.clone(), me)
    }
    .header("Contact", "<sip:acme@192.0.2.1>;expires=600")
}

/// §10.2, §22.2: to a trunk, with its challenge.
#[test]
fn we_register_with_digest() {
    let mut ladder = Ladder::new();
    let request = register(&ladder);
    let sent = ladder
        .tell(|endpoint, now| endpoint.request(now, request))
        .unwrap();
    let first = ladder.sends("REGISTER");
    assert_eq!(
        (first.headers.call_id(), first.headers.cseq().unwrap().number),
        (Ok("r1"), 10)
    );
    let challenge = "WWW-Authenticate: Digest realm=\"trunk\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256\r\n\
         WWW-Authenticate: Digest realm=\"trunk\", nonce=\"n1\", qop=\"auth\"\r\n";
    ladder.receive(response(&first, 401, "t", challenge, ""));
    let second = ladder.sends("REGISTER");
    assert!(
        second
            .headers
            .get(Name::Authorization)
            .unwrap()
            .contains("SHA-256"),
        "the strongest"
    );
    assert_eq!(second.headers.cseq().unwrap().number, 11);
    ladder.receive(response(&second, 200, "t", "", ""));
    let Event::Response {
        request_id,
        result: Ok(_),
    } = ladder.event()
    else {
        panic!()
    };
    assert_eq!(request_id, sent);
    ladder.wait(secs(60)).is_at_rest();
}

/// A server may let a nonce expire now and then (`stale`): not a wrong password.
#[test]
fn a_stale_nonce_is_answered_again() {
    let mut ladder = Ladder::new();
    let request = register(&ladder);
    ladder
        .tell(|endpoint, now| endpoint.request(now, request))
        .unwrap();
    for stale in ["", ", stale=true"] {
        let sent = ladder.sends("REGISTER");
        let challenge = format!(
            "WWW-Authenticate: Digest realm=\"t\", nonce=\"n{}\"{stale}\r\n",
            stale.len()
        );
        ladder.receive(response(&sent, 401, "t", &challenge, ""));
    }
    let third = ladder.sends("REGISTER");
    assert_eq!(third.headers.all(Name::Authorization).count(), 1);
    assert!(third.headers.get(Name::Authorization).unwrap().contains("n12"));
    ladder.no_event();
}

/// §17.1.2.2: Timer F.
#[test]
fn a_registrar_that_is_silent_is_a_timeout() {
    let mut ladder = Ladder::new();
    let request = register(&ladder);
    ladder
        .tell(|endpoint, now| endpoint.request(now, request))
        .unwrap();
    ladder.wait(secs(32));
    assert!(matches!(
        ladder.event(),
        Event::Response {
            result: Err(Failure::Timeout),
            ..
        }
    ));
}

#[test]
fn an_answered_call_leaves_no_transaction_behind() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    ladder.answers(200);
    ladder.wait(secs(40));
    ladder.event();
    ladder.wait(secs(40));
    ladder.forget_sent();
    ladder.is_at_rest();
    assert_eq!(ladder.endpoint.next_timeout(), None, "every timer has run out");
}
