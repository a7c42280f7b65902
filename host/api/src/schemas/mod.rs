//! Configuration documents as the OpenAPI document describes them.
//!
//! The exchange is the authority; a test compares the fields named here with those it reads.

mod fields;

use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{ArrayBuilder, Ref, RefOr, Schema};

use self::fields::{
    CALENDAR, CONTACT, DEVICE, DIAL_PLAN, Field, LINE, NUMBER, PICKUP_GROUP, SITE, Shape, TENANT, TRUNK, USER,
};
use crate::endpoint::Content;
use crate::exchange::Kind;

/// Name and fields of the documents that are written as they are. Behaviours and announcements have bodies of
/// their own.
fn described(kind: Kind) -> Option<(&'static str, &'static [Field])> {
    Some(match kind {
        Kind::Tenant => ("Tenant", TENANT),
        Kind::Site => ("Site", SITE),
        Kind::User => ("User", USER),
        Kind::Device => ("Device", DEVICE),
        Kind::Line => ("Line", LINE),
        Kind::Number => ("Number", NUMBER),
        Kind::DialPlan => ("DialPlan", DIAL_PLAN),
        Kind::Trunk => ("Trunk", TRUNK),
        Kind::Calendar => ("Calendar", CALENDAR),
        Kind::PickupGroup => ("PickupGroup", PICKUP_GROUP),
        Kind::Contact => ("Contact", CONTACT),
        Kind::Behaviour | Kind::Announcement => return None,
    })
}

/// A body that holds a document of this kind.
pub(crate) fn document(kind: Kind) -> Content {
    let Some((name, fields)) = described(kind) else {
        return Content::other("application/json");
    };
    let mut object = ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)));
    for field in fields {
        object = object.property(field.name, schema(field));
        if field.required {
            object = object.required(field.name);
        }
    }
    let components = vec![(name.to_owned(), Schema::Object(object.build()).into())];
    Content {
        media_type: "application/json",
        schema: Ref::from_schema_name(name).into(),
        components,
    }
}

fn schema(field: &Field) -> RefOr<Schema> {
    let of = |kind| ObjectBuilder::new().schema_type(kind);
    let meaning = Some(field.meaning).filter(|meaning| !meaning.is_empty());
    let single = match field.shape {
        Shape::Text => of(Type::String),
        Shape::Flag => of(Type::Boolean),
        Shape::Number => of(Type::Integer),
        Shape::Object => of(Type::Object),
        Shape::OneOf(names) => of(Type::String).enum_values(Some(names.iter().copied())),
        Shape::Texts => return list(of(Type::String), meaning),
        Shape::Objects => return list(of(Type::Object), meaning),
    };
    Schema::Object(single.description(meaning).build()).into()
}

fn list(items: ObjectBuilder, meaning: Option<&str>) -> RefOr<Schema> {
    Schema::Array(ArrayBuilder::new().items(items).description(meaning).build()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use exchange::directory::{Document, Kind as Their};
    use serde_json::{Value, json};

    use super::*;

    /// What the exchange reads: it says so when a field is unknown.
    fn read_by_the_exchange(kind: Their) -> BTreeSet<String> {
        let tagged = json!({ kind.as_str(): { "no such field": 1 } });
        let refusal = serde_json::from_value::<Document>(tagged)
            .unwrap_err()
            .to_string();
        let expected = refusal
            .split_once("expected")
            .unwrap_or_else(|| panic!("{refusal}"))
            .1;
        expected
            .split('`')
            .skip(1)
            .step_by(2)
            .map(ToOwned::to_owned)
            .collect()
    }

    #[test]
    fn fields_are_those_that_the_exchange_reads() {
        for (ours, theirs) in [
            (Kind::Tenant, Their::Tenant),
            (Kind::Site, Their::Site),
            (Kind::User, Their::User),
            (Kind::Device, Their::Device),
            (Kind::Line, Their::Line),
            (Kind::Number, Their::Number),
            (Kind::DialPlan, Their::DialPlan),
            (Kind::Trunk, Their::Trunk),
            (Kind::Calendar, Their::Calendar),
            (Kind::PickupGroup, Their::PickupGroup),
            (Kind::Contact, Their::Contact),
        ] {
            let described: BTreeSet<_> = described(ours)
                .unwrap()
                .1
                .iter()
                .map(|field| field.name.to_owned())
                .collect();
            assert_eq!(described, read_by_the_exchange(theirs), "{theirs}");
        }
    }

    #[test]
    fn what_is_required_is_enough() {
        let minimal = json!({
            "tenant": { "id": "a", "name": "A", "domains": ["a.example"] },
            "line": { "id": "201", "name": "A" },
            "device": { "id": "a" },
            "dial-plan": { "rules": [] },
            "pickup-group": { "id": "a", "name": "A", "site": "main" },
        });
        for (kind, document) in minimal.as_object().unwrap() {
            let tagged: Value = json!({ kind: document });
            assert!(serde_json::from_value::<Document>(tagged).is_ok(), "{kind}");
        }
    }
}
