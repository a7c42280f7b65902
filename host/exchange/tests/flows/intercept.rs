//! Another exchange asks what shall become of its calls, and behaviours answer; what they have to have themselves comes over the pilot
//! number.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{
    Cause, Command, Decided, DialOptions, Event, Invocation, LegId, Offer, PlayOptions, SessionScope, Shown,
    Sound, Target,
};
use cordboard_exchange::directory::{Interception, Otherwise};
use cordboard_exchange::live::{Inquiry, Request, Verdict};
use cordboard_exchange::{Fact, live};
use serde_json::json;

use crate::logic::{self, decided, dial, dials, line, reject, stage};
use crate::office::{Office, module};
use crate::provider::{SDP, count, header, invite, last, receive};
use crate::trunks::trunk;
use crate::world::World;

fn rule() -> Interception {
    serde_json::from_value(json!({ "pilot": "5999", "trunk": "cucm", "announcement": "Refused" })).unwrap()
}

fn office_with(rule: Option<Interception>) -> Office {
    Office::new()
        .tenant(|tenant| tenant.interception = rule)
        .line_with(
            "201",
            |line| line.behaviours = Some(vec!["first".into(), "second".into()]),
            |_| {},
        )
        .line("202")
        .line_with("203", |line| line.number = Some("+33123456703".into()), |_| {})
        .with(trunk("cucm", 50, 1))
        .behaviour("first", module(1), SessionScope::PerCall)
        .behaviour("second", module(2), SessionScope::PerCall)
}

fn office() -> Office {
    office_with(Some(rule()))
}

fn ask(world: &mut World, calling: &str, called: &str) -> Option<Verdict> {
    let request = Request::Intercept {
        tenant: "acme".into(),
        inquiry: Inquiry {
            calling: vec![calling.to_owned()],
            called: vec!["50+102".to_owned(), called.to_owned()],
        },
    };
    match world.live(request) {
        live::Answer::Verdict(verdict) => verdict,
        other => panic!("{other:?}"),
    }
}

/// What becomes of a call to 201 when the first behaviour does this.
fn verdict_when(does: impl Fn(LegId) -> Vec<Command> + 'static) -> Verdict {
    let mut world = office().open(&["201"]);
    world.behaves(module(1), move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(does(offer.leg)),
        _ => decided(vec![]),
    });
    world.behaves(module(2), dials(vec![stage(vec![Target::Next], 20)]));
    let verdict = ask(&mut world, "+33611223344", "201").unwrap();
    assert_eq!(count(&world, "INVITE"), 0);
    world.assert_idle();
    verdict
}

fn dialling(target: Target) -> impl Fn(LegId) -> Vec<Command> {
    move |leg| vec![dial(leg, vec![stage(vec![target.clone()], 20)])]
}

fn goes_on() -> Verdict {
    Verdict::Continue { shown: None }
}

fn to(number: &str) -> Verdict {
    Verdict::Divert {
        to: number.to_owned(),
        shown: None,
    }
}

fn refused(cause: Cause) -> Verdict {
    Verdict::Reject {
        cause,
        announcement: Some("Refused".to_owned()),
    }
}

#[test]
fn what_a_behaviour_does_first_is_what_becomes_of_the_call() {
    assert_eq!(
        verdict_when(dialling(Target::Next)),
        goes_on(),
        "through the second"
    );
    assert_eq!(verdict_when(dialling(line("201"))), goes_on());
    assert_eq!(verdict_when(dialling(Target::Device("201".into()))), goes_on());
    assert_eq!(verdict_when(dialling(Target::Number("201".into()))), goes_on());
    assert_eq!(verdict_when(dialling(line("202"))), to("202"));
    assert_eq!(
        verdict_when(dialling(Target::Number("0123456703".into()))),
        to("203")
    );
    assert_eq!(verdict_when(dialling(line("999"))), refused(Cause::UnknownNumber));
    assert_eq!(
        verdict_when(|leg| vec![reject(leg, Cause::Busy)]),
        refused(Cause::Busy)
    );
}

