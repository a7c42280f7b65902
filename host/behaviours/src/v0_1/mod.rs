//! `cordboard:behaviour@0.1.0`: links its interfaces and converts its types at the edge.
//!
//! Once the package is released, this directory changes no more; its successor gets one of its
//! own beside it, and both go on being linked.

mod catalogue;
mod entry;
mod from_guest;
mod host;
mod to_guest;

pub(crate) use catalogue::{GUEST, LATER, OFFERED, PACKAGE, TEXTS, VERSION, WORDS, WORLD};
pub(crate) use entry::{Answer, Entry};
pub(crate) use host::link;

#[allow(
    dead_code,
    clippy::all,
    clippy::unwrap_used,
    clippy::panic,
    clippy::allow_attributes_without_reason,
    rust_2018_idioms,
    reason = "generated; holds the interfaces of later releases too"
)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "behaviour",
        imports: { default: trappable },
    });
}
