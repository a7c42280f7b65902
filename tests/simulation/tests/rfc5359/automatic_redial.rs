//! §2.17: automatic redial.
//!
//! ```text
//!  Alice            exchange             Bob
//!    |-- INVITE Bob -->|                  |
//!    |<---- 486 -------|                  |   Bob talks
//!    |- SUBSCRIBE Bob ->| Event: dialog   |
//!    |<- NOTIFY confirmed                 |
//!    |                 |<----- BYE -------|
//!    |<- NOTIFY terminated                |
//!    |-- INVITE Bob -->|---- INVITE ----->|
//!    |<=========== RTP ==================>|
//! ```
//!
//! Where the exchange is to call back instead, that is `call-back` (R58): `simulation`, `services.rs`.

use sip::body::{DialogInfo, DialogState};

use crate::stage::{ALICE, BOB, CAROL, Stage, office};

fn states(stage: &Stage) -> Vec<DialogState> {
    let last = stage.progress(ALICE).pop().unwrap();
    let told = DialogInfo::parse(&last).unwrap().dialogs.into_iter();
    told.map(|dialog| dialog.state).collect()
}

#[test]
fn rfc5359_2_17_alices_phone_calls_again_once_bob_is_free() {
    let mut stage = Stage::new(office());
    let carol = stage.calls(CAROL, BOB);
    stage.answers(BOB);
    let busy = stage.calls(ALICE, BOB);
    assert_eq!(stage.failure(ALICE, busy), Some(486));

    stage.with(ALICE, |phone, now| {
        phone.ask(now, "SUBSCRIBE", BOB, "Event: dialog\r\nExpires: 3600\r\n", "")
    });
    assert_eq!(states(&stage), [DialogState::Confirmed]);
    stage.hangs_up(CAROL, carol);
    assert_eq!(states(&stage), [DialogState::Terminated]);

    let again = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.talk((ALICE, again), (BOB, bob));
    stage.hangs_up(ALICE, again);
    stage.0.expect_ended();
}
