//! Core modules made components.
//!
//! A module built with the SDK carries a description of its world. It is a stranger's, and reading it
//! is recursive and panics on damage, so it is thrown away: the module is taken for what this
//! host's own contract says, and fits or does not.

use std::panic::catch_unwind;
use std::sync::LazyLock;

use wasm_encoder::{Module, RawSection};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

use crate::v0_1;

/// The contract, parsed once. All of it: what is not offered yet is refused by name later.
static CONTRACT: LazyLock<Result<(Resolve, WorldId), String>> = LazyLock::new(|| {
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let package = resolve.push_str("behaviour.wit", v0_1::TEXT);
    let package = package.map_err(|error| format!("{error:#}"))?;
    let world = resolve.select_world(&[package], Some(v0_1::WORLD));
    let world = world.map_err(|error| format!("{error:#}"))?;
    Ok((resolve, world))
});

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
    let broken = |what: String| {
        format!(
            "the core module is not a behaviour: {what}; build it with the SDK, or wrap it with `wasm-tools \
             component new`"
        )
    };
    // The encoder expects what compilers write.
    let encoded = catch_unwind(|| encode(bytes));
    encoded
        .map_err(|_| broken("it cannot be read".into()))?
        .map_err(broken)
}

fn encode(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (resolve, world) = CONTRACT.as_ref().map_err(Clone::clone)?;
    let mut module = undescribed(bytes).map_err(|error| error.to_string())?;
    embed_component_metadata(&mut module, resolve, *world, StringEncoding::UTF8, false)
        .map_err(|error| format!("{error:#}"))?;
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&module).map_err(|error| format!("{error:#}"))?;
    encoder
        .validate(true)
        .encode()
        .map_err(|error| format!("{error:#}"))
}

/// The module without its own description.
fn undescribed(bytes: &[u8]) -> Result<Vec<u8>, wasmparser::BinaryReaderError> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if matches!(&payload, Payload::CustomSection(custom) if custom.name().starts_with("component-type")) {
            continue;
        }
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else {
            continue;
        };
        if let Some(data) = bytes.get(start..end) {
            module.section(&RawSection { id, data });
        }
    }
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_one_text_too() {
        assert!(CONTRACT.as_ref().is_ok(), "{:?}", CONTRACT.as_ref().err());
    }
}
