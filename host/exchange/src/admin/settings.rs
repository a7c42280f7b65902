//! Settings of behaviours against the schema of their module.

use std::sync::Arc;

use contract::{Manifest, Problem};
use serde_json::{Map, Value};

use super::schema::Schema;
use crate::directory::{Behaviour, Settings};

pub use super::schema::Reference;

/// Complete settings as JSON text: the schema's defaults, then the behaviour's own, then those of a place.
///
/// Takes what is there: what does not fit the schema was refused when it was written.
pub fn complete_settings(behaviour: &Behaviour, place: Option<&Settings>) -> Arc<str> {
    let mut complete = merged(&behaviour.settings, place);
    if let Ok(schema) = Schema::parse(&behaviour.manifest.settings_schema) {
        schema.fill(&mut complete);
    }
    complete.to_string().into()
}

/// Everything that is wrong with settings, defaults filled in first.
pub fn check_settings(manifest: &Manifest, own: &Settings, place: Option<&Settings>) -> Vec<Problem> {
    match Schema::parse(&manifest.settings_schema) {
        Ok(schema) => {
            let mut complete = merged(own, place);
            schema.fill(&mut complete);
            schema.check(&complete)
        }
        Err(error) => vec![Problem {
            path: String::new(),
            message: format!("the module's settings schema cannot be used: {error}"),
        }],
    }
}

/// What settings name elsewhere, by the schema's `x-kind`, in complete settings.
pub(super) fn references(manifest: &Manifest, complete: &str) -> Vec<Reference> {
    match (
        Schema::parse(&manifest.settings_schema),
        serde_json::from_str(complete),
    ) {
        (Ok(schema), Ok(value)) => schema.references(&value),
        _ => Vec::new(),
    }
}

/// What settings name elsewhere, as they were written: a default that names nothing hurts nobody.
pub(super) fn references_in(manifest: &Manifest, settings: &Settings) -> Vec<Reference> {
    references(manifest, settings.text())
}

/// Property by property: what the place sets wins.
fn merged(own: &Settings, place: Option<&Settings>) -> Value {
    let mut merged: Map<String, Value> = own.to_object();
    if let Some(place) = place {
        merged.extend(place.to_object());
    }
    Value::Object(merged)
}
