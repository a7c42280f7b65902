//! §2.1: call hold.
//!
//! ```text
//!  Alice            exchange             Bob
//!    |---- INVITE ---->|---- INVITE ----->|
//!    |<----- 200 ------|<----- 200 -------|
//!    |<============ RTP =================>|
//!    |                 |<-- INVITE hold --|   a=sendonly
//!    |  (music)        |----- 200 ------->|   a=recvonly
//!    |                 |<----- ACK -------|
//!    |                 |<-- INVITE -------|   a=sendrecv
//!    |                 |----- 200 ------->|
//!    |<============ RTP =================>|
//!    |----- BYE ------>|----- BYE ------->|
//! ```
//!
//! Alice's phone is not asked: the exchange holds her side of the sound.

use crate::stage::{ALICE, BOB, Stage, office};

#[test]
fn rfc5359_2_1_bob_holds_alice_and_takes_her_back() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.talk((ALICE, alice), (BOB, bob));

    stage.holds(BOB, bob);
    stage.hears_sound(ALICE, alice);

    stage.takes_back(BOB, bob);
    stage.talk((ALICE, alice), (BOB, bob));

    stage.hangs_up(ALICE, alice);
    stage.over(BOB, bob);
    stage.0.expect_ended();
}
