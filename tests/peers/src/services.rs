//! Services of RFC 5359 with phones that speak: what their buttons do is heard at the other end.

use crate::baresip::{Baresip, Setup};
use crate::ear::{hears, hears_all};
use crate::linphone::Linphone;
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

/// RFC 5359 §2.10: Alice brings together those whom she holds; she goes, and they talk on, over a crash too.
#[test]
fn peers_services_conference_of_three() {
    let mut server = Server::start();
    tenant::create(&server);
    let mut carol = phone("205", CAROL).answers().start(&server);
    let (mut alice, mut bob) = talk(&server);
    alice.dial("205");
    carol.expect("CALL_ESTABLISHED");
    hears(&carol, ALICE);
    alice.dial("*3");
    alice.expect("CALL_ESTABLISHED");
    hears_all(&bob, &[ALICE, CAROL]);
    hears_all(&carol, &[ALICE, BOB]);

    server.crash_and_start_again();

    hears_all(&bob, &[ALICE, CAROL]);
    hears_all(&carol, &[ALICE, BOB]);
    alice.hang_up();
    hears(&bob, CAROL);
    hears(&carol, BOB);
    bob.hang_up();
    carol.expect("CALL_CLOSED");
}

/// RFC 5359 §2.1 and §2.3: who is held hears music, and both hear each other afterwards. linphone holds, because
/// baresip 1.0 does not write down any more what it hears once it has held.
#[test]
fn peers_services_call_hold_with_music() {
    let server = Server::start();
    tenant::create(&server);
    let bob = phone("204", BOB).answers().start(&server);
    let mut alice = Linphone::start(&server, "203", &tone(ALICE, 50_000));
    alice.dial("204");
    alice.expect("Media streams established");
    hears(&bob, ALICE);
    until("the held party is heard", || {
        holds_tone(&alice.heard(), BOB).then_some(())
    });

    alice.command("pause");
    alice.expect("is now paused");
    let held = bob.heard().len() + RATE;
    until("two seconds of being held", || {
        (bob.heard().len() > held + 2 * RATE).then_some(())
    });
    let heard = bob.heard();
    let meanwhile = heard.get(held..held + 2 * RATE).unwrap();
    assert!(power(meanwhile) > 1_000.0, "silence instead of music");
    assert!(share_of(meanwhile, ALICE) < 0.1, "the holder is heard");

    let before = alice.heard().len();
    alice.command("resume");
    alice.expect("Media streams established");
    hears(&bob, ALICE);
    until("the held party is heard again", || {
        // Its recording goes on, or begins anew.
        let heard = alice.heard();
        let new = heard.get(before..).unwrap_or(&heard);
        holds_tone(new, BOB).then_some(())
    });
    alice.command("terminate");
    alice.expect("ended");
}

fn power(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    sum / samples.len() as f64
}

/// RFC 5359 §2.5, RFC 5589 §7: Alice talks with Bob, asks Carol, and brings the two together with REFER and Replaces.
#[test]
fn peers_services_attended_transfer() {
    let server = Server::start();
    tenant::create(&server);
    let mut bob = phone("204", BOB).answers().start(&server);
    let mut carol = phone("205", CAROL).answers().start(&server);
    let mut alice = Linphone::start(&server, "203", &tone(ALICE, 50_000));
    alice.dial("204");
    alice.expect("Media streams established");
    bob.expect("CALL_ESTABLISHED");
    alice.command("pause");
    alice.expect("is now paused");
    alice.dial("205");
    alice.expect("Media streams established");
    carol.expect("CALL_ESTABLISHED");
    hears(&carol, ALICE);

    alice.command("transfer 1 --to-call 2");
    hears(&bob, CAROL);
    hears(&carol, BOB);
    until("Alice is out of it", || {
        (alice.log().matches("LinphoneCallReleased").count() >= 2).then_some(())
    });
    assert!(alice.log().contains("Replaces="), "it was no attended transfer");
    bob.hang_up();
    carol.expect("CALL_CLOSED");
}

