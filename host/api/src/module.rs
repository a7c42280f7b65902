//! Modules as they are stored: what is known of each, and its component.

use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use contract::Manifest;
use exchange::admin::Schema;
use serde::{Deserialize, Serialize};
use store::{BlobReader, Digest, key};
use utoipa::ToSchema;

use crate::Api;
use crate::problem::Problem;

/// Largest component. Rust guests have 0.1 MB, those with a language's engine inside up to 18 MB.
pub const COMPONENT_BYTES: usize = 32 << 20;

/// A module of a tenant's.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ModuleInfo {
    /// SHA-256 of the component.
    pub digest: String,
    /// Bytes of the component.
    pub size: u64,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub uploaded_ms: u64,
    /// The token that uploaded it.
    pub uploaded_by: String,
    /// What it says of itself. Its `imports` are its permissions: what is not among them it cannot do.
    #[schema(value_type = Object)]
    pub manifest: Manifest,
    /// What people find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// What people wrote on it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

pub fn document(tenant: &str, digest: &Digest) -> String {
    key::join(["module", tenant, &digest.to_string()])
}

pub fn parse(digest: &str) -> Result<Digest, Problem> {
    digest
        .parse()
        .map_err(|error: store::InvalidDigest| Problem::not_found(error.to_string()))
}

/// A module of the tenant's; not found if it is another's.
pub fn find(api: &Api, tenant: &str, digest: &Digest) -> Result<ModuleInfo, Problem> {
    let document = api.store.get(&document(tenant, digest))?;
    let document = document.ok_or_else(|| Problem::not_found("the tenant has no module with this digest"))?;
    serde_json::from_slice(&document.value).map_err(Problem::internal)
}

/// The whole component.
pub fn load(api: &Api, digest: &Digest) -> Result<Bytes, Problem> {
    let blob = api
        .store
        .blob(digest)?
        .ok_or_else(|| Problem::not_found("the component is not stored"))?;
    let size = usize::try_from(blob.size)
        .unwrap_or(usize::MAX)
        .min(COMPONENT_BYTES);
    let mut bytes = BytesMut::with_capacity(size).writer();
    io::copy(&mut BlobReader::new(&*api.store, blob), &mut bytes).map_err(Problem::internal)?;
    Ok(bytes.into_inner().freeze())
}

/// The same for the workshop, which asks for it only when it has nothing compiled.
pub fn component_bytes(api: &Api, digest: &Digest) -> Result<Vec<u8>, String> {
    load(api, digest)
        .map(|bytes| bytes.to_vec())
        .map_err(|_| "it is not stored".to_owned())
}

/// A tenant's modules.
pub fn all(api: &Api, tenant: &str) -> Result<Vec<Digest>, Problem> {
    let prefix = key::prefix(["module", tenant]);
    let (mut digests, mut after) = (Vec::new(), None);
    loop {
        let page = api.store.list(&prefix, after.as_deref(), usize::MAX)?;
        let names = page
            .documents
            .iter()
            .filter_map(|one| one.key.strip_prefix(&prefix));
        digests.extend(names.filter_map(|name| name.parse::<Digest>().ok()));
        after = page.next;
        if after.is_none() {
            return Ok(digests);
        }
    }
}

/// A module's settings schema.
pub fn schema(text: &str) -> Result<Schema, Problem> {
    Schema::parse(text).map_err(|error| {
        Problem::invalid_field(
            "",
            format!("the module's settings schema cannot be used: {error}"),
        )
    })
}
