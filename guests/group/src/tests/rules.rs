//! R29 to R40 as call flows, whatever the group is written in: `subject` says what plays them. The groups in other
//! languages have them too, in `tests/languages`.

use cordboard::test::{Flow, Tenant};
use cordboard::{Event, LegId, LineChange};

use super::*;

/// 101, 102 and 103, without announcements.
pub fn quiet(mode: Mode) -> GroupSettings {
    GroupSettings {
        members: ["101", "102", "103"].map(String::from).to_vec(),
        mode,
        greeting: None,
        waiting: None,
        ..GroupSettings::default()
    }
}

pub fn flow(settings: &GroupSettings) -> Flow {
    let mut flow = subject::flow(settings);
    flow.tenant().lines(&["101", "102", "103"]);
    flow
}

/// The group with a first caller.
fn called(settings: &GroupSettings) -> (Flow, LegId) {
    let mut flow = flow(settings);
    let caller = flow.call("0147200001");
    (flow, caller)
}

/// The line gets a call that is not of this group, or loses it.
pub fn busy(flow: &mut Flow, line: &str, calls: u32) {
    flow.tenant().line(line).calls = calls;
    flow.happens(Event::LineChanged(LineChange {
        line: line.into(),
        registered: true,
        calls,
    }));
}

pub fn registered(flow: &mut Flow, line: &str, registered: bool) {
    flow.tenant().line(line).registered = registered;
    flow.happens(Event::LineChanged(LineChange {
        line: line.into(),
        registered,
        calls: 0,
    }));
}

pub fn word(flow: &mut Flow, word: &str) {
    flow.happens(Event::Message(cordboard::contract::Message {
        sender: None,
        body: word.into(),
    }));
}

#[test]
fn r33_linear_always_rings_from_the_first() {
    let (mut flow, caller) = called(&quiet(Mode::Linear));
    assert_eq!(flow.did(), ["dial line 101 for 25 s, playing on"]);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(flow.did(), ["dial line 102 for 25 s, playing on"]);
    let member = flow.answers(caller, 0);
    flow.hangs_up(member);
    assert_eq!(flow.did(), ["hang up"], "the caller's leg");
    flow.call("0147200002");
    assert_eq!(flow.did(), ["2: dial line 101 for 25 s, playing on"]);
    assert!(flow.cited("R33 linear"));
}

#[test]
fn r33_free_line_rings_who_has_been_free_for_longest() {
    let mut flow = flow(&quiet(Mode::FreeLine));
    flow.tenant().line("101").idle_since = Some(3_000);
    flow.tenant().line("102").idle_since = Some(1_000);
    flow.tenant().line("103").idle_since = Some(2_000);
    let caller = flow.call("0147200001");
    flow.fails(caller, Cause::NoAnswer);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(
        flow.did(),
        [
            "dial line 102 for 25 s, playing on",
            "dial line 103 for 25 s, playing on",
            "dial line 101 for 25 s, playing on",
        ]
    );
}

#[test]
fn r33_cyclic_begins_after_the_last_that_answered_not_the_last_that_rang() {
    let mut flow = flow(&quiet(Mode::Cyclic));
    let first = flow.call("0147200001");
    flow.answers(first, 0);
    flow.hangs_up(first);
    flow.did();
    let second = flow.call("0147200002");
    assert_eq!(flow.did(), ["2: dial line 102 for 25 s, playing on"]);
    flow.fails(second, Cause::NoAnswer);
    assert_eq!(flow.did(), ["2: dial line 103 for 25 s, playing on"]);
    flow.hangs_up(second);
    flow.call("0147200003");
    assert_eq!(
        flow.did(),
        ["3: dial line 102 for 25 s, playing on"],
        "101 was the last that answered"
    );
}

#[test]
fn r33_parallel_rings_all_who_are_free_together() {
    let mut flow = flow(&quiet(Mode::Parallel));
    flow.tenant().line("102").calls = 1;
    let caller = flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 101 + line 103 for 25 s, playing on"]);
    flow.answers(caller, 1);
    flow.did();
    flow.call("0147200002");
    assert_eq!(flow.did(), ["2: dial line 101 for 25 s, playing on"], "103 talks");
}

#[test]
fn r34_the_rings_of_a_member_are_settable() {
    let mut flow = flow(&GroupSettings {
        rings: 10,
        ..quiet(Mode::Linear)
    });
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 101 for 50 s, playing on"]);
}

#[test]
fn r31_only_members_registered_connected_and_present_are_rung() {
    let mut flow = flow(&quiet(Mode::Linear));
    flow.tenant().line("101").registered = false;
    word(&mut flow, "absent 102");
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 103 for 25 s, playing on"]);
}

