//! Others subscribe to us (RFC 6665 §4.2).

use cordboard_sip::Name;
use cordboard_sip::endpoint::{
    Body, CommandError, Config, Event, Notice, Reply, SubscriptionEnding, SubscriptionId, Termination,
    Transport,
};

use crate::ladder::{Ladder, Peer, config, ms, response, secs, to_tag};

const EVENT: &str = "Event: dialog;id=7\r\nExpires: 600\r\nAccept: application/dialog-info+xml\r\n";

fn ladder() -> Ladder {
    let config = Config {
        packages: vec!["dialog".into(), "message-summary".into()],
        ..config()
    };
    Ladder::with(config, Transport::Udp)
}

fn peer(headers: &'static str) -> Peer {
    Peer {
        headers,
        ..Peer::default()
    }
}

/// The peer subscribes; nobody has decided.
fn asked(ladder: &mut Ladder, headers: &'static str) -> SubscriptionId {
    ladder.receive(peer(headers).subscribe());
    ladder.is_silent();
    match ladder.event() {
        Event::Subscribing { subscription, .. } => subscription,
        other => panic!("{other:?}"),
    }
}

fn state(text: &'static str) -> Notice {
    Notice::of(Body::new("application/dialog-info+xml", text))
}

/// The peer has subscribed and has been told. Returns our tag.
fn watched(ladder: &mut Ladder) -> (SubscriptionId, String) {
    let subscription = asked(ladder, EVENT);
    ladder
        .tell(|endpoint, now| endpoint.accept_subscription(now, subscription, state("<idle/>")))
        .unwrap();
    let tag = to_tag(&ladder.answers(200));
    let notify = ladder.sends("NOTIFY");
    ladder.receive(response(&notify, 200, "", "", ""));
    (subscription, tag)
}

fn ending(ladder: &mut Ladder) -> SubscriptionEnding {
    match ladder.event() {
        Event::SubscriptionEnded { ending, .. } => ending,
        other => panic!("{other:?}"),
    }
}

/// §4.2.1, §4.2.2: 200, then the state at once.
#[test]
fn a_granted_subscription_is_told_the_state_at_once() {
    let mut ladder = ladder();
    let subscription = asked(&mut ladder, EVENT);
    ladder
        .tell(|endpoint, now| endpoint.accept_subscription(now, subscription, state("<idle/>")))
        .unwrap();
    let ok = ladder.answers(200);
    assert_eq!(ok.headers.get(Name::Expires), Some("600"));
    assert_eq!(ok.headers.get(Name::Contact), Some("<sip:300@192.0.2.1:5060>"));
    let notify = ladder.sends("NOTIFY");
    assert_eq!(notify.uri_text(), "sip:201@192.0.2.9:5060");
    assert_eq!(notify.headers.get(Name::Event), Some("dialog;id=7"));
    assert_eq!(
        notify.headers.get(Name::SubscriptionState),
        Some("active;expires=600")
    );
    assert_eq!(notify.headers.to().unwrap().tag(), Some("p1"));
    assert_eq!(notify.headers.from().unwrap().tag(), Some(to_tag(&ok).as_str()));
    assert_eq!(&notify.body[..], b"<idle/>");
    ladder.receive(response(&notify, 200, "", "", ""));
    ladder.is_silent().no_event();
    let again = ladder.tell(|endpoint, now| endpoint.accept_subscription(now, subscription, Notice::empty()));
    assert_eq!(again, Err(CommandError::WrongState("decided already")));
}

#[test]
fn a_change_is_notified_and_of_several_the_newest_waits() {
    let mut ladder = ladder();
    let (subscription, _) = watched(&mut ladder);
    ladder.wait(secs(100));
    for text in ["<ringing/>", "<up/>", "<idle/>"] {
        ladder
            .tell(|endpoint, now| endpoint.notify(now, subscription, state(text)))
            .unwrap();
    }
    let first = ladder.sends("NOTIFY");
    assert_eq!(
        first.headers.get(Name::SubscriptionState),
        Some("active;expires=500")
    );
    assert_eq!(&first.body[..], b"<ringing/>");
    ladder.is_silent();
    ladder.receive(response(&first, 200, "", "", ""));
    let second = ladder.sends("NOTIFY");
    assert_eq!(&second.body[..], b"<idle/>");
    assert_eq!(
        second.headers.cseq().unwrap().number,
        first.headers.cseq().unwrap().number + 1
    );
}

