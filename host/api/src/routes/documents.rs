//! Configuration documents: one set of handlers for every kind.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::search::{self, Search};
use super::{known, own};
use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Collection, Kind, Stored, Versioned};
use crate::extract::{Asked, Body, Condition, Of, Page, PageOf, tagged};
use crate::problem::Problem;
use crate::schemas;

/// The revision that a change made.
#[derive(Serialize, ToSchema)]
pub(super) struct Changed {
    pub revision: u64,
    /// What gets in the way of what now, in words: behaviours that never get a call, two that want the same place, calls that may go
    /// round. The change is made all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<String>,
    /// Keys that a device lost because it became a model with fewer (R6).
    #[serde(rename = "lost-keys", skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
}

impl From<Stored> for Changed {
    fn from(stored: Stored) -> Self {
        Self {
            revision: stored.revision,
            conflicts: stored.conflicts,
            lost: stored.lost,
        }
    }
}

/// A kind with an address of its own.
#[derive(Clone, Copy)]
struct Resource {
    kind: Kind,
    tag: &'static str,
    collection: &'static str,
    item: &'static str,
    read: Access,
    write: Access,
}

/// A user finds in lists, and may read, only what `own` says is theirs. Trunks lead outside and cost money, so only
/// operators change them.
const RESOURCES: [Resource; 9] = [
    resource(
        Kind::Site,
        "sites",
        "/v1/tenants/{tenant}/sites",
        "/v1/tenants/{tenant}/sites/{id}",
    ),
    shared(resource(
        Kind::User,
        "users",
        "/v1/tenants/{tenant}/users",
        "/v1/tenants/{tenant}/users/{id}",
    )),
    shared(resource(
        Kind::Device,
        "devices",
        "/v1/tenants/{tenant}/devices",
        "/v1/tenants/{tenant}/devices/{id}",
    )),
    shared(resource(
        Kind::Line,
        "lines",
        "/v1/tenants/{tenant}/lines",
        "/v1/tenants/{tenant}/lines/{id}",
    )),
    resource(
        Kind::Number,
        "numbers",
        "/v1/tenants/{tenant}/numbers",
        "/v1/tenants/{tenant}/numbers/{id}",
    ),
    Resource {
        write: Access::Operator,
        ..resource(
            Kind::Trunk,
            "trunks",
            "/v1/tenants/{tenant}/trunks",
            "/v1/tenants/{tenant}/trunks/{id}",
        )
    },
    resource(
        Kind::Calendar,
        "calendars",
        "/v1/tenants/{tenant}/calendars",
        "/v1/tenants/{tenant}/calendars/{id}",
    ),
    resource(
        Kind::PickupGroup,
        "pickup-groups",
        "/v1/tenants/{tenant}/pickup-groups",
        "/v1/tenants/{tenant}/pickup-groups/{id}",
    ),
    Resource {
        read: Access::Member,
        ..resource(
            Kind::Contact,
            "contacts",
            "/v1/tenants/{tenant}/contacts",
            "/v1/tenants/{tenant}/contacts/{id}",
        )
    },
];

const fn resource(kind: Kind, tag: &'static str, collection: &'static str, item: &'static str) -> Resource {
    Resource {
        kind,
        tag,
        collection,
        item,
        read: Access::Manager,
        write: Access::Manager,
    }
}

const fn shared(resource: Resource) -> Resource {
    Resource {
        read: Access::Member,
        ..resource
    }
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = Vec::from(tenants());
    endpoints.extend(RESOURCES.into_iter().flat_map(of_kind));
    endpoints.extend(dial_plan());
    endpoints
}

fn tenants() -> [Endpoint; 4] {
    let (all, one) = ("/v1/tenants", "/v1/tenants/{tenant}");
    let address = |tenant: &str| Address::new(tenant, Kind::Tenant, tenant);
    [
        Endpoint::new(
            Method::GET,
            all,
            Access::Operator,
            async |api: State<Api>, caller: Caller, page: Asked<PageOf>| {
                list(api, caller, Collection::TENANTS, page).await
            },
        )
        .about("tenants", "list-tenants", "All tenants")
        .gives(Content::page::<Versioned>())
        .paged(),
        Endpoint::new(
            Method::GET,
            one,
            Access::Manager,
            async move |api: State<Api>, caller: Caller, Of(tenant): Of<String>| {
                get(api, caller, address(&tenant)).await
            },
        )
        .about("tenants", "get-tenant", "A tenant")
        .gives(Content::json::<Versioned>()),
        Endpoint::new(
            Method::PUT,
            one,
            Access::Operator,
            async move |api: State<Api>, Of(tenant): Of<String>, when: Condition, body: Body<Value>| {
                put(api, address(&tenant), when, body).await
            },
        )
        .about("tenants", "put-tenant", "Create or change a tenant")
        .takes(schemas::document(Kind::Tenant))
        .gives(Content::json::<Changed>())
        .conditional(),
        Endpoint::new(
            Method::DELETE,
            one,
            Access::Operator,
            super::farewell::delete_tenant,
        )
        .about(
            "tenants",
            "delete-tenant",
            "Delete a tenant and everything that is kept of it",
        )
        .query(&[("with-lines", "`true`: also while it has lines; its calls end")])
        .status(204)
        .conditional(),
    ]
}

/// A JSON object whose fields the module's settings schema tells.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "describes bodies that are passed on as they are")]
pub(super) struct Document(Value);

