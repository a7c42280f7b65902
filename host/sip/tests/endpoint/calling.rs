//! Calling (RFC 3261 §13.2, §9.1, §22; RFC 3262 §4).

use cordboard_sip::Name;
use cordboard_sip::endpoint::{Body, CommandError, Credentials, Event, Failure, Fork, Invite, Reason, State};

use crate::ladder::{ANSWER, CONTACT, CONTACT_AND_ALL, Ladder, OFFER, from_callee, ms, response, secs, uri};

fn failure(event: Event) -> Failure {
    match event {
        Event::Failed { failure, .. } => failure,
        other => panic!("{other:?}"),
    }
}

fn fork(event: &Event) -> Fork {
    match event {
        Event::Progress { fork, .. } | Event::Accepted { fork, .. } => *fork,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_rings_is_answered_and_hung_up_by_us() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    assert_eq!(invite.body, OFFER);
    ladder.receive(response(&invite, 100, "", "", ""));
    ladder.no_event();
    ladder.receive(response(&invite, 180, "p1", CONTACT, ""));
    assert!(matches!(
        ladder.event(),
        Event::Progress {
            fork: Fork(0),
            body: None,
            ..
        }
    ));
    assert_eq!(ladder.endpoint.usage(usage).unwrap().state, State::Ringing);
    ladder.receive(response(&invite, 200, "p1", CONTACT_AND_ALL, ANSWER));
    let Event::Accepted { body: Some(body), .. } = ladder.event() else {
        panic!()
    };
    assert_eq!(body, Body::sdp(ANSWER));
    let ack = ladder.sends("ACK");
    assert_eq!(ack.uri_text(), "sip:201@192.0.2.9:5060", "to the Contact");
    assert_eq!(
        ack.headers.cseq().unwrap().number,
        invite.headers.cseq().unwrap().number
    );
    assert_ne!(
        ack.headers.via().unwrap().branch(),
        invite.headers.via().unwrap().branch()
    );

    ladder.bye(usage).unwrap();
    assert!(ladder.event().is_last());
    let bye = ladder.sends("BYE");
    assert_eq!(bye.headers.to().unwrap().tag(), Some("p1"));
    ladder.receive(response(&bye, 200, "", "", ""));
    ladder.wait(secs(60)).is_at_rest();
}

/// The network may bring what a callee said last before its answer.
#[test]
fn a_bye_that_overtakes_its_2xx_ends_the_call_all_the_same() {
    for rang in [true, false] {
        let mut ladder = Ladder::new();
        let (_, invite) = ladder.calling();
        ladder.receive(response(&invite, 100, "", "", ""));
        if rang {
            ladder.receive(response(&invite, 180, "p1", CONTACT, ""));
            ladder.event();
        }
        ladder.receive(from_callee(&invite, "BYE", 1, "p1", "", ""));
        ladder.answers(if rang { 200 } else { 481 });
        ladder.no_event();
        ladder.receive(response(&invite, 200, "p1", CONTACT_AND_ALL, ANSWER));
        ladder.sends("ACK");
        assert!(matches!(ladder.event(), Event::Accepted { .. }));
        assert!(ladder.event().is_last());
        ladder.wait(secs(60)).is_at_rest();
    }
}

/// §13.2.2.4: the same ACK for every copy of the 2xx, even once the call is over.
#[test]
fn a_repeated_2xx_gets_the_same_ack_again() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    let ok = response(&invite, 200, "p1", CONTACT_AND_ALL, ANSWER);
    ladder.receive(ok.clone());
    let ack = ladder.sends("ACK");
    ladder.event();
    ladder.wait(ms(500)).receive(ok.clone());
    assert_eq!(ladder.sends("ACK").as_bytes(), ack.as_bytes());
    ladder.no_event();
    ladder.bye(usage).unwrap();
    ladder.event();
    ladder.sends("BYE");
    ladder.receive(ok);
    assert_eq!(ladder.sends("ACK").as_bytes(), ack.as_bytes());
    ladder.is_silent();
}

