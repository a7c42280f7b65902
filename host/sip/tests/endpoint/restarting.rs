//! The process dies, and another one goes on with its calls, answered or not.

use base::Random;
use cordboard_sip::endpoint::{
    CommandError, Ending, Endpoint, Event, Reply, Role, State, UsageId, UsageSnapshot,
};

use crate::in_dialog::passed_up;
use crate::ladder::{
    ANSWER, CONTACT_AND_ALL, Ladder, OFFER, Peer, config, lists, ms, response, secs, to_tag,
};
use cordboard_sip::Name;

/// The endpoint dies with these calls, and comes back with them.
fn dies(ladder: &mut Ladder, usage: UsageId) {
    let snapshot = through_storage(&ladder.endpoint.snapshot(usage).unwrap());
    restarted(ladder, vec![snapshot]);
}

/// The caller heard ringing from the process that died, and is answered by the next one.
#[test]
fn a_caller_who_waits_is_answered_after_a_restart() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, 180))
        .unwrap();
    let ringing = ladder.answers(180);
    let snapshot = ladder.endpoint.snapshot(usage).unwrap();
    assert_eq!(snapshot.offer().unwrap().bytes, OFFER.as_bytes());

    dies(&mut ladder, usage);
    ladder.receive(peer.invite(OFFER));
    ladder.answers(180);
    ladder.wait(secs(60));
    ladder.answers(180);
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    let answer = ladder.answers(200);
    assert_eq!(to_tag(&answer), to_tag(&ringing), "one dialog");
    ladder.receive(peer.in_dialog("ACK", 1, &to_tag(&answer), "", ""));
    assert!(matches!(ladder.event(), Event::Confirmed { .. }));
}

/// §9.2: the CANCEL finds the INVITE that another process received.
#[test]
fn a_caller_gives_up_after_a_restart() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    dies(&mut ladder, usage);
    ladder.wait(ms(200)).answers(100);
    ladder.receive(peer.cancel());
    ladder.answers(200);
    ladder.answers(487);
    let Event::Ended { ending, .. } = ladder.event() else {
        panic!()
    };
    assert_eq!(ending, Ending::Cancelled { reason: None });
}

/// RFC 3262 §3: a response that waits for its PRACK is repeated by the next process.
#[test]
fn a_reliable_response_is_repeated_after_a_restart() {
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
    assert!(lists(&early, Name::Require, "100rel"));
    dies(&mut ladder, usage);
    ladder.wait(ms(500));
    ladder.answers(183);
    let rack = format!("RAck: {} 1 INVITE\r\n", early.headers.get(Name::RSeq).unwrap());
    ladder.receive(peer.in_dialog("PRACK", 2, &to_tag(&early), &rack, ""));
    ladder.answers(200);
    ladder.wait(secs(30)).is_silent();
}

/// §13.3.1.4: our 200 is repeated by the next process until its ACK comes.
#[test]
fn a_200_waits_for_its_ack_through_a_restart() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (usage, tag) = ladder.answered(&peer);
    dies(&mut ladder, usage);
    ladder.wait(ms(500));
    ladder.answers(200);
    ladder.receive(peer.in_dialog("ACK", 1, &tag, "", ""));
    assert!(matches!(ladder.event(), Event::Confirmed { .. }));
    ladder.wait(secs(30)).is_silent();
}

/// §14.2: so is our 200 to a re-INVITE. Without it the peer would wait for ever, and refuse whatever we ask with 491.
#[test]
fn a_200_to_a_reinvite_waits_for_its_ack_through_a_restart() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (usage, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    let Event::Reinvited { request_id, .. } = ladder.event() else {
        panic!()
    };
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request_id, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    let answer = ladder.answers(200);
    dies(&mut ladder, usage);
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    ladder.no_event();
    ladder.wait(ms(500));
    assert_eq!(ladder.answers(200).body, answer.body);
    ladder.receive(peer.in_dialog("ACK", 2, &tag, "", ""));
    ladder.wait(secs(4)).is_silent().no_event();
}

/// RFC 6026 §7.1: the caller had not heard our 200, and asks the next process again: that is no second call.
#[test]
fn an_invite_that_was_answered_before_a_restart_is_no_new_call() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (usage, tag) = ladder.answered(&peer);
    dies(&mut ladder, usage);
    ladder.receive(peer.invite(OFFER));
    ladder.is_silent().no_event();
    ladder.wait(ms(500));
    assert_eq!(to_tag(&ladder.answers(200)), tag);
}

