//! Statistics of calls (R9).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use base::Moment;
use exchange::Cdr;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{known, own};
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Collection, Kind};
use crate::extract::{Asked, Of};
use crate::hub::cdrs_of;
use crate::problem::Problem;
use crate::statistics::{By, Party, PartyKind, Period, Row, Sums, Table, parts};

/// Records read for one answer, a few seconds' work.
const MOST: u64 = 500_000;
/// Records read at a time.
const STEP: usize = 1_000;
/// Records are in the order in which calls ended. Calls are looked for that began in the period and lasted no longer than this.
const LONGEST_CALL_MS: u64 = 86_400_000;

pub(super) fn endpoints() -> [Endpoint; 1] {
    [Endpoint::new(
        Method::GET,
        "/v1/tenants/{tenant}/statistics",
        Access::Member,
        statistics,
    )
    .about(
        "records",
        "get-statistics",
        "Calls in and out of lines and numbers, summed over a period; a user's own lines only",
    )
    .query(&[
        (
            "from",
            "First day (`2026-11-22`), or an instant in milliseconds. Default: six days before the last.",
        ),
        ("to", "Last day, or an instant in milliseconds. Default: now."),
        (
            "by",
            "What rows stand for: `party` (lines and numbers, the default), `day`, `hour`, `hour-of-day`.",
        ),
        ("line", "This line only: its id, short number or number."),
        ("number", "This number of a group or menu only."),
        ("site", "Lines and numbers of this site only."),
    ])
    .gives(Content::json::<Statistics>())]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    by: By,
    line: Option<String>,
    number: Option<String>,
    site: Option<String>,
}

/// Calls in and out, summed. Days and hours are those of the tenant's time zone; rows without calls are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Statistics {
    /// The period, in milliseconds since 1970-01-01T00:00:00Z. A call belongs to where it began.
    from_ms: u64,
    to_ms: u64,
    /// A call between two of these lines is inbound for the one and outbound for the other.
    inbound: Sums,
    outbound: Sums,
    rows: Vec<Row>,
}

async fn statistics(
    State(api): State<Api>,
    caller: Caller,
    Of(tenant): Of<String>,
    Asked(query): Asked<Query>,
) -> Result<Json<Statistics>, Problem> {
    let address = Address::new(&tenant, Kind::Tenant, &tenant);
    let document = api.exchange.get(address).await?.document;
    let zone = text(&document, "time-zone").unwrap_or("Europe/Paris");
    let period = Period::new(zone, query.from.as_deref(), query.to.as_deref(), api.now())?;
    let known = known(&api, &caller, &tenant, &query).await?;
    let by = query.by;
    api.blocking(move |api| {
        let mut table = Table::default();
        if by == By::Party && (query.line.is_some() || query.number.is_some()) {
            known.values().for_each(|party| table.mention(party));
        }
        each(api, &tenant, &period, |cdr| {
            for (party, way) in parts(cdr, &known) {
                match period.row(by, cdr.started) {
                    Some((place, key)) => table.count(place, &key, "", way, cdr),
                    None => table.count(0, &party.id, &party.name, way, cdr),
                }
            }
        })?;
        Ok(Json(Statistics {
            from_ms: period.from_ms,
            to_ms: period.to_ms,
            inbound: table.inbound.clone(),
            outbound: table.outbound.clone(),
            rows: table.into_rows(),
        }))
    })
    .await
}

/// Whose calls are asked for, by every name that records have for them.
async fn known(
    api: &Api,
    caller: &Caller,
    tenant: &str,
    query: &Query,
) -> Result<BTreeMap<String, Party>, Problem> {
    if let (Some(site), None) = (&query.site, caller.as_user()) {
        known::document(api, Address::new(tenant, Kind::Site, site)).await?;
    }
    let mut known = BTreeMap::new();
    let wanted = |document: &Value| {
        let site = query.site.as_deref();
        site.is_none_or(|site| text(document, "site") == Some(site))
    };
    let named = |document: &Value, fields: &[&str], wanted: Option<&str>| {
        wanted.is_none_or(|wanted| fields.iter().any(|field| text(document, field) == Some(wanted)))
    };
    let (line, number) = (query.line.as_deref(), query.number.as_deref());
    if line.is_some() || number.is_none() {
        for document in all(api, caller, tenant, Kind::Line).await? {
            if wanted(&document) && named(&document, &own::LINE_NAMES, line) {
                add(&mut known, PartyKind::Line, &document, &own::LINE_NAMES);
            }
        }
    }
    if caller.as_user().is_none() && (number.is_some() || line.is_none()) {
        for document in all(api, caller, tenant, Kind::Number).await? {
            if wanted(&document) && named(&document, &["id"], number) {
                add(&mut known, PartyKind::Number, &document, &["id"]);
            }
        }
    }
    if known.is_empty() && (line.is_some() || number.is_some()) {
        return Err(Problem::not_found("no line or number is known by this name"));
    }
    Ok(known)
}

/// A line's short number and a number may be alike only by mistake; the line, which comes first, keeps it.
fn add(known: &mut BTreeMap<String, Party>, kind: PartyKind, document: &Value, fields: &[&str]) {
    let party = Party {
        kind,
        id: text(document, "id").unwrap_or_default().to_owned(),
        name: text(document, "name").unwrap_or_default().to_owned(),
    };
    for name in fields.iter().filter_map(|field| text(document, field)) {
        known.entry(name.to_owned()).or_insert_with(|| party.clone());
    }
}

/// All documents of a kind that the caller sees.
async fn all(api: &Api, caller: &Caller, tenant: &str, kind: Kind) -> Result<Vec<Value>, Problem> {
    let collection = Collection::of(tenant, kind);
    let found = own::all(api, caller, collection).await?;
    Ok(found.into_iter().map(|one| one.document).collect())
}

fn text<'a>(document: &'a Value, field: &str) -> Option<&'a str> {
    document.get(field).and_then(Value::as_str)
}

/// Visits the records of calls that began in the period.
fn each(api: &Api, tenant: &str, period: &Period, mut visit: impl FnMut(&Cdr)) -> Result<(), Problem> {
    let stream = cdrs_of(tenant);
    let Some(extent) = api.store.stream(&stream)? else {
        return Ok(());
    };
    let begin = Moment::from_millis(period.from_ms);
    let mut next = first_since(api, &stream, (extent.first, extent.next), begin)?;
    let stop = Moment::from_millis(period.to_ms.saturating_add(LONGEST_CALL_MS));
    let last = next.saturating_add(MOST);
    loop {
        let entries = api.store.read(&stream, next, STEP)?;
        let Some(end) = entries.last() else { return Ok(()) };
        next = end.offset + 1;
        for entry in &entries {
            if entry.at >= stop {
                return Ok(());
            }
            if let Ok(cdr) = serde_json::from_slice::<Cdr>(&entry.bytes)
                && period.has(cdr.started)
            {
                visit(&cdr);
            }
        }
        if next > last {
            return Err(Problem::malformed(format!(
                "the period has more than {MOST} calls: ask for a shorter one"
            )));
        }
    }
}

/// The offset of the first entry that was written at `begin` or later.
fn first_since(
    api: &Api,
    stream: &str,
    (mut low, mut high): (u64, u64),
    begin: Moment,
) -> Result<u64, Problem> {
    while low < high {
        let middle = low + (high - low) / 2;
        match api.store.read(stream, middle, 1)?.first() {
            // What was trimmed meanwhile reads as the oldest that is left.
            Some(entry) if entry.at < begin => low = entry.offset + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
