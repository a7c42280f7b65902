use cordboard::test::Flow;

use super::*;

fn step(what: What, targets: &[&str]) -> Step {
    Step {
        what,
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        ..Step::default()
    }
}

fn flow(steps: Vec<Step>) -> Flow {
    let mut flow = Flow::of::<callflow>(&Callflow { steps });
    flow.tenant().lines(&["201", "202"]);
    flow
}

#[test]
fn r11_a_callflow_does_its_steps_in_order() {
    let welcome = Step {
        announcement: Some("welcome".into()),
        ..step(What::Play, &[])
    };
    let mut flow = flow(vec![
        step(What::Answer, &[]),
        welcome,
        step(What::Lines, &["201", "202"]),
        step(What::Devices, &["door"]),
    ]);
    let caller = flow.call("0612345678");
    assert_eq!(flow.did(), ["answer", "play welcome"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["dial line 201 + line 202 for 20 s"]);
    flow.fails(caller, Cause::Busy);
    assert_eq!(flow.did(), ["dial device door for 20 s"]);
    flow.answers(caller, 0);
    flow.hangs_up(caller);
}

/// Somebody stands next on the number, voicemail perhaps: it is not asked unless a step says so.
#[test]
fn r11_nothing_is_implied_when_the_last_step_is_done() {
    let mut without = flow(vec![step(What::Lines, &["201"])]);
    let caller = without.call_with("0612345678", |offer| offer.has_next = true);
    without.did();
    without.fails(caller, Cause::NoAnswer);
    assert_eq!(without.did(), ["reject no-answer"]);
    assert!(without.cited("R11"));

    let mut with = flow(vec![step(What::Lines, &["201"]), step(What::Next, &[])]);
    let caller = with.call_with("0612345678", |offer| offer.has_next = true);
    with.did();
    with.fails(caller, Cause::NoAnswer);
    assert_eq!(with.did(), ["dial next"]);
}

#[test]
fn r11_a_flow_may_end_a_call_at_once_and_one_without_steps_does() {
    let mut at_once = flow(vec![step(What::Answer, &[]), step(What::HangUp, &[])]);
    at_once.call("0612345678");
    assert_eq!(at_once.did(), ["answer", "hang up"]);
    let mut empty = flow(vec![]);
    empty.call("0612345678");
    assert_eq!(empty.did(), ["reject no-answer"]);
}
