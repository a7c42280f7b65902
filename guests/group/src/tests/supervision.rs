//! Supervisors, and what a member hears who answers.

use super::*;
use crate::settings::{Manner, Supervision};

fn supervised() -> GroupSettings {
    GroupSettings {
        supervision: Supervision {
            supervisors: vec!["209".into(), "208".into()],
            ..Supervision::default()
        },
        ..quiet(Mode::Linear)
    }
}

/// Two talks, of 101 and of 102: the callers' legs and the members'.
fn talks(flow: &mut Flow) -> [(LegId, LegId); 2] {
    flow.tenant().lines(&["208", "209"]);
    let talks = ["0147200001", "0147200002"].map(|number| {
        let caller = flow.call(number);
        (caller, flow.answers(caller, 0))
    });
    flow.did();
    talks
}

/// This line dials the supervisors' code with something behind it.
fn dials(flow: &mut Flow, line: &str, called: &str) -> LegId {
    let leg = flow.call_with(line, |offer| {
        offer.called = called.to_owned();
        offer.caller.line = Some(line.to_owned());
    });
    done(flow, leg);
    leg
}

/// The room has taken it.
fn done(flow: &mut Flow, leg: LegId) {
    if flow.legs().contains(&leg) {
        let kind = cordboard::OutcomeKind::Done;
        flow.happens(Event::Outcome(cordboard::CommandOutcome { tag: leg.0, kind }));
    }
}

#[test]
fn a_supervisor_who_listens_is_heard_by_nobody_and_the_talk_goes_on() {
    let mut flow = flow(&supervised());
    let [(caller, member), _] = talks(&mut flow);
    let supervisor = dials(&mut flow, "209", "*44101");
    let room = caller.0;
    assert_eq!(
        flow.did(),
        [
            "3: answer".to_owned(),
            format!("{}: join {room}", caller.0),
            format!("{}: join {room}", member.0),
            format!("3: listen to {room}"),
            "3: gather a key".to_owned(),
        ]
    );
    flow.hangs_up(supervisor);
    let bridged = format!("bridge {caller} with {member}");
    assert_eq!(flow.did(), [bridged], "nobody is hung up");
    assert!(flow.legs().contains(&caller) && flow.legs().contains(&member));
}

#[test]
fn keys_make_a_listener_whisper_barge_in_and_listen_again() {
    let mut flow = flow(&supervised());
    let [_, (_, member)] = talks(&mut flow);
    let supervisor = dials(&mut flow, "209", "*44102");
    flow.did();
    let mut says = |key: &str| {
        flow.presses(supervisor, key);
        let did = flow.did();
        did.into_iter()
            .filter(|did| did.starts_with("3: ") && !did.contains("gather"))
            .collect::<Vec<_>>()
    };
    assert_eq!(says("5"), [format!("3: whisper to {member} in 2")]);
    assert_eq!(says("6"), ["3: join 2"]);
    assert_eq!(says("4"), ["3: listen to 2"]);
    assert_eq!(says("9"), ["3: listen to 2"], "no such key: as before");
}

#[test]
fn the_star_key_goes_to_the_next_talk_and_leaves_the_last_as_it_was() {
    let mut flow = flow(&supervised());
    let [(first, member), (second, _)] = talks(&mut flow);
    let supervisor = dials(&mut flow, "209", "*44");
    flow.did();
    flow.presses(supervisor, "*");
    let did = flow.did();
    assert!(did.contains(&format!("3: listen to {}", second.0)), "{did:?}");
    assert!(did.contains(&format!("bridge {first} with {member}")), "{did:?}");
    flow.presses(supervisor, "*");
    assert!(
        flow.did().contains(&format!("3: listen to {}", first.0)),
        "round again"
    );
}

#[test]
fn the_end_of_the_talk_is_the_end_for_its_supervisors() {
    let mut flow = flow(&supervised());
    let [(caller, member), _] = talks(&mut flow);
    let one = dials(&mut flow, "209", "*44101");
    let other = dials(&mut flow, "208", "*44101");
    flow.did();
    flow.hangs_up(caller);
    for leg in [member, one, other] {
        assert!(!flow.legs().contains(&leg), "{leg}");
    }
    assert_eq!(flow.legs().len(), 2, "the other talk is not touched");
}

