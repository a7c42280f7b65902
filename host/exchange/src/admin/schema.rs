//! The part of JSON Schema (2020-12) that settings use.
//!
//! Understood: `type`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, `minItems`, `maxItems`,
//! `uniqueItems`, `minProperties`, `maxProperties`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`,
//! `multipleOf`, `minLength`, `maxLength`, `enum`, `const`, `default`, `oneOf`, `anyOf`, `allOf`, `not`, `$ref` to `$defs` or
//! `definitions`, `true` and `false`. Annotations (`title`, `description`, `format`, `x-…`) are for people and forms. A keyword that
//! would restrict and is not in this list (such as `pattern`) makes a schema unusable, so that nothing is
//! accepted by ignoring it.

use contract::Problem;
use serde_json::{Map, Value};

/// `$ref`s and nested schemas followed in one descent: schemas may refer to themselves.
const DEPTH: u32 = 64;

/// A parsed schema.
#[derive(Clone, Debug)]
pub struct Schema(Value);

/// Why a schema cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("at `{path}`: a schema is an object, `true` or `false`")]
    NotASchema { path: String },
    #[error("at `{path}`: the keyword `{keyword}` is not offered")]
    Unknown { path: String, keyword: String },
    #[error("at `{path}`: nothing is defined as `{reference}`")]
    Dangling { path: String, reference: String },
}

