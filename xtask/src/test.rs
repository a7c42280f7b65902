//! `cargo xtask test`: everything that must pass, cheapest first.

use std::time::Instant;

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, run, target_dir};
use crate::{guests, languages, policy, screens, setup, tour};

#[derive(Args)]
pub struct Options {
    /// Leave out the tests against SIPp and baresip
    #[arg(long)]
    no_peers: bool,
}

pub fn all(options: &Options) -> Result<()> {
    step("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
    step("dependency policy", policy::check)?;
    step("guests", || guests::build().map(drop))?;
    step("other languages", || languages::build().map(drop))?;
    step("lints", || {
        run(cargo().args([
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]))
    })?;
    // Always the whole workspace: another choice of packages has other features, and builds wasmtime once more.
    step("binary", || {
        run(cargo().args(["build", "--quiet", "--workspace", "--bins"]))
    })?;
    step("tests", || {
        run(with_paths(cargo().args([
            "test",
            "--quiet",
            "--workspace",
            "--",
            "--skip",
            "peers_",
        ])))
    })?;
    step("tour", tour::show)?;
    step("screens", || screens::run_screens().map(drop))?;
    if options.no_peers {
        println!("left out on request: the tests against SIPp and baresip");
        return Ok(());
    }
    step("peers", || {
        let phones = [setup::SIPP, setup::BARESIP, setup::LINPHONE, setup::SOX];
        setup::tools(&phones, &[])?;
        run(with_paths(cargo().args([
            "test",
            "--package",
            "cordboard-peers",
            "--",
            "--nocapture",
            "--test-threads=1",
            "peers_",
        ])))
    })
}

/// Where tests find the modules and the binary that they drive.
fn with_paths(command: &mut std::process::Command) -> &mut std::process::Command {
    command
        .env("CORDBOARD_GUESTS", guests::folder())
        .env("CORDBOARD_LANGUAGES", languages::folder())
        .env("CORDBOARD_BIN", target_dir().join("debug").join("cordboard"))
}

fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("── {name}");
    let start = Instant::now();
    work()?;
    println!("── {name}: passed in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}