/// §13.2.2.4: the first answer wins; every other one is acknowledged and ended.
#[test]
fn of_several_branches_the_first_to_answer_wins() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    for (tag, number) in [("p1", 0), ("p2", 1)] {
        ladder.receive(response(&invite, 180, tag, CONTACT, ""));
        assert_eq!(fork(&ladder.event()), Fork(number));
    }
    ladder.receive(response(&invite, 200, "p2", CONTACT_AND_ALL, ANSWER));
    assert_eq!(fork(&ladder.event()), Fork(1));
    assert_eq!(ladder.sends("ACK").headers.to().unwrap().tag(), Some("p2"));

    ladder.receive(response(&invite, 200, "p1", CONTACT, ANSWER));
    let (ack, bye) = (ladder.sends("ACK"), ladder.sends("BYE"));
    assert_eq!(ack.headers.to().unwrap().tag(), Some("p1"));
    assert_eq!(bye.headers.to().unwrap().tag(), Some("p1"));
    ladder.receive(response(&invite, 200, "p1", CONTACT, ANSWER));
    assert_eq!(
        ladder.sends("ACK").as_bytes(),
        ack.as_bytes(),
        "and no second BYE"
    );
    ladder.is_silent().no_event();
    assert_eq!(ladder.endpoint.usage(usage).unwrap().remote_tag, Some("p2"));
}

/// §9.1: no CANCEL before a provisional response.
#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder
        .tell(|endpoint, now| endpoint.cancel(now, usage, Some(Reason::answered_elsewhere())))
        .unwrap();
    ladder.is_silent();
    ladder.receive(response(&invite, 100, "", "", ""));
    let cancel = ladder.sends("CANCEL");
    assert_eq!(
        cancel.headers.get(Name::Via),
        invite.headers.get(Name::Via),
        "the same branch"
    );
    assert_eq!(cancel.uri_text(), invite.uri_text());
    let reason = cancel.headers.get(Name::Reason).unwrap();
    assert_eq!(reason, "SIP;cause=200;text=\"Call completed elsewhere\"");

    ladder.receive(response(&cancel, 200, "p1", "", ""));
    ladder.receive(response(&invite, 487, "p1", "", ""));
    ladder.sends("ACK");
    assert!(matches!(
        failure(ladder.event()),
        Failure::Cancelled { rang_too_long: false }
    ));
    ladder.wait(secs(60)).is_at_rest();
}

/// §9.1, RFC 5407 §3.1.2: the answer crosses the CANCEL.
#[test]
fn an_answer_that_crosses_our_cancel_is_acknowledged_and_ended() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder.receive(response(&invite, 180, "p1", CONTACT, ""));
    ladder.event();
    ladder
        .tell(|endpoint, now| endpoint.cancel(now, usage, None))
        .unwrap();
    ladder.sends("CANCEL");
    ladder.receive(response(&invite, 200, "p1", CONTACT, ANSWER));
    ladder.sends("ACK");
    ladder.sends("BYE");
    assert!(matches!(failure(ladder.event()), Failure::Cancelled { .. }));
    ladder.no_event();
    assert_eq!(ladder.endpoint.live_usages(), 0);
}

/// §9.1: 64·T1 after the CANCEL it is over, whatever the peer does.
#[test]
fn a_cancel_that_nobody_heeds_ends_after_64_t1() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder.receive(response(&invite, 180, "p1", CONTACT, ""));
    ladder.event();
    ladder
        .tell(|endpoint, now| endpoint.cancel(now, usage, None))
        .unwrap();
    ladder.wait(ms(31_999)).no_event();
    ladder.wait(ms(1));
    assert!(matches!(failure(ladder.event()), Failure::Cancelled { .. }));
    assert_eq!(ladder.endpoint.live_usages(), 0);
}

