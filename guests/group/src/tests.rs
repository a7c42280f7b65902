//! The rules as call flows, which groups in other languages have to keep too; what call centres expect besides; whole
//! days against a reference model.

use cordboard::test::Flow;
use cordboard::{Event, LineChange};
use rules::{busy, flow, quiet, word};

use super::*;

mod call_back;
mod call_centre;
mod fairness;
mod rules;
mod simulation;
mod supervision;

/// What plays the call flows here: the code itself, natively.
mod subject {
    use std::sync::Arc;

    use cordboard::contract::{Manifest, Problem};
    use cordboard::native::Module;
    use cordboard::test::{Flow, Tenant};

    use crate::{Group, GroupSettings};

    /// Bytes of state that forty members and fifty callers may take.
    pub const FULL_HOUSE: usize = 4_096;

    pub fn flow(settings: &GroupSettings) -> Flow {
        Flow::of::<Group>(settings)
    }

    pub fn describe() -> Manifest {
        Module::of::<Group>().describe()
    }

    pub fn check(settings: &str, tenant: Tenant) -> Vec<Problem> {
        Module::of::<Group>().check(settings, Arc::new(tenant), Default::default())
    }
}

#[test]
fn the_readme_names_a_test_for_each_rule_and_no_test_that_is_not_there() {
    let readme = include_str!("../README.md");
    let sources = [
        include_str!("tests/rules.rs"),
        include_str!("tests/call_centre.rs"),
        include_str!("tests/call_back.rs"),
        include_str!("tests/fairness.rs"),
        include_str!("tests/simulation/mod.rs"),
        include_str!("tests/supervision.rs"),
        include_str!("../tests/queue.rs"),
        include_str!("../../../tests/simulation/tests/call_centre.rs"),
        include_str!("../../../tests/peers/src/crowd.rs"),
        include_str!("../../../tests/peers/src/group.rs"),
        include_str!("../../../tests/peers/src/restart.rs"),
        include_str!("../../../tests/peers/src/services.rs"),
    ]
    .concat();
    for rule in 29..=40 {
        assert!(readme.contains(&format!("| R{rule} | ")), "R{rule} has no row");
    }
    let rows = readme.lines().filter(|line| line.starts_with('|'));
    for name in rows.flat_map(|row| row.split('`').skip(1).step_by(2)) {
        assert!(
            sources.contains(&format!("fn {name}()")),
            "there is no test {name}"
        );
    }
}
