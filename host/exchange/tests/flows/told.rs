//! Lines whose phones another exchange has are asked about (SUBSCRIBE, event package `dialog`) while somebody watches them.
//!
//! The other exchange is written line by line, at 192.0.2.50 behind the trunk `there`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

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
    office_over(by_address(), condition)
}

fn office_over(access: serde_json::Value, condition: Condition) -> (World, Heard) {
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

fn failed(heard: &Heard) -> Vec<OutcomeKind> {
    heard.borrow_mut().drain(..).map(|(_, kind)| kind).collect()
}

/// Answers the newest SUBSCRIBE so.
fn refuses(world: &mut World, status: u16, headers: &str) {
    let subscribe = last(world, "SUBSCRIBE");
    receive(world, answer(&subscribe, status, "n", headers, ""));
}

const UNREACHABLE: OutcomeKind = OutcomeKind::Failed(Cause::Unreachable);

/// An exchange without the package, or that does not let us: who waits hears so, and it is asked once an hour, not each time.
#[test]
fn a_refusal_for_good_is_told_at_once_and_asked_again_after_an_hour() {
    for status in [489, 403, 404, 405] {
        let (mut world, heard) = office(Condition::Idle);
        world.call("201", "301");
        refuses(&mut world, status, "");
        world.settle();
        assert_eq!(failed(&heard), [UNREACHABLE]);
        let (telling, calls, why) = state(&mut world).remove(0);
        assert_eq!((telling, calls), (Telling::Unknown, None));
        assert!(why.unwrap().contains(&status.to_string()));
        assert_eq!(world.facts("line-elsewhere"), 1);
        world.call("202", "302");
        assert_eq!(failed(&heard), [UNREACHABLE], "it is known already");
        assert_eq!(asked(&world), 1);
        world.run(Duration::from_secs(4_600));
        assert_eq!(state(&mut world), [], "nobody wants to know");
        world.call("202", "302");
        assert_eq!(asked(&world), 2);
    }
}

/// What may pass is waited for, as long as the other exchange asks for.
#[test]
fn a_passing_failure_leaves_the_watch_waiting() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    refuses(&mut world, 503, "Retry-After: 40\r\n");
    world.run(Duration::from_secs(38));
    assert_eq!(asked(&world), 1);
    world.run(Duration::from_secs(15));
    assert_eq!(asked(&world), 2);
    // This one it does not answer at all: 64*T1, then later and later.
    world.run(Duration::from_secs(300));
    let later = asked(&world);
    assert!((4..=6).contains(&later), "{later}");
    assert_eq!(failed(&heard), []);
    world.run(Duration::from_secs(100));
    while asked(&world) == later {
        world.settle();
    }
    grants(&mut world, &calls(0, None));
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}

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
    receive(
        &mut world,
        notify(&subscribe, 1, "active;expires=600", &calls(0, Some("early"))),
    );
    receive(&mut world, answer(&subscribe, 200, "n", "Expires: 600\r\n", ""));
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
    assert_eq!(state(&mut world), [(Telling::Told, Some(1), None)]);
}

/// Freed and taken at once: the watch fires, and what the view shows is how it is now.
#[test]
fn a_line_that_is_taken_again_at_once_was_free_nevertheless() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let subscribe = grants(&mut world, &calls(0, Some("confirmed")));
    for (cseq, document) in [(2, calls(1, Some("terminated"))), (3, calls(2, Some("trying")))] {
        receive(
            &mut world,
            notify(&subscribe, cseq, "active;expires=500", &document),
        );
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
    let (mut world, _) = office(Condition::Idle);
    world.call("201", "301");
    let subscribe = grants(&mut world, &calls(0, Some("confirmed")));
    world.run(Duration::from_secs(570));
    let refresh = last(&world, "SUBSCRIBE");
    assert_eq!(header(&refresh, "Call-ID"), header(&subscribe, "Call-ID"));
    assert_eq!(header(&refresh, "Expires"), "600");
    receive(&mut world, answer(&refresh, 200, "n", "Expires: 600\r\n", ""));
    receive(
        &mut world,
        notify(&subscribe, 2, "active;expires=600", &calls(1, Some("confirmed"))),
    );
    world.run(Duration::from_secs(50));
    assert_eq!(
        asked(&world),
        2,
        "the watch is over, but who knows who comes next"
    );
    world.run(Duration::from_secs(20));
    let end = last(&world, "SUBSCRIBE");
    assert_eq!((asked(&world), &*header(&end, "Expires")), (3, "0"));
    receive(&mut world, answer(&end, 200, "n", "Expires: 0\r\n", ""));
    receive(
        &mut world,
        notify(&subscribe, 3, "terminated;reason=timeout", &calls(2, None)),
    );
    world.run(Duration::from_secs(4_000));
    assert_eq!((asked(&world), state(&mut world)), (3, vec![]));
}

/// The line frees while the process is down: it is asked anew, and the dialog of before is nobody's.
#[test]
fn after_a_restart_it_is_asked_anew() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let before = grants(&mut world, &calls(0, Some("confirmed")));
    world.restart();
    receive(
        &mut world,
        notify(&before, 2, "active;expires=400", &calls(1, None)),
    );
    assert!(last(&world, "SIP/2.0 481").contains("2 NOTIFY"));
    world.settle();
    assert_eq!(failed(&heard), [], "nothing is known yet");
    let after = grants(&mut world, &calls(0, None));
    assert_ne!(header(&after, "Call-ID"), header(&before, "Call-ID"));
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}

