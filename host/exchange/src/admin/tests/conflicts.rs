//! What gets in the way of what is told to whoever binds it.

use super::*;
use crate::admin::conflicts;

/// `menu` passes calls on while it is off, `group` when its overflow says so; both may lead to numbers.
fn office() -> Desk {
    let mut desk = Desk::new();
    let menu = json!({
        "type": "object", "x-place": 200, "x-passes": "enabled=false",
        "properties": {
            "enabled": {"type": "boolean", "default": true},
            "key": {"type": ["string", "null"], "x-kind": "number", "default": null},
        },
    });
    let group = json!({
        "type": "object", "x-place": 400, "x-passes": "overflow=next",
        "properties": {
            "overflow": {"type": "string", "default": "none"},
            "overflow-number": {"type": ["string", "null"], "x-kind": "number", "default": null},
        },
    });
    let line = json!({
        "type": "object", "x-place": 800,
        "properties": {
            "do-not-disturb": {"type": "boolean", "default": false, "x-phone": "do-not-disturb"},
            "to": {"type": ["string", "null"], "x-kind": "number", "default": null},
        },
    });
    desk.activate("menu", 1, menu.clone()).unwrap();
    desk.activate("night", 2, menu).unwrap();
    desk.activate("group", 3, group).unwrap();
    desk.activate("line", 4, line.clone()).unwrap();
    desk.activate("other-line", 5, line).unwrap();
    desk
}

/// Binds these to 300, and tells what that means.
fn bound(desk: &mut Desk, behaviours: Value) -> Vec<String> {
    bound_to(desk, "300", behaviours)
}

fn bound_to(desk: &mut Desk, number: &str, behaviours: Value) -> Vec<String> {
    desk.put("number", json!({"id": number, "behaviours": behaviours}))
        .unwrap();
    conflicts(desk.acme().configuration(), &key(Kind::Number, number))
}

#[test]
fn behaviours_in_their_order_that_pass_calls_on_get_in_nobodys_way() {
    let stack = json!([
        {"behaviour": "menu", "settings": {"enabled": false}},
        {"behaviour": "group", "settings": {"overflow": "next"}},
        {"behaviour": "line"},
    ]);
    assert_eq!(bound(&mut office(), stack), [""; 0]);
}

#[test]
fn a_behaviour_that_no_call_gets_to_is_named_with_the_one_in_front_of_it() {
    let stack = json!([{"behaviour": "menu"}, {"behaviour": "group"}, {"behaviour": "line"}]);
    assert_eq!(
        bound(&mut office(), stack),
        ["300: `group` never gets a call here: `menu` in front of it passes none on, as it is set"]
    );
    let stack = json!([{"behaviour": "menu", "settings": {"enabled": false}}, {"behaviour": "group"}, {"behaviour": "line"}]);
    assert_eq!(
        bound(&mut office(), stack),
        ["300: `line` never gets a call here: `group` in front of it passes none on, as it is set"]
    );
}

#[test]
fn two_that_want_the_same_place_and_two_the_wrong_way_round_are_told() {
    let off = json!({"enabled": false});
    let stack = json!([{"behaviour": "menu", "settings": off}, {"behaviour": "night", "settings": off}]);
    assert_eq!(
        bound(&mut office(), stack),
        [
            "300: `menu` and `night` want the same place: `menu` decides first, and `night` gets what it passes on"
        ]
    );
    let stack = json!([{"behaviour": "line"}, {"behaviour": "menu"}]);
    assert_eq!(
        bound(&mut office(), stack),
        ["300: `line` stands in front of `menu`, and belongs behind it: change their order"]
    );
}

#[test]
fn phones_switch_a_feature_that_two_behaviours_have_once() {
    let found = bound(
        &mut office(),
        json!([{"behaviour": "line"}, {"behaviour": "other-line"}]),
    );
    let features =
        "300: `line` and `other-line` both have do-not-disturb: phones and codes switch that of `line` alone";
    assert!(found.iter().any(|words| words == features), "{found:?}");
}

#[test]
fn a_loop_of_numbers_is_told_with_the_settings_that_make_it() {
    let mut desk = office();
    let to_310 = json!([{"behaviour": "menu", "settings": {"key": "310"}}]);
    assert_eq!(bound(&mut desk, to_310), [""; 0]);
    let to_320 = json!([{"behaviour": "group", "settings": {"overflow-number": "320"}}]);
    assert_eq!(bound_to(&mut desk, "310", to_320), [""; 0]);
    let to_300 = json!([{"behaviour": "group", "settings": {"overflow-number": "300"}}]);
    assert_eq!(
        bound_to(&mut desk, "320", to_300),
        [
            "calls may go round: 320 (group/overflow-number) → 300 (menu/key) → 310 (group/overflow-number) → 320"
        ]
    );
}

/// The settings of the behaviour itself hold wherever nothing else is set.
#[test]
fn a_change_of_a_behaviours_settings_tells_of_every_place_that_it_has() {
    let mut desk = office();
    bound(&mut desk, json!([{"behaviour": "group"}]));
    bound_to(
        &mut desk,
        "310",
        json!([{"behaviour": "group"}, {"behaviour": "line"}]),
    );
    let mut behaviour = serde_json::to_value(&desk.acme().behaviour("group").unwrap().document).unwrap();
    behaviour["settings"] = json!({"overflow-number": "300"});
    desk.put("behaviour", behaviour).unwrap();
    let mut found = conflicts(desk.acme().configuration(), &key(Kind::Behaviour, "group"));
    found.sort();
    assert_eq!(
        found,
        [
            "310: `line` never gets a call here: `group` in front of it passes none on, as it is set",
            "calls may go round: 300 (group/overflow-number) → 300",
        ]
    );
}

#[test]
fn a_rule_that_never_decides_is_named_with_the_one_that_takes_its_calls() {
    let mut desk = office();
    let rule = |name: &str, pattern: Value, behaviours: Value| json!({"name": name, "direction": "internal", "pattern": pattern, "action": {"behaviours": behaviours}});
    let plan = json!({"rules": [
        rule("codes", json!({"feature-code": "*4"}), json!([{"behaviour": "group"}])),
        rule("code", json!({"feature-code": "*44"}), json!([{"behaviour": "menu"}])),
        rule("numbers", json!({"prefix": "20"}), json!([{"behaviour": "line"}])),
    ]});
    desk.put("dial-plan", plan).unwrap();
    assert_eq!(
        conflicts(desk.acme().configuration(), &key(Kind::DialPlan, "acme")),
        ["rule 2 (code) never decides: rule 1 (codes) before it takes all of its calls"]
    );
}
