//! What happens, as it happens: server-sent events (WHATWG HTML §9.2).
//!
//! Events are not kept: a client that was away lists again. One that is too slow gets an event `missed` with the number
//! of those it did not get.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::Method;
use axum::response::sse::{Event, KeepAlive, Sse};
use exchange::{Fact, Report};
use futures_util::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::extract::Of;
use crate::hub::Step;

/// Below the idle limits of common proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

pub(super) fn endpoints() -> [Endpoint; 2] {
    [
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/events",
            Access::Manager,
            of_tenant,
        )
        .about(
            "events",
            "watch-tenant",
            "What happens in a tenant; each event's data is a step as in `why`",
        )
        .gives(Content::other("text/event-stream")),
        Endpoint::new(Method::GET, "/v1/events", Access::Operator, of_all)
            .about("events", "watch", "What happens in the whole exchange")
            .gives(Content::other("text/event-stream")),
    ]
}

async fn of_tenant(
    State(api): State<Api>,
    caller: Caller,
    Of(tenant): Of<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    stream(api, caller, move |report| {
        report.tenant.as_deref() == Some(tenant.as_str())
    })
}

async fn of_all(
    State(api): State<Api>,
    caller: Caller,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    stream(api, caller, |_| true)
}

fn stream(
    api: Api,
    caller: Caller,
    wanted: impl Fn(&Report) -> bool + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = BroadcastStream::new(api.hub.watch()).filter_map(move |report| {
        let event = match report {
            Ok(report) => (announced(&report) && wanted(&report)).then(|| event(&report)),
            Err(BroadcastStreamRecvError::Lagged(count)) => {
                Some(Event::default().event("missed").data(count.to_string()))
            }
        };
        std::future::ready(event.map(Ok))
    });
    // A token that was revoked or has expired meanwhile ends its streams, too.
    let allowed = move |_: &_| std::future::ready(api.tokens.is_valid(&caller.token, api.now()));
    let events = events.take_while(allowed);
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// Messages are left to `why`: they are many, and hold what only an engineer reads.
fn announced(report: &Report) -> bool {
    !matches!(report.fact, Fact::Sip(_))
}

fn event(report: &Arc<Report>) -> Event {
    let step = Step::of(report);
    let kind = step.kind.clone();
    Event::default().event(kind).json_data(step).unwrap_or_default()
}