#[test]
fn a_behaviour_that_has_to_have_the_call_gets_it_over_the_pilot_number() {
    let play = |leg| Command::Play {
        tag: 1,
        leg,
        sounds: vec![Sound::Announcement("welcome".into())],
        options: PlayOptions {
            times: 1,
            barge_in: false,
        },
    };
    assert_eq!(
        verdict_when(move |leg| vec![Command::Ring { tag: 2, leg }, play(leg)]),
        to("5999")
    );
    assert_eq!(
        verdict_when(|leg| vec![Command::Answer { tag: 1, leg }]),
        to("5999")
    );
    let both = |leg| vec![dial(leg, vec![stage(vec![line("201"), line("202")], 20)])];
    assert_eq!(
        verdict_when(both),
        to("5999"),
        "two phones at once ring from here"
    );
}

#[test]
fn outside_is_for_behaviours_that_may_dial_there_and_names_only_numbers_of_the_tenants() {
    let outside = || dialling(Target::Number("0612345678".into()));
    assert_eq!(
        verdict_when(outside()),
        refused(Cause::Forbidden),
        "it does not import `trunk`"
    );
    assert_eq!(
        verdict_when(dialling(Target::Number("15".into()))),
        refused(Cause::UnknownNumber),
        "R74: people call there"
    );

    let showing = |number: &str| {
        let options = DialOptions {
            shown: Shown::Number(number.into()),
            ..DialOptions::default()
        };
        move |leg| {
            vec![Command::Dial {
                tag: 1,
                caller: Some(leg),
                stages: vec![stage(vec![line("202")], 20)],
                options: options.clone(),
            }]
        }
    };
    let Verdict::Divert { shown, .. } = verdict_when(showing("0123456703")) else {
        panic!("diverted");
    };
    assert_eq!(shown.as_deref(), Some("+33123456703"));
    assert_eq!(
        verdict_when(showing("0611223344")),
        to("202"),
        "somebody else's number"
    );
}

#[test]
fn the_default_is_for_calls_that_nobody_decides_about() {
    for (otherwise, expected) in [
        (Otherwise::Continue, goes_on()),
        (Otherwise::Reject, refused(Cause::Failed)),
    ] {
        let rule = Interception { otherwise, ..rule() };
        let mut world = office_with(Some(rule)).open(&["201"]);
        assert_eq!(
            ask(&mut world, "", "299"),
            Some(expected.clone()),
            "nobody's number"
        );
        assert_eq!(
            ask(&mut world, "", "201"),
            Some(expected.clone()),
            "the module is not loaded"
        );
        world.behaves(module(1), |_| decided(vec![]));
        assert_eq!(
            ask(&mut world, "", "201"),
            Some(expected.clone()),
            "it does nothing"
        );
        world.silent.push(module(1));
        assert_eq!(ask(&mut world, "", "201"), Some(expected), "it does not answer");
        let last = world.reports.iter().rev().find_map(|report| match &report.fact {
            Fact::Intercepted { why, took, .. } => Some((why.to_string(), *took)),
            _ => None,
        });
        assert_eq!(
            last,
            Some((
                "the behaviour did not answer in time".to_owned(),
                Duration::from_millis(500)
            ))
        );
        assert_eq!(ask(&mut world, "", "112"), Some(goes_on()), "R74");
        assert_eq!(
            ask(&mut world, "", "202"),
            Some(goes_on()),
            "no behaviour in front"
        );
        world.assert_idle();
    }
}

#[test]
fn all_behaviours_of_a_number_together_have_the_patience_of_the_other_exchange() {
    let rule = Interception {
        patience: 300,
        ..rule()
    };
    let mut world = office_with(Some(rule)).open(&["201"]);
    world.behaves(module(1), dials(vec![stage(vec![Target::Next], 20)]));
    world.silent.push(module(2));
    assert_eq!(ask(&mut world, "", "201"), Some(goes_on()));
    let took = world.reports.iter().rev().find_map(|report| match &report.fact {
        Fact::Intercepted { took, .. } => Some(*took),
        _ => None,
    });
    assert_eq!(took, Some(Duration::from_millis(300)));
}

