//! The exchange itself: health, metrics, this interface's description.

use axum::extract::State;
use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;
use crate::access::{Access, Caller, Role};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::Collection;
use crate::openapi::Text;
use crate::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/health", Access::Anyone, health)
            .about("host", "health", "Whether the exchange answers")
            .gives(Content::json::<Health>()),
        Endpoint::new(Method::GET, "/openapi.json", Access::Anyone, openapi)
            .about("host", "openapi", "This document")
            .gives(Content::other("application/json")),
        Endpoint::new(Method::GET, "/metrics", Access::Anyone, metrics)
            .about("host", "metrics", "Metrics for Prometheus")
            .gives(Content::other("text/plain")),
        Endpoint::new(Method::GET, "/v1/me", Access::Token, me)
            .about("host", "me", "Whose token this is")
            .gives(Content::json::<Me>()),
    ]
}

#[derive(Serialize, ToSchema)]
struct Health {
    status: &'static str,
    version: &'static str,
}

async fn health(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    // Goes through the exchange's thread: a stuck one is not healthy.
    api.exchange.list(Collection::TENANTS, None, 1).await?;
    Ok(Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    }))
}

async fn openapi(Extension(text): Extension<Text>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], text.0)
}

async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    text((api.metrics)())
}

/// As Prometheus wants it.
pub(crate) fn text(metrics: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics)
}

#[derive(Serialize, ToSchema)]
struct Me {
    token: String,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
}

async fn me(caller: Caller) -> Json<Me> {
    let text = |text: std::sync::Arc<str>| text.to_string();
    Json(Me {
        token: caller.token.to_string(),
        role: caller.role,
        tenant: caller.tenant.map(text),
        user: caller.user.map(text),
    })
}
