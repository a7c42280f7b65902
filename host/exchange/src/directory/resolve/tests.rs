use base::Moment;
use contract::{NumberClass, RouteError, View};
use serde_json::{Value, json};

use super::*;
use crate::directory::{Directory, Document, Key, LineState, TenantView, Versioned};

/// A tenant in France from documents given as `(kind, document)`.
fn directory(documents: &[(&str, Value)]) -> Directory {
    let mut all = vec![(
        "tenant",
        json!({"id": "acme", "name": "Acme", "domains": ["acme.example"], "realm": "acme.example",
            "numbering": {"outside-prefix": "0"}}),
    )];
    all.extend(documents.iter().cloned());
    let stored = all.into_iter().map(|(kind, document)| {
        let mut wrapped = serde_json::Map::new();
        wrapped.insert(kind.to_owned(), document);
        let document: Document = serde_json::from_value(Value::Object(wrapped)).unwrap();
        let key = Key::new(&"acme".into(), document.kind(), document.id(&"acme".into()));
        (
            key,
            Versioned {
                revision: 1,
                document,
            },
        )
    });
    let (directory, orphans) = Directory::restore(stored);
    assert_eq!(orphans, []);
    directory
}

fn plan() -> (&'static str, Value) {
    (
        "dial-plan",
        serde_json::to_value(crate::directory::DialPlan::standard()).unwrap(),
    )
}

fn line(id: &str, extra: Value) -> (&'static str, Value) {
    let mut line = json!({"id": id, "name": id, "short-number": id, "site": "main"});
    for (name, value) in extra.as_object().unwrap() {
        line[name] = value.clone();
    }
    ("line", line)
}

fn trunk(id: &str, extra: Value) -> (&'static str, Value) {
    let mut trunk =
        json!({"id": id, "access": {"address": {"networks": ["192.0.2.1"]}}, "outbound": "sip:192.0.2.1"});
    for (name, value) in extra.as_object().unwrap() {
        trunk[name] = value.clone();
    }
    ("trunk", trunk)
}

/// Tells a resolution in a few words.
fn dial(view: &TenantView, dialled: &str, origin: Origin<'_>) -> String {
    let join = |trunks: &[TrunkId]| {
        trunks
            .iter()
            .map(|trunk| trunk.as_str())
            .collect::<Vec<_>>()
            .join(",")
    };
    // 16 November 2026, a Monday.
    match view.resolve(dialled, origin, Moment::from_secs(1_794_830_400)) {
        Resolution::Emergency { number, trunks } => format!("emergency {number} over {}", join(&trunks)),
        Resolution::Inside(inside) => {
            let stack: Vec<&str> = inside
                .stack
                .iter()
                .map(|bound| bound.behaviour.name.as_str())
                .collect();
            let line = inside.line.map(|line| line.id.to_string()).unwrap_or_default();
            format!("inside {} [{}] {line}", inside.number, stack.join(","))
        }
        Resolution::Outside {
            number,
            class,
            trunks,
        } => format!("outside {number} {class:?} over {}", join(&trunks)),
        Resolution::Reach { number, inside } => {
            let first = inside.stack.first().map(|bound| bound.behaviour.name.to_string());
            format!(
                "{number} reaches {} of {}",
                first.unwrap_or_default(),
                inside.number
            )
        }
        Resolution::Tell { number, tell } => format!("{number} tells {}", tell.behaviour),
        Resolution::Unknown => "unknown".to_owned(),
        Resolution::Set { number, to, .. } => format!("{number} sets a feature to {to:?}"),
        Resolution::Conference { number, conference } => format!("{number} is a conference: {conference:?}"),
        Resolution::PickUp { number, lines } => {
            let lines: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
            format!("{number} picks up at {}", lines.join(", "))
        }
        Resolution::Forbidden(class) => format!("forbidden {class:?}"),
        Resolution::NoTrunk(class) => format!("no trunk for {class:?}"),
    }
}

#[test]
fn own_numbers_lead_inside_in_any_spelling() {
    let directory = directory(&[plan(), line("201", json!({"number": "+33123456789"}))]);
    let acme = directory.tenant("acme").unwrap();
    for dialled in [
        "201",
        "0123456789",
        "0 01 23 45 67 89",
        "+33 1 23 45 67 89",
        "tel:201",
    ] {
        assert_eq!(
            dial(acme, dialled, Origin::Line("201")),
            "inside 201 [] 201",
            "{dialled}"
        );
    }
    assert_eq!(dial(acme, "202", Origin::Line("201")), "unknown");
    assert_eq!(dial(acme, "nobody", Origin::Line("201")), "unknown");
    assert_eq!(acme.class_of("0123456789"), NumberClass::Internal);
}

