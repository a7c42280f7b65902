//! Keeping a session alive (RFC 4028): refreshes of either side, and calls that nobody refreshes.

use std::time::Duration;

use cordboard_sip::Name;
use cordboard_sip::endpoint::{Body, Config, Ending, Reply, SessionTimer, Transport};

use crate::ladder::{
    ANSWER, CONTACT, Ladder, OFFER, Peer, config, ended, ms, response, result, secs, to_tag,
};

fn with_interval(seconds: u64) -> Ladder {
    let session_timer = SessionTimer {
        interval: Some(Duration::from_secs(seconds)),
        ..SessionTimer::default()
    };
    Ladder::with(
        Config {
            session_timer,
            ..config()
        },
        Transport::Udp,
    )
}

/// RFC 4028 §7.4: the refresher refreshes at half time, with UPDATE where that is allowed.
#[test]
fn we_refresh_at_half_time_with_update() {
    let mut ladder = Ladder::new();
    ladder.established_as_caller();
    for _ in 0..3 {
        let start = ladder.now;
        ladder.wait(secs(900));
        let update = ladder.sends("UPDATE");
        assert_eq!(ladder.now.since(start), secs(900));
        assert_eq!(
            update.headers.get(Name::SessionExpires),
            Some("1800;refresher=uac")
        );
        ladder.receive(response(
            &update,
            200,
            "",
            "Session-Expires: 1800;refresher=uac\r\n",
            "",
        ));
        ladder.no_event();
    }
}

/// RFC 4028 §7.4: else with a re-INVITE that says what was said last.
#[test]
fn we_refresh_with_a_reinvite_where_update_is_not_known() {
    let mut ladder = with_interval(600);
    let (_, tag) = ladder.established_as_callee();
    ladder.wait(secs(300));
    let reinvite = ladder.sends("INVITE");
    assert_eq!(reinvite.body, ANSWER);
    assert_eq!(reinvite.headers.from().unwrap().tag(), Some(tag.as_str()));
    ladder.receive(response(&reinvite, 200, "", CONTACT, OFFER));
    ladder.sends("ACK");
    ladder.no_event();
}

/// Having said nothing yet, we can only ask; the peer's offer then needs somebody's answer.
#[test]
fn a_refresh_that_brings_an_offer_is_told() {
    let (mut ladder, peer) = (with_interval(600), Peer::default());
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, 200))
        .unwrap();
    let tag = to_tag(&ladder.answers(200));
    ladder.receive(peer.in_dialog("ACK", 1, &tag, "", ""));
    ladder.event();
    ladder.wait(secs(300));
    let reinvite = ladder.sends("INVITE");
    assert!(reinvite.body.is_empty());
    ladder.receive(response(&reinvite, 200, "", CONTACT, OFFER));
    assert_eq!(result(ladder.event()).unwrap(), Some(Body::sdp(OFFER)));
    ladder
        .tell(|endpoint, now| endpoint.acknowledge(now, usage, Body::sdp(ANSWER)))
        .unwrap();
    assert_eq!(ladder.sends("ACK").body, ANSWER);
}

/// A refresh whose answer differs is news.
#[test]
fn a_refresh_that_changes_the_session_is_told() {
    let mut ladder = with_interval(600);
    ladder.established_as_callee();
    ladder.wait(secs(300));
    let reinvite = ladder.sends("INVITE");
    let changed = OFFER.replace("1 1 IN", "1 2 IN");
    ladder.receive(response(&reinvite, 200, "", CONTACT, &changed));
    assert_eq!(result(ladder.event()).unwrap(), Some(Body::sdp(changed)));
}

/// RFC 4028 §10: BYE shortly before the end when the refresher is silent.
#[test]
fn a_call_that_is_not_refreshed_is_ended() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n",
        ..Peer::default()
    };
    let usage = ladder.invited(&peer.invite(OFFER));
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, Reply::new(200).sdp(ANSWER)))
        .unwrap();
    let ok = ladder.answers(200);
    assert_eq!(ok.headers.get(Name::SessionExpires), Some("120;refresher=uac"));
    assert!(ok.headers.lists(Name::Require, "timer"));
    let tag = to_tag(&ok);
    ladder.receive(peer.in_dialog("ACK", 1, &tag, "", ""));
    ladder.event();

    ladder.wait(secs(80));
    ladder.receive(peer.in_dialog(
        "UPDATE",
        2,
        &tag,
        "Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n",
        "",
    ));
    ladder.answers(200);
    ladder.wait(ms(87_999)).is_silent();
    ladder.wait(ms(1));
    ladder.sends("BYE");
    assert_eq!(ended(ladder.event()), Ending::SessionExpired);
}

/// RFC 4028 §6.
#[test]
fn an_interval_that_is_too_small_gets_422() {
    let mut ladder = Ladder::new();
    let peer = Peer {
        headers: "Supported: timer\r\nSession-Expires: 60\r\n",
        ..Peer::default()
    };
    ladder.receive(peer.invite(OFFER));
    assert_eq!(ladder.answers(422).headers.get(Name::MinSe), Some("90"));
    ladder.no_event();
}

/// RFC 4028 §7.4, §10: a refresh that nobody answers shows that the peer is gone.
#[test]
fn a_dead_peer_is_found_by_the_refresh() {
    let mut ladder = Ladder::new();
    ladder.established_as_caller();
    ladder.wait(secs(932));
    assert_eq!(ended(ladder.event()), Ending::DialogGone);
    assert_eq!(ladder.endpoint.live_usages(), 0);
}
