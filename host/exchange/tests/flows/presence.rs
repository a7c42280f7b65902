//! Members of a group come and go by feature code and by key (R31), and supervisors reach it by one.

use std::cell::RefCell;
use std::rc::Rc;

use contract::{Event, SessionScope};
use cordboard_exchange::directory::{DialPlan, Document};
use phone::CallState;
use serde_json::{Value, json};
use sip::body::{DialogInfo, DialogState};

use crate::logic::{self, decided};
use crate::office::{Office, module};
use crate::world::World;

fn rule(code: &str, message: &str) -> Value {
    json!({
        "name": message, "direction": "internal", "pattern": { "feature-code": code },
        "action": { "tell": { "behaviour": "group", "number": "300", "message": message } }
    })
}

/// The group hears of the line whatever the phone says of itself, and the caller hears that it was heard.
#[test]
fn a_feature_code_tells_the_group_about_the_callers_line() {
    let mut plan = serde_json::to_value(DialPlan::standard()).unwrap();
    let rules = plan["rules"].as_array_mut().unwrap();
    rules.insert(0, rule("*52", "absent {line}"));
    rules.insert(0, rule("*51", "present {line}"));
    let plan: DialPlan = serde_json::from_value(plan).unwrap();
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("group", module(1), SessionScope::PerNumber)
        .number("300", &["group"])
        .with(Document::DialPlan(plan))
        .open(&["201", "202"]);
    let heard: Rc<RefCell<Vec<String>>> = Rc::default();
    let noted = heard.clone();
    world.behaves(module(1), move |invocation| {
        if let Event::Message(message) = logic::event(invocation) {
            assert_eq!(&*invocation.session.number, "300");
            noted
                .borrow_mut()
                .push(String::from_utf8(message.body.clone()).unwrap());
        }
        decided(vec![])
    });
    let away = world.call("201", "*52");
    assert_eq!(world.state("201", away), CallState::Up, "two beeps");
    world.run(std::time::Duration::from_secs(5));
    assert_eq!(world.state("201", away), CallState::Over);
    let back = world.call("202", "*51");
    world.hangs_up("202", back);
    assert_eq!(*heard.borrow(), ["absent 201", "present 202"]);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 1, "the group itself");
}

/// An office whose code `*45` tells the group `toggle {line}`, and `*44` is offered to it.
fn with_codes() -> Office {
    let mut plan = serde_json::to_value(DialPlan::standard()).unwrap();
    let rules = plan["rules"].as_array_mut().unwrap();
    rules.insert(0, rule("*45", "toggle {line}"));
    rules.insert(
        0,
        json!({
            "name": "supervise", "direction": "internal", "pattern": { "feature-code": "*44" },
            "action": { "session": { "behaviour": "group", "number": "300" } }
        }),
    );
    Office::new()
        .line("201")
        .line("202")
        .behaviour("menu", module(2), SessionScope::PerCall)
        .behaviour("group", module(1), SessionScope::PerNumber)
        .number("300", &["menu", "group"])
        .with(Document::DialPlan(serde_json::from_value(plan).unwrap()))
}

/// States of the dialogs in each NOTIFY that the phone got.
fn lamp(world: &World, phone: &str) -> Vec<Option<DialogState>> {
    let told = world.events(phone).iter().filter_map(|event| match event {
        phone::Event::Told { method, body, .. } if method == "NOTIFY" => Some(body),
        _ => None,
    });
    told.filter_map(|body| DialogInfo::parse(body).ok())
        .map(|info| info.dialogs.first().map(|dialog| dialog.state))
        .collect()
}

fn watch(world: &mut World, phone: &str) {
    let headers = "Event: dialog\r\nExpires: 600\r\nAccept: application/dialog-info+xml\r\n";
    world.with(phone, |phone, now| {
        phone.ask(now, "SUBSCRIBE", "*45", headers, "")
    });
    world.settle();
}

/// Lights the lamps of all who have not toggled an odd number of times; the state is who is away.
fn lights(invocation: &contract::Invocation) -> logic::Answer {
    let before = invocation.state.as_deref().unwrap_or_default();
    let mut away: Vec<String> = String::from_utf8_lossy(before)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if let Event::Message(message) = logic::event(invocation) {
        let line = String::from_utf8_lossy(&message.body).replace("toggle ", "");
        match away.iter().position(|other| *other == line) {
            Some(there) => drop(away.remove(there)),
            None => away.push(line),
        }
    }
    let lit: Vec<&str> = ["201", "202"]
        .into_iter()
        .filter(|line| !away.iter().any(|other| other == line))
        .collect();
    Ok(contract::Decided {
        state: away.join(" ").into_bytes(),
        commands: vec![contract::Command::Publish {
            json: json!({ "lamps": lit }).to_string(),
        }],
    })
}

