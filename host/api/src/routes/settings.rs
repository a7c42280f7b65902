//! Settings of behaviours: the behaviour's own, and what a line or number sets differently.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use contract::Problem as Finding;
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::Digest;
use utoipa::ToSchema;

use super::documents::Changed;
use super::modules::{self, ModuleInfo};
use super::own;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Expect, Kind};
use crate::extract::{Body, Condition, Of, tagged};
use crate::problem::Problem;

const LINE: &str = "/v1/tenants/{tenant}/lines/{id}/settings/{behaviour}";

pub(super) fn endpoints() -> [Endpoint; 3] {
    [
        Endpoint::new(Method::GET, LINE, Access::Member, get_of_line)
            .about(
                "lines",
                "get-line-settings",
                "A line's settings of a behaviour, with the schema they follow",
            )
            .gives(Content::json::<Settings>()),
        Endpoint::new(Method::PUT, LINE, Access::Member, put_of_line)
            .about(
                "lines",
                "put-line-settings",
                "Replace what a line sets differently, if the module accepts it",
            )
            .takes(Content::json::<super::documents::Document>())
            .gives(Content::json::<Changed>())
            .conditional(),
        Endpoint::new(
            Method::PUT,
            "/v1/tenants/{tenant}/numbers/{id}/behaviours",
            Access::Manager,
            bind,
        )
        .about(
            "numbers",
            "bind-number",
            "Put behaviours in front of a number, outermost first",
        )
        .takes(Content::array::<Binding>())
        .gives(Content::json::<Changed>())
        .conditional(),
    ]
}

/// Settings and what one needs to edit them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Settings {
    /// Set here.
    #[schema(value_type = Object)]
    settings: Value,
    /// In force: set here, or inherited, or the module's default.
    #[schema(value_type = Object)]
    effective: Value,
    /// JSON Schema with titles, limits, defaults and who may edit.
    #[schema(value_type = Object)]
    schema: Value,
}

/// A behaviour in front of a number.
#[derive(serde::Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Binding {
    behaviour: String,
    /// What is set differently for this number.
    #[serde(default)]
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
}

/// Settings beside the schema of a behaviour's active module.
pub(super) fn describe(behaviour: &Value, own: &Value) -> Result<Settings, Problem> {
    let schema = schema(behaviour)?;
    let inherited = behaviour.get("settings").cloned().unwrap_or_else(|| json!({}));
    let effective = over(&complete(&schema, &inherited), own);
    Ok(Settings {
        settings: own.clone(),
        effective,
        schema,
    })
}

fn schema(behaviour: &Value) -> Result<Value, Problem> {
    let text = behaviour
        .pointer("/manifest/settings-schema")
        .and_then(Value::as_str)
        .unwrap_or("{}");
    serde_json::from_str(text).map_err(Problem::internal)
}

/// Asks the module whether it accepts settings.
pub(super) fn check(api: &Api, module: &ModuleInfo, own: &Value) -> Result<(), Problem> {
    let digest: Digest = module.digest.parse().map_err(Problem::internal)?;
    let schema: Value = serde_json::from_str(&module.manifest.settings_schema).map_err(Problem::internal)?;
    let component = modules::load(api, &digest)?;
    let settings = complete(&schema, own).to_string();
    let found = api
        .workshop
        .check(contract::ModuleDigest(digest.0), &component, &settings);
    match found.map_err(|why| {
        Problem::invalid_field("", format!("the module failed to check its settings: {why}"))
    })? {
        problems if problems.is_empty() => Ok(()),
        problems => Err(Problem::invalid_content(problems)),
    }
}

/// The settings with the schema's defaults where nothing is set.
fn complete(schema: &Value, own: &Value) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let defaults = properties.into_iter().flatten().filter_map(|(name, property)| {
        property
            .get("default")
            .map(|default| (name.clone(), default.clone()))
    });
    over(&Value::Object(defaults.collect()), own)
}

/// `upper`'s properties, then `lower`'s.
fn over(lower: &Value, upper: &Value) -> Value {
    let mut all = lower.as_object().cloned().unwrap_or_default();
    all.extend(
        upper
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    Value::Object(all)
}

/// The line, if the caller may know it.
async fn line(
    api: &Api,
    caller: &Caller,
    tenant: &str,
    id: &str,
) -> Result<crate::exchange::Versioned, Problem> {
    let line = api.exchange.get(Address::new(tenant, Kind::Line, id)).await?;
    match caller.as_user() {
        Some(user) if !own::is(user, Kind::Line, &line.document) => {
            Err(Problem::not_found("no line of yours is known by this name"))
        }
        _ => Ok(line),
    }
}

fn of_line(line: &Value, behaviour: &str) -> Value {
    line.get("settings")
        .and_then(|all| all.get(behaviour))
        .cloned()
        .unwrap_or_else(|| json!({}))
}

async fn get_of_line(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, id, name)): Of<(String, String, String)>,
) -> Result<Response, Problem> {
    let line = line(&api, &caller, &tenant, &id).await?;
    let behaviour = api
        .exchange
        .get(Address::new(&tenant, Kind::Behaviour, &name))
        .await?;
    let settings = describe(&behaviour.document, &of_line(&line.document, &name))?;
    Ok(tagged(StatusCode::OK, line.revision, &settings))
}

