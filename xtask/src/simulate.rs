//! `cargo xtask simulate`: searches seeds for a run that breaks a rule of the exchange.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, run};

#[derive(Args)]
pub struct Options {
    /// Passed on: --seed N, --minutes M, --steps S, --threads T, --only PLACES (see --help behind `--`)
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
    options: Vec<String>,
}

pub fn run_simulation(options: &Options) -> Result<()> {
    run(cargo()
        .args(["run", "--quiet", "--package", "cordboard-simulation", "--"])
        .args(&options.options))
}
