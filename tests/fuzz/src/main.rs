//! `cargo xtask fuzz` ends up here.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Parser;
use cordboard_fuzz::{Outcome, TARGETS, Target, Until, find, run};

#[derive(Parser)]
#[command(about = "Damages messages, packets and recordings at random, and reports what breaks")]
struct Options {
    /// How long, over all targets
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Only this one; may be repeated
    #[arg(long)]
    target: Vec<String>,
    /// First seed; each case takes the next
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// So many cases of each target, instead of a time
    #[arg(long)]
    cases: Option<u64>,
    /// Show the targets
    #[arg(long)]
    list: bool,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if options.list {
        for target in TARGETS {
            println!("{:<9} {}", target.name, target.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let targets = chosen(&options.target)?;
    let share = Duration::from_secs_f64((options.minutes * 60.0).max(0.0)) / targets.len() as u32;
    let until = options.cases.map_or(Until::Time(share), Until::Cases);
    let mut sound = true;
    for target in targets {
        let outcome = run(target, options.seed, until);
        print(target, &outcome);
        sound &= outcome.findings.is_empty();
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn chosen(names: &[String]) -> Result<Vec<&'static Target>> {
    if names.is_empty() {
        return Ok(TARGETS.iter().collect());
    }
    let mut targets = Vec::new();
    for name in names {
        match find(name) {
            Some(target) => targets.push(target),
            None => bail!("there is no target `{name}`; --list shows them"),
        }
    }
    Ok(targets)
}

fn print(target: &Target, outcome: &Outcome) {
    println!(
        "{:<9} {:>10} cases {:>12} inputs {:>3} findings",
        target.name,
        outcome.cases,
        outcome.inputs,
        outcome.findings.len()
    );
    for finding in &outcome.findings {
        println!("  {}", finding.what);
        println!(
            "  again: cargo xtask fuzz --target {} --seed {} --cases 1",
            target.name, finding.seed
        );
    }
}
