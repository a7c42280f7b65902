use super::*;
use crate::directory::{Origin, Place, Resolution};

fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "rings": {"type": "integer", "minimum": 1, "maximum": 10, "default": 5},
            "greeting": {"type": ["string", "null"], "x-kind": "announcement", "default": null},
            "calendar": {"type": ["string", "null"], "x-kind": "calendar", "default": null},
            "members": {"type": "array", "items": {"type": "string", "x-kind": "line"}, "default": []},
        },
    })
}

fn settings_of(desk: &Desk, number: &str) -> Vec<Value> {
    let Resolution::Inside(inside) = desk.acme().resolve(number, Origin::Behaviour(None), desk.now) else {
        panic!("{number} is inside");
    };
    inside
        .stack
        .iter()
        .map(|bound| serde_json::from_str(&bound.settings).unwrap())
        .collect()
}

#[test]
fn settings_are_completed_from_schema_behaviour_and_place() {
    let mut desk = Desk::new();
    desk.phone("201");
    desk.activate("group", 1, schema()).unwrap();
    desk.put(
        "number",
        json!({"id": "300", "behaviours": [{"behaviour": "group"}]}),
    )
    .unwrap();
    desk.put(
        "number",
        json!({"id": "301", "behaviours": [{"behaviour": "group", "settings": {"members": ["201"]}}]}),
    )
    .unwrap();
    assert_eq!(
        settings_of(&desk, "300"),
        [json!({"rings": 5, "greeting": null, "calendar": null, "members": []})]
    );
    let mut behaviour = serde_json::to_value(&desk.acme().behaviour("group").unwrap().document).unwrap();
    behaviour["settings"] = json!({"rings": 3});
    desk.put("behaviour", behaviour).unwrap();
    assert_eq!(settings_of(&desk, "300")[0]["rings"], 3);
    assert_eq!(
        settings_of(&desk, "301"),
        [json!({"rings": 3, "greeting": null, "calendar": null, "members": ["201"]})]
    );
}

#[test]
fn settings_that_do_not_fit_are_refused_with_their_paths() {
    let mut desk = Desk::new();
    desk.activate("group", 1, schema()).unwrap();
    let number = json!({"id": "300", "behaviours": [{"behaviour": "group",
        "settings": {"rings": 11, "colour": "red", "members": ["999", 5]}}]});
    assert_eq!(
        desk.wrong("number", number),
        [
            "/behaviours/0/settings/colour: is no setting; there are: calendar, greeting, members, rings",
            "/behaviours/0/settings/members/1: must be string, not number",
            "/behaviours/0/settings/rings: must be at most 10",
        ]
    );
    let number = json!({"id": "300", "behaviours": [{"behaviour": "group",
        "settings": {"members": ["999"], "calendar": "office"}}]});
    assert_eq!(
        desk.wrong("number", number),
        [
            "/behaviours/0/settings/calendar: there is no calendar `office`",
            "/behaviours/0/settings/members/0: there is no line `999`",
        ]
    );
}

#[test]
fn a_module_that_no_longer_takes_the_settings_is_not_activated() {
    let mut desk = Desk::new();
    desk.activate("group", 1, schema()).unwrap();
    desk.put(
        "number",
        json!({"id": "300", "behaviours": [{"behaviour": "group", "settings": {"rings": 7}}]}),
    )
    .unwrap();
    let mut narrower = schema();
    narrower["properties"]["rings"]["maximum"] = json!(6);
    assert_eq!(
        findings(desk.activate("group", 2, narrower)),
        ["/behaviours/0/settings/rings: must be at most 6"]
    );
    assert_eq!(
        desk.acme().behaviour("group").unwrap().active,
        ModuleDigest([1; 32])
    );
}

#[test]
fn activation_remembers_what_was_active_and_keeps_the_settings() {
    let mut desk = Desk::new();
    desk.activate("group", 1, schema()).unwrap();
    desk.activate("group", 2, schema()).unwrap();
    // The same again is no other version.
    desk.activate("group", 2, schema()).unwrap();
    let group = desk.acme().behaviour("group").unwrap();
    assert_eq!((group.active, group.revision), (ModuleDigest([2; 32]), 3));
    assert_eq!(group.history.len(), 1);
    assert_eq!(
        (group.history[0].digest, &*group.history[0].version),
        (ModuleDigest([1; 32]), "1.0.0")
    );
    assert_eq!(group.history[0].until, desk.now.as_millis());
}

#[test]
fn writing_a_behaviour_with_another_module_is_remembered_too() {
    let mut desk = Desk::new();
    desk.activate("group", 1, schema()).unwrap();
    let mut written = serde_json::to_value(&desk.acme().behaviour("group").unwrap().document).unwrap();
    written["active"] = "02".repeat(32).into();
    desk.put("behaviour", written).unwrap();
    let group = desk.acme().behaviour("group").unwrap();
    assert_eq!(group.active, ModuleDigest([2; 32]));
    let earlier: Vec<_> = group.history.iter().map(|earlier| earlier.digest).collect();
    assert_eq!(earlier, [ModuleDigest([1; 32])]);
}