async fn put_of_line(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, id, name)): Of<(String, String, String)>,
    Condition(expect): Condition,
    Body(new): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let mut line = line(&api, &caller, &tenant, &id).await?;
    if expect != Expect::Any && expect != Expect::At(line.revision) {
        return Err(Problem::precondition(
            "the line is at another revision: read it and decide again",
        ));
    }
    let behaviour = api
        .exchange
        .get(Address::new(&tenant, Kind::Behaviour, &name))
        .await?
        .document;
    let before = of_line(&line.document, &name);
    let new = Value::Object(new);
    if caller.as_user().is_some() {
        only_own_fields(&schema(&behaviour)?, &before, &new)?;
    }
    let inherited = behaviour.get("settings").cloned().unwrap_or_else(|| json!({}));
    check_active(&api, &tenant, &behaviour, over(&inherited, &new)).await?;
    line.document["settings"][&name] = new;
    let stored = api
        .exchange
        .put(
            Address::new(&tenant, Kind::Line, &id),
            line.document,
            Expect::At(line.revision),
        )
        .await?;
    Ok(tagged(
        StatusCode::OK,
        stored.revision,
        &Changed {
            revision: stored.revision,
        },
    ))
}

async fn check_active(api: &Api, tenant: &str, behaviour: &Value, settings: Value) -> Result<(), Problem> {
    let digest = modules::parse(
        behaviour
            .get("active")
            .and_then(Value::as_str)
            .unwrap_or_default(),
    )?;
    let tenant = tenant.to_owned();
    api.blocking(move |api| check(api, &modules::find(api, &tenant, &digest)?, &settings))
        .await
}

/// A user changes only what the schema leaves to users (`x-editable-by` holds `user`).
fn only_own_fields(schema: &Value, before: &Value, new: &Value) -> Result<(), Problem> {
    let names = before
        .as_object()
        .into_iter()
        .chain(new.as_object())
        .flat_map(Map::keys);
    let changed = names.filter(|name| before.get(*name) != new.get(*name));
    let mut findings: Vec<_> = changed
        .filter(|name| !left_to_users(schema, name))
        .map(|name| Finding {
            path: format!("/{name}"),
            message: "only a manager may change this".to_owned(),
        })
        .collect();
    findings.dedup();
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid_content(findings))
    }
}

fn left_to_users(schema: &Value, name: &str) -> bool {
    let by = schema
        .get("properties")
        .and_then(|all| all.get(name)?.get("x-editable-by"));
    by.and_then(Value::as_array)
        .is_some_and(|roles| roles.iter().any(|role| role == "user"))
}

async fn bind(
    State(api): State<Api>,
    Of((tenant, id)): Of<(String, String)>,
    Condition(expect): Condition,
    Body(bindings): Body<Vec<Binding>>,
) -> Result<Response, Problem> {
    let address = Address::new(&tenant, Kind::Number, &id);
    let mut number = api.exchange.get(address.clone()).await?;
    if expect != Expect::Any && expect != Expect::At(number.revision) {
        return Err(Problem::precondition(
            "the number is at another revision: read it and decide again",
        ));
    }
    for (position, binding) in bindings.iter().enumerate() {
        check_binding(&api, &tenant, position, binding).await?;
    }
    number.document["behaviours"] = serde_json::to_value(bindings).map_err(Problem::internal)?;
    let stored = api
        .exchange
        .put(address, number.document, Expect::At(number.revision))
        .await?;
    Ok(tagged(
        StatusCode::OK,
        stored.revision,
        &Changed {
            revision: stored.revision,
        },
    ))
}

async fn check_binding(api: &Api, tenant: &str, position: usize, binding: &Binding) -> Result<(), Problem> {
    let behaviour = api
        .exchange
        .get(Address::new(tenant, Kind::Behaviour, &binding.behaviour))
        .await;
    let pointer = format!("/{position}/behaviour");
    let behaviour = behaviour
        .map_err(|_| Problem::invalid_field(pointer, "there is no such behaviour"))?
        .document;
    let inherited = behaviour.get("settings").cloned().unwrap_or_else(|| json!({}));
    let settings = over(&inherited, &Value::Object(binding.settings.clone()));
    check_active(api, tenant, &behaviour, settings)
        .await
        .map_err(|problem| problem.under(&format!("/{position}/settings")))
}
