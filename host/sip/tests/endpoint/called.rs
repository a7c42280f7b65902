//! Being called (RFC 3261 §13.3, RFC 3262).

use cordboard_sip::Name;
use cordboard_sip::endpoint::{Body, CommandError, Config, Ending, Event, Limits, Reply, State, Transport};

use crate::ladder::{ANSWER, Ladder, OFFER, Peer, config, ended, lists, ms, secs, to_tag};

#[test]
fn a_call_rings_is_answered_and_hung_up_by_the_caller() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    let ringing = ladder.answers(180);
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    let ok = ladder.answers(200);
    assert_eq!(to_tag(&ringing), to_tag(&ok));
    assert_eq!(ok.headers.get(Name::Contact), Some("<sip:300@192.0.2.1:5060>"));
    assert_eq!(ladder.endpoint.usage(usage).unwrap().state, State::Accepted);

    ladder.receive(peer.in_dialog("ACK", 1, &to_tag(&ok), "", ""));
    assert!(matches!(ladder.event(), Event::Confirmed { body: None, .. }));
    assert_eq!(ladder.endpoint.usage(usage).unwrap().state, State::Confirmed);

    ladder.receive(peer.in_dialog(
        "BYE",
        2,
        &to_tag(&ok),
        "Reason: Q.850;cause=16;text=\"Bye\"\r\n",
        "",
    ));
    ladder.answers(200);
    let Ending::Bye { reason: Some(reason) } = ended(ladder.event()) else {
        panic!()
    };
    assert_eq!((reason.protocol.as_str(), reason.cause), ("Q.850", Some(16)));
    ladder.is_at_rest();
}

/// §17.2.1: a repeated INVITE gets the newest response and makes no second call.
#[test]
fn a_repeated_invite_is_answered_with_the_newest_response() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder.receive(peer.invite(OFFER));
    ladder.answers(100);
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    ladder.answers(180);
    ladder.receive(peer.invite(OFFER));
    ladder.answers(180);
    ladder.no_event();
}

/// §13.3.1.4: 2xx again at T1, doubling up to T2; after 64·T1 without an ACK the call is ended with a BYE.
#[test]
fn a_2xx_is_repeated_until_64_t1_and_then_the_call_is_ended() {
    for mut ladder in [Ladder::new(), Ladder::over_tcp()] {
        let usage = ladder.invited(&Peer::default().invite(OFFER));
        ladder
            .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
            .unwrap();
        let start = ladder.now;
        ladder.wait(ms(31_999));
        let times = ladder.sent_times(start, "200 to INVITE");
        assert_eq!(
            times,
            [
                0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
            ]
        );
        ladder.wait(ms(1));
        ladder.sends("BYE");
        assert_eq!(ended(ladder.event()), Ending::NotConfirmed);
        assert_eq!(ladder.endpoint.live_usages(), 0);
    }
}

/// §13.3.1.1.
#[test]
fn the_newest_provisional_response_is_repeated_every_minute() {
    let mut ladder = Ladder::new();
    let usage = ladder.invited(&Peer::default().invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    let start = ladder.now;
    ladder.wait(secs(130));
    assert_eq!(ladder.sent_times(start, "180 to INVITE"), [0, 60_000, 120_000]);
}

/// §9.2.
#[test]
fn a_cancel_gets_200_and_the_invite_487() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder.receive(peer.cancel());
    ladder.answers(200);
    let terminated = ladder.answers(487);
    assert_eq!(ended(ladder.event()), Ending::Cancelled { reason: None });
    ladder.receive(peer.ack(&to_tag(&terminated)));
    let late = ladder.tell(|endpoint, now| endpoint.accept(now, usage, 200));
    assert_eq!(late, Err(CommandError::UnknownUsage));
    ladder.wait(secs(60)).is_at_rest();
}

