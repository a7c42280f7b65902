//! What settings name.

use serde_json::Value;

use super::{DEPTH, Reference, Walk, list, pointer};

impl Walk<'_> {
    pub(super) fn collect(
        &self,
        schema: &Value,
        value: &Value,
        path: &str,
        depth: u32,
        found: &mut Vec<Reference>,
    ) {
        if depth > DEPTH || !self.spend(1) {
            return;
        }
        let Some(rules) = self.resolved(schema, depth) else {
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
}