/// The callee rang, and answers the process that comes after.
#[test]
fn a_callee_answers_after_a_restart() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder.receive(response(&invite, 180, "p1", CONTACT_AND_ALL, ""));
    assert!(matches!(ladder.event(), Event::Progress { .. }));
    dies(&mut ladder, usage);
    ladder.wait(secs(10)).is_silent();
    ladder.receive(response(&invite, 200, "p1", CONTACT_AND_ALL, ANSWER));
    let ack = ladder.sends("ACK");
    assert_eq!(
        ack.headers.cseq().unwrap().number,
        invite.headers.cseq().unwrap().number
    );
    assert!(matches!(ladder.event(), Event::Accepted { .. }));
}

/// §9.1: CANCEL bears the branch of the INVITE that another process sent.
#[test]
fn a_ringing_callee_is_cancelled_after_a_restart() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder.receive(response(&invite, 180, "p1", CONTACT_AND_ALL, ""));
    ladder.event();
    dies(&mut ladder, usage);
    ladder
        .tell(|endpoint, now| endpoint.cancel(now, usage, None))
        .unwrap();
    let cancel = ladder.sends("CANCEL");
    assert_eq!(cancel.headers.get(Name::Via), invite.headers.get(Name::Via));
}

/// The endpoint of a new process, with the calls of the old one.
fn restarted(ladder: &mut Ladder, snapshots: Vec<UsageSnapshot>) {
    ladder.endpoint = Endpoint::new(config(), Random::from_seed(99));
    for snapshot in snapshots {
        ladder
            .tell(|endpoint, now| endpoint.restore(now, snapshot))
            .unwrap();
    }
}

fn through_storage(snapshot: &UsageSnapshot) -> UsageSnapshot {
    serde_json::from_slice(&serde_json::to_vec(snapshot).unwrap()).unwrap()
}

#[test]
fn a_call_survives_a_restart_in_both_roles() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (callee, tag) = ladder.established_as_callee();
    let (caller, invite) = ladder.established_as_caller();
    let old_cseq = invite.headers.cseq().unwrap().number;
    let snapshots: Vec<_> = [callee, caller]
        .map(|usage| through_storage(&ladder.endpoint.snapshot(usage).unwrap()))
        .into();
    restarted(&mut ladder, snapshots);

    let info = ladder.endpoint.usage(caller).unwrap();
    assert_eq!(
        (info.role, info.state, info.remote_tag),
        (Role::Uac, State::Confirmed, Some("p1"))
    );
    assert!(info.session_timer.is_some());
    ladder.receive(peer.in_dialog("INFO", 2, &tag, "", ""));
    let request = passed_up(ladder.event());
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request, Reply::new(200)))
        .unwrap();
    ladder.answers(200);
    ladder.bye(caller).unwrap();
    let bye = ladder.sends("BYE");
    assert!(bye.headers.cseq().unwrap().number > old_cseq);
    assert_eq!(bye.headers.call_id(), invite.headers.call_id());
    ladder.event();
    ladder.receive(peer.in_dialog("BYE", 3, &tag, "", ""));
    ladder.answers(200);
    ladder.event();
    let (usage, _) = ladder.calling();
    assert!(usage > callee && usage > caller, "numbers are not used again");
}

#[test]
fn a_call_is_not_restored_twice_and_not_while_it_is_given_up() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_callee();
    let snapshot = ladder.endpoint.snapshot(usage).unwrap();
    let again = ladder.tell(|endpoint, now| endpoint.restore(now, snapshot));
    assert!(matches!(again, Err(CommandError::Refused(_))));
    let (ringing, _) = ladder.calling();
    ladder
        .tell(|endpoint, now| endpoint.cancel(now, ringing, None))
        .unwrap();
    assert!(ladder.endpoint.snapshot(ringing).is_none());
}

/// RFC 4028 §7.4: a call of another process is refreshed soon, after whoever hung up meanwhile had the time to say so again; from
/// then on as ever.
#[test]
fn a_call_is_refreshed_after_a_restart_and_its_session_timer_goes_on() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    dies(&mut ladder, usage);
    ladder.wait(ms(4_999)).is_silent();
    ladder.wait(ms(1));
    let update = ladder.sends("UPDATE");
    let granted = "Session-Expires: 1800;refresher=uac\r\n";
    ladder.receive(response(&update, 200, "", granted, ""));
    ladder.wait(secs(899)).is_silent();
    ladder.wait(secs(1));
    ladder.sends("UPDATE");
    ladder.no_event();
}