/// RFC 3326.
#[test]
fn a_cancel_tells_why() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    ladder.invited(&peer.invite(OFFER));
    let reason = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\nContent-Length";
    ladder.receive(peer.cancel().replace("Content-Length", reason));
    let Ending::Cancelled { reason: Some(reason) } = ended(ladder.event()) else {
        panic!()
    };
    assert!(reason.is_answered_elsewhere());
}

/// §9.2: once there is a final response a CANCEL has no effect.
#[test]
fn a_cancel_that_crosses_our_2xx_changes_nothing() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.answered(&peer);
    ladder.receive(peer.cancel());
    ladder.answers(200);
    ladder.is_silent().no_event();
    ladder.receive(peer.in_dialog("ACK", 1, &tag, "", ""));
    assert!(matches!(ladder.event(), Event::Confirmed { .. }));
}

#[test]
fn a_cancel_for_nothing_gets_481() {
    let mut ladder = Ladder::new();
    ladder.receive(Peer::default().cancel());
    ladder.answers(481);
    ladder.is_at_rest();
}

/// §17.2.1: repeated until the ACK, which is absorbed.
#[test]
fn a_refusal_is_repeated_until_its_ack() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.reject(now, usage, Reply::new(486).header("Retry-After", "60")))
        .unwrap();
    assert_eq!(ended(ladder.event()), Ending::Ours);
    let start = ladder.now;
    ladder.wait(secs(2));
    assert_eq!(ladder.sent_times(start, "486 to INVITE"), [0, 500, 1_500]);
    ladder.receive(peer.ack("whatever")).wait(secs(60)).is_at_rest();
}

/// §15: no BYE before the ACK for our 2xx.
#[test]
fn a_bye_waits_for_the_ack() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (usage, tag) = ladder.answered(&peer);
    ladder.bye(usage).unwrap();
    assert_eq!(ended(ladder.event()), Ending::Ours);
    assert_eq!(ladder.bye(usage), Err(CommandError::UnknownUsage));
    ladder.is_silent();
    ladder.receive(peer.in_dialog("ACK", 1, &tag, "", ""));
    ladder.sends("BYE");
    ladder.is_at_rest();
}

/// §13.3.1, RFC 3264 §5: an INVITE without an offer asks for ours; the ACK has the answer.
#[test]
fn an_offerless_invite_gets_our_offer_and_its_ack_has_the_answer() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(""));
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(OFFER)))
        .unwrap();
    let tag = to_tag(&ladder.answers(200));
    ladder.receive(peer.in_dialog("ACK", 1, &tag, "", ANSWER));
    let Event::Confirmed { body: Some(body), .. } = ladder.event() else {
        panic!()
    };
    assert_eq!(body, Body::sdp(ANSWER));
}

/// §12.1.1.
#[test]
fn record_route_comes_back_in_what_makes_the_dialog() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\n",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    let ringing = ladder.answers(180);
    assert_eq!(ringing.headers.record_routes().unwrap().len(), 2);
}

/// RFC 3581 §4 and RFC 3261 §18.2.1: the Via says where we saw it come from, and that is where we answer.
#[test]
fn a_response_goes_where_the_request_came_from() {
    let mut ladder = Ladder::new();
    ladder.path.remote = "198.51.100.7:31000".parse().unwrap();
    ladder.receive(Peer::default().invite(OFFER));
    let (_, path, message) = ladder.wait(ms(200)).sent();
    assert_eq!(path, ladder.path);
    let via = message.headers().get(Name::Via).unwrap().to_owned();
    assert!(
        via.contains(";rport=31000") && via.contains(";received=198.51.100.7"),
        "{via}"
    );
}

/// RFC 3261 §18.2.2: without rport, at the port that the Via names.
#[test]
fn without_rport_the_port_of_the_via_counts() {
    let mut ladder = Ladder::new();
    ladder.path.remote = "192.0.2.9:31000".parse().unwrap();
    ladder.receive(Peer::default().invite(OFFER).replace(";rport", ""));
    assert_eq!(ladder.wait(ms(200)).sent().1.remote.to_string(), "192.0.2.9:5060");
}

