//! Errors as the client sees them: `application/problem+json` (RFC 9457).
//!
//! A problem about a document names each offending field with a JSON Pointer (RFC 6901) in `errors`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::exchange::Refusal;

/// What went wrong with a request, who must act, and which fields are meant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:cordboard:problem:…`, stable: programs decide by it.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// This occurrence in words.
    detail: String,
    /// Fields that must change, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after_secs: Option<u64>,
}

/// One field that must change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the request's body; empty for the whole of it.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:cordboard:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_secs: None,
        }
    }

    /// 401: no token, or none that is valid.
    pub fn unauthenticated() -> Self {
        let detail = "send a valid token as `Authorization: Bearer …`";
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "A valid token is needed",
            detail,
        )
    }

    /// 403: the token's role does not go that far.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "The token's role does not allow this",
            detail,
        )
    }

    /// 404: it does not exist, or is another tenant's.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is no such thing",
            detail,
        )
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        let detail = "this address exists, but not with this method";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Wrong method",
            detail,
        )
    }

    /// 400: the request itself cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "malformed",
            "The request cannot be read",
            detail,
        )
    }

    /// 412: somebody else changed it first.
    pub fn precondition(detail: impl Into<String>) -> Self {
        let title = "It was changed meanwhile";
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "changed-meanwhile",
            title,
            detail,
        )
    }

    /// 409: something else depends on it.
    pub fn in_use(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "in-use", "It is in use", detail)
    }

    /// 413.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body may have at most {limit} bytes");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            detail,
        )
    }

    /// 413: the tenant has stored as much as it may.
    pub fn storage_full(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "storage-full",
            "The tenant's storage is full",
            detail,
        )
    }

    /// 415.
    pub fn unsupported_media(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media",
            "Wrong media type",
            detail,
        )
    }

    /// 422: every field that is wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.pointer.is_empty() => one.detail.clone(),
            [one] => format!("{}: {}", one.pointer, one.detail),
            several => format!("{} fields must be changed", several.len()),
        };
        let problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "The content is not valid",
            detail,
        );
        Self { errors, ..problem }
    }

    /// 422 about one field.
    pub fn invalid_field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        }])
    }

    /// 422 with what a module or the exchange found.
    pub fn invalid_content(problems: Vec<contract::Problem>) -> Self {
        let errors = problems.into_iter().map(|problem| FieldError {
            pointer: problem.path,
            detail: problem.message,
        });
        Self::invalid(errors.collect())
    }

    /// 429.
    pub fn too_many(retry_after_secs: u64) -> Self {
        let detail = "too many requests from this address; wait and try again";
        let problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests",
            detail,
        );
        Self {
            retry_after_secs: Some(retry_after_secs),
            ..problem
        }
    }

    /// 503.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available now",
            detail,
        );
        Self {
            retry_after_secs: Some(1),
            ..problem
        }
    }

    /// 500. `cause` goes to the log, not to the client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request of the administration interface failed");
        let detail = "see the exchange's log";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The exchange failed",
            detail,
        )
    }

    /// 422 about the field that names what is not there, for a 404; any other problem stays as it is.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>) -> Self {
        match self.status() {
            StatusCode::NOT_FOUND => Self::invalid_field(pointer, self.detail),
            _ => self,
        }
    }

    /// The same with its pointers below `prefix`: the part that was checked lies there in the body.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        for error in &mut self.errors {
            error.pointer.insert_str(0, prefix);
        }
        self
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Beside a refusal, for the audit journal: which part of the tenant's envelope it was, and what it said.
#[derive(Clone)]
pub(crate) struct Breach {
    pub rule: &'static str,
    pub sentence: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status(), self.retry_after_secs);
        let breach = self.kind.ends_with("storage-full").then(|| Breach {
            rule: "limits.storage",
            sentence: self.detail.clone(),
        });
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"cordboard\""),
            );
        }
        if let Some(secs) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if let Some(breach) = breach {
            response.extensions_mut().insert(breach);
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::not_found("nothing is known by this name here"),
            Refusal::Conflict { found: Some(found) } => {
                Self::precondition(format!("it is at revision {found} now: read it and decide again"))
            }
            Refusal::Conflict { found: None } => Self::precondition("it does not exist (any more)"),
            Refusal::Invalid(problems) => Self::invalid_content(problems),
            Refusal::InUse(users) => Self::in_use(format!("still used by {}", users.join(", "))),
            Refusal::Full(why) => Self::unavailable(why),
            Refusal::Unavailable => Self::unavailable("the exchange does not answer"),
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::TooLarge { limit, .. } => {
                Self::too_large(usize::try_from(limit).unwrap_or(usize::MAX))
            }
            store::Error::Conflict { .. } => Self::precondition("it was changed meanwhile: try again"),
            error => Self::internal(error),
        }
    }
}
