//! The focus of a conference (RFC 4579): what its Contact says, and who hears of it.

use cordboard_sip::Name;
use cordboard_sip::endpoint::{CommandError, Reply};

use crate::ladder::{ANSWER, CONTACT, Ladder, OFFER, Peer, response};

const FOCUS: &str = "<sip:conference-1@192.0.2.1:5060>;isfocus";

/// RFC 4579 §5.1: who calls a conference sees in the 200 that it is one.
#[test]
fn a_caller_is_answered_by_a_focus() {
    let mut ladder = Ladder::new();
    let usage = ladder.invited(&Peer::default().invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.be_focus(now, usage, "conference-1"))
        .unwrap();
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    assert_eq!(ladder.answers(200).headers.get(Name::Contact), Some(FOCUS));
    ladder.is_silent();
}

/// RFC 5359 §2.10: who talks already is told with a re-INVITE that changes nothing else.
#[test]
fn a_peer_without_update_learns_of_the_focus_by_reinvite() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_callee();
    ladder
        .tell(|endpoint, now| endpoint.be_focus(now, usage, "conference-1"))
        .unwrap();
    let reinvite = ladder.sends("INVITE");
    assert_eq!(reinvite.headers.get(Name::Contact), Some(FOCUS));
    assert_eq!(reinvite.body, ANSWER);
    ladder.receive(response(&reinvite, 200, "", CONTACT, OFFER));
    ladder.sends("ACK");
    ladder.no_event();
    ladder
        .tell(|endpoint, now| endpoint.be_focus(now, usage, "conference-1"))
        .unwrap();
    ladder.is_silent();
}

/// RFC 3311: UPDATE does it without a session description.
#[test]
fn a_peer_with_update_learns_of_the_focus_by_it() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.established_as_caller();
    ladder
        .tell(|endpoint, now| endpoint.be_focus(now, usage, "conference-1"))
        .unwrap();
    let update = ladder.sends("UPDATE");
    assert_eq!(update.headers.get(Name::Contact), Some(FOCUS));
    assert!(update.body.is_empty());
    ladder.receive(response(&update, 200, "", CONTACT, ""));
    ladder.no_event();
}

#[test]
fn nobody_is_a_focus_before_the_callee_has_answered() {
    let mut ladder = Ladder::new();
    let (usage, _) = ladder.calling();
    let done = ladder.tell(|endpoint, now| endpoint.be_focus(now, usage, "conference-1"));
    assert!(matches!(done, Err(CommandError::WrongState(_))));
}
