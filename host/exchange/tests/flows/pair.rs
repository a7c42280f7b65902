//! Two exchanges, one of which has a line's phones while phones of the other have lamps for it.
//!
//! ```text
//!  phone 201 ──SUBSCRIBE──▶ A ──SUBSCRIBE──▶ B ◀──INVITE── phone 204
//!            ◀──NOTIFY──── A ◀──NOTIFY───── B ──INVITE──▶ phone 203
//! ```
//!
//! Each is at 192.0.2.1 in its own world and sees the other at 192.0.2.5: what goes from world to world has the two addresses changed
//! for each other, as behind a router.

use std::time::Duration;

use cordboard_exchange::directory::{Document, Trunk};
use cordboard_exchange::live::{self, Request, Telling};
use cordboard_exchange::{Fact, Input};
use serde_json::json;
use sip::body::{DialogInfo, DialogState};
use sip::endpoint::{Packet, Path};

use crate::office::Office;
use crate::world::{World, server};

const OTHER: &str = "192.0.2.5:5060";

fn trunk() -> Document {
    let trunk: Trunk = serde_json::from_value(json!({
        "id": "other", "access": { "address": { "networks": ["192.0.2.5"] } }, "outbound": format!("sip:{OTHER}"),
        "dialog-watches": { "outbound": true, "inbound": true }
    }))
    .unwrap();
    Document::Trunk(trunk)
}

/// Its phones are at the other exchange.
fn elsewhere(office: Office, number: &str) -> Office {
    let change = |line: &mut cordboard_exchange::directory::Line| {
        line.devices.clear();
        line.trunk = Some("other".into());
    };
    office.line_with(number, change, |_| {})
}

struct Pair {
    worlds: [World; 2],
    /// Reports of each that have been carried over.
    carried: [usize; 2],
}

impl Pair {
    /// 201 is at A, 203 and 204 are at B.
    fn new() -> Self {
        let a = elsewhere(Office::new().line("201").with(trunk()), "203");
        let b = elsewhere(Office::new().line("203").line("204").with(trunk()), "201");
        Self {
            worlds: [a.open(&["201"]), b.open(&["203", "204"])],
            carried: [0, 0],
        }
    }

    fn a(&mut self) -> &mut World {
        &mut self.worlds[0]
    }

    fn b(&mut self) -> &mut World {
        &mut self.worlds[1]
    }

    fn settle(&mut self) {
        self.run(Duration::from_secs(1));
    }

    fn run(&mut self, length: Duration) {
        const STEP: Duration = Duration::from_millis(10);
        for _ in 0..length.as_millis() / STEP.as_millis() {
            for from in [0, 1] {
                self.worlds[from].run(STEP);
                self.carry(from);
            }
        }
    }

    /// Takes to the other world what was sent there.
    fn carry(&mut self, from: usize) {
        let reports = &self.worlds[from].reports;
        let sent: Vec<String> = reports[self.carried[from]..]
            .iter()
            .filter_map(|report| match &report.fact {
                Fact::Sip(message) if message.sent && message.path.remote.to_string() == OTHER => {
                    Some(String::from_utf8(message.text.to_vec()).unwrap())
                }
                _ => None,
            })
            .collect();
        self.carried[from] = reports.len();
        for message in sent {
            self.worlds[1 - from].input(Input::Packet(Packet {
                path: Path::udp(server(), OTHER.parse().unwrap()),
                bytes: swapped(&message).into(),
            }));
        }
    }

    /// What the lamp at 201 shows.
    fn lamp(&mut self) -> Option<DialogState> {
        let told = self.a().events("201").iter().rev().find_map(|event| match event {
            phone::Event::Told { method, body, .. } if method == "NOTIFY" => DialogInfo::parse(body).ok(),
            _ => None,
        });
        told?.dialogs.first().map(|dialog| dialog.state)
    }

    fn told(&mut self) -> Vec<Telling> {
        let request = Request::Elsewhere {
            tenant: "acme".into(),
        };
        match self.a().live(request) {
            live::Answer::Elsewhere(all) => all.into_iter().map(|line| line.state).collect(),
            other => panic!("{other:?}"),
        }
    }
}

fn swapped(message: &str) -> String {
    message
        .replace("192.0.2.1:", "192.0.2.#:")
        .replace("192.0.2.5:", "192.0.2.1:")
        .replace("192.0.2.#:", "192.0.2.5:")
}

fn watch(world: &mut World, number: &str) -> phone::AskRef {
    let headers = "Event: dialog\r\nExpires: 3600\r\n";
    world.with("201", |phone, now| {
        phone.ask(now, "SUBSCRIBE", number, headers, "")
    })
}

#[test]
fn a_lamp_here_shows_a_line_of_another_exchange_over_restarts_of_both() {
    use DialogState::{Confirmed, Early, Terminated};
    let mut pair = Pair::new();
    let lamp = watch(pair.a(), "203");
    pair.settle();
    assert_eq!((pair.told(), pair.lamp()), (vec![Telling::Told], None));

    let call = pair.b().call("204", "203");
    pair.b().rings("203");
    pair.settle();
    assert_eq!(pair.lamp(), Some(Early));
    pair.b().answers("203");
    pair.settle();
    assert_eq!(pair.lamp(), Some(Confirmed));

    pair.a().restart();
    pair.run(Duration::from_secs(3));
    assert_eq!((pair.told(), pair.lamp()), (vec![Telling::Told], Some(Confirmed)));

    pair.b().restart();
    pair.b().hangs_up("204", call);
    pair.run(Duration::from_secs(3));
    assert_eq!(pair.lamp(), Some(Terminated));

    // The last lamp goes out; a while later nothing is left at either.
    let headers = "Event: dialog\r\nExpires: 0\r\n";
    pair.a()
        .with("201", |phone, now| phone.ask_again(now, lamp, headers));
    pair.run(Duration::from_secs(40));
    assert_eq!(pair.told(), []);
    let left = |world: &World| {
        world
            .store
            .keys()
            .filter(|key| key.starts_with("subscription/"))
            .count()
    };
    assert_eq!([left(&pair.worlds[0]), left(&pair.worlds[1])], [0, 0]);
}

/// Both believe that the other has its phones: neither asks on behalf of the other.
#[test]
fn a_line_that_is_nowhere_is_not_asked_about_in_a_circle() {
    let mut pair = Pair::new();
    pair.worlds[1] = elsewhere(Office::new().with(trunk()), "203").open(&[]);
    pair.carried[1] = 0;
    watch(pair.a(), "203");
    pair.settle();
    assert_eq!(pair.told(), [Telling::Unknown]);
    assert_eq!(pair.b().facts("line-elsewhere"), 0);
}

/// Without the trunk's word the other exchange is a stranger, and is asked for a password that it does not have.
#[test]
fn an_exchange_that_may_not_watch_is_refused() {
    let mut pair = Pair::new();
    let silent: Trunk = serde_json::from_value(json!({
        "id": "other", "access": { "address": { "networks": ["192.0.2.5"] } }, "outbound": format!("sip:{OTHER}"),
    }))
    .unwrap();
    pair.worlds[1] = Office::new()
        .line("203")
        .with(Document::Trunk(silent))
        .open(&["203"]);
    pair.carried[1] = 0;
    watch(pair.a(), "203");
    pair.settle();
    assert_eq!(pair.told(), [Telling::Unknown]);
}
