//! What call centres expect, with the components that are shipped, in the whole exchange and in virtual time: supervisors, a word to the
//! member before the caller, behaviours stacked on a number.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::time::Duration;

use exchange::directory::{DialPlan, Document};
use group::{Group, GroupSettings, Mode, Overflow, Supervision};
use line::{Forward, LineSettings};
use menu::{Key, Level, Menu};
use serde_json::json;
use testkit::{Office, Sim};

const SECOND: Duration = Duration::from_secs(1);

fn quiet(members: &[&str]) -> GroupSettings {
    GroupSettings {
        members: members.iter().map(ToString::to_string).collect(),
        mode: Mode::Linear,
        greeting: None,
        waiting: None,
        ..GroupSettings::default()
    }
}

/// A group of 101 and 102 at 300, which 209 and 208 may supervise with `*44`.
fn centre(settings: GroupSettings) -> Sim {
    let mut plan = serde_json::to_value(DialPlan::standard()).unwrap();
    plan["rules"].as_array_mut().unwrap().insert(
        0,
        json!({
            "name": "supervise", "direction": "internal", "pattern": { "feature-code": "*44" },
            "action": { "session": { "behaviour": "team", "number": "300" } }
        }),
    );
    let settings = GroupSettings {
        supervision: Supervision {
            supervisors: vec!["209".into(), "208".into()],
            ..Supervision::default()
        },
        ..settings
    };
    let office = Office::new("acme")
        .lines(&["101", "102", "201", "202", "208", "209"])
        .announcements(&["sales"])
        .with(Document::DialPlan(serde_json::from_value(plan).unwrap()))
        .behaviour::<Group>("team", &settings)
        .number("300", &["team"]);
    Sim::new(office)
}

/// 201 talks to 101.
fn talk() -> Sim {
    let mut sim = centre(quiet(&["101", "102"]));
    sim.call("201", "300");
    sim.answer("101");
    sim.expect_talking("201", "101");
    sim
}

/// Who of the caller and the member hears the supervisor, who hears both.
#[track_caller]
fn heard_by(sim: &mut Sim, supervisor: &str) -> (bool, bool) {
    assert!(
        sim.hears(supervisor, "201") && sim.hears(supervisor, "101"),
        "the talk"
    );
    assert!(sim.hears("201", "101") && sim.hears("101", "201"), "each other");
    (sim.hears("201", supervisor), sim.hears("101", supervisor))
}

#[test]
fn a_supervisor_listens_whispers_and_barges_in_by_key_and_leaves_the_talk_as_it_was() {
    let mut sim = talk();
    sim.call("209", "*44101");
    assert_eq!(heard_by(&mut sim, "209"), (false, false), "listens");
    sim.press("209", "5");
    assert_eq!(heard_by(&mut sim, "209"), (false, true), "whispers");
    sim.press("209", "6");
    assert_eq!(heard_by(&mut sim, "209"), (true, true), "barges in");
    sim.press("209", "4");
    assert_eq!(heard_by(&mut sim, "209"), (false, false), "listens again");
    sim.hang_up("209");
    sim.expect_talking("201", "101");
    sim.hang_up("201");
    sim.expect_ended();
}

#[test]
fn two_supervisors_of_one_talk_come_and_go_and_its_end_is_theirs() {
    let mut sim = talk();
    sim.call("209", "*44101");
    sim.call("208", "*44");
    sim.press("208", "6");
    assert_eq!(heard_by(&mut sim, "208"), (true, true));
    assert_eq!(heard_by(&mut sim, "209"), (false, false));
    sim.hang_up("208");
    assert_eq!(heard_by(&mut sim, "209"), (false, false));
    sim.hang_up("101");
    sim.expect_ended();
}

#[test]
fn a_supervised_talk_survives_a_restart_with_everybodys_part() {
    let mut sim = talk();
    sim.call("209", "*44101");
    sim.press("209", "5");
    sim.pass(SECOND);
    sim.restart();
    assert_eq!(heard_by(&mut sim, "209"), (false, true), "whispers");
    sim.press("209", "6");
    assert_eq!(heard_by(&mut sim, "209"), (true, true), "keys are waited for");
    sim.hang_up("209");
    sim.expect_talking("201", "101");
    sim.hang_up("101");
    sim.expect_ended();
}

