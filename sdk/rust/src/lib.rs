//! Write telephone behaviours for Cordboard: what a call *does*, as a small WebAssembly component.
//!
//! The exchange wakes a behaviour with one event at a time; it asks, queues commands, and returns.
//! It never waits and has no sockets, files or clock of its own. This crate hides that shape
//! behind two ways of writing:
//!
//! - **A script** is one call, told as a story: an `async fn` over a [`Call`]. It is run again from
//!   the top at each event, with what came of its steps before, so its state is a few bytes and
//!   survives a restart of the exchange. See [`macro@script`].
//! - **A keyed behaviour** is one session for a number, with all its calls: a reducer over
//!   [`Event`]s whose own fields are the state. See [`Behaviour`].
//!
//! ```
//! use cordboard::prelude::*;
//!
//! /// What a tenant configures: the form is made of this.
//! #[derive(Settings, Serialize, Deserialize)]
//! pub struct Reception {
//!     /// Tells the keys.
//!     #[settings(default = "welcome", kind = "announcement")]
//!     greeting: String,
//!     /// Who is rung for key 1.
//!     #[settings(required, kind = "line")]
//!     reception: String,
//!     /// How often the greeting plays.
//!     #[settings(default = 3, min = 1, max = 10)]
//!     attempts: u32,
//! }
//!
//! /// Greets callers and rings the reception for key 1.
//! #[cordboard::script]
//! pub async fn reception(call: Call, settings: Reception) -> Outcome {
//!     call.answer().await;
//!     for _ in 0..settings.attempts {
//!         let pressed = call.gather(&settings.greeting).digits(1).within(secs(5)).barge_in().await;
//!         if pressed == Gathered::Digits("1".into()) {
//!             call.explain("reception", "key 1 rings the reception");
//!             return call.for_good(call.ring_line(&settings.reception).for_rings(5)).await;
//!         }
//!     }
//!     call.play("goodbye").await;
//!     call.hang_up()
//! }
//!
//! // Its test reads as the call goes.
//! # fn main() {
//! use cordboard::test::Flow;
//!
//! let settings = Reception { reception: "201".into(), ..Reception::default() };
//! let mut flow = Flow::of::<reception>(&settings);
//! let caller = flow.call("0612345678");
//! assert_eq!(flow.did(), ["answer", "gather a key welcome"]);
//! flow.presses(caller, "1");
//! assert_eq!(flow.did(), ["dial line 201 for 25 s"]);
//! # }
//! ```
//!
//! # What a behaviour's crate looks like
//!
//! A library with `crate-type = ["cdylib", "rlib"]`, this crate and `serde`, built with
//! `cargo build --target wasm32-unknown-unknown`. The built module is uploaded as it is. One
//! crate holds one behaviour.
//!
//! # Permissions
//!
//! A component imports the interfaces of the functions that it calls and no others, and people see
//! that list before it goes live: a behaviour that never calls [`View::route`] or
//! [`View::destination`] cannot dial outside.
//!
//! # What ends a call
//!
//! A script says how it ends by what it returns; when its caller hangs up it is over. A keyed
//! behaviour hears [`Event::LegEnded`]. A panic, a refusal or too much work costs one event: none
//! of its commands is carried out, and the exchange falls back to the last good version, then to
//! the number's default.
//!
//! # Natively
//!
//! Outside of WebAssembly the same code runs in tests: [`test::Flow`] for call flows,
//! [`native::Module`] for whole invocations.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]
#![warn(missing_docs)]

// What the macros name, so that this crate's own types can use them.
extern crate self as cordboard;

mod host;
mod imports;
mod json;
#[doc(hidden)]
pub mod keyed;
mod language;
#[doc(hidden)]
pub mod module;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
mod policy;
mod refusal;
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
    self, CalendarState, Cause, CommandError, Condition, DialAnswer, DialOutcome, DialResult, Event,
    GatherOutcome as Gathered, Identity, Interests, LegId, Line, LineChange, LineKind, LocalTime, LogLevel,
    Manifest, NumberClass, Offer, Outcome as CommandOutcome, OutcomeKind, Page, Part, PlayOutcome as Played,
    Problem, RouteError, Schedule, SessionScope, Shown, Sound, Stage, Target, Tone,
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
pub use cordboard_macros::script;
pub use cordboard_macros::{Settings, keyed};
pub use host::{Host, Leg, Queued, Screen, Timer, UnlessGone, Watch, leg_of};
pub use keyed::Behaviour;
pub use language::Language;
pub use module::Session;
pub use policy::NotAllowed;
pub use refusal::Refusal;
pub use script::{
    Answer, Call, Dial, Either, Ended, Gather, OrAfter, Outcome, Play, Show, Sounds, Stages, Step,
    Unanswered, Until, Wait, device, first, line, next, number, outside,
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
