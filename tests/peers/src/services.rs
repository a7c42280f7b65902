//! Services of RFC 5359 with phones that speak: what their buttons do is heard at the other end.

use crate::baresip::{Baresip, Setup};
use crate::server::Server;
use crate::sound::{RATE, holds_tone, share_of, tone};
use crate::{tenant, until};

/// What each phone says.
const ALICE: f64 = 700.0;
const BOB: f64 = 1_100.0;
const CAROL: f64 = 1_900.0;

fn phone(user: &str, hertz: f64) -> Setup {
    Setup::of(user).says(tone(hertz, 50_000))
}

/// From now on, half a second of this tone.
#[track_caller]
fn hears(phone: &Baresip, hertz: f64) {
    let before = phone.heard().len();
    until("the tone is heard", || {
        let heard = phone.heard();
        holds_tone(heard.get(before..).unwrap_or_default(), hertz).then_some(())
    });
}

/// Two phones that talk.
fn talk(server: &Server) -> (Baresip, Baresip) {
    let mut bob = phone("204", BOB).answers().start(server);
    let mut alice = phone("203", ALICE).start(server);
    alice.dial("204");
    bob.expect("CALL_ESTABLISHED");
    alice.expect("CALL_ESTABLISHED");
    hears(&alice, BOB);
    hears(&bob, ALICE);
    (alice, bob)
}

/// RFC 5359 §2.4: Alice sends Bob to Carol with REFER, and is out of it.
#[test]
fn peers_services_unattended_transfer() {
    let server = Server::start();
    tenant::create(&server);
    let mut carol = phone("205", CAROL).answers().start(&server);
    let (mut alice, mut bob) = talk(&server);
    alice.command("transfer", "205");
    carol.expect("CALL_ESTABLISHED");
    alice.expect("CALL_CLOSED");
    hears(&bob, CAROL);
    hears(&carol, BOB);
    bob.hang_up();
    carol.expect("CALL_CLOSED");
}

/// RFC 5359 §2.1 and §2.3: who is held hears something else than who holds, and him again afterwards. What the holder
/// hears then cannot be told: baresip 1.0 does not write it down any more once it has held.
#[test]
fn peers_services_call_hold_with_music() {
    let server = Server::start();
    tenant::create(&server);
    let (mut alice, mut bob) = talk(&server);
    alice.command("hold", "");
    let held = bob.heard().len() + RATE;
    until("two seconds of being held", || {
        (bob.heard().len() > held + 2 * RATE).then_some(())
    });
    let heard = bob.heard();
    let meanwhile = heard.get(held..held + 2 * RATE).unwrap();
    let power = meanwhile
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum::<f64>()
        / meanwhile.len() as f64;
    assert!(power > 1_000.0, "silence instead of music: {power}");
    assert!(share_of(meanwhile, ALICE) < 0.1, "the holder is heard");
    alice.command("resume", "");
    hears(&bob, ALICE);
    alice.hang_up();
    bob.expect("CALL_CLOSED");
}
