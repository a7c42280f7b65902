//! Every change of configuration: checked completely, then made whole or not at all.
//!
//! [`handle`] takes a [`Request`] and a [`Directory`](crate::directory::Directory), tries the change on a copy of the
//! tenant's documents, collects everything that is wrong with the result, and only then lets calls see it. What it
//! returns says which documents to persist.
//!
//! Not here: who may ask (the API), where documents are kept (the store), what becomes of calls that are up.

mod check;
mod conflicts;
mod draft;
mod handle;
mod merge;
mod request;
mod schema;
mod settings;
mod usage;
mod versions;

pub use conflicts::conflicts;
pub use handle::handle;
pub use request::{Answer, Applied, Change, Expect, Finding, Refusal, Request, Response};
pub use schema::{Reference, Schema, SchemaError};
pub use settings::{check_settings, complete_settings};
pub use versions::VersionChange;

#[cfg(test)]
mod tests;
