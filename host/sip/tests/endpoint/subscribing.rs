//! We subscribe to others (RFC 6665 §4.1).

use std::time::Duration;

use cordboard_sip::endpoint::{
    CommandError, Credentials, Event, Failure, Standing, Subscribe, SubscriptionEnding, SubscriptionId,
    SubscriptionSnapshot,
};
use cordboard_sip::{Name, Request};

use crate::ladder::{CONTACT, Ladder, from_callee, ms, response, secs, uri};

fn subscribe_for(ladder: &mut Ladder, lasting: Duration) -> (SubscriptionId, Request) {
    let me = uri("sip:100@192.0.2.1");
    let whom = uri("sip:201@192.0.2.9");
    let mut subscribe = Subscribe::new(whom.clone(), ladder.path, me, whom, "dialog;id=4", lasting)
        .accept("application/dialog-info+xml");
    subscribe.contact_user = Some("100".into());
    subscribe.credentials = Some(Credentials {
        user: "100".into(),
        password: "secret".into(),
    });
    let subscription = ladder
        .tell(|endpoint, now| endpoint.subscribe(now, subscribe))
        .unwrap();
    (subscription, ladder.sends("SUBSCRIBE"))
}

fn notify(subscribe: &Request, cseq: u32, state: &str, body: &str) -> String {
    let headers = format!("Event: dialog;id=4\r\nSubscription-State: {state}\r\n");
    from_callee(subscribe, "NOTIFY", cseq, "n1", &headers, body)
}

/// Subscribed for 600 s, and told once.
fn watching(ladder: &mut Ladder) -> (SubscriptionId, Request) {
    let (subscription, subscribe) = subscribe_for(ladder, secs(600));
    ladder.receive(response(
        &subscribe,
        200,
        "n1",
        &format!("{CONTACT}Expires: 600\r\n"),
        "",
    ));
    ladder.receive(notify(&subscribe, 1, "active;expires=600", "<idle/>"));
    ladder.answers(200);
    assert!(matches!(ladder.event(), Event::Notified { .. }));
    (subscription, subscribe)
}

fn ending(ladder: &mut Ladder) -> SubscriptionEnding {
    match ladder.event() {
        Event::SubscriptionEnded { ending, .. } => ending,
        other => panic!("{other:?}"),
    }
}

fn is_standing(event: Event, expected: Option<Standing>) -> bool {
    matches!(event, Event::Notified { standing, .. } if standing == expected)
}

#[test]
fn a_subscription_is_made_by_its_first_notify() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = subscribe_for(&mut ladder, secs(600));
    assert_eq!(subscribe.headers.get(Name::Event), Some("dialog;id=4"));
    assert_eq!(subscribe.headers.get(Name::Expires), Some("600"));
    assert_eq!(
        subscribe.headers.get(Name::Contact),
        Some("<sip:100@192.0.2.1:5060>")
    );
    ladder.receive(response(
        &subscribe,
        200,
        "n1",
        &format!("{CONTACT}Expires: 600\r\n"),
        "",
    ));
    ladder.is_silent().no_event();
    ladder.receive(notify(&subscribe, 1, "pending;expires=600", ""));
    ladder.answers(200);
    assert!(is_standing(ladder.event(), Some(Standing::Pending)));
    ladder.receive(notify(&subscribe, 2, "active;expires=580", "<idle/>"));
    ladder.answers(200);
    match ladder.event() {
        Event::Notified {
            standing: Some(Standing::Active),
            body: Some(body),
            ..
        } => assert_eq!(&body.bytes[..], b"<idle/>"),
        other => panic!("{other:?}"),
    }
}

/// §4.1.2.4: the NOTIFY may overtake the 200.
#[test]
fn a_notify_before_the_answer_is_as_good() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = subscribe_for(&mut ladder, secs(600));
    ladder.receive(notify(&subscribe, 1, "active;expires=600", ""));
    ladder.answers(200);
    assert!(is_standing(ladder.event(), Some(Standing::Active)));
    ladder.receive(response(&subscribe, 200, "n1", "Expires: 600\r\n", ""));
    ladder.wait(secs(567)).is_silent().no_event();
    ladder.wait(secs(1));
    ladder.sends("SUBSCRIBE");
}

#[test]
fn it_is_refreshed_before_it_runs_out() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = watching(&mut ladder);
    ladder.wait(ms(567_999)).is_silent();
    ladder.wait(ms(1));
    let refresh = ladder.sends("SUBSCRIBE");
    assert_eq!(refresh.uri_text(), "sip:201@192.0.2.9:5060");
    assert_eq!(refresh.headers.to().unwrap().tag(), Some("n1"));
    assert_eq!(
        refresh.headers.get(Name::CallId),
        subscribe.headers.get(Name::CallId)
    );
    assert_eq!(refresh.headers.get(Name::Event), Some("dialog;id=4"));
    assert_eq!(
        refresh.headers.get(Name::Accept),
        Some("application/dialog-info+xml")
    );
    assert!(refresh.headers.cseq().unwrap().number > subscribe.headers.cseq().unwrap().number);
    ladder.receive(response(&refresh, 200, "", "Expires: 600\r\n", ""));
    ladder.wait(secs(567)).is_silent().no_event();
}

