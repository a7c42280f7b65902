//! Features that people switch at their phones (R13, R20): the package `as-feature-event` and feature codes, with the shipped `line`
//! in front of a line that has two phones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use exchange::directory::{DialPlan, Document, Line};
use line::LineSettings;
use phone::{AskRef, Event};
use serde_json::{Value, json};
use testkit::{Office, Sim};

const SECOND: Duration = Duration::from_secs(1);

/// 202 has two phones, 202 and 212; the dial plan has codes for its features.
fn office() -> Sim {
    let code = |code: &str, feature: &str, on: bool| {
        json!({"direction": "internal", "pattern": {"feature-code": code},
               "action": {"set": {"feature": feature, "on": on}}})
    };
    let mut plan = serde_json::to_value(DialPlan::standard()).unwrap();
    let rules = plan["rules"].as_array_mut().unwrap();
    for rule in [
        code("*78", "do-not-disturb", true),
        code("*79", "do-not-disturb", false),
        code("*21*", "forward-immediate", true),
        code("#21#", "forward-immediate", false),
    ] {
        rules.insert(0, rule);
    }
    let with_two_phones = |line: &mut Line| {
        line.behaviours = Some(vec!["line".into()]);
        line.devices = vec!["202".into(), "212".into()];
    };
    let office = Office::new("acme")
        .lines(&["201", "203", "212"])
        .line_with("202", with_two_phones)
        .behaviour::<line::line>("line", &LineSettings::default())
        .announcements(&["in-a-call"])
        .with(Document::DialPlan(serde_json::from_value(plan).unwrap()));
    Sim::new(office)
}

fn subscribes(sim: &mut Sim, name: &str) -> AskRef {
    let id = sim.world().find(name).unwrap();
    let headers = "Event: as-feature-event\r\nExpires: 3600\r\n";
    let ask = sim
        .world()
        .with(id, |phone, now| phone.ask(now, "SUBSCRIBE", "202", headers, ""));
    sim.pass(SECOND);
    ask.unwrap()
}

/// What the latest NOTIFY to a phone says.
#[track_caller]
fn shows(sim: &Sim, name: &str) -> String {
    let told = sim.told(name).filter_map(|event| match event {
        Event::Told { method, body, .. } if method == "NOTIFY" => Some(body.clone()),
        _ => None,
    });
    told.last().unwrap()
}

fn setting(sim: &mut Sim, pointer: &str) -> Option<Value> {
    let view = sim
        .world()
        .exchange()
        .directory()
        .tenant("acme")
        .cloned()
        .unwrap();
    let own = view.line("202")?.settings.get("line")?.to_object();
    Value::Object(own).pointer(pointer).cloned()
}

#[test]
fn r13_do_not_disturb_by_code_holds_for_the_next_call_and_is_shown_by_every_phone() {
    let mut sim = office();
    subscribes(&mut sim, "202");
    subscribes(&mut sim, "212");
    assert!(shows(&sim, "202").contains("<doNotDisturbOn>false"));
    assert!(shows(&sim, "212").contains("<forwardingType>forwardBusy</forwardingType><forwardStatus>true"));

    sim.call("202", "*78");
    sim.hang_up("202");
    for phone in ["202", "212"] {
        assert!(shows(&sim, phone).contains("<doNotDisturbOn>true"), "{phone}");
    }
    sim.call("201", "202");
    sim.expect_quiet("202");
    sim.expect_quiet("212");

    sim.call("202", "*79");
    sim.hang_up("202");
    assert!(shows(&sim, "202").contains("<doNotDisturbOn>false"));
    sim.call("201", "202");
    sim.expect_ringing("202");
    sim.expect_ringing("212");
    sim.hang_up("201");
    sim.expect_ended();
}

#[test]
fn r20_a_forward_set_at_the_phone_arrives_and_goes_back_to_all_phones() {
    let mut sim = office();
    let own = subscribes(&mut sim, "202");
    subscribes(&mut sim, "212");
    let document = "<?xml version=\"1.0\"?><SetForwarding xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\
        <device/><forwardDN>203</forwardDN><forwardingType>forwardImmediate</forwardingType>\
        <activateForward>true</activateForward></SetForwarding>";
    let id = sim.world().find("202").unwrap();
    sim.world().with(id, |phone, now| {
        let headers = "Event: as-feature-event\r\nExpires: 3600\r\nContent-Type: application/x-as-feature-event+xml\r\n";
        phone.ask_again_with(now, own, headers, document);
    });
    sim.pass(SECOND);
    let there =
        "<forwardingType>forwardImmediate</forwardingType><forwardStatus>true</forwardStatus><forwardTo>203";
    for phone in ["202", "212"] {
        assert!(
            shows(&sim, phone).contains(there),
            "{phone}: {}",
            shows(&sim, phone)
        );
    }
    assert_eq!(
        setting(&mut sim, "/immediate"),
        Some(json!({"on": true, "to": "203"}))
    );
    sim.call("201", "202");
    sim.expect_quiet("202");
    sim.answer("203");
    sim.expect_talking("201", "203");
    sim.hang_up("201");

    sim.call("202", "#21#");
    sim.hang_up("202");
    sim.call("201", "202");
    sim.expect_ringing("212");
    sim.hang_up("201");
    sim.expect_ended();
}