#[test]
fn what_a_line_sets_for_a_behaviour_holds_at_a_rule_that_sets_nothing_r56() {
    let behaviour = json!({"name": "outgoing", "active": "00".repeat(32), "manifest": {
        "name": "outgoing", "version": "1.0.0", "summary": "", "scope": "per-call", "schedules": [],
        "interests": {"ringing": false, "digits": false, "hold": false, "line-changes": false},
        "imports": [], "settings-schema": "{\"type\":\"object\",\"properties\":{\"profile\":{\"type\":\"string\",\"default\":\"none\"}}}"},
        "settings": {}});
    let rule = |bindings: Value| {
        let rule = json!({"name": "outside", "direction": "internal", "pattern": "any",
            "action": {"behaviours": bindings}});
        ("dial-plan", json!({"rules": [rule]}))
    };
    let own = line("201", json!({"settings": {"outgoing": {"profile": "internal"}}}));
    let others = line("202", json!({}));
    let settings_of = |bindings: Value, caller: &str| {
        let directory = directory(&[
            rule(bindings),
            own.clone(),
            others.clone(),
            ("behaviour", behaviour.clone()),
        ]);
        let acme = directory.tenant("acme").unwrap();
        match acme.resolve("0612345678", Origin::Line(caller), Moment::ZERO) {
            Resolution::Inside(inside) => inside.stack[0].settings.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let plain = json!([{"behaviour": "outgoing"}]);
    assert_eq!(settings_of(plain.clone(), "201"), r#"{"profile":"internal"}"#);
    assert_eq!(settings_of(plain, "202"), r#"{"profile":"none"}"#);
    let set = json!([{"behaviour": "outgoing", "settings": {"profile": "europe"}}]);
    assert_eq!(settings_of(set, "201"), r#"{"profile":"europe"}"#);
}

#[test]
fn emergency_calls_pass_whatever_is_configured_r74() {
    let nothing = json!({"restriction": "internal"});
    let directory = directory(&[
        (
            "site",
            json!({"id": "main", "name": "Main", "emergency-trunk": "local"}),
        ),
        (
            "dial-plan",
            json!({"rules": [{"direction": "internal", "pattern": "any", "action": "refuse"}]}),
        ),
        line("201", json!({"features": nothing})),
        line("202", json!({"site": null, "kind": "mobile"})),
        trunk("a", json!({"emergency": false, "classes": []})),
        trunk("local", json!({"priority": 9, "classes": []})),
        trunk("b", json!({"priority": 1})),
        trunk("inbound", json!({"outbound": null})),
    ]);
    let acme = directory.tenant("acme").unwrap();
    for dialled in ["112", "0112", "0 112", "+33112"] {
        assert_eq!(
            dial(acme, dialled, Origin::Line("201")),
            "emergency 112 over local,b,a",
            "{dialled}"
        );
    }
    assert_eq!(
        dial(acme, "15", Origin::Line("202")),
        "emergency 15 over b,local,a"
    );
    assert_eq!(
        dial(acme, "15", Origin::Behaviour(None)),
        "emergency 15 over b,local,a"
    );
    assert_eq!(dial(acme, "0123456789", Origin::Line("201")), "forbidden Fixed");
}

#[test]
fn a_number_with_behaviours_leads_to_its_stack() {
    let behaviour = |name: &str| {
        let manifest = json!({"name": name, "version": "1.0.0", "summary": "", "settings-schema": "",
            "scope": "per-call", "interests": {"ringing": false, "digits": false, "hold": false, "line-changes": false},
            "schedules": [], "imports": []});
        (
            "behaviour",
            json!({"name": name, "active": "00".repeat(32), "manifest": manifest}),
        )
    };
    let directory = directory(&[
        behaviour("menu"),
        behaviour("group"),
        line("201", json!({"behaviours": ["group"]})),
        (
            "number",
            json!({"id": "300", "behaviours": [{"behaviour": "menu"}, {"behaviour": "group"}], "line": "201"}),
        ),
        (
            "number",
            json!({"id": "*98", "behaviours": [{"behaviour": "group"}]}),
        ),
        (
            "dial-plan",
            json!({"rules": [
                {"direction": "internal", "pattern": {"feature-code": "*95"}, "action": {"behaviours": [{"behaviour": "menu"}]}},
                {"direction": "internal", "pattern": {"feature-code": "*44"}, "action": {"session": {"behaviour": "group", "number": "300"}}},
                {"direction": "internal", "pattern": {"number": "09 12 34 56 78"}, "action": {"line": "201"}},
                {"direction": "internal", "pattern": "any", "action": "own"},
                {"direction": "inbound", "pattern": "any", "action": "own"},
            ]}),
        ),
        trunk("t", json!({})),
    ]);
    let acme = directory.tenant("acme").unwrap();
    assert_eq!(
        dial(acme, "300", Origin::Line("201")),
        "inside 300 [menu,group] 201"
    );
    assert_eq!(dial(acme, "*95201", Origin::Line("201")), "inside *95201 [menu] ");
    // Past what stands in front of it.
    assert_eq!(
        dial(acme, "*44201", Origin::Line("201")),
        "*44201 reaches group of 300"
    );
    assert_eq!(
        dial(acme, "+33912345678", Origin::Line("201")),
        "inside 201 [group] 201"
    );
    assert_eq!(dial(acme, "*98", Origin::Line("201")), "inside *98 [group] ");
    // A feature code is not for callers from outside.
    assert_eq!(dial(acme, "*98", Origin::Trunk("t")), "unknown");
    assert_eq!(
        dial(acme, "300", Origin::Trunk("t")),
        "inside 300 [menu,group] 201"
    );
}

#[test]
fn outside_numbers_go_over_the_trunks_that_take_them_in_their_order() {
    let directory = directory(&[
        plan(),
        line("201", json!({})),
        trunk("b", json!({})),
        trunk("a", json!({})),
        trunk("cheap", json!({"priority": 0, "classes": ["mobile"]})),
        trunk("late", json!({"priority": 5})),
        trunk("inbound", json!({"outbound": null})),
    ]);
    let acme = directory.tenant("acme").unwrap();
    assert_eq!(
        dial(acme, "0123456789", Origin::Line("201")),
        "outside +33123456789 Fixed over a,b,late"
    );
    assert_eq!(
        dial(acme, "0612345678", Origin::Line("201")),
        "outside +33612345678 Mobile over a,b,cheap,late"
    );
    assert_eq!(
        dial(acme, "3631", Origin::Line("201")),
        "outside 3631 Premium over a,b,late"
    );
    // Nobody comes in to go out again.
    assert_eq!(dial(acme, "0612345678", Origin::Trunk("a")), "unknown");
}

#[test]
fn the_envelope_and_the_restriction_hold_r57() {
    let directory = directory(&[
        plan(),
        line("201", json!({})),
        line("202", json!({"features": {"restriction": "national"}})),
        trunk(
            "t",
            json!({"classes": ["fixed", "mobile", "premium", "near-abroad"]}),
        ),
    ]);
    let acme = directory.tenant("acme").unwrap();
    assert_eq!(
        dial(acme, "0890123456", Origin::Line("201")),
        "outside +33890123456 Premium over t"
    );
    assert_eq!(dial(acme, "0890123456", Origin::Line("202")), "forbidden Premium");
    assert_eq!(
        dial(acme, "0890123456", Origin::Behaviour(Some("201"))),
        "forbidden Premium"
    );
    assert_eq!(dial(acme, "0800123456", Origin::Line("201")), "no trunk for Free");
    assert_eq!(acme.route("0123456789"), Ok(NumberClass::Fixed));
    assert_eq!(
        acme.route("0890123456"),
        Err(RouteError::Forbidden(NumberClass::Premium))
    );
    assert_eq!(acme.route("0800123456"), Err(RouteError::NoTrunk));
    assert_eq!(acme.route("nobody"), Err(RouteError::Invalid));
    assert_eq!(acme.route("201"), Err(RouteError::Invalid));
    assert_eq!(acme.route("112"), Ok(NumberClass::Emergency));
}

#[test]
fn a_trunk_reads_and_writes_numbers_its_way() {
    let rules = json!([{"prefix": "99", "strip": 2, "add": "+33"}]);
    let directory = directory(&[
        plan(),
        line("201", json!({"number": "+33123456789"})),
        trunk("plus", json!({})),
        trunk(
            "bare",
            json!({"scheme": "e164-no-plus", "inbound-rules": rules,
            "outbound-rules": [{"prefix": "33", "strip": 2, "add": "0"}]}),
        ),
        trunk("national", json!({"scheme": "national"})),
    ]);
    let acme = directory.tenant("acme").unwrap();
    for (trunk, called) in [
        ("plus", "+33123456789"),
        ("plus", "33123456789"),
        ("plus", "0123456789"),
        ("bare", "33123456789"),
        ("bare", "99123456789"),
        ("national", "0123456789"),
        ("national", "0033123456789"),
        ("plus", "201"),
    ] {
        assert_eq!(
            dial(acme, called, Origin::Trunk(trunk)),
            "inside 201 [] 201",
            "{trunk} {called}"
        );
    }
    let plan = acme.number_plan();
    let write = |trunk: &str, number: &str| acme.trunk(trunk).unwrap().write_number(number, plan);
    assert_eq!(write("plus", "+4930123456"), "+4930123456");
    assert_eq!(write("bare", "+4930123456"), "4930123456");
    assert_eq!(write("bare", "+33612345678"), "0612345678");
    assert_eq!(write("national", "+33612345678"), "0612345678");
    assert_eq!(write("national", "+4930123456"), "004930123456");
    assert_eq!(write("national", "112"), "112");
    assert_eq!(
        acme.trunk("bare").unwrap().read_number("4930123456", plan),
        "+4930123456"
    );
}

#[test]
fn a_call_from_a_shared_provider_is_for_the_tenant_that_has_the_number() {
    let mut directory = directory(&[
        plan(),
        line("201", json!({"number": "+33123456789"})),
        trunk(
            "t",
            json!({"access": {"address": {"networks": ["192.0.2.1", "198.51.100.0/24"]}}}),
        ),
        trunk(
            "narrow",
            json!({"access": {"address": {"networks": ["198.51.100.128/25"]}}}),
        ),
    ]);
    let other = Document::Tenant(crate::directory::Tenant::new("other", "Other", "other.example"));
    let theirs = trunk("theirs", json!({})).1;
    let theirs: crate::directory::Trunk = serde_json::from_value(theirs).unwrap();
    let mut configuration = match other {
        Document::Tenant(document) => Configuration::new(Versioned {
            revision: 1,
            document,
        }),
        _ => unreachable!("it is a tenant"),
    };
    configuration.put(1, Document::Trunk(theirs));
    let keys: Vec<Key> = configuration.documents().map(|(key, _)| key).collect();
    directory.install(configuration, &keys);

    let found = |address: &str, called: &str| {
        let (view, trunk) = directory.inbound_trunk(address.parse().unwrap(), called)?;
        Some(format!("{} {}", view.id(), trunk.id))
    };
    assert_eq!(found("192.0.2.1", "0123456789").as_deref(), Some("acme t"));
    assert_eq!(
        found("::ffff:192.0.2.1", "+33123456789").as_deref(),
        Some("acme t")
    );
    // Both tenants know the address, and neither the number.
    assert_eq!(found("192.0.2.1", "0199999999"), None);
    assert_eq!(found("198.51.100.1", "0199999999").as_deref(), Some("acme t"));
    assert_eq!(
        found("198.51.100.200", "0199999999").as_deref(),
        Some("acme narrow")
    );
    assert_eq!(found("203.0.113.1", "0123456789"), None);
    assert_eq!(directory.trunks_by_source("192.0.2.1".parse().unwrap()).len(), 2);
}

#[test]
fn line_state_shows_in_pictures_taken_afterwards_and_in_no_earlier_one() {
    let mut directory = directory(&[plan(), line("201", json!({"number": "+33123456789"}))]);
    let before = directory.tenant("acme").unwrap().clone();
    let state = LineState {
        registered: 1,
        calls: 2,
        capacity: 20,
        idle_since: Some(Moment::from_secs(5)),
    };
    assert!(directory.set_line_state("acme", &"201".into(), state));
    assert!(!directory.set_line_state("acme", &"202".into(), state));
    assert!(!directory.set_line_state("none", &"201".into(), state));
    let after = directory.tenant("acme").unwrap();
    for name in ["201", "01 23 45 67 89"] {
        let line = View::line(&**after, name).unwrap();
        assert_eq!(
            (line.registered, line.calls, line.capacity, line.idle_since),
            (true, 2, 20, Some(5_000))
        );
        assert_eq!(
            (line.name.as_str(), line.number.as_deref()),
            ("201", Some("+33123456789"))
        );
    }
    assert!(!View::line(&*before, "201").unwrap().registered);
}
