//! What people see and do from outside of calls.

use cordboard_exchange::live::{Answer, Full, LegState, NotDialled, Request};
use phone::CallState;

use crate::office::Office;

/// Click to dial (R68): the own phone rings first, then the number.
#[test]
fn a_click_rings_the_own_phone_and_then_the_number() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    world.live(Request::Originate {
        tenant: "acme".into(),
        line: "201".into(),
        number: "202".into(),
    });
    world.settle();
    assert!(world.ringing_calls("202").is_empty());
    world.rings("201");
    let own = world.answers("201");
    world.rings("202");
    let other = world.answers("202");
    assert_eq!(
        (world.state("201", own), world.state("202", other)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("202", other);
    assert_eq!(world.state("201", own), CallState::Over);
    assert_eq!(world.cdrs().len(), 1);
    world.assert_idle();
}

/// A click that nobody takes leaves nothing behind.
#[test]
fn a_click_without_a_phone_ends() {
    let mut world = Office::new().line("201").line("202").open(&["202"]);
    world.live(Request::Originate {
        tenant: "acme".into(),
        line: "201".into(),
        number: "202".into(),
    });
    world.settle();
    assert_eq!(world.cdrs().len(), 1);
    world.assert_idle();
}

/// What cannot come to anything rings no phone, and the refusal says what is wrong.
#[test]
fn a_click_that_leads_nowhere_is_refused_with_the_reason() {
    let office = Office::new().tenant(|tenant| tenant.grants.lines.clear());
    let mut world = office.line("201").line("202").open(&["201", "202"]);
    let mut why = |line: &str, number: &str| {
        let asked = Request::Originate {
            tenant: "acme".into(),
            line: line.into(),
            number: number.into(),
        };
        match world.live(asked) {
            Answer::Originated(Err(why)) => why,
            other => panic!("{line} calls {number}: {other:?}"),
        }
    };
    assert_eq!(why("299", "202"), NotDialled::NoLine("299".into()));
    assert_eq!(why("201", "299"), NotDialled::NoNumber("299".into()));
    let mobile = why("201", "0612345678").to_string();
    assert!(
        mobile.contains("may not call `0612345678` (a mobile number)"),
        "{mobile}"
    );
    assert!(world.ringing_calls("201").is_empty());
    world.assert_idle();
}

/// A tenant with as many calls as it may have is told so, and how many these are.
#[test]
fn a_click_beside_too_many_calls_is_told_the_limit() {
    let office = Office::new().tenant(|tenant| tenant.limits.calls = 1);
    let mut world = office.line("201").line("202").open(&["201", "202"]);
    world.call("202", "201");
    let answer = world.live(Request::Originate {
        tenant: "acme".into(),
        line: "201".into(),
        number: "202".into(),
    });
    let full = Full::Tenant { calls: 1, limit: 1 };
    assert_eq!(answer, Answer::Originated(Err(full.into())));
}

/// Calls are listed for their own tenant only, and can be ended.
#[test]
fn calls_are_seen_and_ended() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    let call = world.call("201", "202");
    world.rings("202");
    world.answers("202");
    let list = |world: &mut crate::world::World, tenant: &str| {
        let answer = world.live(Request::Calls {
            tenant: tenant.into(),
            after: None,
            limit: 10,
        });
        match answer {
            Answer::Calls(calls) => calls,
            other => panic!("{other:?}"),
        }
    };
    assert!(list(&mut world, "other").is_empty());
    let calls = list(&mut world, "acme");
    assert_eq!(calls.len(), 1);
    assert!(calls[0].legs.iter().all(|leg| leg.state == LegState::Answered));
    world.live(Request::HangUp {
        tenant: "acme".into(),
        call: calls[0].id,
    });
    world.settle();
    assert_eq!(world.state("201", call), CallState::Over);
    world.assert_idle();
}
