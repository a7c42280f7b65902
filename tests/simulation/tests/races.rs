//! Races and faults around a busy line (R58–R67), with a whole exchange around the busy alerter and the call backs: what every
//! order of events does to one behaviour alone is in `cargo test -p busy-alerter -p call-back`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use busy_alerter::{AlerterSettings, BusyAlerter};
use call_back::{CallBack, CallBackSettings};
use exchange::directory::Line;
use phone::CallState;
use testkit::{Office, Sim};

const SECOND: Duration = Duration::from_secs(1);
/// Between two moments at which something is tried.
const STEP: Duration = Duration::from_millis(300);
const STEPS: u32 = 20;

/// 201 and 202 have a busy alerter in front; 202 talks with 203, who called.
fn busy() -> Sim {
    let settings = AlerterSettings {
        call_back: Some("call-back".into()),
        ..AlerterSettings::default()
    };
    let alert = |line: &mut Line| line.behaviours = Some(vec!["busy-alerter".into()]);
    let office = Office::new("acme")
        .line_with("201", alert)
        .line_with("202", alert)
        .lines(&["203", "204"])
        .behaviour::<BusyAlerter>("busy-alerter", &settings)
        .behaviour::<CallBack>("call-back", &CallBackSettings::default())
        .announcements(&["in-a-call", "to-let-it-ring", "we-will-call-back"]);
    let mut sim = Sim::new(office);
    sim.call("203", "202");
    sim.answer("202");
    sim
}

/// 201 asks to be called back by 202, and hangs up.
fn asked() -> Sim {
    let mut sim = busy();
    sim.call("201", "202");
    sim.pass(SECOND);
    sim.hang_up("201");
    sim
}

fn rings(sim: &mut Sim, name: &str) -> bool {
    let id = sim.world().find(name).unwrap();
    !sim.world().calls_in(id, CallState::Offered).is_empty()
}

/// Lets time pass until this phone rings.
#[track_caller]
fn until_it_rings(sim: &mut Sim, name: &str, patience: Duration) {
    let mut left = patience.as_secs();
    while !rings(sim, name) {
        assert!(left > 0, "{}\n{name} does not ring", sim.ladder());
        left -= 1;
        sim.pass(SECOND);
    }
}

/// 201 is called back by 202, and they talk; afterwards nothing is left and nobody is called any more.
#[track_caller]
fn are_called_back(sim: &mut Sim, patience: Duration) {
    until_it_rings(sim, "201", patience);
    sim.answer("201");
    sim.answer("202");
    sim.expect_talking("201", "202");
    sim.hang_up("201");
    nothing_follows(sim);
}

#[track_caller]
fn nothing_follows(sim: &mut Sim) {
    sim.pass(SECOND * 200);
    sim.expect_ended();
}

#[test]
fn the_callee_frees_while_the_menu_plays_and_each_choice_finds_it_free() {
    for key in ["1", "5"] {
        let mut sim = busy();
        sim.call("201", "202");
        sim.pass(SECOND * 3);
        sim.hang_up("203");
        sim.press("201", key);
        sim.pass(SECOND * 3);
        sim.answer("202");
        sim.expect_talking("201", "202");
        sim.hang_up("202");
        nothing_follows(&mut sim);
    }
    let mut sim = busy();
    sim.call("201", "202");
    sim.pass(SECOND * 3);
    sim.hang_up("203");
    sim.press("201", "4");
    are_called_back(&mut sim, SECOND * 10);
}

#[test]
fn the_callee_frees_and_calls_somebody_at_once_and_who_waits_keeps_waiting() {
    let mut sim = busy();
    sim.call("201", "202");
    sim.pass(SECOND * 3);
    sim.press("201", "5");
    sim.hang_up("203");
    sim.call("202", "203");
    sim.answer("203");
    sim.pass(SECOND * 20);
    sim.expect_sound("201");
    sim.hang_up("203");
    until_it_rings(&mut sim, "202", SECOND * 3);
    sim.answer("202");
    sim.expect_talking("201", "202");
    sim.hang_up("202");
    nothing_follows(&mut sim);
}

#[test]
fn the_callee_frees_and_is_taken_before_the_call_back_is_answered_and_the_request_keeps_its_place() {
    let mut sim = asked();
    sim.hang_up("203");
    until_it_rings(&mut sim, "201", SECOND * 5);
    sim.call("202", "204");
    sim.answer("204");
    sim.answer("201");
    sim.pass(SECOND * 2);
    // 202 rings in its call, or is busy; either way nobody takes it.
    sim.pass(SECOND * 60);
    sim.hang_up("204");
    are_called_back(&mut sim, SECOND * 150);
}

