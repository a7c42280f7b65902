use cordboard::test::Flow;

use super::*;

#[test]
fn every_key_is_spoken_back() {
    let mut flow = Flow::of::<echo>(&Echo::default());
    let caller = flow.call("0612345678");
    assert_eq!(flow.did(), ["answer", "play echo"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["gather a key"]);
    flow.presses(caller, "7");
    assert_eq!(flow.did(), ["play digits 7"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["gather a key"]);
}

#[test]
fn a_caller_who_presses_nothing_is_hung_up() {
    let mut flow = Flow::of::<echo>(&Echo::default());
    let caller = flow.call("0612345678");
    flow.played(caller);
    flow.did();
    flow.presses_nothing(caller);
    assert_eq!(flow.did(), ["hang up"]);
    assert!(flow.cited("patience"));
}

#[test]
fn a_caller_who_hangs_up_ends_it() {
    let mut flow = Flow::of::<echo>(&Echo::default());
    let caller = flow.call("0612345678");
    flow.did();
    flow.hangs_up(caller);
    assert_eq!(flow.did(), [""; 0]);
    assert_eq!(flow.state_len(), 1, "nothing is kept of it");
}
