//! SIPp in both roles, with our own scenarios: who calls is challenged, who is called is registered.

use crate::lossy::Lossy;
use crate::server::{Server, free_port};
use crate::sipp::{Running, Sipp};
use crate::tenant;

/// A port on which this line's phone is registered.
fn registered(server: &Server, line: &str, tcp: bool) -> u16 {
    let port = free_port();
    let register = Sipp::new("register", server.address()).user(line).port(port);
    if tcp { register.tcp() } else { register }.run();
    port
}

/// A phone of this line that does as the scenario says.
fn phone(server: &Server, line: &str, scenario: &str) -> Running {
    let port = registered(server, line, false);
    Sipp::new(scenario, server.address())
        .user(line)
        .port(port)
        .start()
}

#[test]
fn peers_sipp_phones_register_and_call_each_other() {
    let server = Server::start();
    tenant::create(&server);
    let sipp = |name: &str| Sipp::new(name, server.address());

    sipp("options").run();
    sipp("register-wrong").run();
    sipp("unknown-call").service("299").run();
    sipp("absent-call").service("202").run();

    let bob = phone(&server, "202", "answering");
    sipp("call").service("202").run();
    bob.succeeds();

    let bob = phone(&server, "203", "busy");
    sipp("busy-call").service("203").run();
    bob.succeeds();

    let bob = phone(&server, "204", "ringing");
    sipp("cancelled-call").service("204").run();
    bob.succeeds();
}

#[test]
fn peers_sipp_a_menu_leads_to_a_phone_and_no_answer_leads_on() {
    let server = Server::start();
    tenant::create(&server);
    let sipp = |name: &str| Sipp::new(name, server.address());

    let bob = phone(&server, "202", "answering");
    sipp("menu-call").service(tenant::MENU).run();
    bob.succeeds();

    // Rings for five seconds; then the announcement takes the call.
    let bob = phone(&server, tenant::DESK, "ringing");
    sipp("call").service(tenant::DESK).run();
    bob.succeeds();
}

#[test]
fn peers_sipp_over_tcp() {
    let server = Server::start();
    tenant::create(&server);
    let sipp = |name: &str| Sipp::new(name, server.address()).tcp();

    sipp("register").run();
    sipp("options").run();
    sipp("call").service(tenant::NEWS).calls(5).run();
    sipp("unknown-call").service("299").run();

    // From one transport to the other.
    let bob = phone(&server, "202", "answering");
    sipp("call").service("202").run();
    bob.succeeds();
}

#[test]
fn peers_sipp_calls_survive_a_network_that_loses_messages() {
    let server = Server::start();
    tenant::create(&server);
    let bob = Sipp::new("answering", server.address()).calls(10).seconds(60);
    let to_bob = Lossy::at(registered(&server, "202", false), bob.address());
    let bob = bob.start();
    let to_server = Lossy::at(free_port(), server.address());

    Sipp::new("call", to_server.address)
        .service("202")
        .calls(10)
        .seconds(60)
        .run();
    bob.succeeds();
    assert!(to_server.losses() > 10, "the caller's path lost nothing");
    assert!(to_bob.losses() > 3, "the callee's path lost nothing");
}
