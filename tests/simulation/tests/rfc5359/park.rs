//! §2.15: call park (R48).
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |<=========== RTP ==================>|                    |
//!    |                 |<-- REFER 700 ----|                    |
//!    |<= RTP: music ===|- NOTIFY 200 ---->|                    |
//!    |                 |------ BYE ------>|                    |
//!    |                 |<------------ INVITE 700 --------------|
//!    |                 |--------------- 200 ------------------>|
//!    |<======================== RTP ==========================>|
//! ```
//!
//! The RFC's Carol learns of the parked dialog by subscription and takes it with Replaces; here she dials the place.

use ::park::{Park, ParkSettings};
use testkit::Office;

use crate::stage::{ALICE, BOB, CAROL, SECOND, Stage, office};

fn with_a_place() -> Office {
    office()
        .behaviour::<Park>("park", &ParkSettings::default())
        .number("700", &["park"])
}

#[test]
fn rfc5359_2_15_r48_bob_parks_alice_and_carol_takes_her() {
    let mut stage = Stage::new(with_a_place());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.refers(BOB, bob, "<sip:700@acme.example>");
    stage.over(BOB, bob);
    stage.hears_sound(ALICE, alice);

    let carol = stage.calls(CAROL, "700");
    stage.talk((ALICE, alice), (CAROL, carol));
    stage.hangs_up(ALICE, alice);
    stage.over(CAROL, carol);
    stage.0.expect_ended();
}

/// Nobody comes: after two minutes the call goes back to whoever parked it.
#[test]
fn rfc5359_2_15_r48_a_call_that_nobody_takes_comes_back_to_bob() {
    let mut stage = Stage::new(with_a_place());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.refers(BOB, bob, "<sip:700@acme.example>");
    stage.0.pass(SECOND * 118);
    stage.0.expect_quiet(BOB);
    stage.hears_sound(ALICE, alice);
    stage.0.restart();
    stage.0.pass(SECOND * 3);
    let again = stage.answers(BOB);
    stage.talk((ALICE, alice), (BOB, again));
    stage.hangs_up(BOB, again);
    stage.over(ALICE, alice);
    stage.0.expect_ended();
}

#[test]
fn rfc5359_2_15_r48_a_place_where_nobody_is_parked_says_so() {
    let mut stage = Stage::new(with_a_place());
    let carol = stage.calls(CAROL, "700");
    assert_eq!(stage.failure(CAROL, carol), Some(480));
    stage.0.expect_ended();
}
