//! `cordboard`: the exchange as a program, and the command line that steers one.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod commands;
mod config;
mod logging;
mod media;
mod memory;
mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::Arguments::read().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain in one line; never a backtrace, which tells users nothing.
            eprintln!("cordboard: {error:#}");
            ExitCode::from(commands::exit_status(&error))
        }
    }
}
