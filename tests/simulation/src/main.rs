//! `cargo xtask simulate` runs this.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use cordboard_simulation::plan::{Step, plan};
use cordboard_simulation::run::{Tally, run};
use cordboard_simulation::search::{Found, Search, explain, search};

/// Searches seeds for a run that breaks a rule of the exchange
#[derive(Parser)]
#[command(name = "cargo xtask simulate")]
struct Options {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to search; without it, or with --only, that one seed runs
    #[arg(long)]
    minutes: Option<f64>,
    /// Steps of each run
    #[arg(long, default_value_t = 400)]
    steps: usize,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Only these steps of the seed's plan, as a failure names them
    #[arg(long)]
    only: Option<String>,
    /// Tell of failures and search on, until the time is over
    #[arg(long)]
    keep_going: bool,
    /// Seconds to make a failure shorter
    #[arg(long, default_value_t = 60)]
    shrink: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    // Panics are told with their seed, by whoever caught them.
    std::panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    let (tally, found) = match options.minutes {
        Some(minutes) if options.only.is_none() => {
            let plan = Search {
                seed: options.seed,
                steps: options.steps,
                length: Duration::from_secs_f64(minutes * 60.0),
                threads: options.threads,
                shrinking: Duration::from_secs(options.shrink),
                keep_going: options.keep_going,
            };
            search(&plan, |tally| show(tally, start))
        }
        _ => single(&options),
    };
    show(&tally, start);
    match found {
        None => {
            println!("no rule was broken");
            ExitCode::SUCCESS
        }
        Some(found) => {
            println!("{}", found.tell());
            ExitCode::FAILURE
        }
    }
}

fn single(options: &Options) -> (Tally, Option<Found>) {
    let all = plan(options.seed, options.steps);
    let steps: Vec<Step> = match &options.only {
        None => all,
        Some(places) => {
            let wanted: Vec<usize> = places
                .split(',')
                .filter_map(|place| place.trim().parse().ok())
                .collect();
            all.into_iter()
                .filter(|step| wanted.contains(&step.place))
                .collect()
        }
    };
    match run(options.seed, &steps) {
        Ok(tally) => (tally, None),
        Err(failure) => {
            let patience = Duration::from_secs(options.shrink);
            let mut found = explain(failure, &steps, patience);
            found.steps = options.steps;
            (Tally::default(), Some(found))
        }
    }
}

fn show(tally: &Tally, start: Instant) {
    println!(
        "{:>6.0} s: {} seeds, {} steps, {} calls ({} answered), {:.1} h simulated; {} messages lost, late or twice, \
         {} failures of behaviours, {} crashes, {} swaps, {} PRACK, {} UPDATE",
        start.elapsed().as_secs_f64(),
        tally.seeds,
        tally.steps,
        tally.calls,
        tally.answered,
        tally.hours(),
        tally.messages,
        tally.guests,
        tally.crashes,
        tally.swaps,
        tally.pracks,
        tally.updates,
    );
}
