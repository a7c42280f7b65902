//! The exchange as a process, and real peers around it on the loopback interface.
//!
//! | module | peer |
//! |-|-|
//! | [`alerter`] | baresip, inside and outside, hears the busy alerter and chooses; a call back over a crash |
//! | [`calls`] | SIPp in both roles, with the scenarios in `scenarios/` |
//! | [`borrowed`] | SIPp scenarios of other projects, each with the result that the standard asks for |
//! | [`elsewhere`] | SIPp is another system, whose phone we watch |
//! | [`forwards`] | baresip: which phone of a line or its deputy's rings, what it shows, what the caller hears |
//! | [`group`] | baresip: supervisors of a group, a member's key, and its lamp (SIPp) |
//! | [`lamps`] | SIPp watches a line of baresip's |
//! | [`lines`] | baresip hears what a second caller hears (R28) |
//! | [`network`] | IPv6, TCP in pieces, large messages, a CANCEL that crosses the answer |
//! | [`crowd`] | many calls into a group of SIPp phones, with sound ([`voices`]), and a queue over crashes |
//! | [`outgoing`] | baresip at both ends of a call to the outside |
//! | [`pickup`] | baresip takes calls that ring or are parked elsewhere |
//! | [`restart`] | the exchange is killed while phones are registered and talk |
//! | [`services`] | baresip and linphone: hold, transfers, answered elsewhere, texts, SHA-256 |
//! | [`talks`] | baresip, with sound |
//! | [`torture`] | the messages of RFC 4475 and RFC 5118 |
//!
//! Every test starts an exchange of its own, on ports and in a folder of its own. Waiting is for events: a line
//! of output, an answer, the end of a process; never for time alone.

#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod alerter;
mod baresip;
mod borrowed;
mod borrowed_cases;
mod calls;
mod crowd;
mod ear;
mod elsewhere;
mod forwards;
mod group;
mod lamps;
mod lines;
mod linphone;
mod lossy;
mod network;
mod outgoing;
mod pickup;
mod restart;
mod server;
mod services;
mod sipp;
mod sound;
mod talks;
mod tenant;
mod torture;
mod voices;

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longer than anything on a loopback interface takes, shorter than a tester's.
const PATIENCE: Duration = Duration::from_secs(60);

/// A path that `cargo xtask test` hands over.
fn given(variable: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => panic!("{variable} is not set: run these tests with `cargo xtask test`"),
    }
}

/// A program on the path, or the fix in the test's message.
fn program(name: &str, package: &str) -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    match found {
        Some(file) => file,
        None => panic!("`{name}` is missing: `sudo apt-get install {package}` installs it"),
    }
}

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Our own scenario.
fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(format!("{name}.xml"))
}

/// The collected third-party cases, which are no part of the repository.
fn collected() -> Option<PathBuf> {
    let beside = root().join("../shared/peers");
    let given = std::env::var_os("CORDBOARD_PEERS").map(PathBuf::from);
    given.into_iter().chain([beside]).find(|folder| folder.is_dir())
}

/// Asks the exchange or a phone until there is an answer.
#[track_caller]
fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    client::until(what, PATIENCE, ask)
}
