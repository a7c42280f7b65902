//! `cargo xtask …`: everything a contributor or CI runs, with its own set-up.
//!
//! Each command installs what it needs (the Wasm target, Debian packages for the peers) or stops
//! with the command that would. Nothing is skipped silently.

mod bench;
mod demo;
mod fuzz;
mod guests;
mod languages;
#[cfg(test)]
mod named;
mod policy;
mod run;
mod screens;
mod setup;
mod simulate;
mod test;
mod tour;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, test, show and measure Cordboard")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the shipped behaviours to WebAssembly
    Guests,
    /// Build the behaviours in other languages to WebAssembly
    Languages(languages::Options),
    /// Start an exchange with a demo tenant and watch a call
    Demo(demo::Options),
    /// From upload to rollback, on a terminal, against a real exchange
    Tour,
    /// Draw the pages of the shipped behaviours as telephones show them, from what is really sent
    Screens,
    /// Run everything that must pass
    Test(test::Options),
    /// Search seeds for a run that breaks a rule of the exchange
    Simulate(simulate::Options),
    /// Measure, beside what a user would pick instead
    Bench(bench::Options),
    /// Damage messages, packets and recordings at random, and report what breaks
    Fuzz(fuzz::Options),
    /// Check the licences and sources of all dependencies against policy.toml
    Policy,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Guests => guests::build().map(|built| {
            for guest in built {
                println!("{}", guest.display());
            }
        }),
        Command::Languages(options) => languages::run_languages(&options),
        Command::Demo(options) => demo::run_demo(&options),
        Command::Tour => tour::run_tour(),
        Command::Screens => screens::run_screens().map(|drawn| {
            for picture in drawn {
                println!("{}", picture.display());
            }
        }),
        Command::Test(options) => test::all(&options),
        Command::Simulate(options) => simulate::run_simulation(&options),
        Command::Bench(options) => bench::run_bench(&options),
        Command::Fuzz(options) => fuzz::fuzz(&options),
        Command::Policy => policy::check(),
    }
}
