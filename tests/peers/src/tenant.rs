//! The company that the peers belong to.

use serde_json::{Value, json};

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
        put_behaviour(server, behaviour, module, &settings);
        if !number.is_empty() {
            put_number(server, number, behaviour);
        }
    }
    put(
        &format!("/lines/{DESK}"),
        json!({ "name": "Desk", "site": "main", "short-number": DESK, "devices": [DESK], "behaviours": ["desk"] }),
    );
}

/// One of the shipped behaviours, by this name.
pub fn put_behaviour(server: &Server, name: &str, module: &str, settings: &Value) {
    let file = given("CORDBOARD_GUESTS").join(format!("{}.wasm", module.replace('-', "_")));
    let digest = server.client.upload_module("works", &file, None).unwrap();
    let behaviour = json!({ "module": digest, "settings": settings });
    let path = format!("/v1/tenants/works/behaviours/{name}");
    server.client.put(&path, &behaviour).unwrap();
}

/// A number that leads to a behaviour.
pub fn put_number(server: &Server, number: &str, behaviour: &str) {
    let path = format!("/v1/tenants/works/numbers/{number}");
    let number = json!({ "name": behaviour, "behaviours": [{ "behaviour": behaviour }] });
    server.client.put(&path, &number).unwrap();
}

/// What a member dials, the team's group is told.
pub fn put_feature_codes(server: &Server) {
    for (code, word) in [(PRESENT, "present"), (ABSENT, "absent")] {
        put_code_for_the_team(server, code, word);
    }
}

/// Whoever dials the code has the team's group told this word about the own line.
pub fn put_code_for_the_team(server: &Server, code: &str, word: &str) {
    let tell = json!({ "behaviour": "team", "number": TEAM, "message": format!("{word} {{line}}") });
    put_code(server, code, &json!({ "tell": tell }));
}

/// What a feature code does; it goes before all other rules.
pub fn put_code(server: &Server, code: &str, action: &Value) {
    let rule = json!({ "name": code, "direction": "internal", "pattern": { "feature-code": code }, "action": action });
    change_dial_plan(server, |rules| rules.insert(0, rule));
}

/// Calls that lines make outside go through this behaviour.
pub fn put_outgoing(server: &Server, behaviour: &str) {
    change_dial_plan(server, |rules| {
        let outside = rules.iter_mut().find(|rule| rule["name"] == "outside").unwrap();
        outside["action"] = json!({ "behaviours": [{ "behaviour": behaviour }] });
    });
}

fn change_dial_plan(server: &Server, change: impl FnOnce(&mut Vec<Value>)) {
    let path = "/v1/tenants/works/dial-plan";
    let mut plan = server.client.get(path).unwrap()["document"].take();
    change(plan["rules"].as_array_mut().unwrap());
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

/// The provider takes calls, too: there, as in a SIP URI. It shows who called in the first place.
pub fn put_provider_at(server: &Server, address: &str) {
    let trunk = json!({
        "name": "Provider", "access": { "address": { "networks": [PROVIDER] } },
        "outbound": format!("sip:{address}"), "caller-id": { "foreign": true, "fallback": "+33145000000" },
    });
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
