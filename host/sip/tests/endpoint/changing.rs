//! Changing a session (RFC 3261 §14, RFC 3311, RFC 6337).

use cordboard_sip::Name;
use cordboard_sip::endpoint::{
    Body, CommandError, Ending, Event, ExtraHeaders, Failure, Fork, Reply, RequestId, UsageId,
};

use crate::ladder::{
    ANSWER, CONTACT, CONTACT_AND_ALL, Ladder, OFFER, Peer, ended, from_callee, ms, response, result, secs,
    to_tag,
};

fn asked(event: Event) -> RequestId {
    match event {
        Event::Reinvited { request_id, .. } => request_id,
        other => panic!("{other:?}"),
    }
}

fn update(ladder: &mut Ladder, usage: UsageId, offer: Option<&str>) -> Result<(), CommandError> {
    let offer = offer.map(|offer| Body::sdp(offer.to_owned()));
    ladder.tell(|endpoint, now| endpoint.update(now, usage, Fork(0), offer, ExtraHeaders::new()))
}

/// §13.2.2.4: the 2xx to our re-INVITE crosses the BYE of either side. It gets its ACK, each time it comes.
#[test]
fn a_2xx_to_a_reinvite_of_a_call_that_has_ended_gets_its_ack() {
    for we_end in [true, false] {
        let (mut ladder, peer) = (Ladder::new(), Peer::default());
        let (usage, tag) = ladder.established_as_callee();
        ladder
            .tell(|endpoint, now| endpoint.reinvite(now, usage, Some(Body::sdp(OFFER)), ExtraHeaders::new()))
            .unwrap();
        let invite = ladder.sends("INVITE");
        if we_end {
            ladder.bye(usage).unwrap();
            ladder.sends("BYE");
        } else {
            ladder.receive(peer.in_dialog("BYE", 2, &tag, "", ""));
            ladder.answers(200);
        }
        for _ in 0..2 {
            ladder.receive(response(&invite, 200, "", CONTACT, ANSWER));
            let ack = ladder.sends("ACK");
            let (acked, asked) = (&ack.headers, &invite.headers);
            assert_eq!(acked.cseq().unwrap().number, asked.cseq().unwrap().number);
            assert_eq!(acked.get(Name::CallId), asked.get(Name::CallId));
            assert_ne!(
                acked.get(Name::Via),
                asked.get(Name::Via),
                "a transaction of its own"
            );
        }
        ladder.is_silent();
    }
}

// ---- theirs ------------------------------------------------------------------------------------

/// §14.2: offer in the re-INVITE, answer in our 2xx, which is repeated until its ACK.
#[test]
fn the_peer_changes_the_session() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    let request = asked(ladder.event());
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    let ok = ladder.answers(200);
    assert_eq!(to_tag(&ok), tag);
    assert_eq!(ok.body, ANSWER);
    let start = ladder.now;
    ladder.wait(secs(2));
    assert_eq!(ladder.sent_times(start, "200 to INVITE"), [500, 1_500]);
    ladder.receive(peer.in_dialog("ACK", 2, &tag, "", ""));
    ladder.wait(secs(60)).is_silent().no_event();
}

/// §12.2.2: the Contact of an accepted change is where requests go from now on.
#[test]
fn an_accepted_change_moves_the_target_and_a_refused_one_does_not() {
    for (status, moves) in [(488, false), (200, true)] {
        let mut ladder = Ladder::new();
        let (usage, tag) = ladder.established_as_callee();
        let moved = Peer {
            contact: "<sip:201@192.0.2.9:7070>",
            ..Peer::default()
        };
        ladder.receive(moved.in_dialog("INVITE", 2, &tag, "", OFFER));
        let request = asked(ladder.event());
        ladder
            .tell(|endpoint, now| endpoint.respond(now, request, Reply::new(status)))
            .unwrap();
        ladder.answers(status);
        ladder.receive(moved.in_dialog("ACK", 2, &tag, "", ""));
        ladder.bye(usage).unwrap();
        let (_, path, _) = ladder.sent();
        assert_eq!(
            path.remote.port(),
            if moves { 7070 } else { 5060 },
            "after {status}"
        );
    }
}

