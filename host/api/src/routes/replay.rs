//! Recorded sessions played again on another version: what would have gone otherwise.
//!
//! It runs here, not where the question is asked: the module and the tenant are here, and what callers did leaves the exchange only
//! as far as it differs. It gives way to calls, and only one runs at a time.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use ::exchange::admin::Schema;
use axum::extract::State;
use axum::http::Method;
use axum::response::sse::{Event, KeepAlive, Sse};
use contract::ModuleDigest;
use futures_util::Stream;
use journal::{Recorded, Unreadable, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::journal::{Reader, Sight, sight};
use super::known;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::extract::{Body, Of};
use crate::hub::{journal_of, words};
use crate::module::{self, ModuleInfo};
use crate::problem::Problem;

/// Sessions played between two looks at whether somebody still listens.
const CHUNK: usize = 256;
/// Differences that are told; all are counted.
const TOLD: usize = 1_000;

pub(super) fn endpoints() -> [Endpoint; 1] {
    [Endpoint::new(
        Method::POST,
        "/v1/tenants/{tenant}/behaviours/{name}/replay",
        Access::Manager,
        replay,
    )
    .about(
        "behaviours",
        "replay",
        "Play recorded sessions again on a module: events `begun`, `progress`, `differs` and, at the end, `done` or `failed`",
    )
    .takes(Content::json::<NewReplay>())
    .gives(Content::other("text/event-stream"))]
}

/// What is played.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NewReplay {
    /// Digest of one of the tenant's modules.
    module: String,
    /// Sessions that ended since then: milliseconds since 1970-01-01T00:00:00Z.
    #[serde(default)]
    since_ms: u64,
    #[serde(default)]
    until_ms: Option<u64>,
    /// Settings that are to be others than they were.
    #[serde(default)]
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
}

/// A session that the candidate decides differently about.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Differs {
    session: u64,
    call: Option<u64>,
    /// When the step was.
    at_ms: u64,
    number: String,
    caller: Option<String>,
    /// The first one that differs, from 1 on.
    step: usize,
    steps: usize,
    /// What the session was told.
    event: String,
    did: String,
    would: String,
    /// Questions that nobody had asked when it was recorded: today's answers were given.
    asked_anew: u32,
}

#[derive(Clone, Copy, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Progress {
    played: u64,
    of: u64,
    same: u64,
    differ: u64,
    /// Parts of long sessions that the candidate would not have taken over in the middle.
    declined: u64,
    /// Written by another version of the exchange, or damaged.
    unreadable: u64,
}

async fn replay(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
    Body(new): Body<NewReplay>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let known = known::document(&api, super::behaviours::address(&tenant, &name))
        .await?
        .document;
    let digest = module::parse(&new.module)
        .map_err(|_| Problem::invalid_field("/module", "is no digest of a module"))?;
    let module = {
        let tenant = tenant.clone();
        let found = api.blocking(move |api| module::find(api, &tenant, &digest)).await;
        found.map_err(|_| Problem::invalid_field("/module", "the tenant has no module with this digest"))?
    };
    let scope = known.pointer("/manifest/scope").cloned().unwrap_or_default();
    if serde_json::to_value(module.manifest.scope).ok() != Some(scope) {
        let message = "its sessions are of another scope (per call, per number) than those of the behaviour";
        return Err(Problem::invalid_field("/module", message));
    }
    let permit = Arc::clone(&api.replays)
        .try_acquire_owned()
        .map_err(|_| Problem::in_use("another replay is running: wait for its end"))?;
    let sight = sight(&api, &caller, &tenant).await?;
    let (tell, told) = mpsc::channel(64);
    let work = Work {
        api,
        tenant,
        behaviour: name,
        digest: ModuleDigest(digest.0),
        module,
        new,
        sight,
        tell,
        progress: Progress::default(),
        differ: 0,
        _permit: permit,
    };
    tokio::task::spawn_blocking(move || work.run());
    Ok(Sse::new(ReceiverStream::new(told).map(Ok)).keep_alive(KeepAlive::default()))
}

/// A replay while it runs, on a thread that may wait.
struct Work {
    api: Api,
    tenant: String,
    behaviour: String,
    digest: ModuleDigest,
    module: ModuleInfo,
    new: NewReplay,
    sight: Sight,
    tell: mpsc::Sender<Event>,
    progress: Progress,
    /// Differences told.
    differ: usize,
    _permit: OwnedSemaphorePermit,
}

/// Nobody listens any more.
struct Gone;

impl Work {
    fn run(mut self) {
        let event = match self.play_all() {
            Ok(Ok(())) => event("done", &self.progress),
            Ok(Err(Gone)) => return,
            Err(problem) => event("failed", &problem),
        };
        // Whoever asked may be gone by now.
        let _ = self.tell.blocking_send(event);
    }

