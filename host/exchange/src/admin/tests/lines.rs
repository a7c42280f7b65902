use super::*;

fn line(extra: Value) -> Value {
    let mut line = json!({"id": "l", "name": "Line", "short-number": "201", "site": "main"});
    for (name, value) in extra.as_object().unwrap() {
        line[name] = value.clone();
    }
    line
}

#[test]
fn a_fixed_line_has_a_site_r1() {
    let mut desk = Desk::new();
    for kind in ["fixed", "analogue", "ownerless"] {
        assert_eq!(
            desk.wrong("line", line(json!({"kind": kind, "site": null}))),
            ["/site: must name the site that emergency services are sent to (R1)"]
        );
    }
    desk.put("line", line(json!({"kind": "mobile", "site": null})))
        .unwrap();
}

#[test]
fn a_line_has_a_number_and_a_name_r2() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.wrong("line", line(json!({"short-number": null, "name": ""}))),
        [
            "/name: must not be empty",
            ": must have a short number or a number (R2)"
        ]
    );
}

#[test]
fn a_virtual_line_stands_for_a_mobile_and_never_rings_r2() {
    let mut desk = Desk::new();
    desk.phone("301");
    let mobile = json!({"id": "m", "name": "Mobile", "kind": "mobile", "number": "+33612345678"});
    desk.put("line", mobile).unwrap();
    let wrong = desk.wrong("line", line(json!({"kind": "virtual", "devices": ["301"]})));
    assert_eq!(
        wrong,
        [
            "/devices: must be empty: a virtual line never rings (R2)",
            "/paired: must name the mobile line it stands for (R2)",
        ]
    );
    assert_eq!(
        desk.wrong("line", line(json!({"kind": "virtual", "paired": "301"})))
            .len(),
        1
    );
    desk.put("line", line(json!({"kind": "virtual", "paired": "m"})))
        .unwrap();
    let Err(Refusal::InUse { by, .. }) = desk.delete(Kind::Line, "m") else {
        panic!("in use")
    };
    assert_eq!(by, [key(Kind::Line, "l")]);
}

#[test]
fn each_kind_of_line_has_the_features_of_the_matrix_r3() {
    let mut desk = Desk::new();
    desk.put(
        "line",
        json!({"id": "m", "name": "Mobile", "kind": "mobile", "number": "+33612345678"}),
    )
    .unwrap();
    let all = json!({"distinctive-ring": true, "call-waiting": true, "caller-id": "hidden", "restriction": "internal"});
    for (kind, refused) in [
        ("fixed", vec![]),
        ("mobile", vec!["/features/distinctive-ring"]),
        (
            "analogue",
            vec!["/features/distinctive-ring", "/features/call-waiting"],
        ),
        (
            "virtual",
            vec![
                "/features/distinctive-ring",
                "/features/call-waiting",
                "/features/caller-id",
                "/features/restriction",
            ],
        ),
    ] {
        let paired = (kind == "virtual").then_some("m");
        let wrong = desk.wrong(
            "line",
            line(json!({"kind": kind, "features": all, "paired": paired})),
        );
        let expected: Vec<String> = refused
            .iter()
            .map(|path| format!("{path}: is not offered to {kind} lines (R3)"))
            .collect();
        assert_eq!(wrong, expected);
    }
}

/// What behaviours offer follows the matrix too: the schema says for which lines, and the error names the field.
#[test]
fn settings_are_for_the_kinds_of_lines_that_their_schema_names_r3() {
    let mut desk = Desk::new();
    let schema = json!({"type": "object", "additionalProperties": false, "properties": {
        "blocked": {"type": "array", "items": {"type": "string"}, "default": []},
        "do-not-disturb": {"type": "boolean", "default": false, "x-lines": "fixed mobile"},
    }});
    desk.activate("line", 1, schema).unwrap();
    let mut with = |kind: &str, settings: serde_json::Value| {
        desk.wrong(
            "line",
            line(json!({"kind": kind, "settings": {"line": settings}})),
        )
    };
    let quiet = json!({"do-not-disturb": true, "blocked": ["0612345678"]});
    assert_eq!(
        with("analogue", quiet.clone()),
        ["/settings/line/do-not-disturb: is not offered to analogue lines (R3)"]
    );
    let nothing: [&str; 0] = [];
    assert_eq!(with("fixed", quiet.clone()), nothing);
    assert_eq!(with("ownerless", quiet), nothing);
    assert_eq!(
        with("analogue", json!({"do-not-disturb": false})),
        nothing,
        "the default"
    );
}

#[test]
fn a_short_number_is_dialled_for_nothing_else_r8_r74() {
    let mut desk = Desk::new();
    let tenant = json!({"id": "acme", "name": "Acme", "domains": ["acme.example"],
        "numbering": {"outside-prefix": "9", "internal-digits": {"min": 3, "max": 4}}});
    desk.put("tenant", tenant).unwrap();
    let mut with = |short: &str| desk.wrong("line", line(json!({"short-number": short})));
    assert_eq!(
        with("112"),
        ["/short-number: `112` calls the emergency services (R74)"]
    );
    assert_eq!(
        with("9112"),
        ["/short-number: `9112` calls the emergency services (R74)"]
    );
    assert_eq!(
        with("9001"),
        ["/short-number: `9001` starts with the prefix for outside lines"]
    );
    assert_eq!(
        with("20"),
        ["/short-number: `20` is no short number: 3 to 4 digits"]
    );
    assert_eq!(
        with("20101"),
        ["/short-number: `20101` is no short number: 3 to 4 digits"]
    );
    assert_eq!(
        with("20a"),
        ["/short-number: `20a` is no short number: 3 to 4 digits"]
    );
    assert_eq!(with("2001"), [""; 0]);
}