#[test]
fn a_refresh_gives_more_time_and_asks_for_the_state_again() {
    let mut ladder = ladder();
    let (subscription, tag) = watched(&mut ladder);
    ladder.wait(secs(500));
    ladder.receive(peer(EVENT).resubscribe(2, &tag, "Event: dialog;id=7\r\nExpires: 600\r\n"));
    assert_eq!(ladder.answers(200).headers.get(Name::Expires), Some("600"));
    assert!(matches!(ladder.event(), Event::Resubscribed { subscription: id, .. } if id == subscription));
    ladder
        .tell(|endpoint, now| endpoint.notify(now, subscription, state("<idle/>")))
        .unwrap();
    let notify = ladder.sends("NOTIFY");
    ladder.receive(response(&notify, 200, "", "", ""));
    ladder.wait(secs(599)).is_silent();
    ladder.wait(secs(1));
    ladder.sends("NOTIFY");
}

/// §4.2.1.3, §4.1.3.
#[test]
fn what_is_not_refreshed_ends_with_a_last_notify() {
    let mut ladder = ladder();
    let (subscription, tag) = watched(&mut ladder);
    ladder.wait(secs(600));
    let last = ladder.sends("NOTIFY");
    assert_eq!(
        last.headers.get(Name::SubscriptionState),
        Some("terminated;reason=timeout")
    );
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Expired));
    ladder.receive(response(&last, 200, "", "", ""));
    // It is gone for everybody.
    let late = ladder.tell(|endpoint, now| endpoint.notify(now, subscription, Notice::empty()));
    assert_eq!(late, Err(CommandError::UnknownSubscription));
    ladder.receive(peer(EVENT).resubscribe(2, &tag, "Event: dialog;id=7\r\nExpires: 600\r\n"));
    ladder.answers(481);
}

#[test]
fn a_subscriber_that_leaves_gets_its_last_notify() {
    let mut ladder = ladder();
    let (_, tag) = watched(&mut ladder);
    ladder.receive(peer(EVENT).resubscribe(2, &tag, "Event: dialog;id=7\r\nExpires: 0\r\n"));
    assert_eq!(ladder.answers(200).headers.get(Name::Expires), Some("0"));
    let last = ladder.sends("NOTIFY");
    assert_eq!(
        last.headers.get(Name::SubscriptionState),
        Some("terminated;reason=timeout")
    );
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Unsubscribed));
    assert_eq!(ladder.endpoint.live_subscriptions(), 0);
}

/// §4.4.3: fetching the state.
#[test]
fn whoever_asks_once_is_told_once() {
    let mut ladder = ladder();
    let subscription = asked(&mut ladder, "Event: dialog\r\nExpires: 0\r\n");
    ladder
        .tell(|endpoint, now| endpoint.accept_subscription(now, subscription, state("<idle/>")))
        .unwrap();
    ladder.answers(200);
    let only = ladder.sends("NOTIFY");
    assert_eq!(&only.body[..], b"<idle/>");
    assert!(
        only.headers
            .get(Name::SubscriptionState)
            .unwrap()
            .starts_with("terminated")
    );
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Unsubscribed));
}

#[test]
fn a_pending_subscription_becomes_active_or_is_rejected() {
    let mut ladder = ladder();
    let subscription = asked(&mut ladder, EVENT);
    ladder
        .tell(|endpoint, now| endpoint.accept_subscription(now, subscription, Notice::pending()))
        .unwrap();
    ladder.answers(200);
    let notify = ladder.sends("NOTIFY");
    assert_eq!(
        notify.headers.get(Name::SubscriptionState),
        Some("pending;expires=600")
    );
    ladder
        .tell(|endpoint, now| {
            endpoint.end_subscription(now, subscription, Termination::Rejected, Notice::empty())
        })
        .unwrap();
    let last = ladder.sends("NOTIFY");
    assert_eq!(
        last.headers.get(Name::SubscriptionState),
        Some("terminated;reason=rejected")
    );
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Ours));
    // The one before it is not repeated: it is out of date.
    ladder.receive(response(&last, 200, "", "", ""));
    ladder.wait(secs(40)).is_silent();
}

