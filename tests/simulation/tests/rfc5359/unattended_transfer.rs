//! §2.4: transfer, unattended (RFC 3515, RFC 5589 §6).
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |<=========== RTP ==================>|                    |
//!    |                 |<-- REFER Carol --|                    |
//!    |                 |------ 202 ------>|                    |
//!    |                 |- NOTIFY 100 ---->|                    |
//!    |  (ringback)     |------------- INVITE ----------------->|   From: Alice
//!    |                 |<-------------- 200 -------------------|
//!    |<======================== RTP ==========================>|
//!    |                 |- NOTIFY 200 ---->|                    |
//!    |                 |------ BYE ------>|                    |
//! ```

use phone::Event;

use crate::stage::{ALICE, BOB, CAROL, Stage, office};

const TO_CAROL: &str = "<sip:203@acme.example>";

#[test]
fn rfc5359_2_4_bob_sends_alice_on_to_carol() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.refers(BOB, bob, TO_CAROL);
    assert!(stage.0.told(BOB).any(|event| *event == Event::Answer(202)));
    assert_eq!(stage.display(CAROL), ALICE, "the target sees who is transferred");
    let carol = stage.answers(CAROL);
    stage.talk((ALICE, alice), (CAROL, carol));
    stage.over(BOB, bob);
    assert_eq!(stage.progress(BOB), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
    stage.hangs_up(CAROL, carol);
    stage.over(ALICE, alice);
    stage.0.expect_ended();
}

/// The one who called leaves: the target sees the one who stays.
#[test]
fn rfc5359_2_4_alice_sends_bob_on_to_carol_who_sees_bob() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.refers(ALICE, alice, TO_CAROL);
    assert_eq!(stage.display(CAROL), BOB);
    let carol = stage.answers(CAROL);
    stage.talk((BOB, bob), (CAROL, carol));
    stage.over(ALICE, alice);
    stage.hangs_up(BOB, bob);
    stage.over(CAROL, carol);
    stage.0.expect_ended();
}

/// Carol is busy: Bob is told, and has Alice again.
#[test]
fn rfc5359_2_4_a_transfer_that_fails_comes_back() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.refers(BOB, bob, TO_CAROL);
    stage.refuses(CAROL, 486);
    assert_eq!(
        stage.progress(BOB).last().map(String::as_str),
        Some("SIP/2.0 603 Decline")
    );
    stage.talk((ALICE, alice), (BOB, bob));
    stage.hangs_up(BOB, bob);
    stage.0.expect_ended();
}
