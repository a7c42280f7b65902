//! A page for managers in a browser (R12): three files, the same for everybody. What is on it comes from the other endpoints, with the token that
//! is typed there and kept nowhere.

use axum::http::{HeaderName, Method, header};

use crate::access::Access;
use crate::endpoint::{Content, Endpoint};

/// Scripts and styles of ours only, requests to here only, in nobody's frame: names that people give to lines cannot become code, and the token
/// goes nowhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn endpoints() -> [Endpoint; 3] {
    let file = |path, name: &str, media_type: &'static str, text: &'static str| {
        Endpoint::new(Method::GET, path, Access::Anyone, async move || {
            page(media_type, text)
        })
        .about(
            "console",
            format!("get-{name}"),
            "A page for managers in a browser",
        )
        .gives(Content::other(media_type))
    };
    [
        file(
            "/console",
            "console",
            "text/html",
            include_str!("../console/console.html"),
        ),
        file(
            "/console/console.js",
            "console-script",
            "text/javascript",
            include_str!("../console/console.js"),
        ),
        file(
            "/console/console.css",
            "console-style",
            "text/css",
            include_str!("../console/console.css"),
        ),
    ]
}

type Headers = [(HeaderName, String); 5];

fn page(media_type: &str, text: &'static str) -> (Headers, &'static str) {
    let headers = [
        (header::CONTENT_TYPE, format!("{media_type}; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        // Looked at anew after an upgrade.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, text)
}
