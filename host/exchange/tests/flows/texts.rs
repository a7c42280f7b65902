//! Texts between lines (RFC 3428).

use phone::Event;

use contract::SessionScope;

use crate::logic::menu;
use crate::office::{Office, module};
use crate::world::World;

/// One phone sends a text; returns what it is answered.
fn texts(world: &mut World, from: &str, to: &str, text: &str) -> u16 {
    let before = answers(world, from).len();
    world.with(from, |phone, now| {
        phone.ask(
            now,
            "MESSAGE",
            to,
            "Content-Type: text/plain;charset=utf-8\r\n",
            text,
        )
    });
    world.settle();
    match answers(world, from).get(before..) {
        Some([status]) => *status,
        others => panic!("{others:?}"),
    }
}

fn answers(world: &World, name: &str) -> Vec<u16> {
    let answer = |event: &Event| match event {
        Event::Answer(status) => Some(*status),
        _ => None,
    };
    world.events(name).iter().filter_map(answer).collect()
}

/// Texts that a phone got: from whom, and what they say.
fn got(world: &World, name: &str) -> Vec<(String, String)> {
    let text = |event: &Event| match event {
        Event::Told {
            method, from, body, ..
        } if method == "MESSAGE" => {
            let from = from.split(";tag=").next().unwrap_or_default();
            Some((from.to_owned(), body.clone()))
        }
        _ => None,
    };
    world.events(name).iter().filter_map(text).collect()
}

fn office() -> Office {
    Office::new().line("201").line("202")
}

#[test]
fn a_text_reaches_every_phone_of_the_line_from_the_line_that_sent_it() {
    let mut world = office().open(&["201", "202"]);
    world.add_phone_with("202 at home", 150, |config| config.user = "202".into());
    world.register("202 at home");
    assert_eq!(texts(&mut world, "201", "202", "café?"), 200);
    let expected = [(
        "\"Line 201\" <sip:201@acme.example>".to_owned(),
        "café?".to_owned(),
    )];
    for phone in ["202", "202 at home"] {
        assert_eq!(got(&world, phone), expected, "{phone}");
    }
}

/// The first phone that takes the text decides; when none does, the first refusal.
#[test]
fn one_phone_that_takes_the_text_is_enough() {
    let mut world = office().open(&["201", "202"]);
    world.add_phone_with("202 at home", 150, |config| config.user = "202".into());
    world.register("202 at home");
    world.with("202", |phone, _| phone.answers_with = 486);
    assert_eq!(texts(&mut world, "201", "202", "hello"), 200);
    world.with("202 at home", |phone, _| phone.answers_with = 415);
    assert!(matches!(texts(&mut world, "201", "202", "hello"), 415 | 486));
}

#[test]
fn a_text_that_cannot_be_delivered_is_refused_with_the_reason() {
    let mut world = office().number("300", &[]).line("203").open(&["201", "202"]);
    let refused = [("203", 480), ("299", 404), ("0145678901", 404)];
    for (to, status) in refused {
        assert_eq!(texts(&mut world, "201", to, "hello"), status, "{to}");
    }
    assert_eq!(texts(&mut world, "201", "202", &"x".repeat(1_301)), 413);
    assert!(got(&world, "202").is_empty());
}

/// RFC 3261 §8.2.1: 405, with the methods that are answered.
#[test]
fn what_is_not_offered_is_refused_with_what_is() {
    let mut world = office().open(&["201"]);
    for method in ["PUBLISH", "NOTIFY"] {
        world.with("201", |phone, now| {
            phone.ask(now, method, "202", "Event: presence\r\n", "")
        });
        world.settle();
        assert_eq!(answers(&world, "201").last(), Some(&405), "{method}");
    }
    let refusal = world.reports.iter().rev().find_map(|report| match &report.fact {
        cordboard_exchange::Fact::Sip(message) if message.sent => {
            Some(String::from_utf8_lossy(&message.text).into_owned())
        }
        _ => None,
    });
    let refusal = refusal.unwrap();
    let allow = refusal.lines().find(|line| line.starts_with("Allow:")).unwrap();
    // NOTIFY is taken in subscriptions of ours.
    for method in ["MESSAGE", "SUBSCRIBE", "NOTIFY"] {
        assert!(allow.contains(method), "{allow}");
    }
    assert!(!allow.contains("PUBLISH"), "{allow}");
}

#[test]
fn a_stranger_sends_no_texts() {
    let mut world = office().open(&["202"]);
    world.add_phone_with("201", 150, |config| config.password = "guess".into());
    assert_eq!(texts(&mut world, "201", "202", "hello"), 401);
    assert!(got(&world, "202").is_empty());
}

/// ```text
///  201            exchange            202
///   |== talk ========|===== talk ======|
///   |-- MESSAGE ---->|                 |
///   |                |-- MESSAGE ----->|
///   |                |<-------- 200 ---|
///   |<-------- 200 --|                 |
/// ```
#[test]
fn a_text_inside_of_a_call_goes_to_the_other_end_and_nowhere_else() {
    let mut world = office().open(&["201", "202"]);
    world.add_phone_with("202 at home", 150, |config| config.user = "202".into());
    world.register("202 at home");
    let call = world.call("201", "202");
    let answered = world.answers("202");
    assert_eq!(writes_in(&mut world, "201", call, "on my way"), 200);
    assert_eq!(writes_in(&mut world, "202", answered, "good"), 200);
    let said = |name: &str| {
        got(&world, name)
            .into_iter()
            .map(|(_, text)| text)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (said("202"), said("201")),
        (vec!["on my way".to_owned()], vec!["good".to_owned()])
    );
    assert!(got(&world, "202 at home").is_empty());
    world.with("202", |phone, _| phone.answers_with = 415);
    assert_eq!(writes_in(&mut world, "201", call, "hello"), 415);
    assert_eq!(writes_in(&mut world, "201", call, &"x".repeat(1_301)), 413);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A caller at a menu talks with nobody.
#[test]
fn a_text_to_nobody_is_refused() {
    let mut world = office()
        .behaviour("menu", module(1), SessionScope::PerCall)
        .number("300", &["menu"])
        .open(&["201"]);
    world.behaves(module(1), menu);
    let call = world.call("201", "300");
    assert_eq!(writes_in(&mut world, "201", call, "one, please"), 480);
}

fn writes_in(world: &mut World, name: &str, call: phone::CallRef, text: &str) -> u16 {
    let before = answers(world, name).len();
    world.with(name, |phone, now| {
        phone.in_dialog(now, call, "MESSAGE", Some(("text/plain;charset=utf-8", text)));
    });
    world.settle();
    match answers(world, name).get(before..) {
        Some([status]) => *status,
        others => panic!("{others:?}"),
    }
}