#[test]
fn a_phone_that_rings_too_long_is_cancelled() {
    let mut ladder = Ladder::new();
    let invite = Invite {
        ring_for: Some(secs(20)),
        ..ladder.call()
    };
    ladder.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
    let invite = ladder.sends("INVITE");
    ladder
        .wait(secs(1))
        .receive(response(&invite, 180, "p1", CONTACT, ""));
    ladder.event();
    ladder.sent_times(ladder.now, "INVITE");
    ladder.wait(ms(19_999)).is_silent();
    ladder.wait(ms(1));
    ladder.sends("CANCEL");
    ladder.receive(response(&invite, 487, "p1", "", ""));
    assert!(matches!(
        failure(ladder.event()),
        Failure::Cancelled { rang_too_long: true }
    ));
}

/// §13.2.2.4: whoever heard the last INVITE just in time and answers after we gave up is told that it is over, be it minutes
/// later.
#[test]
fn an_answer_that_comes_after_the_timeout_is_ended() {
    for (rings, late) in [(false, 0), (true, 0), (false, 300), (true, 300)] {
        let mut ladder = Ladder::new();
        let (_, invite) = ladder.calling();
        ladder.wait(secs(32 + late));
        assert_eq!(ladder.endpoint.transactions(), usize::from(late == 0));
        assert!(matches!(ladder.event(), Event::Failed { .. }));
        (0..6).for_each(|_| drop(ladder.sends("INVITE")));
        if rings {
            for _ in 0..2 {
                ladder.receive(response(&invite, 180, "p1", CONTACT_AND_ALL, ""));
            }
            let cancel = ladder.sends("CANCEL");
            assert_eq!(cancel.headers.get(Name::Via), invite.headers.get(Name::Via));
            ladder.receive(response(&cancel, 200, "", "", ""));
            ladder.receive(response(&invite, 487, "p1", "", ""));
            ladder.sends("ACK");
        } else {
            ladder.receive(response(&invite, 200, "p1", CONTACT_AND_ALL, ANSWER));
            ladder.sends("ACK");
            let bye = ladder.sends("BYE");
            ladder.receive(response(&bye, 200, "", "", ""));
        }
        ladder.wait(secs(70)).is_silent().no_event();
        assert_eq!(ladder.endpoint.transactions(), 0);
    }
}

/// §9.1: neither the CANCEL nor what the phone says of it comes through. It rings on, until it is heard again: then it is
/// cancelled once more, and if somebody was quicker the call is ended.
#[test]
fn a_phone_that_our_cancel_has_not_reached_is_cancelled_when_it_is_heard_again() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder.receive(response(&invite, 180, "p1", CONTACT, ""));
    ladder
        .tell(|endpoint, now| endpoint.cancel(now, usage, None))
        .unwrap();
    ladder.wait(secs(100)).forget_sent();
    for _ in 0..2 {
        ladder.receive(response(&invite, 180, "p1", CONTACT, ""));
        ladder.sends("CANCEL");
        ladder.wait(secs(60)).forget_sent();
    }
    ladder.receive(response(&invite, 200, "p1", CONTACT, ANSWER));
    ladder.sends("ACK");
    ladder.sends("BYE");
    assert_eq!(ladder.endpoint.live_usages(), 0);
}

/// Its phone's provider asks who calls, long after we gave up: nobody does any more.
#[test]
fn a_challenge_that_comes_after_the_timeout_begins_no_other_call() {
    let mut ladder = Ladder::new();
    let invite = with_password(&ladder);
    ladder.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
    let invite = ladder.sends("INVITE");
    ladder.wait(secs(332)).forget_sent();
    ladder.receive(response(&invite, 100, "", "", ""));
    ladder.sends("CANCEL");
    ladder.receive(response(&invite, 407, "p0", CHALLENGE, ""));
    ladder.sends("ACK");
    ladder.is_silent();
    ladder.wait(secs(70)).forget_sent();
    assert_eq!(ladder.endpoint.transactions(), 0);
}

