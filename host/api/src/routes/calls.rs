//! Calls that are up, and the story of any call.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};

use super::own;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::Call;
use crate::extract::{Asked, Of, Page, PageOf};
use crate::hub::Story;
use crate::problem::Problem;

const ALL: &str = "/v1/tenants/{tenant}/calls";
const ONE: &str = "/v1/tenants/{tenant}/calls/{call}";

pub(super) fn endpoints() -> [Endpoint; 4] {
    [
        Endpoint::new(Method::GET, ALL, Access::Member, list)
            .about("calls", "list-calls", "Calls that are up or being set up")
            .gives(Content::page::<Call>())
            .paged(),
        Endpoint::new(Method::GET, ONE, Access::Member, get)
            .about("calls", "get-call", "A call that is up")
            .gives(Content::json::<Call>()),
        Endpoint::new(Method::DELETE, ONE, Access::Member, hang_up)
            .about("calls", "hang-up", "End a call")
            .status(204),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/calls/{call}/why",
            Access::Manager,
            why,
        )
        .about(
            "calls",
            "why",
            "What happened in a call: SIP ladder, events, decisions, explanations",
        )
        .gives(Content::json::<Story>()),
    ]
}

async fn list(
    State(api): State<Api>,
    caller: Caller,
    Of(tenant): Of<String>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<Call>>, Problem> {
    let limit = page.limit();
    let mut items = api
        .exchange
        .calls(tenant.clone(), page.after_number()?, limit)
        .await?;
    let next = (items.len() == limit)
        .then(|| items.last().map(|last| last.id.to_string()))
        .flatten();
    if let Some(user) = caller.as_user() {
        let lines = own::line_names(&api, &tenant, user).await?;
        items.retain(|call| own::takes_part(&lines, call));
    }
    Ok(Json(Page { items, next }))
}

/// The call, if the caller may know it.
async fn find(api: &Api, caller: &Caller, tenant: &str, call: u64) -> Result<Call, Problem> {
    let found = api.exchange.call(tenant.to_owned(), call).await?;
    if let Some(user) = caller.as_user()
        && !own::takes_part(&own::line_names(api, tenant, user).await?, &found)
    {
        return Err(Problem::not_found("no call of yours has this number"));
    }
    Ok(found)
}

async fn get(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, call)): Of<(String, u64)>,
) -> Result<Json<Call>, Problem> {
    find(&api, &caller, &tenant, call).await.map(Json)
}

async fn hang_up(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, call)): Of<(String, u64)>,
) -> Result<StatusCode, Problem> {
    find(&api, &caller, &tenant, call).await?;
    api.exchange.hang_up(tenant, call).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn why(State(api): State<Api>, Of((tenant, call)): Of<(String, u64)>) -> Result<Json<Story>, Problem> {
    let story = api
        .blocking(move |api| Ok(api.hub.why(&*api.store, &tenant, call)?))
        .await?;
    story
        .map(Json)
        .ok_or_else(|| Problem::not_found("nothing is kept of such a call"))
}
