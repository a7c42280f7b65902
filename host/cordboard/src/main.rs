//! `cordboard`: the exchange as a program, and the command line that steers one.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test may"))]

mod commands;
mod config;
mod logging;
mod media;
mod shell;

use std::process::ExitCode;

use clap::Parser;

/// Most of what one thread makes another one drops (messages, reports, records). The system's allocator moves such
/// pieces back and forth under locks; this one leaves them where they are.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::Arguments::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain in one line; never a backtrace, which tells users nothing.
            eprintln!("cordboard: {error:#}");
            ExitCode::from(commands::exit_status(&error))
        }
    }
}
