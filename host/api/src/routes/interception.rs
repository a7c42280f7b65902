//! External call control: another exchange asks what shall become of a call of its own before it routes it.
//!
//! It asks in XACML over HTTP, and asks for nothing (HEAD, or POST without a body) to see that somebody is there. Its address is
//! configured there and cannot bring headers, so that the token may be its last part; a proxy in front that takes HTTPS may ask for a
//! client's certificate.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use exchange::live::Verdict;
use tokio::time::timeout;

use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::Refusal;
use crate::extract::read;
use crate::problem::Problem;
use crate::xacml::{self, Undecided};

/// Bytes of a request: some two thousand are usual.
const LONGEST: usize = 64 << 10;

/// Longer than any tenant's patience, which is the exchange's business.
const PATIENCE: Duration = Duration::from_secs(6);

pub(super) fn endpoints() -> [Endpoint; 4] {
    let plain = "/v1/tenants/{tenant}/interception";
    let with_token = "/v1/tenants/{tenant}/interception/{token}";
    let ask = |path, id| {
        Endpoint::new(Method::POST, path, Access::Exchange, intercept)
            .about(
                "interception",
                id,
                "Another exchange asks what shall become of a call (external call control): XACML 2.0 both ways. Its token may be a bearer, the password of basic authentication, or the end of the path",
            )
            .takes(Content::other("text/xml"))
            .gives(Content::other("text/xml"))
    };
    let look = |path, id| {
        Endpoint::new(Method::HEAD, path, Access::Exchange, alive).about(
            "interception",
            id,
            "It sees that somebody would answer",
        )
    };
    [
        ask(plain, "intercept"),
        look(plain, "see-interception"),
        ask(with_token, "intercept-by-address"),
        look(with_token, "see-interception-by-address"),
    ]
}

type Xml = ([(header::HeaderName, &'static str); 2], String);

fn xml(text: String) -> Xml {
    let headers = [
        (header::CONTENT_TYPE, "text/xml; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text)
}

async fn alive() -> StatusCode {
    StatusCode::OK
}

async fn intercept(State(api): State<Api>, caller: Caller, request: Request) -> Result<Xml, Problem> {
    let body = read(request, LONGEST).await?;
    if body.is_empty() {
        return Ok(xml(String::new()));
    }
    Ok(xml(match decide(&api, &caller, &body).await {
        Ok(verdict) => xacml::decided(&verdict),
        Err(why) => {
            let name = match why {
                Undecided::Syntax(_) => "syntax",
                Undecided::NoCalled => "no-called",
                Undecided::NotApplicable => "not-applicable",
                Undecided::Late => "late",
            };
            metrics::counter!("cordboard_interceptions_refused_total", "why" => name).increment(1);
            xacml::undecided(&why)
        }
    }))
}

async fn decide(api: &Api, caller: &Caller, body: &[u8]) -> Result<Verdict, Undecided> {
    let asked = xacml::read(body)?;
    // Whose calls they are says the token; the path says the same, else the guard had refused.
    let tenant = caller.tenant.as_deref().unwrap_or_default().to_owned();
    tracing::trace!(trigger = asked.trigger, "another exchange asks");
    match timeout(PATIENCE, api.exchange.intercept(tenant, asked.inquiry)).await {
        Ok(Ok(verdict)) => Ok(verdict),
        Ok(Err(Refusal::NotFound)) => Err(Undecided::NotApplicable),
        Ok(Err(_)) | Err(_) => Err(Undecided::Late),
    }
}
