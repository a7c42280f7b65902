//! `cargo xtask bench`: parts with criterion, the whole under load beside what a user would pick instead.

mod callbacks;
mod disk;
mod groups;
mod held;
mod hostile;
mod lines;
mod load;
mod prober;
mod process;
mod sipp;
mod stage;
mod subject;
mod swap;
mod table;
mod tenants;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::run::{cargo, run};
use crate::{guests, languages};

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Parts: a message, a transaction, a decision, a whole call through the exchange
    Parts,
    /// Calls over real sockets, beside Kamailio with Lua
    Load(load::Options),
    /// CPU per call while other calls are up
    Held(held::Options),
    /// A tenant's calls while others' modules misbehave, beside the same calls while they do not
    Hostile(hostile::Options),
    /// Calls while the version of their behaviour changes every second, beside the same calls while it does not
    Swap(swap::Options),
    /// Thousands of tenants, each with a module of its own: memory, start, first calls
    Tenants(tenants::Options),
    /// A thousand groups busy at once
    Groups(groups::Options),
    /// Pending call backs: what each takes in memory, and how soon a caller hears that the line is free
    Callbacks(callbacks::Options),
    /// Idle registered lines: what each takes in memory after a start
    Lines(lines::Options),
    /// RTP relay beside a bare UDP forwarder
    Rtp,
    /// The same decisions in Rust, C, JavaScript and Python
    Languages,
}

pub fn run_bench(options: &Options) -> Result<()> {
    match &options.what {
        Some(What::Parts) => parts(),
        Some(What::Load(options)) => load::run_load(options),
        Some(What::Held(options)) => held::run_held(options),
        Some(What::Hostile(options)) => hostile::run_hostile(options),
        Some(What::Swap(options)) => swap::run_swap(options),
        Some(What::Tenants(options)) => tenants::run_tenants(options),
        Some(What::Groups(options)) => groups::run_groups(options),
        Some(What::Callbacks(options)) => callbacks::run_callbacks(options),
        Some(What::Lines(options)) => lines::run_lines(options),
        Some(What::Rtp) => rtp(),
        Some(What::Languages) => in_each_language(),
        None => {
            parts()?;
            rtp()?;
            held::run_held(&held::Options::default())?;
            load::run_load(&load::Options::default())
        }
    }
}

fn parts() -> Result<()> {
    guests::build()?;
    languages::build()?;
    run(cargo()
        .args(["bench", "--workspace"])
        .env("CORDBOARD_GUESTS", guests::folder())
        .env("CORDBOARD_LANGUAGES", languages::folder()))
}

fn in_each_language() -> Result<()> {
    guests::build()?;
    languages::build()?;
    run(cargo()
        .args([
            "bench",
            "--package",
            "cordboard-languages",
            "--bench",
            "languages",
        ])
        .env("CORDBOARD_GUESTS", guests::folder())
        .env("CORDBOARD_LANGUAGES", languages::folder()))
}

fn rtp() -> Result<()> {
    run(cargo().args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "cordboard-benches",
        "--bin",
        "cordboard-bench-rtp",
    ]))
}
