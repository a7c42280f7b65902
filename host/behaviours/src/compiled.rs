//! Compiled modules as they are kept: machine code, sealed.
//!
//! wasmtime trusts what it is told to load, so loading must not run what somebody changed. The
//! seal binds the machine code to the module it was compiled from and finds any damage; that
//! nobody else writes to the store that keeps it, the operator sees to.

use contract::ModuleDigest;
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"cordbrd1";
const HEADER: usize = 8 + 32 + 32;

/// Why a compiled module cannot be loaded. Compiling the component again helps against each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the compiled module is damaged")]
    Damaged,
    #[error("the compiled module is {found}'s, not {wanted}'s")]
    OtherModule {
        found: ModuleDigest,
        wanted: ModuleDigest,
    },
    /// Compiled by another version of the exchange, for another processor, or under other limits.
    #[error("the module was compiled for another engine: {0}")]
    OtherEngine(String),
}

pub(crate) fn digest(bytes: &[u8]) -> ModuleDigest {
    ModuleDigest(Sha256::digest(bytes).into())
}

pub(crate) fn seal(module: ModuleDigest, code: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(HEADER + code.len());
    sealed.extend_from_slice(MAGIC);
    sealed.extend_from_slice(&module.0);
    sealed.extend_from_slice(&digest(code).0);
    sealed.extend_from_slice(code);
    sealed
}

pub(crate) fn unseal(wanted: ModuleDigest, sealed: &[u8]) -> Result<&[u8], Unusable> {
    let rest = sealed.strip_prefix(MAGIC).ok_or(Unusable::Damaged)?;
    let (found, rest) = rest.split_first_chunk::<32>().ok_or(Unusable::Damaged)?;
    let (sum, code) = rest.split_first_chunk::<32>().ok_or(Unusable::Damaged)?;
    let found = ModuleDigest(*found);
    if found != wanted {
        return Err(Unusable::OtherModule { found, wanted });
    }
    if digest(code).0 != *sum {
        return Err(Unusable::Damaged);
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_until_a_byte_changes() {
        let module = digest(b"component");
        let mut sealed = seal(module, b"machine code");
        assert_eq!(unseal(module, &sealed), Ok(&b"machine code"[..]));

        let other = digest(b"another");
        assert!(matches!(
            unseal(other, &sealed),
            Err(Unusable::OtherModule { .. })
        ));
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(unseal(module, &sealed), Err(Unusable::Damaged));
        assert_eq!(unseal(module, &sealed[..20]), Err(Unusable::Damaged));
    }
}
