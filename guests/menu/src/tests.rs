//! Call flows of the menu, whatever it is written in: `subject` says what plays them. The menus in other languages have
//! them too, in `tests/languages`.

use cordboard::test::{Flow, Tenant};

use super::*;

/// 1 rings 201, 2 opens a second level (1: a mobile, 2: a premium number); closed, 1 leads to 202.
fn example() -> Menu {
    let number = |key: &str, number: &str| Key {
        key: key.into(),
        number: Some(number.into()),
        submenu: None,
        ..Key::default()
    };
    let sub = |key: &str, number: &str| Subkey {
        key: key.into(),
        number: number.into(),
        ..Subkey::default()
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
                    ..Key::default()
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
    let mut flow = subject::flow(settings);
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
        ..Key::default()
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
        ..Key::default()
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
            ..Key::default()
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
    subject::swap(&mut flow).unwrap();
    flow.presses(caller, "1");
    assert_eq!(flow.did(), ["dial number 201"]);
}

#[test]
fn r41_a_menu_has_two_levels_of_nine_keys() {
    let schema = subject::describe().settings_schema;
    assert_eq!(
        schema.matches("\"maxItems\":9").count(),
        4,
        "open, closed, and below each"
    );
    assert_eq!(
        schema.matches("\"pattern\":\"^[1-9]$\"").count(),
        5,
        "and by name"
    );
}

#[test]
fn r41_an_unassigned_key_may_be_pressed_and_plays_the_menu_again() {
    let mut flow = flow(&example());
    let caller = flow.call("0147200001");
    flow.presses(caller, "7");
    flow.presses(caller, "1");
    assert_eq!(flow.did().last().unwrap(), "dial number 201");
}

#[test]
fn r43_a_menu_without_a_calendar_is_open_day_and_night() {
    let mut flow = flow(&example());
    flow.tenant().calendar("opening", false);
    flow.call("0147200001");
    assert_eq!(flow.did(), ["answer", "gather a key welcome"]);
}

#[test]
fn the_trace_tells_keys_by_their_labels() {
    let mut settings = example();
    settings.open.keys[0].label = "reception".into();
    let mut flow = flow(&settings);
    let caller = flow.call("0147200001");
    flow.presses(caller, "1");
    assert!(
        flow.why()
            .contains(&"keys: key 1 (reception) leads to 201".into())
    );
}

#[test]
fn a_short_number_may_be_dialled_instead_of_a_key() {
    let settings = Menu {
        extension_digits: 3,
        ..example()
    };
    let mut dialled = flow(&settings);
    let caller = dialled.call("0147200001");
    assert_eq!(dialled.did(), ["answer", "gather 3 keys welcome"]);
    dialled.presses(caller, "202");
    assert_eq!(dialled.did(), ["dial number 202"]);

    let mut pressed = flow(&settings);
    let caller = pressed.call("0147200001");
    pressed.audio(
        caller,
        cordboard::OutcomeKind::Gathered(Gathered::Timeout("1".into())),
    );
    assert_eq!(
        pressed.did().last().unwrap(),
        "dial number 201",
        "a key alone is a key"
    );

    let mut nobody = flow(&settings);
    let caller = nobody.call("0147200001");
    nobody.presses(caller, "118");
    assert_eq!(
        nobody.did().last().unwrap(),
        "gather 3 keys welcome",
        "only short numbers of the house"
    );
}

fn people() -> Menu {
    let person = |name: &str, number: &str, spoken: Option<&str>| Person {
        name: name.into(),
        number: number.into(),
        spoken: spoken.map(String::from),
    };
    Menu {
        by_name: ByName {
            key: Some("9".into()),
            people: vec![
                person("Anne Müller", "201", Some("anne-muller")),
                person("Otto Muller-Weiß", "202", None),
                person("Zoé Dubois", "06 12 34 56 78", None),
            ],
            ..ByName::default()
        },
        ..example()
    }
}

#[test]
fn somebody_is_found_by_the_first_letters_of_either_name() {
    let mut flow = flow(&people());
    let caller = flow.call("0147200001");
    flow.presses(caller, "9");
    assert_eq!(
        flow.did(),
        ["answer", "gather a key welcome", "gather 16 keys spell-the-name"]
    );
    flow.presses(caller, "382"); // DUB
    assert_eq!(flow.did(), ["dial outside +33612345678"]);
    assert!(
        flow.why()
            .contains(&"keys: the name Zoé Dubois leads to 06 12 34 56 78".into())
    );
}

#[test]
fn where_several_names_fit_the_caller_chooses() {
    let mut flow = flow(&people());
    let caller = flow.call("0147200001");
    flow.presses(caller, "9");
    flow.presses(caller, "685"); // MUL
    assert_eq!(
        flow.did().last().unwrap(),
        "gather a key beep tone, digits 1, anne-muller, digits 2, digits 202"
    );
    flow.presses(caller, "2");
    assert_eq!(flow.did(), ["dial number 202"]);
}

#[test]
fn a_name_that_nobody_has_may_be_spelt_again_three_times_in_all() {
    let mut flow = flow(&people());
    let caller = flow.call("0147200001");
    flow.presses(caller, "9");
    for _ in 0..3 {
        flow.presses(caller, "999");
        flow.played(caller);
    }
    assert_eq!(flow.did().last().unwrap(), "play goodbye");
    assert!(flow.cited("by-name"));
}

#[test]
fn check_finds_what_is_wrong_with_names() {
    let mut settings = people();
    settings.by_name.key = Some("1".into());
    settings.by_name.people[0].number = "0899123456".into();
    settings.by_name.people[1].name = "!".into();
    let found = problems(&settings);
    let paths: Vec<_> = found.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(
        paths,
        [
            "/open/keys/1/submenu/keys/1/number",
            "/by-name/key",
            "/by-name/people/0/number",
            "/by-name/people/1/name"
        ]
    );
}

fn problems(settings: &Menu) -> Vec<String> {
    let mut json = String::new();
    cordboard::settings::Value::json(settings, &mut json);
    let mut tenant = Tenant::default();
    tenant.lines(&["201", "202"]).calendar("opening", true);
    let found = subject::check(&json, tenant);
    found
        .into_iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}