/// §4.1.3: the notifier may shorten it with any NOTIFY.
#[test]
fn a_shorter_time_in_a_notify_counts() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = watching(&mut ladder);
    ladder.receive(notify(&subscribe, 2, "active;expires=40", ""));
    ladder.answers(200);
    ladder.event();
    ladder.wait(ms(19_999)).is_silent();
    ladder.wait(ms(1));
    ladder.sends("SUBSCRIBE");
}

#[test]
fn a_notifier_that_does_not_know_it_any_more_ends_it() {
    let mut ladder = Ladder::new();
    watching(&mut ladder);
    ladder.wait(secs(568));
    let refresh = ladder.sends("SUBSCRIBE");
    ladder.receive(response(&refresh, 481, "", "", ""));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Gone));
    assert_eq!(ladder.endpoint.live_subscriptions(), 0);
}

/// §4.1.2.2: any other refusal leaves it until it runs out.
#[test]
fn a_refused_refresh_is_tried_again_until_the_end() {
    let mut ladder = Ladder::new();
    watching(&mut ladder);
    ladder.wait(secs(568));
    let refresh = ladder.sends("SUBSCRIBE");
    ladder.receive(response(&refresh, 503, "", "", "")).no_event();
    ladder.wait(secs(16));
    let again = ladder.sends("SUBSCRIBE");
    ladder.receive(response(&again, 503, "", "", ""));
    ladder.wait(secs(15)).is_silent().no_event();
    ladder.wait(secs(1));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Expired));
}

#[test]
fn a_silent_notifier_is_found_by_the_refresh() {
    let mut ladder = Ladder::new();
    watching(&mut ladder);
    ladder.wait(secs(568 + 31)).no_event();
    ladder.wait(secs(1));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Expired));
    assert_eq!(ladder.endpoint.live_subscriptions(), 0);
}

#[test]
fn a_terminated_subscription_tells_why_and_when_to_try_again() {
    let mut ladder = Ladder::new();
    let (subscription, subscribe) = watching(&mut ladder);
    ladder.receive(notify(
        &subscribe,
        2,
        "terminated;reason=probation;retry-after=90",
        "",
    ));
    ladder.answers(200);
    assert!(is_standing(ladder.event(), None));
    match ending(&mut ladder) {
        SubscriptionEnding::Terminated { reason, retry_after } => {
            assert_eq!(
                (reason.as_deref(), retry_after),
                (Some("probation"), Some(secs(90)))
            );
        }
        other => panic!("{other:?}"),
    }
    let late = ladder.tell(|endpoint, now| endpoint.unsubscribe(now, subscription));
    assert_eq!(late, Err(CommandError::UnknownSubscription));
    ladder.receive(notify(&subscribe, 3, "active", ""));
    ladder.answers(481);
}

#[test]
fn we_leave_with_expires_0_and_wait_for_the_last_notify() {
    let mut ladder = Ladder::new();
    let (subscription, subscribe) = watching(&mut ladder);
    ladder
        .tell(|endpoint, now| endpoint.unsubscribe(now, subscription))
        .unwrap();
    let leave = ladder.sends("SUBSCRIBE");
    assert_eq!(leave.headers.get(Name::Expires), Some("0"));
    ladder
        .receive(response(&leave, 200, "", "Expires: 0\r\n", ""))
        .no_event();
    ladder.receive(notify(&subscribe, 2, "terminated;reason=timeout", ""));
    ladder.answers(200);
    assert!(is_standing(ladder.event(), None));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Ours));
}

#[test]
fn a_notifier_that_never_says_goodbye_is_left_all_the_same() {
    let mut ladder = Ladder::new();
    let (subscription, _) = watching(&mut ladder);
    ladder
        .tell(|endpoint, now| endpoint.unsubscribe(now, subscription))
        .unwrap();
    let leave = ladder.sends("SUBSCRIBE");
    ladder.receive(response(&leave, 200, "", "Expires: 0\r\n", ""));
    ladder.wait(ms(31_999)).no_event();
    ladder.wait(ms(1));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Ours));
}

#[test]
fn leaving_before_the_first_notify_waits_for_it() {
    let mut ladder = Ladder::new();
    let (subscription, subscribe) = subscribe_for(&mut ladder, secs(600));
    ladder
        .tell(|endpoint, now| endpoint.unsubscribe(now, subscription))
        .unwrap();
    ladder.is_silent();
    ladder.receive(response(&subscribe, 200, "n1", "Expires: 600\r\n", ""));
    ladder.is_silent();
    ladder.receive(notify(&subscribe, 1, "active;expires=600", ""));
    ladder.answers(200);
    assert_eq!(ladder.sends("SUBSCRIBE").headers.get(Name::Expires), Some("0"));
}