#[test]
fn who_may_not_supervise_and_who_finds_no_talk_is_refused() {
    let mut sim = talk();
    sim.call("202", "*44101");
    sim.call("209", "*44102");
    sim.pass(SECOND);
    sim.expect_talking("201", "101");
    sim.hang_up("201");
    sim.expect_ended();
}

/// The caller goes on waiting until the member has heard the name; then the two talk.
#[test]
fn the_member_hears_the_groups_name_and_then_the_caller() {
    let mut sim = centre(GroupSettings {
        whisper: Some("sales".into()),
        ..quiet(&["101", "102"])
    });
    sim.call("201", "300");
    sim.answer("101");
    sim.expect_sound("101");
    sim.pass(3 * SECOND);
    sim.expect_talking("201", "101");
    sim.hang_up("201");
    sim.expect_ended();
}

/// Who hangs up instead has not taken the call: the next member gets it.
#[test]
fn a_member_who_hangs_up_on_the_groups_name_leaves_the_call_to_the_next() {
    let mut sim = centre(GroupSettings {
        whisper: Some("sales".into()),
        ..quiet(&["101", "102"])
    });
    sim.call("201", "300");
    sim.answer("101");
    sim.hang_up("101");
    sim.answer("102");
    sim.pass(3 * SECOND);
    sim.expect_talking("201", "102");
    sim.hang_up("102");
    sim.expect_ended();
}

/// A menu in front of a group in front of the services of 110's line, all on its number.
fn stacked(overflow: Overflow) -> Sim {
    let menu = Menu {
        open: Level {
            greeting: "welcome".into(),
            keys: vec![Key {
                key: "1".into(),
                number: Some("201".into()),
                ..Key::default()
            }],
        },
        attempts: 1,
        wait: 1,
        fallback_next: true,
        ..Menu::default()
    };
    let group = GroupSettings {
        max_wait: 20,
        overflow,
        ..quiet(&["101"])
    };
    let services = LineSettings {
        no_answer: Forward {
            on: true,
            to: Some("202".into()),
        },
        ..LineSettings::default()
    };
    let office = Office::new("acme")
        .lines(&["101", "201", "202", "209"])
        .line_with("110", |line| {
            line.behaviours = Some(["menu", "team", "services"].map(Into::into).to_vec());
        })
        .announcements(&["welcome"])
        .behaviour::<menu::menu>("menu", &menu)
        .behaviour::<Group>("team", &group)
        .behaviour::<line::line>("services", &services);
    Sim::new(office)
}

/// The caller chooses nothing and gets to the group, nobody there answers and the line behind it rings, nobody answers and its own
/// forward takes the call.
#[test]
fn a_call_goes_through_a_menu_a_group_and_a_line_by_their_outcomes() {
    let mut sim = stacked(Overflow::Next);
    sim.call("209", "110");
    sim.expect_sound("209");
    sim.expect_quiet("101");
    sim.pass(5 * SECOND);
    sim.ring("101").no_answer();
    sim.ring("110").no_answer();
    sim.answer("202");
    sim.expect_talking("209", "202");
    let told = sim.explanations().join("; ");
    for rule in ["fallback-next", "R36 max-wait", "R39 next", "no-answer"] {
        assert!(told.contains(rule), "{rule}: {told}");
    }
    sim.hang_up("209");
    sim.expect_ended();
}

/// The caller's leg comes back through all three: what the group says of it ends the menu, too.
#[test]
fn a_group_that_passes_nothing_on_gives_the_call_back_to_the_menu_in_front() {
    let mut sim = stacked(Overflow::HangUp);
    sim.call("209", "110");
    sim.pass(5 * SECOND);
    sim.ring("101").no_answer();
    sim.pass(30 * SECOND);
    sim.expect_quiet("110");
    sim.expect_ended();
}