#[test]
fn schemas_and_schedules_that_cannot_be_used_are_refused() {
    let mut desk = Desk::new();
    let wrong = findings(desk.activate("group", 1, json!({"type": "object", "if": true})));
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].contains("the keyword `if` is not offered"), "{wrong:?}");
    let mut manifest = manifest("group", 1, schema());
    manifest.schedules.push(contract::Schedule {
        name: "nightly".into(),
        cron: "0 30 2 * * *".into(),
    });
    let activation = Request::Activate {
        tenant: "acme".into(),
        behaviour: "group".into(),
        digest: ModuleDigest([1; 32]),
        manifest: Box::new(manifest),
    };
    let wrong = findings(desk.ask(activation));
    assert!(
        wrong[0].starts_with("/manifest/schedules/0/cron: expected five fields"),
        "{wrong:?}"
    );
}

#[test]
fn what_settings_name_is_not_deleted_r25_r44() {
    let mut desk = Desk::new();
    desk.phone("201");
    desk.activate("group", 1, schema()).unwrap();
    desk.put(
        "calendar",
        json!({"id": "office", "hours": [{"days": ["monday"], "from": "09:00", "to": "17:00"}]}),
    )
    .unwrap();
    let blob = "0".repeat(64);
    let welcome =
        json!({"name": "welcome", "blob": blob, "media-type": "audio/wav", "size": 9, "length": 1_000});
    desk.put("announcement", welcome).unwrap();
    let number = json!({"id": "300", "behaviours": [{"behaviour": "group",
        "settings": {"calendar": "office", "greeting": "welcome", "members": ["201"]}}]});
    desk.put("number", number).unwrap();
    for (kind, id) in [
        (Kind::Calendar, "office"),
        (Kind::Announcement, "welcome"),
        (Kind::Line, "201"),
        (Kind::Behaviour, "group"),
    ] {
        let Err(Refusal::InUse { by, .. }) = desk.delete(kind, id) else {
            panic!("{id} is in use")
        };
        assert_eq!(by, [key(Kind::Number, "300")], "{id}");
    }
    desk.delete(Kind::Number, "300").unwrap();
    desk.delete(Kind::Calendar, "office").unwrap();
    desk.delete(Kind::Announcement, "welcome").unwrap();
    desk.delete(Kind::Behaviour, "group").unwrap();
}

#[test]
fn a_sites_recording_is_used_there_and_a_lines_by_that_line_r25() {
    let mut desk = Desk::new();
    desk.activate("group", 1, schema()).unwrap();
    desk.put("site", json!({"id": "lyon", "name": "Lyon"})).unwrap();
    desk.phone("201");
    let recording = |name: &str, of: Value| {
        let mut recording =
            json!({"name": name, "blob": "0".repeat(64), "media-type": "audio/wav", "size": 9, "length": 1});
        for (field, value) in of.as_object().unwrap() {
            recording[field] = value.clone();
        }
        recording
    };
    desk.put("announcement", recording("of-main", json!({"site": "main"})))
        .unwrap();
    desk.put("announcement", recording("of-201", json!({"line": "201"})))
        .unwrap();
    assert_eq!(
        desk.wrong(
            "announcement",
            recording("both", json!({"line": "201", "site": "main"}))
        ),
        ["/site: must be left out: a recording is a site's or a line's (R25)"]
    );
    let number = |site: &str, greeting: &str| json!({"id": "300", "site": site, "behaviours": [{"behaviour": "group", "settings": {"greeting": greeting}}]});
    desk.put("number", number("main", "of-main")).unwrap();
    let path = "/behaviours/0/settings/greeting";
    assert_eq!(
        desk.wrong("number", number("lyon", "of-main")),
        [format!("{path}: `of-main` is kept at the site `main` (R25)")]
    );
    assert_eq!(
        desk.wrong("number", number("main", "of-201")),
        [format!("{path}: `of-201` is a recording of the line `201` (R25)")]
    );
    let Err(Refusal::InUse { by, .. }) = desk.delete(Kind::Line, "201") else {
        panic!("its recording is there")
    };
    assert_eq!(by, [key(Kind::Announcement, "of-201")]);
}

#[test]
fn a_line_sets_its_own_settings_for_the_behaviours_in_front_of_it() {
    let mut desk = Desk::new();
    desk.activate("group", 1, schema()).unwrap();
    let tenant =
        json!({"id": "acme", "name": "Acme", "domains": ["acme.example"], "defaults": {"line": ["group"]}});
    desk.put("tenant", tenant).unwrap();
    desk.phone("201");
    desk.phone("202");
    let line = json!({"id": "202", "name": "B", "short-number": "202", "site": "main", "settings": {"group": {"rings": 9}}});
    desk.put("line", line).unwrap();
    assert_eq!(settings_of(&desk, "201")[0]["rings"], 5);
    assert_eq!(settings_of(&desk, "202")[0]["rings"], 9);
    desk.delete(Kind::Line, "202").unwrap();
    assert!(
        desk.acme()
            .settings(&Place::Line("202".into(), "group".into()))
            .is_none()
    );
    let plain = json!({"id": "201", "name": "A", "short-number": "201", "site": "main", "behaviours": []});
    desk.put("line", plain).unwrap();
    assert_eq!(settings_of(&desk, "201"), [Value::Null; 0]);
    let Err(Refusal::InUse { by, .. }) = desk.delete(Kind::Behaviour, "group") else {
        panic!("in use")
    };
    assert_eq!(by, [key(Kind::Tenant, "acme")]);
}

