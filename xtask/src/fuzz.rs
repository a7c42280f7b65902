//! `cargo xtask fuzz`: `tests/fuzz` for as long as it is told to.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, run};

#[derive(Args)]
pub struct Options {
    /// How long, over all targets
    #[arg(long)]
    minutes: Option<f64>,
    /// Only this one; may be repeated
    #[arg(long)]
    target: Vec<String>,
    /// First seed; each case takes the next
    #[arg(long)]
    seed: Option<u64>,
    /// So many cases of each target, instead of a time
    #[arg(long)]
    cases: Option<u64>,
    /// Show the targets
    #[arg(long)]
    list: bool,
}

/// The dev profile has every check on, and is what the tests have built already.
pub fn fuzz(options: &Options) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "cordboard-fuzz", "--"]);
    if let Some(minutes) = options.minutes {
        command.args(["--minutes", &minutes.to_string()]);
    }
    for target in &options.target {
        command.args(["--target", target]);
    }
    if let Some(seed) = options.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    if let Some(cases) = options.cases {
        command.args(["--cases", &cases.to_string()]);
    }
    if options.list {
        command.arg("--list");
    }
    run(&mut command)
}
