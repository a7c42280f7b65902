//! One function for each thing that the contract lets a behaviour do or ask.
//!
//! In a component they are the WIT imports; natively they go to the [recorder](crate::native)
//! of the event at hand. Both have the same signatures, in the words of `contract`.

use contract::CommandError;

/// What queuing a command answers.
pub(crate) type Queued = Result<(), CommandError>;

#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::*;

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::*;