/// Blocked callers, or those who go before others, may be given by the beginning of their numbers (R15).
#[test]
fn settings_may_name_the_beginnings_of_numbers() {
    let mut desk = Desk::new();
    let numbers = json!({"type": "array", "items": {"type": "string", "x-kind": "number"}, "default": []});
    let schema = json!({"type": "object", "properties": {"blocked": numbers}});
    desk.activate("line", 1, schema.clone()).unwrap();
    let document = |numbers: Value| {
        json!({"name": "line", "active": "01".repeat(32), "manifest": manifest("line", 1, schema.clone()),
               "settings": {"blocked": numbers}})
    };
    let fine = json!(["06*", "+336 12*", "0147200001", "*37*"]);
    assert_eq!(desk.wrong("behaviour", document(fine)), [""; 0]);
    assert_eq!(
        desk.wrong("behaviour", document(json!(["Bob*"]))),
        ["/settings/blocked/0: `Bob*` is no number that can be dialled"]
    );
}

#[test]
fn recordings_are_short_and_small_r25() {
    let mut desk = Desk::new();
    let wrong = desk.wrong(
        "announcement",
        json!({"name": "w", "blob": "0".repeat(64), "media-type": "audio/ogg", "size": 4_000_000, "length": 120_001}),
    );
    assert_eq!(
        wrong,
        [
            "/media-type: must be audio/wav or audio/mpeg (R25)",
            "/length: must be at most two minutes (R25)",
            "/size: must be at most 3 MB (R25)",
        ]
    );
}

#[test]
fn a_day_of_the_week_is_in_one_set_only_and_breaks_are_inside_r44() {
    let mut desk = Desk::new();
    let wrong = desk.wrong(
        "calendar",
        json!({"id": "c", "time-zone": "Mars/Olympus", "hours": [
            {"days": ["monday", "tuesday"], "from": "09:00", "to": "17:00", "break": {"from": "08:00", "to": "10:00"}},
            {"days": ["tuesday"], "from": "09:00", "to": "09:00"},
        ], "closed": [{"from": "2026-12-24", "to": "2026-12-23"}]}),
    );
    assert_eq!(
        wrong,
        [
            "/time-zone: `Mars/Olympus` is no IANA time zone such as `Europe/Paris`",
            "/hours/0/break: must begin and end within the hours of its day (R44)",
            "/hours/1/days/0: each day of the week is in one set only (R44)",
            "/hours/1/to: must differ from `from`; the whole day is 00:00 to 24:00",
            "/closed/0/to: must not be before `from`",
        ]
    );
}

/// The operator lets a tenant's modules do less than the exchange offers: nothing that needs more gets in, or stays unnoticed.
#[test]
fn a_module_that_asks_for_more_than_granted_is_refused_line_by_line() {
    let mut office = Desk::new();
    let ask = |office: &mut Desk, imports: &[&str]| {
        let mut asking = manifest("greeter", 1, json!({"type": "object"}));
        asking.imports = imports.iter().map(ToString::to_string).collect();
        let activation = Request::Activate {
            tenant: "acme".into(),
            behaviour: "greeter".into(),
            digest: ModuleDigest([1; 32]),
            manifest: Box::new(asking),
        };
        findings(office.ask(activation))
    };
    let grants = |imports: &[&str]| json!({"id": "acme", "name": "Acme", "domains": ["acme.example"], "grants": {"imports": imports}});
    assert_eq!(office.wrong("tenant", grants(&["legs", "audio"])), [""; 0]);
    let wrong = ask(&mut office, &["audio", "legs", "recording", "trunk"]);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0].starts_with("/manifest/imports/2: this tenant's modules may not record calls"),
        "{wrong:?}"
    );
    assert!(wrong[1].contains("--allow trunk"), "{wrong:?}");
    assert_eq!(ask(&mut office, &["audio", "legs"]), [""; 0]);
    let wrong = office.wrong("tenant", grants(&["legs"]));
    assert_eq!(
        wrong,
        [
            "/grants/imports: behaviour `greeter` uses `audio` (play to callers and take the digits that they press): give it another module first"
        ]
    );
    let wrong = office.wrong("tenant", grants(&["legs", "audio", "telepathy"]));
    assert!(
        wrong[0].starts_with("/grants/imports/2: must be one of audio"),
        "{wrong:?}"
    );
}