/// §17.1.1.2: Timer B.
#[test]
fn silence_is_a_timeout_after_64_t1() {
    let mut ladder = Ladder::new();
    let start = ladder.now;
    ladder.calling();
    ladder.wait(secs(32));
    assert_eq!(
        ladder.sent_times(start, "INVITE"),
        [500, 1_500, 3_500, 7_500, 15_500, 31_500]
    );
    let failure = failure(ladder.event());
    assert!(matches!(failure, Failure::Timeout));
    assert_eq!(failure.status(), 408);
    ladder.wait(secs(32)).is_at_rest();
}

/// §17.1.1.3: the ACK for a failure bears the INVITE's branch and its To the response's tag.
#[test]
fn a_refusal_is_acknowledged_each_time_and_reported_once() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.calling();
    for _ in 0..2 {
        ladder.receive(response(&invite, 486, "p1", "", ""));
        let ack = ladder.sends("ACK");
        assert_eq!(ack.headers.get(Name::Via), invite.headers.get(Name::Via));
        assert_eq!(ack.headers.to().unwrap().tag(), Some("p1"));
    }
    assert_eq!(failure(ladder.event()).status(), 486);
    ladder.wait(secs(60)).is_at_rest();
}

#[test]
fn a_redirection_is_left_to_whoever_called() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.calling();
    ladder.receive(response(
        &invite,
        302,
        "p1",
        "Contact: <sip:999@192.0.2.50>\r\n",
        "",
    ));
    let Failure::Response(moved) = failure(ladder.event()) else {
        panic!()
    };
    assert_eq!(moved.status.code(), 302);
    assert!(moved.headers.contacts().is_ok());
}

const CHALLENGE: &str = "Proxy-Authenticate: Digest realm=\"trunk\", nonce=\"n1\", qop=\"auth\"\r\n";

fn with_password(ladder: &Ladder) -> Invite {
    ladder.call().credentials(Credentials {
        user: "acme".into(),
        password: "secret".into(),
    })
}

/// §22.2: again with credentials, the next CSeq and a new branch, in the same call.
#[test]
fn a_challenge_is_answered_once() {
    let mut ladder = Ladder::new();
    let invite = with_password(&ladder);
    ladder.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
    let first = ladder.sends("INVITE");
    ladder.receive(response(&first, 407, "p0", CHALLENGE, ""));
    ladder.sends("ACK");
    let second = ladder.sends("INVITE");
    assert!(
        second
            .headers
            .get(Name::ProxyAuthorization)
            .unwrap()
            .contains("username=\"acme\"")
    );
    let number = |request: &cordboard_sip::Request| request.headers.cseq().unwrap().number;
    assert_eq!(number(&second), number(&first) + 1);
    assert_ne!(
        second.headers.via().unwrap().branch(),
        first.headers.via().unwrap().branch()
    );
    assert_eq!(second.headers.call_id(), first.headers.call_id());
    assert_eq!(second.body, OFFER);
    ladder.no_event();

    ladder.receive(response(&second, 407, "p0", CHALLENGE, ""));
    ladder.sends("ACK");
    assert_eq!(
        failure(ladder.event()).status(),
        407,
        "the password is wrong: no second try"
    );
    ladder.wait(secs(60)).is_at_rest();
}

/// §22.1: an ACK repeats the credentials of its INVITE; CANCEL goes with the newest INVITE.
#[test]
fn after_a_challenge_the_call_goes_on_with_the_second_invite() {
    let mut ladder = Ladder::new();
    let invite = with_password(&ladder);
    let usage = ladder.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
    let first = ladder.sends("INVITE");
    ladder.receive(response(&first, 407, "p0", CHALLENGE, ""));
    ladder.sends("ACK");
    let second = ladder.sends("INVITE");
    ladder.receive(response(&second, 200, "p1", CONTACT_AND_ALL, ANSWER));
    let ack = ladder.sends("ACK");
    assert!(ack.headers.has(Name::ProxyAuthorization));
    assert_eq!(
        ack.headers.cseq().unwrap().number,
        second.headers.cseq().unwrap().number
    );
    assert!(matches!(ladder.event(), Event::Accepted { .. }));

    // The BYE is challenged, too, long after its call is gone.
    ladder.bye(usage).unwrap();
    ladder.event();
    let bye = ladder.sends("BYE");
    ladder.receive(response(&bye, 407, "", CHALLENGE, ""));
    let again = ladder.sends("BYE");
    assert!(again.headers.has(Name::ProxyAuthorization));
    assert_eq!(
        again.headers.cseq().unwrap().number,
        bye.headers.cseq().unwrap().number + 1
    );
}

