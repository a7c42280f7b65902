//! What every behaviour amounts to, however it is written: the contract's four functions.

use contract::{Event, Manifest, Problem, SessionId};

use crate::json;
use crate::refusal::Refusal;
use crate::settings::{Problems, Schema, Settings};
use crate::view::View;

/// The session that an event is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Unique for the life of the exchange.
    pub id: SessionId,
    /// The tenant's name for the behaviour.
    pub behaviour: String,
    /// The number it is bound to here; the key of a per-number session.
    pub number: String,
    /// Settings as JSON, complete.
    pub settings: String,
}

/// A behaviour as the host sees it. [`script`](crate::script) and [`keyed`](crate::keyed)
/// implement it; nobody else needs to.
pub trait Module: 'static {
    /// What the tenant configures.
    type Settings: Settings;

    /// Name, version, scope, and which events it wants; the schema and the imports are filled in later.
    fn about() -> Manifest;

    /// Handles one event: the state it left last time in, the new state out.
    ///
    /// # Errors
    ///
    /// A refusal, when the event cannot be handled; no command of it is carried out.
    fn handle(session: Session, state: Option<Vec<u8>>, event: Event) -> Result<Vec<u8>, Refusal>;

    /// Takes a session over from another version.
    ///
    /// # Errors
    ///
    /// A refusal pins the session to the version it runs on.
    fn migrate(from_version: &str, state: Vec<u8>) -> Result<Vec<u8>, Refusal>;
}

/// The manifest of a module, with the schema of its settings.
pub fn describe<M: Module>() -> Manifest {
    let mut schema = Schema::default();
    M::Settings::describe(&mut schema);
    Manifest {
        settings_schema: schema.into_text(),
        ..M::about()
    }
}

/// What is wrong with settings that satisfy the schema.
pub fn check<M: Module>(settings: &str) -> Vec<Problem> {
    let mut problems = Problems::default();
    match parse::<M::Settings>(settings) {
        Ok(settings) => settings.check(&View::direct(), &mut problems),
        Err(Refusal(reason)) => problems.at("", reason),
    }
    problems.into_list()
}

/// Reads settings from JSON.
pub(crate) fn parse<S: Settings>(text: &str) -> Result<S, Refusal> {
    json::read(text).map_err(|error| Refusal(error.sentence()))
}
