//! §2.7: call forwarding, unconditional (R19–R21: the immediate forward).
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |-- INVITE Bob -->|                  |                    |
//!    |                 | line: immediate forward to Carol      |
//!    |                 |------------- INVITE ----------------->|   From: Alice (R23)
//!    |<----- 180 ------|<-------------- 180 -------------------|
//!    |<----- 200 ------|<-------------- 200 -------------------|
//!    |<======================== RTP ==========================>|
//! ```

use serde_json::json;

use crate::stage::{ALICE, BOB, CAROL, Stage, with_bobs_settings};

#[test]
fn rfc5359_2_7_r21_bobs_calls_all_go_to_carol() {
    let mut stage = Stage::new(with_bobs_settings(
        json!({"immediate": {"on": true, "to": CAROL}}),
    ));
    let alice = stage.calls(ALICE, BOB);
    stage.0.expect_quiet(BOB);
    assert_eq!(stage.display(CAROL), ALICE, "R23");
    let carol = stage.answers(CAROL);
    stage.talk((ALICE, alice), (CAROL, carol));
    stage.hangs_up(ALICE, alice);
    stage.over(CAROL, carol);
    stage.0.expect_ended();
}
