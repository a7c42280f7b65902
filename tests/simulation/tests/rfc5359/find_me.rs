//! §2.12: find-me (R18: sequential multi-ring, the own line first).
//!
//! ```text
//!  Alice            exchange             Bob        Bob's mobile      Bob at Carol's
//!    |-- INVITE Bob -->|---- INVITE ----->|               |                |
//!    |<----- 180 ------|      15 s        |               |                |
//!    |                 |---- CANCEL ----->|               |                |
//!    |                 |------------- INVITE ------------>|                |
//!    |                 |<------------ 486 ----------------|                |
//!    |                 |---------------------- INVITE -------------------->|
//!    |<----- 200 ------|<----------------------- 200 ---------------------|
//!    |<============================== RTP ================================>|
//! ```

use serde_json::json;

use crate::stage::{ALICE, BOB, CAROL, SECOND, Stage, with_bobs_settings};

#[test]
fn rfc5359_2_12_r18_bob_is_looked_for_at_one_place_after_the_other() {
    let places = json!({"multi-ring": {"on": true, "order": "sequential", "numbers": ["204", CAROL]}});
    let mut stage = Stage::new(with_bobs_settings(places).line("204"));
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.rings(BOB);
    stage.0.expect_quiet("204");
    stage.0.pass(SECOND * 15);
    stage.over(BOB, bob);
    stage.refuses("204", 486);
    assert_eq!(stage.display(CAROL), ALICE);
    let carol = stage.answers(CAROL);
    stage.talk((ALICE, alice), (CAROL, carol));
    stage.hangs_up(ALICE, alice);
    stage.0.expect_ended();
}

/// R18, simultaneous: the first answer wins, and the others show no missed call.
#[test]
fn rfc5359_2_12_r18_or_everywhere_at_once() {
    let places = json!({"multi-ring": {"on": true, "order": "simultaneous", "numbers": ["204", CAROL]}});
    let mut stage = Stage::new(with_bobs_settings(places).line("204"));
    let alice = stage.calls(ALICE, BOB);
    stage.rings(BOB);
    let mobile = stage.rings("204");
    let carol = stage.answers(CAROL);
    stage.talk((ALICE, alice), (CAROL, carol));
    stage.over("204", mobile);
    let elsewhere = stage.0.told("204").any(
        |event| matches!(event, phone::Event::Cancelled(_, Some(reason)) if reason.contains("cause=200")),
    );
    assert!(elsewhere, "RFC 3326: {}", stage.0.ladder());
    stage.hangs_up(CAROL, carol);
    stage.0.expect_ended();
}
