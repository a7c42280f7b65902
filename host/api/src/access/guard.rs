use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::RequestExt;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::time::timeout;

use super::{Access, Caller, Role};
use crate::Api;
use crate::exchange::{Address, Kind, Refusal};
use crate::problem::{Breach, Problem};
use crate::routes::missing;

/// For reading the body and answering. A stream of events is an answer as soon as it begins.
const LONGEST: Duration = Duration::from_secs(60);

/// Where a request comes from, if the listener tells: what strangers are limited by.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// What stands before an endpoint.
#[derive(Clone)]
pub(crate) struct Guard {
    pub api: Api,
    pub access: Access,
}

/// Lets a request through to its handler, or answers it.
pub(crate) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let Named { tenant, token } = named(&mut request).await;
    let caller = match admit(&guard, &request, tenant.as_deref(), token.as_deref()) {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let within = tenant
        .as_deref()
        .filter(|_| !is_tenant_itself(request.uri().path()));
    if let (Some(caller), Some(tenant)) = (&caller, within)
        && let Err(problem) = is_there(&guard.api, caller, tenant).await
    {
        return problem.into_response();
    }
    let audited = caller
        .clone()
        // Another exchange changes nothing, and its path holds its token.
        .filter(|caller| caller.role != Role::Exchange)
        .filter(|_| !matches!(*request.method(), Method::GET | Method::HEAD));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    let response = match timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("the request took too long").into_response(),
    };
    if let Some(caller) = audited {
        audit(&guard.api, &caller, tenant.as_deref(), &method, &path, &response);
    }
    response
}

fn admit(
    guard: &Guard,
    request: &Request,
    tenant: Option<&str>,
    token: Option<&str>,
) -> Result<Option<Caller>, Problem> {
    let (api, now, peer) = (&guard.api, guard.api.now(), peer(request));
    if guard.access == Access::Anyone {
        return api
            .strangers
            .take(peer, now)
            .map(|()| None)
            .map_err(Problem::too_many);
    }
    // A good token is good from any address, also from one that somebody else guesses from.
    let mut brought = bearer(request.headers()).map(str::to_owned);
    if guard.access == Access::Exchange {
        brought = brought
            .or_else(|| basic(request.headers()))
            .or_else(|| token.map(str::to_owned));
    }
    let Some(caller) = brought.and_then(|text| api.tokens.authenticate(&text, now)) else {
        api.guesses.take(peer, now).map_err(Problem::too_many)?;
        return Err(Problem::unauthenticated());
    };
    guard.access.check(&caller, tenant)?;
    Ok(Some(caller))
}

/// Whether there is such a tenant: one that is not there has no empty lists either. Only operators can ask for one.
async fn is_there(api: &Api, caller: &Caller, tenant: &str) -> Result<(), Problem> {
    if caller.role != Role::Operator {
        return Ok(());
    }
    let address = Address::new(tenant, Kind::Tenant, tenant);
    match api.exchange.get(address.clone()).await {
        Err(Refusal::NotFound) => Err(missing(api, &address).await),
        found => found.map(drop).map_err(Problem::from),
    }
}

/// `/v1/tenants/{tenant}`.
fn is_tenant_itself(path: &str) -> bool {
    path.matches('/').count() == 3
}

/// What the path says, exactly as the handler will see it.
#[derive(Default)]
struct Named {
    tenant: Option<String>,
    token: Option<String>,
}

async fn named(request: &mut Request) -> Named {
    let Ok(parameters) = request.extract_parts::<RawPathParams>().await else {
        return Named::default();
    };
    let value = |of: &str| {
        let mut found = parameters.iter().filter(|(name, _)| *name == of);
        found.next().map(|(_, value)| value.to_owned())
    };
    Named {
        tenant: value("tenant"),
        token: value("token"),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The password (RFC 7617), whoever the user is.
fn basic(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(password.to_owned())
}

fn peer(request: &Request) -> IpAddr {
    let extensions = request.extensions();
    let told = extensions.get::<Peer>().map(|peer| peer.0);
    let connected = || {
        extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip())
    };
    told.or_else(connected)
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Who changed what, for those who ask later. Never the body: it may hold passwords.
fn audit(api: &Api, caller: &Caller, tenant: Option<&str>, method: &Method, path: &str, response: &Response) {
    // What became of a tenant that is gone is the host's to remember.
    let gone = method == Method::DELETE && is_tenant_itself(path) && response.status().is_success();
    let tenant = tenant.or(caller.tenant.as_deref()).filter(|_| !gone);
    let mut entry = json!({
        "token": &*caller.token,
        "method": method.as_str(),
        "path": path,
        "status": response.status().as_u16(),
    });
    if let Some(Breach { rule, sentence }) = response.extensions().get() {
        entry["breach"] = json!({ "rule": rule, "sentence": sentence });
        metrics::counter!("cordboard_envelope_total", "rule" => *rule).increment(1);
    }
    api.hub.audit(tenant, api.now(), &entry);
}
