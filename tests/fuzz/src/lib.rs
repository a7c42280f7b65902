//! Fuzzing without a special compiler: well-formed inputs of our own making are damaged at random and handed
//! to a pure room, in a build with every check on.
//!
//! One *case* is everything that follows from one seed, so a seed is all that is needed to see a finding again. A
//! [`Target`] says what a case does and what must hold after it; [`run`](fn@run) goes from seed to seed,
//! catches panics, and notices cases that take far too long.
//!
//! There is no coverage feedback: the rooms are small enough that structure (whole dialogs, whole streams, damaged
//! in one place) finds more than blind search.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a case that is not as it should be has to fail loudly"
)]

mod mutate;
mod run;
mod targets;
mod words;

pub use mutate::Mutator;
pub use run::{Finding, Outcome, Until, run};
pub use targets::{TARGETS, Target, find};