impl Schema {
    /// Reads a schema. An empty text stands for "no settings at all".
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        if text.trim().is_empty() {
            return Ok(Self(
                serde_json::json!({ "type": "object", "additionalProperties": false }),
            ));
        }
        let root: Value =
            serde_json::from_str(text).map_err(|error| SchemaError::NotJson(error.to_string()))?;
        survey(&root, &root, "", 0)?;
        Ok(Self(root))
    }

    /// Adds the default of every property that is absent, inside of those that are there too.
    pub fn fill(&self, value: &mut Value) {
        self.fill_at(&self.0, value, 0);
    }

    fn fill_at(&self, schema: &Value, value: &mut Value, depth: u32) {
        if depth > DEPTH {
            return;
        }
        let Some(rules) = self.resolved(schema, depth) else {
            return;
        };
        if let (Value::Object(object), Some(Value::Object(properties))) =
            (&mut *value, rules.get("properties"))
        {
            for (name, property) in properties {
                if !object.contains_key(name)
                    && let Some(default) = self.default_of(property)
                {
                    object.insert(name.clone(), default);
                }
                if let Some(inner) = object.get_mut(name) {
                    self.fill_at(property, inner, depth + 1);
                }
            }
        }
        if let (Value::Array(items), Some(item)) = (&mut *value, rules.get("items")) {
            items
                .iter_mut()
                .for_each(|inner| self.fill_at(item, inner, depth + 1));
        }
        for part in list(rules, "allOf") {
            self.fill_at(part, value, depth + 1);
        }
        for choice in ["oneOf", "anyOf"] {
            self.fill_choice(rules, choice, value, depth);
        }
    }

    /// Of several alternatives the one that fits once it is filled in.
    fn fill_choice(&self, rules: &Map<String, Value>, keyword: &str, value: &mut Value, depth: u32) {
        for alternative in list(rules, keyword) {
            let mut candidate = value.clone();
            self.fill_at(alternative, &mut candidate, depth + 1);
            let mut problems = Vec::new();
            self.check_at(alternative, &candidate, "", depth + 1, &mut problems);
            if problems.is_empty() {
                *value = candidate;
                return;
            }
        }
    }

    fn default_of(&self, schema: &Value) -> Option<Value> {
        let own = schema.get("default");
        own.or_else(|| self.resolved(schema, 0)?.get("default")).cloned()
    }

    /// Everything that is wrong with a value.
    pub fn check(&self, value: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.check_at(&self.0, value, "", 0, &mut problems);
        problems
    }

    fn check_at(&self, schema: &Value, value: &Value, path: &str, depth: u32, problems: &mut Vec<Problem>) {
        let mut add = |message: String| {
            problems.push(Problem {
                path: path.to_owned(),
                message,
            });
        };
        if depth > DEPTH {
            return add("nested too deeply".to_owned());
        }
        if schema == &Value::Bool(false) {
            return add("nothing may be here".to_owned());
        }
        let Some(rules) = schema.as_object() else { return };
        if let Some(target) = rules
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|name| self.definition(name))
        {
            self.check_at(target, value, path, depth + 1, problems);
        }
        let before = problems.len();
        check_kind(rules, value, path, problems);
        if problems.len() > before {
            // Of the wrong type: what else is wrong follows from it.
            return;
        }
        check_bounds(rules, value, path, problems);
        self.check_object(rules, value, path, depth, problems);
        self.check_array(rules, value, path, depth, problems);
        self.check_combined(rules, value, path, depth, problems);
    }

    fn check_object(
        &self,
        rules: &Map<String, Value>,
        value: &Value,
        path: &str,
        depth: u32,
        problems: &mut Vec<Problem>,
    ) {
        let Value::Object(object) = value else { return };
        let properties = rules.get("properties").and_then(Value::as_object);
        for name in list(rules, "required").filter_map(Value::as_str) {
            if !object.contains_key(name) {
                problems.push(Problem {
                    path: pointer(path, name),
                    message: "must be set".to_owned(),
                });
            }
        }
        for (name, inner) in object {
            let at = pointer(path, name);
            match (
                properties.and_then(|all| all.get(name)),
                rules.get("additionalProperties"),
            ) {
                (Some(schema), _) => self.check_at(schema, inner, &at, depth + 1, problems),
                (None, Some(Value::Bool(false))) => problems.push(Problem {
                    path: at,
                    message: unknown_property(properties),
                }),
                (None, Some(schema)) => self.check_at(schema, inner, &at, depth + 1, problems),
                (None, None) => {}
            }
        }
    }

    fn check_array(
        &self,
        rules: &Map<String, Value>,
        value: &Value,
        path: &str,
        depth: u32,
        problems: &mut Vec<Problem>,
    ) {
        let Value::Array(items) = value else { return };
        let first: Vec<&Value> = list(rules, "prefixItems").collect();
        for (position, inner) in items.iter().enumerate() {
            if let Some(schema) = first.get(position).copied().or_else(|| rules.get("items")) {
                self.check_at(
                    schema,
                    inner,
                    &pointer(path, &position.to_string()),
                    depth + 1,
                    problems,
                );
            }
        }
        if rules.get("uniqueItems") == Some(&Value::Bool(true)) {
            for (position, inner) in items.iter().enumerate() {
                if items.iter().take(position).any(|earlier| earlier == inner) {
                    problems.push(Problem {
                        path: pointer(path, &position.to_string()),
                        message: "is in the list already".to_owned(),
                    });
                }
            }
        }
    }

    fn check_combined(
        &self,
        rules: &Map<String, Value>,
        value: &Value,
        path: &str,
        depth: u32,
        problems: &mut Vec<Problem>,
    ) {
        for part in list(rules, "allOf") {
            self.check_at(part, value, path, depth + 1, problems);
        }
        for keyword in ["oneOf", "anyOf"] {
            if rules.contains_key(keyword) {
                self.check_choice(rules, keyword, value, path, depth, problems);
            }
        }
        if let Some(forbidden) = rules.get("not") {
            let mut inner = Vec::new();
            self.check_at(forbidden, value, path, depth + 1, &mut inner);
            if inner.is_empty() {
                problems.push(Problem {
                    path: path.to_owned(),
                    message: "is excluded by the schema".to_owned(),
                });
            }
        }
    }

    /// Tells what is wrong with the alternative that comes nearest.
    fn check_choice(
        &self,
        rules: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        path: &str,
        depth: u32,
        problems: &mut Vec<Problem>,
    ) {
        let judge = |alternative| {
            let mut inner = Vec::new();
            self.check_at(alternative, value, path, depth + 1, &mut inner);
            inner
        };
        let mut judged: Vec<Vec<Problem>> = list(rules, keyword).map(judge).collect();
        let fitting = judged.iter().filter(|inner| inner.is_empty()).count();
        match (fitting, keyword) {
            (0, _) => {
                // Problems deep inside mean that the alternative was the one meant.
                let depth_of = |inner: &Vec<Problem>| inner.iter().map(|p| p.path.len()).min().unwrap_or(0);
                judged.sort_by_key(|inner| (std::cmp::Reverse(depth_of(inner)), inner.len()));
                match judged.into_iter().next() {
                    Some(nearest) if depth_of(&nearest) > path.len() => problems.extend(nearest),
                    _ => problems.push(Problem {
                        path: path.to_owned(),
                        message: format!("must be one of: {}", alternatives(rules, keyword)),
                    }),
                }
            }
            (1, _) | (_, "anyOf") => {}
            _ => problems.push(Problem {
                path: path.to_owned(),
                message: "fits more than one alternative".to_owned(),
            }),
        }
    }

    /// The object that says something, behind `$ref`s.
    fn resolved<'a>(&'a self, schema: &'a Value, depth: u32) -> Option<&'a Map<String, Value>> {
        let rules = schema.as_object()?;
        match rules.get("$ref").and_then(Value::as_str) {
            Some(reference) if depth <= DEPTH => self.resolved(self.definition(reference)?, depth + 1),
            _ => Some(rules),
        }
    }

    fn definition(&self, reference: &str) -> Option<&Value> {
        definition(&self.0, reference)
    }
}

/// `#` or a JSON Pointer behind it.
fn definition<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

fn list<'a>(rules: &'a Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'a Value> {
    rules.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

/// `path/name`, escaped (RFC 6901 §3).
pub(super) fn pointer(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Looks for keywords that would be ignored.
fn survey(root: &Value, schema: &Value, path: &str, depth: u32) -> Result<(), SchemaError> {
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

/// `type`, `enum` and `const`.
fn check_kind(rules: &Map<String, Value>, value: &Value, path: &str, problems: &mut Vec<Problem>) {
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
fn check_bounds(rules: &Map<String, Value>, value: &Value, path: &str, problems: &mut Vec<Problem>) {
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

fn unknown_property(properties: Option<&Map<String, Value>>) -> String {
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
fn alternatives(rules: &Map<String, Value>, keyword: &str) -> String {
    let name = |schema: &Value| {
        let said = ["title", "const", "enum", "required", "type"]
            .into_iter()
            .find_map(|word| schema.get(word));
        said.map_or_else(|| "a value".to_owned(), Value::to_string)
    };
    let names: Vec<String> = list(rules, keyword).map(name).collect();
    names.join(", ")
}
