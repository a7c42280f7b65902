//! The company that the peers belong to.

use serde_json::json;

use crate::server::Server;
use crate::{given, sound};

/// Its SIP domain, and its digest realm.
pub const DOMAIN: &str = "127.0.0.1";

/// Where the provider's calls come from: loopback, and not what phones use.
pub const PROVIDER: &str = "127.0.0.2";

/// Where a carrier is that we register with: what comes from there is the carrier's, so it is nobody else's address.
pub const REGISTRAR: &str = "127.0.0.4";

/// A number outside.
pub const OUTSIDE: &str = "0145678901";

/// Short numbers of behaviours.
pub const MENU: &str = "300";
pub const TEAM: &str = "302";
pub const NEWS: &str = "303";

/// Members of the team come and go with these.
pub const PRESENT: &str = "*51";
pub const ABSENT: &str = "*52";

/// A line whose calls go to the announcement when nobody answers within five seconds.
pub const DESK: &str = "208";

/// Lines 201 to 208, each with a device whose user name is the number.
pub const LINES: [&str; 8] = ["201", "202", "203", "204", "205", "206", "207", "208"];

pub fn password(user: &str) -> String {
    format!("secret-{user}")
}

/// Puts a company on the exchange: lines, a provider known by its address, a menu, a hunt group, an announcement.
pub fn create(server: &Server) {
    let client = &server.client;
    let put = |path: &str, body| {
        client.put(&format!("/v1/tenants/works{path}"), &body).unwrap();
    };
    put(
        "",
        json!({ "name": "Works", "domains": [DOMAIN, "localhost", "::1", "[::1]", "works.test"], "realm": DOMAIN }),
    );
    for line in LINES {
        add_line(server, line);
    }
    put_provider(server, &[PROVIDER, "::1"]);
    client
        .put_bytes(
            "/v1/tenants/works/announcements/song",
            "audio/wav",
            &sound::wav(&sound::song()),
        )
        .unwrap();
    let key = |key: &str, number: &str| json!({ "key": key, "number": number });
    let behaviours = [
        (
            "team",
            "group",
            json!({ "members": ["202"], "mode": "linear", "greeting": null, "waiting": null, "max-wait": 120 }),
            TEAM,
        ),
        ("news", "announcement", json!({ "announcement": "song" }), NEWS),
        (
            "reception",
            "menu",
            json!({ "open": { "greeting": "song", "keys": [key("1", "201"), key("2", "202"), key("3", TEAM)] }, "attempts": 10 }),
            MENU,
        ),
        (
            "desk",
            "line",
            json!({ "rings": 1, "no-answer": { "on": true, "to": NEWS } }),
            "",
        ),
    ];
    for (behaviour, module, settings, number) in behaviours {
        let file = given("CORDBOARD_GUESTS").join(format!("{module}.wasm"));
        let digest = client.upload_module("works", &file, None).unwrap();
        put(
            &format!("/behaviours/{behaviour}"),
            json!({ "module": digest, "settings": settings }),
        );
        if !number.is_empty() {
            put(
                &format!("/numbers/{number}"),
                json!({ "name": behaviour, "behaviours": [{ "behaviour": behaviour }] }),
            );
        }
    }
    put(
        &format!("/lines/{DESK}"),
        json!({ "name": "Desk", "site": "main", "short-number": DESK, "devices": [DESK], "behaviours": ["desk"] }),
    );
}

/// What a member dials, the team's group is told.
pub fn put_feature_codes(server: &Server) {
    let path = "/v1/tenants/works/dial-plan";
    let mut plan = server.client.get(path).unwrap()["document"].take();
    let rules = plan["rules"].as_array_mut().unwrap();
    for (code, word) in [(PRESENT, "present"), (ABSENT, "absent")] {
        let tell = json!({ "behaviour": "team", "number": TEAM, "message": format!("{word} {{line}}") });
        let rule = json!({
            "name": word, "direction": "internal", "pattern": { "feature-code": code }, "action": { "tell": tell },
        });
        rules.insert(0, rule);
    }
    server.client.put(path, &plan).unwrap();
}

/// The provider is whoever calls from these addresses.
pub fn put_provider(server: &Server, networks: &[&str]) {
    let trunk = json!({ "name": "Provider", "access": { "address": { "networks": networks } } });
    server
        .client
        .put("/v1/tenants/works/trunks/provider", &trunk)
        .unwrap();
}

/// A carrier that takes calls on this port of the loopback interface, challenges them, and takes no registration.
pub fn put_carrier(server: &Server, port: u16) {
    let login = json!({ "username": "foo", "password": "bar" });
    put_trunk(
        server,
        &format!("127.0.0.1:{port}"),
        json!({ "address": { "networks": ["127.0.0.3"], "login": login } }),
    );
}

/// A carrier that wants to be registered with on this port of [`REGISTRAR`].
pub fn put_registrar(server: &Server, port: u16) {
    let address = format!("{REGISTRAR}:{port}");
    let registrar = format!("sip:{address}");
    let register = json!({ "registrar": registrar, "username": "foo", "password": "bar" });
    put_trunk(server, &address, json!({ "register": register }));
}

fn put_trunk(server: &Server, address: &str, access: serde_json::Value) {
    let trunk = json!({
        "name": "Carrier",
        "access": access,
        "outbound": format!("sip:{address}"),
        "caller-id": { "foreign": false, "fallback": "+33145000000" },
    });
    server
        .client
        .put("/v1/tenants/works/trunks/carrier", &trunk)
        .unwrap();
}

/// A line and its device, whose user name is the number.
pub fn add_line(server: &Server, line: &str) {
    let put = |path: &str, body| {
        server
            .client
            .put(&format!("/v1/tenants/works{path}"), &body)
            .unwrap();
    };
    put(&format!("/devices/{line}"), json!({ "name": line }));
    put(
        &format!("/devices/{line}/password"),
        json!({ "username": line, "password": password(line) }),
    );
    put(
        &format!("/lines/{line}"),
        json!({ "name": line, "site": "main", "short-number": line, "devices": [line], "features": { "call-waiting": true } }),
    );
}
