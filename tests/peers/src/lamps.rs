//! Who watches a line sees its calls (RFC 4235): SIPp is the lamp, baresip the phones.

use crate::baresip::Setup;
use crate::server::Server;
use crate::sipp::{Running, Sipp};
use crate::sound::{holds_tone, tone};
use crate::{tenant, until};

/// What the called says.
const BOB: f64 = 1_100.0;

/// The lamp was told that a call of the line is in this state, once more than it was before.
#[track_caller]
pub fn shows(lamp: &Running, state: &str, times: usize) {
    let wanted = format!("<state>{state}</state>");
    until(&format!("the lamp shows {state}"), || {
        (lamp.messages().matches(&wanted).count() >= times).then_some(())
    });
}

#[test]
fn peers_lamps_show_a_line_ring_and_talk_over_a_crash_too() {
    let mut server = Server::start();
    tenant::create(&server);
    let lamp = Sipp::new("lamp", server.address())
        .user("205")
        .service("204")
        .seconds(150)
        .start();
    until("the lamp is told that nobody talks", || {
        lamp.messages().contains("<dialog-info").then_some(())
    });
    let mut bob = Setup::of("204").says(tone(BOB, 50_000)).start(&server);
    let mut alice = Setup::of("203").start(&server);
    alice.dial("204");
    bob.expect("CALL_INCOMING");
    shows(&lamp, "early", 1);
    bob.command("accept", "");
    alice.expect("CALL_ESTABLISHED");
    shows(&lamp, "confirmed", 1);
    // By then the call is stored.
    until("they talk", || holds_tone(&alice.heard(), BOB).then_some(()));

    server.crash_and_start_again();

    shows(&lamp, "confirmed", 2);
    alice.hang_up();
    bob.expect("CALL_CLOSED");
    shows(&lamp, "terminated", 1);
    lamp.succeeds();
}
