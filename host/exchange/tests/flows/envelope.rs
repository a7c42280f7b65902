//! The envelope around whatever behaviours do: what they cost, how often they are woken, what they keep. And that each rung of
//! the ladder says which version failed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use contract::{Cause, Command, Decided, Event, Failure, NumberClass, SessionScope};
use cordboard_exchange::directory::Spend;
use cordboard_exchange::{Fact, Rung};
use phone::CallState;

use crate::logic::{decided, event};
use crate::office::{Office, module};
use crate::world::World;

/// A mobile minute costs 0.20, a day may cost 0.50.
fn priced() -> World {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .with(crate::trunks::trunk("first", 50, 5))
        .tenant(|tenant| {
            tenant.spend = Some(Spend {
                per_minute: BTreeMap::from([(NumberClass::Mobile, 200)]),
                per_day: 500,
            });
        })
        .open(&["201", "202"]);
    world.add_phone("first", 50);
    world
}

fn talks_for(world: &mut World, seconds: u64) {
    let call = world.call("201", "0612345678");
    world.answers("first");
    assert_eq!(world.state("201", call), CallState::Up);
    world.run(Duration::from_secs(seconds));
    world.hangs_up("201", call);
}

/// R24's envelope in money: the behaviour (or the person) sees `forbidden`, the trace says which cap.
#[test]
fn calls_outside_stop_at_what_a_day_may_cost() {
    let mut world = priced();
    talks_for(&mut world, 70);
    let over = world.call("201", "0612345678");
    assert_eq!(
        world.failure("201", over),
        Some(403),
        "0.40 are spent, another minute would be 0.60"
    );
    assert_eq!(world.facts("because"), 1);
    assert_eq!(world.cdrs().last().unwrap().cause, Cause::Forbidden);
    let free = world.call("201", "0123456789");
    world.rings("first");
    world.hangs_up("201", free);
    let emergency = world.call("201", "112");
    world.rings("first");
    world.hangs_up("201", emergency);
    world.run(Duration::from_secs(86_400));
    talks_for(&mut world, 1);
}

/// What is being spent counts, too: many calls at once do not slip through.
#[test]
fn calls_that_are_up_count_with_what_they_cost_so_far() {
    let mut world = priced();
    let long = world.call("201", "0612345678");
    world.answers("first");
    world.run(Duration::from_secs(65));
    let over = world.call("202", "0612345679");
    assert_eq!(world.failure("202", over), Some(403));
    assert_eq!(world.state("201", long), CallState::Up, "what is up goes on");
    world.hangs_up("201", long);
}

#[test]
fn what_was_spent_outlives_a_restart() {
    let mut world = priced();
    talks_for(&mut world, 70);
    world.restart();
    let over = world.call("201", "0612345678");
    assert_eq!(world.failure("201", over), Some(403));
}

/// A behaviour that wakes itself without end is told first that it may set no more timers, then ended; its caller reaches the
/// line all the same.
#[test]
fn a_session_that_never_rests_is_ended() {
    let mut world = Office::new()
        .line("201")
        .line_with("202", |line| line.behaviours = Some(vec!["wild".into()]), |_| {})
        .behaviour("wild", module(1), SessionScope::PerCall)
        .tenant(|tenant| tenant.limits.events_per_minute = 100)
        .open(&["201", "202"]);
    let told = Rc::new(Cell::new((0, 0)));
    let heard = Rc::clone(&told);
    world.behaves(module(1), move |invocation| {
        let _ = event(invocation);
        let (quiet, asked) = heard.get();
        let must_wait = invocation.limits.timers_from > invocation.now.as_millis();
        heard.set((quiet + u32::from(must_wait), asked + 1));
        decided(vec![Command::SetTimer { tag: 1, at: 0 }])
    });
    let call = world.call("201", "202");
    world.run(Duration::from_secs(2));
    assert_eq!(told.get(), (100, 200), "told to wait, of all events");
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    let events = world.facts("asked");
    assert!((200..=201).contains(&events), "{events}");
    assert!(world.reports.iter().any(
        |report| matches!(&report.fact, Fact::Because { rule, .. } if rule == "limits.events-per-minute")
    ));
    world.hangs_up("201", call);
    world.assert_idle();
}

/// What a tenant's sessions may keep is its own; the module's limit follows.
#[test]
fn a_tenant_has_a_limit_of_state_of_its_own() {
    let mut world = Office::new()
        .line("201")
        .behaviour("big", module(1), SessionScope::PerCall)
        .number("300", &["big"])
        .tenant(|tenant| tenant.limits.state = 2_048)
        .open(&["201"]);
    world.behaves(module(1), |invocation| {
        assert_eq!(invocation.limits.state, 2_048);
        Ok(Decided {
            state: vec![],
            commands: vec![],
        })
    });
    world.call("201", "300");
}

