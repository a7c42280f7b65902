//! Core modules made components.
//!
//! A module built with the SDK carries a description of its world. It is a stranger's, and wit-component
//! 0.262 reads it recursively and panics on damage: packages that name each other end the process. So
//! it is thrown away, and the module is taken for what this host's own contract says, and fits or
//! does not.

use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::LazyLock;

use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{BinaryReaderError, Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{Resolve, SourceMap};

use crate::v0_1;

/// Sections whose names begin so describe a module's world.
const SECTION: &str = "component-type";

/// The contract as such a section. All of it: what is not offered yet is refused by name later.
static CONTRACT: LazyLock<Result<Vec<u8>, String>> = LazyLock::new(describe);

/// The component, encoded when the upload is a core module.
pub(crate) fn componentise(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if Parser::is_component(bytes) {
        return Ok(bytes.to_vec());
    }
    if !Parser::is_core_wasm(bytes) {
        return Err(
            "this is no WebAssembly: upload a component (or a core module built with the SDK)".into(),
        );
    }
    // The encoder expects what compilers write.
    let encoded = catch_unwind(|| encode(bytes)).unwrap_or_else(|_| Err("it cannot be read".into()));
    encoded.map_err(|what| {
        format!(
            "the core module is not a behaviour: {what}; build it with the SDK, or wrap it with `wasm-tools \
             component new`"
        )
    })
}

fn describe() -> Result<Vec<u8>, String> {
    let mut files = SourceMap::new();
    for (name, text) in v0_1::TEXTS {
        files.push_str(name, text);
    }
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let group = files.parse().map_err(|(_, error)| error.to_string())?;
    let package = resolve.push_group(group).map_err(|error| error.to_string())?;
    let world = resolve.select_world(&[package], Some(v0_1::WORLD));
    let world = world.map_err(|error| format!("{error:#}"))?;
    let section = wit_component::metadata::encode(&resolve, world, StringEncoding::UTF8, None, false);
    section.map_err(|error| format!("{error:#}"))
}

fn encode(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let contract = CONTRACT.as_ref().map_err(Clone::clone)?;
    let mut module = undescribed(bytes).map_err(|error| error.to_string())?;
    module.section(&CustomSection {
        name: SECTION.into(),
        data: contract.into(),
    });
    let mut encoder = ComponentEncoder::default();
    let encoded = encoder
        .module(&module.finish())
        .and_then(|encoder| encoder.validate(true).encode());
    encoded.map_err(|error| format!("{error:#}"))
}

/// The module without its own description.
fn undescribed(bytes: &[u8]) -> Result<Module, BinaryReaderError> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if matches!(&payload, Payload::CustomSection(custom) if custom.name().starts_with(SECTION)) {
            continue;
        }
        let section = payload.as_section();
        if let Some((id, data)) = section.and_then(|(id, range)| Some((id, slice(bytes, range)?))) {
            module.section(&RawSection { id, data });
        }
    }
    Ok(module)
}

fn slice(bytes: &[u8], range: Range<u64>) -> Option<&[u8]> {
    bytes.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_built_in() {
        assert!(CONTRACT.as_ref().is_ok(), "{:?}", CONTRACT.as_ref().err());
    }
}
