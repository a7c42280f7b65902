//! The group in C keeps the rules that the group in Rust keeps (R29 to R40).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use cordboard::prelude::*;
use group::{GroupSettings, Mode, Overflow};

languages::subject!(C, "group", group::GroupSettings);

#[path = "../../../guests/group/src/tests/rules.rs"]
mod rules;
