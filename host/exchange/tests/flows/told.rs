//! Lines whose phones another exchange has are asked about (SUBSCRIBE, event package `dialog`) while somebody watches them.
//!
//! The other exchange is written line by line, at 192.0.2.50 behind the trunk `there`.

use std::cell::RefCell;
use std::rc::Rc;

use contract::{Cause, Command, Condition, Event, OutcomeKind, SessionScope};
use cordboard_exchange::directory::{Document, Trunk};
use cordboard_exchange::live::{self, Request, Telling};
use serde_json::json;

use crate::logic::{self, decided};
use crate::office::{Office, module};
use crate::provider::{answer, header, last, receive, sent};
use crate::world::World;

/// What the sessions of 301 and 302 were told: their number and how their watch ended.
pub type Heard = Rc<RefCell<Vec<(String, OutcomeKind)>>>;

pub fn there(access: serde_json::Value) -> Document {
    let trunk: Trunk = serde_json::from_value(json!({
        "id": "there", "access": access, "outbound": "sip:192.0.2.50:5060",
        "dialog-watches": { "outbound": true }
    }))
    .unwrap();
    Document::Trunk(trunk)
}

fn by_address() -> serde_json::Value {
    json!({ "address": {
        "networks": ["192.0.2.50"], "login": { "username": "acme", "password": "secret" }
    } })
}

/// The phones of 203 are there; a call to 301 or 302 waits for ten minutes until it is so.
fn office(condition: Condition) -> (World, Heard) {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line_with(
            "203",
            |line| {
                line.devices.clear();
                line.trunk = Some("there".into());
            },
            |_| {},
        )
        .with(there(by_address()))
        .behaviour("watcher", module(1), SessionScope::PerNumber)
        .number("301", &["watcher"])
        .number("302", &["watcher"])
        .open(&["201", "202"]);
    let heard: Heard = Rc::default();
    let noted = Rc::clone(&heard);
    world.behaves(module(1), move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => {
            let watch = Command::Watch {
                tag: 1,
                line: "203".into(),
                condition,
                expiry: 600_000,
            };
            decided(vec![watch, logic::reject(offer.leg, Cause::Declined)])
        }
        Event::Outcome(outcome) if outcome.tag == 1 => {
            let number = invocation.session.number.to_string();
            noted.borrow_mut().push((number, outcome.kind.clone()));
            decided(vec![])
        }
        _ => decided(vec![]),
    });
    (world, heard)
}

fn numbers(heard: &Heard) -> Vec<String> {
    heard.borrow_mut().drain(..).map(|(number, _)| number).collect()
}

/// A document with one call in this state, or none.
pub fn calls(version: u32, state: Option<&str>) -> String {
    let dialog = state.map(|state| format!("<dialog id=\"c1\"><state>{state}</state></dialog>"));
    document(version, "full", &dialog.unwrap_or_default())
}

fn document(version: u32, state: &str, dialogs: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" \
         state=\"{state}\" entity=\"sip:203@192.0.2.50\">{dialogs}</dialog-info>"
    )
}

/// A NOTIFY in the dialog of this SUBSCRIBE.
pub fn notify(subscribe: &str, cseq: u32, state: &str, body: &str) -> String {
    let line = |name: &str| header(subscribe, name);
    let contact = line("Contact");
    format!(
        "NOTIFY {} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK{}n{cseq};rport\r\nMax-Forwards: 70\r\n\
         From: {};tag=n\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} NOTIFY\r\nContact: <sip:192.0.2.50:5060>\r\n\
         Event: dialog\r\nSubscription-State: {state}\r\nContent-Type: application/dialog-info+xml\r\n\
         Content-Length: {}\r\n\r\n{body}",
        contact.trim_start_matches('<').trim_end_matches('>'),
        &line("Call-ID")[..8],
        line("To").split(";tag").next().unwrap_or_default(),
        line("From"),
        line("Call-ID"),
        body.len()
    )
}

/// SUBSCRIBEs that were sent, each counted once.
pub fn asked(world: &World) -> usize {
    let mut asked: Vec<String> = sent(world)
        .iter()
        .filter(|message| message.starts_with("SUBSCRIBE"))
        .map(|message| header(message, "Via"))
        .collect();
    asked.sort_unstable();
    asked.dedup();
    asked.len()
}

/// Grants the newest SUBSCRIBE, and tells this.
fn grants(world: &mut World, body: &str) -> String {
    let subscribe = last(world, "SUBSCRIBE");
    receive(world, answer(&subscribe, 200, "n", "Expires: 600\r\n", ""));
    receive(world, notify(&subscribe, 1, "active;expires=600", body));
    assert!(last(world, "SIP/2.0 200").contains("1 NOTIFY"));
    subscribe
}

fn state(world: &mut World) -> Vec<(Telling, Option<u16>, Option<String>)> {
    let request = Request::Elsewhere {
        tenant: "acme".into(),
    };
    match world.live(request) {
        live::Answer::Elsewhere(all) => all
            .into_iter()
            .map(|line| (line.state, line.calls, line.why))
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// Two wait for the line, and it is asked about once; busy there is busy here, and free there wakes both in their order.
#[test]
fn a_line_elsewhere_is_watched_like_one_of_ours() {
    let (mut world, heard) = office(Condition::Idle);
    assert_eq!(asked(&world), 0, "nobody wants to know");
    world.call("201", "302");
    world.call("202", "301");
    assert_eq!(asked(&world), 1);
    let subscribe = last(&world, "SUBSCRIBE");
    assert!(
        subscribe.starts_with("SUBSCRIBE sip:203@192.0.2.50"),
        "{subscribe}"
    );
    assert_eq!(header(&subscribe, "Event"), "dialog");
    assert_eq!(header(&subscribe, "Accept"), "application/dialog-info+xml");
    assert_eq!(state(&mut world), [(Telling::Asked, None, None)]);

    let subscribe = grants(&mut world, &calls(0, Some("confirmed")));
    let known = |world: &World| {
        world
            .exchange
            .directory()
            .tenant("acme")
            .unwrap()
            .line_state("203")
    };
    assert_eq!((known(&world).registered, known(&world).calls), (1, 1));
    assert_eq!(state(&mut world), [(Telling::Told, Some(1), None)]);
    assert_eq!(numbers(&heard), [""; 0], "it is busy");

    receive(
        &mut world,
        notify(&subscribe, 2, "active;expires=500", &calls(1, None)),
    );
    world.settle();
    assert_eq!(numbers(&heard), ["302", "301"]);
    assert_eq!(known(&world).calls, 0);
    assert_eq!(known(&world).idle_since.map(|at| world.now() >= at), Some(true));
}