fn of_kind(resource: Resource) -> [Endpoint; 4] {
    let Resource {
        kind,
        tag,
        collection,
        item,
        read,
        write,
    } = resource;
    let name = kind.name();
    [
        Endpoint::new(
            Method::GET,
            collection,
            read,
            async move |api: State<Api>,
                        caller: Caller,
                        Of(tenant): Of<String>,
                        Asked(search): Asked<Search>,
                        page: Asked<PageOf>| {
                found(api, caller, Collection::of(&tenant, kind), search, page).await
            },
        )
        .about(tag, format!("list-{tag}"), format!("The tenant's {tag}"))
        .gives(Content::page::<Versioned>())
        .query(search::QUERY)
        .paged(),
        Endpoint::new(
            Method::GET,
            item,
            read,
            async move |api: State<Api>, caller: Caller, Of((tenant, id)): Of<(String, String)>| {
                get(api, caller, Address::new(&tenant, kind, &id)).await
            },
        )
        .about(tag, format!("get-{}", hyphened(name)), format!("A {name}"))
        .gives(Content::json::<Versioned>()),
        Endpoint::new(
            Method::PUT,
            item,
            write,
            async move |api: State<Api>,
                        Of((tenant, id)): Of<(String, String)>,
                        when: Condition,
                        body: Body<Value>| {
                put(api, Address::new(&tenant, kind, &id), when, body).await
            },
        )
        .about(
            tag,
            format!("put-{}", hyphened(name)),
            format!("Create or change a {name}"),
        )
        .takes(schemas::document(kind))
        .gives(Content::json::<Changed>())
        .conditional(),
        Endpoint::new(
            Method::DELETE,
            item,
            write,
            async move |api: State<Api>, Of((tenant, id)): Of<(String, String)>, when: Condition| {
                delete(api, Address::new(&tenant, kind, &id), when).await
            },
        )
        .about(
            tag,
            format!("delete-{}", hyphened(name)),
            format!("Delete a {name}"),
        )
        .status(204)
        .conditional(),
    ]
}

fn hyphened(name: &str) -> String {
    name.replace(' ', "-")
}

fn dial_plan() -> [Endpoint; 2] {
    let path = "/v1/tenants/{tenant}/dial-plan";
    let address = |tenant: &str| Address::new(tenant, Kind::DialPlan, tenant);
    [
        Endpoint::new(
            Method::GET,
            path,
            Access::Manager,
            async move |api: State<Api>, caller: Caller, Of(tenant): Of<String>| {
                get(api, caller, address(&tenant)).await
            },
        )
        .about("dial-plan", "get-dial-plan", "Which number leads where")
        .gives(Content::json::<Versioned>()),
        Endpoint::new(
            Method::PUT,
            path,
            Access::Manager,
            async move |api: State<Api>, Of(tenant): Of<String>, when: Condition, body: Body<Value>| {
                put(api, address(&tenant), when, body).await
            },
        )
        .about("dial-plan", "put-dial-plan", "Change which number leads where")
        .takes(schemas::document(Kind::DialPlan))
        .gives(Content::json::<Changed>())
        .conditional(),
    ]
}

async fn found(
    State(api): State<Api>,
    caller: Caller,
    collection: Collection,
    search: Search,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<Versioned>>, Problem> {
    if search.is_for_all() {
        return list(State(api), caller, collection, Asked(page)).await;
    }
    search.check(&api, &caller, &collection).await?;
    let (after, limit) = (page.after.clone(), page.limit());
    let listing = search::find(&api, &caller, collection, after, limit, &search).await?;
    Ok(Json(Page {
        items: listing.documents,
        next: listing.next,
    }))
}

pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    collection: Collection,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<Versioned>>, Problem> {
    let listing = match caller.as_user() {
        Some(user) if own::narrows(collection.kind) => {
            own::list(&api, user, collection, page.after.clone(), page.limit()).await?
        }
        _ => {
            api.exchange
                .list(collection, page.after.clone(), page.limit())
                .await?
        }
    };
    Ok(Json(Page {
        items: listing.documents,
        next: listing.next,
    }))
}

pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    address: Address,
) -> Result<Response, Problem> {
    let found = own::document(&api, &caller, address).await?;
    Ok(tagged(StatusCode::OK, found.revision, &found))
}

pub(super) async fn put(
    State(api): State<Api>,
    address: Address,
    Condition(expect): Condition,
    Body(document): Body<Value>,
) -> Result<Response, Problem> {
    let document = named(&address, document)?;
    let stored = api.exchange.put(address, document, expect).await?;
    let status = if stored.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(tagged(status, stored.revision, &Changed::from(stored)))
}

/// The document with the id of its address, which may be left out and must not differ.
fn named(address: &Address, mut document: Value) -> Result<Value, Problem> {
    let field = match address.kind {
        Kind::DialPlan => return Ok(document),
        Kind::Behaviour | Kind::Announcement => "name",
        _ => "id",
    };
    let Value::Object(fields) = &mut document else {
        return Err(Problem::invalid_field("", "a JSON object is expected"));
    };
    match fields.get(field) {
        None => drop(fields.insert(field.to_owned(), address.id.clone().into())),
        Some(Value::String(id)) if *id == address.id => {}
        Some(_) => {
            return Err(Problem::invalid_field(
                format!("/{field}"),
                "differs from the name in the address",
            ));
        }
    }
    Ok(document)
}

async fn delete(
    State(api): State<Api>,
    address: Address,
    Condition(expect): Condition,
) -> Result<StatusCode, Problem> {
    let (kind, tenant, id) = (address.kind, address.tenant.clone(), address.id.clone());
    let deleted = api.exchange.delete(address.clone(), expect);
    known::about(&api, &address, deleted).await?;
    if kind == Kind::User {
        api.blocking(move |api| Ok(api.tokens.revoke_all(&tenant, Some(&id))?))
            .await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
