//! Who may speak to the exchange, and where phones are reached.

use std::time::Duration;

use cordboard_exchange::Fact;
use cordboard_exchange::directory::DigestOffer;
use phone::Event;

use crate::office::Office;

/// A wrong password never registers, and its call is refused without a session or a call being made.
#[test]
fn a_stranger_gets_a_challenge_and_nothing_else() {
    let mut world = Office::new().line("201").line("202").open(&["202"]);
    world.add_phone_with("201", 150, |config| config.password = "guess".into());
    world.with("201", |phone, now| phone.register(now, 3_600));
    world.settle();
    assert!(
        world
            .events("201")
            .iter()
            .any(|event| matches!(event, Event::NotRegistered(401 | 403)))
    );

    let call = world.call("201", "202");
    assert_eq!(world.failure("201", call), Some(401));
    assert!(world.ringing_calls("202").is_empty());
    assert_eq!(world.facts("call-started"), 0);
    assert!(world.facts("refused") >= 1, "attempts are reported");
    world.assert_idle();
}

/// Challenges in the answers so far, and how often a phone was told that it is registered.
fn challenged(digest: DigestOffer) -> (Vec<String>, usize) {
    let world = Office::new()
        .tenant(|tenant| tenant.digest = digest)
        .line("201")
        .open(&["201"]);
    let answers = world.reports.iter().filter_map(|report| match &report.fact {
        Fact::Sip(message) if message.sent => Some(String::from_utf8_lossy(&message.text).into_owned()),
        _ => None,
    });
    let mut algorithms = Vec::new();
    for answer in answers {
        let challenges = answer
            .lines()
            .filter(|line| line.starts_with("WWW-Authenticate:"));
        algorithms.extend(challenges.filter_map(|line| {
            line.split("algorithm=")
                .nth(1)?
                .split(',')
                .next()
                .map(str::to_owned)
        }));
    }
    let registered = world
        .events("201")
        .iter()
        .filter(|event| matches!(event, Event::Registered { .. }))
        .count();
    (algorithms, registered)
}

/// Phones such as baresip give up at a second challenge that they do not know; a tenant whose phones all know SHA-256
/// may ask for it alone.
#[test]
fn the_tenant_says_what_its_phones_are_challenged_with() {
    assert_eq!(challenged(DigestOffer::Md5), (vec!["MD5".to_owned()], 1));
    assert_eq!(challenged(DigestOffer::Sha256), (vec!["SHA-256".to_owned()], 1));
    let both = vec!["SHA-256".to_owned(), "MD5".to_owned()];
    assert_eq!(challenged(DigestOffer::Both), (both, 1));
}

/// A domain that is nobody's.
#[test]
fn an_unknown_domain_is_not_found() {
    let mut world = Office::new().line("201").open(&[]);
    world.add_phone_with("201", 150, |config| config.domain = "elsewhere.example".into());
    let call = world.call("201", "202");
    assert_eq!(world.failure("201", call), Some(404));
}

/// The 200 to a REGISTER waits until the binding is on disk, and a restart keeps it.
#[test]
fn a_registration_survives_a_restart() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    assert!(world.store.keys().any(|key| key == "registration/acme/202"));
    world.restart();
    let call = world.call("201", "202");
    world.rings("202");
    world.answers("202");
    world.hangs_up("201", call);
    world.assert_idle();
}

/// After its interval a phone is not reachable any more (R20).
#[test]
fn an_expired_registration_makes_a_line_unreachable() {
    let mut world = Office::new().line("201").line("202").open(&["201"]);
    world.add_phone("202", 150);
    world.with("202", |phone, now| phone.register(now, 60));
    world.settle();
    world.run(Duration::from_secs(90));
    assert!(!world.store.contains_key("registration/acme/202"));
    let call = world.call("201", "202");
    assert_eq!(world.failure("201", call), Some(480));
    world.assert_idle();
}

/// Less than the shortest interval is refused with 423 (RFC 3261 §21.4.17).
#[test]
fn a_registration_too_brief_is_refused() {
    let mut world = Office::new().line("201").open(&[]);
    world.add_phone("201", 150);
    world.with("201", |phone, now| phone.register(now, 5));
    world.settle();
    assert!(
        world.events("201").contains(&Event::NotRegistered(423)),
        "{:?}",
        world.events("201")
    );
}

/// Every phone of a line rings (R11); when one answers, the others are told that the call was answered elsewhere.
#[test]
fn all_contacts_ring_and_the_losers_do_not_show_a_missed_call() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    world.add_phone_with("202 at home", 150, |config| config.user = "202".into());
    world.register("202 at home");

    let call = world.call("201", "202");
    world.rings("202");
    world.rings("202 at home");
    world.answers("202 at home");
    let reasons: Vec<_> = world
        .events("202")
        .iter()
        .filter_map(|event| match event {
            Event::Cancelled(_, reason) => Some(reason.clone().unwrap_or_default()),
            _ => None,
        })
        .collect();
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].contains("cause=200"), "{reasons:?}");
    world.hangs_up("201", call);
    world.assert_idle();
}
