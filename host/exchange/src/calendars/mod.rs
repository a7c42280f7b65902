//! Opening hours (R44) and recurring wake-ups.
//!
//! Reads no clock: whoever asks says when. Local time becomes a point in time under one rule, which [`local`]
//! states: what is written once happens once, also on the days when clocks change.

mod cron;
mod document;
mod evaluate;
mod holidays;
mod local;

pub use cron::{CronError, Recurrence};
pub use document::{Break, Calendar, ClosedDays, Day, Hours, TimeOfDay, Weekday};
pub use holidays::{countries, holiday};
pub use local::{instant_of, local_time, weekday};
