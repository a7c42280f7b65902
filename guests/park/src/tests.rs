use cordboard::test::Flow;

use super::*;

fn flow() -> Flow {
    let mut flow = Flow::of::<Park>(&ParkSettings::default());
    flow.tenant().lines(&["201", "202"]);
    flow
}

/// 202 transfers a caller to the place.
fn parks(flow: &mut Flow) -> LegId {
    flow.call_with("0612345678", |offer: &mut Offer| {
        offer.diversions = vec!["202".into()];
        offer.answered = true;
    })
}

#[test]
fn r48_a_call_is_parked_and_whoever_dials_the_place_gets_it() {
    let mut flow = flow();
    parks(&mut flow);
    assert_eq!(flow.did(), ["answer", "play hold for ever"]);
    flow.call("201");
    assert_eq!(flow.did(), ["2: answer", "bridge leg 1 with leg 2"]);
    assert!(flow.cited("R48 retrieve"));
}

#[test]
fn r48_a_place_without_a_call_and_one_that_is_taken_say_so() {
    let mut flow = flow();
    flow.call("201");
    assert_eq!(flow.did(), ["reject unreachable", "finish"]);
    parks(&mut flow);
    flow.did();
    parks(&mut flow);
    assert_eq!(flow.did(), ["3: reject busy"]);
}

#[test]
fn r48_after_a_while_whoever_parked_the_call_is_rung() {
    let mut flow = flow();
    let leg = parks(&mut flow);
    flow.did();
    flow.passes(cordboard::secs(120));
    assert_eq!(flow.did(), ["dial line 202 for 25 s, playing on"]);
    flow.fails(leg, Cause::NoAnswer);
    assert_eq!(flow.did(), ["play hold for ever"]);
    flow.passes(cordboard::secs(120));
    flow.answers(leg, 0);
    assert!(flow.cited("R48 return"));
    flow.hangs_up(leg);
    assert_eq!(flow.did().last().map(String::as_str), Some("finish"));
}
