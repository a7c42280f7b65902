//! Which settings of a behaviour people switch at their phones, as its schema says: read once, when the behaviour is stored.

use std::sync::Arc;

use contract::LineKind;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Feature;

/// A setting that phones know as a feature (`x-phone`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneFeature {
    pub feature: Feature,
    /// Of the settings.
    pub property: Box<str>,
    /// The kinds of lines that it is for (`x-lines`, R3); none for all.
    lines: Option<Box<[LineKind]>>,
    /// The line's user may change it (`x-edit`).
    pub is_users: bool,
}

impl PhoneFeature {
    pub fn is_for(&self, kind: LineKind) -> bool {
        self.lines.as_ref().is_none_or(|lines| lines.contains(&kind))
    }
}

/// Those of a settings schema, in its order.
pub(super) fn read(schema: &str) -> Arc<[PhoneFeature]> {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    let features = properties.into_iter().flatten().filter_map(|(property, rules)| {
        let lines = rules.get("x-lines").and_then(Value::as_str);
        Some(PhoneFeature {
            feature: word(rules.get("x-phone")?.as_str()?)?,
            property: property.as_str().into(),
            lines: lines.map(|lines| lines.split(' ').filter_map(word).collect()),
            is_users: rules.get("x-edit").and_then(Value::as_str) == Some("user"),
        })
    });
    features.collect()
}

/// A word that one of our enumerations knows.
fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_says_which_settings_phones_know_and_for_whom_r3_r13() {
        let features = read(
            r#"{"type": "object", "properties": {
                "dnd": {"type": "boolean", "x-phone": "do-not-disturb", "x-edit": "user", "x-lines": "fixed mobile"},
                "busy": {"type": "object", "x-phone": "forward-busy"},
                "odd": {"type": "boolean", "x-phone": "tea"},
                "plain": {"type": "boolean"}
            }}"#,
        );
        let of = |feature| features.iter().find(|own| own.feature == feature).unwrap();
        let (dnd, busy) = (of(Feature::DoNotDisturb), of(Feature::ForwardBusy));
        assert_eq!(features.len(), 2);
        assert_eq!(&*dnd.property, "dnd");
        assert!(dnd.is_users && dnd.is_for(LineKind::Mobile) && !dnd.is_for(LineKind::Analogue));
        assert!(!busy.is_users && busy.is_for(LineKind::Analogue));
        assert!(read("no schema").is_empty());
    }
}
