//! What is wrong with a value.

use std::collections::BTreeSet;

use contract::Problem;
use serde_json::{Map, Value};

use super::rules::{alternatives, check_bounds, check_kind, read_pattern, unknown_property};
use super::{DEPTH, PATTERN_TEXT, Walk, list, pointer};

impl Walk<'_> {
    pub(super) fn check_at(
        &self,
        schema: &Value,
        value: &Value,
        path: &str,
        depth: u32,
        problems: &mut Vec<Problem>,
    ) {
        if !self.spend(1) {
            return;
        }
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
        self.check_pattern(rules, value, path, problems);
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
            let mut seen = BTreeSet::new();
            for (position, inner) in items.iter().enumerate() {
                if !seen.insert(inner.to_string()) {
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

    /// `pattern`: an ECMA 262 regular expression as far as `regex-lite` reads it; it need not match the whole text.
    fn check_pattern(
        &self,
        rules: &Map<String, Value>,
        value: &Value,
        path: &str,
        problems: &mut Vec<Problem>,
    ) {
        let pattern = rules.get("pattern").and_then(Value::as_str);
        let (Some(pattern), Some(text)) = (pattern, value.as_str()) else {
            return;
        };
        let short = text.len() <= PATTERN_TEXT && self.spend(text.len());
        if !short || !read_pattern(pattern).is_some_and(|regex| regex.is_match(text)) {
            problems.push(Problem {
                path: path.to_owned(),
                message: format!("must match `{pattern}`"),
            });
        }
    }
}
