//! Conferences of behaviours (`wit/conferences.wit`).

use std::time::Duration;

use contract::{Command, Event, Invocation, LegId, OutcomeKind, Part, SessionScope};
use phone::CallState;

use crate::logic::{Answer, decided, dial, event, line, stage};
use crate::office::{Office, module};
use crate::world::World;

/// Rings 202 for whoever calls; 203, who calls after that, is answered and listens in to both.
fn supervised(invocation: &Invocation) -> Answer {
    let join = |leg: LegId, part| Command::Join {
        tag: 40,
        leg,
        room: "talk".into(),
        part,
    };
    match event(invocation) {
        Event::CallOffered(offer) if offer.caller.line.as_deref() == Some("203") => {
            decided(vec![Command::Answer {
                tag: 50,
                leg: offer.leg,
            }])
        }
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![line("202")], 20)])]),
        Event::Outcome(outcome) if outcome.tag == 50 && outcome.kind == OutcomeKind::Done => {
            let [caller, supervisor, agent] = legs(invocation);
            decided(vec![
                join(caller, Part::Speaker),
                join(agent, Part::Speaker),
                join(supervisor, Part::Whisperer(agent)),
            ])
        }
        // A message parts the supervisor again.
        Event::Message(_) => {
            let [caller, supervisor, agent] = legs(invocation);
            decided(vec![
                Command::Bridge {
                    tag: 60,
                    a: caller,
                    b: agent,
                },
                Command::HangUp {
                    tag: 61,
                    leg: supervisor,
                    cause: contract::Cause::Normal,
                },
            ])
        }
        _ => decided(vec![]),
    }
}

/// Callers first, in the order in which they came, then callees.
fn legs(invocation: &Invocation) -> [LegId; 3] {
    let [a, b, c] = invocation.held.as_slice() else {
        panic!("{:?}", invocation.held)
    };
    [a.leg, b.leg, c.leg]
}

fn listened_to() -> World {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("group", module(1), SessionScope::PerNumber)
        .number("300", &["group"])
        .open(&["201", "202", "203"]);
    world.behaves(module(1), supervised);
    world.call("201", "300");
    world.rings("202");
    world.answers("202");
    world.call("203", "300");
    world
}

/// What each join said.
fn joins(world: &World) -> Vec<media::Part> {
    let join = |command: &media::Command| match command {
        media::Command::Join { part, .. } => Some(*part),
        _ => None,
    };
    world.media.iter().filter_map(join).collect()
}

fn is_up(world: &World, phone: &str) -> bool {
    let calls = world.live_calls(phone);
    !calls.is_empty()
        && calls
            .iter()
            .all(|call| world.state(phone, *call) == CallState::Up)
}

fn hang_up(world: &mut World, phone: &str) {
    for call in world.live_calls(phone) {
        world.hangs_up(phone, call);
    }
    world.settle();
}

#[test]
fn two_who_talk_and_one_who_whispers_are_mixed_in_one_room() {
    let mut world = listened_to();
    let joins = joins(&world);
    assert!(
        matches!(
            joins.as_slice(),
            [
                media::Part::Speaker,
                media::Part::Speaker,
                media::Part::Whisperer(_)
            ]
        ),
        "{joins:?}"
    );
    for phone in ["201", "202", "203"] {
        assert!(is_up(&world, phone), "{phone}");
    }
    hang_up(&mut world, "203");
    assert!(is_up(&world, "201") && is_up(&world, "202"));
    hang_up(&mut world, "201");
    assert!(!is_up(&world, "202"), "left alone, as at the end of a talk");
    world.assert_idle();
}

#[test]
fn a_bridge_takes_legs_out_of_their_room() {
    let mut world = listened_to();
    world.live(cordboard_exchange::live::Request::Message {
        tenant: "acme".into(),
        behaviour: "group".into(),
        number: "300".into(),
        body: vec![],
    });
    world.settle();
    assert!(is_up(&world, "201") && is_up(&world, "202") && !is_up(&world, "203"));
    assert_eq!(world.facts("bridged"), 2);
    hang_up(&mut world, "202");
    world.assert_idle();
}

#[test]
fn a_room_goes_on_after_a_restart() {
    let mut world = listened_to();
    let before = joins(&world).len();
    world.restart();
    world.run(Duration::from_secs(2));
    let joins = joins(&world);
    assert_eq!(joins.len() - before, 3);
    assert!(matches!(
        joins.last(),
        Some(media::Part::Whisperer(_) | media::Part::Speaker)
    ));
    hang_up(&mut world, "202");
    hang_up(&mut world, "203");
    assert!(!is_up(&world, "201"));
    world.assert_idle();
}

#[test]
fn a_room_outlives_its_session_until_one_is_alone() {
    let mut world = listened_to();
    world.behaves(module(1), |_| decided(vec![Command::Finish]));
    world.live(cordboard_exchange::live::Request::Message {
        tenant: "acme".into(),
        behaviour: "group".into(),
        number: "300".into(),
        body: vec![],
    });
    world.settle();
    for phone in ["201", "202", "203"] {
        assert!(is_up(&world, phone), "{phone}");
    }
    hang_up(&mut world, "202");
    assert!(is_up(&world, "201") && is_up(&world, "203"));
    hang_up(&mut world, "201");
    assert!(!is_up(&world, "203"));
    world.assert_idle();
}

#[test]
fn what_a_session_published_last_is_told_to_whoever_asks() {
    let mut world = Office::new()
        .line("201")
        .behaviour("group", module(1), SessionScope::PerNumber)
        .number("300", &["group"])
        .open(&["201"]);
    world.behaves(module(1), |invocation| match event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Publish {
                json: format!("{{\"leg\":{}}}", offer.leg.0),
            },
            crate::logic::reject(offer.leg, contract::Cause::Busy),
        ]),
        _ => decided(vec![]),
    });
    world.call("201", "300");
    world.call("201", "300");
    assert_eq!(world.facts("figures"), 2);
    let request = cordboard_exchange::live::Request::Figures {
        tenant: "acme".into(),
    };
    let cordboard_exchange::live::Answer::Figures(all) = world.live(request) else {
        panic!("figures were asked for")
    };
    let [figures] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!((&*figures.behaviour, &*figures.number), ("group", "300"));
    assert!(figures.json.starts_with("{\"leg\":"));
}
