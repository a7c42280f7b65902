//! Whether a schema says only what is understood.

use serde_json::Value;

use super::rules::read_pattern;
use super::{DEPTH, SchemaError, definition, pointer};

/// Looks for keywords that would be ignored.
pub(super) fn survey(root: &Value, schema: &Value, path: &str, depth: u32) -> Result<(), SchemaError> {
    if schema.is_boolean() || depth > DEPTH {
        return Ok(());
    }
    let Some(rules) = schema.as_object() else {
        return Err(SchemaError::NotASchema {
            path: path.to_owned(),
        });
    };
    for (keyword, inner) in rules {
        let at = pointer(path, keyword);
        match keyword.as_str() {
            "properties" | "$defs" | "definitions" => {
                for (name, inner) in inner.as_object().into_iter().flatten() {
                    survey(root, inner, &pointer(&at, name), depth + 1)?;
                }
            }
            "oneOf" | "anyOf" | "allOf" | "prefixItems" => {
                for (position, inner) in inner.as_array().into_iter().flatten().enumerate() {
                    survey(root, inner, &pointer(&at, &position.to_string()), depth + 1)?;
                }
            }
            "items" | "additionalProperties" | "not" => survey(root, inner, &at, depth + 1)?,
            "$ref" => {
                let reference = inner.as_str().unwrap_or_default();
                if definition(root, reference).is_none() {
                    return Err(SchemaError::Dangling {
                        path: at,
                        reference: reference.to_owned(),
                    });
                }
            }
            "pattern" => {
                let pattern = inner.as_str().unwrap_or_default();
                if read_pattern(pattern).is_none() {
                    return Err(SchemaError::Pattern {
                        path: path.to_owned(),
                        pattern: pattern.to_owned(),
                    });
                }
            }
            "type" | "required" | "minItems" | "maxItems" | "uniqueItems" | "minProperties"
            | "maxProperties" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"
            | "multipleOf" | "minLength" | "maxLength" | "enum" | "const" => {}
            "$schema" | "$id" | "$comment" | "title" | "description" | "default" | "examples" | "format"
            | "deprecated" | "readOnly" | "writeOnly" => {}
            annotation if annotation.starts_with("x-") => {}
            _ => {
                return Err(SchemaError::Unknown {
                    path: path.to_owned(),
                    keyword: keyword.clone(),
                });
            }
        }
    }
    Ok(())
}
