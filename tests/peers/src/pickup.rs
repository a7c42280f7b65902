//! Calls that somebody else takes, with phones: pickup (R45, R46; RFC 5359 §2.16) and park (R48; §2.15).

use serde_json::json;

use crate::baresip::{Baresip, Setup};
use crate::ear::hears;
use crate::server::Server;
use crate::sound::tone;
use crate::tenant;

/// Who calls, who is called, and who takes the call; and what each says.
const ALICE: (&str, f64) = ("203", 700.0);
const BOB: (&str, f64) = ("204", 1_100.0);
const CAROL: (&str, f64) = ("205", 1_900.0);

/// A place to park calls.
const PLACE: &str = "700";

fn phone(server: &Server, (user, hertz): (&str, f64)) -> Baresip {
    Setup::of(user).says(tone(hertz, 50_000)).start(server)
}

#[track_caller]
fn carol_talks_with_alice(carol: &mut Baresip, alice: &mut Baresip) {
    carol.expect("CALL_ESTABLISHED");
    hears(carol, ALICE.1);
    hears(alice, CAROL.1);
    carol.hang_up();
    carol.expect("CALL_CLOSED");
    alice.expect("CALL_CLOSED");
}

#[test]
fn peers_pickup_r45_r46_by_number_and_in_the_own_group() {
    let server = Server::start();
    tenant::create(&server);
    let group = json!({ "name": "Desk", "site": "main", "lines": [BOB.0, CAROL.0] });
    server
        .client
        .put("/v1/tenants/works/pickup-groups/desk", &group)
        .unwrap();
    let mut alice = phone(&server, ALICE);
    let mut bob = phone(&server, BOB);
    let mut carol = phone(&server, CAROL);
    for code in ["*95204", "*98"] {
        alice.dial(BOB.0);
        bob.rings();
        carol.dial(code);
        carol_talks_with_alice(&mut carol, &mut alice);
        bob.expect("CALL_CLOSED");
    }
    let elsewhere = bob.headers("Reason");
    assert!(
        elsewhere.len() == 2 && elsewhere.iter().all(|reason| reason.contains("cause=200")),
        "RFC 3326: {elsewhere:?}"
    );
    carol.dial("*98");
    let why = carol.expect("CALL_CLOSED");
    assert!(why.contains("480"), "nothing rings: {why}");
}

#[test]
fn peers_pickup_r48_a_parked_call_is_taken_at_its_place() {
    let server = Server::start();
    tenant::create(&server);
    tenant::put_behaviour(&server, "park", "park", &json!({}));
    tenant::put_number(&server, PLACE, "park");
    let mut alice = phone(&server, ALICE);
    let mut bob = phone(&server, BOB);
    let mut carol = phone(&server, CAROL);
    alice.dial(BOB.0);
    bob.accepts();
    hears(&alice, BOB.1);
    bob.command("transfer", PLACE);
    bob.expect("CALL_CLOSED");
    carol.dial(PLACE);
    carol_talks_with_alice(&mut carol, &mut alice);
}
