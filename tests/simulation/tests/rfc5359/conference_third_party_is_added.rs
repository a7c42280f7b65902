//! §2.10: three-way conference, third party is added (RFC 4579).
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |<=========== RTP ==================>|                    |
//!    |                 |<-- INVITE hold --|                    |
//!    |  (music)        |       Bob <========== RTP ===========>|
//!    |                 |<- INVITE conference                   |
//!    |                 |--- 200 isfocus ->|                    |
//!    |                 |<- REFER Alice to the conference       |   (in Bob's call with Alice)
//!    |                 |-- 202, NOTIFY -->|                    |
//!    |<- INVITE focus -|------ BYE ------>|                    |
//!    |                 |<- REFER Carol?Replaces=...            |   (in Bob's call with the conference)
//!    |                 |-- 202, NOTIFY -->|                    |
//!    |                 |------ BYE ------>|--- INVITE focus -->|
//!    |<======= RTP ===>|<====== RTP =====>|<====== RTP =======>|
//! ```
//!
//! In the RFC Bob's phone mixes, which needs nothing of the exchange. Here the exchange does: Bob's phone calls it, and refers the others to it, in
//! either of the two ways that phones know; or Bob presses keys.

use phone::CallRef;

use crate::stage::{ALICE, BOB, CAROL, Stage, office};

/// Bob, whom Alice called, holds her and asks Carol. His calls with them, and theirs.
fn bob_asks_carol(stage: &mut Stage) -> (CallRef, CallRef, CallRef, CallRef) {
    let alice = stage.calls(ALICE, BOB);
    let with_alice = stage.answers(BOB);
    stage.holds(BOB, with_alice);
    let with_carol = stage.calls(BOB, CAROL);
    let carol = stage.answers(CAROL);
    stage.hears_sound(ALICE, alice);
    (with_alice, with_carol, alice, carol)
}

#[test]
fn rfc5359_2_10_bobs_phone_calls_a_conference_and_brings_both_in() {
    let mut stage = Stage::new(office());
    let (with_alice, with_carol, alice, carol) = bob_asks_carol(&mut stage);
    let bob = stage.calls(BOB, "*39");
    let conference = stage.focus(BOB, bob).unwrap();
    stage.hears_sound(BOB, bob);

    stage.refers(BOB, with_alice, &format!("<{conference}>"));
    stage.over(BOB, with_alice);
    stage.confer(&[(ALICE, alice), (BOB, bob)]);

    let replaces = stage.replaces(BOB, with_carol);
    let escaped = replaces
        .replace('@', "%40")
        .replace(';', "%3B")
        .replace('=', "%3D");
    stage.refers(BOB, bob, &format!("<sip:203@acme.example?Replaces={escaped}>"));
    stage.over(BOB, with_carol);
    stage.confer(&[(ALICE, alice), (BOB, bob), (CAROL, carol)]);
    for (name, call) in [(ALICE, alice), (CAROL, carol)] {
        assert_eq!(stage.focus(name, call).as_ref(), Some(&conference), "{name}");
    }
    assert_eq!(stage.progress(BOB), ["SIP/2.0 200 OK", "SIP/2.0 200 OK"]);

    stage.hangs_up(BOB, bob);
    stage.confer(&[(ALICE, alice), (CAROL, carol)]);
    stage.hangs_up(CAROL, carol);
    stage.over(ALICE, alice);
    stage.0.expect_ended();
}

#[test]
fn rfc5359_2_10_bob_presses_keys_and_all_three_talk() {
    let mut stage = Stage::new(office());
    let (with_alice, with_carol, alice, carol) = bob_asks_carol(&mut stage);
    stage.holds(BOB, with_carol);
    let bob = stage.calls(BOB, "*3");
    stage.over(BOB, with_alice);
    stage.over(BOB, with_carol);
    stage.confer(&[(ALICE, alice), (BOB, bob), (CAROL, carol)]);

    stage.hangs_up(ALICE, alice);
    stage.confer(&[(BOB, bob), (CAROL, carol)]);
    stage.hangs_up(BOB, bob);
    stage.over(CAROL, carol);
    stage.0.expect_ended();
}

/// Bob holds the conference: the others talk on, and hear no music.
#[test]
fn rfc5359_2_10_bob_holds_the_conference_and_comes_back() {
    let mut stage = Stage::new(office());
    let (_, _, alice, carol) = bob_asks_carol(&mut stage);
    let bob = stage.calls(BOB, "*3");
    stage.holds(BOB, bob);
    stage.confer(&[(ALICE, alice), (CAROL, carol)]);
    stage.takes_back(BOB, bob);
    stage.confer(&[(ALICE, alice), (BOB, bob), (CAROL, carol)]);
    for (name, call) in [(ALICE, alice), (BOB, bob)] {
        stage.hangs_up(name, call);
    }
    stage.over(CAROL, carol);
    stage.0.expect_ended();
}

/// The exchange is started anew while they talk.
#[test]
fn rfc5359_2_10_a_conference_outlives_the_process() {
    let mut stage = Stage::new(office());
    let (_, _, alice, carol) = bob_asks_carol(&mut stage);
    let bob = stage.calls(BOB, "*3");
    stage.0.restart();
    stage.confer(&[(ALICE, alice), (BOB, bob), (CAROL, carol)]);
    stage.hangs_up(CAROL, carol);
    stage.confer(&[(ALICE, alice), (BOB, bob)]);
    stage.hangs_up(ALICE, alice);
    stage.over(BOB, bob);
    stage.0.expect_ended();
}
