//! The router, made of the table of endpoints: each behind its guard.

use axum::Router;
use axum::middleware;

use crate::access::{Guard, guard};
use crate::endpoint::Endpoint;
use crate::problem::Problem;
use crate::{Api, openapi};

/// Answers by the endpoints; `/openapi.json` tells of the same.
pub(crate) fn router(api: Api, endpoints: Vec<Endpoint>) -> Router {
    let document = openapi::text(&endpoints);
    let mut router = Router::new();
    for endpoint in endpoints {
        let before = Guard {
            api: api.clone(),
            access: endpoint.access,
        };
        let handler = endpoint
            .handler
            .layer(middleware::from_fn_with_state(before, guard));
        router = router.route(endpoint.path, handler);
    }
    router
        .fallback(async || Problem::not_found("there is no such address"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(axum::Extension(document))
        .with_state(api)
}