#[test]
fn both_ask_for_a_call_back_of_each_other_and_there_is_one() {
    let mut sim = busy();
    sim.call("204", "201");
    sim.answer("201");
    sim.call("201", "202");
    sim.call("202", "201");
    sim.pass(SECOND);
    for line in ["201", "202"] {
        sim.hang_up(line);
    }
    let mut recalls = 0;
    for _ in 0..200 {
        sim.pass(SECOND);
        for (first, second) in [("201", "202"), ("202", "201")] {
            if rings(&mut sim, first) {
                recalls += 1;
                sim.answer(first);
                sim.answer(second);
                sim.expect_talking(first, second);
                sim.hang_up(first);
            }
        }
    }
    assert_eq!(recalls, 1, "{}", sim.ladder());
    for asked in ["201", "202"] {
        let why = format!("R58: {asked} is called back: the caller hung up");
        assert!(sim.explanations().contains(&why), "{:?}", sim.explanations());
    }
    sim.expect_ended();
}

#[test]
fn the_caller_hangs_up_at_every_step_of_the_menu_and_of_each_choice() {
    for key in ["", "1", "4", "5"] {
        for step in 0..STEPS {
            let mut sim = busy();
            sim.call("201", "202");
            if !key.is_empty() {
                sim.pass(SECOND * 3);
                sim.press("201", key);
            }
            if step % 2 == 1 {
                sim.hang_up("203");
            }
            sim.pass(STEP * step);
            sim.hang_up("201");
            sim.hang_up("203");
            // Who asked to be called back, or hung up on a busy line, is; nobody else.
            sim.pass(SECOND * 8);
            if rings(&mut sim, "201") {
                sim.ring("201").decline();
            }
            nothing_follows(&mut sim);
        }
    }
}

#[test]
fn the_caller_hangs_up_at_every_step_of_the_call_back() {
    for step in 0..STEPS {
        let mut sim = asked();
        sim.hang_up("203");
        until_it_rings(&mut sim, "201", SECOND * 5);
        sim.pass(STEP * step);
        match step % 3 {
            0 => sim.ring("201").decline(),
            1 => {
                sim.answer("201");
                sim.pass(STEP * step);
                sim.hang_up("201");
            }
            _ => {
                sim.answer("201");
                sim.answer("202");
                sim.pass(STEP * step);
                sim.hang_up("201");
            }
        }
        nothing_follows(&mut sim);
    }
}

/// The callee's phone registers for so long; for none, it is registered no more.
fn registers(sim: &mut Sim, seconds: u32) {
    let id = sim.world().find("202").unwrap();
    sim.world().with(id, |phone, now| phone.register(now, seconds));
    sim.pass(SECOND);
}

#[test]
fn the_callees_phone_loses_its_registration_and_the_call_back_comes_when_it_has_one_again() {
    for step in 0..STEPS {
        let mut sim = asked();
        sim.pass(STEP * step);
        registers(&mut sim, 0);
        sim.hang_up("203");
        for _ in 0..300 {
            sim.pass(SECOND);
            sim.expect_quiet("201");
        }
        registers(&mut sim, 600);
        are_called_back(&mut sim, SECOND * 5);
    }
}

#[test]
fn the_callees_phone_loses_its_registration_while_somebody_waits_on_the_line_who_gets_it_later() {
    let mut sim = busy();
    sim.call("201", "202");
    sim.pass(SECOND * 3);
    sim.press("201", "5");
    registers(&mut sim, 0);
    sim.hang_up("203");
    sim.pass(SECOND * 60);
    sim.expect_sound("201");
    registers(&mut sim, 600);
    until_it_rings(&mut sim, "202", SECOND * 5);
    sim.answer("202");
    sim.expect_talking("201", "202");
    sim.hang_up("202");
    nothing_follows(&mut sim);
}

#[test]
fn the_callees_phone_is_unplugged_and_the_call_back_comes_when_it_is_there_again() {
    for step in 0..STEPS {
        let mut sim = asked();
        let phone = sim.world().find("202").unwrap();
        sim.pass(STEP * step);
        sim.world().unplug(phone);
        sim.hang_up("203");
        sim.pass(SECOND);
        sim.world().plug_in(phone);
        are_called_back(&mut sim, SECOND * 150);
    }
}

#[test]
fn the_host_restarts_at_every_step_between_the_request_and_the_talk_and_they_talk_all_the_same() {
    for step in 0..STEPS {
        let mut sim = asked();
        sim.pass(STEP * step);
        if step % 2 == 0 {
            sim.restart();
            sim.hang_up("203");
        } else {
            sim.hang_up("203");
            sim.pass(STEP * step);
            sim.restart();
        }
        let mut left = 600;
        loop {
            assert!(
                left > 0,
                "{}\nno call back after a restart at step {step}",
                sim.ladder()
            );
            left -= 1;
            sim.pass(SECOND);
            if rings(&mut sim, "201") {
                sim.answer("201");
                sim.pass(SECOND);
                if rings(&mut sim, "202") {
                    break;
                }
                sim.hang_up("201");
            }
        }
        sim.answer("202");
        sim.expect_talking("201", "202");
        sim.hang_up("201");
        nothing_follows(&mut sim);
    }
}