/// §14.2: no answer to our re-INVITE's 2xx for 64·T1 ends the call.
#[test]
fn a_changed_session_that_is_never_confirmed_ends() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    let request = asked(ladder.event());
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    ladder.wait(secs(32));
    assert_eq!(ended(ladder.event()), Ending::NotConfirmed);
}

/// §14.2: a second re-INVITE while the first is being decided gets 500 with Retry-After of 0 to 10 s.
#[test]
fn an_overlapping_change_gets_500_with_retry_after() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    for (method, cseq) in [("INVITE", 3), ("UPDATE", 4)] {
        ladder.receive(peer.in_dialog(method, cseq, &tag, "", OFFER));
        let refusal = ladder.answers(500);
        let seconds: u32 = refusal.headers.get(Name::RetryAfter).unwrap().parse().unwrap();
        assert!(seconds <= 10);
    }
}

/// §14.2: before our answer to the INVITE.
#[test]
fn a_second_invite_before_the_answer_to_the_first_gets_500() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    let tag = to_tag(&ladder.answers(180));
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    ladder.answers(500);
}

/// RFC 3264 §5 in a re-INVITE: no offer asks for ours; the ACK has the answer.
#[test]
fn an_offerless_reinvite_gets_our_offer() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (usage, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", ""));
    let request = asked(ladder.event());
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request, Reply::new(200).sdp(OFFER)))
        .unwrap();
    ladder.answers(200);
    assert_eq!(ladder.reinvite(usage), Err(CommandError::OfferPending));
    ladder.receive(peer.in_dialog("INVITE", 3, &tag, "", OFFER));
    ladder.answers(491);
    ladder.receive(peer.in_dialog("ACK", 2, &tag, "", ANSWER));
    assert_eq!(result(ladder.event()).unwrap(), Some(Body::sdp(ANSWER)));
}

/// RFC 5407 §3.1.4: a re-INVITE that overtakes the ACK shows that our 2xx has arrived.
#[test]
fn a_reinvite_that_overtakes_the_ack_confirms_the_call() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.answered(&peer);
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    assert!(matches!(ladder.event(), Event::Confirmed { .. }));
    asked(ladder.event());
}

/// RFC 3311 §5.2.
#[test]
fn an_update_with_an_offer_is_asked_about_and_one_without_is_answered() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("UPDATE", 2, &tag, "", ""));
    ladder.answers(200);
    ladder.no_event();
    ladder.receive(peer.in_dialog("UPDATE", 3, &tag, "", OFFER));
    let request = asked(ladder.event());
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    ladder.answers(200);
    ladder.wait(secs(40)).is_silent();
    let twice = ladder.tell(|endpoint, now| endpoint.respond(now, request, 200));
    assert_eq!(twice, Err(CommandError::UnknownRequest));
}

/// RFC 3311 §5.2: not before the INVITE's own offer has its answer.
#[test]
fn an_early_update_with_an_offer_waits_for_the_first_answer() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Require: 100rel\r\n",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, Reply::new(183).sdp(ANSWER)))
        .unwrap();
    let early = ladder.answers(183);
    let (tag, rseq) = (to_tag(&early), early.headers.rseq().unwrap().unwrap());
    ladder.receive(peer.in_dialog("UPDATE", 2, &tag, "", OFFER));
    assert!(ladder.answers(500).headers.has(Name::RetryAfter));
    ladder.receive(peer.in_dialog("PRACK", 3, &tag, &format!("RAck: {rseq} 1 INVITE\r\n"), ""));
    ladder.answers(200);
    ladder.receive(peer.in_dialog("UPDATE", 4, &tag, "", OFFER));
    let request = asked(ladder.event());
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    ladder.answers(200);
    // What was agreed last came in the UPDATE (RFC 6337 §2.2).
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    assert!(ladder.answers(200).body.is_empty());
}

/// RFC 4028 and RFC 3261 §15: a callee that has not answered yet says no BYE, however long it rings.
#[test]
fn a_timer_that_an_early_update_brought_ends_no_call_that_rings() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    let tag = to_tag(&ladder.answers(180));
    let timer = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n";
    ladder.receive(peer.in_dialog("UPDATE", 2, &tag, timer, ""));
    assert!(ladder.answers(200).headers.has(Name::SessionExpires));
    ladder.wait(secs(300)).no_event();
    ladder.forget_sent();
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    ladder.answers(200);
}

