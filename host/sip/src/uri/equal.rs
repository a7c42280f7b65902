use std::borrow::Cow;

use super::{Parts, Scheme, unescape};

/// Parameters that make two URIs differ when only one has them (RFC 3261 §19.1.4).
const SIGNIFICANT: [&str; 4] = ["user", "ttl", "method", "maddr"];

pub(super) fn is_equivalent(a: &Parts<'_>, b: &Parts<'_>) -> bool {
    match (a.scheme(), b.scheme()) {
        (Scheme::Sip, Scheme::Sip) | (Scheme::Sips, Scheme::Sips) => sip(a, b),
        (Scheme::Tel, Scheme::Tel) => tel(a, b),
        (Scheme::Other, Scheme::Other) => a.as_str() == b.as_str(),
        _ => false,
    }
}

fn sip(a: &Parts<'_>, b: &Parts<'_>) -> bool {
    same_text(a.user_text(), b.user_text())
        && same_text(a.password(), b.password())
        && a.host().is_same(b.host())
        && a.port() == b.port()
        && params(a, b)
        && headers(a.headers()) == headers(b.headers())
}

/// Users and passwords compare with case, after undoing escapes.
fn same_text(a: Option<&str>, b: Option<&str>) -> bool {
    a.map(unescape) == b.map(unescape)
}

/// Of a parameter given twice the first counts, as everywhere.
fn params(a: &Parts<'_>, b: &Parts<'_>) -> bool {
    let one_way = |a: &Parts<'_>, b: &Parts<'_>| {
        a.params().iter().all(|(name, _)| {
            let name = unescape(name);
            match (a.param(&name), b.param(&name)) {
                (Some(one), Some(other)) => unescape(one).eq_ignore_ascii_case(&unescape(other)),
                _ => !SIGNIFICANT
                    .iter()
                    .any(|significant| name.eq_ignore_ascii_case(significant)),
            }
        })
    };
    one_way(a, b) && one_way(b, a)
}

/// Order does not matter; names compare in any case.
fn headers(text: &str) -> Vec<(String, Cow<'_, str>)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let mut headers: Vec<_> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (unescape(name).to_ascii_lowercase(), unescape(value)))
        .collect();
    headers.sort();
    headers
}

/// RFC 3966 §5: visual separators do not count, parameters in any order.
fn tel(a: &Parts<'_>, b: &Parts<'_>) -> bool {
    let digits = |parts: &Parts<'_>| -> String {
        let number = parts.user_text().unwrap_or("");
        number
            .chars()
            .filter(|c| !"-.()".contains(*c))
            .map(|c| c.to_ascii_lowercase())
            .collect()
    };
    let sorted = |parts: &Parts<'_>| {
        let lower = |(name, value): (&str, Option<&str>)| {
            (
                name.to_ascii_lowercase(),
                value.unwrap_or("").to_ascii_lowercase(),
            )
        };
        let mut params: Vec<_> = parts.params().iter().map(lower).collect();
        params.sort();
        params
    };
    digits(a) == digits(b) && sorted(a) == sorted(b)
}
