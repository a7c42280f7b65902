//! How each mode spreads 10 000 calls over the members (R33), in virtual time. Run with `--nocapture` to see
//! the table.

use cordboard::Target;

use super::*;
use crate::settings::Weight;

const CALLS: u32 = 10_000;
const MEMBERS: [&str; 5] = ["101", "102", "103", "104", "105"];

/// Calls come one after the other and last a while; everybody is free at each, and the first who is rung answers.
fn spread(mode: Mode) -> Vec<u32> {
    let settings = GroupSettings {
        members: MEMBERS.map(String::from).to_vec(),
        weights: vec![Weight {
            line: "105".into(),
            weight: 4,
        }],
        ..quiet(mode)
    };
    let mut flow = Flow::of::<Group>(&settings);
    flow.tenant().lines(&MEMBERS);
    let mut taken = vec![0; MEMBERS.len()];
    for call in 0..CALLS {
        let caller = flow.call("0147200001");
        let (_, targets) = flow.dialling().remove(0);
        // In parallel the quickest answers: who that is goes round here.
        let answers = call % u32::try_from(targets.len()).unwrap();
        let Target::Line(name) = &targets[answers as usize] else {
            panic!("a group rings lines");
        };
        let seat = MEMBERS.iter().position(|member| member == name).unwrap();
        taken[seat] += 1;
        let member = flow.answers(caller, answers);
        flow.passes(secs(60));
        flow.tenant().line(name).idle_since = Some(flow.now());
        flow.hangs_up(member);
        flow.did();
        flow.why();
    }
    taken
}

#[test]
fn r33_fairness_of_each_mode_over_10_000_calls() {
    println!("{:<10} {MEMBERS:?}", "mode");
    let mut table = Vec::new();
    for (name, mode) in [
        ("free line", Mode::FreeLine),
        ("linear", Mode::Linear),
        ("cyclic", Mode::Cyclic),
        ("parallel", Mode::Parallel),
        ("weighted", Mode::Weighted),
    ] {
        let taken = spread(mode);
        println!("{name:<10} {taken:?}");
        table.push(taken);
    }
    let even = vec![CALLS / 5; 5];
    assert_eq!(table[0], even, "free line");
    assert_eq!(table[1], [CALLS, 0, 0, 0, 0], "linear");
    assert_eq!(table[2], even, "cyclic");
    assert_eq!(table[3], even, "parallel");
    assert_eq!(
        table[4],
        [CALLS / 8, CALLS / 8, CALLS / 8, CALLS / 8, CALLS / 2],
        "weighted"
    );
}