    fn play_all(&mut self) -> Result<Result<(), Gone>, Problem> {
        let stream = journal_of(&self.tenant, &self.behaviour);
        let mut reader = Reader::open(&self.api, &stream, self.new.since_ms, self.new.until_ms)?;
        self.progress.of = reader.left();
        if let Err(gone) = self.send("begun", &self.progress) {
            return Ok(Err(gone));
        }
        let schema = module::schema(&self.module.manifest.settings_schema)?;
        let mut settings = HashMap::new();
        loop {
            let entries = reader.next(&self.api, CHUNK)?;
            if entries.is_empty() {
                return Ok(Ok(()));
            }
            let mut sessions = Vec::new();
            for entry in &entries {
                match Recorded::read(&entry.bytes) {
                    Ok(recorded) => sessions.push(Arc::new(recorded)),
                    Err(Unreadable::OtherFormat | Unreadable::Damaged) => self.progress.unreadable += 1,
                }
            }
            self.progress.played += entries.len() as u64;
            self.learn_settings(&schema, &sessions, &mut settings);
            let verdicts = self.play(&sessions, &settings)?;
            for (recorded, verdict) in sessions.iter().zip(verdicts) {
                if self.judge(recorded, &verdict).is_err() {
                    return Ok(Err(Gone));
                }
            }
            if self.send("progress", &self.progress).is_err() {
                return Ok(Err(Gone));
            }
        }
    }

    /// The settings that sessions had, as the candidate would have got them.
    fn learn_settings(
        &self,
        schema: &Schema,
        sessions: &[Arc<Recorded>],
        known: &mut HashMap<Arc<str>, Arc<str>>,
    ) {
        let changed = |recorded: &Recorded| -> Vec<Arc<str>> {
            recorded
                .steps
                .iter()
                .filter_map(|step| step.settings.clone())
                .collect()
        };
        for recorded in sessions {
            for text in std::iter::once(recorded.header.settings.clone()).chain(changed(recorded)) {
                known
                    .entry(text.clone())
                    .or_insert_with(|| self.as_candidates(schema, &text));
            }
        }
    }

    /// Without what the candidate does not know, with its own defaults for what the recorded version did not know.
    fn as_candidates(&self, schema: &Schema, recorded: &str) -> Arc<str> {
        let Ok(Value::Object(mut settings)) = serde_json::from_str(recorded) else {
            return recorded.into();
        };
        let rules: Value = serde_json::from_str(&self.module.manifest.settings_schema).unwrap_or_default();
        if let Some(properties) = rules.get("properties").and_then(Value::as_object) {
            settings.retain(|name, _| properties.contains_key(name));
        }
        settings.extend(self.new.settings.clone());
        let mut complete = Value::Object(settings);
        schema.fill(&mut complete);
        complete.to_string().into()
    }

    fn play(
        &self,
        sessions: &[Arc<Recorded>],
        settings: &HashMap<Arc<str>, Arc<str>>,
    ) -> Result<Vec<Verdict>, Problem> {
        let digest = store::Digest(self.digest.0);
        let component = || module::component_bytes(&self.api, &digest);
        let settings = |text: &Arc<str>| settings.get(text).unwrap_or(text).clone();
        let played = self
            .api
            .workshop
            .replay(&self.tenant, self.digest, &component, sessions, &settings);
        played.map_err(|why| Problem::invalid_field("/module", format!("it cannot be run: {why}")))
    }

    fn judge(&mut self, recorded: &Recorded, verdict: &Verdict) -> Result<(), Gone> {
        let difference = match verdict {
            Verdict::Same(_) => {
                self.progress.same += 1;
                return Ok(());
            }
            Verdict::Declined(_) => {
                self.progress.declined += 1;
                return Ok(());
            }
            Verdict::Differs(difference) => difference,
        };
        self.progress.differ += 1;
        self.differ += 1;
        if self.differ > TOLD {
            return Ok(());
        }
        let step = recorded.steps.get(difference.step);
        let told = Differs {
            session: recorded.header.session.0,
            call: step.and_then(|step| step.call),
            at_ms: step.map_or(0, |step| step.at.as_millis()),
            number: recorded.header.number.to_string(),
            caller: caller_of(recorded),
            step: difference.step + 1,
            steps: recorded.steps.len(),
            event: words::event(&difference.event),
            did: words::answer(&difference.did),
            would: match &difference.would {
                Ok(commands) => words::commands(commands),
                Err(failure) => format!("fails: {failure}"),
            },
            asked_anew: difference.asked_anew,
        };
        let told = serde_json::to_value(told).unwrap_or_default();
        self.send("differs", &self.sight.protected(told))
    }

    fn send(&self, name: &str, content: &impl Serialize) -> Result<(), Gone> {
        self.tell.blocking_send(event(name, content)).map_err(|_| Gone)
    }
}

/// Who called, where the session began with it.
fn caller_of(recorded: &Recorded) -> Option<String> {
    recorded.steps.iter().find_map(|step| match &step.task {
        contract::Task::Handle(contract::Event::CallOffered(offer)) => offer.caller.number.clone(),
        _ => None,
    })
}

fn event(name: &str, content: &impl Serialize) -> Event {
    Event::default()
        .event(name)
        .json_data(content)
        .unwrap_or_default()
}
