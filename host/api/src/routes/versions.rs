//! Versions of a behaviour: the active one, the one on trial, and who changed what.

use ::exchange::admin::VersionChange;
use ::exchange::directory::{CanaryRule, Candidate, Guard};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use contract::ModuleDigest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::behaviours::{accept, address, make};
use super::documents::Changed;
use super::known;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::extract::{Asked, Body, Of};
use crate::module::{self, ModuleInfo};
use crate::problem::Problem;

pub(super) fn endpoints() -> [Endpoint; 5] {
    let candidate = "/v1/tenants/{tenant}/behaviours/{name}/candidate";
    [
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/behaviours/{name}/versions",
            Access::Manager,
            versions,
        )
        .about(
            "behaviours",
            "list-versions",
            "What runs on which version, how they do, and who changed what",
        )
        .gives(Content::json::<Versions>()),
        Endpoint::new(Method::PUT, candidate, Access::Manager, try_out)
            .about(
                "behaviours",
                "put-candidate",
                "Try a module out on some calls, or beside all of them",
            )
            .takes(Content::json::<NewCandidate>())
            .gives(Content::json::<Changed>()),
        Endpoint::new(Method::DELETE, candidate, Access::Manager, withdraw)
            .about(
                "behaviours",
                "delete-candidate",
                "End the trial; its calls go back to the active version",
            )
            .query(&[("why", "For the audit trail")])
            .gives(Content::json::<Changed>()),
        Endpoint::new(
            Method::POST,
            "/v1/tenants/{tenant}/behaviours/{name}/promote",
            Access::Manager,
            promote,
        )
        .about(
            "behaviours",
            "promote-candidate",
            "Make the candidate the active version",
        )
        .takes(Content::json::<Reason>())
        .gives(Content::json::<Changed>()),
        Endpoint::new(
            Method::POST,
            "/v1/tenants/{tenant}/behaviours/{name}/roll-back",
            Access::Manager,
            roll_back,
        )
        .about(
            "behaviours",
            "roll-back",
            "Make the version that was active before so again",
        )
        .takes(Content::json::<Reason>())
        .gives(Content::json::<Changed>()),
    ]
}

/// A module on trial. Exactly one of `percent`, `called`, `callers` and `shadow` says what it gets.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NewCandidate {
    /// Digest of one of the tenant's modules.
    module: String,
    /// So many of a hundred callers, always the same ones.
    #[serde(default)]
    percent: Option<u8>,
    /// Calls to these numbers.
    #[serde(default)]
    called: Option<Vec<String>>,
    /// Calls of these lines or numbers.
    #[serde(default)]
    callers: Option<Vec<String>>,
    /// `true`: none; it sees every event, and what it would do is compared and never done.
    #[serde(default)]
    shadow: bool,
    /// The trial begins then: milliseconds since 1970-01-01T00:00:00Z.
    #[serde(default)]
    from_ms: Option<u64>,
    #[serde(default)]
    until_ms: Option<u64>,
    /// Withdrawn when so many of a hundred events failed.
    #[serde(default)]
    failures: Option<u8>,
    /// Events before anything is concluded from them.
    #[serde(default)]
    least: Option<u32>,
    /// Becomes the active version after holding for so long.
    #[serde(default)]
    promote_after_ms: Option<u64>,
    /// For the audit trail.
    #[serde(default)]
    why: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Reason {
    /// For the audit trail.
    why: String,
}

#[derive(Serialize, ToSchema)]
struct Versions {
    /// The active one, the candidate, then earlier ones, each with its sessions and counters.
    #[schema(value_type = Vec<Object>)]
    versions: Vec<Value>,
    /// The module on trial and its rule.
    #[schema(value_type = Object)]
    candidate: Value,
    /// Until when sessions may stay with earlier versions (`at`, milliseconds since the epoch), and what becomes of them `then`.
    #[schema(value_type = Object)]
    drain: Value,
    /// Who changed what, when and why, the latest first.
    #[schema(value_type = Vec<Object>)]
    audit: Value,
}

impl NewCandidate {
    fn rule(&mut self) -> Result<CanaryRule, Problem> {
        let rules = [
            self.percent.map(CanaryRule::Percent),
            self.called.take().map(CanaryRule::Called),
            self.callers.take().map(CanaryRule::Callers),
            self.shadow.then_some(CanaryRule::Shadow),
        ];
        let mut rules = rules.into_iter().flatten();
        match (rules.next(), rules.next()) {
            (Some(rule), None) => Ok(rule),
            _ => Err(Problem::invalid_field(
                "",
                "exactly one of `percent`, `called`, `callers` and `shadow` says what it gets",
            )),
        }
    }

    fn candidate(&mut self, module: ModuleInfo, digest: ModuleDigest) -> Result<Candidate, Problem> {
        let usual = Guard::default();
        Ok(Candidate {
            digest,
            manifest: module.manifest,
            rule: self.rule()?,
            from: self.from_ms,
            until: self.until_ms,
            guard: Guard {
                failures: self.failures.unwrap_or(usual.failures),
                least: self.least.unwrap_or(usual.least),
                promote_after: self.promote_after_ms,
            },
            since: 0,
        })
    }
}

async fn versions(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
) -> Result<Json<Versions>, Problem> {
    let known = known::document(&api, address(&tenant, &name)).await?.document;
    let versions = api.exchange.versions(tenant, name).await?;
    let part = |name: &str, otherwise: Value| known.get(name).cloned().unwrap_or(otherwise);
    Ok(Json(Versions {
        versions,
        candidate: part("candidate", Value::Null),
        drain: part("drain", Value::Null),
        audit: part("audit", json!([])),
    }))
}

async fn try_out(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
    Body(mut new): Body<NewCandidate>,
) -> Result<Response, Problem> {
    let known = known::document(&api, address(&tenant, &name)).await?.document;
    let own = known.get("settings").cloned().unwrap_or_else(|| json!({}));
    let module = accept(&api, &tenant, &new.module, &own, "/module").await?;
    let digest = ModuleDigest(module::parse(&new.module)?.0);
    let candidate = new.candidate(module, digest)?;
    let change = VersionChange::Try(Box::new(candidate));
    make(&api, &caller, tenant, name, change, new.why).await
}

async fn withdraw(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
    Asked(reason): Asked<Reason>,
) -> Result<Response, Problem> {
    make(&api, &caller, tenant, name, VersionChange::Withdraw, reason.why).await
}

async fn promote(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
    Body(reason): Body<Reason>,
) -> Result<Response, Problem> {
    make(&api, &caller, tenant, name, VersionChange::Promote, reason.why).await
}

async fn roll_back(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
    Body(reason): Body<Reason>,
) -> Result<Response, Problem> {
    make(&api, &caller, tenant, name, VersionChange::RollBack, reason.why).await
}
