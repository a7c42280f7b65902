//! A fixed set of seeds, as part of every test run. `cargo xtask simulate` searches for more.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use cordboard_simulation::plan::plan;
use cordboard_simulation::run::{Tally, run};
use cordboard_simulation::search::explain;

/// Steps of each seed's plan.
const STEPS: usize = 300;

/// Runs seeds; a failure is made short and told with how to see it again.
fn holds(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        runs(seed, STEPS);
    }
}

fn runs(seed: u64, steps: usize) -> Tally {
    let steps = plan(seed, steps);
    run(seed, &steps).unwrap_or_else(|failure| {
        let found = explain(failure, &steps, Duration::from_secs(20));
        panic!("{}", found.tell());
    })
}

/// Every fourth seed has no faults, and the strictest rules.
#[test]
fn calls_keep_every_rule_on_a_clean_network() {
    holds((1..=10).map(|number| number * 4));
}

/// Loss, storms, crashes, traps, late answers, swaps.
#[test]
fn calls_keep_every_rule_whatever_goes_wrong() {
    holds((3..=27).filter(|seed| seed % 4 != 0));
}

/// Texts, lamps, call backs, pick-ups, parked calls, glare, CANCEL against 200, calls taken over.
#[test]
fn calls_keep_every_rule_in_a_town_with_more_services() {
    holds(80_000..80_006);
}

/// Displays, opening hours that end in the middle of calls, features by code, trials and deadlines of versions, numbers
/// that go and come back.
#[test]
fn calls_keep_every_rule_in_a_town_with_all_services() {
    holds(300_000..300_006);
}

/// The same, and the sound of one company goes straight from phone to phone until somebody needs it.
#[test]
fn calls_keep_every_rule_where_sound_goes_straight() {
    holds(400_000..400_006);
}

/// Phones know reliable provisional responses, early UPDATE and session timers, calls fork; each seed must have had some.
#[test]
fn calls_keep_every_rule_where_phones_know_more_than_the_basic_protocol() {
    for seed in 9_000_000..9_000_006 {
        let tally = runs(seed, STEPS);
        assert!(tally.pracks > 0 && tally.updates > 0, "seed {seed}: {tally:?}");
    }
}

/// Each once showed a fault: a 2xx without its ACK, a callee left alone, a BYE that died with the process, a caller
/// who waited for ever, two sessions that woke each other for ever, a caller in silence inside of another behaviour, one
/// whose group had lost an event, one whom a forward led back to the alerter that had him, a callee
/// whose good-bye overtook its answer, a caller whose music was played over, one whose partner's good-bye died with the
/// process, a phone that was picked up long after all had given it up, one whose offer nobody answered, one whose port
/// somebody else got at a restart, a callee who refused before anybody had answered its UPDATE, one whose
/// re-INVITE was answered by a process that died, an UPDATE that went to another branch of a fork after a restart.
#[test]
fn seeds_that_broke_a_rule_keep_it() {
    let seeds = [
        5049, 5083, 5183, 5210, 5229, 5245, 9093, 9680, 30_263, 31_374, 31_487, 31_641, 31_741, 35_504,
        50_104, 51_711, 138_772, 800_789, 800_922, 800_987, 872_663, 1_002_123, 1_012_770, 2_002_465,
        3_019_342, 3_024_113, 3_027_575, 3_027_893, 3_035_023, 7_002_073, 9_100_193, 9_202_395, 9_206_962,
    ];
    for seed in seeds {
        runs(seed, 400);
    }
}

/// The same seed gives the same run, or nothing could be seen again.
#[test]
fn a_seed_runs_the_same_twice() {
    let steps = plan(5, 150);
    let (first, second) = (run(5, &steps), run(5, &steps));
    assert_eq!(
        first.map_err(|failure| failure.ladder),
        second.map_err(|failure| failure.ladder)
    );
}