/// RFC 3311 §5.2, the other way round: our offer is still open.
#[test]
fn an_early_update_of_the_callee_meets_our_open_offer() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.calling();
    ladder.receive(response(&invite, 180, "p1", CONTACT, ""));
    ladder.event();
    ladder.receive(from_callee(&invite, "UPDATE", 1, "p1", "", OFFER));
    ladder.answers(491);
    ladder.no_event();
}

/// The callee refuses the call while nobody has decided about its UPDATE: that has its answer, too (§15.1.2).
#[test]
fn an_early_update_of_a_callee_that_refuses_is_answered() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.calling();
    let headers = format!("{CONTACT_AND_ALL}Require: 100rel\r\nRSeq: 1\r\n");
    ladder.receive(response(&invite, 183, "p1", &headers, ANSWER));
    ladder.event();
    let prack = ladder.sends("PRACK");
    ladder.receive(response(&prack, 200, "p1", "", ""));
    ladder.receive(from_callee(&invite, "UPDATE", 1, "p1", "", OFFER));
    let request = asked(ladder.event());
    ladder.receive(response(&invite, 486, "p1", "", ""));
    ladder.sends("ACK");
    assert!(matches!(ladder.event(), Event::Failed { .. }));
    ladder.answers(487);
    let late = ladder.tell(|endpoint, now| endpoint.respond(now, request, 488));
    assert_eq!(late, Err(CommandError::UnknownRequest));
    ladder.wait(secs(60)).is_at_rest();
}

/// §9.2 for a re-INVITE.
#[test]
fn a_cancelled_reinvite_gets_487_and_leaves_the_call_as_it_was() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (usage, tag) = ladder.established_as_callee();
    let reinvite = peer.in_dialog("INVITE", 2, &tag, "", OFFER);
    ladder.receive(reinvite);
    let request = asked(ladder.event());
    let cancel = peer
        .in_dialog("CANCEL", 2, &tag, "", "")
        .replace("z9hG4bKCANCEL2", "z9hG4bKINVITE2");
    ladder.receive(cancel);
    ladder.answers(200);
    ladder.answers(487);
    let late = ladder.tell(|endpoint, now| endpoint.respond(now, request, 200));
    assert_eq!(late, Err(CommandError::UnknownRequest));
    ladder.reinvite(usage).unwrap();
}

// ---- ours --------------------------------------------------------------------------------------

#[test]
fn we_change_the_session() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    ladder.reinvite(usage).unwrap();
    let reinvite = ladder.sends("INVITE");
    assert_eq!(reinvite.headers.to().unwrap().tag(), Some("p1"));
    assert_eq!(
        ladder.reinvite(usage),
        Err(CommandError::OfferPending),
        "one at a time"
    );
    ladder.receive(response(&reinvite, 200, "", CONTACT, ANSWER));
    let ack = ladder.sends("ACK");
    assert_eq!(
        ack.headers.cseq().unwrap().number,
        reinvite.headers.cseq().unwrap().number
    );
    assert_eq!(result(ladder.event()).unwrap(), Some(Body::sdp(ANSWER)));
    ladder.receive(response(&reinvite, 200, "", CONTACT, ANSWER));
    assert_eq!(ladder.sends("ACK").as_bytes(), ack.as_bytes());
    ladder.no_event();
}

/// §14.1: offerless, the peer's 2xx has the offer and our ACK the answer.
#[test]
fn we_ask_the_peer_for_its_offer() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    ladder
        .tell(|endpoint, now| endpoint.reinvite(now, usage, None, ExtraHeaders::new()))
        .unwrap();
    let reinvite = ladder.sends("INVITE");
    ladder.receive(response(&reinvite, 200, "", CONTACT, OFFER));
    assert_eq!(result(ladder.event()).unwrap(), Some(Body::sdp(OFFER)));
    ladder.is_silent();
    ladder
        .tell(|endpoint, now| endpoint.acknowledge(now, usage, Body::sdp(ANSWER)))
        .unwrap();
    assert_eq!(ladder.sends("ACK").body, ANSWER);
}