/// §12.2.1.2: the process that died had answered the peer's BYE.
#[test]
fn a_call_that_the_peer_had_ended_before_a_restart_ends() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    dies(&mut ladder, usage);
    ladder.wait(secs(5));
    let update = ladder.sends("UPDATE");
    ladder.receive(response(&update, 481, "", "", ""));
    let Event::Ended { ending, .. } = ladder.event() else {
        panic!()
    };
    assert_eq!(ending, Ending::DialogGone);
    ladder.wait(secs(60)).is_silent();
}

/// The BYE or CANCEL that nobody answered is said again, as it was, by the next process; once answered there is none.
#[test]
fn a_farewell_that_was_not_heard_is_said_again_after_a_restart() {
    for answered in [true, false] {
        let mut ladder = Ladder::new();
        let (usage, method) = if answered {
            (ladder.established_as_caller().0, "BYE")
        } else {
            let (usage, invite) = ladder.calling();
            ladder.receive(response(&invite, 180, "p1", CONTACT_AND_ALL, ""));
            (usage, "CANCEL")
        };
        ladder
            .tell(|endpoint, now| endpoint.hang_up(now, usage, 480, None))
            .unwrap();
        let said = ladder.sends(method);
        let farewell = ladder.endpoint.farewell(usage).unwrap();
        let stored = serde_json::to_vec(&farewell).unwrap();

        restarted(&mut ladder, vec![]);
        let farewell = serde_json::from_slice(&stored).unwrap();
        ladder.tell(|endpoint, now| endpoint.take_leave(now, farewell));
        assert_eq!(ladder.sends(method).as_bytes(), said.as_bytes());
        ladder.wait(ms(500)).sends(method);
        ladder.receive(response(&said, 200, "", "", ""));
        ladder.wait(secs(60)).is_silent();
        assert!(ladder.endpoint.farewell(usage).is_none());
    }
}

/// §15: a BYE that waits for an ACK is not lost either.
#[test]
fn a_farewell_that_was_held_back_is_said_after_a_restart() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (usage, tag) = ladder.answered(&peer);
    ladder.bye(usage).unwrap();
    ladder.is_silent();
    let farewell = ladder.endpoint.farewell(usage).unwrap();
    restarted(&mut ladder, vec![]);
    ladder.tell(|endpoint, now| endpoint.take_leave(now, farewell));
    let bye = ladder.sends("BYE");
    assert_eq!(bye.headers.from().unwrap().tag(), Some(&*tag));
    ladder.receive(response(&bye, 200, "", "", ""));
    ladder.wait(secs(60)).is_silent();
}

/// §13.2.2.4: the peer accepted a re-INVITE of the process that died. It gets its ACK each time that it asks, and our user
/// hears that the session is to be settled; a stranger's 2xx is nobody's.
#[test]
fn a_change_that_was_accepted_after_a_restart_is_acknowledged_and_told() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    let snapshot = through_storage(&ladder.endpoint.snapshot(usage).unwrap());
    ladder.reinvite(usage).unwrap();
    let reinvite = ladder.sends("INVITE");
    restarted(&mut ladder, vec![snapshot]);

    let accepted = response(&reinvite, 200, "p1", CONTACT_AND_ALL, ANSWER);
    ladder.receive(accepted.replace(";tag=p1", ";tag=another"));
    ladder.receive(response(&reinvite, 488, "p1", CONTACT_AND_ALL, ""));
    ladder.is_silent().no_event();
    for _ in 0..2 {
        ladder.receive(accepted.clone());
        let ack = ladder.sends("ACK");
        assert_eq!(
            ack.headers.cseq().unwrap().number,
            reinvite.headers.cseq().unwrap().number
        );
        assert!(matches!(ladder.event(), Event::Unsettled { .. }));
    }
    ladder.reinvite(usage).unwrap();
    ladder.sends("INVITE");
    ladder.receive(accepted);
    ladder.sends("ACK");
    ladder.no_event();
}

/// A re-INVITE that heard 100 from the process that died is not repeated: the next one says that it may be tried again.
#[test]
fn a_change_that_waited_is_refused_after_a_restart_and_may_be_tried_again() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (usage, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    assert!(matches!(ladder.event(), Event::Reinvited { .. }));
    ladder.wait(ms(200)).answers(100);
    dies(&mut ladder, usage);
    assert_eq!(to_tag(&ladder.answers(491)), tag);
    ladder.receive(peer.in_dialog("ACK", 2, &tag, "", ""));

    ladder.receive(peer.in_dialog("INVITE", 3, &tag, "", OFFER));
    let Event::Reinvited { request_id, .. } = ladder.event() else {
        panic!()
    };
    ladder
        .tell(|endpoint, now| endpoint.respond(now, request_id, Reply::new(488)))
        .unwrap();
    ladder.answers(488);
    dies(&mut ladder, usage);
    ladder.is_silent();
}