/// Each phone's key shows its own line; the group is woken when nobody has called it yet.
#[test]
fn r31_the_lamp_of_a_code_shows_whether_the_line_is_logged_in() {
    let mut world = with_codes().open(&["201", "202"]);
    world.behaves(module(1), lights);
    watch(&mut world, "201");
    watch(&mut world, "202");
    assert_eq!(lamp(&world, "201").last(), Some(&Some(DialogState::Confirmed)));
    let key = world.call("201", "*45");
    world.hangs_up("201", key);
    assert_eq!(lamp(&world, "201").last(), Some(&Some(DialogState::Terminated)));
    assert_eq!(
        lamp(&world, "202").last(),
        Some(&Some(DialogState::Confirmed)),
        "its own line alone"
    );
    let key = world.call("201", "*45");
    world.hangs_up("201", key);
    assert_eq!(lamp(&world, "201").last(), Some(&Some(DialogState::Confirmed)));
}

#[test]
fn r31_the_lamp_of_a_code_is_told_again_after_a_restart() {
    let mut world = with_codes().open(&["201", "202"]);
    world.behaves(module(1), lights);
    watch(&mut world, "201");
    world.restart();
    world.run(std::time::Duration::from_secs(2));
    let told = lamp(&world, "201").len();
    assert_eq!(lamp(&world, "201").last(), Some(&Some(DialogState::Confirmed)));
    let key = world.call("201", "*45");
    world.hangs_up("201", key);
    assert!(lamp(&world, "201").len() > told);
}

/// The lamp is that of whatever session the code tells now, and dark while it tells none.
#[test]
fn r31_the_lamp_of_a_code_follows_the_dial_plan_at_once() {
    let mut world = with_codes().open(&["201"]);
    world.behaves(module(1), lights);
    watch(&mut world, "201");
    let plan = |world: &mut World, rules: &[Value]| {
        let mut plan = serde_json::to_value(DialPlan::standard()).unwrap();
        plan["rules"]
            .as_array_mut()
            .unwrap()
            .splice(0..0, rules.iter().cloned());
        let document = json!({ "dial-plan": plan });
        world.change(json!({ "put": { "tenant": "acme", "document": document, "expect": "any" } }));
    };
    assert_eq!(lamp(&world, "201").last(), Some(&Some(DialogState::Confirmed)));
    plan(&mut world, &[]);
    assert_eq!(lamp(&world, "201").last(), Some(&Some(DialogState::Terminated)));

    let mut other = rule("*45", "toggle {line}");
    other["action"]["tell"]["number"] = "201".into();
    plan(&mut world, &[other]);
    assert_eq!(
        lamp(&world, "201").last(),
        Some(&Some(DialogState::Confirmed)),
        "another session lights it"
    );
    let key = world.call("201", "*45");
    world.hangs_up("201", key);
    assert_eq!(lamp(&world, "201").last(), Some(&Some(DialogState::Terminated)));
}

#[test]
fn only_codes_that_tell_something_have_lamps() {
    let mut world = with_codes().open(&["201"]);
    world.behaves(module(1), lights);
    let headers = "Event: dialog\r\nExpires: 600\r\n";
    world.with("201", |phone, now| {
        phone.ask(now, "SUBSCRIBE", "*98", headers, "")
    });
    world.settle();
    assert!(world.events("201").contains(&phone::Event::Answer(404)));
}

/// Past the menu in front of it, and with what was dialled.
#[test]
fn a_code_leads_to_the_session_of_a_group() {
    let mut world = with_codes().open(&["201"]);
    let seen: Rc<RefCell<Vec<(String, String)>>> = Rc::default();
    let noted = seen.clone();
    world.behaves(module(1), move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => {
            noted
                .borrow_mut()
                .push((offer.called.clone(), offer.number.clone()));
            decided(vec![logic::reject(offer.leg, contract::Cause::Busy)])
        }
        _ => decided(vec![]),
    });
    let call = world.call("201", "*44202");
    assert_eq!(world.failure("201", call), Some(486));
    assert_eq!(*seen.borrow(), [("*44202".to_owned(), "300".to_owned())]);
}
