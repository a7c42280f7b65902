//! Reliable provisional responses that carry an offer (RFC 3262 §5), and calls that are given up meanwhile.

use cordboard_sip::endpoint::{Body, Credentials, Event, Failure, Reply, UsageId};
use cordboard_sip::{Name, Response};

use crate::ladder::{ANSWER, CONTACT, Ladder, OFFER, Peer, response, secs, to_tag};

const CHALLENGE: &str = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n";

/// A caller without an offer has got ours in a reliable 183.
fn offered_early(ladder: &mut Ladder, peer: &Peer) -> (UsageId, Response) {
    let usage = ladder.invited(&peer.invite(""));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, Reply::new(183).sdp(OFFER)))
        .unwrap();
    (usage, ladder.answers(183))
}

fn prack(peer: &Peer, cseq: u32, early: &Response, body: &str) -> String {
    let rseq = early.headers.rseq().unwrap().unwrap();
    peer.in_dialog(
        "PRACK",
        cseq,
        &to_tag(early),
        &format!("RAck: {rseq} 1 INVITE\r\n"),
        body,
    )
}

/// §5: the PRACK answers our offer; the 2xx then has none, and the answer is told with the ACK.
#[test]
fn the_answer_to_an_early_offer_comes_in_the_prack() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Supported: 100rel\r\n",
        ..Peer::default()
    };
    let (usage, early) = offered_early(&mut ladder, &peer);
    assert_eq!(&early.body[..], OFFER.as_bytes());
    ladder.receive(prack(&peer, 2, &early, ANSWER));
    ladder.answers(200);
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(OFFER)))
        .unwrap();
    let ok = ladder.answers(200);
    assert!(ok.body.is_empty(), "one offer is enough");
    ladder.receive(peer.in_dialog("ACK", 1, &to_tag(&ok), "", ""));
    match ladder.event() {
        Event::Confirmed { body, .. } => assert_eq!(body, Some(Body::sdp(ANSWER))),
        other => panic!("{other:?}"),
    }
}

/// A new offer in a PRACK cannot be answered without asking anybody: refused, and the call goes on.
#[test]
fn a_second_offer_in_a_prack_is_not_acceptable_here() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Supported: 100rel\r\n",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, Reply::new(183).sdp(ANSWER)))
        .unwrap();
    let early = ladder.answers(183);
    ladder.receive(prack(&peer, 2, &early, OFFER));
    ladder.answers(488);
    ladder.wait(secs(10)).is_silent();
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, 200))
        .unwrap();
    ladder.answers(200);
}

/// §4: what is not supported is not sent reliably, and a PRACK for it finds nothing.
#[test]
fn a_prack_for_an_unreliable_response_gets_481() {
    let mut ladder = Ladder::new();
    let peer = Peer::default();
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.progress(now, usage, Reply::new(183).sdp(ANSWER)))
        .unwrap();
    let early = ladder.answers(183);
    assert!(!early.headers.has(Name::RSeq));
    ladder.receive(peer.in_dialog("PRACK", 2, &to_tag(&early), "RAck: 1 1 INVITE\r\n", ""));
    ladder.answers(481);
    ladder.receive(peer.in_dialog("PRACK", 3, &to_tag(&early), "", ""));
    ladder.answers(400);
}

// ---- giving up -----------------------------------------------------------------------------------

fn is_cancelled(event: Event) -> bool {
    matches!(
        event,
        Event::Failed {
            failure: Failure::Cancelled { .. },
            ..
        }
    )
}

/// A challenge asks to try again, which nobody wants any more: no second INVITE would ever be cancelled.
#[test]
fn a_challenge_to_a_cancelled_call_is_not_answered() {
    for (headers, status) in [(CHALLENGE, 407), ("Min-SE: 3600\r\n", 422)] {
        let mut ladder = Ladder::new();
        let invite = ladder.call().credentials(Credentials {
            user: "a".into(),
            password: "b".into(),
        });
        let usage = ladder.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
        let invite = ladder.sends("INVITE");
        ladder
            .tell(|endpoint, now| endpoint.cancel(now, usage, None))
            .unwrap();
        ladder.is_silent();
        ladder.receive(response(&invite, status, "p1", headers, ""));
        ladder.sends("ACK");
        assert!(is_cancelled(ladder.event()), "{status}");
        ladder.is_at_rest();
    }
}

/// The refusal crossed our CANCEL: it is what happened.
#[test]
fn a_refusal_that_crosses_our_cancel_is_told_as_it_is() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder.receive(response(&invite, 180, "p1", CONTACT, ""));
    ladder.event();
    ladder
        .tell(|endpoint, now| endpoint.cancel(now, usage, None))
        .unwrap();
    let cancel = ladder.sends("CANCEL");
    ladder.receive(response(&invite, 486, "p1", "", ""));
    ladder.sends("ACK");
    match ladder.event() {
        Event::Failed {
            failure: Failure::Response(response),
            ..
        } => assert_eq!(response.status.code(), 486),
        other => panic!("{other:?}"),
    }
    ladder.receive(response(&cancel, 481, "p1", "", ""));
    ladder.is_at_rest();
}

/// A CANCEL and the 487 that it brings may overtake each other.
#[test]
fn the_487_may_come_before_the_answer_to_the_cancel() {
    let mut ladder = Ladder::new();
    let (usage, invite) = ladder.calling();
    ladder.receive(response(&invite, 100, "", "", ""));
    ladder
        .tell(|endpoint, now| endpoint.cancel(now, usage, None))
        .unwrap();
    let cancel = ladder.sends("CANCEL");
    assert_eq!(
        cancel.headers.via().unwrap().branch(),
        invite.headers.via().unwrap().branch()
    );
    assert_eq!(
        cancel.headers.cseq().unwrap().number,
        invite.headers.cseq().unwrap().number
    );
    ladder.receive(response(&invite, 487, "p1", "", ""));
    ladder.sends("ACK");
    assert!(is_cancelled(ladder.event()));
    ladder.receive(response(&cancel, 200, "p1", "", ""));
    ladder.wait(secs(60)).is_at_rest();
}

/// A repeated CANCEL gets the same 200, and ends nothing twice.
#[test]
fn a_repeated_cancel_gets_the_same_answer() {
    let mut ladder = Ladder::new();
    let peer = Peer::default();
    ladder.invited(&peer.invite(OFFER));
    for repeat in 0..2 {
        ladder.receive(peer.cancel());
        ladder.answers(200);
        if repeat == 0 {
            ladder.answers(487);
            assert!(matches!(ladder.event(), Event::Ended { .. }));
        }
        ladder.no_event();
    }
}
