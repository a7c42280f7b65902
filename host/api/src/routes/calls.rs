//! Calls that are up, and the story of any call.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::journal::sight;
use super::own;
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Call, Elsewhere, Figures, Refusal, Registration};
use crate::extract::{Asked, Body, Of, Page, PageOf};
use crate::hub::Story;
use crate::problem::Problem;

const ALL: &str = "/v1/tenants/{tenant}/calls";
const ONE: &str = "/v1/tenants/{tenant}/calls/{call}";

pub(super) fn endpoints() -> [Endpoint; 8] {
    [
        Endpoint::new(Method::GET, ALL, Access::Member, list)
            .about("calls", "list-calls", "Calls that are up or being set up")
            .gives(Content::page::<Call>())
            .paged(),
        Endpoint::new(Method::POST, ALL, Access::Member, originate)
            .about(
                "calls",
                "originate",
                "Click to dial: ring a line's phones, then connect them with a number",
            )
            .takes(Content::json::<NewCall>())
            .gives(Content::json::<Begun>())
            .status(201),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/registrations",
            Access::Manager,
            registrations,
        )
        .about(
            "calls",
            "list-registrations",
            "Where devices and trunks are reached now",
        )
        .gives(Content::page::<Registration>())
        .paged(),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/elsewhere",
            Access::Manager,
            elsewhere,
        )
        .about(
            "calls",
            "list-elsewhere",
            "Lines that somebody watches and whose phones other exchanges have: how they are, or why that is not known",
        )
        .gives(Content::page::<Elsewhere>())
        .paged(),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/figures",
            Access::Manager,
            figures,
        )
        .about(
            "calls",
            "list-figures",
            "How call groups and other behaviours are doing: what each published last",
        )
        .gives(Content::page::<Figures>())
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

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NewCall {
    /// Id, short number or number of the line whose phones ring.
    line: String,
    /// As it would be dialled there.
    number: String,
}

#[derive(Serialize, ToSchema)]
struct Begun {
    call: u64,
}

async fn originate(
    State(api): State<Api>,
    caller: Caller,
    Of(tenant): Of<String>,
    Body(new): Body<NewCall>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    if let Some(user) = caller.as_user()
        && !own::line_names(&api, &tenant, user).await?.contains(&new.line)
    {
        return Err(Problem::invalid_field(
            "/line",
            "no line of yours is known by this name",
        ));
    }
    let call = api.exchange.originate(tenant, new.line, new.number).await?;
    Ok((StatusCode::CREATED, Json(Begun { call })))
}

async fn registrations(
    State(api): State<Api>,
    Of(tenant): Of<String>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<Registration>>, Problem> {
    let all = api.exchange.registrations(tenant).await?;
    Ok(Json(part_of(all, &page)?))
}

async fn elsewhere(
    State(api): State<Api>,
    Of(tenant): Of<String>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<Elsewhere>>, Problem> {
    let all = api.exchange.elsewhere(tenant).await?;
    Ok(Json(part_of(all, &page)?))
}

async fn figures(
    State(api): State<Api>,
    Of(tenant): Of<String>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<Figures>>, Problem> {
    let all = api.exchange.figures(tenant).await?;
    Ok(Json(part_of(all, &page)?))
}

/// One page of a list that comes whole; where it goes on is told by a count.
fn part_of<T>(all: Vec<T>, page: &PageOf) -> Result<Page<T>, Problem> {
    let skip = usize::try_from(page.after_number()?.unwrap_or(0)).unwrap_or(usize::MAX);
    let end = skip.saturating_add(page.limit());
    let next = (end < all.len()).then(|| end.to_string());
    let items = all.into_iter().skip(skip).take(page.limit()).collect();
    Ok(Page { items, next })
}

/// The call, if the caller may know it.
async fn find(api: &Api, caller: &Caller, tenant: &str, call: u64) -> Result<Call, Problem> {
    let found = match api.exchange.call(tenant.to_owned(), call).await {
        Err(Refusal::NotFound) => return Err(Problem::not_found("no call that is up has this number")),
        found => found?,
    };
    if let Some(user) = caller.as_user()
        && !own::takes_part(&own::line_names(api, tenant, user).await?, &found)
    {
        return Err(Problem::not_found("no call that is up has this number"));
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

async fn why(
    State(api): State<Api>,
    caller: Caller,
    Of((tenant, call)): Of<(String, u64)>,
) -> Result<Json<Story>, Problem> {
    let sight = sight(&api, &caller, &tenant).await?;
    let story = api
        .blocking(move |api| Ok(api.hub.why(&*api.store, &tenant, call)?))
        .await?;
    story
        .map(|story| Json(sight.protected_story(story)))
        .ok_or_else(|| Problem::not_found("nothing is kept of such a call"))
}
