//! Other exchanges that have phones of ours: what they ask about their calls, and what we ask about their lines.
//!
//! | part | what for |
//! |---|---|
//! | [`intercept`] | it asks what shall become of a call of its own, and a behaviour says |
//! | [`elsewhere`] | lines whose phones it has: how they are rung, and calls that it diverts because of them |
//! | [`asking`] | how those lines are: asked for (SUBSCRIBE) as long as somebody wants to know |
//! | [`hearing`] | what comes back (NOTIFY), and that nothing comes any more |
//! | [`watched`] | one such line: when it is asked about, and when again |
//! | [`told`] | what its documents come to |
//!
//! Who asks how *our* lines are is the business of [`notifier`](super::notifier).

mod asking;
mod elsewhere;
mod hearing;
mod intercept;
mod told;
mod watched;

pub(crate) use self::asking::{Knowledge, Watching};
pub(crate) use self::elsewhere::Tried;
pub(crate) use self::intercept::Intercepted;
pub(in crate::engine) use self::told::Dialog;
