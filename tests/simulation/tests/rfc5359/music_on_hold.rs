//! §2.3: music on hold.
//!
//! ```text
//!  Alice            exchange             Bob
//!    |<=========== RTP ==================>|
//!    |                 |<-- INVITE hold --|
//!    |<= RTP: music ===|----- 200 ------->|
//!    |                 |<-- INVITE -------|
//!    |<=========== RTP ==================>|
//! ```
//!
//! The RFC has Bob fetch a music server; here the exchange plays. The announcement `hold` is the tenant's own or the
//! shipped one (R27), and goes on for as long as it takes.

use crate::stage::{ALICE, BOB, SECOND, Stage, office};

#[test]
fn rfc5359_2_3_r27_who_is_held_hears_music_until_taken_back() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.holds(BOB, bob);
    for _ in 0..10 {
        stage.0.pass(SECOND * 60);
        stage.hears_sound(ALICE, alice);
    }
    stage.takes_back(BOB, bob);
    stage.talk((ALICE, alice), (BOB, bob));
    stage.hangs_up(ALICE, alice);
    stage.0.expect_ended();
}

#[test]
fn rfc5359_2_3_who_hangs_up_during_the_music_frees_both() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.holds(BOB, bob);
    stage.hangs_up(ALICE, alice);
    stage.over(BOB, bob);
    stage.0.expect_ended();
}
