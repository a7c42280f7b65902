//! What people see and do from outside of calls.

use cordboard_exchange::live::{Answer, LegState, Request};
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
