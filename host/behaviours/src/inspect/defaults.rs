//! The settings that a schema's defaults make.

use serde_json::{Map, Value};

/// Nesting that is followed; what lies deeper gets no default.
const DEPTH: u32 = 16;

/// The defaults of a JSON Schema, as JSON text: of the whole where it has one, else of each
/// property. Properties without a default are left out.
pub(crate) fn of(schema: &str) -> String {
    let schema = serde_json::from_str(schema).unwrap_or(Value::Null);
    let settings = defaults(&schema, &schema, DEPTH);
    settings.unwrap_or_else(|| Value::Object(Map::new())).to_string()
}

/// The same, with something in the place of what is required and has no default: settings that the schema
/// takes, for a dry run.
pub(crate) fn complete(schema: &str) -> String {
    let schema = serde_json::from_str(schema).unwrap_or(Value::Null);
    let mut settings = defaults(&schema, &schema, DEPTH).unwrap_or_else(|| Value::Object(Map::new()));
    fill(&mut settings, &schema, &schema, DEPTH);
    settings.to_string()
}

fn fill(settings: &mut Value, schema: &Value, root: &Value, depth: u32) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let schema = resolved(schema, root);
    let (Some(settings), Some(properties)) = (
        settings.as_object_mut(),
        schema.get("properties").and_then(Value::as_object),
    ) else {
        return;
    };
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if let (None, Some(property)) = (settings.get(name), properties.get(name)) {
            settings.insert(name.to_owned(), some(resolved(property, root)));
        }
    }
    for (name, property) in properties {
        if let Some(value) = settings.get_mut(name) {
            fill(value, property, root, depth);
        }
    }
}

/// Any value of a type; the name of a line does for whatever a text may mean.
fn some(schema: &Value) -> Value {
    if let Some(first) = schema.pointer("/enum/0") {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => "201".into(),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        Some("boolean") => false.into(),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => Value::Object(Map::new()),
        _ => Value::Null,
    }
}

fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str);
    let target = target.and_then(|target| root.pointer(target.strip_prefix('#')?));
    target.unwrap_or(schema)
}

fn defaults(schema: &Value, root: &Value, depth: u32) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    if let Some(default) = schema.get("default") {
        return Some(default.clone());
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(target.strip_prefix('#')?)?;
        return defaults(target, root, depth);
    }
    let properties = schema.get("properties")?.as_object()?;
    let settings = properties
        .iter()
        .filter_map(|(name, property)| Some((name.clone(), defaults(property, root, depth)?)));
    Some(Value::Object(settings.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_property_gets_its_default_through_references() {
        let schema = r##"{
            "properties": {
                "attempts": { "default": 3 },
                "hours": { "$ref": "#/$defs/hours" },
                "greeting": { "type": "string" }
            },
            "$defs": { "hours": { "properties": { "calendar": { "default": "office" } } } }
        }"##;
        assert_eq!(of(schema), r#"{"attempts":3,"hours":{"calendar":"office"}}"#);
    }

    #[test]
    fn what_is_required_and_has_no_default_gets_some_value() {
        let schema = r##"{
            "properties": {
                "line": { "type": "string" },
                "rings": { "type": "integer", "minimum": 2 },
                "hours": { "$ref": "#/$defs/hours" },
                "note": { "type": "string" }
            },
            "required": ["line", "rings", "hours"],
            "$defs": { "hours": { "type": "object", "properties": { "mode": { "enum": ["day"] } }, "required": ["mode"] } }
        }"##;
        assert_eq!(
            complete(schema),
            r#"{"hours":{"mode":"day"},"line":"201","rings":2}"#
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = r##"{ "properties": { "a": { "$ref": "#" } } }"##;
        assert!(of(schema).len() < 200);
        assert_eq!(of("no schema"), "{}");
    }
}
