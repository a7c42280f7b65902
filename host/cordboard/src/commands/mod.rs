//! The command line.

mod serve;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cordboard",
    version,
    about = "A telephone exchange whose call logic is WebAssembly"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the exchange
    Serve(serve::Options),
}

impl Arguments {
    /// # Errors
    ///
    /// What went wrong, for people.
    pub fn run(self) -> Result<()> {
        match self.command {
            Command::Serve(options) => serve::run(&options),
        }
    }
}
