//! SIP credentials of devices. The password comes in and is never given out again.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::own;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Kind, NewCredentials};
use crate::extract::{Body, Of};
use crate::problem::Problem;

/// Letters of a password that we choose, 5 bits each.
const CHOSEN_LETTERS: usize = 24;
/// Phones are attacked by guessing: shorter ones are found.
const LETTERS: std::ops::RangeInclusive<usize> = 8..=128;

pub(super) fn endpoints() -> [Endpoint; 1] {
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
    .gives(Content::json::<Password>())]
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
    if let Some(user) = caller.as_user() {
        let device = api.exchange.get(Address::new(&tenant, Kind::Device, &id)).await?;
        if !own::is(user, Kind::Device, &device.document) {
            return Err(Problem::not_found("no device of yours is known by this name"));
        }
    }
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
