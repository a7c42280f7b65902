//! §2.8: call forwarding, busy (R20, R22).
//!
//! ```text
//!  Alice            exchange             Bob (in a call)     Carol
//!    |-- INVITE Bob -->|                  |                    |
//!    |                 | line: Bob is busy, no call waiting    |
//!    |                 |------------- INVITE ----------------->|
//!    |<----- 200 ------|<-------------- 200 -------------------|
//!    |<======================== RTP ==========================>|
//! ```

use serde_json::json;

use crate::stage::{ALICE, BOB, CAROL, Stage, with_bobs_settings};

#[test]
fn rfc5359_2_8_r20_while_bob_talks_his_calls_go_to_carol() {
    let office = with_bobs_settings(json!({"busy": {"on": true, "to": CAROL}})).line("204");
    let mut stage = Stage::new(office);
    let other = stage.calls("204", BOB);
    stage.answers(BOB);

    let alice = stage.calls(ALICE, BOB);
    stage.0.expect_quiet(BOB);
    let carol = stage.answers(CAROL);
    stage.talk((ALICE, alice), (CAROL, carol));

    stage.hangs_up(ALICE, alice);
    stage.hangs_up("204", other);
    stage.0.expect_ended();
}

/// R22: do-not-disturb uses the forward for a busy line.
#[test]
fn rfc5359_2_8_r13_r22_who_does_not_want_to_be_disturbed_is_busy() {
    let settings = json!({"do-not-disturb": true, "busy": {"on": true, "to": CAROL}});
    let mut stage = Stage::new(with_bobs_settings(settings));
    let alice = stage.calls(ALICE, BOB);
    stage.0.expect_quiet(BOB);
    stage.answers(CAROL);
    stage.hangs_up(ALICE, alice);
    stage.0.expect_ended();
}
