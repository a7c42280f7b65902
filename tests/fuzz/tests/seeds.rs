//! A fixed set of seeds of every target, in each run of the tests. `cargo xtask fuzz` goes on from there.

#![allow(clippy::unwrap_used, reason = "a test may")]

use cordboard_fuzz::{TARGETS, Until, run};

/// About a second each.
fn cases(target: &str) -> u64 {
    match target {
        "endpoint" | "stream" => 60,
        "rtp" => 30,
        "audio" => 150,
        "register" | "upload" => 400,
        "guest" => 200,
        "settings" => 3_000,
        _ => 6_000,
    }
}

#[test]
fn a_fixed_set_of_seeds_breaks_nothing() {
    for target in TARGETS {
        let outcome = run(target, 1, Until::Cases(cases(target.name)));
        let found: Vec<_> = outcome
            .findings
            .iter()
            .map(|finding| (finding.seed, &finding.what))
            .collect();
        assert!(found.is_empty(), "{}: {found:?}", target.name);
        assert!(
            outcome.inputs >= outcome.cases / 2,
            "{} had next to no input",
            target.name
        );
    }
}

/// Each once showed a fault: an INVITE that nobody waited for any more was sent anew when it was challenged; an answer, and all
/// later offers, repeated more than such a reader takes.
#[test]
fn seeds_that_found_something_find_nothing() {
    for (name, seed) in [("stream", 7_000_316), ("stream", 8_001_000), ("sdp", 12_032_580)] {
        let target = TARGETS.iter().find(|target| target.name == name).unwrap();
        let outcome = run(target, seed, Until::Cases(1));
        assert!(outcome.findings.is_empty(), "{name} {seed}");
        assert_eq!(outcome.cases, 1);
    }
}
