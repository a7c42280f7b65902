//! Callers who press 1 and are called back when it is their turn.

use super::*;
use crate::settings::CallBack;

/// The place of the first caller who is called back.
const PLACE: LegId = LegId(1 << 63 | 1);

fn offered(after: u32) -> GroupSettings {
    GroupSettings {
        members: vec!["101".into()],
        call_back: CallBack {
            on: true,
            after,
            ..CallBack::default()
        },
        ..quiet(Mode::Linear)
    }
}

/// The caller waits for 30 s and presses 1; somebody else has come meanwhile.
fn pressed() -> (Flow, LegId) {
    let mut flow = flow(&offered(30));
    flow.tenant().line("101").calls = 1;
    let caller = flow.call("0612345678");
    let second = flow.call("0147200002");
    flow.did();
    flow.passes(secs(29));
    assert_eq!(flow.did(), [""; 0]);
    flow.passes(secs(1));
    assert_eq!(
        flow.did(),
        [
            "1: answer",
            "2: answer",
            "1: gather a key press-1-to-be-called-back",
            "2: gather a key press-1-to-be-called-back"
        ]
    );
    flow.presses(caller, "1");
    assert_eq!(flow.did(), ["1: play we-will-call-back"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["1: hang up"]);
    flow.presses_nothing(second);
    flow.did();
    (flow, second)
}

#[test]
fn who_presses_1_keeps_the_place_and_is_called_back_before_those_behind() {
    let (mut flow, _) = pressed();
    busy(&mut flow, "101", 0);
    assert_eq!(flow.did(), ["dial outside +33612345678 for 30 s"]);
    let customer = flow.answers(PLACE, 0);
    assert_eq!(
        flow.did(),
        [format!("{customer}: dial line 101 for 25 s, playing on, as 0612345678").replace("leg ", "")],
        "the member sees who it is"
    );
    flow.answers(customer, 0);
    assert!(flow.cited("call-back"));
}

#[test]
fn the_member_is_kept_while_the_caller_is_rung() {
    let (mut flow, _) = pressed();
    busy(&mut flow, "101", 0);
    flow.did();
    flow.call("0147200003");
    assert_eq!(flow.did(), ["3: play ringback tone for ever"]);
}

#[test]
fn who_does_not_answer_keeps_the_place_for_another_attempt() {
    let (mut flow, second) = pressed();
    busy(&mut flow, "101", 0);
    flow.fails(PLACE, Cause::NoAnswer);
    assert_eq!(
        flow.did(),
        [
            "dial outside +33612345678 for 30 s",
            "2: dial line 101 for 25 s, playing on"
        ]
    );
    flow.fails(second, Cause::NoAnswer);
    flow.hangs_up(second);
    flow.did();
    flow.passes(secs(300));
    assert_eq!(flow.did(), ["dial outside +33612345678 for 30 s"]);
    flow.fails(PLACE, Cause::NoAnswer);
    flow.passes(secs(900));
    assert_eq!(flow.did(), [""; 0], "two attempts");
}

#[test]
fn whoever_is_called_back_waits_on_the_line_when_the_member_lets_it_ring() {
    let (mut flow, second) = pressed();
    flow.hangs_up(second);
    busy(&mut flow, "101", 0);
    let customer = flow.answers(PLACE, 0);
    flow.did();
    flow.fails(customer, Cause::NoAnswer);
    assert_eq!(
        flow.did(),
        [format!("{}: play ringback tone for ever", customer.0)]
    );
    flow.passes(secs(5));
    assert_eq!(
        flow.did(),
        [format!(
            "{}: dial line 101 for 25 s, playing on, as 0612345678",
            customer.0
        )]
    );
}

#[test]
fn a_place_is_not_kept_for_ever() {
    let (mut flow, second) = pressed();
    flow.hangs_up(second);
    flow.passes(secs(7_200));
    flow.did();
    busy(&mut flow, "101", 0);
    assert_eq!(flow.did(), [""; 0]);
}

#[test]
fn r24_who_could_not_be_called_is_not_offered_it() {
    let mut flow = flow(&offered(0));
    flow.tenant().line("101").calls = 1;
    flow.call("0899123456");
    flow.call_with("0612345678", |offer| offer.caller.anonymous = true);
    assert_eq!(
        flow.did(),
        ["play ringback tone for ever", "2: play ringback tone for ever"]
    );
}

#[test]
fn who_presses_1_while_a_phone_rings_keeps_the_place_when_nobody_answers_it() {
    let mut flow = flow(&offered(0));
    flow.tenant().line("101").calls = 1;
    let caller = flow.call("0612345678");
    busy(&mut flow, "101", 0);
    flow.did();
    flow.presses(caller, "1");
    assert_eq!(flow.did(), ["play ringback tone for ever"]);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(
        flow.did(),
        ["play we-will-call-back", "dial outside +33612345678 for 30 s"]
    );
}

#[test]
fn a_member_who_answers_while_the_caller_presses_has_the_caller() {
    let mut flow = flow(&offered(0));
    flow.tenant().line("101").calls = 1;
    let caller = flow.call("0612345678");
    busy(&mut flow, "101", 0);
    flow.did();
    flow.answers(caller, 0);
    flow.presses(caller, "1");
    assert_eq!(flow.did(), [""; 0]);
}
