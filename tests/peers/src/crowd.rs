//! More callers than people: a group takes them one after the other, and nobody is lost.

use serde_json::json;

use crate::given;
use crate::server::{Server, free_port};
use crate::sipp::{Sipp, account};
use crate::tenant;

/// Its number, its people, its callers.
const CROWD: &str = "305";
const MEMBERS: u32 = 20;
const CALLS: u32 = 200;

#[test]
fn peers_sipp_two_hundred_calls_into_a_group_of_twenty() {
    let mut server = Server::start();
    tenant::create(&server);
    let members: Vec<String> = (0..MEMBERS).map(|n| format!("4{n:02}")).collect();
    for member in &members {
        tenant::add_line(&server, member);
    }
    let file = given("CORDBOARD_GUESTS").join("group.wasm");
    let digest = server.client.upload_module("works", &file, None).unwrap();
    let settings = json!({
        "members": members, "mode": "free-line", "greeting": null, "wrap-up": 0, "queue-length": 50, "max-wait": 120
    });
    let put = |path: &str, body| {
        server
            .client
            .put(&format!("/v1/tenants/works{path}"), &body)
            .unwrap()
    };
    put(
        "/behaviours/crowd",
        json!({ "module": digest, "settings": settings }),
    );
    put(
        &format!("/numbers/{CROWD}"),
        json!({ "name": "Crowd", "behaviours": [{ "behaviour": "crowd" }] }),
    );

    // All phones are one program on one port.
    let port = free_port();
    let accounts: Vec<String> = members.iter().map(|member| account(member)).collect();
    Sipp::new("register", server.address())
        .port(port)
        .fields(&accounts.join("\n"))
        .calls(MEMBERS)
        .run();
    let phones = Sipp::new("answering", server.address())
        .port(port)
        .calls(CALLS)
        .seconds(60)
        .start();
    Sipp::new("call", server.address())
        .service(CROWD)
        .calls(CALLS)
        .seconds(60)
        .run();
    phones.succeeds();
    server.assert_alive();
}
