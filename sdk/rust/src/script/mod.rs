//! One call, told as a story: an `async fn` that is run again from the top at each event.
//!
//! Nothing of the running future is kept. What is kept is the `tape`: what the script did
//! and what came of it. At an event the script runs once more, gets the old outcomes without
//! anything being done again, and goes on from the step that the new event answers. A few bytes
//! of state survive restarts and move between nodes; a version that would have acted differently
//! is noticed and does not take the call over.
//!
//! For that a script must be deterministic: everything it learns comes from its [`Call`]. A call
//! keeps the settings it began with.

mod around;
mod call;
mod dial;
mod first;
mod run;
mod sound;
mod step;
pub(crate) mod tape;

pub use around::{Show, Until};
pub use call::Call;
pub use dial::{Dial, Stages, Unanswered, device, line, next, number, outside};
pub use first::{Either, first};
pub use run::{Script, handle, migrate};
pub use sound::{Gather, Play, Sounds};
pub use step::{Answer, Ended, OrAfter, Step, Wait};

use contract::Cause;

/// How a script ends. Only a [`Call`] and what comes of it can make one, so no script forgets the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "return it from the script"]
pub struct Outcome(pub(crate) End);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The caller talks to somebody; the call ends when they do.
    Connected,
    HangUp,
    Reject(Cause),
}
