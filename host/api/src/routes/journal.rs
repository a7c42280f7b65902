//! The journal of sessions as people read it.

use std::collections::VecDeque;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use journal::{Recorded, Step};
use serde::Serialize;
use serde_json::{Value, json};
use store::Entry;
use utoipa::ToSchema;

use super::known;
use super::records::backwards;
use crate::Api;
use crate::access::{Access, Caller, Role};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Kind};
use crate::extract::{Asked, Of, Page, PageOf};
use crate::hub::{Story, journal_of, words};
use crate::problem::Problem;

pub(super) fn endpoints() -> [Endpoint; 1] {
    [Endpoint::new(
        Method::GET,
        "/v1/tenants/{tenant}/behaviours/{name}/journal",
        Access::Manager,
        list,
    )
    .about(
        "behaviours",
        "list-sessions",
        "What the behaviour's sessions were told, asked and decided, the latest first; operators see numbers if the tenant lets them",
    )
    .gives(Content::page::<SessionRecord>())
    .paged()]
}

/// A session, or a part of a long one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct SessionRecord {
    /// Counts the behaviour's records without gaps.
    offset: u64,
    session: u64,
    calls: Vec<u64>,
    number: String,
    /// That it began on.
    version: String,
    module: String,
    #[schema(value_type = Object)]
    settings: Value,
    /// It ended with this part.
    ended: bool,
    /// Steps that were too large to keep.
    missing: u32,
    /// Event, questions with answers, commands, explanations and lines of log of each.
    #[schema(value_type = Vec<Object>)]
    steps: Vec<Value>,
}

async fn list(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<SessionRecord>>, Problem> {
    known::document(&api, Address::new(&tenant, Kind::Behaviour, &name)).await?;
    let sight = sight(&api, &caller, &tenant).await?;
    backwards(&api, journal_of(&tenant, &name), page, move |entry| {
        let recorded = Recorded::read(&entry.bytes).ok()?;
        Some(SessionRecord::of(entry.offset, &recorded, &sight))
    })
    .await
}

impl SessionRecord {
    fn of(offset: u64, recorded: &Recorded, sight: &Sight) -> Self {
        let header = &recorded.header;
        let text = |text: &str| match sight.protected(text.into()) {
            Value::String(text) => text,
            _ => String::new(),
        };
        let settings = serde_json::from_str(&header.settings).unwrap_or_default();
        Self {
            offset,
            session: header.session.0,
            calls: recorded.calls(),
            number: text(&header.number),
            version: header.version.to_string(),
            module: header.module.to_string(),
            settings: sight.protected(settings),
            ended: recorded.ended,
            missing: recorded.missing,
            steps: recorded
                .steps
                .iter()
                .map(|step| sight.protected(told(step)))
                .collect(),
        }
    }
}

fn told(step: &Step) -> Value {
    let task = match &step.task {
        contract::Task::Handle(event) => words::event(event),
        contract::Task::Migrate { from_version } => format!("takes over from {from_version}"),
    };
    json!({
        "at-ms": step.at.as_millis(),
        "call": step.call,
        "version": step.version.as_ref().map(|(_, version)| version),
        "event": task,
        "decided": words::answer(&step.answer),
        "explanations": step.record.explanations,
        "task": step.task,
        "answer": step.answer,
        "queries": step.record.queries,
        "log": step.record.log,
    })
}

/// Whose eyes see it.
#[derive(Clone, Copy)]
pub(super) struct Sight {
    numbers: bool,
}

/// Operators see the tenant's numbers only if it lets them; its managers always do.
pub(super) async fn sight(api: &Api, caller: &Caller, tenant: &str) -> Result<Sight, Problem> {
    let known = api
        .exchange
        .get(Address::new(tenant, Kind::Tenant, tenant))
        .await?
        .document;
    let let_in = known
        .pointer("/journal/numbers-for-operators")
        .and_then(Value::as_bool);
    Ok(Sight {
        numbers: caller.role != Role::Operator || let_in.unwrap_or(true),
    })
}

impl Sight {
    /// The value with the numbers in its texts made unreadable where they are not to be seen. Messages between
    /// sessions may hold any: nothing of them is left.
    pub fn protected(&self, mut value: Value) -> Value {
        if !self.numbers {
            protect(&mut value);
        }
        value
    }
}

impl Sight {
    /// The same for a call's story. Messages are full of numbers, and of what looks like one.
    pub fn protected_story(&self, mut story: Story) -> Story {
        if !self.numbers {
            for step in &mut story.steps {
                step.text = ::journal::mask(&step.text);
                protect(&mut step.detail);
                if let Some(sip) = &mut step.sip {
                    sip.text = ::journal::mask(&sip.text);
                }
            }
        }
        story
    }
}

fn protect(value: &mut Value) {
    match value {
        Value::String(text) => *text = ::journal::mask(text),
        Value::Array(items) => items.iter_mut().for_each(protect),
        Value::Object(fields) => {
            for (name, field) in fields {
                if name == "body" {
                    *field = Value::Null;
                } else {
                    protect(field);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A stream of the journal from one moment to another.
pub(super) struct Reader {
    stream: String,
    next: u64,
    end: u64,
    until_ms: u64,
    read: VecDeque<Entry>,
}

impl Reader {
    pub fn open(api: &Api, stream: &str, since_ms: u64, until_ms: Option<u64>) -> Result<Self, Problem> {
        let extent = api.store.stream(stream)?.unwrap_or_default();
        let until_ms = until_ms.unwrap_or(u64::MAX);
        let first = offset_at(api, stream, since_ms, extent.first, extent.next)?;
        let end = match until_ms {
            u64::MAX => extent.next,
            until => offset_at(api, stream, until, first, extent.next)?,
        };
        Ok(Self {
            stream: stream.to_owned(),
            next: first,
            end,
            until_ms,
            read: VecDeque::new(),
        })
    }

    pub fn left(&self) -> u64 {
        self.end.saturating_sub(self.next)
    }

    /// The next entries, so many at most; none at the end.
    pub fn next(&mut self, api: &Api, most: usize) -> Result<Vec<Entry>, Problem> {
        if self.read.is_empty() && self.next < self.end {
            self.read = api.store.read(&self.stream, self.next, most)?.into();
            self.next = self.read.back().map_or(self.end, |last| last.offset + 1);
        }
        let (end, until) = (self.end, self.until_ms);
        let take = self.read.len().min(most);
        let entries = self.read.drain(..take);
        Ok(entries
            .filter(|entry| entry.offset < end && entry.at.as_millis() <= until)
            .collect())
    }
}

/// The first offset from a moment on. Entries lie in the order in which they were written.
fn offset_at(api: &Api, stream: &str, at_ms: u64, mut low: u64, mut high: u64) -> Result<u64, Problem> {
    while low < high {
        let middle = low + (high - low) / 2;
        match api.store.read(stream, middle, 1)?.first() {
            Some(entry) if entry.at.as_millis() < at_ms => low = entry.offset + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