/// §8.1.1.8: nobody could call back to a caller without Contact.
#[test]
fn a_caller_without_contact_gets_400() {
    let mut ladder = Ladder::new();
    ladder.receive(
        Peer::default()
            .invite(OFFER)
            .replace("Contact: <sip:201@192.0.2.9:5060>\r\n", ""),
    );
    let refusal = ladder.answers(400);
    assert!(refusal.reason().contains("Contact"), "{}", refusal.reason());
    assert_eq!(ladder.endpoint.live_usages(), 0);
}

/// RFC 3262 §3: when it is required, every one is reliable, and repeated until the PRACK.
#[test]
fn a_required_reliable_response_is_repeated_until_its_prack() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Require: 100rel\r\n",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    let ringing = ladder.answers(180);
    assert!(lists(&ringing, Name::Require, "100rel"));
    let rseq = ringing.headers.rseq().unwrap().unwrap();
    let start = ladder.now;
    ladder.wait(secs(4));
    assert_eq!(ladder.sent_times(start, "180 to INVITE"), [500, 1_500, 3_500]);

    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, Reply::new(183).sdp(ANSWER)))
        .unwrap();
    ladder.is_silent();
    let tag = to_tag(&ringing);
    ladder.receive(peer.in_dialog("PRACK", 2, &tag, &format!("RAck: {} 1 INVITE\r\n", rseq + 5), ""));
    ladder.answers(481);
    ladder.receive(peer.in_dialog("PRACK", 3, &tag, &format!("RAck: {rseq} 1 INVITE\r\n"), ""));
    ladder.answers(200);
    let early = ladder.answers(183);
    assert_eq!(
        early.headers.rseq().unwrap(),
        Some(rseq + 1),
        "one at a time, in order"
    );

    // §3: the 2xx waits for the PRACK of what has the answer.
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, 200))
        .unwrap();
    ladder.is_silent();
    ladder.receive(peer.in_dialog("PRACK", 4, &tag, &format!("RAck: {} 1 INVITE\r\n", rseq + 1), ""));
    ladder.answers(200);
    ladder.answers(200);
}

/// RFC 3262 §3.
#[test]
fn without_a_prack_the_call_is_refused_after_64_t1() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Require: 100rel\r\n",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    ladder.wait(secs(31));
    ladder.no_event();
    ladder.wait(secs(1));
    assert_eq!(ended(ladder.event()), Ending::NotAcknowledged);
    assert_eq!(ladder.endpoint.live_usages(), 0);
}

/// RFC 3262 §3: supported, so early media is sent reliably and mere ringing is not.
#[test]
fn a_supported_reliable_response_is_used_for_early_media_only() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Supported: 100rel\r\n",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    assert!(!lists(&ladder.answers(180), Name::Require, "100rel"));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, Reply::new(183).sdp(ANSWER)))
        .unwrap();
    assert!(lists(&ladder.answers(183), Name::Require, "100rel"));
}

/// §15.1.2: a caller may end its call with BYE even before our answer.
#[test]
fn a_bye_in_the_early_dialog_ends_the_call() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    let tag = to_tag(&ladder.answers(180));
    ladder.receive(peer.in_dialog("BYE", 2, &tag, "", ""));
    ladder.answers(200);
    ladder.answers(487);
    assert_eq!(ended(ladder.event()), Ending::Bye { reason: None });
}

/// §13.3.1: the caller's own limit.
#[test]
fn an_invite_that_expires_gets_487() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Expires: 20\r\n",
        ..Peer::default()
    };
    ladder.invited(&peer.invite(OFFER));
    ladder.wait(ms(200)).answers(100);
    ladder.wait(ms(19_799)).is_silent();
    ladder.wait(ms(1));
    ladder.answers(487);
    assert_eq!(ended(ladder.event()), Ending::Cancelled { reason: None });
}

