use cordboard::test::{Flow, Tenant};

use super::*;

/// 1 rings 201, 2 opens a second level (1: a mobile, 2: a premium number); closed, 1 leads to 202.
fn example() -> Menu {
    let number = |key: &str, number: &str| Key {
        key: key.into(),
        number: Some(number.into()),
        submenu: None,
    };
    let sub = |key: &str, number: &str| Subkey {
        key: key.into(),
        number: number.into(),
    };
    let submenu = Submenu {
        greeting: "sales".into(),
        keys: vec![sub("1", "06 12 34 56 78"), sub("2", "0899123456")],
    };
    Menu {
        open: Level {
            greeting: "welcome".into(),
            keys: vec![
                number("1", "201"),
                Key {
                    key: "2".into(),
                    number: None,
                    submenu: Some(submenu),
                },
            ],
        },
        closed: Level {
            greeting: "we-are-closed".into(),
            keys: vec![number("1", "202")],
        },
        ..Menu::default()
    }
}

fn flow(settings: &Menu) -> Flow {
    let mut flow = Flow::of::<menu>(settings);
    flow.tenant().lines(&["201", "202"]);
    flow
}

#[test]
fn r41_the_menu_always_answers_and_a_key_leads_to_its_number() {
    let mut flow = flow(&example());
    let caller = flow.call("0147200001");
    assert_eq!(flow.did(), ["answer", "gather a key welcome"]);
    flow.presses(caller, "1");
    assert_eq!(flow.did(), ["dial number 201"]);
    flow.answers(caller, 0);
    assert_eq!(flow.did(), [""; 0], "the two talk");
    assert_eq!(
        flow.why(),
        [
            "calendar: the menu has no calendar: it is always open",
            "keys: key 1 leads to 201"
        ]
    );
}

#[test]
fn r41_a_key_of_the_first_level_may_open_a_second() {
    let mut flow = flow(&example());
    let caller = flow.call("0147200001");
    flow.presses(caller, "2");
    assert_eq!(
        flow.did(),
        ["answer", "gather a key welcome", "gather a key sales"]
    );
    flow.presses(caller, "1");
    assert_eq!(flow.did(), ["dial outside +33612345678"]);
    assert!(flow.cited("submenu"));
}

#[test]
fn r41_switched_off_the_menu_lets_calls_pass() {
    let off = Menu {
        enabled: false,
        ..example()
    };
    let mut passed = flow(&off);
    passed.call_with("0147200001", |offer| offer.has_next = true);
    assert_eq!(passed.did(), ["dial next"]);
    let mut last = flow(&off);
    last.call("0147200001");
    assert_eq!(last.did(), ["reject unreachable"]);
}

#[test]
fn r42_special_numbers_are_refused_and_the_trace_says_so() {
    let mut flow = flow(&example());
    let caller = flow.call("0147200001");
    flow.presses(caller, "2");
    flow.presses(caller, "2");
    assert_eq!(flow.did().last().unwrap(), "play goodbye");
    assert!(
        flow.why()
            .contains(&"R42: key 2 leads to 0899123456: calls are not sent on to special numbers".into())
    );
    flow.played(caller);
    assert_eq!(flow.did(), ["hang up"]);
}

#[test]
fn r42_check_refuses_special_and_far_numbers_before_anybody_calls() {
    let far = Key {
        key: "3".into(),
        number: Some("001 212 555 0100".into()),
        submenu: None,
    };
    let mut settings = example();
    settings.open.keys.push(far);
    let problems = problems(&settings);
    assert_eq!(
        problems,
        [
            "/open/keys/1/submenu/keys/1/number: calls are not sent on to special numbers",
            "/open/keys/2/number: calls are not sent on to countries that are not near",
        ]
    );
}

#[test]
fn r43_with_a_calendar_closing_time_has_its_own_announcement_and_keys() {
    let settings = Menu {
        calendar: Some("opening".into()),
        ..example()
    };
    let mut open = flow(&settings);
    open.tenant().calendar("opening", true);
    open.call("0147200001");
    assert_eq!(open.did(), ["answer", "gather a key welcome"]);

    let mut closed = flow(&settings);
    closed.tenant().calendar("opening", false);
    let caller = closed.call("0147200001");
    closed.presses(caller, "1");
    assert_eq!(
        closed.did(),
        ["answer", "gather a key we-are-closed", "dial number 202"]
    );
}

