//! Runs behaviours: WebAssembly components of the world `cordboard:behaviour/behaviour`.
//!
//! A [`Runtime`] inspects an uploaded component, compiles it, and wakes it with one
//! [`Invocation`](contract::Invocation) at a time. Each event runs in a fresh instance from a
//! pool, under a memory cap, fuel, a deadline and quotas; what it queued counts only when it
//! returned. [`Pool`] puts a runtime on worker threads behind a bounded queue
//! in which tenants take turns.
//!
//! ```text
//! bytes ──inspect──▶ manifest, compiled ──load──▶ module ──invoke(event)──▶ decision
//!           │ all that is wrong, at once              fresh instance at a desk, dropped
//! ```
//!
//! Never carries a command out, knows nothing of SIP, and offers no WASI: a component reaches
//! what it imports of `wit/` and nothing else. [`v0_1`] links one released version of the
//! package; everything outside of it speaks the types of `contract`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod compiled;
mod compiler;
mod config;
mod deadline;
mod engine;
pub mod explore;
mod failure;
mod inspect;
mod invoker;
mod memory;
mod module;
mod pool;
mod processor;
mod rehearsal;
mod runtime;
mod seat;
mod shelf;
mod turns;
mod v0_1;

pub use compiled::Unusable;
pub use config::{Config, Tuning, UploadLimits};
pub use inspect::Inspected;
pub use invoker::Invoker;
pub use pool::{Keeper, Pool, Saturated, Workers};
pub use processor::be_prompt;
pub use runtime::{Image, LoadError, Runtime, StartError};