#[test]
fn without_credentials_a_challenge_is_a_failure() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.calling();
    ladder.receive(response(&invite, 407, "p0", CHALLENGE, ""));
    assert_eq!(failure(ladder.event()).status(), 407);
}

/// RFC 4028 §7.3.
#[test]
fn too_small_an_interval_is_asked_for_again_as_the_peer_wants() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.calling();
    ladder.receive(response(&invite, 422, "p1", "Min-SE: 3600\r\n", ""));
    ladder.sends("ACK");
    let again = ladder.sends("INVITE");
    assert_eq!(again.headers.get(Name::SessionExpires), Some("3600"));
    assert_eq!(again.headers.get(Name::MinSe), Some("3600"));
    ladder.no_event();
}

/// RFC 3262 §4: acknowledged in order and reported once.
#[test]
fn reliable_responses_are_acknowledged_in_order() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.calling();
    let reliable = |rseq| format!("{CONTACT}Require: 100rel\r\nRSeq: {rseq}\r\n");
    let early = response(&invite, 183, "p1", &reliable(10), ANSWER);
    ladder.receive(early.clone());
    let prack = ladder.sends("PRACK");
    let number = invite.headers.cseq().unwrap().number;
    assert_eq!(
        prack.headers.get(Name::RAck),
        Some(format!("10 {number} INVITE").as_str())
    );
    assert!(matches!(ladder.event(), Event::Progress { body: Some(_), .. }));
    ladder.receive(early);
    ladder.is_silent().no_event();
    ladder.receive(response(&invite, 180, "p1", &reliable(12), ""));
    ladder.is_silent().no_event();
    ladder.receive(response(&invite, 180, "p1", &reliable(11), ""));
    ladder.sends("PRACK");
    assert!(matches!(ladder.event(), Event::Progress { .. }));
}

/// RFC 3264 §5: without an offer of ours the ACK waits for our answer, and repeats bring it again.
#[test]
fn an_offer_in_the_2xx_is_answered_in_the_ack() {
    let mut ladder = Ladder::new();
    let invite = Invite {
        body: None,
        ..ladder.call()
    };
    let usage = ladder.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
    let invite = ladder.sends("INVITE");
    assert!(!invite.headers.lists(Name::Supported, "100rel"));
    let ok = response(&invite, 200, "p1", CONTACT, OFFER);
    ladder.receive(ok.clone());
    assert!(matches!(ladder.event(), Event::Accepted { body: Some(_), .. }));
    ladder.receive(ok.clone());
    ladder.is_silent().no_event();
    ladder
        .tell(|endpoint, now| endpoint.acknowledge(now, usage, Body::sdp(ANSWER)))
        .unwrap();
    assert_eq!(ladder.sends("ACK").body, ANSWER);
    ladder.receive(ok);
    assert_eq!(ladder.sends("ACK").body, ANSWER);
    let again = ladder.tell(|endpoint, now| endpoint.acknowledge(now, usage, Body::sdp(ANSWER)));
    assert!(matches!(again, Err(CommandError::WrongState(_))));
}

/// RFC 2543 peers have no tags; a 2xx without Contact leaves us the Request-URI.
#[test]
fn an_answer_without_tag_and_contact_still_makes_a_call() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder.receive(response(&invite, 200, "", "", ANSWER));
    let ack = ladder.sends("ACK");
    assert_eq!(ack.uri_text(), invite.uri_text());
    assert!(matches!(ladder.event(), Event::Accepted { .. }));
    ladder.bye(usage).unwrap();
    assert_eq!(ladder.sends("BYE").headers.to().unwrap().tag(), None);
}

