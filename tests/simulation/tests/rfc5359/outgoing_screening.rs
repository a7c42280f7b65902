//! §2.14: call management, outgoing call screening (R57, R74).
//!
//! ```text
//!  Alice            exchange             provider
//!    |-- INVITE 06... ->|                  |
//!    |                 | outgoing: this line calls inside only
//!    |<- 183, RTP: why -|                  |
//!    |<---- 403 -------|                  |
//!    |-- INVITE 112 -->|                  |
//!    |                 |-- INVITE 112 --->|   an emergency call always passes
//! ```

use exchange::directory::{Document, Line};
use serde_json::json;
use testkit::Office;

use crate::stage::{ALICE, BOB, SECOND, Stage};

fn office() -> Office {
    let any = |name: &str, action: serde_json::Value| json!({"name": name, "direction": "internal", "pattern": "any", "action": action});
    let plan = json!({"rules": [
        any("own numbers", json!("own")),
        any("outside", json!({"behaviours": [{"behaviour": "outgoing"}]})),
    ]});
    let restricted = |line: &mut Line| {
        line.settings = serde_json::from_value(json!({"outgoing": {"profile": "internal"}})).unwrap();
    };
    Office::new("acme")
        .line_with(ALICE, restricted)
        .lines(&[BOB])
        .outside("provider", "+33611223344", 7)
        .behaviour::<outgoing::outgoing>("outgoing", &outgoing::Outgoing::default())
        .announcements(&["call-not-allowed"])
        .with(Document::DialPlan(serde_json::from_value(plan).unwrap()))
}

#[test]
fn rfc5359_2_14_r57_a_number_that_the_line_may_not_call_is_refused_and_says_why() {
    let mut stage = Stage::new(office());
    let call = stage.calls(ALICE, "0611223344");
    let heard = stage
        .0
        .told(ALICE)
        .any(|event| *event == phone::Event::EarlyMedia(call));
    assert!(heard, "the announcement: {}", stage.0.ladder());
    stage.0.pass(SECOND * 10);
    stage.0.expect_quiet("provider");
    assert_eq!(stage.failure(ALICE, call), Some(403));

    let call = stage.calls(BOB, "0611223344");
    let provider = stage.answers("provider");
    stage.talk((BOB, call), ("provider", provider));
    stage.hangs_up(BOB, call);
    stage.0.expect_ended();
}

#[test]
fn rfc5359_2_14_r74_an_emergency_call_passes_every_screening() {
    let mut stage = Stage::new(office());
    let call = stage.calls(ALICE, "112");
    let provider = stage.answers("provider");
    stage.talk((ALICE, call), ("provider", provider));
    stage.hangs_up(ALICE, call);
    stage.0.expect_ended();
}
