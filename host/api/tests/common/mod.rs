//! A whole interface in memory: the router, a store, and stand-ins for exchange and runtime.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests; not every test uses every helper"
)]

pub mod fakes;
pub mod records;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base::{Moment, Random};
use cordboard_api::access::{NewToken, Role, Tokens};
use cordboard_api::hub::Hub;
use cordboard_api::{MetricsFor, Parts, router};
use serde_json::{Value, json};
use store::{GroupLimits, MemoryStore, Submission, Writer};
use tower::ServiceExt;

pub use fakes::{FakeExchange, FakeWorkshop};

pub struct World {
    pub router: Router,
    pub store: Arc<MemoryStore>,
    pub exchange: Arc<FakeExchange>,
    pub workshop: Arc<FakeWorkshop>,
    pub tokens: Arc<Tokens>,
    pub hub: Hub,
    pub writer: Arc<Writer>,
    pub operator: String,
    now: Arc<AtomicU64>,
    random: Random,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| {
            panic!(
                "{}: no JSON: {}",
                self.status,
                String::from_utf8_lossy(&self.bytes)
            )
        })
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        if self.bytes.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The pointers of a 422.
    #[track_caller]
    pub fn wrong_fields(self) -> Vec<String> {
        let problem = self.expect(422);
        let errors = problem["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn tag(&self) -> &str {
        self.headers[header::ETAG].to_str().unwrap()
    }
}

impl World {
    /// Reports as the shell does it: a call's end is recorded, then told.
    pub fn report(&self, report: exchange::Report) {
        if let Some(record) = cordboard_api::hub::detail_record(&report) {
            self.writer.submit(Submission::new(vec![record])).unwrap();
        }
        let at = report.at;
        self.hub.report(report);
        self.hub.tidy(at);
    }

    /// With the tenants `acme` and `other`, each with the user `alice`.
    pub async fn new() -> Self {
        let world = Self::empty();
        for tenant in ["acme", "other"] {
            let path = format!("/v1/tenants/{tenant}");
            let name = json!({ "name": tenant, "domains": [format!("{tenant}.example")] });
            world.put(&world.operator, &path, name).await.expect(201);
            let alice = json!({ "first-name": "Alice", "last-name": "A", "email": "alice@example.org" });
            world
                .put(&world.operator, &format!("{path}/users/alice"), alice)
                .await
                .expect(201);
        }
        world
    }

    pub fn empty() -> Self {
        let store = Arc::new(MemoryStore::new().unwrap());
        let now = Arc::new(AtomicU64::new(1_000_000));
        let tokens = Arc::new(Tokens::load(store.clone()).unwrap());
        let mut random = Random::from_seed(7);
        let operator = tokens.first_operator(&mut random, Moment::ZERO).unwrap().unwrap();
        let writer = Arc::new(Writer::start(store.clone(), GroupLimits::default(), None).unwrap());
        let (exchange, workshop) = (
            Arc::new(FakeExchange::default()),
            Arc::new(FakeWorkshop::default()),
        );
        let hub = Hub::new(writer.clone());
        let clock = now.clone();
        let router = router(Parts {
            exchange: exchange.clone(),
            workshop: workshop.clone(),
            store: store.clone(),
            tokens: tokens.clone(),
            hub: hub.clone(),
            clock: Arc::new(move || Moment::from_millis(clock.load(Ordering::Relaxed))),
            random: random.fork(),
            metrics: Arc::new(|| "cordboard_calls 3\n".to_owned()),
            metrics_for: MetricsFor::Everybody,
            screens: "http://192.0.2.1:8060".to_owned(),
        });
        Self {
            router,
            store,
            exchange,
            workshop,
            tokens,
            hub,
            writer,
            operator,
            now,
            random,
        }
    }

    pub fn pass(&self, time: Duration) {
        self.now
            .fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub fn token(&mut self, role: Role, tenant: Option<&str>, user: Option<&str>) -> String {
        let text = |text: &str| text.to_owned();
        let new = NewToken {
            role,
            tenant: tenant.map(text),
            user: user.map(text),
            label: String::new(),
            expires: None,
        };
        self.tokens.create(new, &mut self.random, Moment::ZERO).unwrap().0
    }

    pub fn manager(&mut self, tenant: &str) -> String {
        self.token(Role::Manager, Some(tenant), None)
    }

    pub fn user(&mut self, tenant: &str, user: &str) -> String {
        self.token(Role::User, Some(tenant), Some(user))
    }

    pub fn exchange_of(&mut self, tenant: &str) -> String {
        self.token(Role::Exchange, Some(tenant), None)
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    pub async fn ask(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = request(token, method, path).header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.ask(token, Method::GET, path, None).await
    }

    pub async fn put(&self, token: &str, path: &str, body: Value) -> Answer {
        self.ask(token, Method::PUT, path, Some(body)).await
    }

    pub async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.ask(token, Method::POST, path, Some(body)).await
    }

    pub async fn delete(&self, token: &str, path: &str) -> Answer {
        self.ask(token, Method::DELETE, path, None).await
    }

    pub async fn upload(
        &self,
        token: &str,
        method: Method,
        path: &str,
        media_type: &str,
        body: &[u8],
    ) -> Answer {
        let request = request(token, method, path).header(header::CONTENT_TYPE, media_type);
        self.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }
}

pub fn request(token: &str, method: Method, path: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    if token.is_empty() {
        request
    } else {
        request.header(header::AUTHORIZATION, format!("Bearer {token}"))
    }
}
