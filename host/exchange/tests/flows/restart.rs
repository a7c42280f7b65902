//! The process dies in the middle; another one goes on.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use contract::{
    Cause, Command, Decided, DialResult, Event, Failure, Invocation, Outcome, OutcomeKind, PlayOptions,
    PlayOutcome, SessionScope, Sound, Target,
};
use cordboard_exchange::directory::MediaWay;
use cordboard_exchange::live;
use phone::{CallRef, CallState};

use crate::logic::{self, decided, dial, line, stage};
use crate::office::{Office, module};
use crate::sessions::{group, group_office};
use crate::world::World;

/// Two people talk through a restart, and hang up afterwards.
#[test]
fn a_talk_survives_a_restart() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("menu", module(1), SessionScope::PerCall)
        .number("300", &["menu"])
        .open(&["201", "202"]);
    world.behaves(module(1), logic::menu);
    let call = world.call("201", "300");
    world.presses("201", '2');
    world.rings("202");
    let callee = world.answers("202");

    world.restart();
    assert_eq!(world.exchange.census().legs, 2);
    assert!(
        world
            .media
            .iter()
            .rev()
            .take(8)
            .any(|command| matches!(command, media::Command::Connect { .. })),
        "they hear each other again"
    );
    world.run(Duration::from_secs(30));
    world.hangs_up("202", callee);
    assert_eq!(world.state("201", call), CallState::Over);
    assert_eq!(world.cdrs().last().unwrap().answered_by.as_deref(), Some("202"));
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
    assert!(
        !world
            .store
            .keys()
            .any(|key| key.starts_with("call/") || key.starts_with("session/")),
        "{:?}",
        world.store
    );
}

/// One hangs up, and the process dies right after it said 200 and before it stored anything: the next one believes that both talk,
/// until it asks them.
#[test]
fn a_good_bye_that_died_with_the_process_is_found_out() {
    for way in [MediaWay::Anchored, MediaWay::Direct] {
        let mut world = Office::new()
            .tenant(|tenant| tenant.media = way)
            .line("201")
            .line("202")
            .open(&["201", "202"]);
        let call = world.call("201", "202");
        world.rings("202");
        let callee = world.answers("202");
        world.run(Duration::from_secs(1));
        let before = world.store.clone();
        world.deaf.push("201".to_owned());
        world.hangs_up("202", callee);
        world.deaf.clear();
        world.store = before;
        world.restart();
        assert_eq!(world.exchange.census().legs, 2);
        world.run(Duration::from_secs(4));
        assert_eq!(world.state("201", call), CallState::Up);
        world.run(Duration::from_secs(10));
        assert_eq!(world.state("201", call), CallState::Over);
        world.assert_idle();
    }
}

/// Changes gather before they are written, but a call that is over does not come back.
#[test]
fn a_call_that_is_over_stays_over_while_changes_gather() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("menu", module(1), SessionScope::PerCall)
        .number("300", &["menu"])
        .open(&["201", "202"]);
    world.behaves(module(1), logic::menu);
    world.config.keep_after = Duration::from_millis(25);
    world.restart();
    world.call("201", "300");
    world.presses("201", '2');
    world.rings("202");
    let callee = world.answers("202");
    world.run(Duration::from_secs(1));
    assert_eq!(
        world.store.keys().filter(|key| key.starts_with("call/")).count(),
        1
    );

    world.with("202", |phone, now| phone.hang_up(now, callee));
    world.run(Duration::from_millis(5));
    assert_eq!(world.cdrs().len(), 1);
    world.restart();
    assert_eq!(world.exchange.census().legs, 0);
    assert_eq!(world.cdrs().len(), 1);
}