/// §8.2.2.2.
#[test]
fn the_same_request_over_two_ways_is_merged() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    ladder.invited(&peer.invite(OFFER));
    ladder.receive(
        Peer {
            branch: "z9hG4bKother",
            ..peer
        }
        .invite(OFFER),
    );
    ladder.answers(482);
    ladder.no_event();
}

/// §17.2.3: transactions of peers from before the magic cookie.
#[test]
fn an_rfc_2543_caller_without_cookie_and_tags_is_served() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        branch: "1",
        from: "<sip:201@peer.example>",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder.receive(peer.invite(OFFER));
    ladder.answers(100);
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    let tag = to_tag(&ladder.answers(200));
    ladder.receive(peer.ack(&tag));
    assert!(matches!(ladder.event(), Event::Confirmed { .. }));
    ladder.receive(peer.in_dialog("BYE", 2, &tag, "", ""));
    ladder.answers(200);
    assert_eq!(ended(ladder.event()), Ending::Bye { reason: None });
}

#[test]
fn a_full_house_says_503_and_remembers_nothing() {
    let limits = Limits {
        usages: 1,
        ..Limits::default()
    };
    let mut ladder = Ladder::with(Config { limits, ..config() }, Transport::Udp);
    ladder.invited(&Peer::default().invite(OFFER));
    ladder.receive(
        Peer {
            call_id: "c2",
            branch: "z9hG4bK2",
            ..Peer::default()
        }
        .invite(OFFER),
    );
    assert!(ladder.answers(503).headers.has(Name::RetryAfter));
    assert_eq!(ladder.endpoint.live_usages(), 1);

    let limits = Limits {
        server_transactions: 0,
        ..Limits::default()
    };
    let mut ladder = Ladder::with(Config { limits, ..config() }, Transport::Udp);
    ladder.receive(Peer::default().invite(OFFER));
    ladder.answers(503);
    ladder.wait(secs(60)).is_at_rest();
}

/// §18.2.2: the connection of the request is gone, so the response opens one to the Via's address.
#[test]
fn a_response_whose_connection_is_gone_opens_another() {
    let mut ladder = Ladder::over_tcp();
    ladder.path.remote = "192.0.2.9:41000".parse().unwrap();
    let usage = ladder.invited(&Peer::default().invite(OFFER));
    let connection = ladder.path.connection.unwrap();
    ladder.tell(|endpoint, now| endpoint.connection_lost(now, connection));
    ladder.no_event();
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    let (_, path, _) = ladder.sent();
    assert_eq!(
        (path.connection, path.remote.to_string()),
        (None, "192.0.2.9:5060".to_owned())
    );
}

#[test]
fn what_a_tenant_configures_cannot_break_a_message() {
    let mut ladder = Ladder::new();
    let usage = ladder.invited(&Peer::default().invite(OFFER));
    let evil = Reply::new(180).header("Alert-Info", "x\r\nContact: <sip:evil@x>");
    let refused = ladder.tell(|endpoint, now| endpoint.progress(now, usage, evil));
    assert_eq!(refused, Err(CommandError::BadHeader));
    let wrong = ladder.tell(|endpoint, now| endpoint.progress(now, usage, 200));
    assert_eq!(wrong, Err(CommandError::BadStatus(200)));
    let wrong = ladder.tell(|endpoint, now| endpoint.accept(now, usage, 486));
    assert_eq!(wrong, Err(CommandError::BadStatus(486)));
    ladder.is_silent();
}

/// A caller who has left without a word does not wait for ever: 480 once the limit is over, at the next repeat of 180.
#[test]
fn a_caller_is_not_kept_waiting_for_ever() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    ladder.wait(secs(20 * 60));
    (0..20).for_each(|_| drop(ladder.answers(180)));
    ladder.answers(480);
    assert!(matches!(ladder.event(), Event::Ended { .. }));
}
