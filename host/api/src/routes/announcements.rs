//! Announcements: recordings that a tenant uploads (R25).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Digest;

use super::documents::{self, Changed};
use super::known;

use crate::Api;
use crate::access::{Access, Caller};
use crate::endpoint::{Content, Endpoint};
use crate::exchange::{Address, Collection, Kind, Versioned};
use crate::extract::{Asked, Condition, Of, Page, PageOf, media_type, read, tagged};
use crate::module;
use crate::problem::Problem;

/// R25 says 3 MB, which is 10⁶.
const RECORDING_BYTES: usize = 3_000_000;
/// As much as is spoken in two minutes.
const SPOKEN_BYTES: usize = 2_000;
/// A text, which is spoken.
const TEXT: &str = "text/plain";
/// R25.
const LONGEST_SECS: u64 = 120;

const ALL: &str = "/v1/tenants/{tenant}/announcements";
const ONE: &str = "/v1/tenants/{tenant}/announcements/{name}";

pub(super) fn endpoints() -> [Endpoint; 5] {
    [
        Endpoint::new(Method::GET, ALL, Access::Manager, list)
            .about(
                "announcements",
                "list-announcements",
                "The tenant's announcements",
            )
            .gives(Content::page::<Versioned>())
            .paged(),
        Endpoint::new(Method::GET, ONE, Access::Manager, get)
            .about(
                "announcements",
                "get-announcement",
                "An announcement without its sound",
            )
            .gives(Content::json::<Versioned>()),
        Endpoint::new(Method::PUT, ONE, Access::Manager, put)
            .about(
                "announcements",
                "put-announcement",
                "Upload a WAV or MP3 recording of at most two minutes, or a text (`text/plain`) that is spoken",
            )
            .takes(Content::other("audio/wav"))
            .gives(Content::json::<Changed>())
            .query(&[
                ("text", "What is said."),
                (
                    "site",
                    "The site that keeps it, for groups and menus there; absent: all.",
                ),
                ("line", "The line that it is a recording of; no other may use it."),
                (
                    "language",
                    "Of a text that is spoken: `fr`, `en`, `de`, `es`, `it`, `nl` or `pl`.",
                ),
            ])
            .conditional(),
        Endpoint::new(
            Method::GET,
            "/v1/tenants/{tenant}/announcements/{name}/audio",
            Access::Manager,
            audio,
        )
        .about("announcements", "hear-announcement", "The recording")
        .gives(Content::other("audio/wav")),
        Endpoint::new(Method::DELETE, ONE, Access::Manager, delete)
            .about(
                "announcements",
                "delete-announcement",
                "Delete an announcement that nothing uses",
            )
            .status(204)
            .conditional(),
    ]
}

#[derive(Deserialize)]
struct About {
    #[serde(default)]
    text: String,
    site: Option<String>,
    line: Option<String>,
    #[serde(default = "default_language")]
    language: String,
}

fn default_language() -> String {
    "en".to_owned()
}

fn address(tenant: &str, name: &str) -> Address {
    Address::new(tenant, Kind::Announcement, name)
}

async fn list(
    api: State<Api>,
    caller: Caller,
    Of(tenant): Of<String>,
    page: Asked<PageOf>,
) -> Result<Json<Page<Versioned>>, Problem> {
    documents::list(api, caller, Collection::of(&tenant, Kind::Announcement), page).await
}

async fn get(
    api: State<Api>,
    caller: Caller,
    Of((tenant, name)): Of<(String, String)>,
) -> Result<Response, Problem> {
    documents::get(api, caller, address(&tenant, &name)).await
}