/// A call that had changed before and a session that changes now are stored together: after a crash the behaviour does
/// not hear that its dial failed, of a call that was answered.
#[test]
fn what_belongs_together_is_stored_together_while_changes_gather() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .line("203")
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .number("300", &["hunt"])
        .open(&["201", "202", "203"]);
    let dials = logic::dials(vec![stage(vec![line("202"), line("203")], 60)]);
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hears = heard.clone();
    world.behaves(module(1), move |invocation| {
        if let Event::Outcome(outcome) = logic::event(invocation) {
            hears.borrow_mut().push(outcome.kind.clone());
        }
        dials(invocation)
    });
    world.config.keep_after = Duration::from_millis(50);
    world.restart();
    let call = world.call("201", "300");
    world.run(Duration::from_secs(20));
    let (callee, other) = (world.ringing("202"), world.ringing("203"));
    // The call has changed at the first look, and changes again, with its session, before the second.
    world.with("203", |phone, now| phone.refuse(now, other, 486));
    world.run(Duration::from_millis(30));
    world.with("202", |phone, now| phone.answer(now, callee));
    world.run(Duration::from_millis(30));
    world.restart();
    world.run(Duration::from_secs(10));
    assert_eq!(world.state("201", call), CallState::Up);
    assert_eq!(world.state("202", callee), CallState::Up);
    let answered = |kind: &OutcomeKind| matches!(kind, OutcomeKind::Dialled(dialled) if matches!(dialled.result, DialResult::Answered { .. }));
    assert!(heard.borrow().iter().all(answered), "{:?}", heard.borrow());
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A caller who waits in a queue still waits in it, and is connected when the line becomes free (R36).
#[test]
fn a_waiting_call_goes_on_waiting() {
    let mut world = group_office().open(&["201", "202", "203"]);
    world.behaves(module(1), group);
    let first = world.call("201", "300");
    world.rings("203");
    let talk = world.answers("203");
    let second = world.call("202", "300");

    world.restart();
    world.settle();
    assert_eq!(
        (world.state("201", first), world.state("202", second)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("203", talk);
    world.rings("203");
    world.answers("203");
    assert_eq!(world.state("202", second), CallState::Up);
    world.hangs_up("202", second);
    world.assert_idle();
}

/// A timer that fell due while the process was away fires at once.
#[test]
fn timers_survive_a_restart() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("clock", module(1), SessionScope::PerCall)
        .number("300", &["clock"])
        .open(&["201", "202"]);
    world.behaves(
        module(1),
        logic::dials_202_after(Duration::from_secs(20), |leg| Command::Answer { tag: 1, leg }),
    );
    let call = world.call("201", "300");
    world.restart();
    world.run(Duration::from_secs(21));
    world.rings("202");
    world.answers("202");
    world.hangs_up("201", call);
    world.assert_idle();
}

/// 201 rings 202 through a behaviour.
fn ringing() -> (World, CallRef, CallRef) {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .number("300", &["hunt"])
        .open(&["201", "202"]);
    world.behaves(module(1), logic::dials(vec![stage(vec![line("202")], 20)]));
    let call = world.call("201", "300");
    let callee = world.rings("202");
    (world, call, callee)
}

/// A phone that rang before the restart is answered after it.
#[test]
fn a_ringing_call_is_answered_after_a_restart() {
    let (mut world, call, callee) = ringing();
    world.restart();
    world.answers("202");
    assert_eq!(
        (world.state("201", call), world.state("202", callee)),
        (CallState::Up, CallState::Up)
    );
    world.hangs_up("201", call);
    assert_eq!(world.state("202", callee), CallState::Over);
    world.assert_idle();
    assert_eq!(world.exchange.census().sessions, 0);
    assert!(
        !world
            .store
            .keys()
            .any(|key| key.starts_with("call/") || key.starts_with("session/"))
    );
}

/// The caller gives up after the restart: the phone stops ringing.
#[test]
fn a_ringing_call_is_given_up_after_a_restart() {
    let (mut world, call, callee) = ringing();
    world.restart();
    world.hangs_up("201", call);
    assert_eq!(world.failure("201", call), Some(487));
    assert_eq!(world.state("202", callee), CallState::Over);
    world.assert_idle();
}

/// The stage's time goes on, not anew; then the behaviour hears that nobody answered.
#[test]
fn ringing_ends_when_it_would_have_ended() {
    let (mut world, call, _) = ringing();
    world.run(Duration::from_secs(12));
    world.restart();
    world.run(Duration::from_secs(10));
    assert_eq!(world.failure("201", call), Some(480));
    world.assert_idle();
}

/// A plain line, without a behaviour in front.
#[test]
fn a_line_rings_on_through_a_restart() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    let call = world.call("201", "202");
    world.rings("202");
    world.restart();
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// A line whose behaviour does what `logic` does, and two more.
fn behind(logic: impl Fn(&Invocation) -> Result<Decided, Failure> + 'static) -> World {
    let mut world = Office::new()
        .line("201")
        .line_with("202", |line| line.behaviours = Some(vec!["front".into()]), |_| {})
        .line("203")
        .line("204")
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .behaviour("front", module(2), SessionScope::PerCall)
        .number("300", &["hunt"])
        .tenant(|tenant| tenant.media = MediaWay::Anchored)
        .open(&["201", "202", "203", "204"]);
    let number = vec![Target::Number("202".into())];
    world.behaves(module(1), logic::dials(vec![stage(number, 60)]));
    world.behaves(module(2), logic);
    world
}

/// A line that the host rings, because the behaviour in front of it failed.
#[test]
fn a_line_that_rings_by_default_rings_on_through_a_restart() {
    let mut world = behind(|_| Err(Failure::Trapped("unreachable".into())));
    let call = world.call("201", "300");
    let callee = world.rings("202");
    world.run(Duration::from_secs(10));
    world.restart();
    world.settle();
    assert_eq!(world.ringing("202"), callee);
    world.answers("202");
    assert_eq!(world.state("202", callee), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// Whoever is called at the start gets no port that a talk of before has: the talk goes on.
#[test]
fn who_is_called_at_the_start_takes_nobodys_port() {
    let mut world = behind(|invocation| {
        let at = (invocation.now + Duration::from_secs(60)).as_millis();
        decided(vec![Command::SetTimer { tag: 1, at }])
    });
    let waiting = world.call("201", "202");
    world.run(Duration::from_secs(10));
    let talk = world.call("203", "204");
    world.rings("204");
    let other = world.answers("204");
    world.run(Duration::from_secs(1));
    // The line's session is lost: its phone is rung instead.
    world.store.retain(|key, _| !key.starts_with("session/"));
    world.restart();
    world.settle();
    world.rings("202");
    for (name, call) in [("203", talk), ("204", other)] {
        assert_eq!(world.state(name, call), CallState::Up);
    }
    world.hangs_up("203", talk);
    world.hangs_up("201", waiting);
    world.assert_idle();
}

/// Who waits unanswered for a behaviour's next step (in a queue, say) waits on.
#[test]
fn an_unanswered_caller_goes_on_waiting() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("queue", module(1), SessionScope::PerCall)
        .number("300", &["queue"])
        .open(&["201", "202"]);
    world.behaves(
        module(1),
        logic::dials_202_after(Duration::from_secs(20), |leg| Command::Ring { tag: 1, leg }),
    );
    let call = world.call("201", "300");
    for _ in 0..3 {
        world.restart();
        world.run(Duration::from_secs(5));
    }
    assert_eq!(world.state("201", call), CallState::Ringing);
    world.run(Duration::from_secs(5));
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// Early media: the announcement before the answer begins again, and the behaviour hears its end.
#[test]
fn an_announcement_before_the_answer_survives_a_restart() {
    let mut world = Office::new()
        .line("201")
        .behaviour("early", module(1), SessionScope::PerCall)
        .number("300", &["early"])
        .open(&["201"]);
    world.behaves(module(1), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![Command::Play {
            tag: 1,
            leg: offer.leg,
            sounds: vec![Sound::Announcement("welcome".into())],
            options: PlayOptions {
                times: 3,
                barge_in: false,
            },
        }]),
        Event::Outcome(Outcome {
            kind: OutcomeKind::Played(PlayOutcome::Finished),
            ..
        }) => decided(vec![logic::reject(
            logic::only_leg(invocation).unwrap(),
            Cause::Busy,
        )]),
        other => panic!("{other:?}"),
    });
    let call = world.call("201", "300");
    assert!(
        world.with("201", |phone, _| phone.theirs(call).is_some()),
        "183 with an answer"
    );
    world.restart();
    world.run(Duration::from_secs(7));
    assert_eq!(world.failure("201", call), Some(486));
    world.assert_idle();
}

/// The process dies while the behaviour thinks about the call: it is offered again.
#[test]
fn an_event_that_was_out_is_asked_again() {
    let mut world = Office::new()
        .line("201")
        .line("202")
        .behaviour("hunt", module(1), SessionScope::PerCall)
        .number("300", &["hunt"])
        .open(&["201", "202"]);
    world.silent = vec![module(1)];
    let call = world.with("201", |phone, now| phone.call(now, "300"));
    world.run(Duration::from_millis(300));
    world.restart();
    world.silent.clear();
    world.behaves(module(1), logic::dials(vec![stage(vec![line("202")], 20)]));
    world.restart();
    world.settle();
    world.rings("202");
    world.answers("202");
    assert_eq!(world.state("201", call), CallState::Up);
    world.hangs_up("201", call);
    world.assert_idle();
}

/// What people see of live calls is the same before and after.
#[test]
fn live_calls_are_listed_after_a_restart() {
    let (mut world, _, _) = ringing();
    let list = |world: &mut World| {
        let request = live::Request::Calls {
            tenant: "acme".into(),
            after: None,
            limit: 10,
        };
        match world.live(request) {
            live::Answer::Calls(calls) => calls,
            other => panic!("{other:?}"),
        }
    };
    let before = list(&mut world);
    assert_eq!(before[0].state, live::CallState::Ringing);
    assert_eq!(
        (
            &*before[0].tenant,
            before[0].caller.reveal().as_str(),
            before[0].called.reveal().as_str()
        ),
        ("acme", "201", "300")
    );
    assert_eq!(before[0].behaviours, ["hunt".into()]);
    assert_eq!(before[0].legs.len(), 2);
    world.restart();
    assert_eq!(list(&mut world), before);
    world.answers("202");
    let up = list(&mut world);
    assert_eq!(
        (up[0].state, up[0].answered_by.as_deref()),
        (live::CallState::Connected, Some("202"))
    );
    world.restart();
    assert_eq!(list(&mut world), up);
}

/// A queue inside of a menu: the menu's dial and the group's waiting call both go on.
#[test]
fn a_call_that_waits_inside_of_another_behaviour_goes_on() {
    let mut world = group_office()
        .behaviour("menu", module(2), SessionScope::PerCall)
        .number("301", &["menu"])
        .open(&["201", "202", "203"]);
    world.behaves(module(1), group);
    world.behaves(module(2), |invocation| match logic::event(invocation) {
        Event::CallOffered(offer) => decided(vec![Command::Answer {
            tag: 1,
            leg: offer.leg,
        }]),
        Event::Outcome(outcome) if outcome.tag == 1 => {
            let leg = logic::only_leg(invocation).unwrap();
            decided(vec![dial(
                leg,
                vec![stage(vec![Target::Number("300".into())], 0)],
            )])
        }
        _ => decided(vec![]),
    });
    world.call("201", "300");
    world.rings("203");
    let talk = world.answers("203");
    let second = world.call("202", "301");
    assert_eq!(world.state("202", second), CallState::Up);
    assert_eq!(world.exchange.census().custodies, 3);

    world.restart();
    world.settle();
    world.hangs_up("203", talk);
    world.rings("203");
    world.answers("203");
    assert_eq!(world.state("202", second), CallState::Up);
    world.hangs_up("202", second);
    world.assert_idle();
}

/// The caller hangs up while the callee's network is down, and the process dies: the next one tells the callee.
#[test]
fn a_party_who_did_not_hear_the_bye_hears_it_from_the_next_process() {
    let mut world = Office::new().line("201").line("202").open(&["201", "202"]);
    let call = world.call("201", "202");
    world.rings("202");
    let callee = world.answers("202");
    world.run(Duration::from_secs(30));
    world.deaf.push("202".to_owned());
    world.hangs_up("201", call);
    assert_eq!(world.state("202", callee), CallState::Up);
    assert!(world.store.keys().any(|key| key.starts_with("farewell/")));
    world.deaf.clear();
    world.restart();
    world.settle();
    assert_eq!(world.state("202", callee), CallState::Over);
    world.assert_idle();
    assert!(!world.store.keys().any(|key| key.starts_with("farewell/")));
}
