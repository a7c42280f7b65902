//! What call centres expect besides R29–R40.

use super::*;
use crate::settings::{Place, Skill, Weight};

/// 101 only, and in a call that is not the group's.
fn busy_group(settings: GroupSettings) -> Flow {
    let mut flow = flow(&GroupSettings {
        members: vec!["101".into()],
        ..settings
    });
    flow.tenant().line("101").calls = 1;
    flow
}

fn told(every: u32) -> GroupSettings {
    GroupSettings {
        place: Place {
            every,
            estimate: Some("estimated-wait".into()),
            ..Place::default()
        },
        waiting: Some("please-wait".into()),
        ..quiet(Mode::Linear)
    }
}

#[test]
fn a_caller_is_told_the_place_at_once_and_then_now_and_then() {
    let mut flow = busy_group(told(30));
    let first = flow.call("0147200001");
    assert_eq!(
        flow.did(),
        ["play please-wait for ever", "play queue-position, digits 1"]
    );
    flow.played(first);
    assert_eq!(
        flow.did(),
        ["play please-wait for ever"],
        "then the announcement again"
    );
    let second = flow.call("0147200002");
    flow.played(second);
    flow.did();
    flow.passes(secs(29));
    assert_eq!(flow.did(), [""; 0]);
    flow.hangs_up(first);
    flow.passes(secs(1));
    assert_eq!(
        flow.did(),
        ["2: play queue-position, digits 1"],
        "it has come forward"
    );
}

#[test]
fn the_wait_is_estimated_from_the_pace_at_which_members_answer() {
    let mut flow = busy_group(told(600));
    let mut callers: Vec<_> = (1..=4).map(|n| flow.call(&format!("014720000{n}"))).collect();
    callers.iter().for_each(|caller| flow.played(*caller));
    // One answer every 100 s, while others wait.
    for _ in 0..2 {
        let caller = callers.remove(0);
        busy(&mut flow, "101", 0);
        let member = flow.answers(caller, 0);
        flow.tenant().line("101").calls = 1;
        flow.passes(secs(100));
        flow.hangs_up(member);
    }
    flow.did();
    flow.call("0147200009");
    assert_eq!(
        flow.did().last().unwrap(),
        "5: play queue-position, digits 3, estimated-wait, digits 5",
        "three times 100 s"
    );
}

#[test]
fn the_place_is_told_while_a_phone_rings_too_and_the_music_goes_on() {
    let mut flow = busy_group(told(20));
    let caller = flow.call("0147200001");
    flow.played(caller);
    busy(&mut flow, "101", 0);
    flow.did();
    flow.passes(secs(20));
    assert_eq!(flow.did(), ["play queue-position, digits 1"]);
    flow.played(caller);
    assert_eq!(flow.did(), ["play please-wait for ever"]);
}

#[test]
fn the_playlist_plays_one_piece_after_the_other() {
    let mut flow = busy_group(GroupSettings {
        waiting: Some("please-wait".into()),
        playlist: vec!["waltz".into(), "tango".into()],
        ..quiet(Mode::Linear)
    });
    let caller = flow.call("0147200001");
    flow.played(caller);
    flow.played(caller);
    assert_eq!(
        flow.did(),
        [
            "play please-wait, waltz",
            "play please-wait, tango",
            "play please-wait, waltz"
        ]
    );
}

#[test]
fn callers_with_priority_go_before_all_others_and_keep_their_own_order() {
    let mut flow = busy_group(GroupSettings {
        priority: vec!["0147*".into()],
        ..quiet(Mode::Linear)
    });
    for number in ["0612345671", "0147200002", "0612345673", "0147200004"] {
        flow.call(number);
    }
    flow.did();
    let mut order = Vec::new();
    for _ in 0..4 {
        busy(&mut flow, "101", 0);
        let (leg, _) = flow.dialling().remove(0);
        order.push(leg.0);
        let member = flow.answers(leg, 0);
        flow.hangs_up(member);
    }
    assert_eq!(order, [2, 4, 1, 3]);
    assert!(flow.cited("priority"));
}

fn languages(skill_wait: u32) -> GroupSettings {
    GroupSettings {
        skills: vec![Skill {
            name: "english".into(),
            members: vec!["102".into()],
            called: vec!["0147200044".into()],
            callers: vec!["0044*".into(), "+44*".into()],
        }],
        skill_wait,
        ..quiet(Mode::Linear)
    }
}

#[test]
fn a_call_that_needs_a_skill_rings_only_those_who_have_it() {
    let mut flow = flow(&languages(0));
    flow.call_with("0612345678", |offer| offer.diversions = vec!["0147200044".into()]);
    assert_eq!(flow.did(), ["dial line 102 for 25 s, playing on"]);
    flow.call("+442071234567");
    assert_eq!(
        flow.did(),
        ["2: play ringback tone for ever"],
        "101 and 103 are free, and do not know enough"
    );
    flow.call("0612345679");
    assert_eq!(
        flow.did(),
        ["3: dial line 101 for 25 s, playing on"],
        "who needs nothing special does not wait behind who does"
    );
}

#[test]
fn after_a_while_any_member_may_take_a_call_that_needs_a_skill() {
    let mut flow = flow(&languages(30));
    flow.tenant().line("102").calls = 1;
    flow.call("+442071234567");
    flow.passes(secs(29));
    assert_eq!(flow.did(), ["play ringback tone for ever"]);
    flow.passes(secs(1));
    assert_eq!(flow.did(), ["dial line 101 for 25 s, playing on"]);
}

