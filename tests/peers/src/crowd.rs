//! More callers than people: a group takes them one after the other, and nobody is lost, not over a crash either.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::server::{Server, free_port};
use crate::sipp::{Sipp, account};
use crate::voices::{Side, Voices};
use crate::{given, scenario, tenant, until, voices};

/// Its number, its people, its callers.
const CROWD: &str = "305";
const MEMBERS: u32 = 20;
const CALLS: u32 = 200;

/// So many members, and their phones, which are one program on one port.
fn group(server: &Server, size: u32, port: u16) {
    tenant::create(server);
    let members: Vec<String> = (0..size).map(|n| format!("4{n:02}")).collect();
    for member in &members {
        tenant::add_line(server, member);
    }
    let file = given("CORDBOARD_GUESTS").join("group.wasm");
    let digest = server.client.upload_module("works", &file, None).unwrap();
    let settings = json!({
        "members": members, "mode": "free-line", "greeting": "song", "wrap-up": 0, "queue-length": 50, "max-wait": 600
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
    let accounts: Vec<String> = members.iter().map(|member| account(member)).collect();
    Sipp::new("register", server.address())
        .port(port)
        .fields(&accounts.join("\n"))
        .calls(size)
        .run();
}

/// The greeting reaches callers before anybody answers; then each hears one member, and that member hears the caller.
#[test]
fn peers_sipp_two_hundred_calls_into_a_group_of_twenty_hear_each_other() {
    let mut server = Server::start();
    let port = free_port();
    group(&server, MEMBERS, port);
    let calls = u16::try_from(CALLS).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let (callers, called) = (
        client::ports::free(voices::ports(calls)).unwrap(),
        client::ports::free(voices::ports(calls)).unwrap(),
    );
    let voices = Voices::start(calls, callers, called);
    let phones = Sipp::of_file(
        &Side::Called.scenario("answering", folder.path()),
        server.address(),
    )
    .port(port)
    .media_port(called)
    .calls(CALLS)
    .seconds(60)
    .start();
    Sipp::of_file(&Side::Caller.scenario("call", folder.path()), server.address())
        .media_port(callers)
        .service(CROWD)
        .calls(CALLS)
        .seconds(60)
        .run();
    phones.succeeds();
    server.assert_alive();
    talked_in_pairs(voices, calls);
}

/// Everybody has heard one of the other side, who has heard nobody else either; whoever called first was answered first, but for those who
/// may be rung together.
#[track_caller]
fn talked_in_pairs(voices: Voices, calls: u16) {
    let heard: std::collections::BTreeMap<_, _> = voices.heard().into_iter().collect();
    for call in 0..calls {
        let own = (Side::Caller, call);
        let others: Vec<_> = heard[&own].iter().copied().collect();
        let [other] = others.as_slice() else {
            panic!("caller {call} heard {others:?}")
        };
        let back: Vec<_> = heard[other].iter().copied().collect();
        assert_eq!(back, [own], "{other:?}, whom caller {call} heard");
        assert!(
            other.1.abs_diff(call) <= MEMBERS as u16,
            "caller {call} was the {}th to be answered",
            other.1 + 1
        );
    }
}

/// The other side of the last talk ends it.
const BUSY: &str = "the member's first caller";

/// Forty wait for one member who talks. The exchange is killed, another version of the group takes over, and it is killed again: then the
/// talk ends, and all are served in their order.
#[test]
fn peers_sipp_forty_who_wait_are_served_in_order_after_crashes_and_a_swap() {
    const WAITING: u32 = 40;
    let mut server = Server::start();
    let port = free_port();
    group(&server, 1, port);
    let phone = Sipp::new("answering", server.address())
        .port(port)
        .calls(WAITING + 1)
        .seconds(180)
        .start();
    let folder = tempfile::TempDir::new().unwrap();
    let first = Sipp::of_file(&hung_up(folder.path()), server.address())
        .service(CROWD)
        .user("203")
        .seconds(180)
        .start();
    let calls = |server: &Server| {
        let calls = server.client.get("/v1/tenants/works/calls").unwrap();
        calls["items"].as_array().cloned().unwrap_or_default()
    };
    let talk = until(BUSY, || {
        let calls = calls(&server);
        let connected = calls.iter().find(|call| call["connected-ms"].is_u64())?;
        connected["id"].as_u64()
    });
    let waiting = Sipp::of_file(&short(folder.path()), server.address())
        .service(CROWD)
        .user("204")
        .calls(WAITING)
        .rate(20)
        .seconds(180)
        .start();
    let all = WAITING as usize + 1;
    until("all have called", || (calls(&server).len() == all).then_some(()));
    // A call that is not answered is stored once it has lasted for a moment.
    let since = Instant::now();
    until("the last has waited", || {
        (since.elapsed() > Duration::from_secs(1)).then_some(())
    });

    server.crash_and_start_again();
    assert_eq!(calls(&server).len(), all, "after the first crash");
    activate_another(&server);
    server.crash_and_start_again();
    assert_eq!(calls(&server).len(), all, "after the second");

    server
        .client
        .delete(&format!("/v1/tenants/works/calls/{talk}"))
        .unwrap();
    first.succeeds();
    let said = waiting.succeeds_and_said();
    phone.succeeds();
    assert_eq!(answered(&said), (1..=WAITING).collect::<Vec<_>>());
}

/// A caller who is hung up on.
fn hung_up(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(scenario("call")).unwrap();
    let (before, after) = text.split_once("<pause milliseconds=\"1000\"/>").unwrap();
    let (_, end) = after.split_once("<recv response=\"200\"/>").unwrap();
    let answering = std::fs::read_to_string(scenario("answering")).unwrap();
    let (_, bye) = answering.split_once("<recv request=\"BYE\"/>").unwrap();
    let (bye, _) = bye.split_once("<timewait").unwrap();
    let file = folder.join("hung-up.xml");
    std::fs::write(&file, format!("{before}<recv request=\"BYE\"/>{bye}{end}")).unwrap();
    file
}

/// A caller with little to say.
fn short(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(scenario("call")).unwrap();
    let file = folder.join("short.xml");
    std::fs::write(
        &file,
        text.replace("<pause milliseconds=\"1000\"/>", "<pause milliseconds=\"100\"/>"),
    )
    .unwrap();
    file
}

/// The same group with a section more, so that it is another module.
fn activate_another(server: &Server) {
    let mut module = std::fs::read(given("CORDBOARD_GUESTS").join("group.wasm")).unwrap();
    module.extend([0, 6, 5]);
    module.extend(b"other");
    let uploaded = server
        .client
        .upload("/v1/tenants/works/modules", "application/wasm", &module)
        .unwrap();
    let path = "/v1/tenants/works/behaviours/crowd/activate";
    server
        .client
        .post(path, &json!({ "module": uploaded["digest"] }))
        .unwrap();
}

/// The numbers of SIPp's calls in the order in which they were answered.
fn answered(said: &str) -> Vec<u32> {
    let mut order = Vec::new();
    for message in said.split("message received").skip(1) {
        let is_answer = message.contains("SIP/2.0 200") && message.contains(" INVITE");
        let call = message.lines().find_map(|line| line.strip_prefix("Call-ID:"));
        let number = call.and_then(|id| id.trim().split('-').next()?.parse().ok());
        if let Some(number) = number.filter(|number| is_answer && !order.contains(number)) {
            order.push(number);
        }
    }
    order
}
