//! What is done to devices beside writing them: SIP credentials, of which the password comes in and is never given out again, and programmable
//! keys, of which shortcuts are their user's own (R49).

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use exchange::directory::{DeviceKey, MODELS};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::documents::Changed;
use super::own;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Expect, Kind, NewCredentials, Refusal, Versioned};
use crate::extract::{Body, Condition, Of, tagged};
use crate::problem::{FieldError, Problem};

/// Letters of a password that we choose, 5 bits each.
const CHOSEN_LETTERS: usize = 24;
/// Phones are attacked by guessing: shorter ones are found.
const LETTERS: std::ops::RangeInclusive<usize> = 8..=128;

pub(super) fn endpoints() -> [Endpoint; 3] {
    [Endpoint::new(
        Method::PUT,
        "/v1/tenants/{tenant}/devices/{id}/password",
        Access::Member,
        set_password,
    )
    .about(
        "devices",
        "set-device-password",
        "Set what a device registers with",
    )
    .takes(Content::json::<NewPassword>())
    .gives(Content::json::<Password>()),
        Endpoint::new(
            Method::PUT,
            "/v1/tenants/{tenant}/devices/{id}/keys",
            Access::Member,
            put_keys,
        )
        .about(
            "devices",
            "put-device-keys",
            "Replace a device's programmable keys; its user changes the shortcuts (`number`, `code`) among them",
        )
        .takes(Content::array::<super::documents::Document>())
        .gives(Content::json::<Changed>())
        .conditional(),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/device-models",
            Access::Member,
            models,
        )
        .about(
            "devices",
            "list-device-models",
            "Models of telephones, and how many programmable keys each has",
        )
        .gives(Content::array::<Model>()),
    ]
}

/// A model of telephone.
#[derive(Serialize, ToSchema)]
struct Model {
    model: &'static str,
    keys: u8,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NewPassword {
    /// The user name for digest authentication; absent: the device's id.
    username: Option<String>,
    /// Absent: one is chosen and given back, once.
    password: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Password {
    revision: u64,
    username: String,
    /// The chosen password; absent when it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

async fn set_password(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, id)): Of<(String, String)>,
    Body(new): Body<NewPassword>,
) -> Result<Json<Password>, Problem> {
    device(&api, &caller, &tenant, &id).await?;
    let given = new.password.is_some();
    let password = new
        .password
        .unwrap_or_else(|| api.with_random(|random| random.token(CHOSEN_LETTERS)));
    check(&password)?;
    let username = new.username.clone().unwrap_or_else(|| id.clone());
    let credentials = NewCredentials {
        username: new.username,
        password: password.clone(),
    };
    let stored = api.exchange.set_password(tenant, id, credentials).await?;
    Ok(Json(Password {
        revision: stored.revision,
        username,
        password: (!given).then_some(password),
    }))
}

/// The device, if the caller may know it.
async fn device(api: &Api, caller: &Caller, tenant: &str, id: &str) -> Result<Versioned, Problem> {
    own::document(api, caller, Address::new(tenant, Kind::Device, id)).await
}

async fn models() -> Json<Vec<Model>> {
    let models = MODELS.iter();
    Json(models.map(|(model, keys)| Model { model, keys: *keys }).collect())
}

async fn put_keys(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, id)): Of<(String, String)>,
    Condition(expect): Condition,
    Body(keys): Body<Vec<Value>>,
) -> Result<Response, Problem> {
    let mut device = device(&api, &caller, &tenant, &id).await?;
    if expect != Expect::Any && expect != Expect::At(device.revision) {
        return Err(Problem::precondition(
            "the device is at another revision: read it and decide again",
        ));
    }
    let read = read(keys)?;
    if caller.as_user().is_some() {
        let before = device.document.get("keys").cloned().unwrap_or_else(|| json!([]));
        let before: Vec<DeviceKey> = serde_json::from_value(before).map_err(Problem::internal)?;
        only_shortcuts(&before, &read)?;
    }
    device.document["keys"] = json!(read);
    let address = Address::new(&tenant, Kind::Device, &id);
    let at = Expect::At(device.revision);
    let stored = api.exchange.put(address, device.document, at).await;
    let stored = stored.map_err(within_keys)?;
    Ok(tagged(StatusCode::OK, stored.revision, &Changed::from(stored)))
}

/// The keys are all of the body, and a field of the device.
fn within_keys(mut refusal: Refusal) -> Refusal {
    if let Refusal::Invalid(problems) = &mut refusal {
        for problem in problems {
            if let Some(within) = problem.path.strip_prefix("/keys") {
                problem.path = within.to_owned();
            }
        }
    }
    refusal
}

/// Every key that cannot be read is named.
fn read(keys: Vec<Value>) -> Result<Vec<DeviceKey>, Problem> {
    let mut wrong = Vec::new();
    let mut read = Vec::new();
    for (position, key) in keys.into_iter().enumerate() {
        match serde_json::from_value(key) {
            Ok(key) => read.push(key),
            Err(error) => wrong.push(FieldError {
                pointer: format!("/{position}"),
                detail: error.to_string(),
            }),
        }
    }
    if wrong.is_empty() {
        Ok(read)
    } else {
        Err(Problem::invalid(wrong))
    }
}

/// Lines and supervision stay as the manager has set them, in their order (R47, R49).
fn only_shortcuts(before: &[DeviceKey], after: &[DeviceKey]) -> Result<(), Problem> {
    let of_manager = |keys: &[DeviceKey]| -> Vec<DeviceKey> {
        let theirs = keys.iter().filter(|key| key.line().is_some());
        theirs.cloned().collect()
    };
    if of_manager(before) == of_manager(after) {
        return Ok(());
    }
    Err(Problem::invalid_field(
        "",
        "only a manager may change the keys for lines and lamps: send them as they are",
    ))
}

fn check(password: &str) -> Result<(), Problem> {
    if !LETTERS.contains(&password.chars().count()) {
        return Err(Problem::invalid_field(
            "/password",
            "must have 8 to 128 characters",
        ));
    }
    if password.chars().any(char::is_control) {
        return Err(Problem::invalid_field(
            "/password",
            "must not have control characters",
        ));
    }
    Ok(())
}
