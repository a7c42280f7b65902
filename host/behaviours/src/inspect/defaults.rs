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
    fn a_schema_that_refers_to_itself_ends() {
        let schema = r##"{ "properties": { "a": { "$ref": "#" } } }"##;
        assert!(of(schema).len() < 200);
        assert_eq!(of("no schema"), "{}");
    }
}
