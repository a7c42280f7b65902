//! Lamps: who watches a line sees it ring and talk (RFC 4235, RFC 6665).

use std::time::Duration;

use phone::{AskRef, Event};
use serde_json::json;
use sip::body::{DialogInfo, DialogState, Direction};

use crate::office::Office;
use crate::world::World;

const DIALOG: &str = "Event: dialog\r\nExpires: 600\r\nAccept: application/dialog-info+xml\r\n";

/// What a watcher was told.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    state: String,
    info: Option<DialogInfo>,
}

impl Told {
    /// What the line does: each of its calls, and who began it.
    fn lamp(&self) -> Vec<(DialogState, Option<Direction>)> {
        let dialogs = self.info.iter().flat_map(|info| &info.dialogs);
        dialogs.map(|dialog| (dialog.state, dialog.direction)).collect()
    }
}

/// All that a phone was told so far.
fn told(world: &World, name: &str) -> Vec<Told> {
    let notify = |event: &Event| match event {
        Event::Told {
            method, state, body, ..
        } if method == "NOTIFY" => Some(Told {
            state: state.clone().unwrap_or_default(),
            info: DialogInfo::parse(body).ok(),
        }),
        _ => None,
    };
    world.events(name).iter().filter_map(notify).collect()
}

fn last(world: &World, name: &str) -> Told {
    told(world, name).pop().unwrap()
}

fn subscribe(world: &mut World, name: &str, line: &str, headers: &str) -> AskRef {
    let ask = world.with(name, |phone, now| phone.ask(now, "SUBSCRIBE", line, headers, ""));
    world.settle();
    ask
}

fn answer(world: &World, name: &str) -> u16 {
    let answer = |event: &Event| match event {
        Event::Answer(status) => Some(*status),
        _ => None,
    };
    world.events(name).iter().rev().find_map(answer).unwrap()
}

/// 203 watches 202.
fn watched() -> (World, AskRef) {
    let office = Office::new().line("201").line("202").line("203");
    let mut world = office.open(&["201", "202", "203"]);
    let ask = subscribe(&mut world, "203", "202", DIALOG);
    assert_eq!(answer(&world, "203"), 200);
    (world, ask)
}

/// 203's key for 202 shows whichever line is 202, without a word of the phone's.
#[test]
fn a_lamp_goes_with_the_number_that_it_is_for() {
    let (mut world, _) = watched();
    for (line, short) in [("202", "212"), ("201", "202")] {
        let document =
            json!({ "id": line, "name": line, "site": "main", "devices": [line], "short-number": short });
        world.change(
            json!({ "put": { "tenant": "acme", "document": { "line": document }, "expect": "any" } }),
        );
    }
    assert_eq!(last(&world, "203").lamp(), []);
    let call = world.call("201", "212");
    assert_eq!(last(&world, "203").lamp()[0].1, Some(Direction::Initiator));
    world.hangs_up("201", call);
    world.restart();
    world.call("203", "202");
    assert_eq!(
        last(&world, "203").lamp()[0].1,
        Some(Direction::Recipient),
        "over restarts, too"
    );
}

#[test]
fn a_lamp_shows_a_line_ring_talk_and_fall_silent() {
    let (mut world, _) = watched();
    let first = last(&world, "203");
    let info = first.info.as_ref().unwrap();
    assert_eq!(
        (info.full, info.version, info.entity.as_str()),
        (true, 0, "sip:202@acme.example")
    );
    assert_eq!(
        (first.lamp(), first.state.as_str()),
        (vec![], "active;expires=600")
    );

    let call = world.call("201", "202");
    world.rings("202");
    let recipient = Some(Direction::Recipient);
    assert_eq!(last(&world, "203").lamp(), [(DialogState::Early, recipient)]);
    world.answers("202");
    assert_eq!(last(&world, "203").lamp(), [(DialogState::Confirmed, recipient)]);
    world.hangs_up("201", call);
    assert_eq!(last(&world, "203").lamp(), [(DialogState::Terminated, recipient)]);

    let versions: Vec<u32> = told(&world, "203")
        .iter()
        .filter_map(|told| Some(told.info.as_ref()?.version))
        .collect();
    assert!(versions.is_sorted_by(|a, b| a + 1 == *b), "{versions:?}");
    world.assert_idle();
}

#[test]
fn a_line_that_calls_is_busy_too_and_nobody_is_told_with_whom() {
    let (mut world, _) = watched();
    let call = world.call("202", "201");
    world.rings("201");
    world.answers("201");
    let told = last(&world, "203");
    assert_eq!(
        told.lamp(),
        [(DialogState::Confirmed, Some(Direction::Initiator))]
    );
    let dialog = &told.info.as_ref().unwrap().dialogs[0];
    assert_eq!((&dialog.remote, &dialog.call_id), (&None, &None));
    world.hangs_up("202", call);
    world.assert_idle();
}

/// A call that is up when somebody begins to watch, and two at once.
#[test]
fn who_comes_late_is_told_the_full_state() {
    let office = Office::new()
        .line_with("202", |line| line.features.call_waiting = true, |_| {})
        .line("201")
        .line("203")
        .line("204");
    let mut world = office.open(&["201", "202", "203", "204"]);
    let first = world.call("201", "202");
    world.answers("202");
    subscribe(&mut world, "203", "202", DIALOG);
    assert_eq!(last(&world, "203").lamp().len(), 1);
    let second = world.call("204", "202");
    world.rings("202");
    let states: Vec<_> = last(&world, "203")
        .lamp()
        .iter()
        .map(|(state, _)| *state)
        .collect();
    assert_eq!(states, [DialogState::Confirmed, DialogState::Early]);
    world.hangs_up("201", first);
    world.hangs_up("204", second);
    world.assert_idle();
}

