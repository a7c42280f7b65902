//! Lines that sessions keep for their own dials (`wit/reservations.wit`).

use std::time::Duration;

use contract::{Cause, Command, Event, Invocation, SessionScope};

use crate::logic::{Answer, decided, dial, event, line, reject, stage};
use crate::office::{Office, module};
use crate::world::World;

/// Like a group: reserves 202 for so long and rings it, then gives the caller back with the outcome's cause.
fn rings_202_alone(lease: Duration) -> impl Fn(&Invocation) -> Answer {
    let dials = crate::logic::dials(vec![stage(vec![line("202")], 20)]);
    move |invocation| {
        let mut answer = dials(invocation)?;
        if let Event::CallOffered(_) = event(invocation) {
            answer.commands.insert(0, reserve(lease));
        }
        Ok(answer)
    }
}

fn reserve(lease: Duration) -> Command {
    Command::Reserve {
        lines: vec!["202".into()],
        lease: u64::try_from(lease.as_millis()).unwrap(),
    }
}

/// 202 can take several calls; 300 and 301 are groups.
fn office() -> World {
    Office::new()
        .line("201")
        .line("203")
        .line_with("202", |line| line.features.call_waiting = true, |_| {})
        .behaviour("sales", module(1), SessionScope::PerNumber)
        .behaviour("support", module(2), SessionScope::PerNumber)
        .number("300", &["sales"])
        .number("301", &["support"])
        .open(&["201", "202", "203"])
}

/// Both dial at the same moment: each group decides before it can see what the other one does.
fn call_both_at_once(world: &mut World) {
    for (caller, number) in [("201", "300"), ("203", "301")] {
        world.with(caller, |phone, now| phone.call(now, number));
    }
    world.settle();
}

fn hang_up_all(world: &mut World, phone: &str) {
    for call in world.live_calls(phone) {
        world.hangs_up(phone, call);
    }
    world.settle();
}

#[test]
fn two_groups_that_decide_at_the_same_time_do_not_ring_the_same_line() {
    for reserves in [true, false] {
        let mut world = office();
        for number in [1, 2] {
            match reserves {
                true => world.behaves(module(number), rings_202_alone(Duration::from_secs(60))),
                false => world.behaves(
                    module(number),
                    crate::logic::dials(vec![stage(vec![line("202")], 20)]),
                ),
            }
        }
        call_both_at_once(&mut world);
        assert_eq!(world.ringing_calls("202").len(), if reserves { 1 } else { 2 });
        if reserves {
            // The second was told that it is busy, and why is told in its trace.
            assert_eq!(world.live_calls("203"), []);
            assert_eq!(world.facts("because"), 1);
        }
        hang_up_all(&mut world, "201");
        hang_up_all(&mut world, "203");
        world.assert_idle();
    }
}

#[test]
fn whoever_calls_the_line_itself_rings_it_as_ever() {
    let mut world = office();
    world.behaves(module(1), rings_202_alone(Duration::from_secs(60)));
    world.call("201", "300");
    world.call("203", "202");
    assert_eq!(world.ringing_calls("202").len(), 2);
    hang_up_all(&mut world, "201");
    hang_up_all(&mut world, "203");
    world.assert_idle();
}

#[test]
fn a_lease_ends_by_time_by_release_and_with_its_session() {
    let release = || Command::Release {
        lines: vec!["202".into()],
    };
    for end in ["time", "release", "session"] {
        let mut world = office();
        // Keeps the line, and rings nobody.
        world.behaves(module(1), move |invocation| match event(invocation) {
            Event::CallOffered(offer) => {
                let mut commands = vec![reserve(Duration::from_secs(10)), reject(offer.leg, Cause::Busy)];
                match end {
                    "release" => commands.push(release()),
                    "session" => commands.push(Command::Finish),
                    _ => {}
                }
                decided(commands)
            }
            _ => decided(vec![]),
        });
        world.behaves(module(2), rings_202_alone(Duration::from_secs(5)));
        world.call("201", "300");
        if end == "time" {
            world.call("203", "301");
            assert_eq!(world.ringing_calls("202").len(), 0);
            world.run(Duration::from_secs(10));
        }
        world.call("203", "301");
        assert_eq!(world.ringing_calls("202").len(), 1, "{end}");
        hang_up_all(&mut world, "203");
    }
}

#[test]
fn who_asked_in_vain_finds_the_line_busy_only_while_the_other_has_it() {
    for (lease, rings) in [(60, 0), (25, 1)] {
        let mut world = office();
        world.behaves(module(1), rings_202_alone(Duration::from_secs(lease)));
        // Asks in vain, and rings the line after half a minute, when it rings for nobody any more.
        world.behaves(module(2), |invocation| match event(invocation) {
            Event::CallOffered(offer) => {
                let at = (invocation.now + Duration::from_secs(30)).as_millis();
                let wake = Command::SetTimer { tag: offer.leg.0, at };
                decided(vec![reserve(Duration::from_secs(5)), wake])
            }
            Event::Timer(leg) => {
                let rings = vec![stage(vec![line("202")], 20)];
                decided(vec![dial(contract::LegId(*leg), rings)])
            }
            _ => decided(vec![]),
        });
        world.call("201", "300");
        world.call("203", "301");
        world.run(Duration::from_secs(32));
        assert_eq!(world.ringing_calls("202").len(), rings, "a lease of {lease} s");
    }
}
