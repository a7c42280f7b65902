//! Modules: components that a tenant uploads. Immutable, named by their SHA-256.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::{Granted, Permission, SheetChange, permission_sheet};
use serde::{Deserialize, Serialize};
use store::{Expect, key};
use utoipa::ToSchema;

use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Collection, Kind};
use crate::extract::{Asked, Of, Page, PageOf, media_type, read};
use crate::module::{self, ModuleInfo};
use crate::problem::Problem;
use crate::workshop::Inspected;

pub(super) fn endpoints() -> [Endpoint; 6] {
    let (all, one) = (
        "/v1/tenants/{tenant}/modules",
        "/v1/tenants/{tenant}/modules/{digest}",
    );
    [
        Endpoint::new(Method::GET, all, Access::Manager, list)
            .about("modules", "list-modules", "The tenant's modules")
            .gives(Content::page::<ModuleInfo>())
            .paged(),
        Endpoint::new(Method::POST, all, Access::Manager, upload)
            .about(
                "modules",
                "upload-module",
                "Upload a component; all that is wrong with it comes back at once",
            )
            .takes(Content::other("application/wasm"))
            .gives(Content::json::<ModuleInfo>())
            .status(201),
        Endpoint::new(Method::GET, one, Access::Manager, get)
            .about("modules", "get-module", "What a module says of itself and may do")
            .gives(Content::json::<ModuleInfo>()),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/modules/{digest}/permissions",
            Access::Manager,
            permissions,
        )
        .about(
            "modules",
            "get-module-permissions",
            "What a module may do, in words; with `since`, what changes from that module to this one",
        )
        .query(&[(
            "since",
            "digest of another of the tenant's modules, such as the active one",
        )])
        .gives(Content::json::<Sheet>()),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/modules/{digest}/component",
            Access::Manager,
            component,
        )
        .about("modules", "download-module", "The component itself")
        .gives(Content::other("application/wasm")),
        Endpoint::new(Method::DELETE, one, Access::Manager, delete)
            .about(
                "modules",
                "delete-module",
                "Delete a module that no behaviour uses",
            )
            .status(204),
    ]
}

/// What a module may do: everything else it cannot.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct Sheet {
    /// What reaches furthest comes first.
    #[schema(value_type = Vec<Object>)]
    permissions: Vec<Permission>,
    /// Against the module that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    change: Option<SheetChange>,
}

/// Against which module.
#[derive(Debug, Deserialize)]
struct Since {
    since: Option<String>,
}

async fn upload(
    State(api): State<Api>,
    caller: Caller,
    Of(tenant): Of<String>,
    request: Request,
) -> Result<Response, Problem> {
    if media_type(request.headers()) != "application/wasm" {
        return Err(Problem::unsupported_media(
            "a component is uploaded as `application/wasm`",
        ));
    }
    let permit = api.uploads.acquire().await.map_err(Problem::internal)?;
    let component = read(request, module::COMPONENT_BYTES).await?;
    let granted = granted(&api, &tenant).await?;
    super::storage::has_room(&api, &tenant, component.len()).await?;
    let naming = api.blobs.lock().await;
    let (info, new) = api
        .blocking(move |api| keep(api, &caller, &tenant, &component, &granted))
        .await?;
    drop((naming, permit));
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(info)).into_response())
}

/// What an operator lets the tenant's modules be and do.
async fn granted(api: &Api, tenant: &str) -> Result<Granted, Problem> {
    let address = crate::exchange::Address::new(tenant, Kind::Tenant, tenant);
    let known = api.exchange.get(address).await?.document;
    let imports = known.pointer("/grants/imports").cloned();
    let large = known.pointer("/grants/large-modules");
    Ok(Granted {
        imports: imports.and_then(|imports| serde_json::from_value(imports).ok()),
        large_modules: large.and_then(serde_json::Value::as_bool).unwrap_or(false),
    })
}

