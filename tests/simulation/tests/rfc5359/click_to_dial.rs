//! §2.18: click to dial (R68).
//!
//! ```text
//!  browser          exchange            Alice               Bob
//!    |- POST /calls -->|                  |                  |
//!    |                 |---- INVITE ----->|   From: Alice    |
//!    |                 |<----- 200 -------|                  |
//!    |                 |------------ INVITE ---------------->|   From: Alice
//!    |                 |  (ringback)      |<-- 180, 200 -----|
//!    |                 |      Alice <========= RTP =========>|
//! ```
//!
//! The RFC's browser sends Alice's phone a REFER; here the exchange calls both, which every phone understands.

use exchange::live::{Answer, Request};

use crate::stage::{ALICE, BOB, Stage, office};

fn clicks(stage: &mut Stage) -> Option<Answer> {
    let request = Request::Originate {
        tenant: "acme".into(),
        line: ALICE.into(),
        number: BOB.into(),
    };
    let answer = stage.0.world().live(request);
    stage.0.pass(crate::stage::SECOND);
    answer
}

#[test]
fn rfc5359_2_18_r68_alice_clicks_her_phone_rings_then_bobs() {
    let mut stage = Stage::new(office());
    assert!(matches!(clicks(&mut stage), Some(Answer::Originated(Ok(_)))));
    stage.0.expect_quiet(BOB);
    let alice = stage.answers(ALICE);
    assert_eq!(stage.display(BOB), ALICE);
    let bob = stage.answers(BOB);
    stage.talk((ALICE, alice), (BOB, bob));
    stage.hangs_up(BOB, bob);
    stage.over(ALICE, alice);
    stage.0.expect_ended();
}

#[test]
fn rfc5359_2_18_alice_does_not_answer_and_bob_never_hears_of_it() {
    let mut stage = Stage::new(office());
    clicks(&mut stage);
    stage.refuses(ALICE, 486);
    stage.0.expect_quiet(BOB);
    stage.0.expect_ended();
}
