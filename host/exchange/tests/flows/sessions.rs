//! Sessions: per number, timers, messages, line changes, swaps.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{Cause, Command, Event, Invocation, PlayOptions, SessionScope, Sound, Task};
use phone::CallState;

use crate::logic::{self, Answer, decided, dial, line, stage};
use crate::office::{Office, module};
use crate::world::World;

/// One session holds all calls of its number: the first waiting call is connected when a line becomes free (R29, R36).
#[test]
fn a_group_holds_its_calls_until_the_line_is_free() {
    let mut world = group_office().open(&["201", "202", "203"]);
    world.behaves(module(1), group);

    let first = world.call("201", "300");
    world.rings("203");
    let talk = world.answers("203");
    let second = world.call("202", "300");
    assert_eq!(world.state("202", second), CallState::Up, "it hears music");
    assert!(world.ringing_calls("203").is_empty());
    assert_eq!(world.exchange.census().sessions, 1);

    world.hangs_up("203", talk);
    assert_eq!(world.state("201", first), CallState::Over);
    world.rings("203");
    world.answers("203");
    assert_eq!(world.state("202", second), CallState::Up);
    world.hangs_up("202", second);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 1, "the group itself goes on");
}

/// Line 203 behind a group on 300 that watches it.
pub fn group_office() -> Office {
    Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour_with("group", module(1), SessionScope::PerNumber, |behaviour| {
            behaviour.manifest.interests.line_changes = true;
            behaviour.settings = cordboard_exchange::directory::Settings::from_object(
                serde_json::json!({ "members": ["203"] })
                    .as_object()
                    .unwrap()
                    .clone(),
            );
        })
        .number("300", &["group"])
}

/// Rings 203 if it is free, else answers and plays; state is the legs that wait.
pub fn group(invocation: &Invocation) -> Answer {
    let mut waiting: Vec<u64> = invocation
        .state
        .as_ref()
        .map(|state| serde_json::from_slice(state).unwrap())
        .unwrap_or_default();
    let busy = invocation.view.line("203").unwrap().calls > 0;
    let mut commands = Vec::new();
    match logic::event(invocation) {
        Event::CallOffered(offer) if !busy => {
            commands.push(dial(offer.leg, vec![stage(vec![line("203")], 20)]))
        }
        Event::CallOffered(offer) => {
            waiting.push(offer.leg.0);
            commands.push(Command::Answer {
                tag: 1,
                leg: offer.leg,
            });
            commands.push(Command::Play {
                tag: 2,
                leg: offer.leg,
                sounds: vec![Sound::Announcement("waiting".into())],
                options: PlayOptions {
                    times: 0,
                    barge_in: false,
                },
            });
        }
        Event::LineChanged(change) if change.calls == 0 && !waiting.is_empty() => {
            commands.push(dial(
                contract::LegId(waiting.remove(0)),
                vec![stage(vec![line("203")], 20)],
            ));
        }
        Event::LegEnded(ended) => waiting.retain(|leg| *leg != ended.leg.0),
        _ => {}
    }
    Ok(contract::Decided {
        state: serde_json::to_vec(&waiting).unwrap(),
        commands,
    })
}

