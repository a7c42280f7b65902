//! What a component exports, for any [`Module`].

use super::bindings::exports::cordboard::behaviour::guest as wit;
use super::convert;
use crate::module::{self, Module};

/// Answers `describe`.
pub fn describe<M: Module>() -> wit::Manifest {
    convert::manifest(module::describe::<M>())
}

/// Answers `check`.
pub fn check<M: Module>(settings: String) -> Vec<wit::Problem> {
    let problems = module::check::<M>(&settings);
    problems
        .into_iter()
        .map(|found| wit::Problem {
            path: found.path,
            message: found.message,
        })
        .collect()
}

/// Answers `handle`.
///
/// # Errors
///
/// The module's refusal.
pub fn handle<M: Module>(
    session: wit::Session,
    state: Option<Vec<u8>>,
    event: super::bindings::cordboard::behaviour::events::Event,
) -> Result<Vec<u8>, wit::Refusal> {
    let session = module::Session {
        id: contract::SessionId(session.id),
        behaviour: session.behaviour,
        number: session.number,
        settings: session.settings,
    };
    M::handle(session, state, convert::event(event)).map_err(|refusal| wit::Refusal { reason: refusal.0 })
}

/// Answers `migrate`.
///
/// # Errors
///
/// The module's refusal.
pub fn migrate<M: Module>(from_version: String, state: Vec<u8>) -> Result<Vec<u8>, wit::Refusal> {
    M::migrate(&from_version, state).map_err(|refusal| wit::Refusal { reason: refusal.0 })
}
