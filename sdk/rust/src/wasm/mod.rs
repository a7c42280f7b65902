//! The component's side of the contract: generated bindings, and conversions to the words of
//! `contract` that behaviours are written in.

#[allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::unwrap_used,
    clippy::panic,
    unsafe_op_in_unsafe_fn,
    rust_2018_idioms,
    reason = "generated code"
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "behaviour",
        pub_export_macro: true,
        export_macro_name: "export_guest",
        default_bindings_module: "cordboard::wasm::bindings",
        runtime_path: "wit_bindgen::rt",
    });
}

pub(crate) mod convert;
pub mod export;
mod heap;
