//! The group in a whole exchange, in virtual time: what becomes of a queue when the process dies or another version takes
//! over, and two groups that share their members.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use cordboard::native::Module;
use group::{Group, GroupSettings, Mode};
use phone::CallState;
use testkit::{Office, Sim, digest_of};

const SECOND: Duration = Duration::from_secs(1);

fn settings(members: &[&str]) -> GroupSettings {
    GroupSettings {
        members: members.iter().map(ToString::to_string).collect(),
        mode: Mode::FreeLine,
        greeting: None,
        waiting: None,
        queue_length: 50,
        max_wait: 3_600,
        ..GroupSettings::default()
    }
}

fn numbers(from: u32, count: u32) -> Vec<String> {
    (from..from + count).map(|number| number.to_string()).collect()
}

/// 101 talks to 200, and 40 callers wait, in the order of their numbers.
fn forty_wait() -> (Sim, Vec<String>) {
    let callers = numbers(201, 40);
    let mut office = Office::new("acme").lines(&["101", "200"]);
    for caller in &callers {
        office = office.line(caller);
    }
    let office = office
        .behaviour::<Group>("team", &settings(&["101"]))
        .number("300", &["team"]);
    let mut sim = Sim::new(office);
    sim.call("200", "300");
    sim.answer("101");
    for caller in &callers {
        sim.call(caller, "300");
    }
    sim.expect_talking("200", "101");
    (sim, callers)
}

/// Each gets the member in turn, and nobody is lost.
fn all_are_served_in_order(sim: &mut Sim, callers: &[String]) {
    let mut talks = "200";
    for caller in callers {
        sim.hang_up(talks);
        sim.answer("101");
        sim.expect_talking(caller, "101");
        talks = caller;
    }
    sim.hang_up(talks);
    sim.expect_ended();
}

fn another_version_takes_over(sim: &mut Sim) {
    let other = digest_of("group", "another");
    sim.world().modules.native(other, Module::of::<Group>());
    sim.activate("team", other, "another");
}

#[test]
fn forty_who_wait_are_served_in_order_after_a_restart() {
    let (mut sim, callers) = forty_wait();
    sim.restart();
    all_are_served_in_order(&mut sim, &callers);
}

#[test]
fn forty_who_wait_are_served_in_order_by_another_version() {
    let (mut sim, callers) = forty_wait();
    another_version_takes_over(&mut sim);
    all_are_served_in_order(&mut sim, &callers);
}

#[test]
fn forty_who_wait_are_served_in_order_by_another_version_between_two_restarts() {
    let (mut sim, callers) = forty_wait();
    sim.restart();
    another_version_takes_over(&mut sim);
    sim.restart();
    all_are_served_in_order(&mut sim, &callers);
}

/// The members' phones can take a second call, and decisions take up to half a second, so that both groups often decide on
/// what is no longer so.
#[test]
fn two_groups_that_share_members_never_ring_one_of_them_together() {
    let members = ["101", "102", "103"];
    let callers = numbers(201, 12);
    let mut answered = 0;
    for seed in 1..=12 {
        let mut office = Office::new("acme");
        for member in members {
            office = office.line_with(member, |line| line.features.call_waiting = true);
        }
        for caller in &callers {
            office = office.line(caller);
        }
        let office = office
            .behaviour::<Group>("sales", &settings(&members))
            .behaviour::<Group>("support", &settings(&members))
            .number("300", &["sales"])
            .number("310", &["support"]);
        let mut sim = Sim::with_seed(seed, office);
        sim.world().modules.faults.thinking = (Duration::from_millis(1), Duration::from_millis(500));
        let mut dice = Dice(seed);
        for _ in 0..120 {
            for caller in &callers {
                calls_or_gives_up(&mut sim, caller, &mut dice);
            }
            for _ in 0..4 {
                sim.pass(SECOND / 4);
                for member in members {
                    let id = sim.world().find(member).unwrap();
                    let calls = sim.world().phone(id).unwrap().live();
                    assert!(calls.len() < 2, "{member} has {} calls, SEED={seed}", calls.len());
                }
            }
            for member in members {
                answered += answers_or_hangs_up(&mut sim, member, &mut dice);
            }
        }
    }
    assert!(answered > 100, "{answered} calls were answered");
}

fn calls_or_gives_up(sim: &mut Sim, caller: &str, dice: &mut Dice) {
    let id = sim.world().find(caller).unwrap();
    match sim.world().phone(id).unwrap().live().first().copied() {
        None if dice.one_in(8) => {
            let number = if dice.one_in(2) { "300" } else { "310" };
            sim.world().with(id, |phone, now| phone.call(now, number));
        }
        Some(call) if dice.one_in(30) => {
            sim.world().with(id, |phone, now| phone.hang_up(now, call));
        }
        _ => {}
    }
}

/// How many calls were answered.
fn answers_or_hangs_up(sim: &mut Sim, member: &str, dice: &mut Dice) -> u32 {
    let id = sim.world().find(member).unwrap();
    if let Some(call) = sim.world().calls_in(id, CallState::Offered).first().copied()
        && dice.one_in(3)
    {
        sim.world().with(id, |phone, now| phone.answer(now, call));
        return 1;
    }
    if let Some(call) = sim.world().calls_in(id, CallState::Up).first().copied()
        && dice.one_in(6)
    {
        sim.world().with(id, |phone, now| phone.hang_up(now, call));
    }
    0
}

/// A linear congruential generator.
struct Dice(u64);

impl Dice {
    fn one_in(&mut self, chances: u64) -> bool {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).is_multiple_of(chances)
    }
}