/// RFC 3326: of two phones of a line one answers; the other is told so and shows no missed call.
#[test]
fn peers_services_answered_elsewhere() {
    let server = Server::start();
    tenant::create(&server);
    let mut desk = phone("204", BOB).start(&server);
    let mut other = Linphone::start(&server, "204", &tone(CAROL, 50_000));
    let mut alice = phone("203", ALICE).start(&server);
    alice.dial("204");
    desk.expect("CALL_INCOMING");
    other.expect("Receiving new incoming call");
    desk.command("accept", "");
    alice.expect("CALL_ESTABLISHED");
    other.expect("ended");
    let log = other.log();
    let cancel = log.split("CANCEL sip:").nth(1).unwrap_or_default();
    let reason = cancel
        .lines()
        .find(|line| line.starts_with("Reason:"))
        .unwrap_or_default();
    assert!(
        reason.contains("SIP") && reason.contains("cause=200"),
        "{reason:?}"
    );
    hears(&alice, BOB);
    alice.hang_up();
    desk.expect("CALL_CLOSED");
}

/// RFC 3428: what one types the other reads.
#[test]
fn peers_services_a_text_from_phone_to_phone() {
    let server = Server::start();
    tenant::create(&server);
    let bob = phone("204", BOB).start(&server);
    let mut alice = Linphone::start(&server, "203", &tone(ALICE, 8_000));
    alice.command("chat sip:204@127.0.0.1 lunch at noon?");
    until("the text is read", || {
        bob.log().contains("lunch at noon?").then_some(())
    });
    until("the sender knows", || {
        let log = alice.log();
        let mut answers = log.split("SIP/2.0 200 ").skip(1);
        let of_message = |answer: &str| {
            let mut head = answer.lines().take_while(|line| !line.trim().is_empty());
            head.any(|line| line.starts_with("CSeq:") && line.contains("MESSAGE"))
        };
        answers.any(of_message).then_some(())
    });
}

/// RFC 8760, RFC 7616: a tenant whose phones all know SHA-256.
#[test]
fn peers_services_digest_with_sha_256() {
    let server = Server::start();
    tenant::create(&server);
    let path = "/v1/tenants/works";
    let mut works = server.client.get(path).unwrap()["document"].take();
    works["digest"] = "sha-256".into();
    server.client.put(path, &works).unwrap();
    let mut alice = Linphone::start(&server, "203", &tone(ALICE, 8_000));
    alice.dial(tenant::NEWS);
    alice.expect("Media streams established");
    until("the news are heard", || {
        (alice.heard().len() > RATE).then_some(())
    });
    let log = alice.log();
    let used = |line: &&str| line.starts_with("Authorization:");
    let proofs: Vec<&str> = log.lines().filter(used).collect();
    assert!(
        !proofs.is_empty() && proofs.iter().all(|line| line.contains("algorithm=SHA-256")),
        "{proofs:?}"
    );
}

/// R31: a member of the group dials a code and is left alone; another code, and he is rung again.
#[test]
fn peers_services_feature_codes_tell_the_group_who_is_there() {
    let server = Server::start();
    tenant::create(&server);
    tenant::put_feature_codes(&server);
    let mut member = phone("202", BOB).start(&server);
    let mut caller = phone("203", ALICE).start(&server);
    member.dial(tenant::ABSENT);
    member.expect("CALL_ESTABLISHED");
    // Two beeps: it was heard.
    member.expect("CALL_CLOSED");
    caller.dial(tenant::TEAM);
    caller.expect("CALL_CLOSED");
    assert!(!member.saw("CALL_INCOMING"), "an absent member was rung");

    member.dial(tenant::PRESENT);
    member.expect("CALL_ESTABLISHED");
    member.expect("CALL_CLOSED");
    caller.dial(tenant::TEAM);
    member.expect("CALL_INCOMING");
    member.command("accept", "");
    caller.expect("CALL_ESTABLISHED");
    hears(&caller, BOB);
    caller.hang_up();
    member.expect("CALL_CLOSED");
}