#[test]
fn a_termination_can_say_when_to_try_again() {
    let mut ladder = ladder();
    let (subscription, _) = watched(&mut ladder);
    let why = Termination::Probation(Some(secs(30)));
    ladder
        .tell(|endpoint, now| endpoint.end_subscription(now, subscription, why, Notice::empty()))
        .unwrap();
    assert_eq!(
        ladder.sends("NOTIFY").headers.get(Name::SubscriptionState),
        Some("terminated;reason=probation;retry-after=30")
    );
}

#[test]
fn a_refused_subscription_leaves_nothing_behind() {
    let mut ladder = ladder();
    let subscription = asked(&mut ladder, EVENT);
    let reply = Reply::new(403);
    ladder
        .tell(|endpoint, now| endpoint.reject_subscription(now, subscription, reply))
        .unwrap();
    ladder.answers(403);
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Ours));
    assert_eq!(ladder.endpoint.live_subscriptions(), 0);
}

/// §8.3.2, and a SUBSCRIBE without any Event.
#[test]
fn an_unknown_package_gets_489_with_those_we_have() {
    for headers in ["Event: presence\r\n", ""] {
        let mut ladder = ladder();
        ladder.receive(peer(headers).subscribe());
        let bad = ladder.answers(489);
        assert_eq!(
            bad.headers.get(Name::AllowEvents),
            Some("dialog, message-summary")
        );
        ladder.no_event();
    }
}

#[test]
fn too_short_a_time_gets_423_and_too_long_a_one_is_cut() {
    let mut ladder = ladder();
    ladder.receive(peer("Event: dialog\r\nExpires: 30\r\n").subscribe());
    assert_eq!(ladder.answers(423).headers.get("Min-Expires"), Some("60"));
    let long = Peer {
        call_id: "c2",
        branch: "z9hG4bKlong",
        headers: "Event: dialog\r\nExpires: 4294967295\r\n",
        ..Peer::default()
    };
    ladder.receive(long.subscribe());
    assert!(matches!(ladder.event(), Event::Subscribing { lasting, .. } if lasting == secs(7_200)));
}

#[test]
fn a_refresh_for_another_event_gets_489() {
    let mut ladder = ladder();
    let (_, tag) = watched(&mut ladder);
    for (cseq, event) in [(2, "Event: dialog\r\n"), (3, "Event: dialog;id=8\r\n"), (4, "")] {
        ladder.receive(peer(EVENT).resubscribe(cseq, &tag, event));
        ladder.answers(489);
    }
    ladder.no_event();
}

/// §4.2.2: 481 ends it; a passing fault does not.
#[test]
fn a_subscriber_that_knows_nothing_of_it_is_not_told_again() {
    let mut ladder = ladder();
    let (subscription, _) = watched(&mut ladder);
    ladder
        .tell(|endpoint, now| endpoint.notify(now, subscription, state("<up/>")))
        .unwrap();
    let notify = ladder.sends("NOTIFY");
    ladder.receive(response(&notify, 503, "", "", "")).no_event();
    ladder
        .tell(|endpoint, now| endpoint.notify(now, subscription, state("<idle/>")))
        .unwrap();
    let notify = ladder.sends("NOTIFY");
    ladder.receive(response(&notify, 481, "", "", ""));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Gone));
    ladder.wait(secs(3_600)).is_silent().no_event();
}

/// §4.2.2: Timer F.
#[test]
fn a_subscriber_that_does_not_answer_is_not_told_again() {
    let mut ladder = ladder();
    let (subscription, _) = watched(&mut ladder);
    ladder
        .tell(|endpoint, now| endpoint.notify(now, subscription, state("<up/>")))
        .unwrap();
    let start = ladder.now;
    ladder.wait(ms(31_999));
    assert_eq!(
        ladder.sent_times(start, "NOTIFY"),
        [
            0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
    ladder.no_event();
    ladder.wait(ms(1));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Gone));
}

#[test]
fn a_subscription_that_nobody_decides_on_is_forgotten() {
    let mut ladder = ladder();
    let subscription = asked(&mut ladder, EVENT);
    ladder.wait(secs(32));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Gone));
    let late = ladder.tell(|endpoint, now| endpoint.accept_subscription(now, subscription, Notice::empty()));
    assert_eq!(late, Err(CommandError::UnknownSubscription));
    ladder.is_silent();
}

