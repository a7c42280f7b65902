//! Call detail records and the audit journal, the latest first.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use exchange::Cdr;
use serde::Serialize;
use serde_json::Value;
use store::{Entry, key};
use utoipa::ToSchema;

use super::own;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::extract::{Asked, Of, Page, PageOf};
use crate::hub::cdrs_of;
use crate::problem::Problem;

/// Entries read at a time.
const STEP: u64 = 500;
/// Entries looked at for one page of a user's own records.
const LOOKED_AT: u64 = 20_000;

pub(super) fn endpoints() -> [Endpoint; 2] {
    [
        Endpoint::new(Method::GET, "/v1/tenants/{tenant}/cdrs", Access::Member, cdrs)
            .about("records", "list-cdrs", "Call detail records, the latest first")
            .gives(Content::page::<Record>())
            .paged(),
        Endpoint::new(Method::GET, "/v1/tenants/{tenant}/audit", Access::Manager, audit)
            .about("records", "list-audit", "Who changed what, the latest first")
            .gives(Content::page::<Audited>())
            .paged(),
    ]
}

/// A call detail record. Instants are milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Record {
    /// Counts the tenant's records without gaps.
    offset: u64,
    call: u64,
    direction: String,
    caller: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_line: Option<String>,
    called: String,
    /// What the call was sent on to, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diverted: Vec<String>,
    started_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ringing_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_ms: Option<u64>,
    /// When the caller first heard another party.
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_ms: Option<u64>,
    ended_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trunk: Option<String>,
    /// Who pays for the leg outside: the number whose behaviour dialled it, else the caller's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    charged: Option<String>,
    /// The conference that it became, or that its parties went to from here: records of one conference name the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    conference: Option<String>,
    cause: String,
}

/// A change that somebody made, or was refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Audited {
    at_ms: u64,
    /// Token, method, path and status.
    #[schema(value_type = Object)]
    request: Value,
}

impl Record {
    fn of(entry: &Entry) -> Option<Self> {
        let cdr: Cdr = serde_json::from_slice(&entry.bytes).ok()?;
        let text = |text: std::sync::Arc<str>| text.to_string();
        let direction = serde_json::to_value(cdr.direction).ok()?.as_str()?.to_owned();
        Some(Self {
            offset: entry.offset,
            call: cdr.call.0,
            direction,
            caller: cdr.caller.into_inner(),
            caller_line: cdr.caller_line.map(text),
            called: cdr.called.into_inner(),
            diverted: cdr.diverted.into_iter().map(base::Pii::into_inner).collect(),
            started_ms: cdr.started.as_millis(),
            ringing_ms: cdr.ringing.map(base::Moment::as_millis),
            answered_ms: cdr.answered.map(base::Moment::as_millis),
            connected_ms: cdr.connected.map(base::Moment::as_millis),
            ended_ms: cdr.ended.as_millis(),
            answered_by: cdr.answered_by.map(text),
            trunk: cdr.trunk.map(text),
            charged: cdr.charged.map(text),
            conference: cdr.conference.map(text),
            cause: cdr.cause.to_string(),
        })
    }

    fn concerns(&self, lines: &BTreeSet<String>) -> bool {
        [&self.caller_line, &self.answered_by]
            .into_iter()
            .flatten()
            .any(|line| lines.contains(line))
    }
}

async fn cdrs(
    State(api): State<Api>,
    caller: Caller,
    Of(tenant): Of<String>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<Record>>, Problem> {
    let lines = match caller.as_user() {
        Some(user) => Some(own::line_names(&api, &tenant, user).await?),
        None => None,
    };
    let stream = cdrs_of(&tenant);
    backwards(&api, stream, page, move |entry| {
        Record::of(entry).filter(|record| lines.as_ref().is_none_or(|lines| record.concerns(lines)))
    })
    .await
}

async fn audit(
    State(api): State<Api>,
    Of(tenant): Of<String>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<Audited>>, Problem> {
    backwards(&api, key::join(["audit", &tenant]), page, |entry| {
        let request = serde_json::from_slice(&entry.bytes).ok()?;
        Some(Audited {
            at_ms: entry.at.as_millis(),
            request,
        })
    })
    .await
}

/// A page of a stream from its end. The mark is the offset of the last entry looked at.
pub(super) async fn backwards<T: Send + 'static>(
    api: &Api,
    stream: String,
    page: PageOf,
    take: impl Fn(&Entry) -> Option<T> + Send + 'static,
) -> Result<Json<Page<T>>, Problem> {
    let before = page.after_number()?;
    api.blocking(move |api| {
        let Some(extent) = api.store.stream(&stream)? else {
            return Ok(Json(Page {
                items: vec![],
                next: None,
            }));
        };
        let mut end = before.unwrap_or(extent.next).min(extent.next);
        let stop = end.saturating_sub(LOOKED_AT).max(extent.first);
        let mut items = Vec::new();
        while end > stop && items.len() < page.limit() {
            let from = end.saturating_sub(STEP).max(stop);
            let entries = read_range(api, &stream, from, end)?;
            for entry in entries.iter().rev() {
                if items.len() == page.limit() {
                    break;
                }
                items.extend(take(entry));
                end = entry.offset;
            }
            if entries.is_empty() {
                end = from;
            }
        }
        Ok(Json(Page {
            items,
            next: (end > extent.first).then(|| end.to_string()),
        }))
    })
    .await
}

/// Entries `from..to`; one read may give fewer than asked for.
fn read_range(api: &Api, stream: &str, mut from: u64, to: u64) -> Result<Vec<Entry>, Problem> {
    let mut all = Vec::new();
    while from < to {
        let entries = api
            .store
            .read(stream, from, usize::try_from(to - from).unwrap_or(usize::MAX))?;
        let Some(last) = entries.last() else { break };
        from = last.offset + 1;
        all.extend(entries);
    }
    all.retain(|entry| entry.offset < to);
    Ok(all)
}
