//! §2.5: transfer, attended (RFC 3891, RFC 5589 §7).
//!
//! ```text
//!  Alice            exchange             Bob                 Carol
//!    |<=========== RTP ==================>|                    |
//!    |                 |<-- INVITE hold --|                    |
//!    |  (music)        |       Bob <========== RTP ===========>|
//!    |                 |<- REFER Carol?Replaces=... -----------|   (in Bob's call with Alice)
//!    |                 |------ 202 ------>|                    |
//!    |<======================== RTP ==========================>|
//!    |                 |- NOTIFY 200 ---->|                    |
//!    |                 |------ BYE ------>| (both his calls)   |
//! ```

use crate::stage::{ALICE, BOB, CAROL, Stage, office};

#[test]
fn rfc5359_2_5_bob_asks_carol_and_puts_alice_through() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.holds(BOB, bob);
    let question = stage.calls(BOB, CAROL);
    let carol = stage.answers(CAROL);
    stage.hears_sound(ALICE, alice);

    let replaces = stage.replaces(BOB, question);
    let escaped = replaces
        .replace('@', "%40")
        .replace(';', "%3B")
        .replace('=', "%3D");
    stage.refers(BOB, bob, &format!("<sip:203@acme.example?Replaces={escaped}>"));
    stage.talk((ALICE, alice), (CAROL, carol));
    stage.over(BOB, bob);
    stage.over(BOB, question);
    assert_eq!(
        stage.progress(BOB).last().map(String::as_str),
        Some("SIP/2.0 200 OK")
    );

    stage.hangs_up(ALICE, alice);
    stage.over(CAROL, carol);
    stage.0.expect_ended();
}

/// RFC 5589 §7.3: the dialog to be replaced is not there (any more), and Bob keeps Alice.
#[test]
fn rfc5359_2_5_a_dialog_that_nobody_knows_is_refused() {
    let mut stage = Stage::new(office());
    let alice = stage.calls(ALICE, BOB);
    let bob = stage.answers(BOB);
    stage.refers(
        BOB,
        bob,
        "<sip:203@acme.example?Replaces=nothing%3Bto-tag%3Da%3Bfrom-tag%3Db>",
    );
    assert!(stage.0.told(BOB).any(|event| *event == phone::Event::Answer(481)));
    stage.talk((ALICE, alice), (BOB, bob));
    stage.hangs_up(ALICE, alice);
    stage.0.expect_ended();
}
