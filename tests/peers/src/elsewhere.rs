//! Another system (SIPp) and we tell each other how lines are (RFC 4235): who asked for a call back of a phone there gets it the moment
//! it is free there (R58), and a phone here is watched from there.

use serde_json::{Value, json};

use crate::baresip::Setup;
use crate::lamps::shows;
use crate::server::{Server, free_port};
use crate::sipp::{Running, Sipp};
use crate::{tenant, until};

/// The line, and where its system is.
const LINE: &str = "251";
const THERE: &str = "127.0.0.5";

/// Says, in whatever order, each of these.
#[track_caller]
fn says(there: &Running, words: &[&str]) {
    until(&format!("the other system has said and heard {words:?}"), || {
        let said = there.messages();
        words.iter().all(|word| said.contains(word)).then_some(())
    });
}

/// The trunk to that system, and what is watched over it.
fn put_there(server: &Server, port: u16, watches: &Value) {
    let trunk = json!({
        "name": "There", "access": { "address": { "networks": [THERE] } },
        "outbound": format!("sip:{THERE}:{port}"), "dialog-watches": watches,
    });
    server
        .client
        .put("/v1/tenants/works/trunks/there", &trunk)
        .unwrap();
}

#[test]
fn peers_elsewhere_r58_a_phone_of_another_system_is_watched_and_called_back_when_it_is_free_there() {
    let server = Server::start();
    tenant::create(&server);
    let port = free_port();
    put_there(&server, port, &json!({ "outbound": true }));
    let line = json!({ "name": "Elsewhere", "site": "main", "short-number": LINE, "trunk": "there" });
    let path = format!("/v1/tenants/works/lines/{LINE}");
    server.client.put(&path, &line).unwrap();
    tenant::put_behaviour(&server, "call-back", "call-back", &json!({}));
    let tell = json!({ "behaviour": "call-back", "number": "{digits}", "message": "request {line}" });
    tenant::put_code(&server, "*37*", &json!({ "tell": tell }));
    let there = Sipp::new("elsewhere", server.address())
        .from(THERE)
        .port(port)
        .service(LINE)
        .calls(2)
        .seconds(150)
        .start();
    let mut phone = Setup::of("201").start(&server);

    phone.dial(&format!("*37*{LINE}"));
    // Two beeps: it was heard.
    phone.expect("CALL_ESTABLISHED");
    phone.expect("CALL_CLOSED");
    says(&there, &["SUBSCRIBE sip:251@", "<state>confirmed</state>"]);
    assert!(!phone.saw("CALL_INCOMING"), "it is in a call there");

    let shown = phone.rings();
    let said = there.messages();
    assert!(!said.contains("INVITE"), "the caller's phone rings first: {said}");
    assert!(shown.contains(LINE), "{shown}");
    phone.command("accept", "");
    says(&there, &["INVITE sip:251@", "ACK sip:"]);
    phone.hang_up();
    phone.expect("CALL_CLOSED");
    there.succeeds();
}

#[test]
fn peers_elsewhere_another_system_watches_a_phone_here_ring_and_talk() {
    let server = Server::start();
    tenant::create(&server);
    let port = free_port();
    put_there(&server, port, &json!({ "inbound": true }));
    let there = Sipp::new("lamp", server.address())
        .from(THERE)
        .port(port)
        .user("951")
        .service("204")
        .seconds(150)
        .start();
    says(&there, &["<dialog-info"]);
    let mut bob = Setup::of("204").start(&server);
    let mut alice = Setup::of("203").start(&server);
    alice.dial("204");
    bob.rings();
    shows(&there, "early", 1);
    bob.command("accept", "");
    alice.expect("CALL_ESTABLISHED");
    shows(&there, "confirmed", 1);
    alice.hang_up();
    bob.expect("CALL_CLOSED");
    shows(&there, "terminated", 1);
    let said = there.succeeds_and_said();
    assert!(!said.contains("401"), "it is known by its address: {said}");
}