#[test]
fn r31_a_line_that_registers_is_connected_again() {
    let mut flow = flow(&quiet(Mode::Linear));
    word(&mut flow, "disconnect 101");
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 102 for 25 s, playing on"]);
    registered(&mut flow, "101", false);
    registered(&mut flow, "101", true);
    flow.call("0147200002");
    assert_eq!(flow.did(), ["2: dial line 101 for 25 s, playing on"]);
}

#[test]
fn r31_a_call_of_a_disconnected_members_own_does_not_connect_it() {
    let mut flow = flow(&quiet(Mode::Linear));
    word(&mut flow, "disconnect 101");
    busy(&mut flow, "101", 1);
    busy(&mut flow, "101", 0);
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 102 for 25 s, playing on"]);
}

#[test]
fn r31_a_member_may_go_by_its_full_number() {
    let mut settings = quiet(Mode::Linear);
    settings.members[0] = "+33147200101".into();
    let mut flow = flow(&settings);
    flow.tenant().line("101").number = Some("+33147200101".into());
    word(&mut flow, "disconnect 101");
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 102 for 25 s, playing on"]);
    registered(&mut flow, "101", false);
    registered(&mut flow, "101", true);
    flow.call("0147200002");
    assert_eq!(flow.did(), ["2: dial line +33147200101 for 25 s, playing on"]);
}

#[test]
fn r30_a_member_who_is_added_again_is_present_again() {
    let mut flow = flow(&quiet(Mode::Linear));
    word(&mut flow, "absent 101");
    let without = GroupSettings {
        members: vec!["102".into()],
        ..quiet(Mode::Linear)
    };
    flow.settings(&without);
    flow.settings(&quiet(Mode::Linear));
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 101 for 25 s, playing on"]);
}

#[test]
fn r32_a_member_in_a_call_is_not_rung() {
    let mut flow = flow(&quiet(Mode::Linear));
    flow.tenant().line("101").calls = 1;
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 102 for 25 s, playing on"]);
}

#[test]
fn r35_after_a_call_a_member_has_a_pause() {
    let mut flow = flow(&GroupSettings {
        wrap_up: 30,
        members: vec!["101".into()],
        ..quiet(Mode::Linear)
    });
    let first = flow.call("0147200001");
    let member = flow.answers(first, 0);
    flow.hangs_up(member);
    flow.did();
    flow.call("0147200002");
    assert_eq!(flow.did(), ["2: play ringback tone for ever"]);
    flow.passes(secs(29));
    assert_eq!(flow.did(), [""; 0]);
    flow.passes(secs(1));
    assert_eq!(flow.did(), ["2: dial line 101 for 25 s, playing on"]);
}

#[test]
fn r29_callers_wait_in_the_order_in_which_they_came() {
    let mut flow = flow(&GroupSettings {
        members: vec!["101".into()],
        ..quiet(Mode::Linear)
    });
    flow.tenant().line("101").calls = 1;
    flow.call("0147200001");
    flow.call("0147200002");
    flow.did();
    busy(&mut flow, "101", 0);
    assert_eq!(flow.did(), ["1: dial line 101 for 25 s, playing on"]);
}

#[test]
fn r29_two_callers_never_ring_the_same_member() {
    let mut flow = flow(&quiet(Mode::Linear));
    flow.call("0147200001");
    flow.call("0147200002");
    flow.call("0147200003");
    flow.call("0147200004");
    assert_eq!(
        flow.did(),
        [
            "dial line 101 for 25 s, playing on",
            "2: dial line 102 for 25 s, playing on",
            "3: dial line 103 for 25 s, playing on",
            "4: play ringback tone for ever",
        ]
    );
}