/// One NOTIFY for the state at the beginning, and none for what changes nothing.
#[test]
fn nothing_is_told_while_nothing_happens() {
    let (mut world, _) = watched();
    world.register("202");
    let call = world.call("201", "203");
    world.hangs_up("201", call);
    assert_eq!(told(&world, "203").len(), 1);
}

/// RFC 6665 §4.2.1.2 and §4.2.1.3.
#[test]
fn a_refresh_is_told_the_state_and_a_farewell_ends_it() {
    let (mut world, ask) = watched();
    world.run(Duration::from_secs(500));
    world.with("203", |phone, now| phone.ask_again(now, ask, DIALOG));
    world.settle();
    assert_eq!((answer(&world, "203"), told(&world, "203").len()), (200, 2));
    world.run(Duration::from_secs(500));
    world.with("203", |phone, now| {
        phone.ask_again(now, ask, "Event: dialog\r\nExpires: 0\r\n")
    });
    world.settle();
    assert!(last(&world, "203").state.starts_with("terminated"));
    assert_eq!(gone(&mut world, "203"), 0);
}

#[test]
fn what_nobody_refreshes_runs_out() {
    let (mut world, _) = watched();
    world.run(Duration::from_secs(601));
    assert_eq!(last(&world, "203").state, "terminated;reason=timeout");
    assert_eq!(gone(&mut world, "203"), 0);
}

/// Calls change nothing for who watches no more; returns what is left, in the stack and on disk.
fn gone(world: &mut World, name: &str) -> usize {
    let before = told(world, name).len();
    let call = world.call("201", "202");
    world.hangs_up("201", call);
    assert_eq!(told(world, name).len(), before);
    let kept = world.store.keys().filter(|key| key.starts_with("subscription/"));
    kept.count() + world.exchange.census().subscriptions
}

/// RFC 6665 §4.4.3: asked once, told once.
#[test]
fn who_asks_once_is_told_once() {
    let (mut world, _) = watched();
    let before = world.exchange.census().subscriptions;
    subscribe(&mut world, "201", "202", "Event: dialog\r\nExpires: 0\r\n");
    let only = last(&world, "201");
    assert!(
        only.state.starts_with("terminated") && only.info.is_some(),
        "{only:?}"
    );
    assert_eq!(world.exchange.census().subscriptions, before);
}

#[test]
fn lamps_go_on_after_a_restart_and_are_told_the_state() {
    let (mut world, ask) = watched();
    let call = world.call("201", "202");
    world.rings("202");
    world.answers("202");
    let before = last(&world, "203").info.unwrap().version;
    world.restart();
    world.settle();
    let after = last(&world, "203");
    assert_eq!(
        after.lamp(),
        [(DialogState::Confirmed, Some(Direction::Recipient))]
    );
    assert!(after.info.unwrap().version > before);
    world.hangs_up("201", call);
    assert_eq!(last(&world, "203").lamp()[0].0, DialogState::Terminated);
    world.with("203", |phone, now| phone.ask_again(now, ask, DIALOG));
    world.settle();
    assert_eq!(answer(&world, "203"), 200);
    world.assert_idle();
}

#[test]
fn a_device_without_contacts_watches_no_more() {
    let (mut world, _) = watched();
    world.with("203", |phone, now| phone.register(now, 0));
    world.settle();
    assert_eq!(last(&world, "203").state, "terminated;reason=deactivated");
    assert_eq!(gone(&mut world, "203"), 0);
}

#[test]
fn a_line_that_is_deleted_is_watched_no_more() {
    let (mut world, _) = watched();
    world.change(
        json!({ "delete": { "key": { "tenant": "acme", "kind": "line", "id": "202" }, "expect": "any" } }),
    );
    assert_eq!(last(&world, "203").state, "terminated;reason=noresource");
}

#[test]
fn who_may_not_watch_hears_why() {
    let (mut world, _) = watched();
    for (line, headers, status) in [
        ("299", DIALOG, 404),
        ("202", "Event: presence\r\nExpires: 600\r\n", 489),
        ("202", "Event: message-summary\r\nExpires: 600\r\n", 489),
        (
            "202",
            "Event: dialog\r\nExpires: 600\r\nAccept: application/pidf+xml\r\n",
            406,
        ),
        ("202", "Event: dialog\r\nExpires: 5\r\n", 423),
    ] {
        subscribe(&mut world, "201", line, headers);
        assert_eq!(answer(&world, "201"), status, "{headers}");
    }
    world.add_phone_with("stranger", 150, |config| {
        (config.user, config.password) = ("201".into(), "guess".into());
    });
    subscribe(&mut world, "stranger", "202", DIALOG);
    assert_eq!(answer(&world, "stranger"), 401);
    assert!(told(&world, "201").is_empty() && told(&world, "stranger").is_empty());
    assert_eq!(world.exchange.census().subscriptions, 1);
    let offers = "Allow-Events: dialog";
    let said = world.reports.iter().any(|report| match &report.fact {
        cordboard_exchange::Fact::Sip(message) => String::from_utf8_lossy(&message.text).contains(offers),
        _ => false,
    });
    assert!(said, "489 names what is offered");
}

#[test]
fn one_device_watches_so_many_lines_and_no_more() {
    let (mut world, _) = watched();
    for _ in 0..127 {
        world.with("203", |phone, now| phone.ask(now, "SUBSCRIBE", "202", DIALOG, ""));
    }
    world.settle();
    assert_eq!(
        (answer(&world, "203"), world.exchange.census().subscriptions),
        (200, 128)
    );
    subscribe(&mut world, "203", "202", DIALOG);
    assert_eq!(
        (answer(&world, "203"), world.exchange.census().subscriptions),
        (480, 128)
    );
}
