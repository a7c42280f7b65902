//! §2.9: call forwarding, no answer (R20).
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |-- INVITE Bob -->|---- INVITE ----->|                    |
//!    |<----- 180 ------|<----- 180 -------|                    |
//!    |                 |      15 s: three rings                |
//!    |                 |---- CANCEL ----->|                    |
//!    |                 |------------- INVITE ----------------->|
//!    |<----- 200 ------|<-------------- 200 -------------------|
//!    |<======================== RTP ==========================>|
//! ```

use serde_json::json;

use crate::stage::{ALICE, BOB, CAROL, SECOND, Stage, with_bobs_settings};

#[test]
fn rfc5359_2_9_r20_after_three_rings_carol_has_the_call() {
    let mut stage = Stage::new(with_bobs_settings(
        json!({"no-answer": {"on": true, "to": CAROL}}),
    ));
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.rings(BOB);
    stage.0.pass(SECOND * 10);
    stage.0.expect_quiet(CAROL);
    stage.0.pass(SECOND * 5);
    stage.over(BOB, bob);
    let carol = stage.answers(CAROL);
    stage.talk((ALICE, alice), (CAROL, carol));
    stage.hangs_up(CAROL, carol);
    stage.0.expect_ended();
}

/// R20: a refusal counts as no answer.
#[test]
fn rfc5359_2_9_r20_a_call_that_bob_refuses_goes_to_carol() {
    let mut stage = Stage::new(with_bobs_settings(
        json!({"no-answer": {"on": true, "to": CAROL}}),
    ));
    let alice = stage.calls(ALICE, BOB);
    stage.refuses(BOB, 603);
    stage.answers(CAROL);
    stage.hangs_up(ALICE, alice);
    stage.0.expect_ended();
}