#[test]
fn r36_a_caller_goes_round_again_until_the_wait_is_over() {
    let settings = GroupSettings {
        members: vec!["101".into()],
        max_wait: 60,
        ..quiet(Mode::Linear)
    };
    let (mut flow, caller) = called(&settings);
    flow.passes(secs(25));
    flow.fails(caller, Cause::NoAnswer);
    flow.passes(secs(5));
    assert_eq!(
        flow.did(),
        [
            "dial line 101 for 25 s, playing on",
            "play ringback tone for ever",
            "dial line 101 for 25 s, playing on"
        ]
    );
    flow.passes(secs(30));
    assert_eq!(flow.did(), ["cancel the dial", "play all-busy"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["reject no-answer"]);
    assert!(flow.cited("R36 max-wait"));
}

#[test]
fn r36_an_answer_that_comes_before_the_cancel_takes_the_call() {
    let settings = GroupSettings {
        members: vec!["101".into()],
        max_wait: 10,
        ..quiet(Mode::Linear)
    };
    let (mut flow, caller) = called(&settings);
    flow.answers(caller, 0);
    flow.passes(secs(60));
    assert_eq!(flow.did(), ["dial line 101 for 25 s, playing on"]);
}

#[test]
fn r36_more_callers_than_may_wait_are_sent_away() {
    let settings = GroupSettings {
        members: vec!["101".into()],
        queue_length: 1,
        ..quiet(Mode::Linear)
    };
    let mut flow = flow(&settings);
    flow.tenant().line("101").calls = 1;
    flow.call("0147200001");
    let second = flow.call("0147200002");
    assert_eq!(flow.did(), ["play ringback tone for ever", "2: play all-busy"]);
    flow.played(second);
    assert_eq!(flow.did(), ["2: reject busy"]);
    assert!(flow.cited("R36 queue-length"));
}

#[test]
fn r37_who_waits_hears_the_announcement_until_somebody_answers() {
    let mut flow = flow(&GroupSettings {
        waiting: Some("please-wait".into()),
        ..quiet(Mode::Linear)
    });
    for line in ["101", "102", "103"] {
        flow.tenant().line(line).calls = 1;
    }
    let caller = flow.call("0147200001");
    assert_eq!(flow.did(), ["play please-wait for ever"]);
    busy(&mut flow, "102", 0);
    assert_eq!(flow.did(), ["dial line 102 for 25 s, playing on"]);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(flow.did(), [""; 0], "it plays on");
}

#[test]
fn r37_without_the_announcement_there_is_ringback() {
    let mut flow = flow(&GroupSettings {
        waiting: Some("lost".into()),
        ..quiet(Mode::Linear)
    });
    for line in ["101", "102", "103"] {
        flow.tenant().line(line).calls = 1;
    }
    let caller = flow.call("0147200001");
    flow.audio(
        caller,
        cordboard::OutcomeKind::Played(Played::Missing("lost".into())),
    );
    assert_eq!(flow.did(), ["play lost for ever", "play ringback tone for ever"]);
    assert!(flow.cited("announcement"));
}

#[test]
fn r33_a_large_group_rings_in_parallel_as_many_as_can_ring_together() {
    let members: Vec<String> = (0..70).map(|index| format!("1{index:02}")).collect();
    let mut flow = flow(&GroupSettings {
        members: members.clone(),
        ..quiet(Mode::Parallel)
    });
    for member in &members {
        flow.tenant().line(member);
    }
    let caller = flow.call("0147200001");
    assert_eq!(flow.dialling()[0].1.len(), 64);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(flow.dialling()[0].1.len(), 6, "then the others");
}

#[test]
fn r38_with_no_member_at_all_callers_are_sent_away_at_once() {
    let (mut flow, caller) = called(&GroupSettings {
        members: vec![],
        ..quiet(Mode::Linear)
    });
    assert_eq!(flow.did(), ["play all-busy"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["reject unreachable"]);
    assert!(flow.cited("R38"));
}

#[test]
fn r38_callers_who_wait_leave_when_the_last_member_does() {
    let mut flow = flow(&GroupSettings {
        members: vec!["101".into()],
        ..quiet(Mode::Linear)
    });
    flow.tenant().line("101").calls = 1;
    flow.call("0147200001");
    flow.did();
    word(&mut flow, "absent 101");
    assert_eq!(flow.did(), ["play all-busy"]);
}

#[test]
fn r39_the_overflow_may_be_none_or_a_number() {
    let none = GroupSettings {
        members: vec![],
        overflow: Overflow::HangUp,
        ..quiet(Mode::Linear)
    };
    let mut hung_up = flow(&none);
    hung_up.call("0147200001");
    assert_eq!(hung_up.did(), ["reject unreachable"]);

    let number = GroupSettings {
        members: vec![],
        overflow: Overflow::Number,
        overflow_number: Some("06 12 34 56 78".into()),
        ..quiet(Mode::Linear)
    };
    let mut sent_on = flow(&number);
    let caller = sent_on.call("0147200001");
    assert_eq!(sent_on.did(), ["dial outside +33612345678"]);
    sent_on.fails(caller, Cause::Busy);
    assert_eq!(sent_on.did(), ["reject busy"]);
}

#[test]
fn r39_the_overflow_is_never_voicemail() {
    let mut flow = flow(&GroupSettings {
        members: vec![],
        ..quiet(Mode::Linear)
    });
    flow.call_with("0147200001", |offer| offer.has_next = true);
    assert_eq!(flow.did(), ["play all-busy"]);
}

#[test]
fn r34_r35_r36_limits_and_defaults_are_those_of_the_form() {
    let schema = subject::describe().settings_schema;
    for (name, limits) in [
        ("rings", r#""minimum":1,"maximum":10,"default":5"#),
        ("wrap-up", r#""minimum":0,"maximum":3600,"default":0"#),
        ("queue-length", r#""minimum":0,"maximum":50,"default":20"#),
        ("max-wait", r#""minimum":10,"maximum":3600,"default":300"#),
    ] {
        let field = schema.split(&format!("\"{name}\":{{")).nth(1).unwrap();
        let field = field.split('}').next().unwrap();
        assert!(field.ends_with(limits), "{name}: {field}");
    }
    assert_eq!(GroupSettings::default().mode, Mode::FreeLine, "R33");
}

#[test]
fn r24_an_overflow_number_that_is_not_allowed_is_not_dialled() {
    let settings = GroupSettings {
        members: vec![],
        overflow: Overflow::Number,
        overflow_number: Some("0899123456".into()),
        ..quiet(Mode::Linear)
    };
    let mut flow = flow(&settings);
    flow.call("0147200001");
    assert_eq!(flow.did(), ["play all-busy"]);
    assert!(flow.cited("R24"));
}

#[test]
fn r26_an_interruptive_greeting_plays_while_phones_ring() {
    let (mut flow, caller) = called(&GroupSettings {
        greeting: Some("welcome".into()),
        ..quiet(Mode::Linear)
    });
    assert_eq!(flow.did(), ["play welcome", "dial line 101 for 25 s, playing on"]);
    flow.played(caller);
    assert_eq!(flow.did(), [""; 0], "ringback follows by itself");
}

#[test]
fn r26_any_other_greeting_comes_to_its_end_first() {
    let settings = GroupSettings {
        greeting: Some("welcome".into()),
        greeting_interruptive: false,
        ..quiet(Mode::Linear)
    };
    let (mut flow, caller) = called(&settings);
    assert_eq!(flow.did(), ["play welcome"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["dial line 101 for 25 s, playing on"]);
}

#[test]
fn r40_outside_of_opening_hours_calls_go_to_the_number_for_closing_time() {
    let settings = GroupSettings {
        calendar: Some("opening".into()),
        closed_number: Some("0147200009".into()),
        ..quiet(Mode::Linear)
    };
    let mut flow = flow(&settings);
    flow.tenant().calendar("opening", false);
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial outside +33147200009"]);
    assert!(flow.cited("R40 calendar"));
}

#[test]
fn a_caller_who_hangs_up_frees_the_member_who_was_rung() {
    let mut flow = flow(&GroupSettings {
        members: vec!["101".into()],
        ..quiet(Mode::Linear)
    });
    let first = flow.call("0147200001");
    flow.call("0147200002");
    flow.did();
    flow.hangs_up(first);
    assert_eq!(flow.did(), ["2: dial line 101 for 25 s, playing on"]);
}

#[test]
fn one_of_several_branches_plays_nothing_before_answer() {
    let mut flow = flow(&GroupSettings {
        greeting: Some("welcome".into()),
        ..quiet(Mode::Linear)
    });
    for line in ["101", "102", "103"] {
        flow.tenant().line(line).calls = 1;
    }
    flow.call_with("0147200001", |offer| offer.sole_holder = false);
    assert_eq!(flow.did(), ["ring"]);
}

#[test]
fn a_full_house_fits_the_state_and_the_quota() {
    let members: Vec<String> = (0..40).map(|index| format!("1{index:02}")).collect();
    let settings = GroupSettings {
        members: members.clone(),
        queue_length: 50,
        ..quiet(Mode::FreeLine)
    };
    let mut flow = flow(&settings);
    for member in &members {
        flow.tenant().line(member).calls = 1;
    }
    for caller in 0..50 {
        flow.call(&format!("01472000{caller:02}"));
    }
    flow.did();
    for member in &members {
        flow.tenant().line(member).calls = 0;
    }
    busy(&mut flow, "100", 0);
    assert_eq!(flow.did().len(), 40, "every member is rung for somebody");
    assert!(
        flow.state_len() < subject::FULL_HOUSE,
        "{} bytes",
        flow.state_len()
    );
}

#[test]
fn check_finds_lines_that_are_not_there_and_members_that_are_there_twice() {
    let mut tenant = Tenant::default();
    tenant.lines(&["101"]);
    let settings = r#"{"members":["101","999","101"],"overflow":"number"}"#;
    let found = subject::check(settings, tenant);
    let found: Vec<_> = found
        .into_iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect();
    assert_eq!(
        found,
        [
            "/members/1: there is no such line",
            "/members/2: this line is a member already",
            "/overflow-number: the overflow goes to a number, and there is none",
        ]
    );
}
