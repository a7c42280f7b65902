use serde_json::{Value, json};

use super::*;

fn schema(value: Value) -> Schema {
    Schema::parse(&value.to_string()).unwrap()
}

fn problems(rules: Value, value: Value) -> Vec<String> {
    let found = schema(rules).check(&value);
    found
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect()
}

#[test]
fn each_keyword_restricts() {
    for (rules, good, bad, said) in [
        (
            json!({"type": "integer"}),
            json!(1),
            json!(1.5),
            ": must be integer, not number",
        ),
        (
            json!({"type": ["string", "null"]}),
            json!(null),
            json!(1),
            ": must be string or null, not number",
        ),
        (json!({"minimum": 1}), json!(1), json!(0), ": must be at least 1"),
        (json!({"maximum": 1}), json!(1), json!(2), ": must be at most 1"),
        (
            json!({"exclusiveMinimum": 1}),
            json!(2),
            json!(1),
            ": must be more than 1",
        ),
        (
            json!({"exclusiveMaximum": 1}),
            json!(0),
            json!(1),
            ": must be less than 1",
        ),
        (
            json!({"multipleOf": 5}),
            json!(10),
            json!(11),
            ": must be a multiple of 5",
        ),
        (
            json!({"minLength": 2}),
            json!("éé"),
            json!("é"),
            ": must be at least 2 characters",
        ),
        (
            json!({"maxLength": 2}),
            json!("éé"),
            json!("ééé"),
            ": must be at most 2 characters",
        ),
        (
            json!({"pattern": "^[1-9]$"}),
            json!("5"),
            json!("0"),
            ": must match `^[1-9]$`",
        ),
        (
            json!({"enum": ["a", "b"]}),
            json!("a"),
            json!("c"),
            ": must be one of: \"a\", \"b\"",
        ),
        (json!({"const": 7}), json!(7), json!(8), ": must be 7"),
        (
            json!({"minItems": 1}),
            json!([1]),
            json!([]),
            ": must be at least 1 entries",
        ),
        (
            json!({"maxItems": 1}),
            json!([1]),
            json!([1, 2]),
            ": must be at most 1 entries",
        ),
        (
            json!({"uniqueItems": true}),
            json!([1, 2]),
            json!([1, 1]),
            "/1: is in the list already",
        ),
        (
            json!({"items": {"type": "string"}}),
            json!(["a"]),
            json!(["a", 1]),
            "/1: must be string, not number",
        ),
        (
            json!({"prefixItems": [{"const": 1}]}),
            json!([1, 2]),
            json!([2]),
            "/0: must be 1",
        ),
        (
            json!({"required": ["a"]}),
            json!({"a": 1}),
            json!({}),
            "/a: must be set",
        ),
        (
            json!({"properties": {"a": {}}, "additionalProperties": false}),
            json!({"a": 1}),
            json!({"b/c": 1}),
            "/b~1c: is no setting; there are: a",
        ),
        (
            json!({"additionalProperties": {"type": "boolean"}}),
            json!({"a": true}),
            json!({"a": 1}),
            "/a: must be boolean, not number",
        ),
        (
            json!({"maxProperties": 1}),
            json!({"a": 1}),
            json!({"a": 1, "b": 2}),
            ": must be at most 1 entries",
        ),
        (
            json!({"not": {"const": 1}}),
            json!(2),
            json!(1),
            ": is excluded by the schema",
        ),
        (
            json!({"allOf": [{"minimum": 1}, {"maximum": 3}]}),
            json!(2),
            json!(4),
            ": must be at most 3",
        ),
        (
            json!({"oneOf": [{"const": 1}, {"const": 2}]}),
            json!(2),
            json!(3),
            ": must be one of: 1, 2",
        ),
        (
            json!({"oneOf": [{"minimum": 1}, {"minimum": 2}]}),
            json!(1),
            json!(2),
            ": fits more than one alternative",
        ),
        (
            json!({"anyOf": [{"minimum": 1}, {"minimum": 2}]}),
            json!(2),
            json!(0),
            ": must be one of: a value, a value",
        ),
        (
            json!({"$ref": "#/$defs/d", "$defs": {"d": {"minimum": 1}}}),
            json!(1),
            json!(0),
            ": must be at least 1",
        ),
        (json!(false), json!(null), json!(1), ": nothing may be here"),
    ] {
        if rules != json!(false) {
            assert_eq!(problems(rules.clone(), good), [""; 0], "{rules}");
        }
        assert_eq!(problems(rules.clone(), bad), [said], "{rules}");
    }
}

#[test]
fn all_problems_are_told_with_their_places() {
    let rules = json!({"type": "object", "properties": {
        "keys": {"type": "array", "items": {"type": "object", "required": ["key"], "additionalProperties": false,
            "properties": {"key": {"type": "string", "pattern": "^[1-9]$"}}}},
        "rings": {"type": "integer", "maximum": 10},
    }});
    let value = json!({"keys": [{"key": "1"}, {"key": "0"}, {}, {"key": "2", "x": 1}], "rings": 11});
    assert_eq!(
        problems(rules, value),
        [
            "/keys/1/key: must match `^[1-9]$`",
            "/keys/2/key: must be set",
            "/keys/3/x: is no setting; there are: key",
            "/rings: must be at most 10",
        ]
    );
}

#[test]
fn of_alternatives_the_nearest_explains_itself() {
    let rules = json!({"oneOf": [
        {"type": "object", "required": ["number"], "properties": {"number": {"type": "string"}}},
        {"type": "object", "required": ["line"], "properties": {"line": {"type": "string"}}},
        {"const": "voicemail"},
    ]});
    assert_eq!(
        problems(rules, json!({"number": 5})),
        ["/number: must be string, not number"]
    );
}

