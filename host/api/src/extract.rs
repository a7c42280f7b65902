//! What handlers take from a request, with every failure as a [`Problem`].

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::exchange::Expect;
use crate::problem::Problem;

/// Longest JSON body, in bytes.
pub(crate) const JSON_BYTES: usize = 1 << 20;

/// Items on a page unless asked otherwise, and at most.
const PAGE: usize = 100;
const PAGE_MOST: usize = 1_000;

/// The path's parameters.
pub(crate) struct Of<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Of<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(of)| Self(of))
            .map_err(|error| Problem::not_found(error.body_text()))
    }
}

/// The query's parameters.
pub(crate) struct Asked<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(asked)| Self(asked))
            .map_err(|error| Problem::malformed(error.body_text()))
    }
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct PageOf {
    limit: Option<usize>,
    pub after: Option<String>,
}

impl PageOf {
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE).clamp(1, PAGE_MOST)
    }

    /// The `after` of lists whose marks are numbers.
    pub fn after_number(&self) -> Result<Option<u64>, Problem> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| Problem::malformed("`after` must be an answer's `next`"))
        };
        self.after.as_deref().map(parse).transpose()
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    /// The following page's `after`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A JSON body.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read(request, JSON_BYTES).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let body = T::deserialize(&mut json).and_then(|body| json.end().map(|()| body));
        body.map(Self).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Problem::invalid_field("", error.to_string()),
            _ => Problem::malformed(format!("the body is not JSON: {error}")),
        })
    }
}

/// A whole body of any kind.
pub(crate) async fn read(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if declared
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: usize| length > limit)
    {
        return Err(Problem::too_large(limit));
    }
    to_bytes(request.into_body(), limit).await.map_err(|error| {
        // The limit's error is hidden two levels down; its text is all there is to know it by.
        if error.to_string().contains("length limit") {
            Problem::too_large(limit)
        } else {
            Problem::malformed("the body was cut off")
        }
    })
}

/// The media type without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// `If-Match` and `If-None-Match` (RFC 9110 §13.1).
pub(crate) struct Condition(pub Expect);

impl<S: Send + Sync> FromRequestParts<S> for Condition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = |name| match parts.headers.get(name).map(HeaderValue::to_str) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text.trim())),
            Some(Err(_)) => Err(Problem::malformed("an entity tag is not text")),
        };
        match (text(header::IF_MATCH)?, text(header::IF_NONE_MATCH)?) {
            (None, None) => Ok(Self(Expect::Any)),
            (None, Some("*")) => Ok(Self(Expect::Absent)),
            (Some(tag), None) => {
                let revision = tag
                    .strip_prefix('"')
                    .and_then(|tag| tag.strip_suffix('"')?.parse().ok());
                let problem =
                    || Problem::malformed("`If-Match` must be an entity tag of ours, such as \"3\"");
                revision
                    .map(|revision| Self(Expect::At(revision)))
                    .ok_or_else(problem)
            }
            _ => Err(Problem::malformed(
                "only `If-Match: \"…\"` or `If-None-Match: *` is understood",
            )),
        }
    }
}

/// JSON with its revision as entity tag.
pub(crate) fn tagged<T: Serialize>(status: StatusCode, revision: u64, body: &T) -> Response {
    let mut response = (status, Json(body)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
