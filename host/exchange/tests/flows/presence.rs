//! Members of a group come and go by feature code (R31).

use std::cell::RefCell;
use std::rc::Rc;

use contract::{Event, SessionScope};
use cordboard_exchange::directory::{DialPlan, Document};
use phone::CallState;
use serde_json::{Value, json};

use crate::logic::{self, decided};
use crate::office::{Office, module};

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
