//! Cordboard's administration interface: JSON over HTTP.
//!
//! [`router`] answers, [`serve`] puts it on a socket of the shell's. Every endpoint is one entry of a table that says its method,
//! path, who may use it and what it takes and gives: the router, the guard in front of it and the OpenAPI document
//! (`/openapi.json`) are made of the same entries, so they cannot disagree.
//!
//! ```text
//! request ─▶ guard: token, role, tenant ─▶ handler ─▶ Exchange (documents, calls)
//!               │                                  ├─▶ Workshop (components, recordings)
//!               └─ 401, 403, 404, 429              └─▶ store (modules, detail records), Hub (events, traces)
//! ```
//!
//! Access is by bearer token ([`access::Tokens`]) with one of three roles. What belongs to another tenant answers as
//! if it did not exist. Errors are `application/problem+json` (RFC 9457) and name the fields that must change.
//!
//! Conventions: ids are in the path and chosen by people, so creating is `PUT` (with `If-None-Match: *` to create
//! only). Revisions are entity tags: `If-Match: "3"` changes only what was read. Lists are paged by `limit` and
//! `after`; the answer's `next` is the following page's `after`. Instants are milliseconds since the epoch.
//!
//! `/console` is a page for managers in a browser, which does what its token may over the same endpoints.
//!
//! Not here: TLS (a proxy's, or a later listener's), command line.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

pub mod access;
mod endpoint;
pub mod exchange;
mod extract;
pub mod hub;
mod module;
mod openapi;
pub mod pages;
pub mod problem;
mod router;
mod routes;
mod schemas;
mod serve;
mod statistics;
mod timing;
pub mod workshop;
mod xacml;

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use base::{Moment, Random};
use store::Store;
use tokio::sync::Semaphore;

use access::{Limiter, Tokens};
use exchange::Exchange;
use hub::Hub;
use problem::Problem;
use workshop::Workshop;

pub use endpoint::Route;
pub use serve::serve;

/// Everything that the interface speaks with.
pub struct Parts {
    pub exchange: Arc<dyn Exchange>,
    pub workshop: Arc<dyn Workshop>,
    pub store: Arc<dyn Store>,
    pub tokens: Arc<Tokens>,
    pub hub: Hub,
    /// The present, of the shell's clock.
    pub clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    /// Seeded by the operating system: tokens and passwords come from it.
    pub random: Random,
    /// The text that a Prometheus server reads.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Who may read it here.
    pub metrics_for: MetricsFor,
    /// How phones reach this interface, for the pages on their displays: `http://192.0.2.1:8060`.
    pub screens: String,
}

/// Who may read `/metrics` of [`router`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsFor {
    #[default]
    Everybody,
    Operators,
    /// There is no such address here; see [`metrics_router`].
    Nobody,
}

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

pub(crate) struct Inner {
    exchange: Arc<dyn Exchange>,
    workshop: Arc<dyn Workshop>,
    store: Arc<dyn Store>,
    tokens: Arc<Tokens>,
    hub: Hub,
    clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    random: Mutex<Random>,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
    screens: String,
    /// Requests without a token where none is needed.
    strangers: Limiter,
    /// Requests with a wrong token.
    guesses: Limiter,
    /// Uploads at once: each may hold some ten MB and a core.
    uploads: Semaphore,
    /// Replays at once: one takes what calls leave.
    replays: Arc<Semaphore>,
    /// Held while a blob is stored and named by a document, and while unused ones are removed.
    blobs: tokio::sync::Mutex<()>,
}

impl Deref for Api {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    fn now(&self) -> Moment {
        (self.clock)()
    }

    fn with_random<R>(&self, draw: impl FnOnce(&mut Random) -> R) -> R {
        draw(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Api {
    /// Runs what may wait for the disk or a compiler on a thread that may wait.
    async fn blocking<R, F>(&self, work: F) -> Result<R, Problem>
    where
        R: Send + 'static,
        F: FnOnce(&Self) -> Result<R, Problem> + Send + 'static,
    {
        let api = self.clone();
        tokio::task::spawn_blocking(move || work(&api))
            .await
            .map_err(Problem::internal)?
    }
}

/// The whole interface.
pub fn router(parts: Parts) -> Router {
    let api = Api(Arc::new(Inner {
        exchange: parts.exchange,
        workshop: parts.workshop,
        store: parts.store,
        tokens: parts.tokens,
        hub: parts.hub,
        clock: parts.clock,
        random: Mutex::new(parts.random),
        metrics: parts.metrics,
        screens: parts.screens,
        strangers: Limiter::new(60, 20.0),
        guesses: Limiter::new(10, 0.5),
        uploads: Semaphore::new(2),
        replays: Arc::new(Semaphore::new(1)),
        blobs: tokio::sync::Mutex::default(),
    }));
    let mut endpoints = routes::all();
    let is_metrics = |endpoint: &endpoint::Endpoint| endpoint.path == "/metrics";
    match parts.metrics_for {
        MetricsFor::Everybody => {}
        MetricsFor::Operators => {
            for endpoint in endpoints.iter_mut().filter(|endpoint| is_metrics(endpoint)) {
                endpoint.access = access::Access::Operator;
            }
        }
        MetricsFor::Nobody => endpoints.retain(|endpoint| !is_metrics(endpoint)),
    }
    router::router(api, endpoints)
}

/// Nothing but `/metrics`, for everybody: for a listener of its own.
pub fn metrics_router(metrics: Arc<dyn Fn() -> String + Send + Sync>) -> Router {
    Router::new().route(
        "/metrics",
        axum::routing::get(move || std::future::ready(routes::metrics_text(metrics()))),
    )
}

/// The table of endpoints: what there is and who may use it.
pub fn endpoints() -> Vec<Route> {
    routes::all().iter().map(endpoint::Endpoint::route).collect()
}

/// The OpenAPI document, as `/openapi.json` gives it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    openapi::document(&routes::all())
}
