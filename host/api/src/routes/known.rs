//! Documents that have to be there: who asks for one that is not is told which there are.
//!
//! For managers and operators. What users may know of is [`own`](super::own)'s business.

use crate::Api;
use crate::exchange::{Address, Answer, Collection, Kind, Refusal, Versioned};
use crate::problem::Problem;

/// Names told of those that there are.
const TOLD: usize = 8;

pub(super) async fn document(api: &Api, address: Address) -> Result<Versioned, Problem> {
    let answer = api.exchange.get(address.clone());
    about(api, &address, answer).await
}

/// An answer about a document.
pub(super) async fn about<T>(api: &Api, address: &Address, answer: Answer<T>) -> Result<T, Problem> {
    match answer.await {
        Err(Refusal::NotFound) => Err(missing(api, address).await),
        answer => Ok(answer?),
    }
}

/// 404 with the names that would have been right.
pub(crate) async fn missing(api: &Api, address: &Address) -> Problem {
    let Address { tenant, kind, id } = address;
    let collection = match kind {
        Kind::Tenant => Collection::TENANTS,
        kind => Collection::of(tenant, *kind),
    };
    let others = api.exchange.list(collection, None, TOLD + 1).await;
    let others = others.map(|listing| listing.documents).unwrap_or_default();
    let name = |one: &Versioned| {
        let fields = ["id", "name"].iter();
        let named = fields.filter_map(|field| one.document.get(*field)?.as_str());
        named.map(ToOwned::to_owned).next()
    };
    let names: Vec<String> = others.iter().filter_map(name).collect();
    let kind = kind.name();
    Problem::not_found(format!("there is no {kind} `{id}`{}", among(&names)))
}

fn among(names: &[String]) -> String {
    match names {
        [] => ", and none at all".to_owned(),
        [one] => format!(", only {one}"),
        names if names.len() > TOLD => {
            let some: Vec<&str> = names.iter().take(TOLD).map(String::as_str).collect();
            format!(", but {} and others", some.join(", "))
        }
        [names @ .., last] => format!(", but {} and {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_names_are_told_and_many_are_not() {
        let of = |count: usize| (1..=count).map(|n| format!("n{n}")).collect::<Vec<_>>();
        assert_eq!(among(&[]), ", and none at all");
        assert_eq!(among(&of(1)), ", only n1");
        assert_eq!(among(&of(3)), ", but n1, n2 and n3");
        assert!(among(&of(9)).ends_with("n8 and others"));
    }
}