#[test]
fn a_number_is_written_in_e164() {
    let mut desk = Desk::new();
    let mut with = |number: &str| desk.wrong("line", line(json!({"number": number})));
    assert_eq!(
        with("0123456789"),
        ["/number: `0123456789` is no number in E.164 form; write `+33123456789`"]
    );
    assert_eq!(
        with("+331234"),
        ["/number: `+331234` is no number in E.164 form, such as `+33…`"]
    );
    assert_eq!(with("+33123456789"), [""; 0]);
}

#[test]
fn two_lines_do_not_share_a_number() {
    let mut desk = Desk::new();
    desk.phone("201");
    let wrong = desk.wrong("line", line(json!({})));
    assert_eq!(wrong.len(), 2);
    assert!(
        wrong[0].contains("the number `201` is also in acme/line/l"),
        "{wrong:?}"
    );
    assert_eq!(desk.acme().line_by_number("201").unwrap().id.as_str(), "201");
}

#[test]
fn a_number_moves_from_one_line_to_another_in_one_batch_in_any_order() {
    let other = json!({"id": "201", "name": "Old", "short-number": "202", "site": "main"});
    for reverse in [false, true] {
        let mut desk = Desk::new();
        desk.phone("201");
        let mut moves = vec![put("line", line(json!({}))), put("line", other.clone())];
        if reverse {
            moves.reverse();
        }
        desk.ask(Request::Batch(moves)).unwrap();
        assert_eq!(desk.acme().line_by_number("201").unwrap().id.as_str(), "l");
        assert_eq!(desk.acme().line_by_number("202").unwrap().id.as_str(), "201");
    }
}

#[test]
fn references_must_lead_somewhere() {
    let mut desk = Desk::new();
    let wrong = desk.wrong(
        "line",
        line(json!({"site": "rome", "user": "nobody", "devices": ["none"], "paired": "none", "behaviours": ["menu"],
            "settings": {"menu": {"a": 1}}})),
    );
    assert_eq!(
        wrong,
        [
            "/site: there is no site `rome`",
            "/user: there is no user `nobody`",
            "/devices/0: there is no device `none`",
            "/paired: there is no line `none`",
            "/behaviours/0: there is no behaviour `menu`",
            "/settings/menu: there is no behaviour `menu`",
        ]
    );
}

#[test]
fn a_tenant_has_no_more_lines_than_its_limit() {
    let mut desk = Desk::new();
    let tenant = json!({"id": "acme", "name": "Acme", "domains": ["acme.example"], "limits": {"lines": 1}});
    desk.put("tenant", tenant).unwrap();
    desk.phone("201");
    assert_eq!(
        desk.wrong(
            "line",
            json!({"id": "202", "name": "B", "short-number": "202", "site": "main"})
        ),
        ["/limits/lines: allows 1 lines, there would be 2"]
    );
}

#[test]
fn a_number_document_takes_only_a_free_number_and_leads_somewhere() {
    let mut desk = Desk::new();
    desk.phone("201");
    assert_eq!(
        desk.wrong("number", json!({"id": "201"})),
        [
            "/id: `201` is the number of the line `201`",
            ": must have a behaviour or a line"
        ]
    );
    assert_eq!(
        desk.wrong("number", json!({"id": "*9a", "line": "201"})),
        ["/id: must be 1 to 64 of the letters a–z and A–Z, digits and `._-+*#@`"; 0]
            .into_iter()
            .chain(["/id: must be a feature code such as `*98`"])
            .collect::<Vec<_>>()
    );
    desk.put("number", json!({"id": "*98", "line": "201"})).unwrap();
    desk.put("number", json!({"id": "300", "line": "201"})).unwrap();
    let taken = json!({"id": "l", "name": "L", "short-number": "300", "site": "main"});
    assert_eq!(
        desk.wrong("line", taken),
        ["/short-number: `300` has behaviours of its own: see number/300"]
    );
    let Err(Refusal::InUse { by, .. }) = desk.delete(Kind::Line, "201") else {
        panic!("in use")
    };
    assert_eq!(by, [key(Kind::Number, "*98"), key(Kind::Number, "300")]);
}

/// Its phones are here or there; the trunk is one that can be called over and asked at.
#[test]
fn a_line_elsewhere_has_a_trunk_and_no_devices() {
    let mut desk = Desk::new();
    desk.phone("301");
    let there = |extra: Value| {
        let mut trunk = json!({ "id": "there", "access": { "address": { "networks": ["192.0.2.7"] } } });
        for (name, value) in extra.as_object().unwrap() {
            trunk[name] = value.clone();
        }
        trunk
    };
    assert_eq!(
        desk.wrong("trunk", there(json!({ "dialog-watches": { "outbound": true } }))),
        ["/dialog-watches/outbound: needs an `outbound` address to ask at"]
    );
    desk.put("trunk", there(json!({ "dialog-watches": { "inbound": true } })))
        .unwrap();
    let wrong = desk.wrong("line", line(json!({ "trunk": "there", "devices": ["301"] })));
    assert_eq!(
        wrong,
        [
            "/trunk: must be left out: the line's devices are here",
            "/trunk: `there` has no `outbound` address to ring its phones at",
        ]
    );
    assert_eq!(desk.wrong("line", line(json!({ "trunk": "nowhere" }))).len(), 1);
    let reached = json!({ "outbound": "sip:192.0.2.7", "dialog-watches": { "outbound": true } });
    desk.put("trunk", there(reached)).unwrap();
    desk.put("line", line(json!({ "trunk": "there" }))).unwrap();
    let Err(Refusal::InUse { by, .. }) = desk.delete(Kind::Trunk, "there") else {
        panic!("in use")
    };
    assert_eq!(by, [key(Kind::Line, "l")]);
}