async fn put(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
    Asked(mut about): Asked<About>,
    Condition(expect): Condition,
    request: Request,
) -> Result<Response, Problem> {
    let media_type = match media_type(request.headers()).as_str() {
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "audio/wav",
        "audio/mpeg" | "audio/mp3" => "audio/mpeg",
        "text/plain" => TEXT,
        _ => {
            return Err(Problem::unsupported_media(
                "a recording is uploaded as `audio/wav` or `audio/mpeg`, or spoken from `text/plain`",
            ));
        }
    };
    let permit = api.uploads.acquire().await.map_err(Problem::internal)?;
    let (media_type, recording) = match media_type {
        TEXT => ("audio/wav", speak(&api, &mut about, request).await?),
        recorded => (recorded, read(request, RECORDING_BYTES).await?),
    };
    super::storage::has_room(&api, &tenant, recording.len()).await?;
    let naming = api.blobs.lock().await;
    let before = before(&api, &tenant, &name).await;
    let mut document = api.blocking(move |api| keep(api, media_type, &recording)).await?;
    drop(permit);
    document["name"] = name.as_str().into();
    document["text"] = about.text.into();
    if let Some(site) = about.site {
        document["site"] = site.into();
    }
    if let Some(line) = about.line {
        document["line"] = line.into();
    }
    let stored = api
        .exchange
        .put(address(&tenant, &name), document, expect)
        .await?;
    drop(naming);
    super::blobs::release(&api, before).await?;
    api.workshop.announcements_changed(&tenant).await;
    let status = if stored.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(tagged(status, stored.revision, &Changed::from(stored)))
}

/// The recording that a text becomes.
async fn speak(api: &Api, about: &mut About, request: Request) -> Result<Bytes, Problem> {
    let text = read(request, SPOKEN_BYTES).await?;
    let text =
        String::from_utf8(text.to_vec()).map_err(|_| Problem::invalid_field("", "the text is no UTF-8"))?;
    if about.text.is_empty() {
        about.text.clone_from(&text);
    }
    let language = about.language.clone();
    let speak = move |api: &Api| {
        let spoken = api.workshop.speak(&text, &language);
        spoken.map_err(|why| Problem::invalid_field("", why))
    };
    api.blocking(speak).await.map(Bytes::from)
}

/// Measures and stores a recording; what is known of it then.
fn keep(api: &Api, media_type: &str, recording: &Bytes) -> Result<Value, Problem> {
    let length = api.workshop.measure(media_type, recording);
    let length =
        length.map_err(|why| Problem::invalid_field("", format!("the recording cannot be played: {why}")))?;
    if length.as_secs() > LONGEST_SECS {
        let detail = format!(
            "the recording takes {} s, {LONGEST_SECS} s are allowed",
            length.as_secs()
        );
        return Err(Problem::invalid_field("", detail));
    }
    let blob = api.store.put_blob(&mut &**recording, RECORDING_BYTES as u64)?;
    let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Ok(json!({
        "blob": blob.digest.to_string(),
        "media-type": media_type,
        "size": blob.size,
        "length": length,
    }))
}

async fn audio(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let known = known::document(&api, address(&tenant, &name)).await?.document;
    let text = |field| known.get(field).and_then(Value::as_str).unwrap_or_default();
    let digest: Digest = text("blob").parse().map_err(Problem::internal)?;
    let media_type = text("media-type").to_owned();
    let recording = api.blocking(move |api| module::load(api, &digest)).await?;
    Ok(([(header::CONTENT_TYPE, media_type)], recording))
}

/// The recording that a name has now.
async fn before(api: &Api, tenant: &str, name: &str) -> Option<Digest> {
    let known = api.exchange.get(address(tenant, name)).await.ok()?;
    known.document.get("blob")?.as_str()?.parse().ok()
}

async fn delete(
    State(api): State<Api>,
    Of((tenant, name)): Of<(String, String)>,
    Condition(expect): Condition,
) -> Result<StatusCode, Problem> {
    let before = before(&api, &tenant, &name).await;
    let announcement = address(&tenant, &name);
    let deleted = api.exchange.delete(announcement.clone(), expect);
    known::about(&api, &announcement, deleted).await?;
    super::blobs::release(&api, before).await?;
    api.workshop.announcements_changed(&tenant).await;
    Ok(StatusCode::NO_CONTENT)
}
