//! Runs seed after seed on some threads, for some time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::plan::{Step, plan};
use crate::run::{Failure, Tally, run};
use crate::shrink::shrink;

/// What to search, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    pub seed: u64,
    pub steps: usize,
    pub length: Duration,
    pub threads: usize,
    /// How long to make a failure shorter.
    pub shrinking: Duration,
    /// Tell of a failure, and search on.
    pub keep_going: bool,
}

/// A failure with the plan that shows it.
#[derive(Clone, Debug)]
pub struct Found {
    pub failure: Failure,
    pub steps: usize,
    /// The places in the plan that the failure needs.
    pub only: Vec<Step>,
}

impl Found {
    /// Everything that somebody needs to see it again.
    pub fn tell(&self) -> String {
        let failure = &self.failure;
        let places: Vec<String> = self.only.iter().map(|step| step.place.to_string()).collect();
        let acts: Vec<String> = self.only.iter().map(|step| format!("  {step}")).collect();
        format!(
            "{}\nseed {}, {}\n\nRULE BROKEN: {}\n  {}\n\nWhat it takes:\n{}\n\nAgain:\n  cargo xtask simulate --seed {} --steps {} --only {}\n",
            failure.ladder,
            failure.seed,
            failure
                .step
                .as_ref()
                .map_or_else(|| "before any step".to_owned(), ToString::to_string),
            failure.broken.rule,
            failure.broken.how,
            acts.join("\n"),
            failure.seed,
            self.steps,
            if places.is_empty() {
                "none".to_owned()
            } else {
                places.join(",")
            },
        )
    }
}

/// Searches; tells of its progress about every ten seconds.
pub fn search(search: &Search, progress: impl Fn(&Tally) + Sync) -> (Tally, Option<Found>) {
    let next = AtomicU64::new(search.seed);
    let over = AtomicBool::new(false);
    let all = Mutex::new(Tally::default());
    let found = Mutex::new(None);
    let start = Instant::now();
    let told = Mutex::new(start);
    std::thread::scope(|scope| {
        for _ in 0..search.threads.max(1) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) && start.elapsed() < search.length {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    match one(seed, search) {
                        Ok(tally) => {
                            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                            all.add(&tally);
                            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                            if told.elapsed() > Duration::from_secs(10) {
                                *told = Instant::now();
                                progress(&all);
                            }
                        }
                        Err(failure) => {
                            over.store(!search.keep_going, Ordering::Relaxed);
                            if search.keep_going {
                                println!("{}", failure.tell());
                            }
                            found
                                .lock()
                                .unwrap_or_else(PoisonError::into_inner)
                                .get_or_insert(*failure);
                        }
                    }
                }
            });
        }
    });
    let all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    (all, found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn one(seed: u64, search: &Search) -> Result<Tally, Box<Found>> {
    let steps = plan(seed, search.steps);
    run(seed, &steps).map_err(|failure| Box::new(explain(failure, &steps, search.shrinking)))
}

/// Makes a failure short.
pub fn explain(failure: Box<Failure>, steps: &[Step], patience: Duration) -> Found {
    let (only, failure) = shrink(failure, steps, patience);
    Found {
        failure: *failure,
        steps: steps.len(),
        only,
    }
}
