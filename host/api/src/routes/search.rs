//! Finding documents by what people know of them (R12).

use contract::LineKind;
use exchange::directory::DeviceKind;
use serde::Deserialize;
use serde_json::Value;

use super::{known, own};
use crate::Api;
use crate::access::Caller;
use crate::exchange::{Address, Collection, Kind, Listing};
use crate::problem::Problem;

/// Documents fetched at a time.
const STEP: usize = 1_000;

/// The query parameters, with their meaning.
pub(super) const QUERY: &[(&str, &str)] = &[
    ("name", "Only those with this in their name, whatever its case."),
    (
        "number",
        "Only those with these digits in a number; spaces, dots and the national 0 do not matter.",
    ),
    ("site", "Only those at this site: its id."),
    ("kind", "Only those of this kind: `mobile`."),
];

/// What is looked for; everything that is given must fit.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    name: Option<String>,
    number: Option<String>,
    site: Option<String>,
    kind: Option<String>,
}

impl Search {
    pub fn is_for_all(&self) -> bool {
        self.name.is_none() && self.number.is_none() && self.site.is_none() && self.kind.is_none()
    }

    /// A site or a kind that does not exist has no documents, and that is not what was asked.
    pub async fn check(&self, api: &Api, caller: &Caller, collection: &Collection) -> Result<(), Problem> {
        if let (Some(site), Some(tenant), None) = (&self.site, &collection.tenant, caller.as_user()) {
            known::document(api, Address::new(tenant, Kind::Site, site)).await?;
        }
        let kind = self.kind.clone().map(Value::String);
        let read = match (kind, collection.kind) {
            (Some(kind), Kind::Line) => serde_json::from_value(kind).map(|_: LineKind| ()),
            (Some(kind), Kind::Device) => serde_json::from_value(kind).map(|_: DeviceKind| ()),
            _ => return Ok(()),
        };
        read.map_err(|error| Problem::malformed(format!("`kind`: {error}")))
    }

    fn finds(&self, document: &Value) -> bool {
        let text = |field: &str| document.get(field).and_then(Value::as_str);
        let is = |field: &str, wanted: &Option<String>| {
            wanted.as_deref().is_none_or(|wanted| text(field) == Some(wanted))
        };
        is("site", &self.site)
            && is("kind", &self.kind)
            && self.fits_name(document)
            && self.fits_number(document)
    }

    fn fits_name(&self, document: &Value) -> bool {
        let Some(wanted) = &self.name else { return true };
        let fields = ["first-name", "last-name", "name", "company"];
        let names: Vec<&str> = fields
            .iter()
            .filter_map(|field| document.get(field).and_then(Value::as_str))
            .collect();
        names
            .join(" ")
            .to_lowercase()
            .contains(&wanted.trim().to_lowercase())
    }

    fn fits_number(&self, document: &Value) -> bool {
        let Some(wanted) = &self.number else { return true };
        let wanted = digits(wanted);
        let fields = ["id", "short-number", "number"];
        let single = fields.iter().filter_map(|field| document.get(field));
        let several = document.get("numbers").and_then(Value::as_array);
        let mut numbers = single
            .chain(several.into_iter().flatten())
            .filter_map(Value::as_str);
        !wanted.is_empty()
            && numbers.any(|number| {
                let stored = digits(number);
                stored.contains(&wanted) || (number.starts_with('+') && begins(&stored, &wanted))
            })
    }
}

/// Whether an international number is one that begins so as it is dialled: `00` and the country's code, or `0` in their place.
fn begins(stored: &str, dialled: &str) -> bool {
    if let Some(international) = dialled.strip_prefix("00") {
        return stored.starts_with(international);
    }
    let national = dialled.strip_prefix('0').filter(|national| !national.is_empty());
    // Codes of countries have one to three digits.
    let behind_code = |code: usize| stored.get(code..).unwrap_or_default();
    national.is_some_and(|national| (1..=3).any(|code| behind_code(code).starts_with(national)))
}

/// Of a number; an id with letters is none.
fn digits(text: &str) -> String {
    if text.chars().any(char::is_alphabetic) {
        return String::new();
    }
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A page of what is found, in the order of ids.
pub(super) async fn find(
    api: &Api,
    caller: &Caller,
    collection: Collection,
    mut after: Option<String>,
    limit: usize,
    search: &Search,
) -> Result<Listing, Problem> {
    let kind = collection.kind;
    let user = caller.as_user().filter(|_| own::narrows(kind));
    let mut found = Listing::default();
    loop {
        let page = api.exchange.list(collection.clone(), after, STEP).await?;
        for one in page.documents {
            let theirs = user.is_none_or(|user| own::is(user, kind, &one.document));
            if !theirs || !search.finds(&one.document) {
                continue;
            }
            if found.documents.len() == limit {
                // There is at least this one more: the next page begins behind the last one taken.
                let last = found.documents.last().and_then(|last| last.document.get("id"));
                found.next = last.and_then(Value::as_str).map(ToOwned::to_owned);
                return Ok(found);
            }
            found.documents.push(one);
        }
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn finds(field: &str, wanted: &str, document: &Value) -> bool {
        let search: Search = serde_json::from_value(json!({ field: wanted })).unwrap();
        search.finds(document)
    }

    #[test]
    fn r12_names_and_numbers_are_found_however_they_are_typed() {
        let line =
            json!({ "id": "l1", "name": "Élodie Martin", "short-number": "201", "number": "+33612345678" });
        for (field, wanted, found) in [
            ("name", "martin", true),
            ("name", "élodie m", true),
            ("name", "dupont", false),
            ("number", "201", true),
            ("number", "06 12 34", true),
            ("number", "0033 6 12", true),
            ("number", "+33 (0)6", false),
            ("number", "07", false),
            ("number", "", false),
            ("number", "1", true),
        ] {
            assert_eq!(finds(field, wanted, &line), found, "{field} {wanted}");
        }
        let contact = json!({ "id": "c1", "name": "Baker", "numbers": ["01 23 45 67 89"] });
        assert!(finds("number", "0123", &contact) && !finds("number", "c1", &contact));
    }
}
