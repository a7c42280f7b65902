//! Makes a failing plan short: leaves out what the failure does not need.

use std::time::{Duration, Instant};

use crate::plan::Step;
use crate::run::{Failure, run};

/// The shortest plan found within `patience` that breaks the same rule, and how it does.
///
/// Steps behind the failure go first; then ever smaller pieces, as long as the same rule breaks without them.
pub fn shrink(failure: Box<Failure>, steps: &[Step], patience: Duration) -> (Vec<Step>, Box<Failure>) {
    let start = Instant::now();
    let last = failure.step.as_ref().map_or(0, |step| step.place);
    let mut steps: Vec<Step> = steps.iter().filter(|step| step.place <= last).cloned().collect();
    let mut best = failure;
    let mut piece = steps.len().div_ceil(2).max(1);
    while start.elapsed() < patience {
        let mut shorter = false;
        let mut from = 0;
        while from < steps.len() && start.elapsed() < patience {
            let without: Vec<Step> = left_out(&steps, from, piece);
            match run(best.seed, &without) {
                Err(found) if found.broken.rule == best.broken.rule => {
                    steps = without;
                    best = found;
                    shorter = true;
                }
                Ok(_) | Err(_) => from += piece,
            }
        }
        if piece == 1 && !shorter {
            break;
        }
        piece = piece.div_ceil(2).max(1);
    }
    (steps, best)
}

fn left_out(steps: &[Step], from: usize, count: usize) -> Vec<Step> {
    let outside = |(place, _): &(usize, &Step)| *place < from || *place >= from + count;
    let kept = steps.iter().enumerate().filter(outside);
    kept.map(|(_, step)| step.clone()).collect()
}