/// §4.1.2.1.
#[test]
fn an_interval_that_is_too_brief_is_asked_for_again_as_the_notifier_wants() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = subscribe_for(&mut ladder, secs(60));
    ladder.receive(response(&subscribe, 423, "n1", "Min-Expires: 300\r\n", ""));
    let again = ladder.sends("SUBSCRIBE");
    assert_eq!(again.headers.get(Name::Expires), Some("300"));
    ladder.no_event();
    ladder.receive(response(&again, 423, "n1", "Min-Expires: 300\r\n", ""));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Refused(_)));
}

#[test]
fn a_challenge_is_answered() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = subscribe_for(&mut ladder, secs(600));
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n";
    ladder.receive(response(&subscribe, 401, "n1", challenge, ""));
    let again = ladder.sends("SUBSCRIBE");
    assert!(again.headers.has(Name::Authorization));
    ladder.receive(response(&again, 200, "n1", "Expires: 600\r\n", ""));
    ladder.receive(notify(&again, 1, "active;expires=600", ""));
    ladder.answers(200);
    ladder.event();
    ladder.wait(secs(568));
    let refresh = ladder.sends("SUBSCRIBE");
    assert!(refresh.headers.cseq().unwrap().number > again.headers.cseq().unwrap().number);
}

#[test]
fn a_refusal_is_reported_with_its_response() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = subscribe_for(&mut ladder, secs(600));
    ladder.receive(response(&subscribe, 489, "n1", "Allow-Events: presence\r\n", ""));
    match ending(&mut ladder) {
        SubscriptionEnding::Refused(Failure::Response(response)) => assert_eq!(response.status.code(), 489),
        other => panic!("{other:?}"),
    }
    ladder.wait(secs(60)).is_silent();
}

/// §4.1.2.4: Timer N.
#[test]
fn an_accepted_subscription_without_a_notify_has_failed() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = subscribe_for(&mut ladder, secs(600));
    ladder.receive(response(&subscribe, 200, "n1", "Expires: 600\r\n", ""));
    ladder.wait(secs(31)).no_event();
    ladder.wait(secs(1));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::NotNotified));
}

#[test]
fn of_several_notifiers_the_first_wins() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = watching(&mut ladder);
    let headers = "Event: dialog;id=4\r\nSubscription-State: active\r\n";
    ladder.receive(from_callee(&subscribe, "NOTIFY", 1, "n2", headers, ""));
    ladder.answers(481);
    ladder.no_event();
}

#[test]
fn a_notify_that_is_not_as_it_must_be_is_refused() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = watching(&mut ladder);
    let cases = [
        ("Subscription-State: active\r\n", 489),
        ("Event: dialog\r\nSubscription-State: active\r\n", 489),
        ("Event: presence;id=4\r\nSubscription-State: active\r\n", 489),
        ("Event: dialog;id=4\r\n", 400),
    ];
    for (number, (headers, status)) in cases.into_iter().enumerate() {
        let cseq = 2 + number as u32;
        ladder.receive(from_callee(&subscribe, "NOTIFY", cseq, "n1", headers, ""));
        ladder.answers(status);
        ladder.no_event();
    }
}

#[test]
fn whoever_asks_once_is_told_once() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = subscribe_for(&mut ladder, Duration::ZERO);
    assert_eq!(subscribe.headers.get(Name::Expires), Some("0"));
    ladder.receive(response(&subscribe, 200, "n1", "Expires: 0\r\n", ""));
    ladder.receive(notify(&subscribe, 1, "terminated;reason=timeout", "<idle/>"));
    ladder.answers(200);
    assert!(is_standing(ladder.event(), None));
    assert!(matches!(ending(&mut ladder), SubscriptionEnding::Ours));
    ladder.wait(secs(100)).is_silent().no_event();
}

#[test]
fn a_notify_for_nothing_gets_481() {
    let mut ladder = Ladder::new();
    let (_, subscribe) = subscribe_for(&mut ladder, secs(600));
    let other = notify(&subscribe, 1, "active", "").replace("Call-ID: ", "Call-ID: x");
    ladder.receive(other);
    ladder.answers(481);
    ladder.no_event();
}

#[test]
fn a_subscription_of_ours_survives_a_restart_and_is_refreshed_at_once() {
    let mut before = Ladder::new();
    let (subscription, subscribe) = watching(&mut before);
    let snapshot = before.endpoint.snapshot_subscription(subscription).unwrap();
    let text = serde_json::to_string(&snapshot).unwrap();

    let mut after = Ladder::new();
    let snapshot: SubscriptionSnapshot = serde_json::from_str(&text).unwrap();
    after
        .tell(|endpoint, now| endpoint.restore_subscription(now, snapshot))
        .unwrap();
    after.wait(ms(1));
    let refresh = after.sends("SUBSCRIBE");
    assert_eq!(refresh.headers.get(Name::Expires), Some("600"));
    after.receive(response(&refresh, 200, "", "Expires: 600\r\n", ""));
    after.receive(notify(&subscribe, 2, "active;expires=600", "<up/>"));
    after.answers(200);
    assert!(is_standing(after.event(), Some(Standing::Active)));
}