#[test]
fn r43_a_menu_that_closes_during_a_call_still_offers_what_it_began_with() {
    let settings = Menu {
        calendar: Some("opening".into()),
        ..example()
    };
    let mut flow = flow(&settings);
    flow.tenant().calendar("opening", true);
    let caller = flow.call("0147200001");
    flow.tenant().calendar("opening", false);
    flow.presses(caller, "1");
    assert_eq!(flow.did().last().unwrap(), "dial number 201");
}

#[test]
fn r43_check_asks_for_every_announcement() {
    let settings = Menu {
        calendar: Some("opening".into()),
        open: Level::default(),
        closed: Level::default(),
        ..Menu::default()
    };
    assert_eq!(
        problems(&settings),
        [
            "/open/greeting: a menu needs an announcement that tells its keys",
            "/closed/greeting: with a calendar there has to be an announcement for closing time",
        ]
    );
}

#[test]
fn a_key_has_one_entry_and_one_target() {
    let both = Key {
        key: "1".into(),
        number: Some("201".into()),
        submenu: Some(Submenu {
            greeting: "more".into(),
            keys: vec![],
        }),
    };
    let neither = Key {
        key: "4".into(),
        ..Key::default()
    };
    let mut settings = example();
    settings.open.keys = vec![
        both,
        neither,
        Key {
            key: "1".into(),
            number: Some("202".into()),
            submenu: None,
        },
    ];
    assert_eq!(
        problems(&settings),
        [
            "/open/keys/0: a key leads to a number or to a menu, not to both",
            "/open/keys/1: a key leads to a number or to a menu; leave it out otherwise",
            "/open/keys/2/key: this key has an entry already",
        ]
    );
}

#[test]
fn no_key_or_a_wrong_one_plays_the_menu_three_times_in_all() {
    let mut flow = flow(&example());
    let caller = flow.call("0147200001");
    flow.presses(caller, "9");
    flow.presses_nothing(caller);
    flow.presses(caller, "0");
    assert_eq!(
        flow.did(),
        [
            "answer",
            "gather a key welcome",
            "gather a key welcome",
            "gather a key welcome",
            "play goodbye"
        ]
    );
    flow.played(caller);
    assert_eq!(flow.did(), ["hang up"]);
    assert!(flow.cited("attempts"));
}

#[test]
fn the_fallback_number_takes_who_chooses_nothing() {
    let mut flow = flow(&Menu {
        attempts: 1,
        fallback: Some("202".into()),
        ..example()
    });
    let caller = flow.call("0147200001");
    flow.presses_nothing(caller);
    assert_eq!(flow.did().last().unwrap(), "dial number 202");
    flow.fails(caller, Cause::Busy);
    assert_eq!(flow.did(), ["reject busy"]);
}

#[test]
fn a_missing_announcement_is_not_played_again_and_again() {
    let mut flow = flow(&example());
    let caller = flow.call("0147200001");
    flow.audio(
        caller,
        cordboard::OutcomeKind::Gathered(Gathered::Missing("welcome".into())),
    );
    assert_eq!(flow.did().last().unwrap(), "play goodbye");
    assert!(flow.cited("greeting"));
}

#[test]
fn another_version_that_did_the_same_so_far_takes_the_call_over() {
    let mut flow = flow(&example());
    let caller = flow.call("0147200001");
    flow.did();
    flow.swap::<menu>().unwrap();
    flow.presses(caller, "1");
    assert_eq!(flow.did(), ["dial number 201"]);
}

/// What a next version might look like: a jingle comes first.
#[cordboard::script]
async fn jingle_first(call: Call, settings: Menu) -> Outcome {
    call.answer().await;
    call.play("jingle").await;
    call.continue_to(&settings.goodbye).await
}

#[test]
fn another_version_that_would_have_done_something_else_declines() {
    let mut flow = flow(&example());
    flow.call("0147200001");
    let reason = flow.swap::<jingle_first>().unwrap_err();
    assert!(reason.contains("another way"), "{reason}");
}

fn problems(settings: &Menu) -> Vec<String> {
    use std::sync::Arc;
    let mut json = String::new();
    cordboard::settings::Value::json(settings, &mut json);
    let mut tenant = Tenant::default();
    tenant.lines(&["201", "202"]).calendar("opening", true);
    let found = cordboard::native::Module::of::<menu>().check(&json, Arc::new(tenant), Default::default());
    found
        .into_iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}
