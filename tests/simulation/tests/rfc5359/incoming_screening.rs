//! §2.13: call management, incoming call screening (R14, R15).
//!
//! ```text
//!  Alice            exchange             Bob
//!    |-- INVITE Bob -->|                  |
//!    |                 | line: Bob has blocked Alice
//!    |<---- 603 -------|                  |
//!    |------ ACK ----->|                  |
//! ```

use serde_json::json;

use crate::stage::{ALICE, BOB, CAROL, SECOND, Stage, with_bobs_settings};

#[test]
fn rfc5359_2_13_r15_a_caller_whom_bob_has_blocked_does_not_get_through() {
    let mut stage = Stage::new(with_bobs_settings(json!({"blocked": [ALICE]})));
    let alice = stage.calls(ALICE, BOB);
    stage.0.expect_quiet(BOB);
    assert_eq!(stage.failure(ALICE, alice), Some(603));
    let carol = stage.calls(CAROL, BOB);
    let bob = stage.answers(BOB);
    stage.talk((CAROL, carol), (BOB, bob));
    stage.hangs_up(BOB, bob);
    stage.0.expect_ended();
}

/// Who hides the number hears that Bob wants to see it, before the call is refused (433 of RFC 5079).
#[test]
fn rfc5359_2_13_r14_a_caller_without_a_number_is_told_to_show_it() {
    let mut stage = Stage::new(with_bobs_settings(json!({"reject-anonymous": true})));
    let alice = stage.with(ALICE, |phone, now| {
        phone.call_with(now, BOB, &[("Privacy", "id")])
    });
    stage.0.expect_quiet(BOB);
    let heard = stage
        .0
        .told(ALICE)
        .any(|event| *event == phone::Event::EarlyMedia(alice));
    assert!(heard, "{}", stage.0.ladder());
    stage.0.pass(SECOND * 10);
    assert_eq!(stage.failure(ALICE, alice), Some(433));
    stage.0.expect_ended();
}
