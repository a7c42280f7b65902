//! §2.16: call pickup (R45).
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |                 |<----- SUBSCRIBE Bob, Event: dialog ---|
//!    |                 |------ NOTIFY ------------------------>|
//!    |-- INVITE Bob -->|---- INVITE ----->|                    |
//!    |<----- 180 ------|<----- 180 -------|                    |
//!    |                 |------ NOTIFY early, Call-ID, tags --->|
//!    |                 |<- INVITE Replaces=...;early-only -----|
//!    |                 |--------------- 200 ------------------>|
//!    |                 |---- CANCEL ----->|                    |   answered elsewhere
//!    |<----- 200 ------|                  |                    |
//!    |<======================== RTP ==========================>|
//! ```
//!
//! Or Carol dials `*95` and Bob's number, or `*98` where both are in one pickup group.

use exchange::directory::Document;
use phone::{CallRef, Event};
use serde_json::json;
use sip::body::DialogInfo;

use crate::stage::{ALICE, BOB, CAROL, Stage, office};

/// Carol has the call, and Bob's phone shows no missed one.
#[track_caller]
fn carol_has_it(stage: &mut Stage, alice: CallRef, bob: CallRef, carol: CallRef) {
    stage.talk((ALICE, alice), (CAROL, carol));
    stage.over(BOB, bob);
    let elsewhere = stage
        .0
        .told(BOB)
        .any(|event| matches!(event, Event::Cancelled(_, Some(reason)) if reason.contains("cause=200")));
    assert!(elsewhere, "RFC 3326: {}", stage.0.ladder());
    stage.hangs_up(ALICE, alice);
    stage.over(CAROL, carol);
    stage.0.expect_ended();
}

#[test]
fn rfc5359_2_16_carol_sees_bobs_phone_ring_and_takes_the_call_with_replaces() {
    let mut stage = Stage::new(office());
    stage.with(CAROL, |phone, now| {
        phone.ask(now, "SUBSCRIBE", BOB, "Event: dialog\r\nExpires: 3600\r\n", "")
    });
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.rings(BOB);
    let last = stage.progress(CAROL).pop().unwrap();
    let told = DialogInfo::parse(&last).unwrap().dialogs.remove(0);
    // RFC 3891 §3: the tags as the one who gets the INVITE has them.
    let replaces = format!(
        "{};to-tag={};from-tag={};early-only",
        told.call_id.unwrap(),
        told.remote_tag.unwrap(),
        told.local_tag.unwrap()
    );
    let headers = [("Replaces", replaces.as_str())];
    let carol = stage.with(CAROL, |phone, now| phone.call_with(now, BOB, &headers));
    carol_has_it(&mut stage, alice, bob, carol);

    // What was told of the ringing phone is no key to a talk.
    let alice = stage.calls(ALICE, BOB);
    stage.answers(BOB);
    let late = stage.with(CAROL, |phone, now| phone.call_with(now, BOB, &headers));
    assert_eq!(stage.failure(CAROL, late), Some(481));
    stage.hangs_up(ALICE, alice);
    stage.0.expect_ended();
}

/// RFC 3891 §3: a dialog that is confirmed is not what was meant.
#[test]
fn rfc5359_2_16_early_only_takes_no_talk() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    let replaces = format!("{};early-only", stage.replaces(BOB, bob));
    let headers = [("Replaces", replaces.as_str())];
    let late = stage.with(CAROL, |phone, now| phone.call_with(now, BOB, &headers));
    assert_eq!(stage.failure(CAROL, late), Some(486));
    stage.talk((ALICE, alice), (BOB, bob));
    stage.hangs_up(ALICE, alice);
    stage.0.expect_ended();
}

#[test]
fn rfc5359_2_16_r45_a_code_with_a_number_takes_that_lines_call() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.rings(BOB);
    let carol = stage.calls(CAROL, "*95202");
    carol_has_it(&mut stage, alice, bob, carol);
}

#[test]
fn rfc5359_2_16_r45_r46_the_short_code_takes_a_call_of_the_own_group() {
    let group = json!({"id": "desk", "name": "Desk", "site": "main", "lines": [BOB, CAROL]});
    let group = Document::PickupGroup(serde_json::from_value(group).unwrap());
    let mut stage = Stage::new(office().line("204").with(group));
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.rings(BOB);
    let stranger = stage.calls("204", "*98");
    assert_eq!(stage.failure("204", stranger), Some(480), "204 is in no group");
    let carol = stage.calls(CAROL, "*98");
    carol_has_it(&mut stage, alice, bob, carol);
}

#[test]
fn rfc5359_2_16_r45_where_nothing_rings_there_is_nothing_to_take() {
    let mut stage = Stage::new(office());
    let carol = stage.calls(CAROL, "*95202");
    assert_eq!(stage.failure(CAROL, carol), Some(480));
    let carol = stage.calls(CAROL, "*95999");
    assert_eq!(stage.failure(CAROL, carol), Some(404), "nobody has 999");
    stage.0.expect_ended();
}
