//! What plays the call flows here: the code itself, natively. And what is only said of scripts.

use std::sync::Arc;

use cordboard::contract::{Manifest, Problem};
use cordboard::native::Module;
use cordboard::prelude::*;
use cordboard::test::{Flow, Tenant};

use super::{Menu, menu};

pub fn flow(settings: &Menu) -> Flow {
    Flow::of::<menu>(settings)
}

/// A version that does the same takes the session over.
pub fn swap(flow: &mut Flow) -> Result<(), String> {
    flow.swap::<menu>()
}

pub fn describe() -> Manifest {
    Module::of::<menu>().describe()
}

pub fn check(settings: &str, tenant: Tenant) -> Vec<Problem> {
    Module::of::<menu>().check(settings, Arc::new(tenant), Default::default())
}

/// What a next version might look like: a jingle comes first.
#[cordboard::script]
async fn jingle_first(call: Call, settings: Menu) -> Outcome {
    call.answer().await;
    call.play("jingle").await;
    call.continue_to(&settings.goodbye).await
}

#[test]
fn another_version_that_would_have_done_something_else_declines() {
    let mut flow = flow(&Menu::default());
    flow.call("0147200001");
    let reason = flow.swap::<jingle_first>().unwrap_err();
    assert!(reason.contains("another way"), "{reason}");
}

#[test]
fn the_readme_names_a_test_for_each_rule_and_no_test_that_is_not_there() {
    let readme = include_str!("../README.md");
    let tests = [include_str!("tests.rs"), include_str!("subject.rs")].concat();
    let rows = || readme.lines().filter(|line| line.starts_with('|'));
    for rule in ["R41", "R42", "R43"] {
        assert!(rows().any(|row| row.starts_with(&format!("| {rule} "))), "{rule}");
    }
    for name in rows().flat_map(|row| row.split('`').skip(1).step_by(2)) {
        assert!(tests.contains(&format!("fn {name}()")), "there is no test {name}");
    }
}