/// The process dies: phones are told by the next one how it is, and of what changes then.
#[test]
fn r13_phones_are_told_on_after_a_restart() {
    let mut sim = office();
    let own = subscribes(&mut sim, "202");
    subscribes(&mut sim, "212");
    sim.restart();
    let told = sim.told("212").count();
    sim.call("202", "*78");
    sim.hang_up("202");
    assert!(sim.told("212").count() > told, "{}", sim.ladder());
    for phone in ["202", "212"] {
        assert!(shows(&sim, phone).contains("<doNotDisturbOn>true"), "{phone}");
    }
    // A refresh finds the subscription, and is kept as well.
    let id = sim.world().find("202").unwrap();
    sim.world().with(id, |phone, now| {
        phone.ask_again_with(now, own, "Event: as-feature-event\r\nExpires: 3600\r\n", "");
    });
    sim.pass(SECOND);
    sim.restart();
    assert!(!sim.told("202").any(|event| *event == Event::Answer(481)));
    sim.call("202", "*79");
    sim.hang_up("202");
    assert!(shows(&sim, "202").contains("<doNotDisturbOn>false"));
    sim.expect_ended();
}

/// The number stays for the next time; one that is none is refused.
#[test]
fn r20_a_forward_by_code_takes_the_number_behind_it() {
    let mut sim = office();
    sim.call("202", "*21*203");
    sim.hang_up("202");
    assert_eq!(
        setting(&mut sim, "/immediate"),
        Some(json!({"on": true, "to": "203"}))
    );
    sim.call("202", "#21#");
    sim.hang_up("202");
    assert_eq!(
        setting(&mut sim, "/immediate"),
        Some(json!({"on": false, "to": "203"}))
    );
    sim.call("201", "*78");
    let refused = sim
        .told("201")
        .any(|event| matches!(event, Event::Failed(_, 403)));
    assert!(refused, "nothing in front of 201 knows do-not-disturb");
    sim.expect_ended();
}

/// R24: what nobody may forward to is refused at the phone, and what was set holds.
#[test]
fn r24_a_forward_by_code_to_a_number_that_is_not_allowed_is_refused() {
    let mut sim = office();
    sim.call("202", "*21*203");
    sim.hang_up("202");
    for number in ["0899123456", "112", "118218", "*98"] {
        sim.call("202", &format!("*21*{number}"));
        sim.pass(SECOND);
    }
    let refused = sim
        .told("202")
        .filter(|event| matches!(event, Event::Failed(_, 403)));
    assert_eq!(refused.count(), 4);
    assert_eq!(
        setting(&mut sim, "/immediate"),
        Some(json!({"on": true, "to": "203"}))
    );
    sim.expect_ended();
}

/// R16: the user's own switch is enough, and holds for the next call.
#[test]
fn r16_with_call_waiting_a_second_call_rings_and_without_it_the_line_is_busy() {
    let mut sim = office();
    sim.call("203", "202");
    sim.answer("202");
    sim.call("201", "202");
    let busy = sim
        .told("201")
        .any(|event| matches!(event, Event::Failed(_, 486)));
    assert!(busy, "{}", sim.ladder());

    let view = sim
        .world()
        .exchange()
        .directory()
        .tenant("acme")
        .cloned()
        .unwrap();
    let mut line = view.line("202").unwrap().document.clone();
    line.settings = serde_json::from_value(json!({"line": {"call-waiting": true}})).unwrap();
    sim.world().admin(exchange::admin::Request::Put {
        tenant: "acme".into(),
        document: Box::new(Document::Line(line)),
        expect: exchange::admin::Expect::Any,
    });
    sim.pass(SECOND);
    sim.call("201", "202");
    sim.expect_ringing("202");
    sim.hang_up("201");
    sim.hang_up("203");
    sim.expect_ended();
}
