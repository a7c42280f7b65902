//! Defaults.

use serde_json::{Map, Value};

use super::{DEPTH, Walk, list};

impl Walk<'_> {
    pub(super) fn fill_at(&self, schema: &Value, value: &mut Value, depth: u32) {
        if depth > DEPTH || !self.spend(1) {
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
            if !self.spend(size_of(value)) {
                return;
            }
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
        let default = own.or_else(|| self.resolved(schema, 0)?.get("default"))?;
        self.spend(size_of(default)).then(|| default.clone())
    }
}

/// Roughly the bytes that a copy takes.
fn size_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len(),
        Value::Array(items) => items.iter().fold(1, |sum, inner| sum + size_of(inner)),
        Value::Object(object) => object
            .iter()
            .fold(1, |sum, (name, inner)| sum + name.len() + size_of(inner)),
    }
}
