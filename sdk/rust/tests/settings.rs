//! Settings: the derived schema, defaults and problems.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::sync::Arc;

use cordboard::native::Module;
use cordboard::prelude::*;
use cordboard::test::Tenant;
use serde_json::{Value, json};

/// A door.
///
/// Opens by code.
#[derive(Settings, Serialize, Deserialize)]
#[settings(check)]
#[serde(default, rename_all = "kebab-case")]
struct Door {
    /// Who is rung: "anybody".
    #[settings(required, kind = "line", min_length = 1, title = "Whom")]
    line: String,
    #[settings(default = 3, min = 1, max = 10, unit = "rings", edit = "user")]
    ring_count: u32,
    #[settings(default = -5, min = -10, max = 0)]
    offset: i32,
    mode: Mode,
    fallback: Option<Number>,
    #[settings(max_items = 2, pattern = "^[0-9]$")]
    codes: Vec<String>,
    hours: Option<Hours>,
}

/// How it opens.
#[derive(Settings, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// With a buzz.
    LoudBuzz,
    #[settings(default)]
    Silent,
}

/// When it opens.
#[derive(Settings, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Hours {
    #[settings(default = 8)]
    from: u8,
}

impl Door {
    fn check(&self, view: &View, problems: &mut Problems) {
        if view.line(&self.line).is_none() {
            problems.at("/line", "there is no such line");
        }
    }
}

/// Opens.
#[cordboard::script(name = "front-door")]
async fn door(call: Call, settings: Door) -> Outcome {
    call.continue_to(&settings.line).await
}

fn schema() -> Value {
    serde_json::from_str(&Module::of::<door>().describe().settings_schema).unwrap()
}

#[test]
fn the_manifest_names_the_module_and_says_what_it_does() {
    let manifest = Module::of::<door>().describe();
    assert_eq!(
        (manifest.name.as_str(), manifest.summary.as_str()),
        ("front-door", "Opens.")
    );
    assert_eq!(manifest.version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_schema_has_defaults_limits_help_and_who_may_edit() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["description"], "A door.\nOpens by code.");
    assert_eq!(schema["required"], json!(["line"]));
    assert_eq!(schema["additionalProperties"], false);
    let properties = &schema["properties"];
    assert_eq!(
        properties["line"],
        json!({"type": "string", "title": "Whom", "description": "Who is rung: \"anybody\".", "x-kind": "line", "minLength": 1})
    );
    assert_eq!(
        properties["ring-count"],
        json!({"type": "integer", "title": "Ring count", "x-edit": "user", "x-unit": "rings",
            "minimum": 1, "maximum": 10, "default": 3})
    );
    assert_eq!(properties["offset"]["default"], -5);
    assert_eq!(properties["codes"]["maxItems"], 2);
    assert_eq!(
        properties["codes"]["items"],
        json!({"type": "string", "pattern": "^[0-9]$"})
    );
    assert_eq!(properties["codes"]["default"], json!([]));
}

#[test]
fn choices_are_an_enum_with_a_word_of_help_for_each() {
    let mode = &schema()["properties"]["mode"];
    assert_eq!(mode["enum"], json!(["loud-buzz", "silent"]));
    assert_eq!(mode["x-choices"]["loud-buzz"], "With a buzz.");
    assert_eq!(mode["default"], "silent");
}

#[test]
fn what_is_optional_may_be_null() {
    let properties = schema()["properties"].clone();
    assert_eq!(properties["fallback"]["type"], json!(["string", "null"]));
    assert_eq!(properties["fallback"]["x-kind"], "number");
    assert_eq!(properties["fallback"]["default"], Value::Null);
    assert_eq!(properties["hours"]["type"], json!(["object", "null"]));
    assert_eq!(properties["hours"]["properties"]["from"]["default"], 8);
    assert_eq!(properties["hours"]["description"], "When it opens.");
}

#[test]
fn problems_point_into_the_settings() {
    let check = |settings: &str| {
        let mut tenant = Tenant::default();
        tenant.line("201");
        Module::of::<door>().check(settings, Arc::new(tenant), Default::default())
    };
    assert_eq!(check(r#"{"line":"201"}"#), []);
    assert_eq!(check(r#"{"line":"202"}"#)[0].path, "/line");
    assert!(
        check("{")
            .first()
            .unwrap()
            .message
            .starts_with("the settings cannot be read")
    );
}

#[test]
fn defaults_written_as_json_read_back_as_the_default() {
    let mut text = String::new();
    cordboard::settings::Value::json(&Door::default(), &mut text);
    let read: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read, serde_json::to_value(Door::default()).unwrap());
}