#[test]
fn other_requests_in_its_dialog_are_out_of_place() {
    let mut ladder = ladder();
    let (_, tag) = watched(&mut ladder);
    ladder.receive(Peer::default().in_dialog("BYE", 2, &tag, "", ""));
    ladder.answers(481);
    ladder.receive(Peer::default().in_dialog("INFO", 3, &tag, "", ""));
    ladder.answers(405);
    let stranger = Peer {
        from: "<sip:201@peer.example>;tag=p2",
        ..peer(EVENT)
    };
    ladder.receive(stranger.resubscribe(4, &tag, "Event: dialog;id=7\r\n"));
    ladder.answers(481);
    ladder.receive(peer(EVENT).resubscribe(1, &tag, "Event: dialog;id=7\r\n"));
    ladder.answers(500);
    ladder.no_event();
}

#[test]
fn notifies_follow_the_route_set_and_the_newest_contact() {
    let mut ladder = ladder();
    let through = peer("Event: dialog;id=7\r\nExpires: 600\r\nRecord-Route: <sip:192.0.2.50;lr>\r\n");
    ladder.receive(through.subscribe());
    let Event::Subscribing { subscription, .. } = ladder.event() else {
        panic!()
    };
    ladder
        .tell(|endpoint, now| endpoint.accept_subscription(now, subscription, state("<idle/>")))
        .unwrap();
    let ok = ladder.answers(200);
    assert_eq!(ok.headers.get(Name::RecordRoute), Some("<sip:192.0.2.50;lr>"));
    let (_, path, first) = ladder.sent();
    assert_eq!(path.remote.to_string(), "192.0.2.50:5060");
    let cordboard_sip::Message::Request(first) = first else {
        panic!()
    };
    ladder.receive(response(&first, 200, "", "", ""));
    let moved = Peer {
        contact: "<sip:201@192.0.2.77:5070>",
        ..peer(EVENT)
    };
    ladder.receive(moved.resubscribe(2, &to_tag(&ok), "Event: dialog;id=7\r\nExpires: 600\r\n"));
    ladder.answers(200);
    ladder
        .tell(|endpoint, now| endpoint.notify(now, subscription, state("<up/>")))
        .unwrap();
    let notify = ladder.sends("NOTIFY");
    assert_eq!(notify.uri_text(), "sip:201@192.0.2.77:5070");
    assert_eq!(notify.headers.get(Name::Route), Some("<sip:192.0.2.50;lr>"));
}

#[test]
fn a_subscription_survives_a_restart() {
    let mut before = ladder();
    let (subscription, tag) = watched(&mut before);
    let snapshot = before.endpoint.snapshot_subscription(subscription).unwrap();
    let text = serde_json::to_string(&snapshot).unwrap();

    let mut after = ladder();
    after.wait(secs(100));
    let snapshot: cordboard_sip::endpoint::SubscriptionSnapshot = serde_json::from_str(&text).unwrap();
    let id = after
        .tell(|endpoint, now| endpoint.restore_subscription(now, snapshot.clone()))
        .unwrap();
    assert_eq!(id, subscription);
    let twice = after.tell(|endpoint, now| endpoint.restore_subscription(now, snapshot));
    assert!(matches!(twice, Err(CommandError::Refused(_))));
    after
        .tell(|endpoint, now| endpoint.notify(now, id, state("<up/>")))
        .unwrap();
    let notify = after.sends("NOTIFY");
    assert_eq!(
        notify.headers.get(Name::SubscriptionState),
        Some("active;expires=500")
    );
    after.receive(response(&notify, 200, "", "", ""));
    after.receive(peer(EVENT).resubscribe(9, &tag, "Event: dialog;id=7\r\nExpires: 0\r\n"));
    after.answers(200);
    let last = after.sends("NOTIFY");
    assert!(last.headers.cseq().unwrap().number > notify.headers.cseq().unwrap().number);
}

#[test]
fn a_full_house_says_503() {
    let mut config = Config {
        packages: vec!["dialog".into()],
        ..config()
    };
    config.limits.subscriptions = 1;
    let mut ladder = Ladder::with(config, Transport::Udp);
    asked(&mut ladder, EVENT);
    let second = Peer {
        call_id: "c2",
        branch: "z9hG4bKsecond",
        ..peer(EVENT)
    };
    ladder.receive(second.subscribe());
    assert!(ladder.answers(503).headers.has(Name::RetryAfter));
}

/// Whoever has no packages answers as to any other method.
#[test]
fn without_packages_subscribe_is_not_allowed() {
    let mut ladder = Ladder::new();
    ladder.receive(peer(EVENT).subscribe());
    assert!(ladder.answers(405).headers.has(Name::Allow));
}
