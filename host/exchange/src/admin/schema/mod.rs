//! The part of JSON Schema (2020-12) that settings use.
//!
//! Understood: `type`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, `minItems`, `maxItems`,
//! `uniqueItems`, `minProperties`, `maxProperties`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`,
//! `multipleOf`, `minLength`, `maxLength`, `pattern`, `enum`, `const`, `default`, `oneOf`, `anyOf`, `allOf`, `not`, `$ref` to `$defs` or
//! `definitions`, `true` and `false`. Annotations (`title`, `description`, `format`, `x-…`) are for people and forms. A keyword that
//! would restrict and is not in this list (such as `if`) makes a schema unusable, so that nothing is
//! accepted by ignoring it.

mod rules;
mod survey;

use contract::Problem;
use serde_json::{Map, Value};

use rules::{alternatives, check_bounds, check_kind, check_pattern, unknown_property};
use survey::survey;

/// `$ref`s and nested schemas followed in one descent: schemas may refer to themselves.
const DEPTH: u32 = 64;

/// Something that settings name: a calendar, an announcement, a line, a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `x-kind` of the schema.
    pub kind: String,
    /// JSON Pointer into the settings.
    pub path: String,
    pub name: String,
}

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
    #[error("at `{path}`: `{pattern}` is no pattern that can be used here")]
    Pattern { path: String, pattern: String },
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
        check_pattern(rules, value, path, problems);
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

    /// What a value names, by the `x-kind` of its schema.
    pub fn references(&self, value: &Value) -> Vec<Reference> {
        let mut references = Vec::new();
        self.collect(&self.0, value, "", 0, &mut references);
        references
    }

    fn collect(&self, schema: &Value, value: &Value, path: &str, depth: u32, found: &mut Vec<Reference>) {
        let Some(rules) = self.resolved(schema, depth).filter(|_| depth <= DEPTH) else {
            return;
        };
        match value {
            Value::String(name) => {
                let kind = schema
                    .get("x-kind")
                    .or_else(|| rules.get("x-kind"))
                    .and_then(Value::as_str);
                found.extend(kind.map(|kind| Reference {
                    kind: kind.to_owned(),
                    path: path.to_owned(),
                    name: name.clone(),
                }));
            }
            Value::Array(items) => {
                for (position, inner) in items.iter().enumerate() {
                    let at = pointer(path, &position.to_string());
                    rules
                        .get("items")
                        .into_iter()
                        .for_each(|item| self.collect(item, inner, &at, depth + 1, found));
                }
            }
            Value::Object(object) => {
                for (name, inner) in object {
                    let property = rules.get("properties").and_then(|all| all.get(name));
                    let schema = property.or_else(|| rules.get("additionalProperties"));
                    let at = pointer(path, name);
                    schema
                        .into_iter()
                        .for_each(|schema| self.collect(schema, inner, &at, depth + 1, found));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        for alternative in ["oneOf", "anyOf", "allOf"]
            .into_iter()
            .flat_map(|keyword| list(rules, keyword))
        {
            let mut problems = Vec::new();
            self.check_at(alternative, value, path, depth + 1, &mut problems);
            if problems.is_empty() {
                self.collect(alternative, value, path, depth + 1, found);
            }
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
pub(super) fn definition<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

pub(super) fn list<'a>(rules: &'a Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'a Value> {
    rules.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

/// `path/name`, escaped (RFC 6901 §3).
fn pointer(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests;
