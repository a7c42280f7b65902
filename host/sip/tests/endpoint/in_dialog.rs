//! Other requests inside of a dialog.

use cordboard_sip::Name;
use cordboard_sip::endpoint::{CommandError, Ending, Event, ExtraHeaders, RequestId};

use crate::ladder::{Ladder, OFFER, Peer, from_callee, response, secs, to_tag};

pub fn passed_up(event: Event) -> RequestId {
    match event {
        Event::InDialog { request_id, .. } => request_id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn info_refer_notify_and_message_are_passed_up_and_answered() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    for (cseq, method) in [(2, "INFO"), (3, "REFER"), (4, "NOTIFY"), (5, "MESSAGE")] {
        ladder.receive(peer.in_dialog(method, cseq, &tag, "", ""));
        let request = passed_up(ladder.event());
        ladder
            .tell(|endpoint, now| endpoint.respond(now, request, 202))
            .unwrap();
        assert_eq!(to_tag(&ladder.answers(202)), tag);
    }
}

/// §11.2.
#[test]
fn options_in_a_dialog_are_answered_inside() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("OPTIONS", 2, &tag, "", ""));
    let ok = ladder.answers(200);
    assert!(ok.headers.lists(Name::Allow, "UPDATE") && ok.headers.has(Name::Accept));
    ladder.no_event();
}

/// §12.2.2.
#[test]
fn an_older_cseq_gets_500_and_a_gap_is_fine() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("INFO", 40, &tag, "", ""));
    passed_up(ladder.event());
    ladder.receive(peer.in_dialog("INFO", 39, &tag, "", ""));
    ladder.answers(500);
    ladder.no_event();
}

/// §12.2.2: tags and Call-ID must all fit.
#[test]
fn a_request_for_another_dialog_gets_481() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    let wrong = [
        peer.in_dialog("BYE", 2, "nonsense", "", ""),
        Peer {
            call_id: "c9",
            ..Peer::default()
        }
        .in_dialog("BYE", 3, &tag, "", ""),
        Peer {
            from: "<sip:201@peer.example>;tag=p9",
            ..Peer::default()
        }
        .in_dialog("BYE", 4, &tag, "", ""),
    ];
    for request in wrong {
        ladder.receive(request);
        ladder.answers(481);
    }
    ladder.receive(peer.in_dialog("ACK", 9, "nonsense", "", ""));
    ladder.is_silent().no_event();
    assert_eq!(ladder.endpoint.live_usages(), 1);
}

/// §15.1.2: what still waits for an answer gets 487.
#[test]
fn a_bye_answers_what_is_still_open() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    ladder.receive(peer.in_dialog("INVITE", 2, &tag, "", OFFER));
    ladder.event();
    ladder.receive(peer.in_dialog("BYE", 3, &tag, "", ""));
    ladder.answers(200);
    ladder.answers(487);
    assert!(matches!(
        ladder.event(),
        Event::Ended {
            ending: Ending::Bye { .. },
            ..
        }
    ));
}

#[test]
fn unanswered_requests_of_one_dialog_are_bounded() {
    let (mut ladder, peer) = (Ladder::new(), Peer::default());
    let (_, tag) = ladder.established_as_callee();
    for cseq in 2..10 {
        ladder.receive(peer.in_dialog("INFO", cseq, &tag, "", ""));
        passed_up(ladder.event());
    }
    ladder.receive(peer.in_dialog("INFO", 10, &tag, "", ""));
    ladder.answers(500);
    ladder.no_event();
    // When nobody answers, the peer gives up, and so do we.
    ladder.wait(secs(33));
    ladder.receive(peer.in_dialog("INFO", 11, &tag, "", ""));
    passed_up(ladder.event());
}

#[test]
fn our_request_in_the_dialog_gets_its_answer() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    let headers = ExtraHeaders::new()
        .with("Event", "refer")
        .with("Subscription-State", "active");
    let sent = ladder.tell(|endpoint, now| endpoint.request_in_dialog(now, usage, "NOTIFY", headers, None));
    let notify = ladder.sends("NOTIFY");
    assert_eq!(notify.headers.get(Name::Event), Some("refer"));
    ladder.receive(response(&notify, 200, "", "", ""));
    let Event::InDialogAnswered {
        request_id,
        result: Ok(_),
        ..
    } = ladder.event()
    else {
        panic!()
    };
    assert_eq!(Ok(request_id), sent);
    let own =
        ladder.tell(|endpoint, now| endpoint.request_in_dialog(now, usage, "BYE", ExtraHeaders::new(), None));
    assert!(matches!(own, Err(CommandError::Refused(_))));
}

/// §12.2.1.2, RFC 5057 §5.1: 481, 408 and silence say that the dialog is gone.
#[test]
fn a_request_that_finds_no_dialog_ends_the_call() {
    for status in [Some(481), Some(408), None] {
        let mut ladder = Ladder::new();
        let (usage, _) = ladder.established_as_caller();
        ladder
            .tell(|endpoint, now| endpoint.request_in_dialog(now, usage, "INFO", ExtraHeaders::new(), None))
            .unwrap();
        let info = ladder.sends("INFO");
        match status {
            Some(status) => ladder.receive(response(&info, status, "", "", "")),
            None => ladder.wait(secs(32)),
        };
        assert!(matches!(ladder.event(), Event::InDialogAnswered { .. }));
        assert!(
            matches!(
                ladder.event(),
                Event::Ended {
                    ending: Ending::DialogGone,
                    ..
                }
            ),
            "{status:?}"
        );
    }
}

/// RFC 5057 §5.1: a subscription that is gone takes no call with it.
#[test]
fn a_notify_that_nobody_wants_does_not_end_the_call() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    ladder
        .tell(|endpoint, now| endpoint.request_in_dialog(now, usage, "NOTIFY", ExtraHeaders::new(), None))
        .unwrap();
    let notify = ladder.sends("NOTIFY");
    ladder.receive(response(&notify, 481, "", "", ""));
    assert!(matches!(ladder.event(), Event::InDialogAnswered { .. }));
    ladder.no_event();
    assert!(ladder.endpoint.usage(usage).is_some());
}

/// RFC 3891 §3: a dialog is found by Call-ID and both tags, ours and theirs.
#[test]
fn a_dialog_is_found_for_replaces() {
    let mut ladder = Ladder::new();
    let (usage, tag) = ladder.established_as_callee();
    assert_eq!(ladder.endpoint.find_dialog("c1", &tag, "p1"), Some(usage));
    assert_eq!(ladder.endpoint.find_dialog("c1", "p1", &tag), None);
    assert_eq!(ladder.endpoint.find_dialog("c2", &tag, "p1"), None);
}

/// A peer's BYE for the callee's dialog of a call of ours.
#[test]
fn the_callee_hangs_up() {
    let mut ladder = Ladder::new();
    let (_, invite) = ladder.established_as_caller();
    ladder.receive(from_callee(&invite, "BYE", 1, "p1", "", ""));
    ladder.answers(200);
    assert!(matches!(
        ladder.event(),
        Event::Ended {
            ending: Ending::Bye { reason: None },
            ..
        }
    ));
    ladder.wait(secs(60)).is_at_rest();
}