/// A timer fires at its moment, once, and can be set anew and taken back.
#[test]
fn timers_wake_their_session() {
    let mut world = Office::new()
        .line("201")
        .behaviour("clock", module(1), SessionScope::PerCall)
        .number("300", &["clock"])
        .open(&["201"]);
    let fired: Rc<RefCell<Vec<(u64, u64)>>> = Rc::default();
    let noted = Rc::clone(&fired);
    world.behaves(module(1), move |invocation| {
        let after = |tag, seconds| Command::SetTimer {
            tag,
            at: (invocation.now + Duration::from_secs(seconds)).as_millis(),
        };
        match logic::event(invocation) {
            Event::CallOffered(offer) => decided(vec![
                Command::Ring {
                    tag: 1,
                    leg: offer.leg,
                },
                after(1, 5),
                after(2, 3),
                after(2, 8),
                after(3, 4),
                Command::CancelTimer { tag: 3 },
            ]),
            Event::Timer(tag) => {
                noted.borrow_mut().push((*tag, invocation.now.as_secs()));
                decided(vec![])
            }
            _ => decided(vec![]),
        }
    });
    let call = world.call("201", "300");
    let start = world.now().as_secs();
    world.run(Duration::from_secs(20));
    let fired: Vec<_> = fired
        .borrow()
        .iter()
        .map(|(tag, at)| (*tag, at - start))
        .collect();
    assert_eq!(fired.iter().map(|(tag, _)| *tag).collect::<Vec<_>>(), [1, 2]);
    assert!(
        (4..=5).contains(&fired[0].1) && (7..=8).contains(&fired[1].1),
        "{fired:?}"
    );
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A message starts the session of the number it is for, and says who sent it.
#[test]
fn a_message_reaches_another_session() {
    let mut world = Office::new()
        .line("201")
        .behaviour("sender", module(1), SessionScope::PerCall)
        .behaviour("box", module(2), SessionScope::PerNumber)
        .number("300", &["sender"])
        .number("301", &["box"])
        .open(&["201"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![
            Command::Send {
                tag: 1,
                behaviour: "box".into(),
                number: "301".into(),
                body: b"hello".to_vec(),
            },
            logic::reject(offer.leg, contract::Cause::Declined),
        ]),
        _ => decided(vec![]),
    });
    let heard: Rc<RefCell<Vec<contract::Message>>> = Rc::default();
    let noted = Rc::clone(&heard);
    world.behaves(module(2), move |invocation| {
        if let Event::Message(message) = logic::event(invocation) {
            noted.borrow_mut().push(message.clone());
        }
        decided(vec![])
    });
    world.call("201", "300");
    assert_eq!(heard.borrow().len(), 1);
    assert_eq!(heard.borrow()[0].sender, Some(("sender".into(), "300".into())));
    assert_eq!(heard.borrow()[0].body, b"hello");
    world.assert_idle();
}

/// A new version takes over at the next event, mid-call; one that declines leaves the session where it is.
#[test]
fn a_swap_takes_effect_at_the_next_event_of_a_live_call() {
    for accepts in [true, false] {
        let mut world = Office::new()
            .line("201")
            .line("202")
            .behaviour("menu", module(1), SessionScope::PerCall)
            .number("300", &["menu"])
            .open(&["201", "202"]);
        world.behaves(module(1), logic::menu);
        let used: Rc<RefCell<u32>> = Rc::default();
        let counted = Rc::clone(&used);
        world.behaves(module(2), move |invocation| match &invocation.task {
            Task::Migrate { from_version } => {
                assert_eq!(from_version, "1.0.0");
                if accepts {
                    decided(vec![])
                } else {
                    Err(contract::Failure::Refused("no".into()))
                }
            }
            Task::Handle(_) => {
                *counted.borrow_mut() += 1;
                logic::menu(invocation)
            }
        });
        let call = world.call("201", "300");
        world.activate("menu", module(2));
        world.presses("201", '2');
        world.rings("202");
        world.answers("202");
        assert_eq!(*used.borrow() > 0, accepts);
        assert_eq!(world.facts("swapped"), 1, "a declined swap is asked for once");
        world.hangs_up("201", call);
        world.assert_idle();
    }
}

/// 201 calls a behaviour that rings 202 and lets go of both as soon as they talk.
fn lets_go() -> World {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("desk", module(1), SessionScope::PerCall)
        .number("300", &["desk"])
        .open(&["201", "202"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![dial(offer.leg, vec![stage(vec![line("202")], 20)])]),
        Event::Outcome(_) => decided(vec![Command::Finish]),
        other => panic!("{other:?} is nobody's business any more"),
    });
    world
}

#[test]
fn two_who_talk_go_on_when_their_session_lets_go_and_end_together() {
    for (hangs_up, other) in [("201", "202"), ("202", "201")] {
        let mut world = lets_go();
        let caller = world.call("201", "300");
        world.rings("202");
        let callee = world.answers("202");
        assert_eq!(world.exchange.census().sessions, 0);
        let call = |phone| if phone == "201" { caller } else { callee };
        assert_eq!(world.state(other, call(other)), CallState::Up);
        world.hangs_up(hangs_up, call(hangs_up));
        assert_eq!(world.state(other, call(other)), CallState::Over);
        assert_eq!(world.cdrs()[0].cause, Cause::Normal);
        world.assert_idle();
    }
}

#[test]
fn who_hangs_up_while_a_session_lets_go_ends_the_call_for_both() {
    let mut world = lets_go();
    let caller = world.call("201", "300");
    world.rings("202");
    let callee = world.ringing("202");
    world.with("202", |phone, now| {
        phone.answer(now, callee);
        phone.hang_up(now, callee);
    });
    world.settle();
    assert_eq!(world.state("201", caller), CallState::Over);
    assert_eq!(world.failure("201", caller), None);
    assert_eq!(world.facts("given-back"), 0);
    world.assert_idle();
}
