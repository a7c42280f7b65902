//! Pages on displays: phones fetch and answer them by their tokens, desks listen to those of a line.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use exchange::{Fact, Report};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;

use super::own;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Kind};
use crate::extract::{Asked, Of};
use crate::problem::Problem;
use crate::{Api, pages};

const CHOICE: &str = "/v1/screens/{token}/{choice}";

/// Below the idle limits of common proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Whoever has a page's token may answer it, once: phones bring no other.
pub(super) fn endpoints() -> [Endpoint; 4] {
    let xml = || Content::other("text/xml");
    [
        Endpoint::new(Method::GET, "/v1/screens/{token}", Access::Anyone, fetch)
            .about("screens", "fetch-page", "A page, as a Cisco phone shows it")
            .gives(xml()),
        Endpoint::new(Method::GET, CHOICE, Access::Anyone, press)
            .about(
                "screens",
                "press",
                "A choice made on a phone, 0 to dismiss the page; the answer puts the page away",
            )
            .query(&[("as", "`yealink` for an answer in that browser's words")])
            .gives(xml()),
        Endpoint::new(Method::POST, CHOICE, Access::Anyone, choose)
            .about("screens", "choose", "A choice made at a desk, 0 to dismiss the page")
            .status(204),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/lines/{id}/screen",
            Access::Member,
            listen,
        )
        .about(
            "screens",
            "listen",
            "Pages for a line's desk as they come (`page`) and go (`over`); its devices with the screen `desk`",
        )
        .gives(Content::other("text/event-stream")),
    ]
}

#[derive(Deserialize)]
struct As {
    #[serde(default, rename = "as")]
    browser: String,
}

type Xml = ([(header::HeaderName, &'static str); 2], String);

fn xml(text: String) -> Xml {
    let headers = [
        (header::CONTENT_TYPE, "text/xml; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text)
}

async fn fetch(State(api): State<Api>, Of(token): Of<String>) -> Result<Xml, Problem> {
    let page = api.exchange.page(token.clone()).await?;
    Ok(xml(pages::cisco(&api.screens, &token, &page)))
}

async fn press(
    State(api): State<Api>,
    Of((token, choice)): Of<(String, u32)>,
    Asked(by): Asked<As>,
) -> Result<Xml, Problem> {
    api.exchange.choose(token, choice).await?;
    Ok(xml(match by.browser.as_str() {
        "yealink" => pages::yealink_over(),
        _ => pages::cisco_over(),
    }))
}

async fn choose(
    State(api): State<Api>,
    Of((token, choice)): Of<(String, u32)>,
) -> Result<StatusCode, Problem> {
    api.exchange.choose(token, choice).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn listen(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, line)): Of<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    own::document(&api, &caller, Address::new(&tenant, Kind::Line, &line)).await?;
    Ok(stream(api, caller, tenant, line))
}

fn stream(
    api: Api,
    caller: Caller,
    tenant: String,
    line: String,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = BroadcastStream::new(api.hub.watch()).filter_map(move |report| {
        let event = report
            .ok()
            .filter(|report| report.tenant.as_deref() == Some(&tenant));
        std::future::ready(event.and_then(|report| event_of(&report, &line)).map(Ok))
    });
    // A token that was revoked or has expired meanwhile ends its streams, too.
    let allowed = move |_: &_| std::future::ready(api.tokens.is_valid(&caller.token, api.now()));
    let events = events.take_while(allowed);
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn event_of(report: &Arc<Report>, of: &str) -> Option<Event> {
    let Fact::Screen {
        line, token, page, ..
    } = &report.fact
    else {
        return None;
    };
    if **line != *of {
        return None;
    }
    let token = token.reveal();
    let (kind, data) = match page {
        Some(page) => ("page", json!({ "token": token, "page": page })),
        None => ("over", json!({ "token": token })),
    };
    Event::default().event(kind).json_data(data).ok()
}
