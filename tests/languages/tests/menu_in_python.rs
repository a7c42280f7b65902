//! The menu in Python does what the menu in Rust does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use cordboard::prelude::*;
use menu::{ByName, Key, Level, Menu, Person, Subkey, Submenu};

languages::subject!(Python, "menu", menu::Menu);

#[path = "../../../guests/menu/src/tests.rs"]
mod tests;
