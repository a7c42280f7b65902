//! A fixed set of seeds of every target, in each run of the tests. `cargo xtask fuzz` goes on from there.

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
