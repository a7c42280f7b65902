//! Busy alerter and call back for a line whose phones another exchange has (R58, R61, R65, R67): that exchange tells when the line is
//! busy and free (RFC 4235).
//!
//! ```text
//!  201            exchange                    there (202)
//!   |-- INVITE 202 -->|-------- INVITE ---------->|
//!   |                 |<--------- 486 ------------|   202 talks there
//!   |-- hangs up ---->|      R58: to be called back
//!   |                 |------- SUBSCRIBE -------->|
//!   |                 |<-- NOTIFY (confirmed) ----|
//!   |                 |<-- NOTIFY (no calls) -----|   202 has hung up
//!   |<--- INVITE -----|
//!   |---- 200 ------->|-------- INVITE ---------->|
//!   |<============== RTP ========================>|
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use busy_alerter::{AlerterSettings, BusyAlerter};
use call_back::{CallBack, CallBackSettings};
use exchange::directory::Line;
use phone::CallState;
use testkit::{Office, Sim};

const SECOND: Duration = Duration::from_secs(1);

/// The phone of 202 is `there`, behind a busy alerter here; 201 and 203 are here.
fn office() -> Sim {
    let settings = AlerterSettings {
        call_back: Some("call-back".into()),
        ..AlerterSettings::default()
    };
    let away = |line: &mut Line| {
        line.devices.clear();
        line.trunk = Some("there".into());
        line.behaviours = Some(vec!["busy-alerter".into()]);
    };
    let office = Office::new("acme")
        .lines(&["201", "203"])
        .line_with("202", away)
        .outside_with("there", "202", 10, |trunk| trunk.dialog_watches.outbound = true)
        .behaviour::<BusyAlerter>("busy-alerter", &settings)
        .behaviour::<CallBack>("call-back", &CallBackSettings::default())
        .announcements(&["in-a-call", "we-will-call-back"]);
    Sim::new(office)
}

/// The other exchange tells that 202 has so many calls there.
fn has_calls(sim: &mut Sim, calls: usize) {
    let there = sim.world().find("there").unwrap();
    sim.world().with(there, |phone, now| phone.tells(now, calls));
    sim.pass(SECOND);
}

fn watched(sim: &mut Sim) -> usize {
    let there = sim.world().find("there").unwrap();
    sim.world().phone(there).map_or(0, phone::Phone::watched)
}

/// 201 calls 202, which is busy there, and hangs up on that.
fn hangs_up_on_busy(sim: &mut Sim) {
    sim.call("201", "202");
    says_busy(sim);
    sim.hang_up("201");
    sim.pass(SECOND * 3);
}

/// The phone there is in a call, and does not ring for another.
fn says_busy(sim: &mut Sim) {
    let call = sim.expect_ringing("there");
    let there = sim.world().find("there").unwrap();
    sim.world().with(there, |phone, now| phone.refuse(now, call, 486));
    sim.pass(SECOND);
}

/// Everybody who is called back talks.
fn they_talk(sim: &mut Sim) {
    sim.answer("201");
    sim.answer("there");
    sim.expect_talking("201", "there");
    sim.hang_up("there");
    sim.expect_ended();
}

#[test]
fn r58_r61_who_hung_up_on_a_line_that_is_busy_elsewhere_is_called_back() {
    let mut sim = office();
    has_calls(&mut sim, 1);
    assert_eq!(watched(&mut sim), 0, "nobody wants to know");
    hangs_up_on_busy(&mut sim);
    assert_eq!(watched(&mut sim), 1, "the alerter does, and the call back");
    sim.expect_quiet("201");
    sim.pass(SECOND * 700);
    sim.expect_quiet("201");
    has_calls(&mut sim, 0);
    sim.pass(SECOND * 3);
    they_talk(&mut sim);
}

#[test]
fn r67_a_call_back_waits_for_a_line_elsewhere_over_a_crash() {
    let mut sim = office();
    has_calls(&mut sim, 1);
    hangs_up_on_busy(&mut sim);
    sim.restart();
    sim.pass(SECOND * 3);
    sim.expect_quiet("201");
    has_calls(&mut sim, 0);
    sim.pass(SECOND * 3);
    they_talk(&mut sim);
}

/// Taken by another call while the caller's phone rings: the recall fails, and its place is kept.
#[test]
fn r61_a_line_that_is_taken_again_at_once_is_waited_for_once_more() {
    let mut sim = office();
    has_calls(&mut sim, 1);
    hangs_up_on_busy(&mut sim);
    has_calls(&mut sim, 0);
    sim.pass(SECOND * 2);
    has_calls(&mut sim, 1);
    sim.answer("201");
    says_busy(&mut sim);
    sim.pass(SECOND * 20);
    let caller = sim.world().find("201").unwrap();
    assert_eq!(sim.world().calls_in(caller, CallState::Offered), []);
    has_calls(&mut sim, 0);
    // A recall that failed has a pause.
    sim.pass(SECOND * 42);
    they_talk(&mut sim);
}

/// An exchange that tells nothing about its lines: nobody rings the caller again and again, to find the line busy.
#[test]
fn r65_a_line_of_which_nothing_is_told_is_not_waited_for() {
    let mut sim = office();
    hangs_up_on_busy(&mut sim);
    sim.pass(SECOND * 3_600);
    let caller = sim.world().find("201").unwrap();
    assert_eq!(sim.world().calls_in(caller, CallState::Offered), []);
    sim.expect_ended();
}
