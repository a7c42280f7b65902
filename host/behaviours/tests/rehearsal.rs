//! The dry run of an upload: what goes wrong in everyday calls is told before anybody calls.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use support::{Guest, RING, hunting, strict};

fn refusals(guest: &Guest<'_>) -> Vec<String> {
    let problems = strict().inspect(&guest.core()).unwrap_err();
    problems.into_iter().map(|problem| problem.message).collect()
}

/// Event cases: 0 is `call-offered`, 3 is `leg-ended`.
const CASE: &str = "(local.get $args) (i32.load8_u offset=48)";

#[test]
fn a_module_that_goes_along_is_taken() {
    let inspected = strict().inspect(&hunting::build("hunt")).unwrap();
    assert_eq!(inspected.manifest.name, "hunt");
}

#[test]
fn a_caller_left_in_silence_is_told_before_anybody_calls() {
    let refusals = refusals(&Guest::default());
    assert_eq!(
        refusals.len(),
        1,
        "one fault, however many calls show it: {refusals:#?}"
    );
    assert!(refusals[0].starts_with("the dry run failed (a call that is answered; busy everywhere;"));
    assert!(refusals[0].contains("the caller would hear silence: answer, ring, dial"));
}

#[test]
fn a_trap_at_the_end_of_a_call_is_found() {
    let guest = Guest {
        imports: RING,
        handle: &format!(
            "(if (i32.eq {CASE} (i32.const 3)) (then (unreachable)))
             (call $ring (i64.const 1) (i64.const 1) (i32.const 0x8000))
             (call $ok (i32.const 0) (i32.const 0))"
        ),
        ..Guest::default()
    };
    let refusals = refusals(&guest);
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
    assert!(
        refusals[0].contains("at `leg-ended`, the module trapped: "),
        "{refusals:#?}"
    );
    assert!(refusals[0].ends_with("play this call in a test, and handle what comes there"));
}

#[test]
fn what_the_module_says_and_what_it_does_are_told_together() {
    let guest = Guest {
        handle: "(call $ok (i32.const 0) (i32.const 0x10001))",
        name: "Bad Name",
        ..Guest::default()
    };
    let refusals = refusals(&guest);
    assert_eq!(refusals.len(), 2, "{refusals:#?}");
    assert!(refusals[0].starts_with("the manifest's name"));
    assert!(refusals[1].contains("65537 bytes of state, 65536 are allowed; keep less in the state"));
}

#[test]
fn a_dry_run_has_an_end() {
    let guest = Guest {
        handle: "(loop $again (br $again)) (unreachable)",
        ..Guest::default()
    };
    let refusals = refusals(&guest);
    assert!(
        refusals[0].contains("used up its fuel on one event; do less in one event"),
        "{refusals:#?}"
    );
}