/// §12.1.2, §12.2.1.1.
#[test]
fn requests_in_the_dialog_follow_its_route_set() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    let routes = "Record-Route: <sip:p2.example;lr>\r\nRecord-Route: <sip:192.0.2.80:5080;lr>\r\n";
    ladder.receive(response(
        &invite,
        200,
        "p1",
        &format!("{routes}{CONTACT}"),
        ANSWER,
    ));
    ladder.event();
    for method in ["ACK", "BYE"] {
        if method == "BYE" {
            ladder.bye(usage).unwrap();
        }
        let (_, path, message) = ladder.sent();
        assert_eq!(path.remote.to_string(), "192.0.2.80:5080");
        let routes: Vec<_> = message.headers().values(Name::Route).collect();
        assert_eq!(routes, ["<sip:192.0.2.80:5080;lr>", "<sip:p2.example;lr>"]);
    }
}

/// §18.1.2, §8.1.3.3: what nobody asked for is dropped.
#[test]
fn a_response_to_nothing_is_dropped() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.calling();
    let stray = response(&invite, 200, "p1", CONTACT, ANSWER);
    ladder.receive(stray.replace("branch=z9hG4bK", "branch=z9hG4bKother"));
    ladder.receive(stray.replace("Via: ", "Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKx\r\nVia: "));
    ladder.is_silent().no_event();
}

#[test]
fn a_lost_connection_fails_the_call_that_waits_on_it() {
    let mut ladder = Ladder::over_tcp();
    ladder.calling();
    let connection = ladder.path.connection.unwrap();
    ladder.tell(|endpoint, now| endpoint.connection_lost(now, connection));
    assert!(matches!(failure(ladder.event()), Failure::Transport));
    ladder.is_at_rest();
}

#[test]
fn a_refused_datagram_fails_the_call_at_once() {
    let mut ladder = Ladder::new();
    ladder.calling();
    let path = ladder.path;
    ladder.tell(|endpoint, now| endpoint.unreachable(now, path));
    assert_eq!(failure(ladder.event()).status(), 503);
}

/// What a call over TCP opened is its connection from the first response on.
#[test]
fn the_connection_opened_for_a_call_is_kept_to() {
    let mut ladder = Ladder::over_tcp();
    let connection = ladder.path.connection.take();
    let (usage, invite) = ladder.calling();
    ladder.path.connection = connection;
    ladder.receive(response(&invite, 200, "p1", CONTACT_AND_ALL, ANSWER));
    assert_eq!(ladder.sent().1.connection, connection, "the ACK");
    ladder.event();
    ladder.bye(usage).unwrap();
    assert_eq!(ladder.sent().1.connection, connection, "the BYE");
}

/// A caller on TCP whose connection breaks is reached on a new one.
#[test]
fn an_established_call_survives_its_connection() {
    let mut ladder = Ladder::over_tcp();
    let (usage, _) = ladder.established_as_caller();
    let connection = ladder.path.connection.unwrap();
    ladder.tell(|endpoint, now| endpoint.connection_lost(now, connection));
    ladder.bye(usage).unwrap();
    assert_eq!(ladder.sent().1.connection, None);
}

#[test]
fn a_display_name_and_a_tel_uri_are_written_as_they_must_be() {
    let mut ladder = Ladder::new();
    let mut invite = ladder.call();
    invite.from.name = Some("Ada \"L\" <x>".to_owned());
    invite.target = uri("tel:+33123456789");
    ladder.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
    let invite = ladder.sends("INVITE");
    assert_eq!(invite.uri_text(), "tel:+33123456789");
    assert_eq!(
        invite.headers.from().unwrap().display_name().unwrap(),
        "Ada \"L\" <x>"
    );
}
