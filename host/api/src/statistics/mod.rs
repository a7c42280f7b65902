//! Sums of calls (R9): who made and got how many, and what became of them. Made of call detail records when somebody asks; nothing is
//! kept beside these.
//!
//! A call counts for each party that takes part: outbound for the line that makes it, inbound for the line or number that was called, for
//! each that it was sent on to, and for the line that took it. It belongs to the moment at which it began.
//! Lines that rang with others, in a group or in a multi-ring, and did not take the call are not in its record, and not in these sums.

mod party;
mod period;
mod sums;

pub(crate) use party::{Party, PartyKind, Way, parts};
pub(crate) use period::{By, Period};
pub(crate) use sums::{Row, Sums, Table};