fn keep(
    api: &Api,
    caller: &Caller,
    tenant: &str,
    upload: &[u8],
    granted: &Granted,
) -> Result<(ModuleInfo, bool), Problem> {
    let Inspected { manifest, component } = api
        .workshop
        .inspect(upload, granted)
        .map_err(Problem::invalid_content)?;
    module::schema(&manifest.settings_schema)?;
    let blob = api
        .store
        .put_blob(&mut component.as_slice(), module::COMPONENT_BYTES as u64)?;
    if let Ok(known) = module::find(api, tenant, &blob.digest) {
        return Ok((known, false));
    }
    let info = ModuleInfo {
        digest: blob.digest.to_string(),
        size: blob.size,
        uploaded_ms: api.now().as_millis(),
        uploaded_by: caller.token.to_string(),
        manifest,
        labels: Vec::new(),
        note: String::new(),
    };
    let json = serde_json::to_vec(&info).map_err(Problem::internal)?;
    api.store
        .put(&module::document(tenant, &blob.digest), json.into(), Expect::Any)?;
    Ok((info, true))
}

async fn list(
    State(api): State<Api>,
    Of(tenant): Of<String>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Page<ModuleInfo>>, Problem> {
    api.blocking(move |api| {
        let prefix = key::prefix(["module", &tenant]);
        let after = page.after.as_ref().map(|digest| format!("{prefix}{digest}"));
        let found = api.store.list(&prefix, after.as_deref(), page.limit())?;
        let items = found
            .documents
            .iter()
            .filter_map(|document| serde_json::from_slice(&document.value).ok());
        let next = found
            .next
            .and_then(|last| last.strip_prefix(&prefix).map(ToOwned::to_owned));
        Ok(Json(Page {
            items: items.collect(),
            next,
        }))
    })
    .await
}

async fn get(
    State(api): State<Api>,
    Of((tenant, digest)): Of<(String, String)>,
) -> Result<Json<ModuleInfo>, Problem> {
    let digest = module::parse(&digest)?;
    api.blocking(move |api| module::find(api, &tenant, &digest).map(Json))
        .await
}

async fn permissions(
    State(api): State<Api>,
    Of((tenant, digest)): Of<(String, String)>,
    Asked(Since { since }): Asked<Since>,
) -> Result<Json<Sheet>, Problem> {
    let (digest, since) = (
        module::parse(&digest)?,
        since.as_deref().map(module::parse).transpose()?,
    );
    api.blocking(move |api| {
        let imports = |digest| module::find(api, &tenant, digest).map(|module| module.manifest.imports);
        let now = imports(&digest)?;
        let before = since.as_ref().map(imports).transpose()?;
        Ok(Json(Sheet {
            permissions: permission_sheet(&now),
            change: before.map(|before| SheetChange::between(&before, &now)),
        }))
    })
    .await
}

async fn component(
    State(api): State<Api>,
    Of((tenant, digest)): Of<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let digest = module::parse(&digest)?;
    let bytes = api
        .blocking(move |api| module::find(api, &tenant, &digest).and_then(|_| module::load(api, &digest)))
        .await?;
    Ok(([(header::CONTENT_TYPE, "application/wasm")], bytes))
}

async fn delete(
    State(api): State<Api>,
    Of((tenant, digest)): Of<(String, String)>,
) -> Result<StatusCode, Problem> {
    let digest = module::parse(&digest)?;
    let users = users(&api, &tenant, &digest.to_string()).await?;
    if !users.is_empty() {
        return Err(Problem::in_use(format!("still used by {}", users.join(", "))));
    }
    api.blocking(move |api| {
        module::find(api, &tenant, &digest)?;
        Ok(api
            .store
            .delete(&module::document(&tenant, &digest), Expect::Any)?)
    })
    .await?;
    super::blobs::release(&api, [digest]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Behaviours for which the module is active, on trial, or what they would be rolled back to.
async fn users(api: &Api, tenant: &str, digest: &str) -> Result<Vec<String>, Problem> {
    let behaviours = Collection::of(tenant, Kind::Behaviour);
    let (mut users, mut after) = (Vec::new(), None);
    loop {
        let page = api.exchange.list(behaviours.clone(), after, 1_000).await?;
        let using = page.documents.iter().filter(|one| {
            let places = ["/active", "/candidate/digest", "/history/0/digest"];
            let mut named = places.iter().filter_map(|place| one.document.pointer(place));
            named.any(|named| named.as_str() == Some(digest))
        });
        users.extend(using.filter_map(|one| Some(one.document.get("name")?.as_str()?.to_owned())));
        after = page.next;
        if after.is_none() {
            return Ok(users);
        }
    }
}