/// Whoever watches sees which version of which behaviour failed, and what the caller got in its place.
#[test]
fn each_rung_of_the_ladder_names_the_version_that_failed() {
    let mut world = Office::new()
        .line("201")
        .line_with(
            "202",
            |line| line.behaviours = Some(vec!["fragile".into()]),
            |_| {},
        )
        .behaviour("fragile", module(1), SessionScope::PerCall)
        .number("300", &["fragile"])
        .open(&["201", "202"]);
    world.behaves(module(1), |invocation| match event(invocation) {
        Event::CallOffered(_) => Err(Failure::Trapped("unreachable".into())),
        _ => decided(vec![]),
    });
    world.call("201", "202");
    world.rings("202");
    world.call("201", "300");
    let told: Vec<_> = world
        .reports
        .iter()
        .filter_map(|report| match &report.fact {
            Fact::Ladder {
                rung,
                behaviour: Some(behaviour),
                module: Some(digest),
                ..
            } => Some((*rung, behaviour.to_string(), *digest)),
            _ => None,
        })
        .collect();
    let expected = |rung| (rung, "fragile".to_owned(), module(1));
    assert_eq!(told, [expected(Rung::RingLine), expected(Rung::Courtesy)]);
}

/// A caller of one session too many reaches the line all the same, and its story says which limit it was.
#[test]
fn a_tenant_has_no_more_sessions_than_it_may() {
    let mut world = Office::new()
        .line("201")
        .line("203")
        .line_with("202", |line| line.behaviours = Some(vec!["front".into()]), |_| {})
        .behaviour("front", module(1), SessionScope::PerCall)
        .tenant(|tenant| tenant.limits.sessions = 1)
        .open(&["201", "202", "203"]);
    world.behaves(module(1), |invocation| {
        let Event::CallOffered(offer) = event(invocation) else {
            return decided(vec![]);
        };
        decided(vec![
            Command::Ring {
                tag: 1,
                leg: offer.leg,
            },
            Command::SetTimer {
                tag: 2,
                at: u64::MAX / 2_000,
            },
        ])
    });
    let first = world.call("201", "202");
    assert_eq!((world.facts("because"), world.facts("session-started")), (0, 1));
    let second = world.call("203", "202");
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("203", second), CallState::Up);
    assert_eq!(world.facts("session-started"), 1);
    assert!(
        world.reports.iter().any(|report| report.call.is_some()
            && matches!(&report.fact, Fact::Because { rule, sentence }
            if rule == "limits.sessions" && sentence == "the tenant has 1 sessions already, and may have 1"))
    );
    world.hangs_up("203", second);
    world.hangs_up("201", first);
    let third = world.call("203", "202");
    assert_eq!(world.facts("session-started"), 2, "there is room again");
    world.hangs_up("203", third);
    world.assert_idle();
}

/// What all sessions of a tenant keep together has a limit, too: the one that would exceed it fails, and says why.
#[test]
fn the_states_of_a_tenants_sessions_have_a_limit_together() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("big", module(1), SessionScope::PerCall)
        .number("300", &["big"])
        .tenant(|tenant| (tenant.limits.state, tenant.limits.total_state) = (2_048, 3_000))
        .open(&["201", "202"]);
    world.behaves(module(1), |invocation| {
        let limit = invocation.limits.state;
        if limit < 2_000 {
            return Err(Failure::StateTooLarge { size: 2_000, limit });
        }
        let Event::CallOffered(offer) = event(invocation) else {
            return Ok(Decided {
                state: vec![0; 2_000],
                commands: vec![],
            });
        };
        let ring = Command::Ring {
            tag: 1,
            leg: offer.leg,
        };
        let wait = Command::SetTimer {
            tag: 2,
            at: u64::MAX / 2_000,
        };
        Ok(Decided {
            state: vec![0; 2_000],
            commands: vec![ring, wait],
        })
    });
    let first = world.call("201", "300");
    assert_eq!(world.facts("because"), 0);
    let second = world.call("202", "300");
    assert!(world.reports.iter().any(|report| matches!(&report.fact, Fact::Because { rule, sentence }
        if rule == "limits.total-state" && sentence == "a state of 2000 bytes was to be kept where there is room for 1000")));
    assert!(
        world
            .reports
            .iter()
            .any(|report| matches!(&report.fact, Fact::NotDecided { failure, .. }
        if *failure == Failure::StateTooLarge { size: 2_000, limit: 1_000 }))
    );
    world.hangs_up("202", second);
    world.hangs_up("201", first);
    let third = world.call("202", "300");
    assert_eq!(world.facts("not-decided"), 1, "there is room again");
    world.hangs_up("202", third);
}

/// R42: what the menu dials outside is charged to the menu's number, not to whoever called it.
#[test]
fn r42_a_leg_outside_is_charged_to_the_number_whose_behaviour_dialled_it() {
    let mut world = Office::new()
        .line("201")
        .with(crate::trunks::trunk("first", 50, 5))
        .behaviour_with("menu", module(1), SessionScope::PerCall, |menu| {
            menu.manifest.imports = vec!["trunk".into()];
        })
        .number("300", &["menu"])
        .open(&["201"]);
    world.add_phone("first", 50);
    let mobile = contract::Target::Number("0612345678".into());
    world.behaves(
        module(1),
        crate::logic::dials(vec![crate::logic::stage(vec![mobile], 20)]),
    );
    for (dialled, payer) in [("300", "300"), ("0612345678", "201")] {
        let call = world.call("201", dialled);
        world.answers("first");
        assert_eq!(world.state("201", call), CallState::Up);
        world.hangs_up("201", call);
        let cdr = world.cdrs().pop().unwrap();
        assert_eq!(cdr.charged.as_deref(), Some(payer));
        assert_eq!(cdr.caller_line.as_deref(), Some("201"));
    }
}
