//! What every room shares and none owns: [`Moment`], [`Random`], [`Pii`].
//!
//! Depends on nothing of Cordboard's. Never reads a clock or the system's
//! randomness: both are handed in by the shell or the simulator.

mod moment;
mod pii;
mod random;

pub use moment::Moment;
pub use pii::Pii;
pub use random::Random;