#[test]
fn two_supervisors_leave_one_after_the_other_and_then_the_room_is_gone() {
    let mut flow = flow(&supervised());
    let [(caller, member), _] = talks(&mut flow);
    let one = dials(&mut flow, "209", "*44101");
    let other = dials(&mut flow, "208", "*44101");
    flow.did();
    flow.hangs_up(one);
    assert_eq!(flow.did(), [""; 0]);
    flow.hangs_up(other);
    assert_eq!(flow.did(), [format!("bridge {caller} with {member}")]);
}

#[test]
fn who_is_not_on_the_list_may_not_supervise() {
    let mut flow = flow(&supervised());
    talks(&mut flow);
    dials(&mut flow, "102", "*44101");
    assert_eq!(flow.did(), ["3: reject forbidden"]);
    assert!(flow.cited("supervision"));
}

#[test]
fn where_nobody_talks_there_is_nothing_to_supervise() {
    let mut flow = flow(&supervised());
    flow.tenant().lines(&["209"]);
    dials(&mut flow, "209", "*44");
    assert_eq!(flow.did(), ["reject unreachable"]);
    talks(&mut flow);
    dials(&mut flow, "209", "*44103");
    assert_eq!(flow.did(), ["4: reject unreachable"], "103 does not talk");
}

#[test]
fn a_supervisor_is_rung_for_a_talk_and_changes_its_part_over_the_api() {
    let mut flow = flow(&supervised());
    let [(caller, member), _] = talks(&mut flow);
    word(&mut flow, "supervise 209 101 whisper");
    assert_eq!(flow.did(), ["dial line 209 for 30 s"]);
    let (tag, _) = flow.dialling()[0].clone();
    let supervisor = flow.answers(tag, 0);
    let whispers = format!("{}: whisper to {member} in {}", supervisor.0, caller.0);
    assert!(flow.did().contains(&whispers));
    done(&mut flow, supervisor);
    flow.did();
    word(&mut flow, "supervise 209 101 barge");
    let joins = format!("{}: join {}", supervisor.0, caller.0);
    assert!(flow.did().contains(&joins));
    word(&mut flow, "leave 209");
    assert!(!flow.legs().contains(&supervisor) && flow.legs().contains(&caller));
    word(&mut flow, "supervise 102 101 barge");
    let did = flow.did();
    assert!(
        !did.iter().any(|did| did.contains("dial")),
        "102 may not: {did:?}"
    );
}

#[test]
fn a_supervisor_counts_as_no_caller_of_the_group() {
    let mut flow = flow(&supervised());
    talks(&mut flow);
    dials(&mut flow, "209", "*44");
    flow.passes(secs(10));
    let figures = flow.published().unwrap();
    assert!(
        figures.contains("\"offered\":2") && figures.contains("\"supervisors\":1"),
        "{figures}"
    );
}

#[test]
fn how_supervision_begins_is_a_setting() {
    let mut settings = supervised();
    settings.supervision.begin = Manner::Barge;
    let mut flow = flow(&settings);
    let [(caller, _), _] = talks(&mut flow);
    dials(&mut flow, "209", "*44101");
    assert!(flow.did().contains(&format!("3: join {}", caller.0)));
}

#[test]
fn a_member_who_answers_hears_the_groups_name_before_the_caller() {
    let mut flow = flow(&GroupSettings {
        whisper: Some("sales".into()),
        ..quiet(Mode::Linear)
    });
    flow.call("0147200001");
    assert_eq!(
        flow.did(),
        ["dial line 101 for 25 s, playing on, whispering sales"]
    );
}

#[test]
fn r31_one_key_logs_a_member_in_and_out_and_its_lamp_tells_which() {
    let mut flow = flow(&quiet(Mode::Linear));
    let lamps = |flow: &Flow| {
        let figures = flow.published().unwrap_or_default().to_owned();
        let from = figures.split("\"lamps\":").nth(1).unwrap_or_default();
        from.split(']').next().unwrap_or_default().to_owned()
    };
    word(&mut flow, "toggle 101");
    assert_eq!(lamps(&flow), "[\"102\",\"103\"", "at once");
    flow.call("0147200001");
    assert_eq!(flow.did(), ["dial line 102 for 25 s, playing on"]);
    word(&mut flow, "toggle 101");
    assert_eq!(lamps(&flow), "[\"101\",\"102\",\"103\"");
    word(&mut flow, "disconnect 101");
    word(&mut flow, "toggle 101");
    assert_eq!(lamps(&flow), "[\"101\",\"102\",\"103\"", "the key connects, too");
}
