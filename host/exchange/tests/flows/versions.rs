//! Versions of a behaviour: trials on some calls, in the shadow, withdrawn and promoted; and the way back.

use std::time::Duration;

use contract::{Cause, Command, Event, Failure, SessionScope, Task};
use cordboard_exchange::directory::{Audit, Behaviour, VersionStep};
use cordboard_exchange::live::{Answer, Request, Version, VersionRole};
use phone::CallState;
use serde_json::{Value, json};

use crate::logic::{self, decided, dials, line, stage};
use crate::office::{Office, manifest, module};
use crate::world::World;

/// 300 leads to 203 with the active version, to 204 with the one on trial.
fn office() -> World {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .line("204")
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .number("300", &["hunt"])
        .number("301", &["hunt"])
        .open(&["201", "202", "203", "204"]);
    world.behaves(module(1), dials(vec![stage(vec![line("203")], 20)]));
    world.behaves(module(2), dials(vec![stage(vec![line("204")], 20)]));
    world
}

fn change(world: &mut World, change: Value) {
    world.change(json!({ "version": {
        "tenant": "acme", "behaviour": "hunt", "change": change, "by": "ada", "why": "a test"
    } }));
}

fn tries(world: &mut World, scope: SessionScope, rule: Value, more: Value) {
    let mut candidate = json!({
        "digest": module(2), "manifest": manifest("hunt", "2.0.0", scope), "rule": rule
    });
    candidate
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    change(world, json!({ "try": candidate }));
}

fn behaviour(world: &World) -> Behaviour {
    let tenant = world.exchange.directory().tenant("acme").unwrap();
    tenant.behaviour("hunt").unwrap().document.clone()
}

fn versions(world: &mut World) -> Vec<Version> {
    let request = Request::Versions {
        tenant: "acme".into(),
        behaviour: "hunt".into(),
    };
    match world.live(request) {
        Answer::Versions(versions) => versions,
        other => panic!("{other:?}"),
    }
}

/// Which line the call from this phone rings: the trial's or the active version's.
fn rings(world: &mut World, caller: &str, number: &str) -> &'static str {
    let call = world.call(caller, number);
    let rung = match (world.ringing_calls("203").len(), world.ringing_calls("204").len()) {
        (1, 0) => "active",
        (0, 1) => "trial",
        other => panic!("{other:?}"),
    };
    world.hangs_up(caller, call);
    rung
}

/// "Only my phone."
#[test]
fn a_candidate_gets_the_calls_of_its_callers() {
    let mut world = office();
    tries(
        &mut world,
        SessionScope::PerCall,
        json!({ "callers": ["201"] }),
        json!({}),
    );
    assert_eq!(rings(&mut world, "201", "300"), "trial");
    assert_eq!(rings(&mut world, "202", "300"), "active");
    let versions = versions(&mut world);
    assert_eq!(
        versions.iter().map(|version| version.role).collect::<Vec<_>>(),
        [VersionRole::Active, VersionRole::Candidate]
    );
    assert_eq!((versions[0].counters.calls, versions[1].counters.calls), (1, 1));
    world.assert_idle();
}

#[test]
fn a_candidate_gets_the_calls_to_its_numbers() {
    let mut world = office();
    tries(
        &mut world,
        SessionScope::PerCall,
        json!({ "called": ["301"] }),
        json!({}),
    );
    assert_eq!(rings(&mut world, "201", "300"), "active");
    assert_eq!(rings(&mut world, "201", "301"), "trial");
}

/// A share is of callers, not of calls: the same one gets the same version each time.
#[test]
fn a_share_is_stable_per_caller() {
    for (share, expected) in [(0, Some("active")), (100, Some("trial")), (50, None)] {
        let mut world = office();
        tries(
            &mut world,
            SessionScope::PerCall,
            json!({ "percent": share }),
            json!({}),
        );
        for caller in ["201", "202"] {
            let first = rings(&mut world, caller, "300");
            assert!(expected.is_none_or(|expected| expected == first));
            for _ in 0..3 {
                assert_eq!(rings(&mut world, caller, "300"), first);
            }
        }
    }
}

#[test]
fn a_trial_begins_and_ends_at_its_time() {
    let mut world = office();
    let now = world.now().as_millis();
    tries(
        &mut world,
        SessionScope::PerCall,
        json!({ "percent": 100 }),
        json!({ "from": now + 60_000, "until": now + 120_000 }),
    );
    assert_eq!(rings(&mut world, "201", "300"), "active");
    world.run(Duration::from_secs(60));
    assert_eq!(rings(&mut world, "201", "300"), "trial");
    world.run(Duration::from_secs(60));
    assert_eq!(rings(&mut world, "201", "300"), "active");
}