/// §13.2.2.4: the call ends before the peer's offer has an answer. The ACK brings one that takes nothing.
#[test]
fn an_offer_that_nobody_will_answer_is_declined_in_the_ack() {
    const TWO: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 97\r\n";
    const DECLINED: &[u8] = b"m=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 97\r\n";
    let wish = |ladder: &mut Ladder| {
        let (usage, tag) = ladder.established_as_callee();
        ladder
            .tell(|endpoint, now| endpoint.reinvite(now, usage, None, ExtraHeaders::new()))
            .unwrap();
        (usage, tag, ladder.sends("INVITE"))
    };
    for we_end in [true, false] {
        let mut ladder = Ladder::new();
        let (usage, tag, invite) = wish(&mut ladder);
        ladder.receive(response(&invite, 200, "", CONTACT, TWO));
        ladder.is_silent();
        if we_end {
            ladder.bye(usage).unwrap();
        } else {
            ladder.receive(Peer::default().in_dialog("BYE", 2, &tag, "", ""));
            ladder.answers(200);
        }
        assert!(ladder.sends("ACK").body.ends_with(DECLINED));
    }
    // The 2xx crosses the BYE.
    let mut ladder = Ladder::new();
    let (usage, _, invite) = wish(&mut ladder);
    ladder.bye(usage).unwrap();
    ladder.sends("BYE");
    ladder.receive(response(&invite, 200, "", CONTACT, TWO));
    assert!(ladder.sends("ACK").body.ends_with(DECLINED));
}

/// §14.1: a refused change leaves the session as it was.
#[test]
fn a_refused_change_leaves_the_call_up() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    ladder.reinvite(usage).unwrap();
    let reinvite = ladder.sends("INVITE");
    ladder.receive(response(&reinvite, 488, "", "", ""));
    ladder.sends("ACK");
    assert_eq!(result(ladder.event()).unwrap_err().status(), 488);
    ladder.reinvite(usage).unwrap();
}

/// §14.1: who made the Call-ID waits 2.1 to 4 s, the other side up to 2 s.
#[test]
fn glare_is_retried_after_a_random_wait_by_role() {
    for (caller, from, to) in [(true, 2_100, 4_000), (false, 0, 2_000)] {
        let mut ladder = Ladder::new();
        let usage = if caller {
            ladder.established_as_caller().0
        } else {
            ladder.established_as_callee().0
        };
        ladder.reinvite(usage).unwrap();
        let reinvite = ladder.sends("INVITE");
        ladder.receive(response(&reinvite, 491, "", "", ""));
        ladder.sends("ACK");
        let start = ladder.now;
        ladder.wait(ms(4_100));
        let (at, _, _) = ladder.sent();
        let waited = at.since(start).as_millis();
        assert!(
            (from..=to).contains(&waited),
            "waited {waited} ms as caller: {caller}"
        );
    }
}

#[test]
fn endless_glare_is_given_up() {
    let mut ladder = Ladder::over_tcp();
    let (usage, _) = ladder.established_as_caller();
    ladder.reinvite(usage).unwrap();
    for _ in 0..4 {
        let reinvite = ladder.sends("INVITE");
        ladder.receive(response(&reinvite, 491, "", "", ""));
        ladder.sends("ACK");
        // Over TCP, so that what comes is a new attempt and no repeat.
        ladder.wait(ms(4_100));
    }
    assert!(matches!(result(ladder.event()), Err(Failure::Glare)));
    ladder.is_silent();
}

/// §14.2: ours is under way, so theirs gets 491.
#[test]
fn a_change_that_meets_ours_gets_491() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.established_as_caller();
    ladder.reinvite(usage).unwrap();
    ladder.sends("INVITE");
    for (method, cseq) in [("INVITE", 1), ("UPDATE", 2)] {
        ladder.receive(from_callee(&invite, method, cseq, "p1", "", OFFER));
        ladder.answers(491);
    }
    ladder.no_event();
}

/// A change of the peer's that wins the glare makes ours outdated: its user hears of it.
#[test]
fn a_change_of_theirs_during_our_wait_replaces_ours() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.established_as_caller();
    ladder.reinvite(usage).unwrap();
    let reinvite = ladder.sends("INVITE");
    ladder.receive(response(&reinvite, 491, "", "", ""));
    ladder.sends("ACK");
    ladder.receive(from_callee(&invite, "INVITE", 1, "p1", "", OFFER));
    assert!(matches!(result(ladder.event()), Err(Failure::Glare)));
    let request = asked(ladder.event());
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    ladder.answers(200);
}