#[test]
fn r38_a_skill_that_nobody_present_has_overflows_at_once() {
    let mut flow = flow(&languages(0));
    word(&mut flow, "absent 102");
    flow.call("+442071234567");
    assert_eq!(flow.did(), ["play all-busy"]);
    assert!(flow.cited("R38"));
}

#[test]
fn weights_decide_how_many_of_the_calls_a_member_gets() {
    let mut flow = flow(&GroupSettings {
        weights: vec![Weight {
            line: "102".into(),
            weight: 2,
        }],
        ..quiet(Mode::Weighted)
    });
    let mut taken = Vec::new();
    for _ in 0..8 {
        let caller = flow.call("0147200001");
        let (_, targets) = flow.dialling().remove(0);
        taken.push(format!("{targets:?}").contains("102"));
        let member = flow.answers(caller, 0);
        flow.hangs_up(member);
    }
    assert_eq!(
        taken.iter().filter(|is_102| **is_102).count(),
        4,
        "of eight: 2 of 4 parts"
    );
}

#[test]
fn the_figures_are_sent_to_whoever_asks_and_begin_anew_at_midnight() {
    let mut flow = flow(&GroupSettings {
        members: vec!["101".into()],
        overflow: Overflow::HangUp,
        queue_length: 1,
        ..quiet(Mode::Linear)
    });
    let first = flow.call("0147200001");
    flow.passes(secs(3));
    let member = flow.answers(first, 0);
    flow.tenant().line("101").calls = 1;
    let waits = flow.call("0147200002");
    flow.call("0147200003"); // is one too many
    flow.passes(secs(60));
    flow.hangs_up(waits);
    flow.hangs_up(member);
    flow.did();

    let ask = |flow: &mut Flow| {
        flow.happens(Event::Message(cordboard::contract::Message {
            sender: Some(("wallboard".into(), "390".into())),
            body: b"statistics".to_vec(),
        }));
        flow.sent().pop().unwrap()
    };
    let report = String::from_utf8(ask(&mut flow)).unwrap();
    for figure in [
        r#""offered":3"#,
        r#""answered":1"#,
        r#""answered-in-time":1"#,
        r#""abandoned":1"#,
        r#""overflowed-full":1"#,
        r#""wait-p50":5"#,
        r#""talk-p50":60"#,
        r#"{"line":"101","state":"ready","offered":1,"answered":1,"talked":60}"#,
    ] {
        assert!(report.contains(figure), "{figure} is not in {report}");
    }
    flow.happens(Event::Schedule("midnight".into()));
    let report = String::from_utf8(ask(&mut flow)).unwrap();
    assert!(report.contains(r#""offered":0,"answered":0"#), "{report}");
}

#[test]
fn the_figures_are_published_while_they_change_and_not_oftener_than_every_five_seconds() {
    let mut flow = flow(&quiet(Mode::Linear));
    let published = |flow: &Flow| flow.published().unwrap_or_default().to_owned();
    let first = flow.call("0147200001");
    let at_once = published(&flow);
    assert!(at_once.contains(r#""waiting":1"#), "{at_once}");
    assert!(
        at_once.contains(r#"{"line":"101","state":"ringing","offered":1"#),
        "{at_once}"
    );
    flow.passes(secs(2));
    flow.answers(first, 0);
    assert_eq!(published(&flow), at_once, "too soon");
    flow.passes(secs(3));
    let later = published(&flow);
    assert!(
        later.contains(r#""waiting":0,"offered":1,"answered":1"#),
        "{later}"
    );
    assert!(later.contains(r#"{"line":"101","state":"talking""#), "{later}");
    word(&mut flow, "absent 102");
    flow.passes(secs(5));
    assert!(published(&flow).contains(r#"{"line":"102","state":"away""#));
}

#[test]
fn who_is_rung_is_kept_from_other_groups_until_the_phone_falls_silent() {
    let mut flow = flow(&quiet(Mode::Parallel));
    let caller = flow.call("0147200001");
    assert_eq!(flow.reserved(), ["101", "102", "103"]);
    flow.fails(caller, Cause::NoAnswer);
    assert_eq!(flow.reserved(), [] as [&str; 0]);
    flow.passes(secs(5));
    assert_eq!(flow.reserved().len(), 3);
    flow.answers(caller, 1);
    assert_eq!(
        flow.reserved(),
        [] as [&str; 0],
        "the others are free, 102 is seen to talk"
    );
    let second = flow.call("0147200002");
    assert_eq!(flow.reserved(), ["101", "103"]);
    flow.hangs_up(second);
    assert_eq!(flow.reserved(), [] as [&str; 0]);
}

#[test]
fn check_finds_weights_and_skills_of_lines_that_are_not_members() {
    let mut tenant = cordboard::test::Tenant::default();
    tenant.lines(&["101", "102"]);
    let settings = r#"{"members":["101"],"weights":[{"line":"102","weight":2}],
        "skills":[{"name":"a","members":["102"]},{"name":"a","members":[]}]}"#;
    let module = cordboard::native::Module::of::<Group>();
    let found = module.check(settings, std::sync::Arc::new(tenant), Default::default());
    let paths: Vec<_> = found.into_iter().map(|problem| problem.path).collect();
    assert_eq!(
        paths,
        [
            "/weights/0/line",
            "/skills/0/members/0",
            "/skills/1/name",
            "/skills/1/members"
        ]
    );
}