/// The candidate traps: each caller is served by the active version, and soon nobody is sent to the candidate.
#[test]
fn a_candidate_that_fails_is_withdrawn_by_itself() {
    let mut world = office();
    world.behaves(module(2), |_| Err(Failure::Trapped("unreachable".into())));
    tries(
        &mut world,
        SessionScope::PerCall,
        json!({ "percent": 100 }),
        json!({ "guard": { "failures": 50, "least": 3 } }),
    );
    for _ in 0..3 {
        assert_eq!(rings(&mut world, "201", "300"), "active", "no caller hears of it");
    }
    let document = behaviour(&world);
    assert_eq!((document.active, document.candidate), (module(1), None));
    let Audit { by, what, why, .. } = &document.audit[0];
    assert_eq!((by.as_str(), *what), ("exchange", VersionStep::Withdrawn));
    assert!(why.contains("3 of 3 events failed"), "{why}");
    assert_eq!(world.facts("version"), 2);
    world.restart();
    assert_eq!(behaviour(&world).candidate, None, "it is stored");
    let before = world.facts("not-decided");
    assert_eq!(rings(&mut world, "201", "300"), "active");
    assert_eq!(world.facts("not-decided"), before);
    world.assert_idle();
}

#[test]
fn a_candidate_that_holds_is_promoted() {
    let mut world = office();
    let guard = json!({ "guard": { "failures": 5, "least": 2, "promote-after": 60_000 } });
    tries(
        &mut world,
        SessionScope::PerCall,
        json!({ "percent": 100 }),
        guard,
    );
    world.run(Duration::from_secs(61));
    assert_eq!(
        behaviour(&world).active,
        module(1),
        "nobody called: nothing is known yet"
    );
    rings(&mut world, "201", "300");
    rings(&mut world, "202", "300");
    world.restart();
    rings(&mut world, "201", "300");
    rings(&mut world, "202", "300");
    world.run(Duration::from_secs(61));
    let document = behaviour(&world);
    assert_eq!(
        (document.active, document.manifest.version.as_str()),
        (module(2), "2.0.0")
    );
    assert_eq!(document.audit[0].what, VersionStep::Promoted);
    assert_eq!(document.history[0].digest, module(1));
    assert_eq!(
        rings(&mut world, "201", "300"),
        "trial",
        "which is the active one now"
    );
}

/// A shadow does nothing; what it would have done is told.
#[test]
fn a_shadow_is_compared_and_never_heard() {
    let mut world = office();
    tries(&mut world, SessionScope::PerCall, json!("shadow"), json!({}));
    assert_eq!(rings(&mut world, "201", "300"), "active");
    let shadow = versions(&mut world).remove(1);
    assert!(shadow.counters.shadowed >= 1);
    assert_eq!(shadow.counters.differed, 1);
    let difference = &shadow.differences[0];
    assert!(matches!(difference.event, Event::CallOffered(_)));
    let would = difference.would.as_ref().unwrap();
    assert!(matches!(would.as_slice(), [Command::Dial { stages, .. }] if stages[0].targets == [line("204")]));
    assert_eq!(world.exchange.census().late_decisions, 0);
    world.behaves(module(2), |_| Err(Failure::OutOfFuel));
    assert_eq!(rings(&mut world, "201", "300"), "active");
    assert_eq!(versions(&mut world)[1].counters.overruns, 1);
    world.assert_idle();
}

/// One step back, written down like every other.
#[test]
fn the_earlier_version_comes_back() {
    let mut world = office();
    change(
        &mut world,
        json!({ "activate": { "digest": module(2), "manifest": manifest("hunt", "2.0.0", SessionScope::PerCall) } }),
    );
    assert_eq!(rings(&mut world, "201", "300"), "trial");
    change(&mut world, json!("roll-back"));
    assert_eq!(rings(&mut world, "201", "300"), "active");
    let document = behaviour(&world);
    assert_eq!(
        (document.active, document.manifest.version.as_str()),
        (module(1), "1.0.0")
    );
    let steps: Vec<_> = document
        .audit
        .iter()
        .map(|audit| (audit.what, audit.from, audit.to))
        .collect();
    assert_eq!(
        steps,
        [
            (VersionStep::RolledBack, Some(module(2)), Some(module(1))),
            (VersionStep::Activated, Some(module(1)), Some(module(2)))
        ]
    );
    assert_eq!(
        (document.audit[0].by.as_str(), document.audit[0].why.as_str()),
        ("ada", "a test")
    );
}

