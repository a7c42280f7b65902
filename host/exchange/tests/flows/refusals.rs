//! How a caller is refused, and what is said on the way there.

use crate::office::Office;
use crate::provider::{invite, receive, sent};
use crate::trunks::trunk;

fn office() -> Office {
    Office::new()
        .line("201")
        .with(trunk("provider", 50, 1))
        .behaviour(
            "reception",
            crate::office::module(1),
            contract::SessionScope::PerCall,
        )
        .number("+33123456789", &["reception"])
}

/// RFC 3261 §17.2.1: 100 is for callers who would otherwise hear nothing.
#[test]
fn a_refusal_at_once_is_the_only_answer() {
    let mut world = office().open(&[]);
    receive(&mut world, invite("+33199999999", "unknown", "", ""));
    let sent = sent(&world);
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert!(sent[0].starts_with("SIP/2.0 404"), "{sent:#?}");
}

/// A call that a behaviour decides about is taken: the caller need not repeat the INVITE.
#[test]
fn a_caller_who_waits_for_a_decision_gets_100_at_once() {
    let mut world = office().open(&[]);
    world.silent = vec![crate::office::module(1)];
    receive(&mut world, invite("+33123456789", "slow", "", ""));
    let sent = sent(&world);
    assert!(
        matches!(sent.as_slice(), [only] if only.starts_with("SIP/2.0 100")),
        "{sent:#?}"
    );
}

/// RFC 3261 §13.3.1.3, §20.43: the message is fine, its description is not.
#[test]
fn a_description_that_cannot_be_used_gets_488_and_says_why() {
    let video =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\nm=video 9 RTP/AVP 31\r\n";
    let g729 = video.replace("video 9 RTP/AVP 31", "audio 9000 RTP/AVP 18");
    for (branch, body, code) in [
        ("garbage", "v=0\r\nnonsense", 399),
        ("video", video, 304),
        ("g729", &g729, 305),
    ] {
        let mut world = office().open(&[]);
        receive(&mut world, invite("+33123456789", branch, "", body));
        let sent = sent(&world);
        assert_eq!(sent.len(), 1, "{branch}: {sent:#?}");
        assert!(sent[0].starts_with("SIP/2.0 488"), "{branch}: {sent:#?}");
        assert!(
            sent[0].contains(&format!("\r\nWarning: {code} ")),
            "{branch}: {sent:#?}"
        );
        world.assert_idle();
    }
}