#[test]
fn defaults_fill_in_wherever_something_is_absent() {
    let rules = schema(json!({"type": "object", "properties": {
        "rings": {"type": "integer", "default": 5},
        "hours": {"type": "object", "default": {}, "properties": {"open": {"default": true}}},
        "keys": {"type": "array", "items": {"properties": {"label": {"default": "?"}}}},
        "target": {"oneOf": [
            {"required": ["line"], "properties": {"line": {"type": "string"}, "ring-for": {"default": 20}}},
            {"required": ["number"], "properties": {"number": {"type": "string"}, "hidden": {"default": false}}},
        ]},
        "named": {"$ref": "#/$defs/named"},
    }, "$defs": {"named": {"type": "string", "default": "n"}}}));
    let mut value = json!({"keys": [{"key": "1"}], "target": {"number": "300"}});
    rules.fill(&mut value);
    assert_eq!(
        value,
        json!({
            "rings": 5, "hours": {"open": true}, "keys": [{"key": "1", "label": "?"}],
            "target": {"number": "300", "hidden": false}, "named": "n",
        })
    );
    let mut kept = json!({"rings": null});
    rules.fill(&mut kept);
    assert_eq!(kept["rings"], Value::Null);
}

#[test]
fn references_are_found_by_their_kind() {
    let rules = schema(json!({"properties": {
        "calendar": {"type": ["string", "null"], "x-kind": "calendar"},
        "members": {"items": {"type": "string", "x-kind": "line"}},
        "greeting": {"anyOf": [{"type": "null"}, {"type": "string", "x-kind": "announcement"}]},
    }}));
    let value = json!({"calendar": "office", "members": ["201", "202"], "greeting": "welcome"});
    let found: Vec<String> = rules
        .references(&value)
        .iter()
        .map(|r| format!("{} {} {}", r.kind, r.path, r.name))
        .collect();
    assert_eq!(
        found,
        [
            "calendar /calendar office",
            "announcement /greeting welcome",
            "line /members/0 201",
            "line /members/1 202"
        ]
    );
    assert_eq!(rules.references(&json!({"calendar": null})), []);
}

#[test]
fn a_schema_that_says_more_than_is_understood_is_not_used() {
    let refused = |value: Value| Schema::parse(&value.to_string()).unwrap_err().to_string();
    assert_eq!(
        refused(json!({"if": true})),
        "at ``: the keyword `if` is not offered"
    );
    assert_eq!(
        refused(json!({"properties": {"a": {"propertyNames": {}}}})),
        "at `/properties/a`: the keyword `propertyNames` is not offered"
    );
    assert_eq!(
        refused(json!({"$ref": "#/$defs/x"})),
        "at `/$ref`: nothing is defined as `#/$defs/x`"
    );
    assert_eq!(
        refused(json!({"pattern": "("})),
        "at ``: `(` is no pattern that can be used here"
    );
    assert_eq!(
        refused(json!({"items": 5})),
        "at `/items`: a schema is an object, `true` or `false`"
    );
    assert!(Schema::parse("{").is_err());
}

#[test]
fn no_schema_means_no_settings() {
    let none = Schema::parse("").unwrap();
    assert_eq!(none.check(&json!({})), []);
    assert_eq!(none.check(&json!({"a": 1})).len(), 1);
}

#[test]
fn a_schema_that_refers_to_itself_comes_to_an_end() {
    let tree = schema(json!({"$ref": "#/$defs/t", "$defs": {"t": {"type": "object",
        "properties": {"in": {"$ref": "#/$defs/t"}}, "additionalProperties": false}}}));
    assert_eq!(tree.check(&json!({"in": {"in": {}}})), []);
    assert_eq!(tree.check(&json!({"in": {"in": {"x": 1}}})).len(), 1);
    let endless = schema(json!({"$ref": "#"}));
    assert!(!endless.check(&json!(1)).is_empty());
    endless.fill(&mut json!({}));
    let forever = schema(json!({"properties": {"a": {"default": {}, "$ref": "#"}}}));
    let mut value = json!({});
    forever.fill(&mut value);
    assert!(!value["a"].is_null());
}

#[test]
fn a_schema_that_multiplies_is_given_up_in_time() {
    let twins = json!({"$ref": "#/$defs/t", "$defs": {"t": {"anyOf": [
        {"$ref": "#/$defs/t"}, {"$ref": "#/$defs/t"}, {"type": "string"},
    ]}}});
    let twins = schema(twins);
    let said = twins.check(&json!(1));
    assert!(
        said.iter()
            .any(|problem| problem.message.starts_with("takes too long")),
        "{said:?}"
    );
    twins.fill(&mut json!({}));
    let _ = twins.references(&json!("x"));

    let long = "x".repeat(10_000);
    let swelling = schema(json!({"items": {"properties": {"a": {"default": long}}}}));
    let mut many = Value::Array(vec![json!({}); 10_000]);
    swelling.fill(&mut many);
    assert!(many.to_string().len() < 2 * STEPS);
}

#[test]
fn a_pattern_is_held_against_short_text_only_and_may_not_be_huge() {
    let letters = json!({"pattern": "^x*$"});
    assert_eq!(
        problems(letters.clone(), json!("x".repeat(PATTERN_TEXT))),
        [""; 0]
    );
    assert_eq!(problems(letters, json!("x".repeat(PATTERN_TEXT + 1))).len(), 1);
    assert!(Schema::parse(r#"{"pattern": "(a{100}){1000}"}"#).is_err());
    assert!(Schema::parse(r#"{"pattern": "^[A-Za-z0-9._-]{1,64}$"}"#).is_ok());
}
