//! §2.2: consultation hold.
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |<=========== RTP ==================>|                    |
//!    |                 |<-- INVITE hold --|                    |
//!    |  (music)        |<---- INVITE -----|                    |
//!    |                 |------------- INVITE ----------------->|
//!    |                 |<-------------- 200 -------------------|
//!    |                 |       Bob <========== RTP ===========>|
//!    |                 |<----- BYE -------|------- BYE ------->|
//!    |                 |<-- INVITE -------|   a=sendrecv       |
//!    |<=========== RTP ==================>|                    |
//! ```

use crate::stage::{ALICE, BOB, CAROL, Stage, office};

#[test]
fn rfc5359_2_2_bob_asks_carol_while_alice_hears_music() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.holds(BOB, bob);

    let question = stage.calls(BOB, CAROL);
    let carol = stage.answers(CAROL);
    stage.talk((BOB, question), (CAROL, carol));
    stage.hears_sound(ALICE, alice);

    stage.hangs_up(BOB, question);
    stage.over(CAROL, carol);
    stage.takes_back(BOB, bob);
    stage.talk((ALICE, alice), (BOB, bob));

    stage.hangs_up(BOB, bob);
    stage.over(ALICE, alice);
    stage.0.expect_ended();
}
