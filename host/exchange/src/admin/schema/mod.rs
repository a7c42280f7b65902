//! The part of JSON Schema (2020-12) that settings use.
//!
//! Understood: `type`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, `minItems`, `maxItems`,
//! `uniqueItems`, `minProperties`, `maxProperties`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`,
//! `multipleOf`, `minLength`, `maxLength`, `pattern`, `enum`, `const`, `default`, `oneOf`, `anyOf`, `allOf`, `not`, `$ref` to `$defs` or
//! `definitions`, `true` and `false`. Annotations (`title`, `description`, `format`, `x-…`) are for people and forms. A keyword that
//! would restrict and is not in this list (such as `if`) makes a schema unusable, so that nothing is
//! accepted by ignoring it.

mod check;
mod fill;
mod references;
mod rules;
mod survey;

use std::cell::Cell;

use contract::Problem;
use serde_json::{Map, Value};

use survey::survey;

/// `$ref`s and nested schemas followed in one descent: schemas may refer to themselves.
const DEPTH: u32 = 64;
/// Steps of one walk through a value: schemas looked at, and bytes of defaults and of text held against patterns.
/// Tenants write schemas, and alternatives within alternatives multiply.
const STEPS: usize = 500_000;
/// Longest text that is held against a pattern.
const PATTERN_TEXT: usize = 4_096;

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

    /// Adds the default of every property that is absent, inside of those that are there too. Stops when that
    /// takes too long; [`check`](Self::check) says so.
    pub fn fill(&self, value: &mut Value) {
        Walk::new(self).fill_at(&self.0, value, 0);
    }

    /// Everything that is wrong with a value.
    pub fn check(&self, value: &Value) -> Vec<Problem> {
        let (walk, mut problems) = (Walk::new(self), Vec::new());
        walk.check_at(&self.0, value, "", 0, &mut problems);
        if walk.is_spent() {
            problems.push(Problem {
                path: String::new(),
                message: "takes too long to check against its schema: make either simpler".to_owned(),
            });
        }
        problems
    }

    /// What a value names, by the `x-kind` of its schema.
    pub fn references(&self, value: &Value) -> Vec<Reference> {
        let mut references = Vec::new();
        Walk::new(self).collect(&self.0, value, "", 0, &mut references);
        references
    }
}

/// One descent through a schema and a value, of bounded length.
struct Walk<'a> {
    root: &'a Value,
    left: Cell<usize>,
}

impl<'a> Walk<'a> {
    fn new(schema: &'a Schema) -> Self {
        Self {
            root: &schema.0,
            left: Cell::new(STEPS),
        }
    }

    /// False once the walk has been too long.
    fn spend(&self, steps: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(steps));
        !self.is_spent()
    }

    fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// The object that says something, behind `$ref`s.
    fn resolved<'s>(&'s self, schema: &'s Value, depth: u32) -> Option<&'s Map<String, Value>> {
        let rules = schema.as_object()?;
        match rules.get("$ref").and_then(Value::as_str) {
            Some(reference) if depth <= DEPTH => self.resolved(self.definition(reference)?, depth + 1),
            _ => Some(rules),
        }
    }

    fn definition(&self, reference: &str) -> Option<&Value> {
        definition(self.root, reference)
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
