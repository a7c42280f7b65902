//! Keywords that look at one value alone.

use contract::Problem;
use serde_json::{Map, Value};

use super::list;

/// Bytes of a compiled pattern: what it costs for each letter that is matched.
const PATTERN_SIZE: usize = 32 * 1_024;

/// `type`, `enum` and `const`.
pub(super) fn check_kind(rules: &Map<String, Value>, value: &Value, path: &str, problems: &mut Vec<Problem>) {
    let mut add = |message| {
        problems.push(Problem {
            path: path.to_owned(),
            message,
        });
    };
    let kinds: Vec<&str> = match rules.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_kind(value, kind)) {
        return add(format!("must be {}, not {}", kinds.join(" or "), kind_of(value)));
    }
    if let Some(Value::Array(allowed)) = rules.get("enum")
        && !allowed.contains(value)
    {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        return add(format!("must be one of: {}", allowed.join(", ")));
    }
    if let Some(only) = rules.get("const")
        && only != value
    {
        add(format!("must be {only}"));
    }
}

fn is_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "number" => value.is_number(),
        other => kind_of(value) == other,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Least and most of numbers, and of lengths.
pub(super) fn check_bounds(
    rules: &Map<String, Value>,
    value: &Value,
    path: &str,
    problems: &mut Vec<Problem>,
) {
    let limit = |keyword: &str| rules.get(keyword).and_then(Value::as_f64);
    let mut add = |message| {
        problems.push(Problem {
            path: path.to_owned(),
            message,
        });
    };
    let (size, least, most, unit) = match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            if let Some(bound) = limit("exclusiveMinimum").filter(|bound| number <= *bound) {
                add(format!("must be more than {bound}"));
            }
            if let Some(bound) = limit("exclusiveMaximum").filter(|bound| number >= *bound) {
                add(format!("must be less than {bound}"));
            }
            if let Some(step) =
                limit("multipleOf").filter(|step| *step > 0.0 && (number / step).fract() != 0.0)
            {
                add(format!("must be a multiple of {step}"));
            }
            (number, "minimum", "maximum", "")
        }
        Value::String(text) => (
            text.chars().count() as f64,
            "minLength",
            "maxLength",
            " characters",
        ),
        Value::Array(items) => (items.len() as f64, "minItems", "maxItems", " entries"),
        Value::Object(object) => (object.len() as f64, "minProperties", "maxProperties", " entries"),
        Value::Null | Value::Bool(_) => return,
    };
    if let Some(bound) = limit(least).filter(|bound| size < *bound) {
        add(format!("must be at least {bound}{unit}"));
    }
    if let Some(bound) = limit(most).filter(|bound| size > *bound) {
        add(format!("must be at most {bound}{unit}"));
    }
}

/// A regular expression, unless it is none or too large to be matched in passing.
pub(super) fn read_pattern(pattern: &str) -> Option<regex_lite::Regex> {
    regex_lite::RegexBuilder::new(pattern)
        .size_limit(PATTERN_SIZE)
        .build()
        .ok()
}

pub(super) fn unknown_property(properties: Option<&Map<String, Value>>) -> String {
    let known: Vec<&str> = properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    match known.is_empty() {
        true => "is no setting: there are none here".to_owned(),
        false => format!("is no setting; there are: {}", known.join(", ")),
    }
}

/// Alternatives by what they say of themselves.
pub(super) fn alternatives(rules: &Map<String, Value>, keyword: &str) -> String {
    let name = |schema: &Value| {
        let said = ["title", "const", "enum", "required", "type"]
            .into_iter()
            .find_map(|word| schema.get(word));
        said.map_or_else(|| "a value".to_owned(), Value::to_string)
    };
    let names: Vec<String> = list(rules, keyword).map(name).collect();
    names.join(", ")
}
