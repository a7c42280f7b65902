//! §2.11: three-way conference, third party joins (RFC 3911).
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |<=========== RTP ==================>|                    |
//!    |                 |                  |- (tells the dialog)|
//!    |                 |<---------------- INVITE Join ---------|
//!    |                 |----------------- 200 isfocus -------->|
//!    |<- INVITE focus -|-- INVITE focus ->|                    |
//!    |---- 200 ------->|<----- 200 -------|                    |
//!    |<======= RTP ===>|<====== RTP =====>|<====== RTP =======>|
//! ```
//!
//! How Carol learns of the dialog is no matter of SIP, in the RFC neither: Bob sends her a page, or both phones are on one desk. Lamps do not tell
//! it, for nobody listens to others uninvited.

use crate::stage::{ALICE, BOB, CAROL, Stage, office};

#[test]
fn rfc5359_2_11_carol_joins_alice_and_bob() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.talk((ALICE, alice), (BOB, bob));

    let dialog = stage.replaces(BOB, bob);
    let carol = stage.with(CAROL, |phone, now| {
        phone.call_with(now, BOB, &[("Join", dialog.as_str())])
    });
    stage.confer(&[(ALICE, alice), (BOB, bob), (CAROL, carol)]);
    let conference = stage.focus(CAROL, carol).unwrap();
    for (name, call) in [(ALICE, alice), (BOB, bob)] {
        assert_eq!(stage.focus(name, call).as_ref(), Some(&conference), "{name}");
    }

    stage.hangs_up(ALICE, alice);
    stage.confer(&[(BOB, bob), (CAROL, carol)]);
    stage.hangs_up(BOB, bob);
    stage.over(CAROL, carol);
    stage.0.expect_ended();
}

/// What a lamp shows of a talk is no key to it.
#[test]
fn rfc5359_2_11_nobody_joins_by_what_a_lamp_tells() {
    let mut stage = Stage::new(office());
    stage.with(CAROL, |phone, now| {
        phone.ask(now, "SUBSCRIBE", BOB, "Event: dialog\r\nExpires: 3600\r\n", "")
    });
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.rings(BOB);
    let last = stage.progress(CAROL).pop().unwrap();
    let told = sip::body::DialogInfo::parse(&last).unwrap().dialogs.remove(0);
    let dialog = format!(
        "{};to-tag={};from-tag={}",
        told.call_id.unwrap(),
        told.remote_tag.unwrap(),
        told.local_tag.unwrap()
    );
    stage.with(BOB, |phone, now| phone.answer(now, bob));
    let carol = stage.with(CAROL, |phone, now| {
        phone.call_with(now, BOB, &[("Join", dialog.as_str())])
    });
    assert_eq!(stage.failure(CAROL, carol), Some(481));
    stage.talk((ALICE, alice), (BOB, bob));
    stage.hangs_up(ALICE, alice);
    stage.0.expect_ended();
}
