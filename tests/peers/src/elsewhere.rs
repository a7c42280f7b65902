//! A line whose phone another system has (SIPp): it tells us how that is (RFC 4235), and who asked for a call back gets it the
//! moment it is free there (R58).

use serde_json::json;

use crate::baresip::Setup;
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

#[test]
fn peers_elsewhere_r58_a_phone_of_another_system_is_watched_and_called_back_when_it_is_free_there() {
    let server = Server::start();
    tenant::create(&server);
    let port = free_port();
    let trunk = json!({
        "name": "There", "access": { "address": { "networks": [THERE] } },
        "outbound": format!("sip:{THERE}:{port}"), "dialog-watches": { "outbound": true },
    });
    server
        .client
        .put("/v1/tenants/works/trunks/there", &trunk)
        .unwrap();
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
