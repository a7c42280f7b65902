//! Lines whose phones another exchange has: rung over the trunk to it, and what it diverts because of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{Cause, Command, DialResult, Event, OutcomeKind, SessionScope, Target};
use cordboard_exchange::live::{self, Inquiry, Request, Verdict};
use phone::CallState;
use serde_json::json;

use crate::logic::{self, decided, dial, only_leg, reject, stage};
use crate::office::{Office, module};
use crate::provider::{SDP, answer, count, header, invite, last, receive};
use crate::trunks::trunk;
use crate::world::World;

/// The phone of 201 is the other exchange's; 202 is here.
fn office() -> Office {
    Office::new()
        .tenant(|tenant| {
            tenant.interception =
                serde_json::from_value(json!({ "pilot": "5999", "trunk": "cucm" })).unwrap();
        })
        .line_with(
            "201",
            |line| {
                line.devices.clear();
                line.behaviours = Some(vec!["tries".into()]);
            },
            |_| {},
        )
        .line("202")
        .with(trunk("cucm", 50, 1))
        .behaviour("tries", module(1), SessionScope::PerCall)
}

type Causes = Rc<RefCell<Vec<Cause>>>;

/// Rings the line twice, and notes why nobody answered.
fn trying() -> (World, Causes) {
    let mut world = office().open(&["202"]);
    let causes = Causes::default();
    let noted = Rc::clone(&causes);
    world.behaves(module(1), move |invocation| {
        let rings = |leg| decided(vec![dial(leg, vec![stage(vec![Target::Next], 20)])]);
        match (logic::event(invocation), only_leg(invocation)) {
            (Event::CallOffered(offer), _) => rings(offer.leg),
            (Event::Outcome(outcome), Some(leg)) => match &outcome.kind {
                OutcomeKind::Dialled(dialled) => match dialled.result {
                    DialResult::Answered(_) => decided(vec![]),
                    DialResult::Failed(cause) => {
                        noted.borrow_mut().push(cause);
                        if noted.borrow().len() == 1 {
                            rings(leg)
                        } else {
                            decided(vec![reject(leg, cause)])
                        }
                    }
                },
                _ => decided(Vec::<Command>::new()),
            },
            _ => decided(vec![]),
        }
    });
    (world, causes)
}

fn verdict(world: &mut World, calling: &str) -> Option<Verdict> {
    let request = Request::Intercept {
        tenant: "acme".into(),
        inquiry: Inquiry {
            calling: vec![calling.to_owned()],
            called: vec!["201".to_owned()],
        },
    };
    match world.live(request) {
        live::Answer::Verdict(verdict) => verdict,
        other => panic!("{other:?}"),
    }
}

fn diverted(reason: &str, from: &str) -> String {
    format!(
        "P-Asserted-Identity: <sip:{from}@192.0.2.50>\r\nDiversion: <sip:201@192.0.2.50>;reason={reason};counter=1\r\n"
    )
}

#[test]
fn a_line_without_devices_is_rung_there_and_is_in_the_call() {
    let (mut world, _) = trying();
    let line = || {
        let view = world.exchange.directory().tenant("acme").cloned().unwrap();
        view.line_state("201")
    };
    assert_eq!((line().registered, line().calls), (1, 0));
    let call = world.call("202", "201");
    let asked = last(&world, "INVITE");
    assert!(asked.starts_with("INVITE sip:201@192.0.2.50"), "{asked}");
    assert!(header(&asked, "From").contains("sip:202@"), "{asked}");
    receive(&mut world, answer(&asked, 180, "a", "", ""));
    receive(&mut world, answer(&asked, 200, "a", "", SDP));
    world.settle();
    assert_eq!(world.state("202", call), CallState::Up);
    let view = world.exchange.directory().tenant("acme").cloned().unwrap();
    assert_eq!(view.line_state("201").calls, 1);
    world.hangs_up("202", call);
    let bye = last(&world, "BYE");
    receive(&mut world, answer(&bye, 200, "a", "", ""));
    world.assert_idle();
}

/// Busy there is busy here; only then is the phone rung from here.
#[test]
fn what_that_exchange_has_tried_is_not_tried_again_at_once() {
    let (mut world, causes) = trying();
    receive(
        &mut world,
        invite("5999", "one", &diverted("user-busy", "0611223344"), SDP),
    );
    world.run(Duration::from_millis(100));
    assert_eq!(*causes.borrow(), [Cause::Busy]);
    assert_eq!(count(&world, "INVITE"), 1, "then it is rung");
    let asked = last(&world, "INVITE");
    receive(&mut world, answer(&asked, 200, "a", "", SDP));
    world.settle();
    assert!(last(&world, "SIP/2.0 200").contains("one"));
    let (mut world, causes) = trying();
    receive(
        &mut world,
        invite("5999", "two", &diverted("no-answer", "0611223344"), SDP),
    );
    world.settle();
    assert_eq!(*causes.borrow(), [Cause::NoAnswer]);
}

/// Else the caller would meet the behaviours of 201 inside of themselves.
#[test]
fn a_call_of_ours_that_comes_back_goes_on_or_is_refused() {
    let (mut world, causes) = trying();
    let call = world.call("202", "201");
    let asked = last(&world, "INVITE");
    assert_eq!(
        verdict(&mut world, "202"),
        Some(Verdict::Continue { shown: None })
    );
    receive(
        &mut world,
        invite("5999", "back", &diverted("user-busy", "202"), SDP),
    );
    world.settle();
    assert!(
        last(&world, "SIP/2.0 486").contains("back"),
        "it is told what it told us"
    );
    assert_eq!(*causes.borrow(), [] as [Cause; 0]);
    // Somebody else's call is one of its own.
    receive(
        &mut world,
        invite("5999", "other", &diverted("user-busy", "0611223344"), SDP),
    );
    world.settle();
    assert_eq!(
        *causes.borrow(),
        [Cause::Busy, Cause::Busy],
        "there, then because 202 calls it"
    );
    receive(&mut world, answer(&asked, 486, "a", "", ""));
    world.settle();
    assert!(world.state("202", call) != CallState::Up);
}
