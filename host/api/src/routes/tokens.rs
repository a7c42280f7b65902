//! Access tokens. A token's text is given once, when it is made.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use base::Moment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::known;
use crate::Api;
use crate::access::{Access, NewToken, Role, TokenInfo};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Kind};
use crate::extract::{Asked, Body, Of, Page, PageOf};
use crate::problem::Problem;

const LABEL_LETTERS: usize = 100;

pub(super) fn endpoints() -> [Endpoint; 6] {
    let (all, one) = ("/v1/tokens", "/v1/tokens/{id}");
    let (of_tenant, one_of_tenant) = ("/v1/tenants/{tenant}/tokens", "/v1/tenants/{tenant}/tokens/{id}");
    [
        Endpoint::new(Method::GET, all, Access::Operator, list_all)
            .about("tokens", "list-tokens", "All tokens, without their secrets")
            .gives(Content::page::<TokenInfo>())
            .paged(),
        Endpoint::new(Method::POST, all, Access::Operator, create_operator)
            .about("tokens", "create-operator-token", "Make an operator's token")
            .takes(Content::json::<OperatorToken>())
            .gives(Content::json::<Created>())
            .status(201),
        Endpoint::new(Method::DELETE, one, Access::Operator, revoke_any)
            .about("tokens", "revoke-token", "Make a token invalid")
            .status(204),
        Endpoint::new(Method::GET, of_tenant, Access::Manager, list_of_tenant)
            .about(
                "tokens",
                "list-tenant-tokens",
                "The tenant's tokens, without their secrets",
            )
            .gives(Content::page::<TokenInfo>())
            .paged(),
        Endpoint::new(Method::POST, of_tenant, Access::Manager, create_of_tenant)
            .about(
                "tokens",
                "create-tenant-token",
                "Make a token for a manager or a user of the tenant, or for another exchange of its",
            )
            .takes(Content::json::<TenantToken>())
            .gives(Content::json::<Created>())
            .status(201),
        Endpoint::new(Method::DELETE, one_of_tenant, Access::Manager, revoke_of_tenant)
            .about(
                "tokens",
                "revoke-tenant-token",
                "Make one of the tenant's tokens invalid",
            )
            .status(204),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct OperatorToken {
    /// What it is for.
    label: String,
    /// When it ends, in milliseconds since 1970-01-01T00:00:00Z; absent: when it is revoked.
    expires_ms: Option<u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TenantToken {
    /// The user whose token it is; absent: it is a manager's.
    user: Option<String>,
    /// It is another exchange's: good for asking about calls (`interception`), and nothing else.
    #[serde(default)]
    exchange: bool,
    /// What it is for.
    label: String,
    /// When it ends, in milliseconds since 1970-01-01T00:00:00Z; absent: when it is revoked.
    expires_ms: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct Created {
    /// The token itself. It cannot be had again.
    token: String,
    #[serde(flatten)]
    info: TokenInfo,
}

async fn list_all(State(api): State<Api>, Asked(page): Asked<PageOf>) -> Json<Page<TokenInfo>> {
    list(&api, &page, |_| true)
}

async fn list_of_tenant(
    State(api): State<Api>,
    Of(tenant): Of<String>,
    Asked(page): Asked<PageOf>,
) -> Json<Page<TokenInfo>> {
    list(&api, &page, |info| {
        info.tenant.as_deref() == Some(tenant.as_str())
    })
}

fn list(api: &Api, page: &PageOf, matches: impl Fn(&TokenInfo) -> bool) -> Json<Page<TokenInfo>> {
    let limit = page.limit();
    let mut items = api.tokens.list(page.after.as_deref(), limit + 1, matches);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more {
        items.last().map(|last| last.id.clone())
    } else {
        None
    };
    Json(Page { items, next })
}

async fn create_operator(
    State(api): State<Api>,
    Body(new): Body<OperatorToken>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let expires = new.expires_ms.map(Moment::from_millis);
    create(
        &api,
        NewToken {
            role: Role::Operator,
            tenant: None,
            user: None,
            label: new.label,
            expires,
        },
    )
    .await
}

async fn create_of_tenant(
    State(api): State<Api>,
    Of(tenant): Of<String>,
    Body(new): Body<TenantToken>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    if let Some(user) = &new.user {
        let found = known::document(&api, Address::new(&tenant, Kind::User, user)).await;
        found.map_err(|missing| missing.at("/user"))?;
    }
    let role = match (new.exchange, &new.user) {
        (true, Some(_)) => return Err(Problem::invalid_field("/exchange", "a user is no exchange")),
        (true, None) => Role::Exchange,
        (false, Some(_)) => Role::User,
        (false, None) => Role::Manager,
    };
    let expires = new.expires_ms.map(Moment::from_millis);
    create(
        &api,
        NewToken {
            role,
            tenant: Some(tenant),
            user: new.user,
            label: new.label,
            expires,
        },
    )
    .await
}

async fn create(api: &Api, new: NewToken) -> Result<(StatusCode, Json<Created>), Problem> {
    if new.label.chars().count() > LABEL_LETTERS || new.label.chars().any(char::is_control) {
        return Err(Problem::invalid_field("/label", "must be a short line"));
    }
    if new.expires.is_some_and(|expires| expires <= api.now()) {
        return Err(Problem::invalid_field("/expires-ms", "is over already"));
    }
    let (token, info) = api
        .blocking(move |api| Ok(api.with_random(|random| api.tokens.create(new.clone(), random, api.now()))?))
        .await?;
    Ok((StatusCode::CREATED, Json(Created { token, info })))
}

async fn revoke_any(State(api): State<Api>, Of(id): Of<String>) -> Result<StatusCode, Problem> {
    revoke(&api, id, |_| true).await
}

async fn revoke_of_tenant(
    State(api): State<Api>,
    Of((tenant, id)): Of<(String, String)>,
) -> Result<StatusCode, Problem> {
    revoke(&api, id, |info| info.tenant.as_deref() == Some(tenant.as_str())).await
}

async fn revoke(api: &Api, id: String, may: impl Fn(&TokenInfo) -> bool) -> Result<StatusCode, Problem> {
    if !api.tokens.get(&id).is_some_and(|info| may(&info)) {
        return Err(Problem::not_found("there is no such token"));
    }
    api.blocking(move |api| Ok(api.tokens.revoke(&id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