/// A session per number is on trial as a whole, with everybody in it: it moves there and back at its next event, or
/// stays where it is and is listed as pinned.
#[test]
fn a_session_per_number_moves_or_is_pinned() {
    for moves in [true, false] {
        let mut world = Office::new()
            .line("201")
            .line("202")
            .behaviour("hunt", module(1), SessionScope::PerNumber)
            .number("300", &["hunt"])
            .open(&["201", "202"]);
        let answers = |invocation: &contract::Invocation| match logic::event(invocation) {
            Event::CallOffered(offer) => decided(vec![
                Command::Answer {
                    tag: 1,
                    leg: offer.leg,
                },
                Command::SetTimer {
                    tag: 2,
                    at: (invocation.now + Duration::from_secs(600)).as_millis(),
                },
            ]),
            _ => decided(vec![]),
        };
        world.behaves(module(1), move |invocation| match &invocation.task {
            Task::Migrate { .. } => decided(vec![]),
            Task::Handle(_) => answers(invocation),
        });
        world.behaves(module(2), move |invocation| match &invocation.task {
            Task::Migrate { .. } if moves => decided(vec![]),
            Task::Migrate { .. } => Err(Failure::Refused("another format".into())),
            Task::Handle(_) => answers(invocation),
        });
        let first = world.call("201", "300");
        tries(
            &mut world,
            SessionScope::PerNumber,
            json!({ "called": ["300"] }),
            json!({}),
        );
        let second = world.call("202", "300");
        let listed = versions(&mut world);
        let counts = |version: &Version| (version.sessions, version.pinned);
        let expected = if moves { ((0, 0), (1, 0)) } else { ((1, 1), (0, 0)) };
        assert_eq!(
            (counts(&listed[0]), counts(&listed[1])),
            expected,
            "moves: {moves}"
        );
        change(&mut world, json!("withdraw"));
        world.hangs_up("202", second);
        assert_eq!(world.state("201", first), CallState::Up);
        assert_eq!(versions(&mut world)[0].sessions, 1, "back on the active version");
        world.hangs_up("201", first);
        world.assert_idle();
    }
}

/// The candidate takes the state over in the moment in which it is withdrawn: the session stays with the active version,
/// is told to have stayed, and its event is handled there.
#[test]
fn a_version_that_is_withdrawn_while_it_takes_over_gets_nothing() {
    let mut world = Office::new()
        .line("201")
        .behaviour("hunt", module(1), SessionScope::PerNumber)
        .number("300", &["hunt"])
        .open(&["201"]);
    let answers = |invocation: &contract::Invocation| match &invocation.task {
        Task::Handle(Event::CallOffered(offer)) => decided(vec![Command::Answer {
            tag: 1,
            leg: offer.leg,
        }]),
        _ => decided(vec![]),
    };
    world.behaves(module(1), answers);
    world.behaves(module(2), answers);
    let first = world.call("201", "300");
    world.hangs_up("201", first);
    tries(
        &mut world,
        SessionScope::PerNumber,
        json!({ "percent": 100 }),
        json!({}),
    );
    let asked = world.facts("asked");
    let second = world.with("201", |phone, now| phone.call(now, "300"));
    while world.facts("asked") == asked {
        world.run(Duration::from_millis(1));
    }
    change(&mut world, json!("withdraw"));
    assert_eq!(world.facts("swapped"), 1);
    assert_eq!(world.state("201", second), CallState::Up);
    assert_eq!(versions(&mut world)[0].sessions, 1);
}

/// The envelope: calls outside within a minute. The behaviour sees `forbidden`, the trace says which limit.
#[test]
fn calls_outside_have_a_limit_a_minute() {
    let mut world = Office::new()
        .line("201")
        .with(crate::trunks::trunk("first", 50, 1))
        .tenant(|tenant| tenant.limits.outside_per_minute = 2)
        .open(&["201"]);
    world.add_phone("first", 50);
    for _ in 0..2 {
        let call = world.call("201", "0612345678");
        world.refuses("first", 486);
        assert_eq!(world.failure("201", call), Some(486));
    }
    let over = world.call("201", "0612345678");
    assert_eq!(world.failure("201", over), Some(403));
    assert_eq!(world.facts("because"), 1);
    assert_eq!(world.cdrs().last().unwrap().cause, Cause::Forbidden);
    let emergency = world.call("201", "112");
    world.rings("first");
    world.hangs_up("201", emergency);
    world.run(Duration::from_secs(60));
    world.call("201", "0612345678");
    world.rings("first");
}
