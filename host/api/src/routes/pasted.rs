//! Numbers pasted into a list of a line's settings, separated by `;` (R12): blocked callers (R15), numbers that ring with the line (R18).

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use exchange::directory::Tenant;
use exchange::numbers::NumberPlan;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::settings;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Kind};
use crate::extract::{Body, Condition, Of};
use crate::problem::{FieldError, Problem};

/// Numbers that are read at a time; lists have limits of their own.
const MOST: usize = 1_000;

pub(super) fn endpoints() -> [Endpoint; 1] {
    [Endpoint::new(
        Method::POST,
        "/v1/tenants/{tenant}/lines/{id}/settings/{behaviour}/numbers",
        Access::Member,
        paste,
    )
    .about(
        "lines",
        "paste-line-numbers",
        "Add numbers, pasted as one text, to a list in a line's settings: all of them, or none",
    )
    .takes(Content::json::<Pasted>())
    .gives(Content::json::<Added>())
    .conditional()]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Pasted {
    /// JSON Pointer (RFC 6901) of the list in the settings: `/blocked`.
    list: String,
    /// Numbers in any spelling, or beginnings such as `06*`, separated by `;` or line ends.
    text: String,
    /// Instead of what is there.
    #[serde(default)]
    replace: bool,
}

#[derive(Serialize, ToSchema)]
struct Added {
    /// The line's.
    revision: u64,
    /// What is new in the list, as it is written there.
    added: Vec<String>,
    /// What was in it before, or pasted twice.
    known: Vec<String>,
}

async fn paste(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, id, name)): Of<(String, String, String)>,
    Condition(expect): Condition,
    Body(pasted): Body<Pasted>,
) -> Result<Json<Added>, Problem> {
    let plan = plan_of(&api, &tenant).await?;
    let numbers = read(&pasted.text, &plan).map_err(Problem::invalid)?;
    let place = settings::of_a_line(&api, &caller, &tenant, &id, &name, expect).await?;
    let mut new = place.own().clone();
    let present = place.list_of_texts(&pasted.list)?;
    let Some(present) = present else {
        return Err(Problem::invalid_field(
            "/list",
            "is no list of numbers in these settings",
        ));
    };
    let mut list = if pasted.replace { Vec::new() } else { present };
    let (mut added, mut known) = (Vec::new(), Vec::new());
    for number in numbers {
        let there = list.iter().filter_map(Value::as_str);
        let alike = |other: &str| other == number || plan.normalise(other).as_deref() == Some(&number);
        if there.into_iter().any(alike) {
            known.push(number);
        } else {
            list.push(json!(number));
            added.push(number);
        }
    }
    put_at(&mut new, &pasted.list, Value::Array(list));
    let stored = settings::change_line(&api, &caller, place, new).await?;
    Ok(Json(Added {
        revision: stored.revision,
        added,
        known,
    }))
}

/// How numbers are read in the tenant.
async fn plan_of(api: &Api, tenant: &str) -> Result<NumberPlan, Problem> {
    let found = api
        .exchange
        .get(Address::new(tenant, Kind::Tenant, tenant))
        .await?;
    let tenant: Tenant = serde_json::from_value(found.document).map_err(Problem::internal)?;
    Ok(NumberPlan::new(&tenant.country, &tenant.numbering))
}

/// Every number as it is written here, or everything that is none, each with its place in the text.
fn read(text: &str, plan: &NumberPlan) -> Result<Vec<String>, Vec<FieldError>> {
    let wrong = |detail: String| FieldError {
        pointer: "/text".to_owned(),
        detail,
    };
    let typed = text.split([';', '\n']).map(str::trim);
    let typed: Vec<&str> = typed.filter(|number| !number.is_empty()).collect();
    if typed.is_empty() {
        return Err(vec![wrong("has no number in it".to_owned())]);
    }
    if typed.len() > MOST {
        return Err(vec![wrong(format!("has more than {MOST} numbers"))]);
    }
    let (mut numbers, mut errors) = (Vec::new(), Vec::new());
    for (place, number) in (1..).zip(typed) {
        match plan.normalise(number) {
            Some(read) => numbers.push(read),
            None if plan.is_pattern(number) => numbers.push(number.to_owned()),
            None => {
                let shown: String = number.chars().take(40).collect();
                errors.push(wrong(format!(
                    "number {place}, `{shown}`, is none that can be dialled"
                )));
            }
        }
    }
    if errors.is_empty() {
        Ok(numbers)
    } else {
        Err(errors)
    }
}

/// Sets what a pointer names, with the objects on the way there.
fn put_at(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for part in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part.replace("~1", "/").replace("~0", "~")];
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r12_pasted_numbers_are_read_in_any_spelling() {
        let plan = NumberPlan::default();
        assert_eq!(
            read("06 12 34 56 78; +33 (0)1.23.45.67.89;\n201;; 08*", &plan).unwrap(),
            ["+33612345678", "+33123456789", "201", "08*"]
        );
    }

    #[test]
    fn r12_each_pasted_number_that_is_none_is_named() {
        let errors = read("0612345678; Bob; 201; 06-x", &NumberPlan::default()).unwrap_err();
        let details: Vec<_> = errors.iter().map(|error| error.detail.as_str()).collect();
        assert_eq!(
            details,
            [
                "number 2, `Bob`, is none that can be dialled",
                "number 4, `06-x`, is none that can be dialled"
            ]
        );
        assert!(read(" ; ;", &NumberPlan::default()).is_err());
    }

    #[test]
    fn a_list_within_settings_is_set_with_what_is_around_it() {
        let mut settings = json!({ "rings": 3 });
        put_at(&mut settings, "/multi-ring/numbers", json!(["201"]));
        assert_eq!(
            settings,
            json!({ "rings": 3, "multi-ring": { "numbers": ["201"] } })
        );
    }
}
