//! The outside: trunks in and out, emergency calls.

use std::net::SocketAddr;

use contract::{Identity, SessionScope, Target};
use cordboard_exchange::directory::{Document, Trunk};
use cordboard_exchange::{Input, Server};
use phone::{CallState, Event};
use serde_json::json;
use sip::endpoint::Transport;

use crate::logic::{self, dials, line, stage};
use crate::office::{Office, module};

pub fn trunk(id: &str, host: u8, priority: u16) -> Document {
    let trunk: Trunk = serde_json::from_value(json!({
        "id": id,
        "access": { "address": { "networks": [format!("192.0.2.{host}")] } },
        "outbound": format!("sip:192.0.2.{host}:5060"),
        "priority": priority,
        "caller-id": { "fallback": "+33123456700" }
    }))
    .unwrap();
    Document::Trunk(trunk)
}

fn office() -> Office {
    Office::new()
        .line_with("201", |line| line.number = Some("+33123456701".into()), |_| {})
        .line("202")
        .with(trunk("first", 50, 1))
        .with(trunk("second", 51, 2))
        .behaviour("reception", module(1), SessionScope::PerCall)
        .number("+33123456789", &["reception"])
}

/// A registrar given by name is asked for; calls from where it is found are its trunk's, as long as it is there.
#[test]
fn a_registrar_given_by_name_is_known_by_where_it_is_found() {
    let named: Trunk = serde_json::from_value(json!({
        "id": "named",
        "access": { "register": { "registrar": "sip:provider.example", "username": "acme", "password": "secret" } },
        "outbound": "sip:gw.provider.example:5060",
    }))
    .unwrap();
    let mut world = Office::new()
        .line("201")
        .with(Document::Trunk(named))
        .open(&["201"]);
    let server = |host: &str, port| Server {
        host: host.to_owned(),
        port,
        transport: Transport::Udp,
    };
    let (gateway, registrar) = (
        server("gw.provider.example", Some(5060)),
        server("provider.example", None),
    );
    assert_eq!(world.asked_for, [gateway.clone(), registrar.clone()]);
    world.add_phone("first", 50);
    world.add_phone("second", 51);
    for (phone, host) in [("first", 50), ("second", 51)] {
        let addresses = vec![SocketAddr::from(([192, 0, 2, host], 5060))];
        world.input(Input::Name {
            server: gateway.clone(),
            addresses: addresses.clone(),
        });
        world.input(Input::Name {
            server: registrar.clone(),
            addresses,
        });
        let call = world.call(phone, "201");
        world.rings("201");
        world.hangs_up(phone, call);
    }
    // Found elsewhere: the old place is a stranger's.
    let stranger = world.call("first", "201");
    assert!(world.failure("first", stranger).is_some());
}

/// A call from a trunk needs no password; its word about the caller is taken (R23).
#[test]
fn a_call_comes_in_over_a_trunk() {
    let mut world = office().open(&["202"]);
    world.add_phone_with("provider", 50, |config| config.user = "+33611223344".into());
    let callers: std::rc::Rc<std::cell::RefCell<Vec<Identity>>> = std::rc::Rc::default();
    let noted = callers.clone();
    let logic = dials(vec![stage(vec![line("202")], 20)]);
    world.behaves(module(1), move |invocation| {
        if let contract::Event::CallOffered(offer) = logic::event(invocation) {
            noted.borrow_mut().push(offer.caller.clone());
        }
        logic(invocation)
    });
    let call = world.call("provider", "+33123456789");
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("provider", call), CallState::Up);
    assert_eq!(callers.borrow()[0].number.as_deref(), Some("+33611223344"));
    assert_eq!(callers.borrow()[0].line, None);
    world.hangs_up("provider", call);
    world.assert_idle();
}

/// R62: what a caller dialled is told in full, though the line's behaviours are bound to its short number.
#[test]
fn a_line_that_is_called_by_its_number_outside_is_told_what_was_dialled() {
    let mut world = Office::new()
        .with(trunk("provider", 50, 1))
        .behaviour("alert", module(1), SessionScope::PerCall)
        .line_with(
            "201",
            |line| {
                line.number = Some("+33123456701".into());
                line.behaviours = Some(vec!["alert".into()]);
            },
            |_| {},
        )
        .open(&[]);
    world.add_phone("provider", 50);
    let offered: std::rc::Rc<std::cell::RefCell<Vec<(String, String)>>> = std::rc::Rc::default();
    let noted = offered.clone();
    world.behaves(module(1), move |invocation| {
        if let contract::Event::CallOffered(offer) = logic::event(invocation) {
            noted
                .borrow_mut()
                .push((offer.called.clone(), offer.number.clone()));
        }
        logic::decided(Vec::new())
    });
    let call = world.call("provider", "+33123456701");
    assert_eq!(*offered.borrow(), [("+33123456701".into(), "201".into())]);
    world.hangs_up("provider", call);
    world.assert_idle();
}

/// A person dials outside: the line's own number goes out; a trunk that cannot take the call gives way to the next.
#[test]
fn a_call_goes_out_and_the_next_trunk_takes_what_the_first_cannot() {
    let mut world = office().open(&["201"]);
    world.add_phone("first", 50);
    world.add_phone("second", 51);
    let call = world.call("201", "0612345678");
    world.refuses("first", 503);
    let outside = world.rings("second");
    let shown = world.events("second").iter().find_map(|event| match event {
        Event::Offered { caller, called, .. } => Some((caller.clone(), called.clone())),
        _ => None,
    });
    assert_eq!(shown, Some(("+33123456701".into(), "+33612345678".into())));
    world.answers("second");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("second", outside);
    assert_eq!(world.state("201", call), CallState::Over);
    assert_eq!(world.cdrs()[0].trunk.as_deref(), Some("second"));
    world.assert_idle();
}

/// Without importing `trunk` a behaviour dials nobody outside; with it, it does.
#[test]
fn only_a_behaviour_that_imports_trunk_dials_outside() {
    for granted in [false, true] {
        let mut world = Office::new()
            .line("201")
            .with(trunk("first", 50, 1))
            .behaviour_with("dialler", module(1), SessionScope::PerCall, |behaviour| {
                if granted {
                    behaviour.manifest.imports = vec!["trunk".into()];
                }
            })
            .number("300", &["dialler"])
            .open(&["201"]);
        world.add_phone("first", 50);
        let outside = Target::Outside {
            number: "0612345678".into(),
            trunk: None,
        };
        world.behaves(module(1), dials(vec![stage(vec![outside], 20)]));
        let call = world.call("201", "300");
        assert_eq!(world.ringing_calls("first").len(), usize::from(granted));
        if !granted {
            assert_eq!(world.failure("201", call), Some(403));
        }
        world.hangs_up("201", call);
        world.assert_idle();
    }
}

/// Emergency numbers pass whatever stands in the way (R74): a full tenant, a behaviour on the number, a trunk
/// that is not meant for it.
#[test]
fn an_emergency_call_always_passes() {
    let mut world = Office::new()
        .line_with("201", |line| line.behaviours = Some(vec!["gate".into()]), |_| {})
        .behaviour("gate", module(1), SessionScope::PerCall)
        .with(trunk("first", 50, 1))
        .tenant(|tenant| tenant.limits.calls = 0)
        .open(&["201"]);
    world.add_phone("first", 50);
    world.behaves(module(1), |_| panic!("no behaviour is asked"));
    let ordinary = world.call("201", "0612345678");
    assert_eq!(world.failure("201", ordinary), Some(503));
    let call = world.call("201", "112");
    world.rings("first");
    world.answers("first");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}
