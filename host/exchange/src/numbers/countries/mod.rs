//! Numbering plans by country. Sources are the regulators' public plans, brought down to what classing needs.

mod central;
mod france;
mod north_america;
mod southern;
mod western;

use super::country::{Country, Overseas, Range, range, ranges};

/// In no particular order.
pub(super) static ALL: &[&Country] = &[
    &france::FRANCE,
    &france::MONACO,
    &western::BELGIUM,
    &western::LUXEMBOURG,
    &western::NETHERLANDS,
    &western::UNITED_KINGDOM,
    &western::IRELAND,
    &central::GERMANY,
    &central::AUSTRIA,
    &central::SWITZERLAND,
    &central::POLAND,
    &southern::SPAIN,
    &southern::ITALY,
    &southern::PORTUGAL,
    &north_america::UNITED_STATES,
    &north_america::CANADA,
];

/// Calling codes of the European Economic Area: calls between its members have capped prices, so its members
/// treat each other as near.
const EEA: &[&str] = &[
    "30", "31", "32", "33", "34", "351", "352", "353", "354", "356", "357", "358", "359", "36", "370", "371",
    "372", "385", "386", "39", "40", "420", "421", "423", "43", "45", "46", "47", "48", "49",
];

/// What a tenant whose country is unknown gets; validation refuses such tenants.
pub(super) static FALLBACK: &Country = &france::FRANCE;

impl Country {
    /// By ISO 3166 alpha-2 code, whatever its case.
    pub fn find(code: &str) -> Option<&'static Self> {
        ALL.iter()
            .copied()
            .find(|country| country.code.eq_ignore_ascii_case(code))
    }
}
