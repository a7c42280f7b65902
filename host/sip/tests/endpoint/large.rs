//! Requests that do not fit into a datagram (RFC 3261 §18.1.1).

use cordboard_sip::endpoint::{ConnectionId, Event, Failure, Invite, Large, Packet, Path, Transport};
use cordboard_sip::{Message, Name, Request};

use crate::ladder::{ANSWER, CONTACT_AND_ALL, Ladder, from_callee, ms, response, secs};

/// A call whose INVITE has more than 1 300 bytes.
fn large(ladder: &Ladder) -> Invite {
    ladder.call().header("X-Padding", "x".repeat(1_000))
}

fn sent(ladder: &mut Ladder) -> (Path, Request) {
    match ladder.sent() {
        (_, path, Message::Request(request)) => (path, request),
        other => panic!("{other:?}"),
    }
}

/// We call; what was sent, and where.
fn calling(ladder: &mut Ladder, invite: Invite) -> (Path, Request) {
    ladder.tell(|endpoint, now| endpoint.invite(now, invite)).unwrap();
    sent(ladder)
}

#[test]
fn a_large_request_goes_over_tcp() {
    let mut ladder = Ladder::new();
    let invite = large(&ladder);
    let (path, invite) = calling(&mut ladder, invite);
    assert_eq!(path, Path::tcp(ladder.path.local, ladder.path.remote));
    assert!(
        invite
            .headers
            .get(Name::Via)
            .unwrap()
            .starts_with("SIP/2.0/TCP 192.0.2.1:5060;branch=")
    );
    // Nothing is repeated over TCP.
    ladder.wait(secs(4)).is_silent();
}

#[test]
fn a_small_one_and_one_that_shall_not_move_go_over_udp() {
    let mut ladder = Ladder::new();
    let small = ladder.call();
    assert_eq!(calling(&mut ladder, small).0.transport, Transport::Udp);
    let mut kept = large(&ladder);
    kept.large = Large::Udp;
    assert_eq!(calling(&mut ladder, kept).0.transport, Transport::Udp);
}

#[test]
fn the_call_goes_on_over_the_connection_that_was_opened_for_it() {
    let mut ladder = Ladder::new();
    let invite = large(&ladder);
    let (path, invite) = calling(&mut ladder, invite);
    ladder.path = Path {
        connection: Some(ConnectionId(9)),
        ..path
    };
    ladder.receive(response(&invite, 200, "p1", CONTACT_AND_ALL, ANSWER));
    let (on, ack) = sent(&mut ladder);
    assert_eq!(
        (on.connection, ack.method.as_str()),
        (Some(ConnectionId(9)), "ACK")
    );
    assert!(ack.headers.get(Name::Via).unwrap().starts_with("SIP/2.0/TCP"));
    assert!(matches!(ladder.event(), Event::Accepted { .. }));
    ladder.receive(from_callee(&invite, "BYE", 1, "p1", "", ""));
    ladder.answers(200);
}

#[test]
fn where_tcp_is_refused_it_goes_over_udp_after_all() {
    let mut ladder = Ladder::new();
    let invite = large(&ladder);
    let (path, over_tcp) = calling(&mut ladder, invite);
    ladder.tell(|endpoint, now| endpoint.unreachable(now, path));
    let (back, over_udp) = sent(&mut ladder);
    assert_eq!(back, ladder.path);
    assert!(
        over_udp
            .headers
            .get(Name::Via)
            .unwrap()
            .starts_with("SIP/2.0/UDP")
    );
    let branch = |request: &Request| request.headers.via().unwrap().branch().unwrap().to_owned();
    assert_eq!(branch(&over_udp), branch(&over_tcp));
    // Now it is repeated as usual, and fails as usual.
    ladder.no_event().wait(ms(499)).is_silent();
    ladder.wait(ms(1));
    assert_eq!(sent(&mut ladder).0.transport, Transport::Udp);
    ladder.tell(|endpoint, now| endpoint.unreachable(now, back));
    assert!(matches!(
        ladder.event(),
        Event::Failed {
            failure: Failure::Transport,
            ..
        }
    ));
}

#[test]
fn a_refusal_is_remembered_for_ten_minutes() {
    let mut ladder = Ladder::new();
    let first = large(&ladder);
    let (path, _) = calling(&mut ladder, first);
    ladder.tell(|endpoint, now| endpoint.unreachable(now, path));
    sent(&mut ladder);
    ladder.wait(secs(599)).forget_sent();
    let second = large(&ladder);
    assert_eq!(calling(&mut ladder, second).0.transport, Transport::Udp);
    ladder.wait(secs(1)).forget_sent();
    let third = large(&ladder);
    assert_eq!(calling(&mut ladder, third).0.transport, Transport::Tcp);
}

/// A connection that breaks after something came back is a failure, not a reason to start again.
#[test]
fn a_call_that_rings_does_not_fall_back() {
    let mut ladder = Ladder::new();
    let invite = large(&ladder);
    let (path, invite) = calling(&mut ladder, invite);
    let path = Path {
        connection: Some(ConnectionId(9)),
        ..path
    };
    let ringing = response(&invite, 180, "p1", "", "").into();
    ladder.tell(|endpoint, now| endpoint.receive(now, Packet { path, bytes: ringing }));
    ladder.event();
    ladder.tell(|endpoint, now| endpoint.connection_lost(now, ConnectionId(9)));
    ladder.is_silent();
    assert!(matches!(ladder.event(), Event::Failed { .. }));
}

/// §18.2.2: responses keep to the way of their request.
#[test]
fn a_large_response_keeps_to_udp() {
    use cordboard_sip::endpoint::Reply;

    use crate::ladder::{OFFER, Peer};

    let mut ladder = Ladder::new();
    let usage = ladder.invited(&Peer::default().invite(OFFER));
    let reply = Reply::new(200).sdp(ANSWER).header("X-Padding", "x".repeat(2_000));
    ladder
        .tell(|endpoint, now| endpoint.accept(now, usage, reply))
        .unwrap();
    let (_, path, _) = ladder.sent();
    assert_eq!(path, ladder.path);
}
