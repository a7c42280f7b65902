//! Behaviours: a tenant's named uses of modules, their settings and versions.

use ::exchange::admin::VersionChange;
use ::exchange::directory::{Drain, DrainEnd};
use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use contract::ModuleDigest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::documents::{self, Changed};
use super::{known, settings};
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Collection, Expect, Kind, Stored, Versioned};
use crate::extract::{Asked, Body, Condition, Of, Page, PageOf, tagged};
use crate::module::{self, ModuleInfo};
use crate::problem::Problem;
use crate::timing::Timing;

const ALL: &str = "/v1/tenants/{tenant}/behaviours";
const ONE: &str = "/v1/tenants/{tenant}/behaviours/{name}";

pub(super) fn endpoints() -> [Endpoint; 8] {
    [
        Endpoint::new(Method::GET, ALL, Access::Manager, list)
            .about("behaviours", "list-behaviours", "The tenant's behaviours")
            .gives(Content::page::<Versioned>())
            .paged(),
        Endpoint::new(Method::GET, ONE, Access::Manager, get)
            .about(
                "behaviours",
                "get-behaviour",
                "A behaviour with its versions and settings",
            )
            .gives(Content::json::<Versioned>()),
        Endpoint::new(Method::PUT, ONE, Access::Manager, put)
            .about(
                "behaviours",
                "put-behaviour",
                "Create a behaviour, or change module and settings together",
            )
            .takes(Content::json::<NewBehaviour>())
            .gives(Content::json::<Changed>())
            .conditional(),
        Endpoint::new(Method::DELETE, ONE, Access::Manager, delete)
            .about(
                "behaviours",
                "delete-behaviour",
                "Delete a behaviour that nothing is bound to",
            )
            .status(204)
            .conditional(),
        Endpoint::new(
            Method::POST,
            "/v1/tenants/{tenant}/behaviours/{name}/activate",
            Access::Manager,
            activate,
        )
        .about(
            "behaviours",
            "activate-module",
            "Swap the module; live sessions go on with it at their next event",
        )
        .takes(Content::json::<Activate>())
        .gives(Content::json::<Changed>())
        .conditional(),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/behaviours/{name}/history",
            Access::Manager,
            history,
        )
        .about("behaviours", "get-history", "Earlier versions, the latest first")
        .gives(Content::json::<History>()),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/behaviours/{name}/settings",
            Access::Manager,
            get_settings,
        )
        .about(
            "behaviours",
            "get-settings",
            "Settings with the schema they follow",
        )
        .gives(Content::json::<settings::Settings>()),
        Endpoint::new(
            Method::PUT,
            "/v1/tenants/{tenant}/behaviours/{name}/settings",
            Access::Manager,
            put_settings,
        )
        .about(
            "behaviours",
            "put-settings",
            "Replace the settings, if the module accepts them",
        )
        .takes(Content::json::<documents::Document>())
        .gives(Content::json::<Changed>())
        .conditional(),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NewBehaviour {
    /// Digest of one of the tenant's modules.
    module: String,
    /// What differs from the module's defaults.
    #[serde(default)]
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Activate {
    /// Digest of one of the tenant's modules.
    module: String,
    /// For the audit trail.
    #[serde(default)]
    why: String,
    /// How long sessions may stay with earlier versions; absent: until they end.
    #[serde(default)]
    drain_after_ms: Option<u64>,
    /// What becomes of those that have not moved by then: `move` (they begin anew on the active version, with the callers that
    /// they held; the default) or `end`. Calls that talk go on.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    drain_then: DrainEnd,
}

#[derive(Serialize, ToSchema)]
struct History {
    active: String,
    version: String,
    #[schema(value_type = Vec<Object>)]
    earlier: Value,
}

pub(super) fn address(tenant: &str, name: &str) -> Address {
    Address::new(tenant, Kind::Behaviour, name)
}

async fn list(
    api: State<Api>,
    caller: Caller,
    Of(tenant): Of<String>,
    page: Asked<PageOf>,
) -> Result<Json<Page<Versioned>>, Problem> {
    documents::list(api, caller, Collection::of(&tenant, Kind::Behaviour), page).await
}

async fn get(
    api: State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
) -> Result<Response, Problem> {
    documents::get(api, caller, address(&tenant, &name)).await
}

async fn delete(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
    Condition(expect): Condition,
) -> Result<StatusCode, Problem> {
    let behaviour = address(&tenant, &name);
    let deleted = api.exchange.delete(behaviour.clone(), expect);
    known::about(&api, &behaviour, deleted).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
    Condition(expect): Condition,
    Body(new): Body<NewBehaviour>,
) -> Result<Response, Problem> {
    let known = found(&api, &tenant, &name).await?;
    change(
        &api,
        &tenant,
        &name,
        known,
        Some(&new.module),
        Some(new.settings),
        expect,
    )
    .await
}

async fn activate(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
    Condition(expect): Condition,
    Body(activate): Body<Activate>,
) -> Result<Response, Problem> {
    let Activate {
        module,
        why,
        drain_after_ms,
        drain_then: then,
    } = activate;
    let mut timing = Timing::start(&api);
    let now = api.now().as_millis();
    let drain = drain_after_ms.map(|after| Drain {
        at: now.saturating_add(after),
        then,
    });
    let known = known::document(&api, address(&tenant, &name)).await?;
    if expect != Expect::Any && expect != Expect::At(known.revision) {
        return Err(Problem::precondition(
            "the behaviour is at another revision: read it and decide again",
        ));
    }
    let own = known
        .document
        .get("settings")
        .cloned()
        .unwrap_or_else(|| json!({}));
    timing.over("read");
    let accepted = accept(&api, &tenant, &module, &own, "/module").await?;
    timing.over("check");
    let change = VersionChange::Activate {
        digest: ModuleDigest(module::parse(&module)?.0),
        manifest: Box::new(accepted.manifest),
        drain,
    };
    let mut answer = make(&api, &caller, tenant, name, change, why).await?;
    timing.over("change");
    timing.tell(answer.headers_mut());
    Ok(answer)
}

async fn put_settings(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
    Condition(expect): Condition,
    Body(new): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let known = known::document(&api, address(&tenant, &name)).await?;
    change(&api, &tenant, &name, Some(known), None, Some(new), expect).await
}

async fn get_settings(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
) -> Result<Json<settings::Settings>, Problem> {
    let known = known::document(&api, address(&tenant, &name)).await?;
    let own = known
        .document
        .get("settings")
        .cloned()
        .unwrap_or_else(|| json!({}));
    settings::describe(&known.document, &own).map(Json)
}

async fn history(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
) -> Result<Json<History>, Problem> {
    let known = known::document(&api, address(&tenant, &name)).await?.document;
    let text = |pointer| {
        known
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let earlier = known.get("history").cloned().unwrap_or_else(|| json!([]));
    Ok(Json(History {
        active: text("/active"),
        version: text("/manifest/version"),
        earlier,
    }))
}

async fn found(api: &Api, tenant: &str, name: &str) -> Result<Option<Versioned>, Problem> {
    match api.exchange.get(address(tenant, name)).await {
        Ok(known) => Ok(Some(known)),
        Err(crate::exchange::Refusal::NotFound) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Gives a behaviour another module, other settings, or both, once the module accepts the settings. Someone else's
/// change in between is noticed, also when the caller did not ask for that.
async fn change(
    api: &Api,
    tenant: &str,
    name: &str,
    known: Option<Versioned>,
    module: Option<&str>,
    new_settings: Option<Map<String, Value>>,
    expect: Expect,
) -> Result<Response, Problem> {
    let read = known
        .as_ref()
        .map_or(Expect::Absent, |known| Expect::At(known.revision));
    if expect != Expect::Any && expect != read {
        return Err(Problem::precondition(
            "the behaviour is at another revision: read it and decide again",
        ));
    }
    let before = known.map(|known| known.document);
    let active = before.as_ref().and_then(|before| before.get("active")?.as_str());
    let digest = module.or(active).unwrap_or_default();
    let own = new_settings.map_or_else(
        || {
            before
                .as_ref()
                .and_then(|before| before.get("settings").cloned())
                .unwrap_or_else(|| json!({}))
        },
        Value::Object,
    );
    let pointer = if module.is_some() { "/module" } else { "" };
    let module = accept(api, tenant, digest, &own, pointer).await?;
    let document = document(name, &module, own);
    let stored = api.exchange.put(address(tenant, name), document, read).await?;
    Ok(answer(stored))
}

/// The tenant's module, if it is there and accepts the settings.
pub(super) async fn accept(
    api: &Api,
    tenant: &str,
    digest: &str,
    own: &Value,
    pointer: &'static str,
) -> Result<ModuleInfo, Problem> {
    let digest = digest
        .parse()
        .map_err(|error: store::InvalidDigest| Problem::invalid_field(pointer, error.to_string()))?;
    let (tenant, own) = (tenant.to_owned(), own.clone());
    api.blocking(move |api| {
        let absent = || Problem::invalid_field(pointer, "the tenant has no module with this digest");
        let module = module::find(api, &tenant, &digest).map_err(|_| absent())?;
        settings::check(api, &tenant, &module, &own)?;
        Ok(module)
    })
    .await
}

/// One change, under the name of the token that asks for it.
pub(super) async fn make(
    api: &Api,
    caller: &Caller,
    tenant: String,
    name: String,
    change: VersionChange,
    why: String,
) -> Result<Response, Problem> {
    let by = caller.token.to_string();
    let behaviour = address(&tenant, &name);
    let changed = api.exchange.change_version(tenant, name, change, by, why);
    let stored = known::about(api, &behaviour, changed).await?;
    Ok(answer(stored))
}

/// The exchange keeps the history itself.
fn document(name: &str, module: &ModuleInfo, own: Value) -> Value {
    json!({
        "name": name,
        "active": module.digest,
        "manifest": module.manifest,
        "settings": own,
    })
}

pub(super) fn answer(stored: Stored) -> Response {
    let status = if stored.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    tagged(status, stored.revision, &Changed::from(stored))
}