#[test]
fn without_a_rule_or_a_tenant_there_is_no_answer() {
    let mut world = office_with(None).open(&["201"]);
    assert_eq!(ask(&mut world, "", "201"), None);
    let request = Request::Intercept {
        tenant: "nobody".into(),
        inquiry: Inquiry {
            calling: vec![],
            called: vec!["201".to_owned()],
        },
    };
    assert_eq!(world.live(request), live::Answer::Verdict(None));
}

type Offers = Rc<RefCell<Vec<Offer>>>;

/// Notes what it is offered, and whether it had a state by then.
fn notes(offers: &Offers) -> impl Fn(&Invocation) -> Result<Decided, contract::Failure> + 'static {
    let offers = Rc::clone(offers);
    move |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => {
            offers.borrow_mut().push(offer.clone());
            decided(vec![Command::Answer {
                tag: 1,
                leg: offer.leg,
            }])
        }
        _ => decided(vec![]),
    }
}

/// The other exchange's phones are lines here: their callers are of the house, asked about as well as diverted.
#[test]
fn what_comes_to_the_pilot_number_is_taken_for_the_number_that_diverted_it() {
    let mut world = office().open(&[]);
    let offers = Offers::default();
    world.behaves(module(1), notes(&offers));
    assert_eq!(ask(&mut world, "+33123456703", "201"), Some(to("5999")));

    let headers = "P-Asserted-Identity: <sip:0123456703@192.0.2.50>\r\nDiversion: <sip:201@192.0.2.50>;reason=unknown, <sip:202@192.0.2.50>\r\n";
    receive(&mut world, invite("5999", "one", headers, SDP));
    world.settle();
    assert!(last(&world, "SIP/2.0 200").contains("m=audio"), "it answers");
    let [asked, offered] = offers.borrow().clone().try_into().unwrap();
    for offer in [&asked, &offered] {
        assert_eq!((offer.number.as_str(), offer.called.as_str()), ("201", "201"));
        assert_eq!(
            (offer.caller.line.as_deref(), offer.caller.number.as_deref()),
            (Some("203"), Some("203"))
        );
    }
    assert_eq!(offered.diversions, ["202"]);
    assert_ne!(asked.leg, offered.leg);
    assert_eq!(header(&last(&world, "SIP/2.0 200"), "Call-ID"), "one");
}

#[test]
fn the_pilot_number_is_one_of_that_exchanges_only_and_only_for_diverted_calls() {
    let rule = Interception {
        trunk: Some("other".into()),
        ..rule()
    };
    let diversion = "Diversion: <sip:201@192.0.2.50>\r\n";
    let mut world = office_with(Some(rule)).with(trunk("other", 51, 2)).open(&[]);
    receive(&mut world, invite("5999", "one", diversion, SDP));
    assert!(last(&world, "SIP/2.0 404").contains("one"), "from another trunk");

    let mut world = office().open(&[]);
    receive(&mut world, invite("5999", "two", "", SDP));
    assert!(last(&world, "SIP/2.0 404").contains("two"), "not diverted");
}

/// The session of a number answers from what it knows, and goes on knowing what it knew.
#[test]
fn a_session_per_number_is_asked_with_its_state_and_keeps_it() {
    let mut world = office()
        .behaviour("keyed", module(3), SessionScope::PerNumber)
        .number("301", &["keyed"])
        .open(&["202"]);
    world.behaves(module(3), |invocation| {
        let calls = invocation.state.as_deref().map_or(0, |state| state[0]);
        let commands = match logic::event(invocation) {
            Event::CallOffered(offer) if calls == 0 => {
                vec![dial(offer.leg, vec![stage(vec![line("202")], 20)])]
            }
            Event::CallOffered(offer) => vec![reject(offer.leg, Cause::Busy)],
            _ => vec![],
        };
        Ok(Decided {
            state: vec![calls + 1],
            commands,
        })
    });
    assert_eq!(ask(&mut world, "", "301"), Some(to("202")));
    assert_eq!(ask(&mut world, "", "301"), Some(to("202")), "nothing was kept");
    receive(&mut world, invite("301", "one", "", SDP));
    world.settle();
    world.rings("202");
    assert_eq!(ask(&mut world, "", "301"), Some(refused(Cause::Busy)));
}
