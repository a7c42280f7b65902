//! One session for all calls of a number: a reducer over events.

use contract::{CommandError, Event};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::Host;
use crate::module::{self, Session};
use crate::refusal::Refusal;
use crate::settings::Settings;

/// A behaviour with one session for each number it is bound to, which holds all calls of it.
///
/// The value itself is the state: it is saved after each event and read before the next.
/// `Default` is the state before the first event.
///
/// ```
/// use cordboard::prelude::*;
///
/// /// Lets one caller in at a time.
/// #[derive(Default, Serialize, Deserialize)]
/// pub struct Door {
///     inside: Option<LegId>,
/// }
///
/// #[derive(Settings, Serialize, Deserialize)]
/// pub struct DoorSettings {
///     /// Who answers.
///     #[settings(default = "201")]
///     line: String,
/// }
///
/// #[cordboard::keyed]
/// impl Behaviour for Door {
///     type Settings = DoorSettings;
///
///     fn handle(&mut self, event: Event, settings: &DoorSettings, host: &Host) -> Result<(), Refusal> {
///         match event {
///             Event::CallOffered(offer) if self.inside.is_none() => {
///                 self.inside = Some(offer.leg);
///                 host.leg(offer.leg).dial(stage![cordboard::line(&settings.line)])?;
///             }
///             Event::CallOffered(offer) => host.leg(offer.leg).reject(Cause::Busy)?,
///             Event::LegEnded(ended) if self.inside == Some(ended.leg) => self.inside = None,
///             _ => {}
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Behaviour: Serialize + DeserializeOwned + Default + 'static {
    /// What the tenant configures.
    type Settings: Settings;

    /// Counts up whenever the saved form changes; kept in front of it.
    const STATE_VERSION: u8 = 1;

    /// Handles one event.
    ///
    /// # Errors
    ///
    /// A refusal: no command of this event is carried out, and the host takes the failure ladder.
    fn handle(&mut self, event: Event, settings: &Self::Settings, host: &Host) -> Result<(), Refusal>;

    /// Reads a state that was saved under another [`STATE_VERSION`](Self::STATE_VERSION).
    ///
    /// # Errors
    ///
    /// A refusal, and that is the default: the session stays with the version that it runs on.
    fn upgrade(version: u8, state: &[u8]) -> Result<Self, Refusal> {
        let _ = (version, state);
        Err(Refusal::because("the saved state is of another version"))
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        Self(match error {
            CommandError::Invalid(what) | CommandError::NotGranted(what) => what,
            CommandError::UnknownLeg(_) => "the leg has ended".to_owned(),
            CommandError::NotSoleHolder(_) => "another branch holds the caller too".to_owned(),
            CommandError::TooManyCommands => "too many commands for one event".to_owned(),
        })
    }
}

/// Handles one event of a keyed behaviour.
///
/// # Errors
///
/// Its refusal, or settings or state that cannot be read.
pub fn handle<B: Behaviour>(
    session: &Session,
    state: Option<&[u8]>,
    event: Event,
) -> Result<Vec<u8>, Refusal> {
    let settings: B::Settings = module::parse(&session.settings)?;
    let mut behaviour = match state {
        None => B::default(),
        Some(state) => load::<B>(state)?,
    };
    behaviour.handle(event, &settings, &Host::of(session))?;
    save(&behaviour)
}

/// Reads a state of any version and saves it as one of this version.
///
/// # Errors
///
/// The behaviour declines.
pub fn migrate<B: Behaviour>(state: &[u8]) -> Result<Vec<u8>, Refusal> {
    save(&load::<B>(state)?)
}

fn load<B: Behaviour>(state: &[u8]) -> Result<B, Refusal> {
    match state.split_first() {
        Some((&version, rest)) if version == B::STATE_VERSION => match postcard::take_from_bytes(rest) {
            Ok((behaviour, [])) => Ok(behaviour),
            _ => Err(Refusal::because("the state cannot be read")),
        },
        Some((&version, rest)) => B::upgrade(version, rest),
        None => Err(Refusal::because("the state is empty")),
    }
}

fn save<B: Behaviour>(behaviour: &B) -> Result<Vec<u8>, Refusal> {
    postcard::to_extend(behaviour, vec![B::STATE_VERSION])
        .map_err(|_| Refusal::because("the state cannot be written"))
}