/// §14.2: 500 with Retry-After means later.
#[test]
fn a_peer_that_is_busy_with_its_own_is_asked_again_later() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    ladder.reinvite(usage).unwrap();
    let reinvite = ladder.sends("INVITE");
    ladder.receive(response(&reinvite, 500, "", "Retry-After: 3\r\n", ""));
    ladder.sends("ACK");
    ladder.wait(ms(2_999)).is_silent();
    ladder.wait(ms(1));
    ladder.sends("INVITE");
}

/// §12.2.1.2: the peer does not know the dialog, or nobody answers.
#[test]
fn a_change_that_finds_no_dialog_ends_the_call() {
    for (status, says_bye) in [(481, false), (408, true)] {
        let mut ladder = Ladder::new();
        let (usage, _) = ladder.established_as_caller();
        ladder.reinvite(usage).unwrap();
        let reinvite = ladder.sends("INVITE");
        ladder.receive(response(&reinvite, status, "", "", ""));
        ladder.sends("ACK");
        if says_bye {
            ladder.sends("BYE");
        }
        ladder.is_silent();
        assert_eq!(result(ladder.event()).unwrap_err().status(), status);
        assert_eq!(ended(ladder.event()), Ending::DialogGone, "after {status}");
        assert_eq!(ladder.endpoint.live_usages(), 0);
    }
}

#[test]
fn a_change_that_nobody_answers_ends_the_call() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    ladder.reinvite(usage).unwrap();
    ladder.wait(secs(32));
    assert!(matches!(result(ladder.event()), Err(Failure::Timeout)));
    assert_eq!(ended(ladder.event()), Ending::DialogGone);
}

/// RFC 3311 §4: only where the peer allows it.
#[test]
fn an_update_needs_a_peer_that_allows_it() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_callee();
    assert!(matches!(
        update(&mut ladder, usage, Some(OFFER)),
        Err(CommandError::Refused(_))
    ));

    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    update(&mut ladder, usage, Some(OFFER)).unwrap();
    let sent = ladder.sends("UPDATE");
    ladder.receive(response(&sent, 200, "", CONTACT, ANSWER));
    assert_eq!(result(ladder.event()).unwrap(), Some(Body::sdp(ANSWER)));
    ladder.is_silent();
}

/// RFC 3311 §5.1: an early dialog can be updated before the answer.
#[test]
fn an_early_dialog_can_be_updated() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    let headers = format!("{CONTACT}Allow: INVITE, ACK, UPDATE\r\n");
    ladder.receive(response(&invite, 183, "p1", &headers, ANSWER));
    ladder.event();
    let early = update(&mut ladder, usage, Some(OFFER));
    assert!(
        matches!(early, Err(CommandError::WrongState(_))),
        "it may answer otherwise yet"
    );
    let reliable = format!("{headers}Require: 100rel\r\nRSeq: 1\r\n");
    ladder.receive(response(&invite, 183, "p1", &reliable, ANSWER));
    ladder.event();
    ladder.sends("PRACK");
    update(&mut ladder, usage, Some(OFFER)).unwrap();
    let sent = ladder.sends("UPDATE");
    assert_eq!(sent.headers.to().unwrap().tag(), Some("p1"));
    ladder.receive(response(&sent, 200, "", CONTACT, ANSWER));
    assert!(result(ladder.event()).is_ok());
}

#[test]
fn a_bye_of_theirs_ends_our_change() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.established_as_caller();
    ladder.reinvite(usage).unwrap();
    let reinvite = ladder.sends("INVITE");
    ladder.receive(from_callee(&invite, "BYE", 1, "p1", "", ""));
    ladder.answers(200);
    assert!(matches!(result(ladder.event()), Err(Failure::Ended)));
    assert!(matches!(ended(ladder.event()), Ending::Bye { .. }));
    ladder.receive(response(&reinvite, 487, "", "", ""));
    ladder.sends("ACK");
    ladder.wait(secs(60)).is_at_rest();
}

/// §15: both hang up at once; each BYE is answered.
#[test]
fn two_byes_that_cross_are_both_answered() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.established_as_caller();
    ladder.bye(usage).unwrap();
    ladder.event();
    let bye = ladder.sends("BYE");
    ladder.receive(from_callee(&invite, "BYE", 1, "p1", "", ""));
    ladder.answers(481);
    ladder.receive(response(&bye, 481, "", "", ""));
    ladder.wait(secs(60)).is_at_rest();
}
