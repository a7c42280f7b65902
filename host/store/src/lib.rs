//! Where Cordboard keeps what must survive a restart: documents, blobs, a journal, leases.
//!
//! One trait, [`Store`], and two implementations with one semantics: [`EmbeddedStore`] keeps everything in a
//! single file (redb; nothing to install), [`MemoryStore`] keeps it in memory for simulations and can lose
//! what was not yet synced, as a power cut does. A cluster's store implements the same trait.
//!
//! The exchange emits thousands of small writes a second; [`Writer`] commits them in groups on a thread of its
//! own and tells those who must wait (a REGISTER's 200) when their write is durable. [`GroupCommit`] is its pure
//! half, for the simulator.
//!
//! # Layout
//!
//! Documents are addressed by keys of `/`-separated segments, built with [`key::join`] so that a segment may hold
//! any text. What the host keeps where:
//!
//! | key | what | written by |
//! |---|---|---|
//! | `document/TENANT/KIND/ID` | configuration: tenants, lines, devices, … | exchange, before it is answered |
//! | `registration/TENANT/DEVICE` | contacts of a device | exchange, before the 200 |
//! | `session/TENANT/SESSION` | a session's state, mailbox and timers | exchange |
//! | `leg/TENANT/LEG` | a leg's dialog, to go on after a restart | exchange |
//! | `module/TENANT/DIGEST` | a tenant's module; its bytes are the blob DIGEST | api |
//! | `trace/TENANT/CALL` | the story of an ended call, as `why` prints it | api |
//! | `token/ID` | an access token's role, owner and hash | api |
//!
//! Journal streams: `cdr/TENANT` (call detail records), `audit/TENANT` (who changed what through the api).
//! Leases: `tenant/TENANT` (which node serves it).
//!
//! # Not here
//!
//! No telephony, no serialisation of anybody's types, no clock: whoever calls hands in `now`. [`Writer`] is the only
//! part with a thread.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod backend;
mod blob;
mod document;
mod embedded;
mod engine;
mod error;
mod group;
mod journal;
pub mod key;
mod lease;
mod memory;
mod schema;
mod store;
mod watch;
mod writer;

pub use blob::{BlobInfo, BlobReader, CHUNK_BYTES, Digest, InvalidDigest};
pub use document::{Document, Expect, Page, Revision, Write};
pub use embedded::{EmbeddedStore, OpenOptions};
pub use error::Error;
pub use group::{Group, GroupCommit, GroupLimits};
pub use journal::{Entry, Retention, StreamInfo, Trimmed};
pub use lease::{Fence, Lease};
pub use memory::MemoryStore;
pub use schema::{Schema, Upgrade};
pub use store::{Limits, Store};
pub use watch::{Change, Watch, WatchEnd};
pub use writer::{Overloaded, Submission, Writer, WriterStats};
