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
use super::{known, own};
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Expect, Kind, Stored, Versioned};
use crate::extract::{Body, Condition, Of, tagged};
use crate::module::{self, ModuleInfo};
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
    let text = schema_text(behaviour);
    let mut effective = over(&inherited(behaviour), own);
    module::schema(text)?.fill(&mut effective);
    let schema = if text.is_empty() {
        Value::Bool(false)
    } else {
        json(text)?
    };
    Ok(Settings {
        settings: own.clone(),
        effective,
        schema,
    })
}

fn schema_text(behaviour: &Value) -> &str {
    behaviour
        .pointer("/manifest/settings-schema")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn inherited(behaviour: &Value) -> Value {
    behaviour.get("settings").cloned().unwrap_or_else(|| json!({}))
}

fn json(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(Problem::internal)
}

/// Checks settings, completed by the schema's defaults as a session gets them: against the schema, then by asking the
/// module.
pub(super) fn check(api: &Api, tenant: &str, module: &ModuleInfo, own: &Value) -> Result<(), Problem> {
    let schema = module::schema(&module.manifest.settings_schema)?;
    let mut complete = own.clone();
    schema.fill(&mut complete);
    let mut problems = schema.check(&complete);
    if problems.is_empty() {
        problems = ask_module(api, tenant, module, &complete)?;
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid_content(problems))
    }
}

fn ask_module(
    api: &Api,
    tenant: &str,
    module: &ModuleInfo,
    settings: &Value,
) -> Result<Vec<Finding>, Problem> {
    let digest: Digest = module.digest.parse().map_err(Problem::internal)?;
    let component = || module::component_bytes(api, &digest);
    let found = api.workshop.check(
        tenant,
        contract::ModuleDigest(digest.0),
        &component,
        &settings.to_string(),
    );
    found.map_err(|why| Problem::invalid_field("", format!("the module failed to check its settings: {why}")))
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
async fn line(api: &Api, caller: &Caller, tenant: &str, id: &str) -> Result<Versioned, Problem> {
    own::document(api, caller, Address::new(tenant, Kind::Line, id)).await
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
    let place = of_a_line(&api, &caller, &tenant, &id, &name, expect).await?;
    let stored = change_line(&api, &caller, place, Value::Object(new)).await?;
    Ok(tagged(StatusCode::OK, stored.revision, &Changed::from(stored)))
}

/// A line's settings of one behaviour, as they were when somebody began to change them.
pub(super) struct OfLine {
    tenant: String,
    id: String,
    name: String,
    line: Versioned,
    behaviour: Value,
    own: Value,
}

impl OfLine {
    /// What the line sets itself.
    pub fn own(&self) -> &Value {
        &self.own
    }

    /// What is in force of a list of texts, by its JSON Pointer; none if the schema has no such list.
    pub fn list_of_texts(&self, pointer: &str) -> Result<Option<Vec<Value>>, Problem> {
        let settings = describe(&self.behaviour, &self.own)?;
        let mut rules = Some(&settings.schema);
        for part in pointer.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            rules = rules.and_then(|rules| rules.get("properties")?.get(name));
        }
        let is_list = rules.and_then(|rules| rules.pointer("/items/type")) == Some(&json!("string"));
        let list = settings.effective.pointer(pointer).and_then(Value::as_array);
        Ok(is_list.then(|| list.cloned().unwrap_or_default()))
    }
}

/// Settings that the caller may know, at the revision expected.
pub(super) async fn of_a_line(
    api: &Api,
    caller: &Caller,
    tenant: &str,
    id: &str,
    name: &str,
    expect: Expect,
) -> Result<OfLine, Problem> {
    let line = line(api, caller, tenant, id).await?;
    if expect != Expect::Any && expect != Expect::At(line.revision) {
        return Err(Problem::precondition(
            "the line is at another revision: read it and decide again",
        ));
    }
    let address = Address::new(tenant, Kind::Behaviour, name);
    let behaviour = api.exchange.get(address).await?.document;
    Ok(OfLine {
        own: of_line(&line.document, name),
        tenant: tenant.to_owned(),
        id: id.to_owned(),
        name: name.to_owned(),
        line,
        behaviour,
    })
}

/// Writes what a line sets itself, if the caller may and the module accepts it.
pub(super) async fn change_line(
    api: &Api,
    caller: &Caller,
    place: OfLine,
    new: Value,
) -> Result<Stored, Problem> {
    let (behaviour, mut line) = (&place.behaviour, place.line);
    if caller.as_user().is_some() {
        only_own_fields(schema_text(behaviour), &place.own, &new)?;
    }
    let complete = over(&inherited(behaviour), &new);
    check_active(api, &place.tenant, behaviour, complete).await?;
    line.document["settings"][&place.name] = new;
    let address = Address::new(&place.tenant, Kind::Line, &place.id);
    Ok(api
        .exchange
        .put(address, line.document, Expect::At(line.revision))
        .await?)
}

async fn check_active(api: &Api, tenant: &str, behaviour: &Value, settings: Value) -> Result<(), Problem> {
    let digest = module::parse(
        behaviour
            .get("active")
            .and_then(Value::as_str)
            .unwrap_or_default(),
    )?;
    let tenant = tenant.to_owned();
    api.blocking(move |api| check(api, &tenant, &module::find(api, &tenant, &digest)?, &settings))
        .await
}

/// A user changes only what the schema leaves to users (`x-edit` is `user`).
fn only_own_fields(schema: &str, before: &Value, new: &Value) -> Result<(), Problem> {
    let schema = if schema.is_empty() {
        Value::Null
    } else {
        json(schema)?
    };
    let names = before
        .as_object()
        .into_iter()
        .chain(new.as_object())
        .flat_map(Map::keys);
    let changed = names.filter(|name| before.get(*name) != new.get(*name));
    let mut findings: Vec<_> = changed
        .filter(|name| !left_to_users(&schema, name))
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
    let property = schema.get("properties").and_then(|all| all.get(name));
    property
        .and_then(|property| property.get("x-edit"))
        .is_some_and(|who| who == "user")
}

async fn bind(
    State(api): State<Api>,
    Of((tenant, id)): Of<(String, String)>,
    Condition(expect): Condition,
    Body(bindings): Body<Vec<Binding>>,
) -> Result<Response, Problem> {
    let address = Address::new(&tenant, Kind::Number, &id);
    let mut number = known::document(&api, address.clone()).await?;
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
    Ok(tagged(StatusCode::OK, stored.revision, &Changed::from(stored)))
}

async fn check_binding(api: &Api, tenant: &str, position: usize, binding: &Binding) -> Result<(), Problem> {
    let behaviour = known::document(api, Address::new(tenant, Kind::Behaviour, &binding.behaviour)).await;
    let pointer = format!("/{position}/behaviour");
    let behaviour = behaviour.map_err(|missing| missing.at(pointer))?.document;
    let settings = over(&inherited(&behaviour), &Value::Object(binding.settings.clone()));
    check_active(api, tenant, &behaviour, settings)
        .await
        .map_err(|problem| problem.under(&format!("/{position}/settings")))
}
