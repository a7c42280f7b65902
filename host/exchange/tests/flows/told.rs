//! Lines whose phones another exchange has are asked about (SUBSCRIBE, event package `dialog`) while somebody watches them.
//!
//! The other exchange is written line by line, at 192.0.2.50 behind the trunk `there`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{Cause, Command, Condition, Event, OutcomeKind, SessionScope};
use cordboard_exchange::directory::{Document, LineState, Trunk};
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
pub fn office(condition: Condition) -> (World, Heard) {
    office_over(by_address(), condition)
}

pub fn office_over(access: serde_json::Value, condition: Condition) -> (World, Heard) {
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
        .with(there(access))
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

pub fn document(version: u32, state: &str, dialogs: &str) -> String {
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

/// What the other exchange says: that it takes this SUBSCRIBE, for so many seconds; this document; that the subscription is over.
pub fn takes(world: &mut World, subscribe: &str, expires: u32) {
    let expires = format!("Expires: {expires}\r\n");
    receive(world, answer(subscribe, 200, "n", &expires, ""));
}

pub fn tells(world: &mut World, subscribe: &str, cseq: u32, body: &str) {
    receive(world, notify(subscribe, cseq, "active;expires=600", body));
}

pub fn ends(world: &mut World, subscribe: &str, cseq: u32, reason: &str) {
    let state = format!("terminated;reason={reason}");
    receive(world, notify(subscribe, cseq, &state, ""));
}

/// Grants the newest SUBSCRIBE, and tells this.
pub fn grants(world: &mut World, body: &str) -> String {
    let subscribe = last(world, "SUBSCRIBE");
    takes(world, &subscribe, 600);
    tells(world, &subscribe, 1, body);
    assert!(last(world, "SIP/2.0 200").contains("1 NOTIFY"));
    subscribe
}

/// 301 waits for the line, which is in a call.
pub fn busy() -> (World, Heard, String) {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let subscribe = grants(&mut world, &calls(0, Some("confirmed")));
    (world, heard, subscribe)
}

/// As it is in views.
pub fn line(world: &World) -> LineState {
    let tenant = world.exchange.directory().tenant("acme").unwrap();
    tenant.line_state("203")
}

pub fn state(world: &mut World) -> Vec<(Telling, Option<u16>, Option<String>)> {
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
    assert_eq!((line(&world).registered, line(&world).calls), (1, 1));
    assert_eq!(state(&mut world), [(Telling::Told, Some(1), None)]);
    assert_eq!(numbers(&heard), [""; 0], "it is busy");

    tells(&mut world, &subscribe, 2, &calls(1, None));
    world.settle();
    assert_eq!(numbers(&heard), ["302", "301"]);
    assert_eq!(line(&world).calls, 0);
    assert_eq!(line(&world).idle_since.map(|at| world.now() >= at), Some(true));
}

pub fn failed(heard: &Heard) -> Vec<OutcomeKind> {
    heard.borrow_mut().drain(..).map(|(_, kind)| kind).collect()
}

/// Answers the newest SUBSCRIBE so.
pub fn refuses(world: &mut World, status: u16, headers: &str) {
    let subscribe = last(world, "SUBSCRIBE");
    receive(world, answer(&subscribe, status, "n", headers, ""));
}

pub const UNREACHABLE: OutcomeKind = OutcomeKind::Failed(Cause::Unreachable);

#[test]
fn a_challenge_is_answered_with_the_trunks_account() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let challenge = "WWW-Authenticate: Digest realm=\"there\", nonce=\"n1\", algorithm=MD5\r\n";
    refuses(&mut world, 401, challenge);
    let subscribe = grants(&mut world, &calls(0, None));
    assert!(header(&subscribe, "Authorization").contains("username=\"acme\""));
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
    world.call("202", "302");
    assert_eq!(
        failed(&heard),
        [OutcomeKind::Done],
        "it is known to be free still"
    );
    assert_eq!(asked(&world), 2);
}

/// RFC 6665 §4.1.2.4.
#[test]
fn a_notify_may_come_before_the_answer() {
    let (mut world, heard) = office(Condition::OffHook);
    world.call("201", "301");
    let subscribe = last(&world, "SUBSCRIBE");
    tells(&mut world, &subscribe, 1, &calls(0, Some("early")));
    takes(&mut world, &subscribe, 600);
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
    assert_eq!(state(&mut world), [(Telling::Told, Some(1), None)]);
}

/// Freed and taken at once: the watch fires, and what the view shows is how it is now.
#[test]
fn a_line_that_is_taken_again_at_once_was_free_nevertheless() {
    let (mut world, heard, subscribe) = busy();
    for (cseq, document) in [(2, calls(1, Some("terminated"))), (3, calls(2, Some("trying")))] {
        tells(&mut world, &subscribe, cseq, &document);
    }
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
    assert_eq!(state(&mut world), [(Telling::Told, Some(1), None)]);
    world.call("202", "302");
    assert_eq!(failed(&heard), [], "it is busy again");
}

/// Kept as long as somebody waits (here for ten minutes), then given back.
#[test]
fn a_subscription_is_refreshed_and_ends_a_while_after_the_last_watcher() {
    let (mut world, _, subscribe) = busy();
    world.run(Duration::from_secs(570));
    let refresh = last(&world, "SUBSCRIBE");
    assert_eq!(header(&refresh, "Call-ID"), header(&subscribe, "Call-ID"));
    assert_eq!(header(&refresh, "Expires"), "600");
    takes(&mut world, &refresh, 600);
    tells(&mut world, &subscribe, 2, &calls(1, Some("confirmed")));
    world.run(Duration::from_secs(50));
    assert_eq!(
        asked(&world),
        2,
        "the watch is over, but who knows who comes next"
    );
    world.run(Duration::from_secs(20));
    let end = last(&world, "SUBSCRIBE");
    assert_eq!((asked(&world), &*header(&end, "Expires")), (3, "0"));
    takes(&mut world, &end, 0);
    receive(
        &mut world,
        notify(&subscribe, 3, "terminated;reason=timeout", &calls(2, None)),
    );
    world.run(Duration::from_secs(4_000));
    assert_eq!((asked(&world), state(&mut world)), (3, vec![]));
}

/// A call of ours is one of those that its exchange tells of; afterwards that has the last word.
#[test]
fn a_call_of_ours_is_counted_once() {
    let (mut world, _) = office(Condition::OffHook);
    world.call("202", "302");
    let subscribe = grants(&mut world, &calls(0, None));
    let call = world.call("201", "203");
    let invite = last(&world, "INVITE");
    assert!(invite.starts_with("INVITE sip:203@192.0.2.50"), "{invite}");
    assert_eq!(line(&world).calls, 1);
    tells(&mut world, &subscribe, 2, &calls(1, Some("early")));
    assert_eq!(line(&world).calls, 1);
    receive(&mut world, answer(&invite, 486, "a", "", ""));
    world.settle();
    assert_eq!(world.failure("201", call), Some(486));
    assert_eq!(line(&world).calls, 1, "it is told to be busy");
}
