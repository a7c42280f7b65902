//! What people write on modules: labels to find them by, and a note. The module itself never changes.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use serde::Deserialize;
use store::Expect;
use utoipa::ToSchema;

use crate::Api;
use crate::access::Access;
use crate::endpoint::{Content, Endpoint};
use crate::extract::{Body, Of};
use crate::module::{self, ModuleInfo};
use crate::problem::Problem;

/// Labels of one module.
const LABELS: usize = 16;
/// Bytes of a label, and of a note.
const LABEL: usize = 64;
const NOTE: usize = 4_096;

pub(super) fn endpoints() -> [Endpoint; 1] {
    [Endpoint::new(
        Method::PUT,
        "/v1/tenants/{tenant}/modules/{digest}/notes",
        Access::Manager,
        put,
    )
    .about(
        "modules",
        "put-module-notes",
        "Label a module, and write a note on it",
    )
    .takes(Content::json::<Notes>())
    .gives(Content::json::<ModuleInfo>())]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Notes {
    /// In the place of those that it had; `stable`, `for-north`.
    #[serde(default)]
    labels: Option<Vec<String>>,
    /// In the place of the one that it had.
    #[serde(default)]
    note: Option<String>,
}

async fn put(
    State(api): State<Api>,
    Of((tenant, digest)): Of<(String, String)>,
    Body(notes): Body<Notes>,
) -> Result<Json<ModuleInfo>, Problem> {
    let digest = module::parse(&digest)?;
    notes.check()?;
    let _writing = api.blobs.lock().await;
    api.blocking(move |api| {
        let mut module = module::find(api, &tenant, &digest)?;
        if let Some(mut labels) = notes.labels {
            labels.sort();
            labels.dedup();
            module.labels = labels;
        }
        if let Some(note) = notes.note {
            module.note = note;
        }
        let json = serde_json::to_vec(&module).map_err(Problem::internal)?;
        let key = module::document(&tenant, &digest);
        api.store.put(&key, json.into(), Expect::Any)?;
        Ok(Json(module))
    })
    .await
}

impl Notes {
    fn check(&self) -> Result<(), Problem> {
        let labels = self.labels.as_deref().unwrap_or_default();
        if labels.len() > LABELS {
            return Err(Problem::invalid_field(
                "/labels",
                format!("at most {LABELS} labels"),
            ));
        }
        let is_right = |label: &str| {
            let right = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            (1..=LABEL).contains(&label.len()) && label.chars().all(right)
        };
        if let Some(position) = labels.iter().position(|label| !is_right(label)) {
            let message = format!("1 to {LABEL} letters, digits, `-`, `_` and `.`");
            return Err(Problem::invalid_field(format!("/labels/{position}"), message));
        }
        if self.note.as_ref().is_some_and(|note| note.len() > NOTE) {
            return Err(Problem::invalid_field("/note", format!("at most {NOTE} bytes")));
        }
        Ok(())
    }
}
