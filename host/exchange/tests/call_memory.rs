//! How much memory an established call takes, media apart: both dialogs, the legs, the session, what is stored of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod counting;

#[path = "load/rig.rs"]
mod rig;

use std::time::Duration;

use rig::Rig;

const CALLS: usize = 2_000;
const MOST_PER_CALL: usize = 30 * 1_024;

#[test]
fn an_established_call_takes_at_most_30_kib() {
    let mut rig = Rig::with_live(1);
    let before = counting::in_use();
    let calls: Vec<_> = (0..CALLS).map(|_| rig.set_up()).collect();
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.exchange.census().calls, CALLS + 1);
    let per_call = (counting::in_use() - before) / CALLS;
    println!("{per_call} bytes for an established call");
    assert!(
        per_call <= MOST_PER_CALL,
        "{per_call} bytes for an established call"
    );
    for call in &calls {
        rig.tear_down(call);
    }
    rig.pass(Duration::from_secs(60));
    let census = rig.exchange.census();
    let left = (
        census.calls,
        census.legs,
        census.sessions,
        census.ports,
        census.usages,
    );
    assert_eq!(left, (1, 2, 1, 2, 2), "only the first call is left");
}
