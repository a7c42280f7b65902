//! Write telephone behaviours for Cordboard.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]
#![warn(missing_docs)]

mod host;
mod imports;
mod json;
#[doc(hidden)]
pub mod keyed;
#[doc(hidden)]
pub mod module;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
mod policy;
#[doc(hidden)]
pub mod script;
pub mod settings;
#[cfg(not(target_arch = "wasm32"))]
pub mod test;
mod view;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;
mod words;

pub use contract::{
    self, CalendarState, Cause, CommandError, DialAnswer, DialOutcome, DialResult, Event,
    GatherOutcome as Gathered, Identity, Interests, LegId, Line, LineChange, LineKind, LocalTime, LogLevel,
    Manifest, NumberClass, Offer, Outcome as CommandOutcome, OutcomeKind, PlayOutcome as Played, Problem,
    RouteError, Schedule, SessionScope, Shown, Sound, Stage, Target, Tone,
};
/// ```
/// use cordboard::prelude::*;
///
/// #[derive(Settings, Serialize, Deserialize)]
/// pub struct Greeter {
///     /// What the caller hears.
///     #[settings(default = "welcome")]
///     greeting: String,
/// }
///
/// /// Greets, then rings whoever is next.
/// #[cordboard::script]
/// pub async fn greeter(call: Call, settings: Greeter) -> Outcome {
///     call.answer().await;
///     call.play(&settings.greeting).await;
///     call.continue_next().await
/// }
/// # fn main() {}
/// ```
///
pub use cordboard_macros::script;
pub use cordboard_macros::{Settings, keyed};
pub use host::{Host, Leg, Queued, Timer, UnlessGone, leg_of};
pub use keyed::Behaviour;
pub use module::{Refusal, Session};
pub use policy::NotAllowed;
pub use script::{
    Call, Either, Outcome, Sounds, Stages, Step, Unanswered, device, first, line, next, number, outside,
};
pub use settings::{Problems, Settings};
pub use view::{Calendar, View};
pub use words::{Number, RING, millis, minutes, rings, secs};

/// What a behaviour's `lib.rs` imports.
pub mod prelude {
    pub use crate::{
        Behaviour, Call, Cause, Event, Gathered, Host, LegId, Number, NumberClass, Outcome, Played, Problems,
        Refusal, Settings, Sound, Sounds, Stages, Step, Target, Unanswered, UnlessGone, View, first, minutes,
        rings, secs, stage,
    };
    pub use serde::{Deserialize, Serialize};
}