#[test]
fn what_the_other_exchange_ends_is_made_anew_at_once_or_never() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let subscribe = grants(&mut world, &calls(0, Some("confirmed")));
    receive(
        &mut world,
        notify(&subscribe, 2, "terminated;reason=deactivated", ""),
    );
    world.run(Duration::from_secs(2));
    assert_eq!(asked(&world), 2);
    let subscribe = grants(&mut world, &calls(0, Some("confirmed")));
    assert_eq!(failed(&heard), [], "it waits all the while");
    receive(
        &mut world,
        notify(&subscribe, 2, "terminated;reason=noresource", ""),
    );
    world.settle();
    assert_eq!(failed(&heard), [UNREACHABLE]);
    world.run(Duration::from_secs(600));
    assert_eq!(asked(&world), 2);
}

/// RFC 4235 §4.3: partial documents, one of which got lost.
#[test]
fn a_missing_document_asks_for_all_of_it() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let subscribe = grants(&mut world, &calls(4, Some("confirmed")));
    let ended = document(
        6,
        "partial",
        "<dialog id=\"c2\"><state>terminated</state></dialog>",
    );
    receive(&mut world, notify(&subscribe, 3, "active;expires=500", &ended));
    assert_eq!(asked(&world), 2, "the one between had begun a call, or ended one");
    let refresh = last(&world, "SUBSCRIBE");
    receive(&mut world, answer(&refresh, 200, "n", "Expires: 600\r\n", ""));
    assert_eq!(failed(&heard), []);
    receive(
        &mut world,
        notify(&subscribe, 4, "active;expires=600", &calls(7, None)),
    );
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}

#[test]
fn documents_that_are_none_change_nothing() {
    let (mut world, heard) = office(Condition::Idle);
    world.call("201", "301");
    let subscribe = last(&world, "SUBSCRIBE");
    receive(&mut world, answer(&subscribe, 200, "n", "Expires: 600\r\n", ""));
    let long = format!("<dialog-info version=\"0\">{}", " ".repeat(60_000));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><dialog-info version=\"0\" state=\"full\">&b;</dialog-info>";
    let deep = "<dialog-info version=\"0\">".to_owned() + &"<dialog>".repeat(500);
    for (cseq, body) in ["", "idle", &long, bomb, &deep, "<presence/>"]
        .into_iter()
        .enumerate()
    {
        let cseq = u32::try_from(cseq).unwrap() + 1;
        receive(&mut world, notify(&subscribe, cseq, "active;expires=600", body));
        assert!(last(&world, "SIP/2.0 200").contains(&format!("{cseq} NOTIFY")));
    }
    assert_eq!(state(&mut world), [(Telling::Asked, None, None)]);
    receive(
        &mut world,
        notify(&subscribe, 9, "active;expires=600", &calls(0, None)),
    );
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}

/// Watches are nothing that an exchange is asked about without the administrator's word.
#[test]
fn without_the_trunks_word_a_line_elsewhere_cannot_be_waited_for() {
    let (mut world, heard) = office(Condition::Idle);
    let mut trunk = serde_json::to_value(Trunk::clone(
        world
            .exchange
            .directory()
            .tenant("acme")
            .unwrap()
            .trunk("there")
            .unwrap(),
    ))
    .unwrap();
    world.call("202", "302");
    assert_eq!(asked(&world), 1);
    trunk.as_object_mut().unwrap().remove("dialog-watches");
    world.change(json!({ "put": { "tenant": "acme", "document": { "trunk": trunk }, "expect": "any" } }));
    assert_eq!(failed(&heard), [UNREACHABLE], "who waits is told");
    world.call("201", "301");
    assert_eq!(failed(&heard), [UNREACHABLE]);
    assert_eq!(state(&mut world), []);
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
    let known = |world: &World| {
        world
            .exchange
            .directory()
            .tenant("acme")
            .unwrap()
            .line_state("203")
            .calls
    };
    assert_eq!(known(&world), 1);
    receive(
        &mut world,
        notify(&subscribe, 2, "active;expires=500", &calls(1, Some("early"))),
    );
    assert_eq!(known(&world), 1);
    receive(&mut world, answer(&invite, 486, "a", "", ""));
    world.settle();
    assert_eq!(world.failure("201", call), Some(486));
    assert_eq!(known(&world), 1, "it is told to be busy");
}

/// What was told over a trunk says nothing once that is down; it is asked anew when the trunk is back.
#[test]
fn a_lost_trunk_leaves_the_line_unknown_until_it_is_back() {
    let access = json!({ "register": {
        "registrar": "sip:192.0.2.50:5060", "username": "acme", "password": "secret", "expires": 60
    } });
    let (mut world, heard) = office_over(access, Condition::Idle);
    let registers = |world: &mut World, status: u16| {
        let request = last(world, "REGISTER");
        receive(world, answer(&request, status, "r", "Expires: 60\r\n", ""));
        request
    };
    registers(&mut world, 200);
    world.call("201", "301");
    grants(&mut world, &calls(0, Some("confirmed")));
    assert_eq!(state(&mut world), [(Telling::Told, Some(1), None)]);

    world.run(Duration::from_secs(50));
    let refused = registers(&mut world, 403);
    assert_eq!(
        header(&last(&world, "SUBSCRIBE"), "Expires"),
        "0",
        "as far as it can be said"
    );
    let (telling, _, why) = state(&mut world).remove(0);
    assert_eq!(
        (telling, why.as_deref()),
        (Telling::Unknown, Some("the trunk is down"))
    );
    assert_eq!(failed(&heard), [], "that may pass");
    while header(&last(&world, "REGISTER"), "CSeq") == header(&refused, "CSeq") {
        world.settle();
    }
    registers(&mut world, 200);
    assert_eq!(header(&last(&world, "SUBSCRIBE"), "Expires"), "600");
    grants(&mut world, &calls(0, None));
    world.settle();
    assert_eq!(failed(&heard), [OutcomeKind::Done]);
}
