//! The exchange is killed, and goes on where it was when it is back.

use serde_json::json;

use crate::baresip::{Baresip, Setup};
use crate::ear::hears;
use crate::server::Server;
use crate::sipp::Sipp;
use crate::sound::{RATE, tone};
use crate::{tenant, until};

/// What the caller, and whom he talks with, say.
const CALLER: f64 = 700.0;
const CALLED: f64 = 1_100.0;

/// What the exchange plays to who waits in France.
const RINGBACK: f64 = 440.0;

fn caller(server: &Server, user: &str) -> Baresip {
    Setup::of(user).says(tone(CALLER, 50_000)).start(server)
}

fn called(server: &Server, user: &str) -> Baresip {
    Setup::of(user).answers().says(tone(CALLED, 50_000)).start(server)
}

#[test]
fn peers_restart_keeps_registrations_and_what_was_acknowledged() {
    let mut server = Server::start();
    tenant::create(&server);
    let mut alice = caller(&server, "203");
    let mut bob = called(&server, "204");
    let modules = server.client.get("/v1/tenants/works/modules").unwrap();
    let path = "/v1/tenants/works/lines/205";
    let mut line = server.client.get(path).unwrap()["document"].take();
    line["name"] = json!("Changed a moment ago");
    server.client.put(path, &line).unwrap();

    server.crash_and_start_again();

    assert_eq!(
        server.client.get(path).unwrap()["document"]["name"],
        "Changed a moment ago"
    );
    assert_eq!(server.client.get("/v1/tenants/works/modules").unwrap(), modules);
    // Nobody has registered again: the call finds the phone that registered before.
    alice.dial("204");
    bob.expect("CALL_ESTABLISHED");
    alice.hang_up();
    bob.expect("CALL_CLOSED");
    // And a module decides.
    Sipp::new("call", server.address()).service(tenant::NEWS).run();
}

#[test]
fn peers_restart_does_not_end_a_talk() {
    let mut server = Server::start();
    tenant::create(&server);
    let mut bob = called(&server, "204");
    let mut alice = caller(&server, "203");
    alice.dial("204");
    alice.expect("CALL_ESTABLISHED");
    hears(&alice, CALLED);
    hears(&bob, CALLER);

    server.crash_and_start_again();

    hears(&alice, CALLED);
    hears(&bob, CALLER);
    assert!(!alice.saw("CALL_CLOSED") && !bob.saw("CALL_CLOSED"));
    alice.hang_up();
    bob.expect("CALL_CLOSED");
}

/// Somebody waits in the group because its only member talks; after the crash the talk ends.
#[track_caller]
fn waits_over_a_crash(wait: impl FnOnce(&mut Baresip)) {
    let mut server = Server::start();
    tenant::create(&server);
    let mut member = called(&server, "202");
    let mut other = caller(&server, "204");
    other.dial("202");
    member.expect("CALL_ESTABLISHED");
    let mut alice = caller(&server, "203");
    wait(&mut alice);
    // A call that is not answered is stored once it has lasted for a moment: well before ringback has been heard.
    hears(&alice, RINGBACK);

    server.crash_and_start_again();

    hears(&alice, RINGBACK);
    assert!(
        !member.saw("CALL_INCOMING") && !alice.saw("CALL_CLOSED"),
        "the caller did not wait"
    );
    other.hang_up();
    member.expect("CALL_CLOSED");
    member.expect("CALL_ESTABLISHED");
    hears(&member, CALLER);
    hears(&alice, CALLED);
    alice.hang_up();
    member.expect("CALL_CLOSED");
}

#[test]
fn peers_restart_keeps_a_caller_waiting_who_was_not_answered() {
    waits_over_a_crash(|alice| {
        alice.dial(tenant::TEAM);
        alice.expect("CALL_PROGRESS");
        assert!(!alice.saw("CALL_ESTABLISHED"));
    });
}

#[test]
fn peers_restart_keeps_a_caller_waiting_whom_the_menu_answered() {
    waits_over_a_crash(|alice| {
        alice.dial(tenant::MENU);
        alice.expect("CALL_ESTABLISHED");
        until("the menu speaks", || (alice.heard().len() > RATE).then_some(()));
        alice.command("sndcode", "3");
    });
}
